"""How Telegram has answered of late, and what that means for what leaves next."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from enum import Enum, auto
from random import SystemRandom

from chatbot.chat.pacing import Pacer
from chatbot.chat.suspects import Suspects
from chatbot.core.times import Now

log = logging.getLogger(__name__)

_NEVER_LEFT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})
_LONGEST_PAUSE = 30.0
_COLD = timedelta(seconds=40)
"""With a look every ten seconds no connection is idle for a minute, after which servers close it."""


class Fate(Enum):
    """What became of a message that Telegram did not take, as far as can be known."""

    NEVER_LEFT = auto()
    MAYBE_ARRIVED = auto()
    HOPELESS = auto()


class Line:
    """The pace of what leaves, and the letters that are suspected to be at fault themselves."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self.pacer = Pacer(now)
        self.suspects = Suspects(now)
        self._failures = 0
        self._used_at = now()

    @property
    def doubtful(self) -> bool:
        """Whether Telegram has taken nothing since it last failed."""
        return self._failures > 0

    @property
    def cold(self) -> bool:
        return self._now() - self._used_at >= _COLD

    def used(self) -> None:
        self._used_at = self._now()

    def taken(self, letters: Sequence[int]) -> None:
        self._failures = 0
        self.suspects.taken(letters)

    def failed(self, letters: Sequence[int], error: Exception, *, silent: bool) -> Fate:
        """These ids made one message. `silent`: no answer came, of whatever kind."""
        self.pause(error)
        if _cause(error) in _NEVER_LEFT:
            return Fate.NEVER_LEFT
        return Fate.HOPELESS if self.suspects.failed(letters, silent=silent) else Fate.MAYBE_ARRIVED

    def pause(self, error: Exception) -> None:
        """Longer each time, not at all the first; what fails at the same time counts once."""
        if self.pacer.held:
            return
        if not self._failures:
            log.warning("Telegram does not answer (%s); messages wait", _cause(error))
        else:
            pause = min(0.5 * 2 ** min(self._failures, 8), _LONGEST_PAUSE) * (0.5 + SystemRandom().random() / 2)
            self.pacer.hold_all(timedelta(seconds=pause))
        self._failures += 1


def _cause(error: Exception) -> str:
    return type(error.__cause__ or error).__name__
