"""A chart as it was asked for: what was traded in a market, and which levels are drawn in."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from chatbot.core.market import Instrument
from chatbot.core.values import frozen

BARS = 120
"""Candles of one picture: more would be thinner than a phone can show."""


class Timeframe(Enum):
    """What one candle covers, as it is typed."""

    MINUTE = "1m"
    FIVE_MINUTES = "5m"
    QUARTER = "15m"
    HOUR = "1h"
    FOUR_HOURS = "4h"
    DAY = "1d"
    WEEK = "1w"

    @property
    def span(self) -> timedelta:
        return _SPANS[self]


_SPANS = {
    Timeframe.MINUTE: timedelta(minutes=1),
    Timeframe.FIVE_MINUTES: timedelta(minutes=5),
    Timeframe.QUARTER: timedelta(minutes=15),
    Timeframe.HOUR: timedelta(hours=1),
    Timeframe.FOUR_HOURS: timedelta(hours=4),
    Timeframe.DAY: timedelta(days=1),
    Timeframe.WEEK: timedelta(weeks=1),
}


@frozen
class Bar:
    """What was traded in the timeframe that begins at `start`. `volume` in coins on spot, in lots on futures."""

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class LevelKind(Enum):
    """What a line across the picture stands for, and its colour with it."""

    ALERT = "alert"
    BUY = "buy"
    SELL = "sell"
    ENTRY = "entry"


@frozen
class Level:
    kind: LevelKind
    price: Decimal
    label: str


@frozen
class Chart:
    """At least one bar, oldest first; the last may still grow."""

    instrument: Instrument
    timeframe: Timeframe
    bars: tuple[Bar, ...]
    levels: tuple[Level, ...]
    read_at: datetime

    @property
    def last(self) -> Decimal:
        return self.bars[-1].close

    @property
    def change(self) -> Decimal:
        """A fraction: from where the picture begins to now."""
        return self.last / self.bars[0].open - 1

    @property
    def covers(self) -> timedelta:
        """In whole timeframes."""
        span = self.timeframe.span
        end = max(self.read_at, self.bars[-1].start + span)
        return -(-(end - self.bars[0].start) // span) * span
