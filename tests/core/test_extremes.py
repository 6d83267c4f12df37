from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.extremes import Extremes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOON = datetime(2026, 9, 14, 12, tzinfo=UTC)
_prices = st.lists(st.tuples(st.integers(1, 9).map(Decimal), st.integers(0, 20_000)), min_size=1, max_size=60)


@given(_prices, st.sampled_from([60, 61, 300]))
def test_the_extremes_are_those_of_the_last_sixty_steps(steps: list[tuple[Decimal, int]], seconds: int) -> None:
    extremes, step = Extremes(timedelta(seconds=seconds)), timedelta(seconds=seconds) // 60
    at, seen = _NOON, []
    for price, pause in steps:
        at += timedelta(milliseconds=pause)
        extremes.add(price, at, None)
        seen.append(((at - _EPOCH) // step, price))
        inside = [old for n, old in seen if n > seen[-1][0] - 60]
        assert (extremes.low, extremes.high) == (min(inside), max(inside))


@pytest.mark.parametrize(("others", "low", "high"), [((3, 4), 3, 7), ((6, 9), 5, 9), ((9, 1), 1, 9)])
def test_other_prices_are_held_against_those_of_the_window(others: tuple[int, int], low: int, high: int) -> None:
    extremes = Extremes(timedelta(hours=1))
    for price in (5, 7, 6):
        extremes.add(Decimal(price), _NOON, None)
    first, second = map(Decimal, others)
    assert extremes.lowest(first, second) == low
    assert extremes.highest(first, second) == high


def test_an_empty_window_has_the_extremes_of_other_prices() -> None:
    extremes = Extremes(timedelta(hours=1))
    assert extremes.lowest(Decimal(2), Decimal(1)) == 1
    assert extremes.highest(Decimal(1), Decimal(2)) == 2
