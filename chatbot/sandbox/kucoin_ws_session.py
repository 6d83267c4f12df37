"""One client's conversation with KuCoin's websocket, without a socket: what it hears and what it answers."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from chatbot.core.feed import Channel
from chatbot.core.market import Venue
from chatbot.core.values import frozen
from chatbot.sandbox.kucoin_answers import encode
from chatbot.sandbox.kucoin_calls import Row
from chatbot.sandbox.kucoin_ws_tokens import Pass
from chatbot.sandbox.kucoin_ws_topics import Topic, WsRefusal, topics

MOST_TOPICS, MOST_AT_ONCE = 300, 100
MOST_MESSAGES, PER = 100, timedelta(seconds=10)
_REMEMBERED = 32
_MOST_WAITING = 10_000

Frame = str | bytes


@frozen
class Wire:
    """What can be done to the socket itself: reset it; leave unread whatever comes in, protocol pings too."""

    cut: Callable[[], None]
    freeze: Callable[[bool], None]


class Session:
    """`topics` by name. `outbox` is what waits to be sent; None at its end closes the socket."""

    def __init__(self, ticket: Pass, connect_id: str, wire: Wire, now: datetime) -> None:
        self.venue: Venue = ticket.venue
        self.channel: Channel = ticket.channel
        self.owner = ticket.owner
        self.connect_id = connect_id
        self.opened_at = self.pinged_at = now
        self.topics: dict[str, Topic] = {}
        self.outbox: asyncio.Queue[Frame | None] = asyncio.Queue()
        self.told: deque[str] = deque(maxlen=_REMEMBERED)
        self._wire = wire
        self.frozen = False
        self._heard: deque[datetime] = deque(maxlen=MOST_MESSAGES)

    def cut(self) -> None:
        """Reset the connection: the client gets no word of goodbye."""
        self._wire.cut()

    def freeze(self, on: bool, now: datetime) -> None:
        """Let the client speak into the void, or listen again; what it said meanwhile is heard then."""
        if on is not self.frozen:
            self.frozen = on
            self._wire.freeze(on)
            self.pinged_at = now

    def close(self) -> None:
        self.outbox.put_nowait(None)

    def answer(self, row: Row) -> None:
        self.put(encode(row))

    def tell(self, row: Row) -> None:
        """News, which may be repeated one day."""
        text = encode(row)
        self.told.append(text)
        self.put(text)

    def put(self, frame: Frame) -> None:
        """A client that does not read is cut before it fills the memory."""
        if self.outbox.qsize() >= _MOST_WAITING:
            self.cut()
        else:
            self.outbox.put_nowait(frame)

    def hear(self, text: str | None, now: datetime) -> Row | None:
        """The answer to a client's message; None for what needs none. `text` is None for a binary one."""
        asked: Row = {}
        try:
            self._count(now)
            asked = _parsed(text)
            return self._obeyed(asked, now)
        except WsRefusal as refusal:
            return error(refusal, asked.get("id"))

    def _count(self, now: datetime) -> None:
        if len(self._heard) == MOST_MESSAGES and now - self._heard[0] < PER:
            raise WsRefusal(509, f"more than {MOST_MESSAGES} messages in {PER.seconds} seconds")
        self._heard.append(now)

    def _obeyed(self, asked: Row, now: datetime) -> Row | None:
        match asked.get("type"):
            case "ping":
                self.pinged_at = now
                return {"id": asked.get("id"), "type": "pong"}
            case "subscribe":
                self._subscribe(asked)
            case "unsubscribe":
                for topic in topics(self.venue, asked.get("topic")):
                    self.topics.pop(topic.name, None)
            case kind:
                raise WsRefusal(415, f"type {kind} is not supported")
        return {"id": asked.get("id"), "type": "ack"} if asked.get("response") is True else None

    def _subscribe(self, asked: Row) -> None:
        """Public topics are given to private sessions too: commonly done, not documented."""
        wanted = {topic.name: topic for topic in topics(self.venue, asked.get("topic"))}
        let_in = self.channel is Channel.PRIVATE and asked.get("privateChannel") is True
        if not let_in and any(topic.kind.private for topic in wanted.values()):
            raise WsRefusal(403, "login is required, and a privateChannel")
        if len(wanted) > MOST_AT_ONCE:
            raise WsRefusal(509, f"more than {MOST_AT_ONCE} topics at once")
        if len(wanted | self.topics) > MOST_TOPICS:
            raise WsRefusal(509, f"more than {MOST_TOPICS} topics in a session")
        self.topics |= {name: topic for name, topic in wanted.items() if name not in self.topics}


def error(refusal: WsRefusal, asked_id: object = None) -> Row:
    row: Row = {"type": "error", "code": refusal.code, "data": refusal.text}
    return row if asked_id is None else {"id": asked_id, **row}


def _parsed(text: str | None) -> Row:
    try:
        asked = json.loads(text or "")
    except ValueError:
        raise WsRefusal(400, "the message is not JSON") from None
    if not isinstance(asked, dict):
        raise WsRefusal(400, "the message is not an object")
    return asked
