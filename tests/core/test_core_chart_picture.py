"""Where things stand on the picture: nothing outside, nothing on top of another, no digit too many or too few."""

import pickle
from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.chart_picture import ChartPicture, picture
from chatbot.core.charts import Level, LevelKind, Timeframe
from tests.core.charted import chart, instrument, level

HILLS = ["67000", "66000", "66500", "68000", "67400"]


def _drawn(closes: list[str], *levels: Level) -> ChartPicture:
    return picture(chart(closes, *levels), UTC)


def test_it_crosses_to_another_process_as_it_is() -> None:
    shown = _drawn(HILLS, level("67100"), level("66200", "buy", LevelKind.BUY))
    assert pickle.loads(pickle.dumps(shown)) == shown  # noqa: S301 - our own
    assert len(pickle.dumps(_drawn(HILLS * 24))) < 20_000


def test_candles_stand_a_timeframe_apart_and_a_silence_is_a_gap() -> None:
    whole = chart(HILLS)
    shown = picture(replace(whole, bars=(whole.bars[0], *whole.bars[3:])), UTC)
    assert [stick.at for stick in shown.sticks] == [0.0, 3.0, 4.0]
    silent = picture(replace(whole, bars=whole.bars[:2]), UTC)
    assert 4.5 < silent.right < 4.6
    assert silent.right - silent.left > 20


def test_a_level_within_reach_is_drawn_and_one_far_away_is_named_at_the_edge() -> None:
    shown = _drawn(HILLS, level("68500", "#1"), level("99000", "#2"), level("150000", "#3"), level("200000", "#4"))
    assert [line.text for line in shown.lines] == ["#1  68,500.0"]
    assert shown.high > 68_500
    assert shown.above == "↑ #2 99,000.0   #3 150,000.0   +1"
    assert shown.below == ""
    assert _drawn(HILLS, level("100", "#5")).below == "↓ #5 100.0"


def test_what_stands_at_one_price_is_named_together() -> None:
    several = [level("67000", f"#{n}") for n in range(1, 6)]
    assert [line.text for line in _drawn(HILLS, *several).lines] == ["#1 #2 #3 +2  67,000.0"]
    orders = [level("67000", "buy", LevelKind.BUY)] * 3
    assert [line.text for line in _drawn(HILLS, *orders).lines] == ["buy  67,000.0"]


def test_of_many_levels_the_nearest_keep_their_words_and_all_their_lines() -> None:
    shown = _drawn(HILLS, *(level(str(66_000 + 50 * n), f"#{n}") for n in range(40)))
    assert len(shown.lines) == 40
    named = [line.price for line in shown.lines if line.text]
    assert len(named) == 9
    assert max(abs(price - shown.last) for price in named) <= 250


@given(st.lists(st.integers(60_000, 75_000), max_size=30))
def test_words_never_cover_each_other_nor_leave_the_picture(prices: list[int]) -> None:
    shown = _drawn(HILLS, *(level(str(price), f"#{price}") for price in prices))
    height = shown.high - shown.low
    tags = sorted(line.tag for line in shown.lines if line.text)
    assert all(after - before > height * 0.0449 for before, after in pairwise(tags))
    assert all(shown.low < tag < shown.high for tag in tags)
    assert all(shown.low <= line.price <= shown.high for line in shown.lines)


@pytest.mark.parametrize(
    ("closes", "step", "last"),
    [
        (["0.00001234", "0.00001250"], "0.00000001", "0.00001250"),
        (["67000", "68000"], "0.1", "68,000.0"),
        (["3.14159", "3.1416"], "0.00001", "3.14160"),
        (["1", "1"], "0.0001", "1.0000"),
    ],
)
def test_prices_are_told_apart_with_no_digit_that_the_instrument_lacks(closes: list[str], step: str, last: str) -> None:
    shown = picture(chart(closes, of=instrument("X-USDT", step)), UTC)
    words = [words for _, words in shown.prices]
    assert shown.last_text == last
    assert len(set(words)) == len(words) >= 2
    assert all(float(words.replace(",", "")) == pytest.approx(at, rel=1e-12) for at, words in shown.prices)


@given(
    st.lists(st.decimals("0.00000001", 10**6, places=8), min_size=1, max_size=30),
    st.sampled_from(Timeframe),
)
def test_any_market_has_a_picture(closes: list[Decimal], timeframe: Timeframe) -> None:
    shown = picture(chart(map(str, closes), of=instrument("X-USDT", "0.00000001"), timeframe=timeframe), UTC)
    assert shown.low < min(stick.low for stick in shown.sticks)
    assert shown.high > max(stick.high for stick in shown.sticks)
    assert shown.left < shown.right
    assert 1 <= len(shown.prices) <= 9
    near = (shown.high - shown.low) * 0.0449
    assert all(abs(at - shown.last) > near for at, _ in shown.prices)
