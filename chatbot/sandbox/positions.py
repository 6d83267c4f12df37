"""The arithmetic of an isolated futures position."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from chatbot.core.market import Instrument, Symbol
from chatbot.core.values import frozen
from chatbot.sandbox.orders import ZERO

MAINTENANCE = Decimal("0.004")
MAX_LEVERAGE = Decimal(100)


@frozen
class Position:
    """`lots` is signed. `cost` is the entry value, unsigned, and like `margin` in the settlement currency."""

    symbol: Symbol
    lots: Decimal
    cost: Decimal
    margin: Decimal
    leverage: Decimal
    opened_at: datetime
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO


@frozen
class FundingPayment:
    """`amount` above zero was received, below zero paid."""

    id: int
    symbol: Symbol
    time: datetime
    rate: Decimal
    mark: Decimal
    lots: Decimal
    cost: Decimal
    amount: Decimal
    currency: str


def settle_currency(instrument: Instrument) -> str:
    return instrument.base if instrument.inverse else instrument.quote


def value(instrument: Instrument, lots: Decimal, price: Decimal) -> Decimal:
    """Unsigned, in the settlement currency."""
    size = abs(lots) * instrument.multiplier
    return size / price if instrument.inverse else size * price


def profit(instrument: Instrument, lots: Decimal, cost: Decimal, price: Decimal) -> Decimal:
    """What `lots` bought for `cost` would gain at `price`."""
    gain = value(instrument, lots, price) - cost
    up = gain if lots > 0 else -gain
    return -up if instrument.inverse else up


def entry_price(instrument: Instrument, position: Position) -> Decimal:
    size = abs(position.lots) * instrument.multiplier
    return size / position.cost if instrument.inverse else position.cost / size


def price_losing(instrument: Instrument, position: Position, maintenance: Decimal) -> Decimal | None:
    """Where the margin is down to `maintenance` of the value: 0 gives the bankruptcy price.

    None for a position that cannot lose its margin.
    """
    size = abs(position.lots) * instrument.multiplier
    sign = 1 if position.lots > 0 else -1
    if instrument.inverse:
        left = position.cost + sign * position.margin
        return size * (1 + sign * maintenance) / left if left > 0 else None
    price = (position.cost - sign * position.margin) / (size * (1 - sign * maintenance))
    return price if price > 0 else None


def shrunk(position: Position, lots: Decimal) -> Position:
    """Without `lots` of it (unsigned): cost and margin shrink by the same share, nothing is left of nothing."""
    left = abs(position.lots) - lots
    if left == 0:
        return replace(position, lots=ZERO, cost=ZERO, margin=ZERO)
    share = left / abs(position.lots)
    digits = Decimal("1E-12")
    return replace(
        position,
        lots=left if position.lots > 0 else -left,
        cost=(position.cost * share).quantize(digits),
        margin=(position.margin * share).quantize(digits),
    )
