"""Waiting for a change without asking every so often: long polls, the page and tests listen."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Bell:
    """Rung at every change; those who wait look again. One event loop only."""

    def __init__(self) -> None:
        self._listening: set[asyncio.Event] = set()

    def ring(self) -> None:
        for event in self._listening:
            event.set()

    async def heard(self, within: float) -> bool:
        """True at the next ring, False when none came for `within` seconds."""
        event = asyncio.Event()
        self._listening.add(event)
        try:
            async with asyncio.timeout(within):
                await event.wait()
        except TimeoutError:
            return False
        finally:
            self._listening.discard(event)
        return True

    async def until(self, look: Callable[[], T | None], within: float = 5.0) -> T:
        """What `look` sees, as soon as it sees something. Raises TimeoutError after `within` seconds."""
        async with asyncio.timeout(within):
            while not (found := look()):
                await self.heard(within)
        return found
