import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidStatus

from chatbot.core.feed import Channel
from chatbot.core.market import Venue
from chatbot.sandbox.faults import Fault
from chatbot.sandbox.kucoin_ws import MOST_NEW, MOST_SESSIONS
from chatbot.sandbox.kucoin_ws_session import MOST_AT_ONCE, MOST_MESSAGES, MOST_TOPICS
from chatbot.sandbox.kucoin_ws_tokens import Heartbeat
from chatbot.sandbox.world import Sandbox
from tests.sandbox.listener import PATIENCE, Listener, address, bullet, listening, signed, still
from tests.sandbox.worlds import BTC, Clock, Json

TICKER = "/market/ticker:BTC-USDT"
QUICK = Heartbeat(interval=timedelta(seconds=2), timeout=timedelta(seconds=1))

Story = Callable[[Sandbox, Clock], Awaitable[None]]


def run(story: Story, heartbeat: Heartbeat | None = None) -> None:
    async def main() -> None:
        clock = Clock()
        async with still(clock, heartbeat=heartbeat) as sandbox:
            await story(sandbox, clock)

    asyncio.run(main())


async def refused(url: str) -> int:
    with pytest.raises(InvalidStatus) as caught:
        await connect(url)
    return caught.value.response.status_code


async def drained(socket: ClientConnection) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            await socket.recv()


async def ends(listener: Listener) -> ConnectionClosed:
    """How the session ends; news before that is passed over."""
    with pytest.raises(ConnectionClosed) as caught:
        await drained(listener.socket)
    return caught.value


@pytest.mark.parametrize("venue", Venue)
@pytest.mark.parametrize("channel", Channel)
def test_a_token_comes_with_where_to_go_and_how_often_to_ping(venue: Venue, channel: Channel) -> None:
    async def story(sandbox: Sandbox, _: Clock) -> None:
        answer = await bullet(sandbox, venue, channel)
        data = answer.json()["data"]
        (server,) = data["instanceServers"]
        assert urlsplit(server["endpoint"]).netloc == urlsplit(sandbox.url).netloc
        assert server == {
            "endpoint": server["endpoint"],
            "encrypt": False,
            "protocol": "websocket",
            "pingInterval": 18_000,
            "pingTimeout": 10_000,
        }
        again = (await bullet(sandbox, venue, channel)).json()["data"]
        assert again["token"] != data["token"]
        assert re.search(r"=", data["token"])
        assert re.search(r"\+", data["token"])
        limit = {("spot", "private"): 4000}.get((venue.value, channel.value), 2000)
        assert answer.headers["gw-ratelimit-limit"] == str(limit)
        assert answer.headers["gw-ratelimit-remaining"] == str(limit - 10)

    run(story)


def test_a_private_token_takes_a_signature() -> None:
    async def story(sandbox: Sandbox, _: Clock) -> None:
        async with httpx.AsyncClient(base_url=sandbox.spot_url) as client:
            path = "/api/v1/bullet-private"
            assert (await client.post(path)).json()["code"] == "400001"
            headers = signed(sandbox, "POST", path) | {"KC-API-SIGN": "AAAA"}
            assert (await client.post(path, headers=headers)).json()["code"] == "400005"
            key = sandbox.kucoin.keys[sandbox.access.key]
            sandbox.kucoin.keys[key.key] = replace(key, permissions=frozenset({"Spot"}))
            assert (await client.post(path, headers=signed(sandbox, "POST", path))).json()["code"] == "400007"

    run(story)


@pytest.mark.parametrize(("fault", "status"), [(Fault.RATE_LIMITED, 429), (Fault.UNAVAILABLE, 503)])
def test_tokens_are_refused_as_any_call_is(fault: Fault, status: int) -> None:
    async def story(sandbox: Sandbox, _: Clock) -> None:
        sandbox.faults.switch(fault, on=True)
        assert (await bullet(sandbox)).status_code == status

    run(story)


def test_only_a_whole_token_of_this_host_opens_the_door() -> None:
    async def story(sandbox: Sandbox, _: Clock) -> None:
        data = (await bullet(sandbox)).json()["data"]
        endpoint, token = data["instanceServers"][0]["endpoint"], data["token"]
        for bad in ("", "?token=made-up", f"?token={token}", f"?{urlencode({'token': token[:-1]})}"):
            assert await refused(endpoint + bad) == 401
        assert await refused(endpoint.replace("/spot/", "/futures/") + "?" + urlencode({"token": token})) == 401
        async with connect(f"{endpoint}?{urlencode({'token': token})}") as socket:
            welcome = json.loads(await socket.recv())
        assert welcome["type"] == "welcome"
        assert welcome["id"]

    run(story)


def test_a_token_lives_for_a_day() -> None:
    async def story(sandbox: Sandbox, clock: Clock) -> None:
        url = await address(sandbox)
        clock.advance(24 * 3600 - 1)
        async with connect(url) as socket:
            await socket.recv()
        clock.advance(1)
        assert await refused(url) == 401

    run(story)


def test_pings_are_answered_and_subscriptions_confirmed_when_asked() -> None:
    async def story(sandbox: Sandbox, _: Clock) -> None:
        async with listening(sandbox) as listener:
            assert await listener.asks("ping") == {"id": "1", "type": "pong"}
            assert await listener.asks("subscribe", topic=TICKER, response=True) == {"id": "2", "type": "ack"}
            assert [each["subject"] for each in await listener.told()] == ["trade.ticker"]
            await listener.says("subscribe", topic="/market/ticker:ETH-USDT", response=False)
            assert [each["topic"] for each in await listener.told()] == ["/market/ticker:ETH-USDT"]
            assert sandbox.sockets.topics(Venue.SPOT, Channel.PUBLIC) == [TICKER, "/market/ticker:ETH-USDT"]
            assert (await listener.asks("unsubscribe", topic=TICKER, response=True))["type"] == "ack"
            assert sandbox.sockets.topics(Venue.SPOT, Channel.PUBLIC) == ["/market/ticker:ETH-USDT"]
            await listener.says("unsubscribe", topic=TICKER)
            assert await listener.told() == []

    run(story)


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        (400, {"type": "subscribe", "topic": "market"}),
        (400, {"type": "subscribe", "topic": 5}),
        (400, {"type": "subscribe", "topic": "/market/ticker:"}),
        (400, {"type": "subscribe", "topic": "/market/ticker"}),
        (400, {"type": "subscribe", "topic": "/market/ticker:BTC-USDT,,ETH-USDT"}),
        (400, {"type": "subscribe", "topic": "/market/candles:BTC-USDT"}),
        (400, {"type": "subscribe", "topic": "/market/candles:BTC-USDT_7min"}),
        (403, {"type": "subscribe", "topic": "/spotMarket/tradeOrdersV2", "privateChannel": True}),
        (404, {"type": "subscribe", "topic": "/foo"}),
        (404, {"type": "subscribe", "topic": "/contractMarket/ticker:XBTUSDTM"}),
        (404, {"type": "unsubscribe", "topic": "/account/balance:USDT"}),
        (406, {"type": "subscribe"}),
        (406, {"type": "subscribe", "topic": ""}),
        (415, {"type": "shout"}),
        (415, {}),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_code(code: int, fields: dict[str, Json]) -> None:
    async def story(sandbox: Sandbox, _: Clock) -> None:
        async with listening(sandbox) as listener:
            await listener.socket.send(json.dumps({"id": "7", "response": True, **fields}))
            answer = await listener.hears()
            assert (answer["id"], answer["type"], answer["code"]) == ("7", "error", code)
            assert isinstance(answer["data"], str)
            assert sandbox.sockets.topics(Venue.SPOT, Channel.PUBLIC) == []

    run(story)


def test_what_is_no_message_is_refused_without_an_id() -> None:
    async def story(sandbox: Sandbox, _: Clock) -> None:
        async with listening(sandbox) as listener:
            for said in ("hello", "[]", "null", b'{"type":"ping"}'):
                await listener.socket.send(said)
                answer = await listener.hears()
                assert (answer["type"], answer["code"]) == ("error", 400)
                assert "id" not in answer

    run(story)


def test_private_topics_take_a_private_session_and_a_private_channel() -> None:
    async def story(sandbox: Sandbox, _: Clock) -> None:
        async with listening(sandbox, channel=Channel.PRIVATE) as listener:
            topic = "/account/balance"
            assert (await listener.asks("subscribe", topic=topic, response=True))["code"] == 403
            await listener.subscribes(topic, private=True)
            await listener.subscribes(TICKER)

    run(story)


def names(first: int, count: int) -> str:
    return "/market/ticker:" + ",".join(f"X{number}-USDT" for number in range(first, first + count))


def test_a_session_takes_a_hundred_topics_at_once_and_three_hundred_in_all() -> None:
    async def story(sandbox: Sandbox, _: Clock) -> None:
        async with listening(sandbox) as listener:
            too_many = await listener.asks("subscribe", topic=names(0, MOST_AT_ONCE + 1), response=True)
            assert too_many["code"] == 509
            for first in range(0, MOST_TOPICS, MOST_AT_ONCE):
                await listener.subscribes(names(first, MOST_AT_ONCE))
            assert (await listener.asks("subscribe", topic=TICKER, response=True))["code"] == 509
            await listener.subscribes(names(0, 5))
            await listener.asks("unsubscribe", topic=names(0, 1), response=True)
            await listener.subscribes(TICKER)

    run(story)


def test_a_client_may_say_a_hundred_things_in_ten_seconds() -> None:
    async def story(sandbox: Sandbox, clock: Clock) -> None:
        async with listening(sandbox) as listener:
            for _ in range(MOST_MESSAGES):
                assert (await listener.asks("ping"))["type"] == "pong"
            await listener.socket.send('{"type":"ping"}')
            assert (await listener.hears())["code"] == 509
            clock.advance(9.9)
            await listener.socket.send('{"type":"ping"}')
            assert (await listener.hears())["code"] == 509
            clock.advance(0.1)
            assert (await listener.asks("ping"))["type"] == "pong"

    run(story)


def test_too_many_connections_are_turned_away() -> None:
    async def open_and_hear(sandbox: Sandbox) -> Json:
        async with connect(await address(sandbox)) as socket:
            return json.loads(await socket.recv())

    async def story(sandbox: Sandbox, clock: Clock) -> None:
        for _ in range(MOST_NEW):
            assert (await open_and_hear(sandbox))["type"] == "welcome"
        answer = await open_and_hear(sandbox)
        assert (answer["type"], answer["code"]) == ("error", 509)
        clock.advance(60)
        opened = []
        for number in range(MOST_SESSIONS):
            clock.advance(60 * (number % MOST_NEW == 0))
            opened.append(await connect(await address(sandbox)))
        assert len(sandbox.sockets.of(Venue.SPOT, Channel.PUBLIC)) == MOST_SESSIONS
        clock.advance(60)
        assert (await open_and_hear(sandbox))["code"] == 509
        async with listening(sandbox, channel=Channel.PRIVATE):
            pass
        for socket in opened:
            await socket.close()

    run(story)


def test_a_client_that_does_not_ping_is_let_go() -> None:
    async def story(sandbox: Sandbox, clock: Clock) -> None:
        async with listening(sandbox) as listener:
            clock.advance(2.9)
            await listener.asks("ping")
            clock.advance(2.9)
            await listener.subscribes(TICKER)
            sandbox.sockets.pump()
            clock.advance(0.2)
            sandbox.sockets.pump()
            assert sandbox.sockets.sessions == []
            assert [each["subject"] for each in [await listener.hears()]] == ["trade.ticker"]
            answer = await listener.hears()
            assert (answer["type"], answer["code"]) == ("error", 400)
            assert isinstance(await ends(listener), ConnectionClosedOK)

    run(story, QUICK)


def test_a_session_lasts_for_a_day() -> None:
    async def story(sandbox: Sandbox, clock: Clock) -> None:
        async with listening(sandbox) as listener:
            clock.advance(24 * 3600 - 1)
            sandbox.sockets.pump()
            assert (await listener.asks("ping"))["type"] == "pong"
            clock.advance(1)
            sandbox.sockets.pump()
            assert isinstance(await ends(listener), ConnectionClosedOK)

    run(story, Heartbeat(interval=timedelta(hours=25)))


def test_sessions_are_counted_and_one_can_be_cut() -> None:
    async def story(sandbox: Sandbox, _: Clock) -> None:
        async with listening(sandbox) as first, listening(sandbox) as second, listening(sandbox, Venue.FUTURES):
            spot = sandbox.sockets.of(Venue.SPOT, Channel.PUBLIC)
            assert [session.connect_id for session in spot] == ["c-1", "c-1"]
            assert len(sandbox.sockets.of(Venue.FUTURES, Channel.PUBLIC)) == 1
            assert sandbox.sockets.of(Venue.SPOT, Channel.PRIVATE) == []
            spot[0].cut()
            end = await ends(first)
            assert end.rcvd is None
            assert isinstance(end.__cause__, ConnectionResetError)
            assert (await second.asks("ping"))["type"] == "pong"
            assert sandbox.sockets.of(Venue.SPOT, Channel.PUBLIC) == [spot[1]]

    run(story)


def test_a_client_that_leaves_is_forgotten() -> None:
    async def story(sandbox: Sandbox, _: Clock) -> None:
        async with listening(sandbox) as other:
            async with listening(sandbox) as listener:
                await listener.subscribes(TICKER)
            await other.asks("ping")
            assert len(sandbox.sockets.sessions) == 1
            sandbox.sockets.pump()

    run(story)


def test_a_client_that_does_not_read_is_cut() -> None:
    async def story(sandbox: Sandbox, _: Clock) -> None:
        async with connect(await address(sandbox), max_queue=1, ping_interval=None, max_size=None) as socket:
            (session,) = sandbox.sockets.sessions
            await socket.recv()
            for number in range(10_001):
                session.put(f"{number}:" + "x" * 2_000)
            with pytest.raises(ConnectionClosed):
                await drained(socket)

    run(story)


def test_it_says_what_is_new_by_itself() -> None:
    async def main() -> None:
        async with still(Clock(), pace=0.01) as sandbox, listening(sandbox) as listener:
            await listener.subscribes(TICKER)
            await listener.told()
            sandbox.prices.move(BTC, Decimal(70_000))
            assert (await listener.hears())["data"]["price"] == "70000"

    asyncio.run(main())


def test_open_sessions_do_not_hold_up_the_stop() -> None:
    async def main() -> None:
        sandbox = still(Clock())
        await sandbox.__aenter__()
        async with listening(sandbox) as listener, listening(sandbox, Venue.FUTURES) as frozen:
            sandbox.sockets.of(Venue.FUTURES, Channel.PUBLIC)[0].freeze(True, sandbox.exchange.now)
            async with asyncio.timeout(1.5):
                await sandbox.__aexit__(None, None, None)
            end = await ends(listener)
            assert end.rcvd is not None
            assert end.rcvd.code == 1012
            await ends(frozen)

    asyncio.run(main())


def test_a_full_line_does_not_hold_up_the_stop() -> None:
    async def main() -> None:
        sandbox = still(Clock())
        await sandbox.__aenter__()
        deaf = connect(await address(sandbox), max_queue=1, ping_interval=None, max_size=None, close_timeout=0.1)
        async with deaf:
            (session,) = sandbox.sockets.sessions
            for _ in range(20):
                session.put("x" * 1_000_000)
            async with asyncio.timeout(PATIENCE):
                await sandbox.__aexit__(None, None, None)

    asyncio.run(main())
