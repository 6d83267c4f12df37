"""What came in: kept before Telegram is told to forget it, and handed on with what must not wait in front."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from chatbot.services.post import Post

Kept = tuple[int, str]
"""An update's id and its body."""


class Intake:
    """`urgent` says whether a line that somebody typed must be acted on before whatever came with it."""

    def __init__(self, *, post: Post, urgent: Callable[[str], bool]) -> None:
        self._post = post
        self._urgent = urgent
        self.offset = 0
        """What to ask Telegram for next: everything below it is kept."""

    def waiting(self) -> list[Kept]:
        """What no handler has ended, from before a restart."""
        return self._urgent_first(self._post.waiting())

    def take(self, updates: Sequence[dict[str, Any]]) -> list[Kept]:
        """Commits a batch; what of it is new."""
        bodies = {u["update_id"]: json.dumps(u) for u in updates}
        new = self._post.keep(list(bodies.items()))
        if bodies:
            self.offset = max(bodies) + 1
        return self._urgent_first([(update_id, bodies[update_id]) for update_id in new])

    def _urgent_first(self, kept: list[Kept]) -> list[Kept]:
        """Tasks begin in the order they are made: a /kill at the end of a hundred updates must not be the last."""
        return sorted(kept, key=lambda each: not self._urgent(_typed(each[1])))


def _typed(body: str) -> str:
    """The line of a message; empty for anything else, however odd."""
    update = json.loads(body)
    message = update.get("message") if isinstance(update, dict) else None
    text = message.get("text") if isinstance(message, dict) else None
    return text if isinstance(text, str) else ""
