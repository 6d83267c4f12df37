"""What an order meets: the market, the money that is free, the fee, and whether the exchange is open."""

import asyncio
from decimal import Decimal

from chatbot.core.account import AccountKind, Balance
from chatbot.core.errors import Refused
from chatbot.core.exchange import ServiceStatus
from chatbot.core.market import Book, Instrument, Venue
from chatbot.core.terms import Terms
from chatbot.services.exchange import Exchange
from chatbot.services.market import Markets


class TermsReader:
    def __init__(self, exchange: Exchange, markets: Markets) -> None:
        self._exchange = exchange
        self._markets = markets

    async def read(self, instrument: Instrument, *, at_market: bool) -> Terms:
        """Everything an order meets, read at the same time. Raises Refused while the exchange is closed."""
        ticker, balances, fee_rate, status, usdt, book = await asyncio.gather(
            self._exchange.market.ticker(instrument),
            self._exchange.account.balances(),
            self._exchange.account.taker_fee_rate(instrument),
            self._exchange.market.service(instrument.venue),
            self._markets.in_usdt(instrument.quote),
            self._book(instrument) if at_market else _no_book(),
        )
        check_trading(status)
        if usdt is None:
            raise Refused(f"{instrument.quote} has no price in USDT, so the limits cannot be checked.")
        trade, main = _pocket(balances, AccountKind.TRADE), _pocket(balances, AccountKind.MAIN)
        return Terms(
            instrument=instrument,
            ticker=ticker,
            fee_rate=fee_rate,
            base_free=trade.get(instrument.base, Decimal(0)),
            quote_free=trade.get(instrument.quote, Decimal(0)),
            base_in_main=main.get(instrument.base, Decimal(0)),
            quote_in_main=main.get(instrument.quote, Decimal(0)),
            quote_in_usdt=usdt,
            book=book,
        )

    async def _book(self, instrument: Instrument) -> Book | None:
        """Orders are for spot alone; of anything else the rules say so by themselves."""
        return await self._exchange.market.book(instrument.symbol) if instrument.venue is Venue.SPOT else None


def check_trading(status: ServiceStatus) -> None:
    """Raises Refused while the venue takes no orders."""
    match status:
        case ServiceStatus.OPEN:
            return
        case ServiceStatus.CANCEL_ONLY:
            raise Refused(
                "KuCoin takes only cancels at the moment. Nothing was sent. /cancel works; try the order later."
            )
        case ServiceStatus.CLOSED:
            raise Refused("KuCoin is closed for maintenance. Nothing was sent. /status shows when it is open again.")


async def _no_book() -> None:
    """A limit order has its price already."""


def _pocket(balances: tuple[Balance, ...], kind: AccountKind) -> dict[str, Decimal]:
    return {b.currency: b.available for b in balances if b.kind is kind}
