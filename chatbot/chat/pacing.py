"""When a chat may be written to again, by Telegram's soft limits and by what it asked for.

About a message a second to a chat with short bursts passing, twenty a minute to a group,
thirty a second to all. These are unpublished: the one rule that counts is `retry_after`.
What somebody waits for (`urgent`) uses the bursts; the rest is paced as if the limits were
enforced to the letter, and leaves a share of them to the urgent.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chatbot.core.times import Now

_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)
_BURST = 5
_GROUP_PACE = timedelta(seconds=3)
_GROUP, _GROUP_PATIENT = 20, 17
"""Messages to a group in any minute, of all kinds and when the last is not urgent."""

_ALL, _ALL_PATIENT = 30, 28
"""Messages to all chats in any second, likewise."""

_CLOSE = timedelta(seconds=5)


@dataclass(slots=True, kw_only=True)
class _Chat:
    """`owed_until`: a message a second has been paid up to then; a burst is debt that is allowed."""

    group: bool
    last: datetime
    owed_until: datetime
    closed_until: datetime
    recent: deque[datetime] = field(default_factory=lambda: deque(maxlen=_GROUP))

    def opens_at(self, *, urgent: bool) -> datetime:
        """Never later for what is urgent: nothing overtakes it."""
        opening = max(self.owed_until - _SECOND * _BURST, self._window(_GROUP), self.closed_until)
        if urgent:
            return opening
        return max(opening, self.last + (_GROUP_PACE if self.group else _SECOND), self._window(_GROUP_PATIENT))

    def _window(self, most: int) -> datetime:
        """When a group has had fewer than that in the last minute."""
        return self.recent[-most] + _MINUTE if self.group and len(self.recent) >= most else self.closed_until

    def calm_at(self, now: datetime) -> bool:
        """Nothing of what is known of it matters any longer."""
        quiet_since = self.last + (_MINUTE if self.group else _SECOND)
        return max(quiet_since, self.owed_until, self.closed_until) <= now


class Pacer:
    """A chat's next message leaves a pace after the answer to the last one: the way there takes its time."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._chats: dict[int, _Chat] = {}
        self._recent: deque[datetime] = deque(maxlen=_ALL)
        self._all_closed_until = now()
        self._last_refusal: tuple[int, datetime] | None = None

    @property
    def held(self) -> bool:
        """Whether nothing at all may leave for a while."""
        return self._all_closed_until > self._now()

    def all_open_at(self, *, urgent: bool) -> datetime:
        """The earliest moment a message may leave at all; in the past when one may leave now."""
        most = _ALL if urgent else _ALL_PATIENT
        window = self._recent[-most] + _SECOND if len(self._recent) >= most else self._all_closed_until
        return max(window, self._all_closed_until)

    def shut(self, *, urgent: bool) -> dict[int, datetime]:
        """The chats that may not be written to now, and when they open."""
        now = self._now()
        for chat_id in [chat_id for chat_id, chat in self._chats.items() if chat.calm_at(now)]:
            del self._chats[chat_id]
        openings = ((chat_id, chat.opens_at(urgent=urgent)) for chat_id, chat in self._chats.items())
        return {chat_id: opening for chat_id, opening in openings if opening > now}

    def spent(self, chat_id: int) -> None:
        """A message to this chat leaves now."""
        now = self._now()
        chat = self._chat(chat_id)
        chat.last = now
        chat.recent.append(now)
        chat.owed_until = max(chat.owed_until, now) + _SECOND
        self._recent.append(now)

    def answered(self, chat_id: int) -> None:
        """Telegram has counted what left."""
        self._chat(chat_id).last = self._now()

    def refused(self, chat_id: int, retry_after: float | timedelta) -> None:
        """Telegram asked to wait, in seconds. Two chats within five seconds mean it meant all of us."""
        now = self._now()
        pause = _span(retry_after)
        chat = self._chat(chat_id)
        chat.closed_until = max(chat.closed_until, now + pause)
        if self._last_refusal is not None:
            other, at = self._last_refusal
            if other != chat_id and now - at < _CLOSE:
                self.hold_all(pause)
        self._last_refusal = (chat_id, now)

    def hold_all(self, pause: float | timedelta) -> None:
        """Nothing leaves for a while, in seconds."""
        self._all_closed_until = max(self._all_closed_until, self._now() + _span(pause))

    def _chat(self, chat_id: int) -> _Chat:
        if chat_id not in self._chats:
            long_ago = self._now() - _MINUTE
            self._chats[chat_id] = _Chat(group=chat_id < 0, last=long_ago, owed_until=long_ago, closed_until=long_ago)
        return self._chats[chat_id]


def _span(seconds: float | timedelta) -> timedelta:
    return seconds if isinstance(seconds, timedelta) else timedelta(seconds=seconds)
