"""How whoever has much to do leaves the loop to everybody else in between."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")

TURNS = 10
"""From the poll to its commit a kill takes about as many: with fewer it would wait for several parts of the work."""


async def give_way() -> None:
    """Between two parts of some milliseconds each, and never inside a transaction."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def gathered(items: Iterable[T], at_once: int) -> list[T]:
    """All of them, where each `at_once` take their time to be read."""
    found = []
    for item in items:
        found.append(item)
        if len(found) % at_once == 0:
            await give_way()
    return found


async def parts(items: Sequence[T], at_once: int) -> AsyncIterator[Sequence[T]]:
    """The others have their turns before each part."""
    for start in range(0, len(items), at_once):
        await give_way()
        yield items[start : start + at_once]
