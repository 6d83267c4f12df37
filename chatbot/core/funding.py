"""What a funding rate means: who pays, how much, and over a year; and what was last seen of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from chatbot.core.account import Position
from chatbot.core.market import Symbol

_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingSeen:
    """What the last look at a perpetual found: `rate` settles at `settles_at`, `predicted` one `interval` later."""

    symbol: Symbol
    settles_at: datetime
    rate: Decimal
    predicted: Decimal | None
    interval: timedelta


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
