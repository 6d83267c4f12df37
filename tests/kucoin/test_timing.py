import asyncio
from itertools import islice

import pytest

from chatbot.core.times import waking_seconds
from chatbot.kucoin.timing import Timing
from tests.kucoin.ws_server import Clock


@pytest.mark.parametrize(
    ("chance", "pauses"), [(0.0, [0.5, 1, 2, 4, 8, 16, 30, 30]), (1.0, [1, 2, 4, 8, 16, 32, 60, 60])]
)
def test_pauses_double_up_to_a_minute_and_are_not_alike(chance: float, pauses: list[float]) -> None:
    assert list(islice(Timing(chance=lambda: chance).pauses(), 8)) == pauses


def test_the_clock_of_the_connections_never_goes_back() -> None:
    seconds = [waking_seconds() for _ in range(100)]
    assert seconds == sorted(seconds)


@pytest.mark.parametrize("who", ["the span", "the bell", "the task"])
def test_a_wait_ends_with_whatever_comes_first(who: str) -> None:
    async def story() -> None:
        clock, bell, stop = Clock(), asyncio.Event(), asyncio.Event()

        async def work() -> None:
            await stop.wait()

        task = asyncio.create_task(work())
        waiting = asyncio.create_task(Timing(sleep=clock.sleep).wait(7, bell, task))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        {"the span": lambda: clock.advance(7), "the bell": bell.set, "the task": stop.set}[who]()
        await asyncio.wait_for(waiting, 5)
        stop.set()
        await task

    asyncio.run(story())
