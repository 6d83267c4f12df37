from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.core.market import Symbol, Venue
from chatbot.core.numbers import is_multiple
from chatbot.sandbox import listing
from chatbot.sandbox.prices import SeededWalk

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BTC, ETH_BTC, PERP = Symbol("BTC-USDT"), Symbol("ETH-BTC"), Symbol("XBTUSDTM")
MINUTE = timedelta(minutes=1)


class Clock:
    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


def walk(seed: int = 7, *, volatility: float = 1.0) -> tuple[SeededWalk, Clock]:
    clock = Clock()
    return SeededWalk(seed, clock, listing.load(), volatility=volatility), clock


def test_the_listing_has_what_a_client_may_stumble_over() -> None:
    listed = listing.load()
    spot = [each.instrument for each in listed.listed.values() if each.instrument.venue is Venue.SPOT]
    contracts = [each.instrument for each in listed.listed.values() if each.instrument.venue is Venue.FUTURES]
    assert len(spot) >= 30
    assert {each.quote for each in spot} >= {"USDT", "USDC", "BTC"}
    assert [each.symbol for each in spot if not each.tradable] == ["ALPACA-USDT"]
    assert [each.symbol for each in contracts if each.inverse] == ["XBTUSDM"]
    terms = listed.funding.values()
    assert {each.interval for each in terms} == {timedelta(hours=h) for h in (1, 4, 8)}
    assert {each.predicted for each in terms} == {True, False}


@settings(max_examples=25)
@given(
    steps=st.lists(
        st.tuples(st.integers(1, 900), st.sampled_from((BTC, PERP, ETH_BTC)), st.integers(90, 110)), max_size=8
    )
)
def test_a_market_that_is_only_ever_moved_by_hand_has_the_range_of_its_candles(
    steps: list[tuple[int, Symbol, int]],
) -> None:
    prices, clock = walk(volatility=0.0)
    for minutes, symbol, percent in steps:
        clock.time += timedelta(minutes=minutes)
        quote = prices.quote(symbol)
        assert quote is not None
        prices.move(symbol, quote.last * percent / 100)
    for symbol in (BTC, ETH_BTC, PERP):
        quote = prices.quote(symbol)
        candles = prices.candles(symbol, MINUTE, clock.time - timedelta(days=1), clock.time)
        assert quote is not None
        assert quote.high == max(each.high for each in candles)
        assert quote.low == min(each.low for each in candles)


def test_every_symbol_is_quoted_in_its_own_steps() -> None:
    prices, _ = walk()
    for symbol, instrument in prices.instruments().items():
        quote = prices.quote(symbol)
        assert quote is not None
        assert quote.bid < quote.last < quote.ask
        assert quote.low <= min(quote.last, quote.open)
        assert quote.high >= max(quote.last, quote.open)
        for price in (quote.bid, quote.ask, quote.last, quote.open, quote.high, quote.low):
            assert is_multiple(price, instrument.price_increment)


def test_the_same_seed_walks_the_same_way_however_it_is_asked() -> None:
    often, clock = walk()
    for _ in range(20):
        clock.time += timedelta(seconds=47)
        often.quote(BTC)
    once, later = walk()
    later.time = clock.time
    assert once.quote(BTC) == often.quote(BTC)
    other, elsewhere = walk(seed=8)
    elsewhere.time = clock.time
    assert other.quote(BTC) != once.quote(BTC)


@given(seconds=st.integers(min_value=0, max_value=3 * 86_400))
def test_a_price_never_leaves_the_candle_of_its_minute(seconds: int) -> None:
    prices, clock = walk()
    clock.time += timedelta(seconds=seconds)
    seen = prices.quote(BTC)
    start = clock.time.replace(second=0, microsecond=0)
    clock.time = start + 2 * MINUTE
    candle = prices.candles(BTC, MINUTE, start, start)[0]
    assert seen is not None
    assert candle.low <= seen.last <= candle.high


def test_longer_candles_are_made_of_shorter_ones() -> None:
    prices, clock = walk()
    start = clock.time - timedelta(hours=20)
    hour = prices.candles(ETH_BTC, timedelta(hours=1), start, start)[0]
    minutes = prices.candles(ETH_BTC, MINUTE, start, start + timedelta(minutes=59))
    assert len(minutes) == 60
    assert hour.open == minutes[0].open
    assert hour.close == minutes[-1].close
    assert hour.high == max(each.high for each in minutes)
    assert hour.low == min(each.low for each in minutes)


def test_the_day_range_is_what_the_candles_of_the_day_say() -> None:
    prices, clock = walk()
    clock.time += timedelta(hours=3, seconds=20)
    quote = prices.quote(BTC)
    candles = prices.candles(BTC, MINUTE, clock.time - timedelta(hours=24, minutes=1), clock.time)
    assert quote is not None
    assert quote.high == max(each.high for each in candles)
    assert quote.low == min(each.low for each in candles)


@pytest.mark.parametrize(("symbol", "to"), [(BTC, "70123.4"), (PERP, "61000.1"), (ETH_BTC, "0.05123")])
def test_a_moved_price_is_there_at_once_and_in_the_candle(symbol: Symbol, to: str) -> None:
    prices, clock = walk()
    clock.time += timedelta(seconds=31)
    prices.move(symbol, Decimal(to))
    quote = prices.quote(symbol)
    assert quote is not None
    assert quote.last == Decimal(to)
    candle = prices.candles(symbol, MINUTE, clock.time - MINUTE, clock.time)[-1]
    assert candle.close == Decimal(to)
    assert candle.low <= Decimal(to) <= candle.high


def test_spot_and_perpetual_move_together() -> None:
    prices, _ = walk()
    prices.move(PERP, Decimal(80_000))
    spot, perpetual = prices.quote(BTC), prices.quote(PERP)
    assert spot is not None
    assert perpetual is not None
    assert abs(spot.last / perpetual.last - 1) < Decimal("0.001")
    assert perpetual.index.quantize(Decimal(1)) == spot.last.quantize(Decimal(1))


def test_still_prices_stand_still_until_moved() -> None:
    prices, clock = walk(volatility=0)
    before = prices.quote(BTC)
    clock.time += timedelta(days=2)
    after = prices.quote(BTC)
    assert before is not None
    assert after is not None
    assert after.last == before.last == after.low == after.high


def test_funding_falls_due_on_the_interval_and_the_history_says_what_was_announced() -> None:
    prices, clock = walk()
    announced = prices.funding(PERP)
    assert announced is not None
    assert announced.next_at == datetime(2026, 3, 1, 16, tzinfo=UTC)
    clock.time = announced.next_at
    due = prices.settlements(PERP, NOON, clock.time)
    assert [(each.time, each.rate) for each in due] == [(announced.next_at, announced.rate)]
    following = prices.funding(PERP)
    assert following is not None
    assert following.rate == announced.predicted


def test_funding_stays_within_its_cap_and_one_contract_is_near_it() -> None:
    prices, clock = walk()
    for symbol, terms in listing.load().funding.items():
        rates = [each.rate for each in prices.settlements(symbol, clock.time - timedelta(days=9), clock.time)]
        assert rates
        assert all(abs(rate) <= terms.cap for rate in rates)
    near = prices.funding(Symbol("WIFUSDTM"))
    assert near is not None
    assert near.cap is not None
    assert near.rate > near.cap * Decimal("0.9")


def test_an_interval_can_be_shortened() -> None:
    prices, _ = walk()
    prices.set_interval(PERP, timedelta(hours=1))
    funding = prices.funding(PERP)
    assert funding is not None
    assert funding.next_at == NOON + timedelta(hours=1)


def test_what_is_not_listed_has_no_price() -> None:
    prices, clock = walk()
    nowhere = Symbol("NOPE-USDT")
    assert prices.quote(nowhere) is None
    assert prices.funding(nowhere) is None
    assert prices.funding(BTC) is None
    assert not prices.candles(nowhere, MINUTE, clock.time, clock.time)
    assert not prices.settlements(BTC, NOON, NOON + timedelta(days=1))


def test_candles_do_not_go_back_for_ever() -> None:
    prices, clock = walk()
    candles = prices.candles(BTC, timedelta(days=1), datetime(1970, 1, 1, tzinfo=UTC), clock.time)
    assert 60 <= len(candles) <= 63


@pytest.mark.parametrize("symbol", [BTC, ETH_BTC])
def test_a_long_candle_is_what_its_minutes_were_also_after_a_move(symbol: Symbol) -> None:
    prices, clock = walk()
    for _ in range(3):
        long = prices.candles(symbol, timedelta(hours=4), clock.time - timedelta(hours=9), clock.time)
        for candle in long:
            minutes = prices.candles(symbol, MINUTE, candle.start, candle.start + timedelta(hours=4) - MINUTE)
            assert candle.open == minutes[0].open
            assert candle.close == minutes[-1].close
            assert candle.high == max(each.high for each in minutes)
            assert candle.low == min(each.low for each in minutes)
        quote = prices.quote(symbol)
        assert quote is not None
        prices.move(symbol, quote.last * 2)
        clock.time += timedelta(minutes=97)
