"""What a day cost: funding and fees, in USDT."""

import asyncio
import logging
from collections.abc import Awaitable, Iterable
from datetime import datetime
from decimal import Decimal

from chatbot.core.digests import Paid
from chatbot.core.errors import KucoinError, NoPermission
from chatbot.core.market import Symbol, Venue
from chatbot.services.exchange import Exchange
from chatbot.services.market import Markets
from chatbot.store.store import Store

log = logging.getLogger(__name__)

Payment = tuple[Decimal, str]
"""An amount and its currency."""


class Yesterday:
    def __init__(self, *, exchange: Exchange, markets: Markets, store: Store) -> None:
        self._exchange = exchange
        self._markets = markets
        self._store = store

    async def paid(self, start: datetime, end: datetime) -> Paid:
        """From `start` on and before `end`, at most two days back. Raises nothing of KuCoin's."""
        funding, fees = await asyncio.gather(
            self._sum(self._funding(start, end), "funding"), self._sum(self._fees(start, end), "fees")
        )
        return Paid(funding=funding, fees=fees)

    async def _sum(self, payments: Awaitable[list[Payment]], what: str) -> Decimal | None:
        """None when one of them cannot be read or has no price: half of it would pass for the whole."""
        try:
            worth = [await self._worth(amount, currency) for amount, currency in await payments]
        except KucoinError as error:
            log.warning("the day's %s are not known: %s", what, error)
            return None
        return None if None in worth else sum((each for each in worth if each is not None), Decimal(0))

    async def _worth(self, amount: Decimal, currency: str) -> Decimal | None:
        if not amount:
            return amount
        price = await self._markets.in_usdt("BTC" if currency == "XBT" else currency)
        return None if price is None else amount * price

    async def _funding(self, start: datetime, end: datetime) -> list[Payment]:
        """Of contracts we hold now, or traded since."""
        try:
            held = {position.symbol for position in await self._exchange.account.positions()}
            symbols = held | {symbol for symbol, venue in self._traded(start) if venue is Venue.FUTURES}
            found = await asyncio.gather(*(self._exchange.account.funding_paid(s, start) for s in sorted(symbols)))
        except NoPermission:
            return []
        return [(each.amount, each.currency) for rows in found for each in rows if start <= each.at < end]

    async def _fees(self, start: datetime, end: datetime) -> list[Payment]:
        """Of whatever was executed where we traded."""
        places = self._traded(start)
        found = await asyncio.gather(*(self._exchange.orders.recent_fills(s, v, start) for s, v in places))
        return [(fill.fee, fill.fee_currency) for fills in found for fill in fills if start <= fill.time < end]

    def _traded(self, start: datetime) -> Iterable[tuple[Symbol, Venue]]:
        return self._store.orders.markets_since(start)
