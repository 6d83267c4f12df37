"""The queue behind `getUpdates`: ids, confirmation by offset, the 24 hours, what is wanted."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum

from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.sandbox.telegram_json import JsonObject

KEPT_FOR = timedelta(hours=24)
"""How long Telegram holds an update that nobody confirmed."""

MOST = 100
"""Updates in one answer."""


class UpdateKind(Enum):
    MESSAGE = "message"
    EDITED_MESSAGE = "edited_message"
    CALLBACK_QUERY = "callback_query"
    MY_CHAT_MEMBER = "my_chat_member"


@frozen
class Update:
    id: int
    kind: UpdateKind
    content: JsonObject
    created_at: datetime

    def as_json(self) -> JsonObject:
        return {"update_id": self.id, self.kind.value: self.content}


class UpdateQueue:
    def __init__(self, now: Now, *, first_id: int = 1) -> None:
        self._now = now
        self._next_id = first_id
        self._waiting: deque[Update] = deque()
        self._confirmed: dict[int, Update] = {}
        self._again: list[Update] = []
        self._wanted: frozenset[str] = frozenset()

    @property
    def wanted(self) -> list[str]:
        """The allowed update types; empty means all."""
        return sorted(self._wanted)

    def want(self, kinds: Iterable[str]) -> None:
        """Which kinds are queued from now on; those already waiting stay. None named: all."""
        self._wanted = frozenset(kinds)

    def put(self, kind: UpdateKind, content: JsonObject) -> None:
        if self._wanted and kind.value not in self._wanted:
            return
        self._waiting.append(Update(id=self._next_id, kind=kind, content=content, created_at=self._now()))
        self._next_id += 1

    def take(self, offset: int, limit: int) -> list[Update]:
        """Confirms everything below `offset` and answers what is left, oldest first; it stays until confirmed.

        A negative offset keeps that many of the newest and forgets the rest. One beyond the
        next id confirms nothing: it belongs to the numbering before a silent week.
        """
        self._expire()
        while offset < 0 and len(self._waiting) > -offset:
            self._confirm()
        while offset <= self._next_id and self._waiting and self._waiting[0].id < offset:
            self._confirm()
        again, self._again = self._again, []
        return [*again, *self._waiting][: limit if 0 < limit <= MOST else MOST]

    def drop(self) -> None:
        self._waiting.clear()

    @property
    def pending(self) -> int:
        self._expire()
        return len(self._waiting) + len(self._again)

    def renumber(self, next_id: int) -> None:
        """After a silent week Telegram goes on from a random id."""
        self._next_id = next_id

    def repeat(self, update_id: int) -> None:
        """Delivers an update once more that was already confirmed. Raises KeyError for an unknown one."""
        self._again.append(self._confirmed[update_id])

    def _confirm(self) -> None:
        update = self._waiting.popleft()
        self._confirmed[update.id] = update

    def _expire(self) -> None:
        now = self._now()
        while self._waiting and now - self._waiting[0].created_at > KEPT_FOR:
            self._waiting.popleft()
