import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.feed import PredictedRate, Tick
from chatbot.core.market import Symbol
from chatbot.core.times import from_millis
from chatbot.kucoin.schemas import price_digits
from chatbot.kucoin.ticks import TickLine, line_of, millis_of

Json = Any
BTC, PERP = Symbol("BTC-USDT"), Symbol("XBTUSDTM")
NOON = 1_772_366_400_000
SECOND, HOUR = 1000, 3_600_000
NOW = NOON + 10
"""By our measure of the exchange's clock."""


def spot(sequence: Json = "7", price: Json = "67412.30", time: Json = NOON) -> Json:
    return {"data": {"sequence": sequence, "price": price, "time": time}}


def read(line: TickLine, *messages: Json) -> list[str]:
    """The digits that came through; `-` for what was dropped, `!` for what was refused."""
    told = []
    for message in messages:
        try:
            tick = line.read(message, NOW)
        except (ValueError, KeyError, TypeError):
            told.append("!")
        else:
            told.append("-" if tick is None else tick.digits)
    return told


def test_a_tick_has_the_digits_of_the_exchange() -> None:
    line = line_of("/market/ticker:BTC-USDT")
    assert line.read(spot(), NOW) == Tick(BTC, "67412.30", NOON)
    futures = {"data": {"sequence": 9, "price": "67412.3", "ts": NOON * 10**6 + 999_999}}
    assert line_of("/contractMarket/ticker:XBTUSDTM").read(futures, NOW) == Tick(PERP, "67412.3", NOON)


def test_the_time_may_be_spelled_as_in_kucoins_own_sample() -> None:
    message = {"data": {"sequence": "7", "price": "1", "Time": NOON}}
    assert line_of("/market/ticker:BTC-USDT").read(message, NOW) == Tick(BTC, "1", NOON)


def test_what_was_told_is_not_told_again_and_what_is_older_is_refused() -> None:
    told = read(
        TickLine(BTC, "time"),
        spot(sequence=5, price="1", time=NOON),
        spot(sequence=5, price="2", time=NOON + 1),
        spot(sequence=4, price="3", time=NOON + 2),
        spot(sequence=6, price="4", time=NOON - 1),
        spot(sequence=6, price="5", time=NOON),
        spot(sequence=900, price="6", time=NOON),
    )
    assert told == ["1", "-", "!", "!", "5", "6"]


def test_another_connection_may_count_anew_but_not_go_back_in_time() -> None:
    line = TickLine(BTC, "time")
    assert read(line, spot(sequence=500)) == ["67412.30"]
    line.begin()
    assert read(line, spot(sequence=1, time=NOON - 1), spot(sequence=2, time=NOON)) == ["!", "67412.30"]


@pytest.mark.parametrize("ahead", [5 * SECOND + 11, HOUR, 20 * HOUR])
def test_a_tick_ahead_of_the_clock_is_a_tick_of_now_and_the_next_ones_are_heard(ahead: int) -> None:
    line = TickLine(BTC, "time")
    assert line.read(spot(1, "1", NOON), NOW) == Tick(BTC, "1", NOON)
    assert line.read(spot(2, "2", NOON + ahead), NOW) == Tick(BTC, "2", NOW)
    assert line.read(spot(3, "3", NOON + 1), NOW) == Tick(BTC, "3", NOON + 1)
    with pytest.raises(ValueError, match="time"):
        line.read(spot(4, "4", NOON), NOW)


def test_our_clock_may_be_some_seconds_late_without_a_word_being_dated_anew() -> None:
    line = TickLine(BTC, "time")
    assert line.read(spot(1, "1", NOW + 5 * SECOND), NOW) == Tick(BTC, "1", NOW + 5 * SECOND)
    assert line.read(spot(2, "2", NOW + 9 * HOUR), NOW) == Tick(BTC, "2", NOW + 5 * SECOND), "never back in time"


def test_a_bot_whose_clock_is_minutes_late_still_hears() -> None:
    line = TickLine(BTC, "time")
    told = [line.read(spot(n, str(n), NOON + n), NOON - 120 * SECOND + n) for n in range(1, 50)]
    assert told == [Tick(BTC, str(n), NOON - 120 * SECOND + n) for n in range(1, 50)]


def test_a_date_more_than_a_day_ahead_was_not_made_in_this_world() -> None:
    line = TickLine(BTC, "time")
    assert read(line, spot(time=NOW + 24 * HOUR + 1), spot(time=NOON)) == ["!", "67412.30"]


NO_PRICES = ("", "0", "0.0", "-1", "+1", "1e5", "1_0", "NaN", "Infinity", "١٢٣", "１２", "1.2.3", ".5", "5.", "9" * 25)
ODD_ONES: tuple[Json, ...] = ("1,5", " 1", "1\n", None, True, [], {}, 0, -1, Decimal("0E-5"), Decimal(-1), 1.5)


@pytest.mark.parametrize("price", [*NO_PRICES, *ODD_ONES])
def test_nothing_but_a_price_is_a_price(price: Json) -> None:
    assert read(TickLine(BTC, "time"), spot(price=price)) == ["!"]


@pytest.mark.parametrize(
    ("price", "digits"),
    [
        ("0.0000061204", "0.0000061204"),
        (67412, "67412"),
        (Decimal("67412.30"), "67412.30"),
        (Decimal("6.1E-7"), "0.00000061"),
    ],
)
def test_a_bare_number_is_written_out(price: Json, digits: str) -> None:
    assert read(TickLine(BTC, "time"), spot(price=price)) == [digits]


@given(st.text(max_size=30) | st.from_regex(r"[0-9.]{1,30}", fullmatch=True))
def test_a_price_is_what_python_reads_in_the_same_way(text: str) -> None:
    try:
        digits = price_digits(text)
    except ValueError:
        return
    assert digits == text
    assert Decimal(digits) > 0
    assert re.fullmatch("[0-9]+([.][0-9]+)?", digits)


@pytest.mark.parametrize("stamp", [None, "", str(NOON), NOON // 1000, NOON * 1000, 10**19, -NOON, True, 1.5])
def test_a_moment_is_in_milli_or_nanoseconds(stamp: Json) -> None:
    with pytest.raises(ValueError, match="moment"):
        millis_of(stamp)


def rate(value: str, granularity: Json = 60000, time: int = NOON) -> Json:
    return {
        "subject": "funding.rate",
        "data": {"granularity": granularity, "fundingRate": Decimal(value), "timestamp": time},
    }


def test_the_rate_of_the_minute_is_the_predicted_one() -> None:
    line = line_of("/contract/instrument:XBTUSDTM")
    expected = PredictedRate(symbol=PERP, rate=Decimal("-0.000034"), at=from_millis(NOON))
    assert line.read(rate("-0.000034"), NOW) == expected
    assert line.read(rate("-0.000034"), NOW) is None
    assert line.read(rate("0.0001", granularity=28800000, time=NOON + 5), NOW) is None
    assert line.read({"subject": "mark.index.price", "data": {"markPrice": 1}}, NOW) is None
    for bad in (rate("0.0002", time=NOON - 1), rate("0.0002", time=NOW + 24 * HOUR + 1), rate("5", time=NOON + 9)):
        with pytest.raises(ValueError, match=r"time|less"):
            line.read(bad, NOW)


def test_a_rate_ahead_of_the_clock_is_one_of_now_and_the_next_ones_are_heard() -> None:
    line = line_of("/contract/instrument:XBTUSDTM")
    assert line.read(rate("0.1", time=NOON + 20 * HOUR), NOW) == PredictedRate(
        symbol=PERP, rate=Decimal("0.1"), at=from_millis(NOW)
    )
    assert line.read(rate("0.2", time=NOON + 1), NOW) == PredictedRate(
        symbol=PERP, rate=Decimal("0.2"), at=from_millis(NOON + 1)
    )
