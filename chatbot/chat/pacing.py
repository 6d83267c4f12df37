"""When a chat may be written to again, by Telegram's soft limits and by what it asked for.

About a message a second to a chat with short bursts passing, twenty a minute to a group,
thirty a second to all. These are unpublished: the one rule that counts is `retry_after`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from chatbot.core.times import Now

_SECOND = timedelta(seconds=1)
_BURST = 5
_GROUP_BURST = 10
_GROUP_PACE = timedelta(seconds=3)
_ALL_BURST = 25
_ALL_PACE = timedelta(seconds=1) / 25
_CLOSE = timedelta(seconds=5)


class Pacer:
    """For each chat, the moment at which its bucket would be empty of debt; a burst is debt that is allowed."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._paid: dict[int, datetime] = {}
        self._all_paid = now()
        self._closed: dict[int, datetime] = {}
        self._last_refusal: tuple[int, datetime] | None = None
        self._all_closed = now()

    def opens_at(self, chat_id: int) -> datetime:
        """The earliest moment a message may leave to this chat; in the past when it may leave now."""
        pace, burst = (_GROUP_PACE, _GROUP_BURST) if chat_id < 0 else (_SECOND, _BURST)
        own = self._paid.get(chat_id, self._now()) - pace * burst
        everyone = self._all_paid - _ALL_PACE * _ALL_BURST
        return max(own, everyone, self._all_closed, self._closed.get(chat_id, own))

    def may_send(self, chat_id: int) -> bool:
        return self.opens_at(chat_id) <= self._now()

    def next_opening(self, chats: Iterable[int]) -> datetime | None:
        return min(map(self.opens_at, chats), default=None)

    def spent(self, chat_id: int) -> None:
        """A request to this chat leaves now."""
        now = self._now()
        pace = _GROUP_PACE if chat_id < 0 else _SECOND
        self._paid[chat_id] = max(self._paid.get(chat_id, now), now) + pace
        self._all_paid = max(self._all_paid, now) + _ALL_PACE

    def refused(self, chat_id: int, retry_after: timedelta) -> None:
        """Telegram asked to wait. Two chats within five seconds mean it meant all of us."""
        now = self._now()
        self._closed[chat_id] = max(self._closed.get(chat_id, now), now + retry_after)
        if self._last_refusal is not None:
            other, at = self._last_refusal
            if other != chat_id and now - at < _CLOSE:
                self._all_closed = max(self._all_closed, now + retry_after)
        self._last_refusal = (chat_id, now)

    def hold_all(self, pause: timedelta) -> None:
        """Telegram is out of reach: nothing leaves for a while."""
        self._all_closed = max(self._all_closed, self._now() + pause)
