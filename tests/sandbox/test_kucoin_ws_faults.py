import asyncio
import json
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidMessage

from chatbot.core.feed import Channel
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.faults import Fault
from chatbot.sandbox.kucoin_ws_junk import FEED_HUGE_BYTES
from chatbot.sandbox.world import Sandbox
from tests.sandbox.listener import PATIENCE, Listener, address, listening, still
from tests.sandbox.worlds import BTC, Clock, Json

TICKER = "/market/ticker:BTC-USDT"
ROUND = 20
"""Pieces of rubbish until it begins again."""

Story = Callable[[Sandbox, Clock, Listener], Awaitable[None]]


def run(story: Story) -> None:
    """With a private session that hears tickers and balances."""

    async def main() -> None:
        clock = Clock()
        async with still(clock) as sandbox, listening(sandbox, channel=Channel.PRIVATE) as listener:
            await listener.subscribes(TICKER)
            await listener.subscribes("/account/balance", private=True)
            assert prices(await listener.told()) == ["67412.3"]
            await story(sandbox, clock, listener)

    asyncio.run(main())


def prices(news: list[dict[str, Json]]) -> list[str]:
    return [each["data"]["price"] for each in news if each["topic"] == TICKER]


def move(sandbox: Sandbox, to: int) -> None:
    sandbox.prices.move(BTC, Decimal(to))
    sandbox.sockets.pump()


async def drained(listener: Listener) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            await listener.socket.recv()


def test_a_dropped_feed_cuts_everybody_and_lets_nobody_in() -> None:
    async def story(sandbox: Sandbox, _: Clock, listener: Listener) -> None:
        sandbox.faults.switch(Fault.FEED_DROP, on=True)
        sandbox.sockets.pump()
        assert sandbox.sockets.sessions == []
        with pytest.raises(ConnectionClosed) as caught:
            await drained(listener)
        assert caught.value.rcvd is None
        assert isinstance(caught.value.__cause__, ConnectionResetError)
        with pytest.raises(InvalidMessage):
            await connect(await address(sandbox))
        sandbox.faults.switch(Fault.FEED_DROP, on=False)
        async with listening(sandbox) as again:
            await again.subscribes(TICKER)

    run(story)


def test_a_half_open_feed_says_nothing_at_all_and_stays_connected() -> None:
    async def story(sandbox: Sandbox, clock: Clock, listener: Listener) -> None:
        sandbox.faults.switch(Fault.FEED_HALF_OPEN, on=True)
        sandbox.sockets.pump()
        pong = asyncio.ensure_future(await listener.socket.ping())
        await listener.says("ping")
        sandbox.exchange.deposit(Pocket.MAIN, "USDT", Decimal(5))
        move(sandbox, 70_000)
        async with connect(await address(sandbox)) as late:
            clock.advance(3600)
            sandbox.sockets.pump()
            assert not pong.done()
            sandbox.faults.switch(Fault.FEED_HALF_OPEN, on=False)
            sandbox.sockets.pump()
            await late.send('{"id":"1","type":"ping"}')
            assert json.loads(await late.recv()) == {"id": "1", "type": "pong"}
        news = [await listener.hears() for _ in range(2)]
        assert [each.get("type") for each in news] == ["message", "pong"]
        assert prices(news[:1]) == ["70000"]
        assert await listener.told() == []
        await pong

    run(story)


def test_a_stalled_feed_answers_but_tells_nothing() -> None:
    async def story(sandbox: Sandbox, _: Clock, listener: Listener) -> None:
        sandbox.faults.switch(Fault.FEED_STALL, on=True)
        sandbox.exchange.deposit(Pocket.MAIN, "USDT", Decimal(5))
        move(sandbox, 70_000)
        await listener.subscribes("/market/ticker:ETH-USDT")
        assert await listener.told() == []
        sandbox.faults.switch(Fault.FEED_STALL, on=False)
        sandbox.sockets.pump()
        assert {each["topic"] for each in await listener.told()} == {TICKER, "/market/ticker:ETH-USDT"}

    run(story)


def test_a_feed_of_garbage_throws_all_sorts_among_its_news() -> None:
    async def story(sandbox: Sandbox, _: Clock, listener: Listener) -> None:
        sandbox.faults.switch(Fault.FEED_GARBAGE, on=True)
        for number in range(ROUND):
            move(sandbox, 70_000 + number)
        frames = [await listener.frame() for _ in range(2 * ROUND)]
        assert sum(isinstance(frame, bytes) for frame in frames) == 1
        assert sum(len(frame) > FEED_HUGE_BYTES for frame in frames) == 1
        assert sum(not is_json(frame) for frame in frames) == 3
        real = [frame for frame in frames if isinstance(frame, str) and '"bestAsk"' in frame]
        assert prices([json.loads(frame) for frame in real]) == [str(70_000 + number) for number in range(ROUND)]
        sandbox.faults.switch(Fault.FEED_GARBAGE, on=False)
        move(sandbox, 60_000)
        assert prices(await listener.told()) == ["60000"]

    run(story)


def is_json(frame: str | bytes) -> bool:
    try:
        json.loads(frame)
    except ValueError:
        return False
    return True


def test_a_regressing_feed_repeats_old_prices_under_their_old_numbers() -> None:
    async def story(sandbox: Sandbox, _: Clock, listener: Listener) -> None:
        for price in (70_000, 71_000):
            move(sandbox, price)
        sandbox.faults.switch(Fault.FEED_REGRESS, on=True)
        move(sandbox, 72_000)
        news = await listener.told()
        assert prices(news) == ["70000", "71000", "72000", "67412.3", "72000"]
        numbers = [int(each["data"]["sequence"]) for each in news]
        assert numbers[:3] == sorted(set(numbers))[1:]
        assert numbers[3] < numbers[0]
        assert numbers[4] == numbers[2]
        sandbox.faults.switch(Fault.FEED_REGRESS, on=False)
        move(sandbox, 73_000)
        assert prices(await listener.told()) == ["73000"]

    run(story)


def test_private_news_is_repeated_too() -> None:
    async def story(sandbox: Sandbox, _: Clock, listener: Listener) -> None:
        sandbox.faults.switch(Fault.FEED_REGRESS, on=True)
        sandbox.exchange.deposit(Pocket.MAIN, "USDT", Decimal(5))
        sandbox.sockets.pump()
        events = [each["id"] for each in await listener.told() if each["topic"] == "/account/balance"]
        assert len(events) == 2
        assert len(set(events)) == 1

    run(story)


def test_a_clock_that_is_ahead_is_told_as_it_is() -> None:
    async def story(sandbox: Sandbox, clock: Clock, listener: Listener) -> None:
        sandbox.faults.switch(Fault.CLOCK_AHEAD, on=True)
        move(sandbox, 70_000)
        (ticker,) = await listener.told()
        assert ticker["data"]["time"] == int(clock().timestamp() * 1000) + 120_000

    run(story)
