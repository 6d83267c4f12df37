"""Symbols whose candles cannot be read: each is its own affair, unless KuCoin answers for nobody.

The error does not say which: an answer that makes no sense and no answer at all are `Unavailable`
alike. Whether others are read meanwhile tells.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from chatbot.core.errors import KucoinError, RateLimited, Rejected
from chatbot.core.market import Symbol
from chatbot.core.times import Now
from chatbot.core.values import frozen

log = logging.getLogger(__name__)

PAUSE, LONGEST_PAUSE = timedelta(seconds=20), timedelta(minutes=5)
"""Between two questions for a symbol that KuCoin gives to nobody while it answers for others."""

ANSWERS = timedelta(seconds=90)
"""KuCoin answers if it gave some symbol's candles within this time: they are asked for once a minute."""

LONG = timedelta(minutes=15)
"""A symbol that cannot be read for so long is worth a word to those who watch it, whatever the reason."""

_NEVER = datetime.min.replace(tzinfo=UTC)


@frozen
class _Trouble:
    """`times` in a row it failed while KuCoin answered for others; `asked_at` None: it was not even asked for."""

    since: datetime
    asked_at: datetime | None = None
    times: int = 0


class Troubles:
    def __init__(self, now: Now) -> None:
        self._now = now
        self._troubles: dict[Symbol, _Trouble] = {}
        self._answered_at = _NEVER

    @property
    def others_are_read(self) -> bool:
        return self._now() - self._answered_at <= ANSWERS

    def read(self, symbol: Symbol) -> None:
        self._answered_at = self._now()
        if self._troubles.pop(symbol, _Trouble(since=self._answered_at)).times:
            log.info("candles of %s can be read again", symbol)

    def failed(self, symbol: Symbol, error: KucoinError) -> None:
        now = self._now()
        before = self._troubles.get(symbol, _Trouble(since=now))
        own = isinstance(error, Rejected) or (self.others_are_read and not isinstance(error, RateLimited))
        if own and not before.times:
            log.warning("candles of %s cannot be read, I keep trying: %s", symbol, error)
        self._troubles[symbol] = _Trouble(since=before.since, asked_at=now, times=before.times + 1 if own else 0)

    def not_asked(self, symbols: Iterable[Symbol]) -> None:
        """Nobody is answered, so they would not be either."""
        for symbol in symbols:
            self._troubles.setdefault(symbol, _Trouble(since=self._now()))

    def keep(self, symbols: Collection[Symbol]) -> None:
        """All others are not to be read any more."""
        self._troubles = {symbol: its for symbol, its in self._troubles.items() if symbol in symbols}

    def may_ask(self, symbol: Symbol) -> bool:
        trouble = self._troubles.get(symbol)
        if trouble is None or trouble.asked_at is None or not trouble.times:
            return True
        pause = min(PAUSE * 2 ** min(trouble.times - 1, 10), LONGEST_PAUSE)
        # Not yet asked, by a clock that was set back: nobody waits for it to come round again.
        return not timedelta(0) <= self._now() - trouble.asked_at < pause

    def rank(self, symbol: Symbol) -> datetime:
        """Those that failed come last, the latest at the very end: so nobody is asked in vain at the cost of others."""
        trouble = self._troubles.get(symbol)
        return _NEVER if trouble is None or trouble.asked_at is None else trouble.asked_at

    def not_read(self, since: datetime) -> frozenset[Symbol]:
        """What was asked for after `since`, and is not given while others are; after long enough all that is not."""
        now = self._now()
        long = now - since >= LONG
        return frozenset(
            symbol
            for symbol, its in self._troubles.items()
            if long or (its.times and its.asked_at is not None and its.asked_at > since)
        )

    def standing(self) -> frozenset[Symbol]:
        return frozenset(self._troubles)

    def for_long(self) -> frozenset[Symbol]:
        now = self._now()
        return frozenset(symbol for symbol, its in self._troubles.items() if now - its.since >= LONG)
