"""Closed one-minute candles of every watched symbol, read after the fact: what no tick showed is told late.

How far a symbol has been read stands in the database, so a gap of the feed, a restart and a day
switched off are the same thing here: minutes that have not been read yet. After more than `REACH` only
those within it are read, and `blindness` says so.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from chatbot.core.alerts import AlertRule, AlertState, ended
from chatbot.core.errors import KucoinError, Rejected
from chatbot.core.market import Candle, Instrument, Symbol, Venue
from chatbot.core.replay import MINUTE
from chatbot.core.symbols import Catalogue
from chatbot.core.times import Now
from chatbot.core.trails import HOUR, Trails
from chatbot.services.listings import Listings
from chatbot.services.lookout import Lookout
from chatbot.services.marks import Marks
from chatbot.services.replaying import Replaying
from chatbot.services.troubles import Troubles
from chatbot.store.store import Store

log = logging.getLogger(__name__)

SETTLED = timedelta(seconds=8)
"""A minute's candle may still change for a moment after its end."""

AT_A_TIME = 60
"""Symbols read in one go: at three of weight each well within the budget of all public questions."""

_TOGETHER = 3


class CandleSource(Protocol):
    """`Markets`, or what tells a test's path. The candles begin from `start` on and before `end`, oldest first."""

    async def catalogue(self) -> Catalogue: ...

    async def candles(self, instrument: Instrument, start: datetime, end: datetime) -> tuple[Candle, ...]: ...


class CandleAudit:
    """`gone` is told of each rule whose symbol is no longer listed, within the transaction that ends it."""

    def __init__(
        self,
        *,
        markets: CandleSource,
        store: Store,
        lookout: Lookout,
        replaying: Replaying,
        gone: Callable[[AlertRule], object],
        now: Now,
    ) -> None:
        self._gone = gone
        self._listings = Listings()
        self._markets = markets
        self._store = store
        self._lookout = lookout
        self._replaying = replaying
        self._now = now
        self._marks = Marks(store, now)
        self._asked: dict[Symbol, datetime] = {}  # up to which closed minute
        self.troubles = Troubles(now)
        self._away = False
        self._busy = asyncio.Lock()
        self._unheard: dict[Symbol, datetime] = {}
        self.trails = Trails()

    async def look(self) -> None:
        """Reads what is closed and unread, the longest unread symbols first. Called every few seconds.

        One that cannot be read is left for later. Nobody else is asked for when none of those asked together
        is answered: KuCoin is away then, or asks for a pause, and the next look begins with others.
        """
        async with self._busy:
            self._marks.look()
            await self._look(self._closed())
            self._marks.look()

    def missed(self, symbols: Collection[Symbol], since: datetime | None = None) -> None:
        """Until now no ticks of these came: their moves have to be read from candles too, which ticks tell else.

        A gap is known at its end: what was read `since` it began was not read for moves, so it is read again.
        """
        self._unheard.update(dict.fromkeys(symbols, self._now()))
        if since is not None:
            moving = [symbol for symbol in symbols if self._lookout.windows_of(symbol)]
            self._marks.back(moving, whole_minute(since))
            for symbol in moving:
                self._asked.pop(symbol, None)

    def read_until(self, symbols: Sequence[Symbol]) -> datetime | None:
        """Up to when the least read of them is read; None when nothing of them is to be read."""
        marks = self._marks.all(self._closed())
        return min((marks[s] for s in symbols if s in marks), default=None)

    def read_last(self, symbols: Sequence[Symbol]) -> datetime | None:
        """When any of them was read last: those that could not be read prove nothing of the others."""
        marks = self._store.alerts.audited_all()
        return max((marks[s] for s in symbols if s in marks), default=None)

    def begin(self, symbol: Symbol, venue: Venue) -> None:
        """A rule on this symbol is made: if none was before, reading begins with this minute. Joins the transaction."""
        if not (self._store.alerts.is_watched(symbol) and self._store.alerts.audited(symbol)):
            self._store.alerts.mark_audited(symbol, venue, whole_minute(self._now()))

    async def _look(self, until: datetime) -> None:
        marks = self._marks.all(until)
        watched = dict(self._store.alerts.watched_symbols())
        self.trails.keep(watched)
        behind = [symbol for symbol in watched if marks.get(symbol, until) < until]
        self.troubles.keep(behind)
        due = [s for s in behind if self._asked.get(s) != until and self.troubles.may_ask(s)]
        if not due:
            return
        try:
            catalogue = await self._markets.catalogue()
        except KucoinError as error:
            self._gave_up(due, error)
            return
        due.sort(key=lambda symbol: (self.troubles.rank(symbol), marks[symbol]))
        self._end(self._listings.gone(watched, catalogue))
        listed = {symbol: its for symbol in due if (its := self._listings.instrument(symbol)) is not None}
        self.troubles.not_asked(symbol for symbol in due if symbol not in listed)
        await self._read_all(list(listed.values())[:AT_A_TIME], marks, until)

    def _end(self, unlisted: Iterable[Symbol]) -> None:
        """No rule on them can fire any more."""
        for symbol in unlisted:
            for rule in self._store.alerts.on_symbol(symbol):
                self._lookout.forget(rule)
                over = ended(rule, AlertState.GONE)
                with self._store.atomic():
                    if self._store.alerts.change(rule, over):
                        self._gone(over)

    async def _read_all(
        self, instruments: Sequence[Instrument], marks: Mapping[Symbol, datetime], until: datetime
    ) -> None:
        for start in range(0, len(instruments), _TOGETHER):
            some = instruments[start : start + _TOGETHER]
            # Whatever ends one of them, none of the others goes on when this is left.
            async with asyncio.TaskGroup() as group:
                reading = [group.create_task(self._tried(i, marks[i.symbol], until)) for i in some]
            errors = [task.result() for task in reading]
            for instrument, error in zip(some, errors, strict=True):
                if error is not None:
                    self.troubles.failed(instrument.symbol, error)
            away = _away(errors)
            if away is not None:
                self._gave_up([i.symbol for i in instruments[start:]], away)
                return
        self._away = False

    async def _tried(self, instrument: Instrument, since: datetime, until: datetime) -> KucoinError | None:
        try:
            await self._read(instrument, since, until)
        except KucoinError as error:
            return error
        self.troubles.read(instrument.symbol)
        return None

    async def _read(self, instrument: Instrument, since: datetime, until: datetime) -> None:
        symbol = instrument.symbol
        windows = self._lookout.windows_of(symbol) if symbol in self._unheard else ()
        before = max(windows, default=timedelta(0))
        if not self.trails.reaches(symbol, since):
            before = max(before, HOUR)
        found = await self._markets.candles(instrument, since - before, until + MINUTE)
        earlier = [c for c in found if c.start < since]
        unread = [c for c in found if since <= c.start < until]
        mark = self._marks.proved(since, until, found)
        late = await self._replaying.prices(symbol, unread)
        if windows:
            late += await self._replaying.moves(symbol, earlier, unread)
        with self._store.atomic():
            self._store.alerts.mark_audited(symbol, instrument.venue, mark)
        self.trails.learn(symbol, found, since - before, mark)
        self._asked[symbol] = until
        if mark > self._unheard.get(symbol, mark):
            del self._unheard[symbol]
        if late:
            log.info("%d alerts on %s were found in candles", late, symbol)

    def _closed(self) -> datetime:
        return whole_minute(self._now() - SETTLED)

    def _gave_up(self, symbols: Iterable[Symbol], error: KucoinError) -> None:
        self.troubles.not_asked(symbols)
        if not self._away and not self.troubles.others_are_read:
            log.warning("candles could not be read, I keep trying: %s", error)
            self._away = True


def _away(errors: Sequence[KucoinError | None]) -> KucoinError | None:
    """Of those asked together: what says that KuCoin would not answer for others either. A no is an answer."""
    return errors[0] if all(e is not None and not isinstance(e, Rejected) for e in errors) else None


def whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
