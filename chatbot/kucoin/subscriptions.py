"""What one connection listens to: asked for, confirmed, refused. Pure.

One request waits for its ack at a time. Where KuCoin refuses a hundred topics for the sake of
one it does not know, they are asked for one by one.
"""

import json
from typing import NamedTuple

from chatbot.kucoin.pace import Pace
from chatbot.kucoin.topics import MOST_AT_ONCE, first_batch, joined

_ACK_WITHIN = 10.0
"""Seconds."""

_MOST_TEXTS, _SPAN = 90, 10.0
"""KuCoin takes 100 messages in 10 s; the rest is left to pings."""


class _Asked(NamedTuple):
    id: str
    subscribes: bool
    topics: tuple[str, ...]
    until: float


class Subscriptions:
    """`refused` are the topics that KuCoin does not know: they are not asked for again."""

    def __init__(self, *, private: bool) -> None:
        self.refused: frozenset[str] = frozenset()
        self._private = private
        self._wanted: frozenset[str] = frozenset()
        self._held: frozenset[str] = frozenset()
        self._doubted: frozenset[str] = frozenset()
        self._asked: _Asked | None = None
        self._pace = Pace(_MOST_TEXTS, _SPAN)
        self._number = 0

    def want(self, topics: frozenset[str]) -> None:
        self._wanted = topics

    @property
    def complete(self) -> bool:
        """Everything that is wanted was confirmed, or refused for good."""
        return self._wanted <= self._held | self.refused

    def holds(self, topic: str) -> bool:
        """It was confirmed."""
        return topic in self._held

    @property
    def overdue_at(self) -> float | None:
        """Until when the ack must have come."""
        return self._asked.until if self._asked else None

    def free_at(self, now: float) -> float | None:
        """When the next text may leave; None when there is none to send."""
        return None if self._asked or self._next() is None else self._pace.free_at(now)

    def text(self, now: float) -> str | None:
        """What is to be sent now, if anything. It counts as sent."""
        following = None if self._asked else self._next()
        if following is None or self._pace.free_at(now) > now:
            return None
        subscribes, topics = following
        self._pace.take(now)
        self._number += 1
        self._asked = _Asked(f"s{self._number}", subscribes, topics, now + _ACK_WITHIN)
        message = {
            "id": self._asked.id,
            "type": "subscribe" if subscribes else "unsubscribe",
            "topic": joined(topics),
            "privateChannel": self._private,
            "response": True,
        }
        return json.dumps(message, separators=(",", ":"))

    def _next(self) -> tuple[bool, tuple[str, ...]] | None:
        if leaving := self._held - self._wanted:
            return False, first_batch(leaving, MOST_AT_ONCE)
        missing = self._wanted - self._held - self.refused
        if plain := missing - self._doubted:
            return True, first_batch(plain, MOST_AT_ONCE)
        return (True, first_batch(missing, 1)) if missing else None

    def awaits(self, number: str) -> bool:
        return self._asked is not None and self._asked.id == number

    def acked(self, number: str) -> None:
        """Acks of anything else are passed over."""
        if self._asked is None or self._asked.id != number:
            return
        topics = frozenset(self._asked.topics)
        self._held = self._held | topics if self._asked.subscribes else self._held - topics
        self._asked = None

    def denied(self, number: str) -> bool:
        """KuCoin knows no such topic. False when that was not said of what was asked."""
        if self._asked is None or self._asked.id != number:
            return False
        topics = frozenset(self._asked.topics)
        if not self._asked.subscribes:
            self._held -= topics
        elif len(topics) > 1:
            self._doubted |= topics
        else:
            self.refused |= topics
        self._asked = None
        return True
