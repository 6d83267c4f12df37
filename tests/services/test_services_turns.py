import asyncio
from collections.abc import Iterator

from chatbot.services.turns import gathered, give_way, parts
from tests.services.desk import story

WAY_OF_A_KILL = 10
"""Turns of the loop from the poll to its commit."""


class Clock:
    """Counts the turns that everybody else has."""

    def __init__(self) -> None:
        self.turns = 0
        self._ticking = asyncio.ensure_future(self._tick())

    async def _tick(self) -> None:
        while True:
            self.turns += 1
            await asyncio.sleep(0)

    def stop(self) -> None:
        self._ticking.cancel()


@story
async def test_who_gives_way_lets_a_kill_through() -> None:
    clock = Clock()
    await give_way()
    assert clock.turns == WAY_OF_A_KILL
    clock.stop()


@story
async def test_all_is_gathered_in_order_and_others_have_turns_while_it_is_read() -> None:
    clock = Clock()
    seen: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(25):
            seen.append(clock.turns)
            yield number

    assert await gathered(numbers(), 10) == list(range(25))
    assert seen == [0] * 10 + [WAY_OF_A_KILL] * 10 + [2 * WAY_OF_A_KILL] * 5
    assert await gathered([], 10) == []
    clock.stop()


@story
async def test_others_have_turns_before_each_part() -> None:
    clock = Clock()
    found = [(part, clock.turns) async for part in parts("abcdefg", 3)]
    assert found == [("abc", WAY_OF_A_KILL), ("def", 2 * WAY_OF_A_KILL), ("g", 3 * WAY_OF_A_KILL)]
    assert [part async for part in parts("", 3)] == []
    clock.stop()
