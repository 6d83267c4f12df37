"""Rate limits: a weight per call, windows of 30 seconds that begin with their first call."""

from datetime import datetime, timedelta
from enum import Enum

from chatbot.core.values import frozen

WINDOW = timedelta(seconds=30)


class Pool(Enum):
    """What one UID (Public: one address) of VIP level 0 may spend in a window."""

    SPOT = "spot"
    FUTURES = "futures"
    MANAGEMENT = "management"
    PUBLIC = "public"

    @property
    def limit(self) -> int:
        return 4000 if self is Pool.SPOT else 2000


@frozen
class Standing:
    """A window after a call. `allowed` is false when the call did not fit."""

    limit: int
    remaining: int
    reset: int
    allowed: bool

    def headers(self) -> dict[str, str]:
        """`gw-ratelimit-reset` is in milliseconds."""
        return {
            "gw-ratelimit-limit": str(self.limit),
            "gw-ratelimit-remaining": str(self.remaining),
            "gw-ratelimit-reset": str(self.reset),
        }


class Pools:
    def __init__(self) -> None:
        self._windows: dict[tuple[Pool, str], tuple[datetime, int]] = {}

    def spend(self, pool: Pool, who: str, weight: int, now: datetime) -> Standing:
        began, spent = self._windows.get((pool, who), (now, 0))
        if now >= began + WINDOW:
            began, spent = now, 0
        allowed = spent + weight <= pool.limit
        if allowed:
            spent += weight
        self._windows[pool, who] = (began, spent)
        reset = (began + WINDOW - now) // timedelta(milliseconds=1)
        return Standing(limit=pool.limit, remaining=pool.limit - spent, reset=reset, allowed=allowed)
