"""Which chats have a command list of ours: it would outlast the role it was made for."""

import json
from collections.abc import Collection

from chatbot.store.facts import Facts

_FACT = "chats with a command list"


class KnownMenus:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def gone(self, chats: Collection[int]) -> tuple[int, ...]:
        """Those that got a list at an earlier start and are not among `chats` now."""
        known: list[int] = json.loads(self._facts.get(_FACT) or "[]")
        return tuple(chat for chat in known if chat not in chats)

    def keep(self, chats: Collection[int]) -> None:
        self._facts.set(_FACT, json.dumps(sorted(chats)))
