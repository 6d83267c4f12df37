"""Telegram's flood control, as far as it is known: how many messages pass before a 429.

The real limits are unpublished; the figures are those of the Bot API's own FAQ: about one
message a second in a chat with short bursts tolerated, 20 a minute in a group (edits
count), 30 a second over all chats.
"""

import math
from dataclasses import dataclass
from datetime import datetime

from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.sandbox.telegram_refusals import too_many
from chatbot.sandbox.telegram_values import ChatKind, TelegramChat


@frozen
class FloodLimits:
    """`private_burst` messages pass at once in a private chat, then one a second. 1 is the strict reading."""

    private_burst: int = 10
    group_per_minute: int = 20
    overall_per_second: int = 30


UNLIMITED = FloodLimits(private_burst=10**9, group_per_minute=10**9, overall_per_second=10**9)


@dataclass(slots=True, kw_only=True)
class _Bucket:
    capacity: int
    per_second: float
    filled_at: datetime
    tokens: float

    def refill(self, now: datetime) -> None:
        passed = max((now - self.filled_at).total_seconds(), 0.0)
        self.tokens = min(self.tokens + passed * self.per_second, float(self.capacity))
        self.filled_at = now

    def wait(self) -> int:
        """Whole seconds until one message fits, 0 when one fits now."""
        return 0 if self.tokens >= 1 else max(math.ceil((1 - self.tokens) / self.per_second), 1)


class Flood:
    """Counts what the bot sends and edits."""

    def __init__(self, limits: FloodLimits, now: Now) -> None:
        self._limits = limits
        self._now = now
        second = limits.overall_per_second
        self._overall = _Bucket(capacity=second, per_second=second, filled_at=now(), tokens=second)
        self._chats: dict[int, _Bucket] = {}

    def spend(self, chat: TelegramChat) -> None:
        """Raises `TelegramRefusal` (429) when the message does not fit; a refused one costs nothing."""
        now = self._now()
        buckets = (self._of(chat, now), self._overall)
        for bucket in buckets:
            bucket.refill(now)
        wait = max(bucket.wait() for bucket in buckets)
        if wait:
            raise too_many(wait)
        for bucket in buckets:
            bucket.tokens -= 1

    def _of(self, chat: TelegramChat, now: datetime) -> _Bucket:
        private = chat.kind is ChatKind.PRIVATE
        capacity = self._limits.private_burst if private else self._limits.group_per_minute
        per_second = 1.0 if private else capacity / 60
        fresh = _Bucket(capacity=capacity, per_second=per_second, filled_at=now, tokens=capacity)
        return self._chats.setdefault(chat.id, fresh)
