"""The words under a chart's time axis: a few, at round moments of the reader's own clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from chatbot.core.values import frozen

_MOST = 5
_EDGE = 0.03
"""So near to the left edge, words would be cut off."""

_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@frozen
class _Scale:
    """A tick stands where `bucket` of the local time changes; `length` is about how far apart they are."""

    length: timedelta
    bucket: Callable[[datetime], int]
    words: str


def _by_span(span: timedelta, words: str) -> _Scale:
    def bucket(local: datetime) -> int:
        return (local.replace(tzinfo=UTC) - _EPOCH) // span

    return _Scale(length=span, bucket=bucket, words=words)


def _by_months(months: int) -> _Scale:
    def bucket(local: datetime) -> int:
        return (local.year * 12 + local.month - 1) // months

    return _Scale(length=_DAY * 30 * months, bucket=bucket, words="%b %Y")


_SCALES = (
    *(_by_span(timedelta(minutes=minutes), "%H:%M") for minutes in (1, 5, 10, 15, 30, 60, 120, 180, 360, 720)),
    *(_by_span(_DAY * days, "{day} %b") for days in (1, 2, 5, 7, 14)),
    *map(_by_months, (1, 2, 3, 6, 12, 24, 60)),
)


def time_ticks(
    first: datetime, span: timedelta, slots: float, zone: tzinfo, *, width: float = 0.0
) -> tuple[tuple[float, str], ...]:
    """Places in timeframes from `first`, and their words. The first slot has none: it may be anywhere in its bucket.

    `width` is that of the picture where it is wider than its `slots`: words need as much room beside few candles.
    """
    zone = UTC if span >= _DAY else zone
    across = max(slots, width) * span
    scale = next((s for s in _SCALES if across <= s.length * _MOST and s.length >= span), _SCALES[-1])
    moments = [(first + span * n).astimezone(zone) for n in range(int(slots) + 1)]
    buckets = [scale.bucket(moment) for moment in moments]
    return tuple(
        (float(n), _worded(moments[n], scale, moments[n - 1]))
        for n in range(1, len(moments))
        if buckets[n] != buckets[n - 1] and slots * _EDGE <= n < slots
    )


def _worded(moment: datetime, scale: _Scale, before: datetime) -> str:
    """Where the clock passes midnight, the day."""
    words = "{day} %b" if scale.length < _DAY and moment.date() != before.date() else scale.words
    return moment.strftime(words).format(day=moment.day)
