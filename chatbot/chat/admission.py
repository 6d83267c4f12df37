"""What may leave at all, and how loud: letters to people on the list, and to groups that are let in.

Rules, tickets and kills outlive a place on the list; what they have to say does not leave then. What
their readers want later, or not at all, is decided here too: when it leaves, not when it was written.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from chatbot.core.notices import Lane, Letter
from chatbot.core.preferences import Manner
from chatbot.core.values import frozen
from chatbot.services.manners import Manners

log = logging.getLogger(__name__)

Due = Callable[..., tuple[Letter, ...]]
"""As the outbox's: so many that wait first in `lanes`, to any chat but those `without`, `resting` passed over."""

_ASIDE = frozenset({Manner.HOLD, Manner.DROP})


@frozen
class Waiting:
    """The outbox, as far as it is asked here. `bar` lays aside all that waits for a chat."""

    due: Due
    like: Callable[[Letter, int, Collection[int]], tuple[Letter, ...]]
    bar: Callable[[int], None]


class Admission:
    def __init__(self, *, waiting: Waiting, reaches: Callable[[int], bool], manners: Manners) -> None:
        self._waiting = waiting
        self._reaches = reaches
        self._manners = manners
        self._told: set[int] = set()

    def due(
        self, count: int, *, lanes: tuple[Lane, Lane], without: Collection[int] = (), resting: Collection[int] = ()
    ) -> tuple[Letter, ...]:
        """As the outbox's, of those letters that may leave now. The others are laid aside, each with all of its like:
        a storm of them costs no more than one."""
        while True:
            letters = self._waiting.due(count, lanes=lanes, without=without, resting=resting)
            if not self._some_stay(letters):
                return tuple(map(self._voiced, letters))

    def like(self, letter: Letter, count: int, apart: Collection[int] = ()) -> tuple[Letter, ...]:
        """As the outbox's: of the same kind for the same reader, and so in the same manner."""
        return tuple(map(self._voiced, self._waiting.like(letter, count, apart)))

    def _some_stay(self, letters: Sequence[Letter]) -> bool:
        """Whether some of them were laid aside just now."""
        barred = {letter.chat_id for letter in letters if not self._reaches(letter.chat_id)}
        for chat_id in barred:
            self._turn_away(chat_id)
        manners = ((letter, self._manners.manner(letter)) for letter in letters if letter.chat_id not in barred)
        aside = {(letter.chat_id, letter.kind): (letter, manner) for letter, manner in manners if manner in _ASIDE}
        for letter, manner in aside.values():
            self._manners.lay_aside(letter, manner)
        return bool(barred or aside)

    def _voiced(self, letter: Letter) -> Letter:
        return replace(letter, silent=True) if self._manners.manner(letter) is Manner.SILENT else letter

    def _turn_away(self, chat_id: int) -> None:
        """Said once a run: a rule may go on firing for somebody who is gone."""
        if chat_id not in self._told:
            self._told.add(chat_id)
            log.warning("nothing is sent to chat %s: the settings name no such person or group", chat_id)
        self._waiting.bar(chat_id)
