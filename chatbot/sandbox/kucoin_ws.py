"""KuCoin's websocket face, beside its REST face on the same port.

Public news is looked up and private news taken from the exchange's journal every `pace`
seconds, or at once when `pump` is called. Only what somebody listens to is looked at.
"""

import asyncio
import contextlib
import secrets
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.types import Receive, Scope, Send

from chatbot.core.feed import Channel
from chatbot.core.market import Venue
from chatbot.sandbox.faults import Fault
from chatbot.sandbox.kucoin_answers import JSON
from chatbot.sandbox.kucoin_bullet import ws_path
from chatbot.sandbox.kucoin_rest import KucoinFace
from chatbot.sandbox.kucoin_ws_account import AccountNews
from chatbot.sandbox.kucoin_ws_junk import junk
from chatbot.sandbox.kucoin_ws_market import MarketLook, news
from chatbot.sandbox.kucoin_ws_session import Session, Wire, error
from chatbot.sandbox.kucoin_ws_topics import WsRefusal
from chatbot.sandbox.server import WIRE

PACE = 0.1
"""Seconds: what KuCoin leaves at least between two tickers of a symbol."""

SESSION_LIFE = timedelta(hours=24)
MOST_SESSIONS = 50
MOST_NEW, PER = 30, timedelta(minutes=1)


class KucoinSockets:
    """`routes` go before the REST face's own. `run` it as a task for as long as the server lives."""

    def __init__(self, face: KucoinFace, *, pace: float = PACE) -> None:
        self._face = face
        self._pace = pace
        self._look = MarketLook(face.exchange.prices)
        self._account = AccountNews(face.exchange)
        self._opened: list[tuple[str, datetime]] = []
        self._thrown = 0
        self.sessions: list[Session] = []

    @property
    def routes(self) -> list[BaseRoute]:
        return [WebSocketRoute(ws_path(venue), _Door(self, venue)) for venue in Venue]

    def of(self, venue: Venue, channel: Channel) -> list[Session]:
        """Open sessions, oldest first: `topics` of each are what it listens to, `cut()` resets it."""
        return [each for each in self.sessions if each.venue is venue and each.channel is channel]

    def topics(self, venue: Venue, channel: Channel) -> list[str]:
        """All that is listened to, in the order it was asked for."""
        return [name for session in self.of(venue, channel) for name in session.topics]

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._pace)
            self.pump()

    def pump(self) -> None:
        """Tell every session what is new, and part with those whose time is over."""
        self._look_after()
        if any(each.channel is Channel.PRIVATE for each in self.sessions):
            self._face.exchange.advance()
        self._tell_account()
        self._look.anew(self._face.exchange.now, self._face.clock)
        for session in self.sessions:
            self._tell_market(session)
            self._spoil(session)
        self._thrown += 1

    async def serve(self, venue: Venue, scope: Scope, receive: Receive, send: Send) -> None:
        """One websocket from its handshake to its end."""
        await receive()
        wire = Wire(**scope["extensions"][WIRE])
        if Fault.FEED_DROP in self._face.faults:
            wire.cut()
            return
        query = parse_qs(scope["query_string"].decode("latin-1"))
        now = self._face.exchange.now
        ticket = self._face.tokens.find(query.get("token", [""])[0], venue, now)
        if ticket is None:
            await _turn_away(send)
            return
        session = Session(ticket, query.get("connectId", [secrets.token_hex(8)])[0], wire, now)
        await send({"type": "websocket.accept"})
        writer = asyncio.create_task(_write(session, send))
        self._welcome(session)
        try:
            while (message := await receive())["type"] == "websocket.receive":
                self._hear(session, message.get("text"))
        finally:
            writer.cancel()
            self._part(session)

    def _welcome(self, session: Session) -> None:
        """While the feed is half open nobody is welcomed: the client is left waiting."""
        if self._too_many(session):
            session.answer(error(WsRefusal(509, "too many connections")))
            session.close()
            return
        self.sessions.append(session)
        if Fault.FEED_HALF_OPEN in self._face.faults:
            session.freeze(True, session.opened_at)
        else:
            session.answer({"id": session.connect_id, "type": "welcome"})

    def _too_many(self, session: Session) -> bool:
        """Open at once, or new in a minute: counted by uid, or by address for public ones."""
        self._opened = [each for each in self._opened if session.opened_at - each[1] < PER]
        recent = sum(owner == session.owner for owner, _ in self._opened)
        self._opened.append((session.owner, session.opened_at))
        return recent >= MOST_NEW or sum(each.owner == session.owner for each in self.sessions) >= MOST_SESSIONS

    def _hear(self, session: Session, text: str | None) -> None:
        """What happened before a message is told first: it is no news to what the message subscribes to."""
        if Fault.FEED_HALF_OPEN in self._face.faults:
            return
        self._tell_account()
        answer = session.hear(text, self._face.exchange.now)
        if answer is not None:
            session.answer(answer)
        self._look.anew(self._face.exchange.now, self._face.clock)
        self._tell_market(session)

    @property
    def _silent(self) -> bool:
        return any(fault in self._face.faults for fault in (Fault.FEED_DROP, Fault.FEED_HALF_OPEN, Fault.FEED_STALL))

    def _tell_account(self) -> None:
        """What nobody can be told now is never told: the exchange repeats nothing."""
        if self._silent or not self.sessions:
            self._account.skip()
            return
        for tiding in self._account.news(self._face.exchange.now):
            for session in self.sessions:
                for topic in tiding.topics:
                    if topic in session.topics:
                        session.tell(tiding.message(topic, session.owner))

    def _tell_market(self, session: Session) -> None:
        if not self._silent:
            for topic in session.topics.values():
                for row in news(self._look, topic):
                    session.tell(row)

    def _spoil(self, session: Session) -> None:
        if Fault.FEED_GARBAGE in self._face.faults:
            session.put(junk(self._thrown))
        if Fault.FEED_REGRESS in self._face.faults and session.told:
            session.put(session.told[0])
            session.put(session.told[-1])

    def _look_after(self) -> None:
        faults, now = self._face.faults, self._face.exchange.now
        for session in list(self.sessions):
            session.freeze(Fault.FEED_HALF_OPEN in faults, now)
            if Fault.FEED_DROP in faults:
                session.cut()
                self._part(session)
            elif now - session.opened_at >= SESSION_LIFE:
                session.close()
                self._part(session)
            elif not session.frozen and now - session.pinged_at > self._face.tokens.heartbeat.patience:
                session.answer(error(WsRefusal(400, "ping timeout")))
                session.close()
                self._part(session)

    def _part(self, session: Session) -> None:
        if session in self.sessions:
            self.sessions.remove(session)


class _Door:
    """One host's websocket, as an ASGI application."""

    def __init__(self, sockets: KucoinSockets, venue: Venue) -> None:
        self._sockets = sockets
        self._venue = venue

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._sockets.serve(self._venue, scope, receive, send)


async def _turn_away(send: Send) -> None:
    """For a bad or old token. KuCoin is also seen to let in, say `{"type":"error","code":401}` and hang up."""
    await send({"type": "websocket.http.response.start", "status": 401, "headers": [(b"content-type", JSON.encode())]})
    await send({"type": "websocket.http.response.body", "body": b'{"code":"401","msg":"token is invalid"}'})


async def _write(session: Session, send: Send) -> None:
    """Until the session is closed or its client has gone."""
    with contextlib.suppress(OSError):
        while (frame := await session.outbox.get()) is not None:
            kind = "text" if isinstance(frame, str) else "bytes"
            await send({"type": "websocket.send", kind: frame})
        await send({"type": "websocket.close", "code": 1000})
