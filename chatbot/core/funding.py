"""What a funding rate means: who pays, how much, and over a year."""

from datetime import timedelta
from decimal import Decimal
from enum import Enum

from chatbot.core.account import Position

_YEAR = timedelta(days=365)


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
