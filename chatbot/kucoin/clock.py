"""What time it is at the exchange, which signs off only what is stamped within five seconds of its own clock."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from chatbot.core.errors import Unavailable
from chatbot.core.times import Now, from_millis, to_millis

_SAMPLES = 4
"""The first one also pays for the handshake, so it is seldom the best."""


class ExchangeClock:
    """The host's clock plus the measured offset of the exchange's.

    Shared by both hosts. Until the first `measure` it is the host's own clock.
    `uncertainty` is half the round trip of the best sample: the truth lies within it. `measured_at`: by its own time.
    """

    def __init__(self, now: Now) -> None:
        self._now = now
        self._offset = timedelta(0)
        self.measured = False
        self.measured_at: datetime | None = None
        self.uncertainty = timedelta.max

    @property
    def offset(self) -> timedelta:
        """How far the exchange's clock is ahead of the host's."""
        return self._offset

    def now(self) -> datetime:
        return self._now() + self._offset

    def millis(self) -> int:
        return to_millis(self.now())

    def forget(self) -> None:
        """The measured offset proved wrong: the next signed call measures again."""
        self.measured = False

    async def measure(self, ask: Callable[[], Awaitable[int]]) -> None:
        """`ask` gives the exchange's time in milliseconds. The sample with the shortest round trip is believed.

        Raises `Unavailable` when no sample could be taken.
        """
        best: tuple[timedelta, timedelta] | None = None
        failure: Unavailable | None = None
        for _ in range(_SAMPLES):
            before = self._now()
            try:
                theirs = from_millis(await ask())
            except Unavailable as error:
                failure = error
                continue
            trip = self._now() - before
            # a negative trip: the host's clock was set back meanwhile
            if trip >= timedelta(0) and (best is None or trip < best[0]):
                best = trip, theirs - (before + trip / 2)
        if best is None:
            raise failure or Unavailable("The exchange's clock could not be read.")
        trip, self._offset = best
        self.uncertainty = trip / 2 + timedelta(milliseconds=1)
        self.measured = True
        self.measured_at = self.now()
