"""The futures account's wallet and positions as the websocket's private topics tell of them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from chatbot.core.market import Instrument, Symbol
from chatbot.core.numbers import plain
from chatbot.core.times import to_millis
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.exchange import Exchange
from chatbot.sandbox.kucoin_calls import Row
from chatbot.sandbox.kucoin_futures_positions import position_row, unrealised
from chatbot.sandbox.kucoin_spot_wire import nanos
from chatbot.sandbox.orders import ZERO
from chatbot.sandbox.positions import FundingPayment, Position, settle_currency
from chatbot.sandbox.prices import Quote

_OF_REST_ALONE = ("id", "isInverse", "posCrossMargin", "posCommCommon", "maintainMargin")
_STILL_TRUE = ("symbol", "crossMode", "autoDeposit", "settleCurrency", "marginMode", "positionSide", "currentTimestamp")
_OF_THE_MARK = (
    "markPrice",
    "markValue",
    "maintMargin",
    "realLeverage",
    "unrealisedPnl",
    "unrealisedRoePcnt",
    "unrealisedPnlPcnt",
    "delevPercentage",
    "currentTimestamp",
    "settleCurrency",
)


def position_change(now: datetime, held: Position, instrument: Instrument, quote: Quote) -> Row:
    """All of it; without a `changeReason`."""
    row = position_row(now, held, instrument, quote)
    return {name: value for name, value in row.items() if name not in _OF_REST_ALONE}


def position_gone(change: Row) -> Row:
    """The last row of a position that was closed: nothing is left in it."""
    return {name: value if name in _STILL_TRUE else ZERO for name, value in change.items()} | {"isOpen": False}


def mark_change(change: Row) -> Row:
    """The part that moves with the mark price. KuCoin sends it under the same subject, without a symbol or reason."""
    return {name: change[name] for name in _OF_THE_MARK}


def settlement(payment: FundingPayment, now: datetime) -> Row:
    """Funding paid (below zero) or received."""
    return {
        "fundingTime": to_millis(payment.time),
        "qty": int(payment.lots),
        "markPrice": payment.mark,
        "fundingRate": payment.rate,
        "fundingFee": payment.amount,
        "ts": nanos(now),
        "settleCurrency": payment.currency,
    }


def wallet_row(exchange: Exchange, currency: str, version: int) -> Row:
    """As it stands now. Numbers and times are strings; everything is isolated, nothing crossed."""
    wallet = exchange.accounts.wallet(Pocket.FUTURES, currency)
    held = [each for each in valued(exchange, exchange.positions) if settle_currency(each[1]) == currency]
    margin = sum((position.margin for position, _, _ in held), ZERO)
    profit = sum((unrealised(position, i, quote) for position, i, quote in held), ZERO)
    amounts: dict[str, Decimal] = {
        "crossPosMargin": ZERO,
        "isolatedOrderMargin": wallet.held - margin,
        "holdBalance": ZERO,
        "equity": wallet.total + profit,
        "availableBalance": wallet.available,
        "isolatedPosMargin": margin,
        "walletBalance": wallet.total,
        "isolatedFundingFeeMargin": ZERO,
        "crossUnPnl": ZERO,
        "totalCrossMargin": wallet.available,
        "isolatedUnPnl": profit,
        "crossOrderMargin": ZERO,
    }
    return {
        **{name: plain(amount) for name, amount in amounts.items()},
        "version": str(version),
        "currency": currency,
        "timestamp": str(to_millis(exchange.now)),
    }


def valued(exchange: Exchange, positions: Mapping[Symbol, Position]) -> list[tuple[Position, Instrument, Quote]]:
    """Those that have a price now."""
    found = []
    for symbol, position in positions.items():
        instrument, quote = exchange.prices.instruments().get(symbol), exchange.prices.quote(symbol)
        if instrument is not None and quote is not None:
            found.append((position, instrument, quote))
    return found
