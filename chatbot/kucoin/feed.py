"""KuCoin's websocket: token, connect, pump, reconnect. The websockets door.

Each connection asks for a token of its own. It is in the address, so no address is ever
logged, raised or kept; and the library, which would log it, is given a silent logger.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from chatbot.core.errors import KucoinError, Unavailable
from chatbot.core.feed import Channel, FeedGap, News, Said, Stream, StreamState
from chatbot.core.market import Symbol, Venue
from chatbot.core.times import Now
from chatbot.kucoin.frames import Conversation, Terms
from chatbot.kucoin.pace import Pace
from chatbot.kucoin.rest import Rest, trusted
from chatbot.kucoin.streams import Session, StreamWatch
from chatbot.kucoin.timing import Timing
from chatbot.kucoin.tokens import Way, way_to
from chatbot.kucoin.topics import ACCOUNT_TOPICS, price_topics, tick_topic

_log = logging.getLogger(__name__)

_HEALTHY = 60.0
"""Seconds after which a connection that breaks off is a new misfortune, not the same one."""

_MOST_OPENINGS, _OPENINGS_SPAN = 25, 60.0
"""KuCoin takes 30 new connections a minute."""

_BIGGEST_FRAME = 1024 * 1024
_CLOSE_WITHIN = 1.0
_BREATH = 64
"""Frames after which others get a turn: a thousand may have come in at once."""


class Feed:
    """All of KuCoin's streams that `rests` and `channels` make up.

    `hear` is called with each piece of news, `gap` once for each stretch in which a stream was
    not heard; what they raise ends the feed.
    """

    def __init__(
        self,
        *,
        rests: Mapping[Venue, Rest],
        channels: Collection[Channel],
        hear: Callable[[News], None],
        gap: Callable[[FeedGap], None],
        now: Now,
        timing: Timing | None = None,
    ) -> None:
        self._rests = rests
        self._hear = hear
        self._gap = gap
        self._now = now
        self._timing = timing or Timing()
        streams = [Stream(venue=venue, channel=channel) for venue in rests for channel in channels]
        self._watches = {stream: StreamWatch(stream) for stream in streams}
        for stream, watch in self._watches.items():
            watch.want(_lasting_topics(stream), now())
        self._followed: tuple[frozenset[tuple[Symbol, Venue]], frozenset[Symbol]] | None = None
        self._changed = asyncio.Event()
        self._openings = Pace(_MOST_OPENINGS, _OPENINGS_SPAN)
        self._silence = logging.Logger("websockets", logging.CRITICAL + 1)

    def follow(self, prices: Collection[tuple[Symbol, Venue]], rates: Collection[Symbol]) -> None:
        """Listen to the ticks of `prices` and the predicted rates of `rates`, and to no others."""
        followed = frozenset(prices), frozenset(rates)
        if followed == self._followed:
            return
        self._followed = followed
        for stream, watch in self._watches.items():
            if stream.channel is Channel.PUBLIC:
                watch.want(price_topics(stream.venue, *followed), self._now())
        self._changed.set()

    def states(self) -> tuple[StreamState, ...]:
        return tuple(watch.state(self._at) for watch in self._watches.values())

    def said(self, symbol: Symbol, venue: Venue) -> Said | None:
        """What the present connection for its ticks brought of a symbol; None while there is none that could."""
        return self._watches[Stream(venue=venue, channel=Channel.PUBLIC)].said(tick_topic(venue, symbol))

    def restart(self, symbol: Symbol, venue: Venue, reason: str) -> None:
        """The connection for its ticks is mute: begin anew. The gap reaches back to the last of its news."""
        self._watches[Stream(venue=venue, channel=Channel.PUBLIC)].end(tick_topic(venue, symbol), reason)

    async def run(self) -> None:
        """Until cancelled."""
        tasks: dict[Session, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                self._changed.clear()
                needed = {session: watch for watch in self._watches.values() for session in watch.sessions.values()}
                for session in tasks.keys() - needed.keys():
                    tasks.pop(session).cancel()
                for session in needed.keys() - tasks.keys():
                    tasks[session] = group.create_task(self._keep(needed[session], session))
                for watch in self._watches.values():
                    self._tell(watch)
                await self._changed.wait()

    def _tell(self, watch: StreamWatch) -> None:
        gap = watch.gap(self._now())
        if gap is not None:
            _log.info("%s: whole again, not heard since %s", gap.stream.name, gap.since)
            self._gap(gap)

    def _at(self, seconds: float) -> datetime:
        return self._now() - timedelta(seconds=max(self._timing.seconds() - seconds, 0))

    async def _keep(self, watch: StreamWatch, session: Session) -> None:
        pauses = self._timing.pauses()
        while True:
            session.ending = ""
            reason = await self._connection(watch, session)
            if session.risen is not None and self._timing.seconds() - session.risen >= _HEALTHY:
                pauses = self._timing.pauses()
            self._lose(watch, session, reason)
            await self._timing.sleep(next(pauses))

    def _lose(self, watch: StreamWatch, session: Session, reason: str) -> None:
        talk = session.conversation
        heard = self._at(talk.heard) if talk is not None and talk.welcomed else None
        since = self._at(talk.told) if talk is not None and session.ending else heard
        watch.fell(session, reason, since or self._now(), heard)
        _log.log(logging.WARNING if heard else logging.INFO, "%s: not connected: %s", watch.stream.name, reason)

    async def _connection(self, watch: StreamWatch, session: Session) -> str:
        """One connection from its token to its end, and why it ended."""
        rest = self._rests[watch.stream.venue]
        try:
            await self._turn()
            way = await way_to(rest, watch.stream, watch.attempts)
            socket = await self._opened(way, rest)
        except KucoinError as error:
            return str(error)
        terms = Terms(
            stream=watch.stream,
            ping_interval=way.ping_interval,
            ping_timeout=way.ping_timeout,
            began=self._timing.seconds(),
            began_millis=rest.clock.millis(),
        )
        talk = session.conversation = Conversation(terms, watch.lines)
        talk.want(session.topics)
        pumping = asyncio.create_task(self._pump(session.bell, socket, talk))
        try:
            return await self._converse(watch, session, socket, pumping)
        except ConnectionClosed as closed:
            return _how(closed)
        finally:
            await _stop(pumping)
            await socket.close()

    async def _turn(self) -> None:
        now = self._timing.seconds()
        at = self._openings.free_at(now)
        self._openings.take(at)
        if at > now:
            await self._timing.sleep(at - now)

    async def _opened(self, way: Way, rest: Rest) -> ClientConnection:
        """Raises Unavailable, with nothing of the address in it."""
        try:
            return await connect(
                way.address,
                ssl=(rest.host.tls or trusted()) if way.secure else None,
                logger=self._silence,
                compression=None,
                proxy=None,
                open_timeout=self._timing.open_timeout,
                close_timeout=_CLOSE_WITHIN,
                ping_interval=None,
                max_size=_BIGGEST_FRAME,
                user_agent_header="kucoin-chatbot",
            )
        except (OSError, WebSocketException, ValueError) as error:
            # by its kind alone: the library's words may hold the address
            _log.info("the feed cannot be reached: %s", type(error).__name__)
        # raised out here, the error has no context, which may hold it too
        raise Unavailable("KuCoin's feed cannot be reached.")

    async def _converse(
        self, watch: StreamWatch, session: Session, socket: ClientConnection, pumping: asyncio.Task[None]
    ) -> str:
        """Say what is to be said, in time, until there is a reason not to."""
        while not pumping.done() and (talk := session.conversation):
            session.bell.clear()
            now = self._timing.seconds()
            reason = session.ending or talk.dead(now)
            if reason:
                socket.transport.abort()
                return reason
            for text in talk.outgoing(now):
                await socket.send(text)
            if session.risen is None and session.ready:
                self._rise(watch, session, talk)
            await self._timing.wait(talk.wakes_at(now) - now, session.bell, pumping)
        pumping.result()
        return f"KuCoin closed the connection ({socket.close_code})."

    def _rise(self, watch: StreamWatch, session: Session, talk: Conversation) -> None:
        watch.rose(session, self._timing.seconds())
        if talk.refused:
            _log.warning("%s: KuCoin does not know %s", watch.stream.name, ", ".join(sorted(talk.refused)))
        self._tell(watch)

    async def _pump(self, bell: asyncio.Event, socket: ClientConnection, talk: Conversation) -> None:
        hear, receive, seconds = self._hear, talk.receive, self._timing.seconds
        frames = 0
        async for frame in socket:
            news = receive(frame, seconds())
            if news is not None:
                hear(news)
            if talk.stirred:
                talk.stirred = False
                bell.set()
            frames += 1
            if not frames % _BREATH:
                await asyncio.sleep(0)


def _lasting_topics(stream: Stream) -> frozenset[str]:
    return ACCOUNT_TOPICS[stream.venue] if stream.channel is Channel.PRIVATE else frozenset()


async def _stop(pumping: asyncio.Task[None]) -> None:
    pumping.cancel()
    await asyncio.wait([pumping])
    if not pumping.cancelled():
        pumping.exception()


def _how(closed: ConnectionClosed) -> str:
    if closed.sent is not None and not closed.rcvd_then_sent:
        return f"A frame of KuCoin's could not be read ({closed.sent.code})."
    if closed.rcvd is not None:
        return f"KuCoin closed the connection ({closed.rcvd.code})."
    return "The connection broke off."
