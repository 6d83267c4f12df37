"""What may leave at all: letters to people on the list, and to groups that are let in.

Rules, tickets and kills outlive a place on the list; what they have to say does not leave then.
"""

import logging
from collections.abc import Callable, Collection

from chatbot.core.notices import Lane, Letter

log = logging.getLogger(__name__)

Due = Callable[..., tuple[Letter, ...]]
"""As the outbox's: so many that wait first in `lanes`, to any chat but those `without`, `resting` passed over."""


class Admission:
    """`bar` lays aside all that waits for a chat."""

    def __init__(self, *, due: Due, reaches: Callable[[int], bool], bar: Callable[[int], None]) -> None:
        self._due = due
        self._reaches = reaches
        self._bar = bar
        self._told: set[int] = set()

    def due(
        self, count: int, *, lanes: tuple[Lane, Lane], without: Collection[int] = (), resting: Collection[int] = ()
    ) -> tuple[Letter, ...]:
        """As the outbox's, of those letters that may leave. The others are laid aside: they will not leave later."""
        while True:
            letters = self._due(count, lanes=lanes, without=without, resting=resting)
            barred = {letter.chat_id for letter in letters if not self._reaches(letter.chat_id)}
            if not barred:
                return letters
            for chat_id in barred:
                self._turn_away(chat_id)

    def _turn_away(self, chat_id: int) -> None:
        """Said once a run: a rule may go on firing for somebody who is gone."""
        if chat_id not in self._told:
            self._told.add(chat_id)
            log.warning("nothing is sent to chat %s: the settings name no such person or group", chat_id)
        self._bar(chat_id)
