"""Says when prices are missing, at growing intervals, and once when they are back and the time between was read."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chatbot.core.feed import Channel, Stream
from chatbot.core.market import Symbol, Venue
from chatbot.core.notices import Lane, Letter
from chatbot.core.preferences import Kind
from chatbot.core.routes import Route
from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.services.auditing import CandleAudit, whole_minute
from chatbot.services.marks import PUBLISHED, REACH
from chatbot.services.troubles import LONG
from chatbot.services.watching import Watching
from chatbot.store.feed_marks import Blind
from chatbot.store.store import Store

TOLD_AFTER = timedelta(seconds=45)
"""Prices missing for less are read from candles without a word."""

OFF_FOR = PUBLISHED + timedelta(minutes=3)
"""A bot that read nothing for longer was switched off: a silent minute counts as read only after a while."""

_STREAMS = tuple(Stream(venue=venue, channel=Channel.PUBLIC) for venue in Venue)


@frozen
class Back:
    """`off`: the bot itself was not running. `late` is how many alerts of the chat were found in candles.

    `unread` are symbols of the chat whose candles could not be read yet; what is older than `reach` never will be.
    """

    since: datetime
    until: datetime
    off: bool
    venues: tuple[Venue, ...]
    late: int
    unread: tuple[Symbol, ...] = ()
    reach: timedelta = REACH

    @property
    def beyond_reach(self) -> bool:
        """Whether a part of it is too long ago to be read."""
        return self.until - self.since > self.reach


@frozen
class Wording:
    """`blind` is given since when, which prices, and how many alerts of the chat are not checked.

    `unread` is given symbols whose candles cannot be read, and for how long at least.
    """

    blind: Callable[[datetime, Venue, int], str]
    back: Callable[[Back], str]
    unread: Callable[[Sequence[Symbol], timedelta], str]


class Blindness:
    """A stretch stands in the database from its beginning to its end: a restart in between tells neither twice."""

    def __init__(self, *, store: Store, watching: Watching, audit: CandleAudit, wording: Wording, now: Now) -> None:
        self._store = store
        self._watching = watching
        self._audit = audit
        self._wording = wording
        self._now = now
        self._back_at: dict[Stream, datetime] = {}
        self._known: frozenset[Symbol] = frozenset()

    def begin(self) -> None:
        """At a start: since when nothing was looked at. What crossed meanwhile is told when it has been read."""
        for stream in _STREAMS:
            symbols = self._symbols(stream)
            read = self._audit.read_last(symbols)
            self._audit.missed(symbols)
            if read is not None and self._now() - read > OFF_FOR:
                self._store.alerts.begin_blind(stream, read)

    def look(self) -> None:
        """Called every few seconds."""
        broken = self._watching.broken()
        self._missed(stream for stream in _STREAMS if stream.venue in broken)
        standing = {b.stream: b for b in self._store.alerts.standing_blind()}
        seeing = [self._sees(stream, standing.get(stream)) for stream in _STREAMS]
        over = [b for b, sees in zip(map(standing.get, _STREAMS), seeing, strict=True) if b is not None and sees]
        for blind in over:
            if blind.told_at is not None and self._is_read(blind.stream):
                self._tell_back([blind])
        off = [b for b in standing.values() if b.told_at is None]
        if off and all(b in over and self._is_read(b.stream) for b in off):
            self._tell_back(off)
        self._tell_unread({b.stream.venue for b in standing.values()})

    def slept(self) -> None:
        """Nothing was heard for a while, whatever the feed thinks."""
        self._missed(_STREAMS)

    def _missed(self, streams: Iterable[Stream]) -> None:
        """No gap is told of a stream that was never whole yet, or whose clock was set; its moves are in doubt, too."""
        for stream in streams:
            self._audit.missed(self._symbols(stream))

    def _sees(self, stream: Stream, standing: Blind | None) -> bool:
        heard = self._watching.heard_at(stream.venue)
        if self._now() - heard <= TOLD_AFTER:
            self._back_at.setdefault(stream, self._now())
            return True
        self._back_at.pop(stream, None)
        if standing is None or standing.told_at is None:
            self._tell_blind(stream, heard)
        else:
            self._tell_still_blind(standing)
        return False

    def _is_read(self, stream: Stream) -> bool:
        """Whether candles have been read up to the moment prices came back, as far as they are to be had."""
        back_at = self._back_at[stream]
        not_read = self._audit.troubles.not_read(back_at)
        read = self._audit.read_until([s for s in self._symbols(stream) if s not in not_read])
        return read is None or read > whole_minute(back_at)

    def _tell_blind(self, stream: Stream, since: datetime) -> None:
        chats = self._chats(stream.venue)
        with self._store.atomic():
            if not chats or not self._store.alerts.tell_blind(
                self._store.alerts.begin_blind(stream, since), self._now()
            ):
                return
            self._store.complaints.due(_name(stream), since)
            for chat_id, rules in chats.items():
                self._put(chat_id, self._wording.blind(since, stream.venue, rules))

    def _tell_still_blind(self, blind: Blind) -> None:
        with self._store.atomic():
            if self._store.complaints.due(_name(blind.stream), blind.since) is None:
                return
            for chat_id, rules in self._chats(blind.stream.venue).items():
                self._put(chat_id, self._wording.blind(blind.since, blind.stream.venue, rules))

    def _tell_back(self, stretches: Sequence[Blind]) -> None:
        since = min(b.since for b in stretches)
        streams = [b.stream for b in stretches]
        until = max(self._back_at[s] for s in streams)
        late = self._with_groups(self._store.alerts.late_since(since))
        chats = {chat for s in streams for chat in self._chats(s.venue)} | late.keys()
        off = stretches[0].told_at is None
        not_read = {s for stream in streams for s in self._symbols(stream)} & self._audit.troubles.not_read(until)
        unread = self._by_chat(not_read)
        with self._store.atomic():
            for blind in stretches:
                self._store.alerts.end_blind(blind, self._now())
                self._store.complaints.over(_name(blind.stream))
            for chat in sorted(chats):
                venues = tuple(s.venue for s in streams)
                back = Back(since=since, until=until, off=off, venues=venues, late=late.get(chat, 0))
                self._put(chat, self._wording.back(replace(back, unread=tuple(unread.get(chat, ())))))
        self._known |= not_read

    def _tell_unread(self, but: Collection[Venue]) -> None:
        """Once, of symbols that cannot be read for long; `but` of these venues they hear when prices are back."""
        long = self._audit.troubles.for_long()
        self._known &= self._audit.troubles.standing()
        venues = dict(self._store.alerts.watched_symbols()) if long - self._known else {}
        news = {s for s in long - self._known if venues.get(s) not in but}
        marks = self._store.alerts.audited_all()
        with self._store.atomic():
            for chat, symbols in self._by_chat(news).items():
                name = " ".join(f"{s} {marks[s].isoformat()}" for s in symbols)
                self._put(chat, self._wording.unread(symbols, LONG), f"unread {chat} {name}")
        self._known |= news

    def _chats(self, venue: Venue) -> dict[int, int]:
        """Who hears of these prices, and how many rules that concerns."""
        return self._with_groups(self._store.alerts.chats_of(venue))

    def _with_groups(self, counts: dict[int, int]) -> dict[int, int]:
        """Groups that asked for such news hear them when anybody does, and of all rules."""
        places = self._store.routes.places(Route.SYSTEM) if counts else ()
        return counts | {place.chat_id: sum(counts.values()) for place in places}

    def _by_chat(self, symbols: Iterable[Symbol]) -> dict[int, list[Symbol]]:
        """Those of the symbols that each chat has rules on."""
        found: dict[int, list[Symbol]] = {}
        for symbol in sorted(symbols):
            for chat in {rule.chat_id for rule in self._store.alerts.on_symbol(symbol)}:
                found.setdefault(chat, []).append(symbol)
        return found

    def _put(self, chat_id: int, text: str, dedupe: str | None = None) -> None:
        self._store.outbox.put(Letter(chat_id=chat_id, lane=Lane.ALERT, text=text, kind=Kind.SYSTEM), dedupe)

    def _symbols(self, stream: Stream) -> list[Symbol]:
        return [symbol for symbol, venue in self._store.alerts.watched_symbols() if venue is stream.venue]


def _name(stream: Stream) -> str:
    return f"blind {stream.name}"
