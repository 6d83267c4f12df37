"""How the feed's streams fare: which connections they need, which are up, and what was missed meanwhile.

A stream is down while any of its connections is; the gap is told when all that were lost are back.
The first connection of all fills no gap: nobody was listening yet.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from chatbot.core.feed import FeedGap, Said, Stream, StreamState
from chatbot.kucoin.frames import Conversation
from chatbot.kucoin.ticks import Line
from chatbot.kucoin.topics import spread


@dataclass(slots=True, eq=False, kw_only=True)
class Session:
    """The place of one connection, in which one conversation follows another.

    `down_since` is None while it is up; `bell` wakes whoever keeps it, `ending` tells why it is to end.
    One that was ended so is `doubted`: it is up again when it brings news.
    """

    topics: frozenset[str]
    down_since: datetime | None
    conversation: Conversation | None = None
    risen: float | None = None
    ending: str = ""
    doubted: bool = False
    bell: asyncio.Event = field(default_factory=asyncio.Event)

    def listen_to(self, topics: frozenset[str]) -> None:
        if topics != self.topics:
            self.topics = topics
            if self.conversation is not None:
                self.conversation.want(topics)
            self.bell.set()

    def end(self, reason: str) -> None:
        """A conversation that has not begun yet need not end."""
        if self.conversation is not None:
            self.ending = reason
            self.doubted = True
            self.bell.set()

    @property
    def ready(self) -> bool:
        """Everything is confirmed, and nothing speaks against it."""
        talk = self.conversation
        return talk is not None and talk.whole and (talk.spoke or not self.doubted)


class StreamWatch:
    """`sessions` are the connections it needs, by number; `lines` remember up to where each topic was told."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.lines: dict[str, Line] = {}
        self.sessions: dict[int, Session] = {}
        self.attempts = 0
        self._wanted: frozenset[str] = frozenset()
        self._reason = ""
        self._garbage = 0
        self._reconnects = 0
        self._heard_at: datetime | None = None
        self._lost: set[Session] = set()
        self._gap: tuple[datetime, str] | None = None

    def want(self, topics: frozenset[str], now: datetime) -> None:
        """These, and no others: `sessions` come, change and go with them."""
        self._wanted = topics
        parts = spread(topics, {number: session.topics for number, session in self.sessions.items()})
        for number in self.sessions.keys() - parts.keys():
            gone = self.sessions.pop(number)
            self._garbage += gone.conversation.garbage if gone.conversation is not None else 0
            self._lost.discard(gone)
        for number, part in parts.items():
            if number in self.sessions:
                self.sessions[number].listen_to(part)
            else:
                self.sessions[number] = Session(topics=part, down_since=now)

    def said(self, topic: str) -> Said | None:
        """What came of a topic of ticks; None while no connection could bring anything of it."""
        talks = [session.conversation for session in self.sessions.values() if topic in session.topics]
        return talks[0].said(topic) if talks and talks[0] is not None else None

    def end(self, topic: str, reason: str) -> None:
        """The connection that a topic is on, and no other."""
        for session in self.sessions.values():
            if topic in session.topics:
                session.end(reason)

    def rose(self, session: Session, at: float) -> None:
        session.down_since = None
        session.risen = at
        session.doubted = False
        self._lost.discard(session)

    def fell(self, session: Session, reason: str, since: datetime, heard_at: datetime | None) -> None:
        """`since` is the last word that counts, `heard_at` the last of any kind; None where none came."""
        if session.conversation is not None:
            self._garbage += session.conversation.garbage
            session.conversation = None
        if heard_at is not None:
            self._heard_at = max(heard_at, self._heard_at or heard_at)
        self._reason = reason
        self.attempts += 1
        if session.risen is None:
            return
        self._reconnects += 1
        session.risen = None
        session.down_since = since
        self._lost.add(session)
        before, first = self._gap or (since, reason)
        self._gap = min(before, since), first

    def gap(self, now: datetime) -> FeedGap | None:
        """What was missed, once, as soon as all that was lost is back."""
        if self._gap is None or self._lost:
            return None
        (since, reason), self._gap = self._gap, None
        return FeedGap(stream=self.stream, since=min(since, now), until=now, reason=reason)

    def state(self, at: Callable[[float], datetime]) -> StreamState:
        """`at` tells the moment of a conversation's seconds."""
        talks = [session.conversation for session in self.sessions.values() if session.conversation is not None]
        heard = [at(talk.heard) for talk in talks if talk.welcomed]
        down = [session.down_since for session in self.sessions.values() if session.down_since is not None]
        return StreamState(
            stream=self.stream,
            topics=len(self._wanted),
            down_since=min(down, default=None),
            heard_at=max(heard, default=self._heard_at),
            garbage=self._garbage + sum(talk.garbage for talk in talks),
            reconnects=self._reconnects,
            reason=self._reason,
        )
