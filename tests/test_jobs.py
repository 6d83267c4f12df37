"""The clock's table: one of each at a time, none dropped for being late, none failing in silence."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from chatbot.core.errors import Unavailable
from chatbot.jobs import Job, run_jobs

SOON = 0.02


def job(run: Callable[[], Awaitable[None]], *, name: str = "work", every: float = SOON) -> Job:
    return Job(name=name, every=every, run=run)


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_every_job_runs_again_and_again_until_cancelled() -> None:
    async def story() -> None:
        enough = {"a": asyncio.Event(), "b": asyncio.Event()}
        counts = {"a": 0, "b": 0}

        def counting(name: str) -> Job:
            async def run() -> None:
                counts[name] += 1
                if counts[name] == 3:
                    enough[name].set()

            return job(run, name=name)

        task = asyncio.create_task(run_jobs([counting("a"), counting("b")]))
        async with asyncio.timeout(10):
            await asyncio.gather(*(event.wait() for event in enough.values()))
        await ended(task)
        assert task.cancelled()
        stopped_at = dict(counts)
        for _ in range(5):
            await asyncio.sleep(SOON)
        assert counts == stopped_at

    asyncio.run(story())


@pytest.mark.parametrize("error", [ValueError("a bug"), OSError("the disk is full")])
def test_a_job_that_fails_ends_them_all_with_its_error(error: Exception) -> None:
    others = 0

    async def fail() -> None:
        raise error

    async def work() -> None:
        nonlocal others
        others += 1

    async def story() -> None:
        async with asyncio.timeout(10):
            await run_jobs([job(work, name="other"), job(fail, name="failing", every=3 * SOON)])

    with pytest.raises(type(error), match=str(error)):
        asyncio.run(story())
    assert others > 0


def test_a_job_that_kucoin_fails_is_done_again_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        enough, runs = asyncio.Event(), 0

        async def ask() -> None:
            nonlocal runs
            runs += 1
            if runs == 3:
                enough.set()
            raise Unavailable("KuCoin cannot be reached.")

        task = asyncio.create_task(run_jobs([job(ask, name="read candles")]))
        async with asyncio.timeout(10):
            await enough.wait()
        await ended(task)
        assert task.cancelled()

    asyncio.run(story())
    assert "read candles: KuCoin cannot be reached." in caplog.text


def test_a_job_that_takes_long_is_never_run_twice_at_once() -> None:
    async def story() -> None:
        running, most, finished = 0, 0, asyncio.Event()

        async def slow() -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(6 * SOON)
            running -= 1
            finished.set()

        task = asyncio.create_task(run_jobs([job(slow)]))
        async with asyncio.timeout(10):
            await finished.wait()
            finished.clear()
            await finished.wait()
        await ended(task)
        assert most == 1

    asyncio.run(story())


def test_a_job_that_became_late_while_the_loop_stood_still_is_run_at_once() -> None:
    """By APScheduler's own default what is more than a second late is dropped until its next turn."""
    every, standstill = 1.5, 2.55

    async def story() -> None:
        ran = asyncio.Event()

        async def work() -> None:
            ran.set()

        task = asyncio.create_task(run_jobs([job(work, every=every)]))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(time.sleep, standstill)
        await asyncio.sleep(SOON)
        async with asyncio.timeout(2 * every - standstill - 0.1):
            await ran.wait()
        await ended(task)

    asyncio.run(story())


def test_a_stop_while_a_job_runs_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        begun, cut = asyncio.Event(), asyncio.Event()

        async def long() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                cut.set()

        task = asyncio.create_task(run_jobs([job(long)]))
        async with asyncio.timeout(10):
            await begun.wait()
            await ended(task)
            await cut.wait()
        await asyncio.sleep(0)

    asyncio.run(story())
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
