"""How often something may be done: at most so many times within a sliding span. Pure."""

from collections import deque


class Pace:
    """At most `most` within `span` seconds."""

    def __init__(self, most: int, span: float) -> None:
        self._most = most
        self._span = span
        self._taken: deque[float] = deque()

    def free_at(self, now: float) -> float:
        """When the next may be done: `now`, or later."""
        while self._taken and self._taken[0] <= now - self._span:
            self._taken.popleft()
        return now if len(self._taken) < self._most else self._taken[-self._most] + self._span

    def take(self, at: float) -> None:
        """One is done, or will be at `at`."""
        self._taken.append(at)
