"""Moments and durations: how they are handed around and read aloud."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from chatbot.core.values import frozen

Now = Callable[[], datetime]
"""Where a part of the program reads the time: aware UTC. Tests hand in a driven one."""

Sleep = Callable[[float], Awaitable[None]]
"""Seconds to wait. `asyncio.sleep`, or a driven one in tests."""

_MINUTE = timedelta(minutes=1)


@frozen
class Uptime:
    """How long the host has been up since which of its starts. Sleep counts, and no clock that is set changes it."""

    boot: str
    awake: timedelta

    def reached(self, mark: "Uptime | None") -> bool:
        """Whether a moment marked ahead has come. Of another start of the host, or without a mark, it surely has."""
        return mark is None or mark.boot != self.boot or self.awake >= mark.awake


def utc_now() -> datetime:
    return datetime.now(UTC)


_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)


def waking_seconds() -> float:
    """Never backwards, and where the system can tell, forward while the machine sleeps."""
    return time.monotonic() if _BOOT_CLOCK is None else time.clock_gettime(_BOOT_CLOCK)


def steady_now() -> datetime:
    """Moments that only ever go forward, whatever is done to the host's clock; their date means nothing."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=waking_seconds())


def from_millis(value: int) -> datetime:
    """The moment `value` milliseconds after the Unix epoch, exact to the millisecond."""
    seconds, millis = divmod(value, 1000)
    return datetime.fromtimestamp(seconds, UTC) + timedelta(milliseconds=millis)


def to_millis(moment: datetime) -> int:
    """Milliseconds since the Unix epoch, rounded down."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def in_words(span: timedelta) -> str:
    """`4 h 56 m`, `1 m 51 s`, `9 s`, `0.4 s`: at most two units, a negative span as zero."""
    seconds = max(span.total_seconds(), 0.0)
    if seconds < 1:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    for size, unit, below, below_size in ((86400, "d", "h", 3600), (3600, "h", "m", 60), (60, "m", "s", 1)):
        if whole >= size:
            rest = whole % size // below_size
            return f"{whole // size} {unit} {rest} {below}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"


def in_minutes(span: timedelta) -> str:
    """As `in_words`, for what is still to come: from a minute on to the nearest minute, `23 m`, not `22 m 59 s`."""
    if span < _MINUTE:
        return in_words(span)
    return in_words((span + _MINUTE / 2) // _MINUTE * _MINUTE)
