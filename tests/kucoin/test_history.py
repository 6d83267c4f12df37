import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.errors import Unavailable
from chatbot.core.market import Candle, SettledRate, Symbol, Venue
from chatbot.core.times import to_millis
from chatbot.kucoin.clock import ExchangeClock
from chatbot.kucoin.history import futures_candles, settled_rates, spot_candles
from chatbot.kucoin.pools import Pools
from chatbot.kucoin.rest import Host, Rest

Json = Any
Params = dict[str, str]
Said = Callable[[Params], Json]

BTC, PERP = Symbol("BTC-USDT"), Symbol("XBTUSDTM")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Exchange:
    """Answers each question with what `said` makes of its parameters."""

    def __init__(self, said: Said) -> None:
        self.asked: list[tuple[str, Params]] = []
        self._said = said

    def rest(self) -> Rest:
        async def sleep(_: float) -> None:
            """No time passes."""

        host = Host(url="https://kucoin.test", venue=Venue.SPOT, transport=httpx.MockTransport(self._answer))
        return Rest(
            host,
            clock=ExchangeClock(lambda: NOON),
            pools=Pools(now=lambda: NOON, sleep=sleep, chance=lambda: 0.0),
            sleep=sleep,
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        params = dict(request.url.params)
        self.asked.append((request.url.path, params))
        body = json.dumps({"code": "200000", "data": self._said(params)}).encode()
        return httpx.Response(200, stream=httpx.ByteStream(body))


def spot(exchange: Exchange, start: datetime = NOON, end: datetime = NOON + HOUR) -> tuple[Candle, ...]:
    return asyncio.run(spot_candles(exchange.rest(), BTC, start, end))


def futures(exchange: Exchange, start: datetime = NOON, end: datetime = NOON + HOUR) -> tuple[Candle, ...]:
    return asyncio.run(futures_candles(exchange.rest(), PERP, start, end))


def settled(exchange: Exchange, start: datetime, end: datetime) -> tuple[SettledRate, ...]:
    return asyncio.run(settled_rates(exchange.rest(), PERP, start, end))


def test_a_spot_candle_tells_its_close_before_its_high() -> None:
    second = str(to_millis(NOON) // 1000)
    exchange = Exchange(lambda _: [[second, "10411.5", "10401.9", "10411.6", "10396.30", "29.1", "302889.3"]])
    assert spot(exchange) == (
        Candle(
            symbol=BTC,
            start=NOON,
            open=Decimal("10411.5"),
            high=Decimal("10411.6"),
            low=Decimal("10396.30"),
            close=Decimal("10401.9"),
        ),
    )
    (path, params), *_ = exchange.asked
    assert path == "/api/v1/market/candles"
    assert params == {"symbol": "BTC-USDT", "type": "1min", "startAt": second, "endAt": str(int(second) + 3600)}


def test_a_futures_candle_tells_its_high_first_and_in_bare_numbers() -> None:
    millis = to_millis(NOON)
    exchange = Exchange(lambda _: [[millis, 60791.1, 61035, 58940, 60300, 5501167, 1.5]])
    assert futures(exchange) == (
        Candle(
            symbol=PERP,
            start=NOON,
            open=Decimal("60791.1"),
            high=Decimal(61035),
            low=Decimal(58940),
            close=Decimal(60300),
        ),
    )
    (path, params), *_ = exchange.asked
    assert path == "/api/v1/kline/query"
    assert params == {"symbol": "XBTUSDTM", "granularity": "1", "from": str(millis), "to": str(millis + 3_600_000)}


def test_the_minute_that_the_start_is_in_belongs_to_the_span_and_the_one_that_begins_at_its_end_does_not() -> None:
    rows = [[to_millis(NOON + n * MINUTE), 1, 1, 1, 1, 1] for n in range(-3, 6)]
    found = futures(Exchange(lambda _: rows), NOON + timedelta(seconds=40), NOON + 2 * MINUTE)
    assert [candle.start for candle in found] == [NOON, NOON + MINUTE]
    found = futures(Exchange(lambda _: rows), NOON, NOON + timedelta(seconds=61))
    assert [candle.start for candle in found] == [NOON, NOON + MINUTE]


@pytest.mark.parametrize("data", [None, []])
def test_a_span_without_trades_has_no_candles(data: Json) -> None:
    assert spot(Exchange(lambda _: data)) == ()
    assert futures(Exchange(lambda _: data)) == ()
    assert settled(Exchange(lambda _: data), NOON, NOON + HOUR) == ()


def test_a_span_of_no_length_asks_nothing() -> None:
    exchange = Exchange(lambda _: [])
    assert futures(exchange, NOON, NOON) == ()
    assert exchange.asked == []


NOW = str(to_millis(NOON))
BAD_ROWS: tuple[Json, ...] = (
    [],
    [NOW],
    None,
    "x",
    [NOW, "1", "1", "NaN", "1"],
    [NOW, "1", "1", "0", "1"],
    ["soon", "1", "1", "1", "1"],
)


@pytest.mark.parametrize("row", [*BAD_ROWS, ["9" * 30, 1, 1, 1, 1], [-(10**18), 1, 1, 1, 1], [NOW, True, 1, 1, 1]])
def test_a_row_that_cannot_be_read_is_no_missing_minute(row: Json) -> None:
    for ask in (spot, futures):
        with pytest.raises(Unavailable):
            ask(Exchange(lambda _: [row]))


@pytest.mark.parametrize("data", [{}, "x", 5])
def test_no_list_is_no_answer(data: Json) -> None:
    for ask in (spot, futures):
        with pytest.raises(Unavailable):
            ask(Exchange(lambda _: data))


def cut(traded: set[int], cap: int, keep: str) -> Said:
    """Of the minutes since noon that were traded in, the first or the last `cap` that are asked for."""

    def said(params: Params) -> Json:
        first, last = (int(params[name]) // 60_000 - to_millis(NOON) // 60_000 for name in ("from", "to"))
        minutes = sorted(minute for minute in traded if first <= minute <= last)
        kept = minutes[:cap] if keep == "first" else minutes[-cap:]
        return [[to_millis(NOON + minute * MINUTE), 1, 1, 1, 1, 1] for minute in kept]

    return said


@given(st.sets(st.integers(0, 1439), max_size=1440) | st.just(set(range(1440))), st.sampled_from([200, 500, 1500]))
@pytest.mark.parametrize("keep", ["first", "last"])
def test_no_minute_is_missed_wherever_kucoin_cuts_its_answers(keep: str, traded: set[int], cap: int) -> None:
    exchange = Exchange(cut(traded, cap, keep))
    found = futures(exchange, NOON, NOON + timedelta(days=1))
    assert [(candle.start - NOON) // MINUTE for candle in found] == sorted(traded)


def test_a_whole_day_takes_three_questions() -> None:
    exchange = Exchange(cut(set(range(1440)), 500, "first"))
    futures(exchange, NOON, NOON + timedelta(days=1))
    assert len(exchange.asked) == 3


def test_a_list_that_never_ends_is_no_answer() -> None:
    def said(params: Params) -> Json:
        """Only ever the first minute, two hundred times."""
        return [[params["from"], 1, 1, 1, 1, 1]] * 200

    with pytest.raises(Unavailable, match="does not end"):
        futures(Exchange(said), NOON, NOON + timedelta(days=1))


def test_settled_rates_come_oldest_first_over_many_questions() -> None:
    every = [NOON + hours * HOUR for hours in range(0, 24 * 8, 4)]

    def said(params: Params) -> Json:
        low, high = int(params["from"]), int(params["to"])
        inside = [at for at in every if low <= to_millis(at) <= high]
        return [
            {"symbol": "XBTUSDTM", "fundingRate": 2.1e-4, "timepoint": to_millis(at)}
            for at in sorted(inside, reverse=True)
        ]

    exchange = Exchange(said)
    found = settled(exchange, every[0], every[-1])
    assert [rate.at for rate in found] == every
    assert found[0] == SettledRate(symbol=PERP, rate=Decimal("0.00021"), at=NOON)
    assert {path for path, _ in exchange.asked} == {"/api/v1/contract/funding-rates"}
    assert len(exchange.asked) == 3


def test_a_settlement_that_cannot_be_read_is_none_that_was_not() -> None:
    with pytest.raises(Unavailable):
        settled(Exchange(lambda _: [{"symbol": "XBTUSDTM", "timepoint": to_millis(NOON)}]), NOON, NOON + HOUR)
