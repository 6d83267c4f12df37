"""What a price was an hour ago: known from unbroken minutes, or not at all."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.market import Candle, Symbol
from chatbot.core.trails import HOUR, Trails

BTC, ETH = Symbol("BTC-USDT"), Symbol("ETH-USDT")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def closes(start: datetime, *prices: int | None) -> list[Candle]:
    """A candle a minute that closed at each price; none where nothing was traded."""
    told = ((start + n * MINUTE, Decimal(p)) for n, p in enumerate(prices) if p is not None)
    return [Candle(symbol=BTC, start=at, open=p, high=p, low=p, close=p) for at, p in told]


def known(candles: Iterable[Candle], since: datetime, until: datetime) -> Trails:
    trails = Trails()
    trails.learn(BTC, candles, since, until)
    return trails


def test_the_change_is_from_what_stood_an_hour_before() -> None:
    trails = known(closes(NOON, 100, 200), NOON, NOON + 2 * MINUTE)
    at = NOON + HOUR + MINUTE
    assert trails.change(BTC, Decimal(110), at) == Decimal("0.1")
    assert trails.change(BTC, Decimal(110), at + timedelta(seconds=59)) == Decimal("0.1")
    assert trails.change(BTC, Decimal(110), at + MINUTE) == Decimal("-0.45")


def test_a_price_stands_through_minutes_without_a_trade() -> None:
    trails = known(closes(NOON, 100, None, None, 300), NOON, NOON + 4 * MINUTE)
    assert trails.change(BTC, Decimal(101), NOON + HOUR + 3 * MINUTE) == Decimal("0.01")


def test_before_an_hour_is_known_nothing_is_said() -> None:
    trails = known(closes(NOON, 100), NOON, NOON + MINUTE)
    assert trails.change(BTC, Decimal(110), NOON + HOUR) is None
    assert trails.change(ETH, Decimal(110), NOON + 2 * HOUR) is None


def test_minutes_are_added_where_the_last_reading_ended() -> None:
    trails = known(closes(NOON, 100, 200), NOON, NOON + 2 * MINUTE)
    assert trails.reaches(BTC, NOON + 2 * MINUTE)
    trails.learn(BTC, closes(NOON + MINUTE, 999, 400), NOON + MINUTE, NOON + 3 * MINUTE)
    assert trails.change(BTC, Decimal(400), NOON + HOUR + 3 * MINUTE) == 0
    assert trails.change(BTC, Decimal(400), NOON + HOUR + 2 * MINUTE) == 1


def test_after_a_gap_nothing_older_is_believed() -> None:
    trails = known(closes(NOON, 100), NOON, NOON + MINUTE)
    later = NOON + 10 * HOUR
    assert not trails.reaches(BTC, later)
    trails.learn(BTC, closes(later, 500), later, later + MINUTE)
    assert trails.change(BTC, Decimal(500), later + HOUR) is None
    assert trails.change(BTC, Decimal(500), later + HOUR + MINUTE) == 0


def test_a_candle_that_may_still_change_is_not_learned() -> None:
    trails = known(closes(NOON, 100, 200), NOON, NOON + MINUTE)
    assert trails.change(BTC, Decimal(100), NOON + 2 * HOUR) == 0


def test_what_nobody_watches_is_forgotten() -> None:
    trails = known(closes(NOON, 100), NOON, NOON + MINUTE)
    trails.keep({ETH})
    assert not trails.reaches(BTC, NOON)


@given(st.lists(st.none() | st.integers(1, 9), min_size=1, max_size=200), st.integers(0, 250), st.integers(1, 30))
def test_it_says_what_a_look_at_all_minutes_says_or_nothing(prices: list[int | None], minute: int, step: int) -> None:
    """Whatever the parts that were read, and however many minutes it keeps."""
    trails, candles = Trails(), closes(NOON, *prices)
    for start in range(0, len(prices), step):
        since, until = NOON + start * MINUTE, NOON + min(start + step, len(prices)) * MINUTE
        trails.learn(BTC, [c for c in candles if c.start >= since], since, until)
    at = NOON + HOUR + minute * MINUTE
    stood = [c.close for c in candles if c.start + MINUTE <= at - HOUR]
    said = trails.change(BTC, Decimal(5), at)
    assert said is None or said == 5 / stood[-1] - 1
    recent = minute >= len(prices) - 10
    assert (said is not None) == bool(stood) or not recent
