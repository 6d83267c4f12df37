"""KuCoin's request budgets: one window per pool, kept by what its answers say is left.

Every call has a weight; a pool gives back its whole limit when its window ends. The
last part of each budget is kept for what must not wait: look-ups and cancels.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import count
from secrets import randbelow

from chatbot.core.errors import RateLimited
from chatbot.core.times import Now, Sleep, in_words

Chance = Callable[[], float]
"""A number from 0 up to 1: `any_chance`, or a fixed one in tests."""


def any_chance() -> float:
    return randbelow(1 << 20) / (1 << 20)


_WINDOW = timedelta(seconds=30)
_LONGEST_WINDOW = timedelta(minutes=2)
"""A reset header beyond this is not believed."""

_RESERVED_PARTS = 3
"""Tenths of a budget that only urgent calls may use."""


class PoolName(Enum):
    """KuCoin counts SPOT, FUTURES and MANAGEMENT per account, PUBLIC per address. The value is the lowest limit."""

    SPOT = ("spot", 4000)
    FUTURES = ("futures", 2000)
    MANAGEMENT = ("management", 2000)
    PUBLIC = ("public", 2000)


def backoff(chance: Chance, *, first: float = 0.2, most: float = 2.0) -> Iterator[float]:
    """Seconds to wait before each retry, without end: doubling up to `most`, each between half and the whole."""
    for attempt in count():
        whole = min(first * 2 ** min(attempt, 16), most)
        yield whole * (0.5 + chance() / 2)


@dataclass(slots=True)
class _Window:
    limit: int
    remaining: int
    resets_at: datetime
    closed_until: datetime
    in_flight: int = 0

    def renew(self, now: datetime) -> None:
        if now >= self.resets_at:
            self.remaining = self.limit
            self.resets_at = now + _WINDOW

    def wait(self, now: datetime, weight: int, *, urgent: bool) -> timedelta:
        """How long until a call of this weight may go. A fresh window lets any one call through."""
        if now < self.closed_until:
            return self.closed_until - now
        floor = 0 if urgent else self.limit * _RESERVED_PARTS // 10
        untouched = self.remaining == self.limit and not self.in_flight
        if untouched or self.remaining - self.in_flight - weight >= floor:
            return timedelta(0)
        return self.resets_at - now


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


class Pools:
    """All budgets of one account. Shared by both hosts."""

    def __init__(self, *, now: Now, sleep: Sleep, chance: Chance = any_chance) -> None:
        self._now = now
        self._sleep = sleep
        self.chance = chance
        start = now()
        self._windows = {
            name: _Window(limit=name.value[1], remaining=name.value[1], resets_at=start, closed_until=start)
            for name in PoolName
        }

    async def take(self, name: PoolName, weight: int, *, urgent: bool, patience: timedelta) -> None:
        """Reserve `weight`; every `take` is followed by one `settle`.

        Waits for the budget if that is over within `patience`, else raises `RateLimited` at once.
        """
        window = self._windows[name]
        while True:
            now = self._now()
            window.renew(now)
            wait = window.wait(now, weight, urgent=urgent)
            if not wait:
                window.in_flight += weight
                return
            if wait > patience:
                raise RateLimited(f"KuCoin's request budget is used up for {in_words(wait)}.", retry_after=wait)
            patience -= wait
            await self._sleep(wait.total_seconds())

    def settle(self, name: PoolName, weight: int, headers: Mapping[str, str]) -> None:
        """The call is over. Without KuCoin's headers (no answer came) its weight counts as spent."""
        window = self._windows[name]
        now = self._now()
        window.in_flight -= weight
        limit, remaining, reset = (_number(headers, f"gw-ratelimit-{part}") for part in ("limit", "remaining", "reset"))
        if limit is None or remaining is None or reset is None or not limit:
            window.remaining -= weight
            return
        resets_at = now + min(timedelta(milliseconds=reset), _LONGEST_WINDOW)
        same_window = limit == window.limit and resets_at < window.resets_at + timedelta(seconds=1)
        window.limit = limit
        # answers may overtake each other: within one window what is left only falls
        window.remaining = min(remaining, window.remaining - weight) if same_window else remaining
        window.resets_at = resets_at

    def close(self, name: PoolName, span: timedelta) -> None:
        """KuCoin refused for its rate limit: nothing goes out for `span` and up to a quarter more, urgent or not."""
        self._windows[name].closed_until = self._now() + span * (1 + self.chance() / 4)
