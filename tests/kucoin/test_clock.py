import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from chatbot.core.errors import Unavailable
from chatbot.core.times import Now, to_millis
from chatbot.kucoin.clock import ExchangeClock


def exchange(
    now: Now, slept: list[float], trips: list[tuple[float, float]], ahead: timedelta
) -> Callable[[], Awaitable[int]]:
    """Each sample takes `there` seconds to arrive and `back` seconds to return."""
    remaining = iter(trips)

    async def ask() -> int:
        there, back = next(remaining)
        slept.append(there)
        theirs = to_millis(now() + ahead)
        slept.append(back)
        return theirs

    return ask


@pytest.mark.parametrize("minutes", [-2, 0, 2, 90])
def test_the_offset_is_that_of_the_quickest_sample(now: Now, slept: list[float], minutes: int) -> None:
    ahead = timedelta(minutes=minutes)
    clock = ExchangeClock(now)
    asyncio.run(clock.measure(exchange(now, slept, [(0.9, 0.1), (0.05, 0.05), (0.0, 0.8), (0.4, 0.1)], ahead)))
    assert abs(clock.offset - ahead) <= timedelta(milliseconds=2)
    assert clock.uncertainty == timedelta(milliseconds=51)
    assert abs(clock.now() - (now() + ahead)) <= timedelta(milliseconds=2)


def test_the_truth_lies_within_the_uncertainty_however_lopsided_the_trip(now: Now, slept: list[float]) -> None:
    clock = ExchangeClock(now)
    asyncio.run(clock.measure(exchange(now, slept, [(0.6, 0.0)] * 4, timedelta(seconds=40))))
    assert abs(clock.offset - timedelta(seconds=40)) <= clock.uncertainty


def test_failed_samples_are_left_out(now: Now, slept: list[float]) -> None:
    good = exchange(now, slept, [(0.1, 0.1)], timedelta(seconds=7))
    calls = iter([False, False, True, False])

    async def ask() -> int:
        if next(calls):
            return await good()
        raise Unavailable("no answer")

    clock = ExchangeClock(now)
    asyncio.run(clock.measure(ask))
    assert clock.measured
    assert abs(clock.offset - timedelta(seconds=7)) <= timedelta(milliseconds=1)


def test_no_sample_at_all_is_told_and_leaves_the_clock_unmeasured(now: Now) -> None:
    async def ask() -> int:
        raise Unavailable("no answer")

    clock = ExchangeClock(now)
    with pytest.raises(Unavailable):
        asyncio.run(clock.measure(ask))
    assert not clock.measured


def test_a_sample_during_which_the_host_clock_was_set_back_is_not_believed(now: Now, slept: list[float]) -> None:
    clock = ExchangeClock(now)
    asyncio.run(clock.measure(exchange(now, slept, [(-3600.0, 0.1), (3600.2, 0.1)] + [(0.2, 0.2)] * 2, timedelta(0))))
    assert abs(clock.offset) <= timedelta(milliseconds=1)
    assert clock.uncertainty == timedelta(milliseconds=201)
