"""The feed against the sandbox's websocket on a loopback port, with its faults."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest

from chatbot.core.feed import Channel, FeedGap, News, OrderNews, Stream, Tick
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import OrderSpec, OrderType, Side
from chatbot.core.times import utc_now
from chatbot.kucoin.clock import ExchangeClock
from chatbot.kucoin.feed import Feed
from chatbot.kucoin.orders import Orders
from chatbot.kucoin.pools import Pools
from chatbot.kucoin.rest import Host, Rest
from chatbot.kucoin.signing import Credentials
from chatbot.kucoin.timing import Timing
from chatbot.sandbox.faults import Fault
from chatbot.sandbox.kucoin_ws_tokens import KUCOINS, Heartbeat
from chatbot.sandbox.world import Sandbox

BTC, PERP = Symbol("BTC-USDT"), Symbol("XBTUSDTM")
SPOT_PRICES = Stream(venue=Venue.SPOT, channel=Channel.PUBLIC)
QUICK = Heartbeat(interval=timedelta(seconds=0.4), timeout=timedelta(seconds=0.3))
PATIENCE = 10.0
"""Real seconds after which a test that waits has failed."""


@dataclass
class Scene:
    sandbox: Sandbox
    spot: Rest
    futures: Rest
    news: list[News] = field(default_factory=list)
    gaps: list[FeedGap] = field(default_factory=list)

    def feed(self) -> Feed:
        return Feed(
            rests={Venue.SPOT: self.spot, Venue.FUTURES: self.futures},
            channels=tuple(Channel),
            hear=self.news.append,
            gap=self.gaps.append,
            now=utc_now,
            timing=Timing(sleep=briefly),
        )

    def digits(self, symbol: Symbol) -> list[str]:
        return [news.digits for news in self.news if isinstance(news, Tick) and news.symbol == symbol]

    def garbage(self, feed: Feed) -> int:
        return sum(state.garbage for state in feed.states())

    async def moved(self, price: str) -> None:
        """The price moves, and the feed tells it."""
        self.sandbox.prices.move(BTC, Decimal(price))
        await until(lambda: price in self.digits(BTC))


async def briefly(seconds: float) -> None:
    """Pauses are cut short: whoever keeps a connection looks at the clock again."""
    await asyncio.sleep(min(seconds, 0.02))


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not look():  # noqa: ASYNC110 - what is looked at belongs to no event
            await asyncio.sleep(0.005)


def up(feed: Feed) -> bool:
    return all(state.topics and state.down_since is None for state in feed.states())


@asynccontextmanager
async def scene(heartbeat: Heartbeat) -> AsyncIterator[tuple[Scene, Feed]]:
    """All four streams are up. Prices stand still until they are moved."""
    async with Sandbox(seed=1, volatility=0.0, heartbeat=heartbeat, pace=0.01) as sandbox:
        access = sandbox.access
        credentials = Credentials(key=access.key, secret=access.secret, passphrase=access.passphrase)
        clock, pools = ExchangeClock(utc_now), Pools(now=utc_now, sleep=briefly)
        hosts = [
            Host(url=url, venue=venue, credentials=credentials)
            for venue, url in ((Venue.SPOT, sandbox.spot_url), (Venue.FUTURES, sandbox.futures_url))
        ]
        spot, futures = (Rest(host, clock=clock, pools=pools) for host in hosts)
        async with spot, futures:
            act = Scene(sandbox, spot, futures)
            feed = act.feed()
            feed.follow([(BTC, Venue.SPOT), (PERP, Venue.FUTURES)], [PERP])
            running = asyncio.create_task(feed.run())
            try:
                await until(lambda: up(feed))
                yield act, feed
                assert not running.done()
            finally:
                running.cancel()
                await asyncio.wait([running])


Act = Callable[[Scene, Feed], Awaitable[None]]


def play(act: Act, heartbeat: Heartbeat = KUCOINS) -> None:
    async def main() -> None:
        async with scene(heartbeat) as (stage, feed):
            await act(stage, feed)

    asyncio.run(main())


def test_ticks_of_both_venues_arrive() -> None:
    async def act(scene: Scene, feed: Feed) -> None:
        await until(lambda: bool(scene.digits(BTC) and scene.digits(PERP)))
        await scene.moved("68000")
        assert scene.gaps == []
        assert scene.garbage(feed) == 0

    play(act)


def test_news_of_an_order_arrive() -> None:
    async def act(scene: Scene, feed: Feed) -> None:
        spec = OrderSpec(
            client_oid="t418",
            symbol=BTC,
            venue=Venue.SPOT,
            side=Side.BUY,
            type=OrderType.MARKET,
            size=None,
            funds=Decimal(100),
            price=None,
        )
        order_id = await Orders(scene.spot, scene.futures).place(spec)
        await until(lambda: any(isinstance(news, OrderNews) for news in scene.news))
        told = [news for news in scene.news if isinstance(news, OrderNews)]
        assert {(news.order_id, news.client_oid, news.symbol, news.venue) for news in told} == {
            (order_id, "t418", BTC, Venue.SPOT)
        }
        assert scene.garbage(feed) == 0

    play(act)


@pytest.mark.parametrize("fault", [Fault.FEED_DROP, Fault.FEED_HALF_OPEN])
def test_a_lost_feed_comes_back_and_tells_its_gaps(fault: Fault) -> None:
    async def act(scene: Scene, feed: Feed) -> None:
        await scene.moved("68000")
        scene.sandbox.faults.switch(fault, on=True)
        await until(lambda: all(state.down_since for state in feed.states()))
        scene.sandbox.faults.switch(fault, on=False)
        await until(lambda: up(feed))
        assert {gap.stream for gap in scene.gaps} == {state.stream for state in feed.states()}
        assert all(gap.since < gap.until for gap in scene.gaps)
        await scene.moved("69000")

    play(act, QUICK)


def test_a_mute_feed_begins_anew_when_somebody_found_out() -> None:
    async def act(scene: Scene, feed: Feed) -> None:
        await scene.moved("68000")
        scene.sandbox.faults.switch(Fault.FEED_STALL, on=True)
        scene.sandbox.prices.move(BTC, Decimal(69000))
        feed.restart(BTC, Venue.SPOT, "mute")
        await until(lambda: not up(feed))
        await until(lambda: feed.said(BTC, Venue.SPOT) is not None)
        assert not up(feed)
        assert scene.gaps == []
        scene.sandbox.faults.switch(Fault.FEED_STALL, on=False)
        await until(lambda: "69000" in scene.digits(BTC))
        await until(lambda: up(feed))
        assert [(gap.stream, gap.reason) for gap in scene.gaps] == [(SPOT_PRICES, "mute")]

    play(act)


def test_garbage_is_survived() -> None:
    async def act(scene: Scene, feed: Feed) -> None:
        scene.sandbox.faults.switch(Fault.FEED_GARBAGE, on=True)
        await until(lambda: scene.garbage(feed) > 100)
        scene.sandbox.faults.switch(Fault.FEED_GARBAGE, on=False)
        await until(lambda: up(feed))
        await scene.moved("68000")
        reasons = {gap.reason for gap in scene.gaps}
        assert reasons <= {"A frame of KuCoin's could not be read (1009).", "The connection broke off."}

    play(act)


def test_old_prices_are_not_told_again() -> None:
    async def act(scene: Scene, feed: Feed) -> None:
        await scene.moved("68000")
        scene.sandbox.faults.switch(Fault.FEED_REGRESS, on=True)
        await scene.moved("69000")
        await until(lambda: scene.garbage(feed) > 20)
        await scene.moved("70000")
        told = scene.digits(BTC)
        assert told == sorted(told, key=Decimal)
        assert len(set(told)) == len(told)

    play(act)
