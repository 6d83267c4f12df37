import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from chatbot.core.feed import Channel, FeedGap, MoneyMoved, OrderNews, PredictedRate, Said, Stream, Tick
from chatbot.core.market import Symbol, Venue
from chatbot.core.times import to_millis
from chatbot.kucoin.feed import Feed
from tests.kucoin.ws_server import (
    NOON,
    PATIENCE,
    Clock,
    Json,
    Kucoin,
    Link,
    Listener,
    listening,
    rest_for,
    serving,
    until,
)

BTC, ETH, PERP = Symbol("BTC-USDT"), Symbol("ETH-USDT"), Symbol("XBTUSDTM")
SPOT_PRICES = Stream(venue=Venue.SPOT, channel=Channel.PUBLIC)
MILLIS = to_millis(NOON)

Story = Callable[[], Awaitable[None]]


def play(story: Story) -> None:
    asyncio.run(_awaited(story))


async def _awaited(story: Story) -> None:
    await story()


async def followed(listener: Listener, *symbols: Symbol) -> None:
    """Spot ticks of these, or of BTC, and all is confirmed."""
    listener.feed.follow([(symbol, Venue.SPOT) for symbol in symbols or (BTC,)], [])
    await until(listener.up)


async def heard(listener: Listener, price: str, sequence: int = 1, millis: int = MILLIS) -> None:
    await listener.kucoin.link.tick(sequence, price, millis)
    await until(lambda: price in listener.prices)


def test_nothing_is_connected_while_nothing_is_followed() -> None:
    async def story() -> None:
        async with listening(Venue.SPOT, Venue.FUTURES) as listener:
            await listener.minutes(1)
            assert listener.kucoin.asked == []
            assert [(state.topics, state.down_since) for state in listener.feed.states()] == [(0, None), (0, None)]

    play(story)


def test_ticks_of_both_venues_and_rates_arrive() -> None:
    async def story() -> None:
        async with listening(Venue.SPOT, Venue.FUTURES) as listener:
            listener.feed.follow([(BTC, Venue.SPOT), (PERP, Venue.FUTURES)], [PERP])
            await until(listener.up)
            spot, futures = sorted(listener.kucoin.links, key=lambda link: len(link.held))
            assert spot.held == ["/market/ticker:BTC-USDT"]
            assert sorted(futures.held) == ["/contract/instrument:XBTUSDTM", "/contractMarket/ticker:XBTUSDTM"]
            await spot.tick(1, "67412.30", MILLIS)
            rate = {"granularity": 60000, "fundingRate": 0.0001, "timestamp": MILLIS}
            frame = {
                "topic": "/contract/instrument:XBTUSDTM",
                "type": "message",
                "subject": "funding.rate",
                "data": rate,
            }
            await futures.socket.send(json.dumps(frame))
            await until(lambda: len(listener.news) == 2)
            assert listener.prices == ["67412.30"]
            assert any(isinstance(news, PredictedRate) for news in listener.news)
            assert listener.gaps == []
            assert all(state.heard_at == NOON for state in listener.feed.states())

    play(story)


def test_the_accounts_own_news_arrive_with_a_signed_token() -> None:
    async def story() -> None:
        async with listening(Venue.SPOT, Venue.FUTURES, channels=(Channel.PRIVATE,)) as listener:
            await until(listener.up)
            assert listener.kucoin.asked == ["POST /api/v1/bullet-private"] * 2
            assert sorted(topic for link in listener.kucoin.links for topic in link.held) == [
                "/account/balance",
                "/contract/positionAll",
                "/contractMarket/tradeOrders",
                "/spotMarket/tradeOrdersV2",
            ]
            subscribed = [message for link in listener.kucoin.links for message in link.heard]
            assert all(message["privateChannel"] for message in subscribed)
            (spot,) = (link for link in listener.kucoin.links if "/account/balance" in link.held)
            order = {"symbol": BTC, "orderId": "67", "clientOid": "t1", "ts": MILLIS * 10**6}
            await spot.socket.send(_frame("/spotMarket/tradeOrdersV2", order))
            money = {"currency": "USDT", "availableChange": "5", "holdChange": "0", "relationEvent": "main.deposit"}
            await spot.socket.send(_frame("/account/balance", {**money, "time": str(MILLIS)}))
            await until(lambda: len(listener.news) == 2)
            assert [type(news) for news in listener.news] == [OrderNews, MoneyMoved]

    play(story)


def _frame(topic: str, data: Json) -> str:
    return json.dumps({"type": "message", "topic": topic, "subject": "any", "data": data})


def test_what_is_followed_changes_without_another_connection() -> None:
    async def story() -> None:
        async with listening() as listener:
            await followed(listener, BTC)
            listener.feed.follow([(BTC, Venue.SPOT)], [])
            listener.feed.follow([(ETH, Venue.SPOT)], [])
            link = listener.kucoin.link
            await until(lambda: len(link.held) == 3)
            said = [(message["type"], message["topic"]) for message in link.heard]
            assert said == [
                ("subscribe", "/market/ticker:BTC-USDT"),
                ("unsubscribe", "/market/ticker:BTC-USDT"),
                ("subscribe", "/market/ticker:ETH-USDT"),
            ]
            listener.feed.follow([], [])
            await until(lambda: listener.kucoin.dead_links == 1)
            assert len(listener.kucoin.links) == 1
            assert listener.gaps == []

    play(story)


def test_many_symbols_are_spread_over_connections_a_hundred_at_a_time() -> None:
    async def story() -> None:
        async with listening() as listener:
            await followed(listener, *(Symbol(f"S{number}-USDT") for number in range(300)))
            named = [[len(topic.split(",")) for topic in link.subscriptions()] for link in listener.kucoin.links]
            assert sorted(named) == [[20], [100, 100, 80]]

    play(story)


async def close_cleanly(link: Link) -> None:
    await link.socket.close()


async def close_as_after_a_day(link: Link) -> None:
    await link.socket.close(1012, "token expired")


async def reset(link: Link) -> None:
    link.socket.transport.abort()


async def send_too_much(link: Link) -> None:
    with contextlib.suppress(Exception):
        await link.socket.send("x" * 5_000_000)


async def send_no_text(link: Link) -> None:
    await link.socket.send(b"\xff\xfe", text=True)


BREAKS = [close_cleanly, close_as_after_a_day, reset, send_too_much, send_no_text]


@pytest.mark.parametrize("broken", BREAKS)
def test_a_lost_connection_is_replaced_and_the_gap_is_told_once(broken: Callable[[Link], Awaitable[None]]) -> None:
    async def story() -> None:
        async with listening() as listener:
            await followed(listener)
            await heard(listener, "1")
            listener.clock.advance(5)
            await broken(listener.kucoin.link)
            await listener.again()
            (gap,) = listener.gaps
            assert (gap.stream, gap.since, gap.until) == (SPOT_PRICES, NOON, listener.clock.time)
            assert gap.reason
            state = listener.state()
            assert (state.reconnects, state.reason) == (1, gap.reason)
            assert len(set(listener.kucoin.tokens)) == 2
            await heard(listener, "2", millis=MILLIS)
            assert listener.kucoin.link.held == ["/market/ticker:BTC-USDT"]

    play(story)


def test_a_tick_older_than_the_last_does_not_get_through_a_new_connection() -> None:
    async def story() -> None:
        async with listening() as listener:
            await followed(listener)
            await heard(listener, "1", sequence=900)
            await reset(listener.kucoin.link)
            await listener.again()
            await listener.kucoin.link.tick(1, "2", MILLIS - 1)
            await heard(listener, "3", sequence=2, millis=MILLIS + 5)
            assert listener.prices == ["1", "3"]
            assert listener.state().garbage == 1

    play(story)


def test_that_the_feed_cannot_be_reached_is_told_in_words_and_logged_by_its_kind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        async with listening() as listener:
            listener.kucoin.refuses = True
            listener.feed.follow([(BTC, Venue.SPOT)], [])
            await until(lambda: bool(listener.state().reason))
            assert listener.state().reason == "KuCoin's feed cannot be reached."

    caplog.set_level(logging.INFO)
    play(story)
    assert "the feed cannot be reached: InvalidStatus" in caplog.text


def test_pauses_grow_while_kucoin_is_away_and_begin_anew_after_a_healthy_minute() -> None:
    async def story() -> None:
        async with listening() as listener:
            listener.kucoin.refuses = True
            listener.feed.follow([(BTC, Venue.SPOT)], [])
            await listener.minutes(8)
            pauses = listener.clock.slept
            assert pauses[:8] == [0.5, 1, 2, 4, 8, 16, 30, 30]
            assert set(pauses[8:]) == {30}
            state = listener.state()
            assert (state.down_since, state.heard_at, state.reconnects) == (NOON, None, 0)
            assert state.reason == "KuCoin's feed cannot be reached."
            listener.kucoin.refuses = False
            while not listener.up():
                await listener.minutes(0.1)
            assert listener.gaps == []
            await listener.minutes(2)
            pauses.clear()
            await reset(listener.kucoin.link)
            await until(lambda: not listener.up())
            assert 0.5 in pauses

    play(story)


def test_an_outage_of_many_attempts_is_one_gap_since_the_last_word() -> None:
    async def story() -> None:
        async with listening() as listener:
            await followed(listener)
            listener.clock.advance(3)
            await heard(listener, "1")
            listener.kucoin.refuses = True
            await close_cleanly(listener.kucoin.link)
            await until(lambda: not listener.up())
            await listener.minutes(5)
            assert listener.state().down_since == NOON + timedelta(seconds=3)
            listener.kucoin.refuses = False
            while not listener.up():
                await listener.minutes(0.1)
            (gap,) = listener.gaps
            assert gap.since == NOON + timedelta(seconds=3)
            assert gap.until - gap.since > timedelta(minutes=5)
            assert gap.reason == "KuCoin closed the connection (1000)."
            assert listener.state().reconnects == 1

    play(story)


def test_a_half_open_connection_is_found_out_within_half_a_minute() -> None:
    async def story() -> None:
        async with listening() as listener:
            await followed(listener)
            listener.kucoin.pongs = False
            await listener.minutes(0.4)
            await heard(listener, "1")
            while listener.up():
                await listener.minutes(1 / 60)
            assert listener.clock.seconds() <= 30
            assert listener.gaps == []
            assert listener.state().reason == "A ping was not answered."
            listener.kucoin.pongs = True
            await listener.again()
            assert [gap.reason for gap in listener.gaps] == ["A ping was not answered."]

    play(story)


def test_a_quiet_market_is_no_reason_to_reconnect() -> None:
    async def story() -> None:
        async with listening() as listener:
            await followed(listener)
            await listener.minutes(60)
            assert len(listener.kucoin.links) == 1
            pings = [message for message in listener.kucoin.link.heard if message["type"] == "ping"]
            assert 195 <= len(pings) <= 200
            assert listener.gaps == []

    play(story)


def test_a_process_that_was_suspended_does_not_believe_what_waited_for_it() -> None:
    async def story() -> None:
        async with listening() as listener:
            await followed(listener)
            await heard(listener, "1")
            listener.clock.time += timedelta(hours=3)
            await listener.kucoin.link.tick(2, "2", MILLIS)
            await listener.again()
            assert listener.prices == ["1"]
            (gap,) = listener.gaps
            assert gap.since == NOON
            assert gap.until - gap.since >= timedelta(hours=3)

    play(story)


@pytest.mark.parametrize(("switch", "reason"), [("welcomes", "No welcome came."), ("acks", "was not confirmed")])
def test_a_connection_that_never_gets_going_is_given_up(switch: str, reason: str) -> None:
    async def story() -> None:
        async with listening() as listener:
            setattr(listener.kucoin, switch, False)
            listener.feed.follow([(BTC, Venue.SPOT)], [])
            await until(lambda: bool(listener.kucoin.links))
            await listener.minutes(0.2)
            await until(lambda: reason in listener.state().reason)
            setattr(listener.kucoin, switch, True)
            while not listener.up():
                await listener.minutes(0.1)
            assert listener.gaps == []

    play(story)


def test_a_connection_lost_before_all_was_confirmed_begins_anew_with_all() -> None:
    async def story() -> None:
        async with listening() as listener:
            listener.kucoin.acks = False
            symbols = [Symbol(f"S{number}-USDT") for number in range(150)]
            listener.feed.follow([(symbol, Venue.SPOT) for symbol in symbols], [])
            await until(lambda: bool(listener.kucoin.links) and bool(listener.kucoin.link.heard))
            await reset(listener.kucoin.link)
            listener.kucoin.acks = True
            while not listener.up():
                await listener.minutes(0.1)
            assert [len(topic.split(",")) for topic in listener.kucoin.link.subscriptions()] == [100, 50]
            assert listener.gaps == []

    play(story)


def test_garbage_is_counted_and_the_connection_goes_on() -> None:
    async def story() -> None:
        async with listening() as listener:
            await followed(listener)
            for junk in ("", "{", "[]", b"\x00\xff", '{"type":"surprise"}', '{"topic":"/market/ticker:BTC-USDT"}'):
                await listener.kucoin.link.socket.send(junk)
            await heard(listener, "1")
            assert listener.state().garbage == 6
            await reset(listener.kucoin.link)
            await listener.again()
            assert listener.state().garbage == 6
            assert len(listener.kucoin.links) == 2

    play(story)


MUTE = "no tick came, though the price moved"


def test_a_mute_stream_begins_anew_and_the_gap_reaches_from_its_last_news_to_its_next() -> None:
    async def story() -> None:
        async with listening(Venue.SPOT, channels=(Channel.PUBLIC, Channel.PRIVATE)) as listener:
            listener.feed.follow([(BTC, Venue.SPOT)], [])
            await until(listener.up)
            (prices,) = (link for link in listener.kucoin.links if link.held == ["/market/ticker:BTC-USDT"])
            await prices.tick(1, "1", MILLIS)
            await until(lambda: listener.prices == ["1"])
            await listener.minutes(10)
            listener.feed.restart(BTC, Venue.SPOT, MUTE)
            await until(lambda: not listener.up())
            await listener.minutes(5)
            assert len(listener.kucoin.links) == 3
            assert listener.kucoin.link.held == ["/market/ticker:BTC-USDT"]
            (state,) = (state for state in listener.feed.states() if state.stream == SPOT_PRICES)
            assert (state.down_since, state.reason) == (NOON, MUTE), "connected again, and as mute as before"
            assert listener.gaps == []
            await heard(listener, "2", millis=MILLIS + 900_000)
            await until(lambda: bool(listener.gaps))
            assert listener.gaps == [FeedGap(stream=SPOT_PRICES, since=NOON, until=listener.clock.time, reason=MUTE)]
            assert listener.up()
            await reset(listener.kucoin.link)
            await listener.again()
            assert len(listener.gaps) == 2, "a connection that was merely lost needs no news to be back"

    play(story)


def test_only_the_connection_of_the_mute_symbol_begins_anew() -> None:
    async def story() -> None:
        async with listening() as listener:
            symbols = sorted(Symbol(f"S{number}-USDT") for number in range(300))
            await followed(listener, *symbols)
            listener.feed.restart(symbols[-1], Venue.SPOT, MUTE)
            listener.feed.restart(PERP, Venue.SPOT, "nobody listens to it")
            await until(lambda: len(listener.kucoin.links) == 2 and listener.kucoin.dead_links == 1)
            while len(listener.kucoin.links) == 2:
                await listener.minutes(0.1)
            await until(lambda: listener.kucoin.link.held != [])
            assert [len(topic.split(",")) for topic in listener.kucoin.link.held] == [20]

    play(story)


def test_what_a_connection_said_of_a_symbol_is_known_and_forgotten_with_it() -> None:
    async def story() -> None:
        async with listening() as listener:

            def said(symbol: Symbol = BTC) -> Said | None:
                return listener.feed.said(symbol, Venue.SPOT)

            assert said() is None
            listener.kucoin.acks = False
            listener.feed.follow([(BTC, Venue.SPOT)], [])
            await until(lambda: bool(listener.kucoin.links) and bool(listener.kucoin.link.heard))
            assert said() is None
            listener.kucoin.acks = True
            await reset(listener.kucoin.link)
            while not listener.up():
                await listener.minutes(0.1)
            first = said()
            assert first is not None
            assert first.tick is None
            await heard(listener, "1")
            assert said() == Said(opened=first.opened, tick=Tick(BTC, "1", MILLIS))
            assert said(ETH) is None
            await reset(listener.kucoin.link)
            await until(lambda: not listener.up())
            assert said() is None
            while not listener.up():
                await listener.minutes(0.1)
            again = said()
            assert again is not None
            assert again.opened > first.opened
            assert again.tick is None

    play(story)


def test_a_gap_of_two_connections_is_told_when_both_are_back() -> None:
    async def story() -> None:
        async with listening() as listener:
            await followed(listener, *(Symbol(f"S{number}-USDT") for number in range(300)))
            first, second = listener.kucoin.links
            await reset(first)
            await until(lambda: not listener.up())
            listener.clock.advance(0.2)
            await reset(second)
            await until(lambda: listener.state().reconnects == 2)
            listener.clock.advance(0.3)
            await until(lambda: len(listener.kucoin.links) == 3 and len(listener.kucoin.link.held) > 0)
            await asyncio.sleep(0)
            assert listener.gaps == []
            while not listener.up():
                await listener.minutes(0.1)
            (gap,) = listener.gaps
            assert gap.since == NOON

    play(story)


def _says(status: int, body: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, stream=httpx.ByteStream(body.encode()))


TOKEN_TROUBLES = [
    _says(502, "<html>bad gateway</html>"),
    _says(401, '{"code":"400003","msg":"KC-API-KEY not exists"}'),
    _says(429, '{"code":"429000","msg":"Too many requests"}'),
    _says(200, '{"code":"200000","data":null}'),
    _says(200, '{"code":"200000","data":{"token":"very+secret/","instanceServers":[]}}'),
    _says(
        200,
        '{"code":"200000","data":{"token":"very+secret/","instanceServers":'
        '[{"endpoint":"ws://very+secret:1@x/","pingInterval":18000,"pingTimeout":10000}]}}',
    ),
    _says(
        200,
        '{"code":"200000","data":{"token":"very+secret/","instanceServers":'
        '[{"endpoint":"ws://[very+secret","pingInterval":18000,"pingTimeout":10000}]}}',
    ),
    _says(
        200,
        '{"code":"200000","data":{"token":"very+secret/","instanceServers":'
        '[{"endpoint":"ws://127.0.0.1:1/","pingInterval":18000,"pingTimeout":10000}]}}',
    ),
    _says(
        200,
        '{"code":"200000","data":{"token":"very+secret/","instanceServers":'
        '[{"endpoint":"ws://127.0.0.1:1/","pingInterval":0,"pingTimeout":10000}]}}',
    ),
]


@pytest.mark.parametrize("trouble", TOKEN_TROUBLES, ids=range(len(TOKEN_TROUBLES)))
def test_a_token_that_cannot_be_had_or_used_is_asked_for_again(
    trouble: Callable[[httpx.Request], httpx.Response], caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with listening() as listener:
            listener.kucoin.token_answer = trouble
            listener.feed.follow([(BTC, Venue.SPOT)], [])
            await listener.minutes(1)
            assert listener.state().reason
            assert "secret" not in listener.state().reason
            listener.kucoin.token_answer = None
            while not listener.up():
                await listener.minutes(0.1)

    caplog.set_level(logging.DEBUG)
    play(story)
    assert "secret" not in caplog.text


def test_no_token_is_ever_logged_or_told(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with listening() as listener:
            await followed(listener)
            await send_too_much(listener.kucoin.link)
            await listener.again()
            query = parse_qs(urlsplit(listener.kucoin.paths[0]).query)
            assert query["token"] == ["very+secret/0=="]
            assert len(query["connectId"][0]) == 16
            told.append(repr(listener.gaps) + repr(listener.feed.states()))

    told: list[str] = []
    caplog.set_level(logging.DEBUG)
    play(story)
    assert "very" not in caplog.text + told[0]
    assert "whole again" in caplog.text


def test_who_asks_over_tls_gets_no_connection_without_it() -> None:
    async def story() -> None:
        async with listening(url="https://kucoin.test") as listener:
            listener.feed.follow([(BTC, Venue.SPOT)], [])
            await until(lambda: bool(listener.state().reason))
            assert "no address of a feed" in listener.state().reason
            assert listener.kucoin.links == []

    play(story)


def test_no_more_connections_are_opened_than_kucoin_takes() -> None:
    async def story() -> None:
        async with listening() as listener:
            listener.kucoin.refuses = True
            listener.feed.follow([(Symbol(f"S{number}-USDT"), Venue.SPOT) for number in range(280 * 9)], [])
            opened: list[float] = []
            for _ in range(360):
                listener.clock.advance(0.5)
                for _ in range(40):
                    await asyncio.sleep(0)
                opened += [listener.clock.seconds()] * (len(listener.kucoin.asked) - len(opened))
            assert len(opened) > 60
            assert all(later - earlier >= 58 for earlier, later in zip(opened, opened[25:], strict=False))

    play(story)


def test_what_the_listener_raises_ends_the_feed() -> None:
    def broken(_: object) -> None:
        raise LookupError("a mistake of ours")

    async def story() -> None:
        kucoin, clock = Kucoin(), Clock()
        async with serving(kucoin):
            rest = rest_for(kucoin, clock, Venue.SPOT)
            feed = Feed(rests={Venue.SPOT: rest}, channels=[Channel.PUBLIC], hear=broken, gap=broken, now=clock.now)
            feed.follow([(BTC, Venue.SPOT)], [])
            running = asyncio.create_task(feed.run())
            await until(lambda: bool(kucoin.links) and bool(kucoin.link.held))
            await kucoin.link.tick(1, "1", MILLIS)
            await asyncio.wait([running], timeout=PATIENCE)
            await rest.aclose()
            running.result()

    with pytest.raises(BaseExceptionGroup) as caught:
        play(story)
    assert caught.value.subgroup(LookupError) is not None
