"""Public data as the commands need it: what is kept, for how long, and what a failed half costs."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from chatbot.core.errors import KucoinError, Unavailable, UnknownSymbol
from chatbot.core.market import Symbol
from chatbot.sandbox.faults import Fault
from chatbot.services.market import CATALOGUE_LIFE, PRICES_LIFE
from tests.services.desk import Desk, story

BTC, ETH, PERP = Symbol("BTC-USDT"), Symbol("ETH-USDT"), Symbol("XBTUSDTM")
SYMBOLS = "GET /spot/api/v2/symbols"
TICKERS = "GET /spot/api/v1/market/allTickers"
CONTRACT = "GET /futures/api/v1/contracts/XBTUSDTM"


def asked(desk: Desk, line: str) -> int:
    return desk.wire.lines.count(line)


@story
async def test_instruments_are_read_once_an_hour_however_many_ask(desk: Desk) -> None:
    await asyncio.gather(*(desk.markets.catalogue() for _ in range(20)))
    desk.time.advance(CATALOGUE_LIFE.total_seconds() - 1)
    await desk.markets.catalogue()
    assert asked(desk, SYMBOLS) == 1
    desk.time.advance(1)
    await desk.markets.catalogue()
    assert asked(desk, SYMBOLS) == 2


@story
async def test_old_instruments_beat_none(desk: Desk) -> None:
    desk.switch(Fault.UNAVAILABLE)
    with pytest.raises(Unavailable):
        await desk.markets.catalogue()
    desk.faults.clear()
    known = await desk.markets.catalogue()
    desk.switch(Fault.UNAVAILABLE)
    desk.time.advance(7200)
    assert await desk.markets.catalogue() is known
    desk.faults.clear()
    assert await desk.markets.catalogue() is not known


@story
async def test_prices_in_dollars_are_kept_for_seconds(desk: Desk) -> None:
    prices = await desk.markets.usdt_prices()
    quote = desk.prices.quote(BTC)
    assert quote is not None
    assert prices["BTC"] == quote.last
    assert "USDT" not in prices
    desk.price("70000")
    assert (await desk.markets.in_usdt("BTC"), await desk.markets.in_usdt("USDT")) == (quote.last, Decimal(1))
    assert asked(desk, TICKERS) == 1
    desk.time.advance(PRICES_LIFE.total_seconds())
    assert await desk.markets.in_usdt("BTC") == Decimal(70_000)
    assert await desk.markets.in_usdt("NOSUCH") is None


@story
async def test_a_dollar_is_a_dollar_without_asking(desk: Desk) -> None:
    desk.switch(Fault.UNAVAILABLE)
    assert await desk.markets.in_usdt("USDT") == 1
    with pytest.raises(Unavailable):
        await desk.markets.in_usdt("BTC")


@story
async def test_a_look_shows_the_pair_and_the_coins_perpetual(desk: Desk) -> None:
    look = await desk.markets.look("btc")
    assert (look.instrument.symbol, look.read_at) == (BTC, desk.time())
    assert look.day is not None
    assert look.contract is not None
    assert (look.day.symbol, look.contract.symbol) == (BTC, PERP)
    perpetual = await desk.markets.look("XBTUSDTM")
    assert (perpetual.instrument.symbol, perpetual.day) == (PERP, None)
    alone = await desk.markets.look("sol")
    assert (alone.instrument.symbol, alone.contract) == ("SOL-USDT", None)


@story
async def test_a_look_survives_the_loss_of_its_futures_half_and_not_of_its_own(desk: Desk) -> None:
    desk.wire.broken.add(CONTRACT)
    look = await desk.markets.look("btc")
    assert (look.day is None, look.contract) == (False, None)
    with pytest.raises(Unavailable):
        await desk.markets.look("XBTUSDTM")
    desk.wire.broken.add("GET /spot/api/v1/market/stats")
    with pytest.raises(Unavailable):
        await desk.markets.look("btc")
    with pytest.raises(UnknownSymbol):
        await desk.markets.look("nosuchcoin")


@story
async def test_looks_keep_the_order_and_leave_out_what_is_gone(desk: Desk) -> None:
    looks = await desk.markets.looks((ETH, Symbol("GONE-USDT"), PERP, BTC))
    assert [look.instrument.symbol for look in looks] == [ETH, PERP, BTC]
    assert [look.contract.symbol if look.contract else None for look in looks] == ["ETHUSDTM", PERP, PERP]
    assert [look.day is None for look in looks] == [False, True, False]
    assert (asked(desk, TICKERS), asked(desk, "GET /spot/api/v1/market/stats")) == (1, 0)


@story
async def test_funding_of_a_coin_joins_both_answers(desk: Desk) -> None:
    look = await desk.markets.funding("btc-usdt")
    known = desk.prices.funding(PERP)
    assert known is not None
    assert (look.instrument.symbol, look.contract.symbol) == (PERP, PERP)
    assert (look.rate.rate, look.rate.next_at, look.rate.interval) == (known.rate, known.next_at, known.interval)
    assert look.rate.next_at - desk.time() <= timedelta(hours=8)
    with pytest.raises(UnknownSymbol):
        await desk.markets.funding("sol")


@story
async def test_all_fundings_come_by_one_question_the_highest_first(desk: Desk) -> None:
    await desk.markets.catalogue()
    before = len(desk.wire.lines)
    looks = await desk.markets.fundings()
    assert len(desk.wire.lines) == before + 1
    rates = [look.rate.rate for look in looks]
    assert rates == sorted(rates, reverse=True)
    assert {look.instrument.symbol for look in looks} == {PERP, "ETHUSDTM"}
    desk.switch(Fault.GARBAGE)
    with pytest.raises(KucoinError):
        await desk.markets.fundings()


@story
async def test_the_rate_after_this_one_is_told_where_kucoin_tells_it(desk: Desk) -> None:
    known = desk.prices.funding(PERP)
    assert known is not None
    assert (await desk.markets.funding("btc")).rate.predicted == known.predicted
    assert known.predicted is not None
    assert (await desk.markets.funding("eth")).rate.predicted is None
