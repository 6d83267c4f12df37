"""Candles for pictures: what is asked, and how each venue's rows are read."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chatbot.core.charts import BARS, Bar, Timeframe
from chatbot.core.errors import Unavailable
from chatbot.core.market import Symbol
from chatbot.kucoin.klines import futures_bars, spot_bars
from tests.kucoin.test_history import Exchange, Json

BTC, PERP = Symbol("BTC-USDT"), Symbol("XBTUSDTM")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND, MILLI = int(NOON.timestamp()), int(NOON.timestamp()) * 1000
SPOT_ROW: Json = [str(SECOND), "100", "101", "102", "99", "12.5", "1256.25"]
FUTURES_ROW: Json = [MILLI, 100, 102, 99.5, 101, 7]


def _spot(said: Json, timeframe: Timeframe = Timeframe.HOUR) -> tuple[tuple[Bar, ...], dict[str, str]]:
    exchange = Exchange(lambda _: said)
    found = asyncio.run(spot_bars(exchange.rest(), BTC, timeframe, NOON))
    ((path, params),) = exchange.asked
    assert path == "/api/v1/market/candles"
    return found, params


def _futures(said: Json, timeframe: Timeframe = Timeframe.HOUR) -> tuple[tuple[Bar, ...], dict[str, str]]:
    exchange = Exchange(lambda _: said)
    found = asyncio.run(futures_bars(exchange.rest(), PERP, timeframe, NOON))
    ((path, params),) = exchange.asked
    assert path == "/api/v1/kline/query"
    return found, params


def test_spot_tells_the_close_before_the_high() -> None:
    ((bar,), params) = _spot([SPOT_ROW], Timeframe.FOUR_HOURS)
    assert [bar.open, bar.high, bar.low, bar.close] == [100, 102, 99, 101]
    assert (bar.start, bar.volume) == (NOON, Decimal("12.5"))
    assert params["type"] == "4hour"
    assert int(params["startAt"]) == SECOND - BARS * 4 * 3600
    assert SECOND <= int(params["endAt"]) <= SECOND + 60


def test_futures_tell_the_high_before_the_low_and_count_in_minutes_and_milliseconds() -> None:
    ((bar,), params) = _futures([FUTURES_ROW], Timeframe.WEEK)
    assert [bar.open, bar.high, bar.low, bar.close, bar.volume] == [100, 102, Decimal("99.5"), 101, 7]
    assert bar.start == NOON
    assert params["granularity"] == "10080"
    assert int(params["from"]) == MILLI - BARS * 7 * 86_400_000


@pytest.mark.parametrize("timeframe", Timeframe)
def test_every_timeframe_has_its_name_on_both_venues(timeframe: Timeframe) -> None:
    (_, spot), (_, futures) = _spot([], timeframe), _futures([], timeframe)
    units = {"min": 1, "hour": 60, "day": 1440, "week": 10080}
    unit = spot["type"].lstrip("0123456789")
    minutes = int(spot["type"].removesuffix(unit)) * units[unit]
    assert minutes == int(futures["granularity"]) == timeframe.span // timedelta(minutes=1)


def test_whatever_the_order_the_oldest_comes_first_and_twice_is_once() -> None:
    newer = [str(SECOND + 3600), *SPOT_ROW[1:]]
    found, _ = _spot([newer, SPOT_ROW, newer])
    assert [bar.start for bar in found] == [NOON, NOON + timedelta(hours=1)]


def test_more_than_was_asked_for_is_cut_to_the_latest() -> None:
    found, _ = _futures([[MILLI + n * 3_600_000, 1, 1, 1, 1, 1] for n in range(500)])
    assert len(found) == BARS
    assert found[-1].start == NOON + timedelta(hours=499)


@pytest.mark.parametrize("said", [None, []])
def test_nothing_is_no_trade(said: Json) -> None:
    assert _spot(said)[0] == _futures(said)[0] == ()


def test_ends_that_stick_out_belong_to_the_candle() -> None:
    ((bar,), _) = _futures([[MILLI, 100, 99, 98, 105, 0]])
    assert [bar.high, bar.low] == [105, 98]


@pytest.mark.parametrize(
    "said",
    [
        {"rows": []}, "none", [None], [[]], [SPOT_ROW[:5]], [["x", *SPOT_ROW[1:]]],
        [[SPOT_ROW[0], "0", *SPOT_ROW[2:]]], [[SPOT_ROW[0], "NaN", *SPOT_ROW[2:]]],
        [[SPOT_ROW[0], "-1", *SPOT_ROW[2:]]], [[*SPOT_ROW[:5], "-1"]], [["9" * 30, *SPOT_ROW[1:]]],
    ],
)  # fmt: skip
def test_what_is_no_candle_is_refused(said: Json) -> None:
    with pytest.raises(Unavailable, match="makes no sense"):
        _spot(said)
