"""Settlements that passed unseen, read back: each contract's history is its own, readable or not."""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from chatbot.core.errors import KucoinError, Rejected
from chatbot.core.market import SettledRate, Symbol
from chatbot.core.times import Now

log = logging.getLogger(__name__)

PATIENCE = timedelta(hours=6)
"""A history that cannot be read for longer is done without: as long as it is owed, no flip can be judged."""

_NEVER = datetime.min.replace(tzinfo=UTC)


class HistorySource(Protocol):
    """`Market`."""

    async def funding_history(self, symbol: Symbol, start: datetime, end: datetime) -> Sequence[SettledRate]: ...


class PastSettlements:
    """`lost` is told of each contract whose history is done without, and from when on: once, but for restarts."""

    def __init__(self, source: HistorySource, lost: Callable[[Symbol, datetime], None], now: Now) -> None:
        self._source = source
        self._lost = lost
        self._now = now
        self._failing: dict[Symbol, datetime] = {}
        self._failed_at: dict[Symbol, datetime] = {}
        self._told: set[Symbol] = set()
        self._in_vain = False

    def begin(self) -> None:
        """A scan, which asks in vain once at most: it may be KuCoin that is away."""
        self._in_vain = False

    def rank(self, symbol: Symbol) -> datetime:
        """Those that failed come last, the latest at the very end, so that none is asked in vain at others' cost."""
        return self._failed_at.get(symbol, _NEVER)

    def done(self, symbols: Iterable[Symbol]) -> None:
        """Nothing of their past is owed any more."""
        for symbol in symbols:
            self._failed_at.pop(symbol, None)
            self._told.discard(symbol)
            if self._failing.pop(symbol, None) is not None:
                log.info("alerts on the funding of %s go on", symbol)

    async def read(self, symbol: Symbol, since: datetime, until: datetime) -> Sequence[SettledRate] | None:
        """None when it is to be asked for again; nothing when it is done without."""
        if self._in_vain:
            return None
        try:
            return await self._source.funding_history(symbol, since, until)
        except Rejected as error:
            log.warning("%s has no history of funding: %s", symbol, error)
        except KucoinError as error:
            if not self._failed(symbol, error):
                return None
        if symbol not in self._told:
            self._told.add(symbol)
            self._lost(symbol, since)
        return ()

    def _failed(self, symbol: Symbol, error: KucoinError) -> bool:
        """Whether it has failed for long enough."""
        now = self._failed_at[symbol] = self._now()
        self._in_vain = True
        if symbol not in self._failing:
            log.warning("alerts on the funding of %s wait, no funding history: %s", symbol, error)
        return now - self._failing.setdefault(symbol, now) >= PATIENCE
