import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from chatbot.core.feed import Channel, Tick
from chatbot.core.market import Symbol, Venue
from chatbot.core.times import to_millis
from chatbot.core.wishes import FeedHealth
from chatbot.sandbox.faults import Fault
from tests.sandbox.worlds import BTC
from tests.services.desk import ANNA, BEN, Desk, story

TICKERS = "GET /spot/api/v1/market/allTickers"
SYMBOLS = "GET /spot/api/v2/symbols"
TICKER = "GET /spot/api/v1/market/orderbook/level1"


@story
async def test_the_feed_follows_what_is_armed_or_watched_and_nothing_else(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert desk.watching.streams() == ()
    rule = await desk.alert("BTC > 68000")
    await desk.alert("funding BTC flip")
    await desk.watchlists.add(BEN.id, ["SOL"])
    desk.watching.follow()
    topics = {s.stream.venue: s.topics for s in desk.watching.streams()}
    assert topics == {Venue.SPOT: 2, Venue.FUTURES: 1}
    desk.alerts.remove(rule.id, ANNA)
    assert {s.stream.venue: s.topics for s in desk.watching.streams()} == {Venue.SPOT: 1, Venue.FUTURES: 1}
    assert all(s.stream.channel is Channel.PUBLIC for s in desk.watching.streams())


@story
async def test_while_the_feed_is_down_one_question_for_all_tickers_fires_alerts(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await desk.alert("ETH > 4000")
    desk.feed.fall()
    desk.price("68050")
    await desk.watching.stand_in()
    assert TICKERS not in desk.wire.lines, "a moment is no trouble"
    desk.wait(6)
    await desk.watching.stand_in()
    assert desk.fired() == ["1·1 68050 poll"]
    assert desk.wire.lines.count(TICKERS) == 1
    assert desk.watching.health(Venue.SPOT) == (FeedHealth.POLLING, None)


@story
async def test_while_the_feed_is_up_nobody_is_asked(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    lines = len(desk.wire.lines)
    desk.wait(60)
    await desk.watching.stand_in()
    assert desk.wire.lines[lines:] == []
    assert desk.watching.health(Venue.SPOT) == (FeedHealth.LIVE, None)


@story
async def test_neither_feed_nor_answers_is_blindness(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    desk.feed.fall()
    fell = desk.time()
    desk.switch(Fault.UNAVAILABLE)
    desk.wait(30)
    await desk.watching.stand_in()
    assert desk.watching.health(Venue.SPOT) == (FeedHealth.BLIND, fell)
    assert desk.watching.health(Venue.FUTURES) == (FeedHealth.LIVE, None)


@pytest.mark.parametrize("step", [5.0, 14.9, 15.0, 15.1, 15.2, 17.5])
@pytest.mark.parametrize("first", [True, False], ids=["it ticked before", "it never ticked"])
@story
async def test_a_feed_whose_prices_stand_still_while_the_market_moves_is_begun_anew_within_a_minute(
    step: float, first: bool, tmp_path: Path
) -> None:
    """What is asked for is heard, too: it must not pass for a word of the feed."""
    desk = Desk(tmp_path)
    await desk.alert("BTC > 69000")
    if first:
        desk.tick("67412.3")
    began, price = desk.time(), 67412
    while not desk.feed.restarted and desk.time() - began < timedelta(seconds=120):
        price += 1
        desk.price(str(price))
        desk.wait(step)
        await desk.watching.look_for_silence()
    assert desk.time() - began <= timedelta(seconds=60)
    assert desk.feed.restarted == ["spot: BTC-USDT was traded and no tick said so."]


@story
async def test_a_feed_that_stays_mute_is_begun_anew_ever_more_rarely_and_stood_in_for(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 90000")
    desk.tick("67412.3")
    begun = []
    for minutes in (1, 5, 60, 180):
        for price in range(minutes * 4):
            desk.price(str(67413 + price % 7))
            desk.wait(15)
            await desk.watching.look_for_silence()
        begun.append(len(desk.feed.restarted))
    assert begun == [1, 3, 7, 10]
    assert desk.watching.health(Venue.SPOT)[0] is not FeedHealth.LIVE
    desk.price("90001")
    await desk.watching.stand_in()
    assert desk.fired() == ["1·1 90001 poll"]
    desk.tick("90002")
    assert desk.watching.health(Venue.SPOT) == (FeedHealth.LIVE, None)


@story
async def test_a_symbol_whose_ticks_kucoin_refuses_is_asked_for(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    desk.feed.refused.add(BTC)
    for price in ("67500", "67600", "67700", "68010"):
        desk.price(price)
        desk.wait(15)
        await desk.watching.look_for_silence()
    assert desk.fired() == ["1·1 68010 poll"]
    assert desk.feed.restarted == []


@story
async def test_the_word_of_the_feed_counts_more_than_an_answer_that_comes_with_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 69000")
    desk.tick("67412.3")
    desk.wait(16)
    desk.price("67500")
    desk.wire.after(TICKER, lambda: desk.tick("67600"))
    await desk.watching.look_for_silence()
    latest = desk.lookout.latest(BTC)
    assert latest is not None
    assert latest.digits == "67600"


@story
async def test_a_symbol_that_is_mute_for_good_is_asked_for_and_the_others_are_left_in_peace(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await desk.alert("ETH > 900000")
    for price in range(67413, 67413 + 240):
        desk.price(str(price))
        desk.wait(15)
        desk.tick(str(price - 60000), Symbol("ETH-USDT"))
        await desk.watching.look_for_silence()
    assert len(desk.feed.restarted) <= 7
    assert {line.split()[1] for line in desk.feed.restarted} == {"BTC-USDT"}
    desk.price("68010")
    desk.wait(15)
    await desk.watching.look_for_silence()
    assert desk.fired() == ["1·1 68010 poll"]


@story
async def test_an_exchange_that_does_not_answer_is_no_reason_to_raise(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await desk.alert("XBTUSDTM > 90000")
    for broken in (SYMBOLS, TICKER, TICKERS):
        desk.restart()
        desk.wire.broken = {broken}
        desk.wait(60)
        await desk.watching.look_for_silence()
        desk.feed.fall()
        desk.wait(60)
        await desk.watching.stand_in()
        await desk.watching.look_for_silence()
    assert desk.wire.lines.count(SYMBOLS) > 1
    assert desk.fired() == []


@story
async def test_an_answer_that_a_tick_overtook_decides_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 90000")
    desk.price("67990")
    desk.tick("67990")
    desk.feed.fall()
    desk.wait(10)
    gate = desk.wire.hold(TICKERS)
    polling = asyncio.create_task(desk.watching.stand_in())
    await gate.reached.wait()
    desk.wait(2)
    desk.price("68100")
    desk.tick("68100")
    await desk.alert("BTC < 68000")
    gate.opened.set()
    await polling
    assert desk.fired() == []
    assert desk.lookout.latest(BTC) == Tick(BTC, "68100", to_millis(desk.time()))


@story
async def test_an_answer_that_the_feed_s_return_overtook_is_dropped(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    desk.tick("67412.3")
    desk.feed.fall()
    desk.price("68100")
    desk.wait(10)
    gate = desk.wire.hold(TICKERS)
    polling = asyncio.create_task(desk.watching.stand_in())
    await gate.reached.wait()
    desk.feed.rise()
    gate.opened.set()
    await polling
    assert desk.fired() == []


@story
async def test_an_answer_from_the_future_is_one_of_now(tmp_path: Path) -> None:
    """Dated as it says, it would make every tick after it an old one."""
    desk = Desk(tmp_path)
    await desk.alert("BTC > 90000")
    desk.tick("67412.3")
    desk.feed.fall()
    desk.wait(10)
    now = desk.time()
    desk.wire.before(TICKERS, lambda: desk.time.advance(3600))
    desk.wire.after(TICKERS, lambda: desk.time.advance(-3600))
    desk.price("67500")
    await desk.watching.stand_in()
    assert desk.lookout.latest(BTC) == Tick(BTC, "67500", to_millis(now))


@story
async def test_what_is_found_out_by_asking_fires_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    desk.price("68050")
    desk.wait(20)
    await desk.watching.look_for_silence()
    assert desk.fired() == ["1·1 68050 poll"]


@story
async def test_a_quiet_market_is_left_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    desk.tick("67412.3")
    for _ in range(240):
        desk.wait(15)
        await desk.watching.look_for_silence()
    assert desk.feed.restarted == []


@story
async def test_a_market_that_ticks_is_not_asked_about(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 69000")
    lines = len(desk.wire.lines)
    for _ in range(10):
        desk.wait(14)
        desk.tick("67412.3")
        desk.price("67500")
        await desk.watching.look_for_silence()
    assert desk.wire.lines[lines:] == []


@story
async def test_a_tick_that_overtakes_the_answer_clears_the_suspicion(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 69000")
    desk.tick("67412.3")
    for price in ("67500", "67600", "67700"):
        desk.price(price)
        desk.wait(16)
        desk.wire.after(TICKER, lambda p=price: desk.tick(p))  # type: ignore[misc]
        await desk.watching.look_for_silence()
    assert desk.feed.restarted == []


@story
async def test_many_silent_symbols_are_asked_about_a_few_at_a_time(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for word, symbol, price in (
        ("BTC", BTC, "67412.3"),
        ("ETH", Symbol("ETH-USDT"), "3501"),
        ("SOL", Symbol("SOL-USDT"), "180"),
        ("ETH-BTC", Symbol("ETH-BTC"), "0.05"),
        ("KCS-BTC", Symbol("KCS-BTC"), "0.0001"),
    ):
        await desk.alert(f"{word} > 900000")
        desk.tick(price, symbol)
    desk.wait(20)
    lines = len(desk.wire.lines)
    await desk.watching.look_for_silence()
    assert desk.wire.lines[lines:].count(TICKER) == 3
