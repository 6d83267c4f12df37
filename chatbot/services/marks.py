"""Up to when the candles of each symbol are read, and how far an answer proves it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from chatbot.core.market import Candle, Symbol
from chatbot.core.replay import MINUTE
from chatbot.core.times import Now
from chatbot.store.alerts import CARDS_STAY
from chatbot.store.store import Store

PUBLISHED = timedelta(minutes=3)
"""A closed minute without a candle is one without a trade when it is so old: a candle may be published late."""

AGAIN = timedelta(hours=1)
"""Of minutes read again where a mark is ahead of the clock: up to when they had been read is not known then."""

REACH = CARDS_STAY
"""How far back candles are read at most: as long as a firing is kept. KuCoin's lists do not end otherwise."""

_JUMP = timedelta(minutes=2)
_CLOCK_READ = timedelta(minutes=15)
"""After a jump of the clock: by then it was compared with KuCoin's, which is done every ten minutes."""


class Marks:
    def __init__(self, store: Store, now: Now) -> None:
        self._store = store
        self._now = now
        self._looked: datetime | None = None
        self._doubted_until: datetime | None = None

    def all(self, until: datetime) -> dict[Symbol, datetime]:
        """`until` is the end of the last closed minute. No mark is ahead of the clock, and none out of reach."""
        marks, ahead = self._store.alerts.audited_all(), until + 2 * MINUTE
        return {s: max(mark, until - REACH) if mark < ahead else until - AGAIN for s, mark in marks.items()}

    def back(self, symbols: Collection[Symbol], to: datetime) -> None:
        """Whatever is read from there on is read once more, which changes nothing for what was told."""
        with self._store.atomic():
            self._store.alerts.mark_back(symbols, to)

    def look(self) -> None:
        """At the beginning and the end of each: what is between two ends is seconds, unless the clock was set."""
        now = self._now()
        if self._looked is not None and abs(now - self._looked) > _JUMP:
            self._doubted_until = now + _CLOCK_READ
        self._looked = now

    def proved(self, since: datetime, until: datetime, found: Sequence[Candle]) -> datetime:
        """Up to when all is read by an answer to the question from `since`; it may hold the minute after `until`.

        A candle proves that its minute has come, and those before it are complete. Age proves the
        same of a silent minute, by a clock that nobody has just set.
        """
        proofs = [since, *(candle.start + MINUTE for candle in found[-1:])]
        if self._doubted_until is None or self._now() >= self._doubted_until:
            proofs.append(until - PUBLISHED)
        return min(max(proofs), until)
