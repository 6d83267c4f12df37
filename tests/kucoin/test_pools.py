import asyncio
from collections.abc import Mapping
from datetime import timedelta
from itertools import islice

import pytest

from chatbot.core.errors import RateLimited
from chatbot.core.times import Now, Sleep
from chatbot.kucoin.pools import PoolName, Pools, any_chance, backoff

MINUTE = timedelta(minutes=1)
ONE_SECOND = timedelta(seconds=1)


def headers(limit: int, remaining: int, reset: int) -> dict[str, str]:
    return {
        "gw-ratelimit-limit": str(limit),
        "gw-ratelimit-remaining": str(remaining),
        "gw-ratelimit-reset": str(reset),
    }


def spend(
    pools: Pools,
    weight: int = 1,
    *,
    said: Mapping[str, str] | None = None,
    urgent: bool = False,
    patience: timedelta = MINUTE,
) -> None:
    asyncio.run(pools.take(PoolName.SPOT, weight, urgent=urgent, patience=patience))
    pools.settle(PoolName.SPOT, weight, said or {})


def test_a_call_within_the_budget_does_not_wait(pools: Pools, slept: list[float]) -> None:
    spend(pools, said=headers(4000, 3999, 30000))
    spend(pools, said=headers(4000, 3998, 29000))
    assert slept == []


def test_ordinary_calls_wait_for_the_window_while_urgent_ones_use_the_kept_part(
    pools: Pools, slept: list[float]
) -> None:
    spend(pools, said=headers(100, 30, 12000))
    spend(pools, urgent=True, said=headers(100, 29, 12000))
    assert slept == []
    spend(pools)
    assert slept == [12.0]


def test_nothing_is_sent_beyond_what_is_left_even_when_urgent(pools: Pools, slept: list[float]) -> None:
    spend(pools, said=headers(100, 5, 9000))
    spend(pools, 6, urgent=True)
    assert slept == [9.0]


def test_a_wait_longer_than_the_caller_has_is_refused_at_once(pools: Pools, slept: list[float]) -> None:
    spend(pools, said=headers(100, 0, 12000))
    with pytest.raises(RateLimited) as refused:
        spend(pools, patience=timedelta(seconds=5))
    assert refused.value.retry_after == timedelta(seconds=12)
    assert "12 s" in str(refused.value)
    assert slept == []


def test_calls_on_their_way_count_before_they_are_answered(pools: Pools) -> None:
    spend(pools, said=headers(100, 50, 30000))

    async def three_at_once() -> None:
        for _ in range(2):
            await pools.take(PoolName.SPOT, 10, urgent=False, patience=ONE_SECOND)
        await pools.take(PoolName.SPOT, 10, urgent=False, patience=ONE_SECOND)

    with pytest.raises(RateLimited):
        asyncio.run(three_at_once())


def test_an_answer_that_was_overtaken_does_not_give_budget_back(pools: Pools) -> None:
    spend(pools, said=headers(100, 31, 20000))
    spend(pools, said=headers(100, 90, 20000))
    with pytest.raises(RateLimited):
        spend(pools, patience=ONE_SECOND)


def test_the_budget_comes_back_with_the_next_window(pools: Pools, slept: list[float]) -> None:
    spend(pools, said=headers(100, 0, 3000))
    slept.append(3.0)
    spend(pools, patience=timedelta(0))
    assert slept == [3.0]


def test_a_closed_pool_keeps_even_urgent_calls_back_and_others_are_not_touched(
    now: Now, sleep: Sleep, slept: list[float]
) -> None:
    pools = Pools(now=now, sleep=sleep, chance=lambda: 1.0)
    pools.close(PoolName.SPOT, timedelta(seconds=4))
    asyncio.run(pools.take(PoolName.FUTURES, 1, urgent=False, patience=timedelta(0)))
    spend(pools, urgent=True)
    assert slept == [5.0]


def test_without_headers_calls_are_counted_by_their_weight(pools: Pools, slept: list[float]) -> None:
    for _ in range(7):
        spend(pools, 400)
    assert slept == []
    spend(pools, 400)
    assert slept == [30.0]


@pytest.mark.parametrize("reset", ["", "-5", "12.5", "١٢", "9" * 30, "NaN"])
def test_headers_that_are_no_numbers_are_not_believed(pools: Pools, slept: list[float], reset: str) -> None:
    spend(pools, said={**headers(100, 0, 0), "gw-ratelimit-reset": reset})
    spend(pools)
    assert slept == []


def test_a_reset_far_away_is_not_believed(pools: Pools, slept: list[float]) -> None:
    spend(pools, said=headers(100, 0, 900_000_000))
    spend(pools, patience=timedelta(hours=1000))
    assert slept == [120.0]


def test_one_call_heavier_than_the_whole_budget_may_go_in_a_fresh_window(pools: Pools, slept: list[float]) -> None:
    spend(pools, said=headers(20, 20, 30000))
    spend(pools, 30, patience=timedelta(0))
    assert slept == []


def test_pauses_double_up_to_a_bound_and_are_spread() -> None:
    assert list(islice(backoff(lambda: 0.0, first=1, most=8), 6)) == [0.5, 1, 2, 4, 4, 4]
    assert list(islice(backoff(lambda: 1.0, first=1, most=8), 6)) == [1, 2, 4, 8, 8, 8]


def test_any_chance_is_a_fraction() -> None:
    assert all(0 <= any_chance() < 1 for _ in range(100))
