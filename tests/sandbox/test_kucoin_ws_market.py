import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from chatbot.core.market import Symbol, Venue
from chatbot.core.times import to_millis
from chatbot.sandbox.kucoin_ws_market import MarketLook
from chatbot.sandbox.kucoin_ws_market import news as news_of
from chatbot.sandbox.kucoin_ws_tokens import Heartbeat
from chatbot.sandbox.kucoin_ws_topics import topics
from chatbot.sandbox.listing import load
from chatbot.sandbox.prices import Quote, SeededWalk
from chatbot.sandbox.world import Sandbox
from tests.sandbox.listener import Listener, listening, still
from tests.sandbox.worlds import BTC, PERP, Clock, Json

PATIENT = Heartbeat(interval=timedelta(hours=10))

Story = Callable[[Sandbox, Clock, Listener], Awaitable[None]]


def run(story: Story, venue: Venue = Venue.SPOT) -> None:
    async def main() -> None:
        clock = Clock()
        async with still(clock, heartbeat=PATIENT) as sandbox, listening(sandbox, venue) as listener:
            await story(sandbox, clock, listener)

    asyncio.run(main())


def data(news: list[dict[str, Json]], name: str) -> list[Json]:
    return [each["data"][name] for each in news]


def test_a_ticker_is_told_at_once_and_then_only_when_it_changes() -> None:
    async def story(sandbox: Sandbox, clock: Clock, listener: Listener) -> None:
        await listener.subscribes("/market/ticker:BTC-USDT,ETH-USDT")
        news = await listener.told()
        assert [each["topic"] for each in news] == ["/market/ticker:BTC-USDT", "/market/ticker:ETH-USDT"]
        assert data(news, "time") == [to_millis(clock())] * 2
        for _ in range(3):
            clock.advance(1)
            sandbox.sockets.pump()
        assert await listener.told() == []
        sandbox.prices.move(BTC, Decimal("70000.5"))
        sandbox.sockets.pump()
        news = await listener.told()
        assert data(news, "price") == ["70000.5"]
        assert data(news, "time") == [to_millis(clock())]

    run(story)


def test_two_changes_at_one_moment_have_two_numbers() -> None:
    async def story(sandbox: Sandbox, clock: Clock, listener: Listener) -> None:
        await listener.subscribes("/market/ticker:BTC-USDT")
        for price in (70_000, 71_000, 72_000):
            sandbox.prices.move(BTC, Decimal(price))
            sandbox.sockets.pump()
        numbers = [int(each) for each in data(await listener.told(), "sequence")]
        assert numbers == sorted(set(numbers))
        async with listening(sandbox) as other:
            await other.subscribes("/market/ticker:BTC-USDT")
            assert data(await other.told(), "sequence") == [str(numbers[-1])]
        clock.advance(60)
        sandbox.prices.move(BTC, Decimal(73_000))
        sandbox.sockets.pump()
        assert data(await listener.told(), "sequence") == [str(to_millis(clock()) // 100)]

    run(story)


def test_all_tickers_come_each_under_its_own_name() -> None:
    async def story(sandbox: Sandbox, _: Clock, listener: Listener) -> None:
        await listener.subscribes("/market/ticker:all")
        news = await listener.told()
        listed = [each.symbol for each in sandbox.prices.instruments().values() if each.venue is Venue.SPOT]
        assert [each["subject"] for each in news] == listed
        assert {each["topic"] for each in news} == {"/market/ticker:all"}
        sandbox.prices.move(Symbol("DOGE-USDT"), Decimal("0.2"))
        sandbox.sockets.pump()
        assert [each["subject"] for each in await listener.told()] == ["DOGE-USDT"]

    run(story)


def test_a_symbol_that_is_not_there_stays_silent() -> None:
    async def story(sandbox: Sandbox, _: Clock, listener: Listener) -> None:
        await listener.subscribes("/market/ticker:NOSUCH-USDT,XBTUSDTM")
        await listener.subscribes("/market/snapshot:NOSUCH-USDT")
        await listener.subscribes("/market/candles:NOSUCH-USDT_1min")
        assert await listener.told() == []

    run(story)


def test_a_snapshot_comes_every_two_seconds_in_bare_numbers() -> None:
    async def story(sandbox: Sandbox, clock: Clock, listener: Listener) -> None:
        await listener.subscribes("/market/snapshot:BTC-USDT")
        sandbox.prices.move(BTC, Decimal(70_000))
        for _ in range(5):
            clock.advance(1)
            sandbox.sockets.pump()
        news = await listener.told()
        assert [each["lastTradedPrice"] for each in data(news, "data")] == [67412.3, 70_000, 70_000]
        hour = news[-1]["data"]["data"]["marketChange1h"]
        assert (hour["open"], hour["high"], hour["changePrice"]) == (67412.3, 70_000, 2587.7)

    run(story)


def test_a_candle_grows_with_the_price_and_a_new_one_is_added() -> None:
    async def story(sandbox: Sandbox, clock: Clock, listener: Listener) -> None:
        await listener.subscribes("/market/candles:BTC-USDT_1min")
        sandbox.sockets.pump()
        clock.advance(30)
        sandbox.prices.move(BTC, Decimal(70_000))
        sandbox.sockets.pump()
        clock.advance(30)
        sandbox.sockets.pump()
        news = await listener.told()
        assert [each["subject"].rpartition(".")[2] for each in news] == ["update", "update", "add"]
        began = to_millis(clock()) // 1000
        assert [each[:5] for each in data(news, "candles")] == [
            [str(began - 60), "67412.3", "67412.3", "67412.3", "67412.3"],
            [str(began - 60), "67412.3", "70000", "70000", "67412.3"],
            [str(began), "70000", "70000", "70000", "70000"],
        ]

    run(story)


@pytest.mark.parametrize(
    ("topic", "subject"), [("/contractMarket/tickerV2", "tickerV2"), ("/contractMarket/ticker", "ticker")]
)
def test_futures_tickers_are_told_when_they_change(topic: str, subject: str) -> None:
    async def story(sandbox: Sandbox, _: Clock, listener: Listener) -> None:
        await listener.subscribes(f"{topic}:{PERP}")
        sandbox.sockets.pump()
        sandbox.prices.move(PERP, Decimal(70_000))
        sandbox.sockets.pump()
        news = await listener.told()
        assert [each["subject"] for each in news] == [subject] * 2
        assert [each["sn"] for each in news] == data(news, "sequence")
        assert data(news, "sequence")[0] < data(news, "sequence")[1]
        assert Decimal(news[1]["data"]["bestBidPrice"]) < 70_000 < Decimal(news[1]["data"]["bestAskPrice"])

    run(story, Venue.FUTURES)


def test_mark_prices_come_each_second_and_funding_each_minute() -> None:
    async def story(sandbox: Sandbox, clock: Clock, listener: Listener) -> None:
        await listener.subscribes(f"/contract/instrument:{PERP}")
        for _ in range(120):
            clock.advance(0.5)
            sandbox.sockets.pump()
        news = await listener.told()
        marks = [each for each in news if each["subject"] == "mark.index.price"]
        assert data(marks, "timestamp") == [to_millis(clock()) - 60_000 + 1000 * number for number in range(61)]
        rates = [each for each in news if each["subject"] == "funding.rate"]
        funding = sandbox.prices.funding(PERP)
        assert funding is not None
        assert funding.predicted is not None
        told = [(each["granularity"], each["fundingRate"]) for each in data_of(rates)]
        assert told == [(60_000, float(funding.predicted)), (8 * 3_600_000, float(funding.rate))] * 2

    run(story, Venue.FUTURES)


def data_of(news: list[dict[str, Json]]) -> Iterator[Json]:
    return (each["data"] for each in news)


def test_without_a_prediction_the_rate_of_the_interval_is_told_alone() -> None:
    symbol = next(symbol for symbol, terms in load().funding.items() if not terms.predicted)

    async def story(_: Sandbox, __: Clock, listener: Listener) -> None:
        await listener.subscribes(f"/contract/instrument:{symbol}")
        rates = [each for each in await listener.told() if each["subject"] == "funding.rate"]
        assert len(rates) == 1
        assert rates[0]["data"]["granularity"] > 60_000

    run(story, Venue.FUTURES)


def test_small_rates_are_written_with_an_exponent() -> None:
    async def story(sandbox: Sandbox, clock: Clock, listener: Listener) -> None:
        await listener.subscribes("/contract/announcement")
        clock.advance(8 * 3600)
        sandbox.sockets.pump()
        assert "e-05" in json.dumps(await listener.told())

    run(story, Venue.FUTURES)


def test_a_settlement_is_announced_once_from_begin_to_end() -> None:
    async def story(sandbox: Sandbox, clock: Clock, listener: Listener) -> None:
        await listener.subscribes(f"/contract/announcement:{PERP}")
        due = sandbox.prices.funding(PERP)
        assert due is not None
        for seconds in ((due.next_at - clock()).total_seconds() - 1, 1, 1):
            assert await listener.told() == []
            clock.advance(seconds)
            sandbox.sockets.pump()
            if clock() == due.next_at:
                news = await listener.told()
        assert await listener.told() == []
        assert [each["subject"] for each in news] == ["funding.begin", "funding.end"]
        assert {each["topic"] for each in news} == {"/contract/announcement"}
        assert data(news, "fundingTime") == [to_millis(due.next_at)] * 2
        assert data(news, "fundingRate") == [float(due.rate)] * 2

    run(story, Venue.FUTURES)


def test_a_symbol_is_looked_at_once_however_many_ask() -> None:
    clock = Clock()

    class Watched(SeededWalk):
        def __init__(self) -> None:
            super().__init__(7, clock, load())
            self.looks: list[Symbol] = []

        def quote(self, symbol: Symbol) -> Quote | None:
            self.looks.append(symbol)
            return super().quote(symbol)

    prices = Watched()
    look = MarketLook(prices)
    asked = [
        topic for text in ("/market/ticker:BTC-USDT", "/market/snapshot:BTC-USDT") for topic in topics(Venue.SPOT, text)
    ]
    look.anew(clock(), clock())
    assert len([row for topic in asked for row in news_of(look, topic)]) == 2
    assert prices.looks == [BTC]
