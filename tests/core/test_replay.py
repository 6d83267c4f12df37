from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chatbot.core.alerts import AlertKind, AlertRule, AlertState, Direction, Question
from chatbot.core.market import Candle, Symbol, Venue
from chatbot.core.replay import replay

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BTC = Symbol("BTC-USDT")


def rule(*, above: bool = True, **changes: object) -> AlertRule:
    fields: dict[str, object] = {
        "id": 12,
        "question": Question(
            kind=AlertKind.PRICE,
            symbol=BTC,
            venue=Venue.SPOT,
            direction=Direction.ABOVE if above else Direction.BELOW,
            level=Decimal(68_000),
        ),
        "person_id": 7,
        "person": "Anna",
        "chat_id": 7,
        "armed_at": NOON,
        "created_at": NOON,
    }
    return AlertRule(**(fields | changes))  # type: ignore[arg-type]


def candle(minute: int, prices: str) -> Candle:
    """`prices` are open, high, low and close, in hundreds."""
    opened, high, low, close = (Decimal(p) * 100 for p in prices.split())
    return Candle(symbol=BTC, start=NOON + minute * MINUTE, open=opened, high=high, low=low, close=close)


def story(start: AlertRule, *candles: Candle) -> list[str]:
    """What happened, as `minute:state`, with a mark on what is told."""
    return [
        f"{(s.candle.start - NOON) // MINUTE}:{s.then.state.value}{'!' if s.fires else ''}"
        for s in replay(start, candles)
    ]


@pytest.mark.parametrize(
    ("above", "prices", "told"),
    [
        (True, "675 680 674 676", True),
        (True, "675 679.99 674 676", False),
        (True, "675 690 674 676", True),
        (False, "685 686 680 684", True),
        (False, "685 686 680.01 684", False),
    ],
    ids=["just at the level", "just below", "through and back", "down to it", "not down to it"],
)
def test_a_candle_that_reached_the_level_tells_the_rule(above: bool, prices: str, told: bool) -> None:
    assert story(rule(above=above), candle(1, prices)) == (["1:done!"] if told else [])


def test_what_may_have_happened_before_the_arming_is_not_told() -> None:
    armed_in_it = rule(armed_at=NOON + timedelta(seconds=30))
    assert story(armed_in_it, candle(0, "675 690 674 676")) == []


def test_a_minute_that_closed_beyond_the_level_crossed_it_after_the_arming() -> None:
    armed_in_it = rule(armed_at=NOON + timedelta(seconds=30))
    assert story(armed_in_it, candle(0, "675 690 674 685")) == ["0:done!"]


def test_minutes_before_the_arming_count_for_nothing() -> None:
    assert story(rule(armed_at=NOON + 2 * MINUTE), candle(1, "675 690 674 685")) == []


def test_a_rule_fires_once_however_many_candles_reach_it() -> None:
    assert story(rule(), candle(1, "675 690 674 685"), candle(2, "685 690 684 685")) == ["1:done!"]


def test_a_repeating_rule_rests_goes_back_and_fires_again() -> None:
    repeating = rule(every=2 * MINUTE)
    minutes = ["675 681 674 676", "676 682 675 681", "681 683 679.9 682", "682 683 679 681", "681 682 680 681"]
    told = story(repeating, *(candle(n + 1, prices) for n, prices in enumerate(minutes)))
    assert told == ["1:cooling!", "3:waiting", "4:armed", "4:cooling!"]


def test_the_way_back_and_the_crossing_in_one_candle_count_only_in_that_order() -> None:
    waiting = rule(state=AlertState.WAITING, eligible_at=NOON, every=MINUTE)
    assert story(waiting, candle(1, "685 690 679 676")) == ["1:armed"]
    assert story(waiting, candle(1, "685 690 679 681")) == ["1:armed", "1:cooling!"]


def test_a_rule_that_waits_since_the_middle_of_a_minute_looks_at_its_close() -> None:
    waiting = rule(state=AlertState.WAITING, eligible_at=NOON + timedelta(seconds=70), every=MINUTE)
    assert story(waiting, candle(1, "681 682 670 681")) == []
    assert story(waiting, candle(1, "681 682 670 679")) == ["1:armed"]


def test_nothing_is_told_after_the_end_of_a_rule() -> None:
    assert story(rule(until=NOON + MINUTE), candle(1, "675 690 674 685")) == []


@pytest.mark.parametrize(
    ("prices", "told"), [("675 690 674 690", []), ("680 690 674 675", ["1:done!"]), ("679 690 674 675", [])]
)
def test_of_the_minute_in_which_a_rule_ends_only_its_beginning_counts(prices: str, told: list[str]) -> None:
    ends_in_it = NOON + MINUTE + timedelta(seconds=20)
    assert story(rule(until=ends_in_it), candle(1, prices)) == told
    assert story(rule(armed_at=ends_in_it - timedelta(seconds=9), until=ends_in_it), candle(1, prices)) == []
    assert story(rule(until=NOON + 2 * MINUTE), candle(1, prices)) == ["1:done!"]


def test_the_record_names_the_price_that_proves_it() -> None:
    (step,) = replay(rule(), [candle(1, "675 690 674 676")])
    assert (step.value, step.then.fired, step.then.fired_at) == (Decimal(69_000), 1, NOON + MINUTE)
