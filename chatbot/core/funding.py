"""What a funding rate means: who pays, how much, and over a year; and what was last seen of it."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from chatbot.core.account import Position
from chatbot.core.market import FundingRate, Symbol
from chatbot.core.values import frozen

_YEAR = timedelta(days=365)


@frozen
class FundingSeen:
    """What the last look at a perpetual found, for the settlement at `settles_at`; `predicted` is one `interval` later.

    A `rate` of zero tells no direction: the one before it stays, so that plus, zero, minus is one flip.
    """

    symbol: Symbol
    settles_at: datetime
    rate: Decimal
    predicted: Decimal | None
    interval: timedelta


def noted(rate: FundingRate, before: FundingSeen | None) -> FundingSeen:
    """What is kept of a look; `before` is what was kept of the last one."""
    return FundingSeen(
        symbol=rate.symbol,
        settles_at=rate.next_at,
        rate=rate.rate if rate.rate or before is None else before.rate,
        predicted=rate.predicted,
        interval=rate.interval,
    )


@frozen
class FundingPaid:
    """A settlement of a position of ours: `amount` above zero was received, below zero paid, in `currency`."""

    at: datetime
    amount: Decimal
    currency: str


class Payer(Enum):
    LONGS = "longs pay shorts"
    SHORTS = "shorts pay longs"
    NOBODY = "nobody pays"


def payer(rate: Decimal) -> Payer:
    if not rate:
        return Payer.NOBODY
    return Payer.LONGS if rate > 0 else Payer.SHORTS


def payment(position: Position, rate: Decimal) -> Decimal:
    """What settles on this position at `rate`, in its currency: positive is received, negative is paid."""
    longs_pay = position.value * rate
    return -longs_pay if position.lots > 0 else longs_pay


def annualised(rate: Decimal, interval: timedelta) -> Decimal:
    """The rate times the settlements of a year, without compounding: a fraction."""
    return rate * Decimal(_YEAR // timedelta(seconds=1)) / Decimal(interval // timedelta(seconds=1))
