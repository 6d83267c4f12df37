"""One conversation with KuCoin's websocket, without the socket: texts and seconds in, news and texts out.

    connect -> welcome -> subscribe, ack, subscribe, ack ... -> messages
                       -> ping every `ping_interval`, pong within `ping_timeout`

What is not understood is counted, never raised. Seconds are of any steady clock; one that
goes on while the machine sleeps finds out about that, too.
"""

import json
from collections.abc import MutableMapping

from chatbot.core.feed import Channel, News, Said, Stream
from chatbot.core.values import frozen
from chatbot.kucoin.answers import exact
from chatbot.kucoin.feed_schemas import ACCOUNT_READERS, Message
from chatbot.kucoin.subscriptions import Subscriptions
from chatbot.kucoin.ticks import Line, TickLine, line_of
from chatbot.kucoin.topics import PRICE_PREFIXES, parts

_WELCOME_WITHIN = 10.0
"""Seconds."""

_NOT_THIS_TOPIC = frozenset({"400", "404", "406"})
"""Codes of a subscription that is refused for what it names."""

_NOT_US = frozenset({"401", "403", "509"})
"""Codes that end the conversation whatever they refer to: the token, or too much of us."""

_PASSED_OVER = frozenset({"notice", "command", "ping"})


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


@frozen
class Terms:
    """Of one connection. Interval and timeout, in seconds, come with its token.

    `began` is when it was opened, on the clock of all later calls; `began_millis` the same
    moment by the exchange's.
    """

    stream: Stream
    ping_interval: float
    ping_timeout: float
    began: float
    began_millis: int


class Conversation:
    """`lines` outlive it: they remember up to where each topic was told. A topic is in one conversation at a time.

    `heard` is when the last word came, `told` when the last of the news; `garbage` counts words
    of no use. `stirred` says that the conversation itself went on: whoever looks, puts it back. The first
    of the news stirs it, too.
    """

    def __init__(self, terms: Terms, lines: MutableMapping[str, Line]) -> None:
        self.heard = self.told = terms.began
        self.garbage = 0
        self.stirred = self.spoke = False
        self._terms = terms
        self._lines = lines
        self._patience = terms.ping_interval + terms.ping_timeout
        self._decode = json.JSONDecoder(parse_float=exact, parse_constant=_refuse_constant).raw_decode
        self._readers: dict[object, Line] = {}
        self._subscriptions = Subscriptions(private=terms.stream.channel is Channel.PRIVATE)
        self._zero = terms.began_millis - terms.began * 1000
        self._ping_at: float | None = None
        self._pings: dict[str, float] = {}
        self._pinged = 0
        self._doom = ""

    def want(self, topics: frozenset[str]) -> None:
        """What to listen to from now on."""
        self._subscriptions.want(topics)
        public = {topic for topic in topics if parts(topic)[0] in PRICE_PREFIXES}
        self._readers = {topic: self._readers.get(topic) or self._begun(topic) for topic in public}

    def _begun(self, topic: str) -> Line:
        line = self._lines.setdefault(topic, line_of(topic))
        line.begin()
        return line

    @property
    def welcomed(self) -> bool:
        return self._ping_at is not None

    @property
    def whole(self) -> bool:
        """Welcomed, and all that is wanted was confirmed."""
        return self.welcomed and self._subscriptions.complete

    @property
    def refused(self) -> frozenset[str]:
        """Topics that KuCoin does not know."""
        return self._subscriptions.refused

    def said(self, topic: str) -> Said | None:
        """What came of a topic of ticks; None while it is not confirmed."""
        line = self._readers.get(topic)
        if not isinstance(line, TickLine) or not self._subscriptions.holds(topic):
            return None
        return Said(opened=self._terms.began, tick=line.last)

    def receive(self, text: str | bytes, now: float) -> News | None:
        """What a frame tells, if that is news. After too long a silence nothing is believed any more."""
        if now - self.heard > self._patience:
            self.stirred = True
            return None
        self.heard = now
        try:
            message = self._parsed(text)
            line = self._readers.get(message.get("topic"))
            news = self._other(message, now) if line is None else line.read(message, int(self._zero + now * 1000))
        except (ValueError, TypeError, LookupError, RecursionError):
            self.garbage += 1
            return None
        if news is not None:
            self.told = now
            if not self.spoke:
                self.spoke = self.stirred = True
        return news

    def _parsed(self, text: str | bytes) -> Message:
        if isinstance(text, bytes):
            raise TypeError("a binary frame")
        text = text.strip()
        message, end = self._decode(text)
        if type(message) is not dict or end != len(text):
            raise ValueError("no message")
        return message

    def _other(self, message: Message, now: float) -> News | None:
        """What is no word of a topic that is listened to for its prices."""
        kind = message["type"]
        if kind == "message":
            topic = message["topic"]
            if type(topic) is not str:
                raise TypeError("a topic is a text")
            prefix, _ = parts(topic)
            # a word that was on its way when its topic was given up
            return None if prefix in PRICE_PREFIXES else ACCOUNT_READERS[prefix](message)
        if kind in _PASSED_OVER:
            return None
        {"welcome": self._welcome, "pong": self._pong, "ack": self._ack, "error": self._error}[kind](message, now)
        self.stirred = True
        return None

    def _welcome(self, _: Message, now: float) -> None:
        if self._ping_at is None:
            self._ping_at = now + self._terms.ping_interval

    def _pong(self, message: Message, _: float) -> None:
        self._pings.pop(str(message["id"]), None)

    def _ack(self, message: Message, _: float) -> None:
        self._subscriptions.acked(str(message["id"]))

    def _error(self, message: Message, _: float) -> None:
        """Raises ValueError for one that is about nothing we said: if it matters, an answer of ours will be missing."""
        code = str(message.get("code"))[:8]
        asked = str(message.get("id"))
        if code in _NOT_THIS_TOPIC and self._subscriptions.denied(asked):
            return
        if code not in _NOT_US and not self._subscriptions.awaits(asked):
            raise ValueError("an error of nothing that was asked")
        self._doom = f"KuCoin said no ({code if code.isascii() and code.isalnum() else 'no code'})."

    def outgoing(self, now: float) -> tuple[str, ...]:
        """The texts to send now, in order; they count as sent."""
        if self._ping_at is None or self.dead(now):
            return ()
        texts = []
        if now >= self._ping_at:
            self._pinged += 1
            self._pings[f"p{self._pinged}"] = now + self._terms.ping_timeout
            self._ping_at = now + self._terms.ping_interval
            texts.append(f'{{"id":"p{self._pinged}","type":"ping"}}')
        request = self._subscriptions.text(now)
        return (*texts, request) if request else tuple(texts)

    def wakes_at(self, now: float) -> float:
        """When to look again, whether or not a word came."""
        if self._ping_at is None:
            return self._terms.began + _WELCOME_WITHIN
        moments = (self._ping_at, self._pong_by, self._subscriptions.overdue_at, self._subscriptions.free_at(now))
        return min(moment for moment in moments if moment is not None)

    def dead(self, now: float) -> str | None:
        """Why it is of no use any more."""
        late = self._subscriptions.overdue_at
        pong_by = self._pong_by
        reasons = (
            (bool(self._doom), self._doom),
            (now - self.heard > self._patience, "Nothing was heard for too long."),
            (not self.welcomed and now >= self._terms.began + _WELCOME_WITHIN, "No welcome came."),
            (pong_by is not None and now >= pong_by, "A ping was not answered."),
            (late is not None and now >= late, "A subscription was not confirmed."),
        )
        return next((words for applies, words in reasons if applies), None)

    @property
    def _pong_by(self) -> float | None:
        return next(iter(self._pings.values()), None)
