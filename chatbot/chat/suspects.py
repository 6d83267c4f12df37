"""Letters that Telegram keeps failing on, with an error of its own or with silence.

While it fails on everything it is out of order, and everything is kept and tried again for as
long as that takes. A letter on which it fails while it takes others is at fault itself: it rests
longer and longer, holds nobody up meanwhile, and is given up after two hours. So is one whose
acknowledgement is lost every time, although Telegram answered a question right before: it may
have arrived each time, eight times at most, and all copies but the first are marked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chatbot.core.times import Now

_RESTS = tuple(timedelta(seconds=seconds) for seconds in (15, 60, 300, 900, 1800, 3600))
"""After each failure that is the letter's own; after one more it is given up."""

_OFTEN = 3
_LET_OTHERS_TRY = timedelta(seconds=45)
"""Longer than the sender ever waits: what is behind this letter is tried before it is tried again."""


@dataclass(slots=True, kw_only=True)
class _Record:
    """`taken` is how many messages Telegram had taken when it last failed on this one; None before it did.

    `failures` are those since it last took anything, `strikes` those of the letter itself.
    """

    rests_until: datetime
    taken: int | None = None
    failures: int = 0
    strikes: int = 0
    alone: bool = False
    parted: bool = False


class Suspects:
    """Kept in memory: after a restart each gets its chances anew."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._taken = 0
        self._records: dict[int, _Record] = {}

    def failed(self, letters: Sequence[int], *, silent: bool) -> bool:
        """These ids made one message. True when it is to be given up; one of several letters never is."""
        enough = [self._failed(letter, silent=silent, single=len(letters) == 1) for letter in letters]
        return any(enough)

    def part(self, letters: Sequence[int]) -> None:
        """Together they are refused: each has to leave by itself."""
        for letter in letters:
            self._record(letter).parted = True

    def taken(self, letters: Sequence[int]) -> None:
        """Telegram is in order: what waited for that is tried at once, in its old order."""
        self._taken += 1
        for letter in letters:
            self._records.pop(letter, None)
        for record in self._records.values():
            if not record.strikes:
                record.rests_until, record.failures, record.alone = self._now(), 0, False

    def dropped(self, letter: int) -> None:
        self._records.pop(letter, None)

    def resting(self) -> dict[int, datetime]:
        """Letters that are not to be tried now, and until when."""
        now = self._now()
        return {letter: record.rests_until for letter, record in self._records.items() if record.rests_until > now}

    def apart(self) -> list[int]:
        """Letters that share no message with others."""
        return [letter for letter, record in self._records.items() if record.alone or record.parted]

    def _failed(self, letter: int, *, silent: bool, single: bool) -> bool:
        record = self._record(letter)
        own_fault = single and record.taken is not None and (silent or self._taken > record.taken)
        record.taken = self._taken
        record.failures += 1
        if own_fault:
            record.alone = True
            record.strikes += 1
            record.rests_until = self._now() + _RESTS[min(record.strikes, len(_RESTS)) - 1]
        elif record.failures >= _OFTEN:
            record.alone = True
            record.rests_until = self._now() + (_LET_OTHERS_TRY if single else timedelta(0))
        return record.strikes > len(_RESTS)

    def _record(self, letter: int) -> _Record:
        return self._records.setdefault(letter, _Record(rests_until=self._now()))
