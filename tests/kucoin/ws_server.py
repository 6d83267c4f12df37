"""A KuCoin feed of a few lines on a loopback port, tokens by a mock transport, and a clock that is moved by hand."""

import asyncio
import heapq
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from chatbot.core.feed import Channel, FeedGap, News, StreamState, Tick
from chatbot.core.market import Venue
from chatbot.core.times import to_millis
from chatbot.kucoin.clock import ExchangeClock
from chatbot.kucoin.feed import Feed
from chatbot.kucoin.pools import Pools
from chatbot.kucoin.rest import Host, Rest
from chatbot.kucoin.signing import Credentials
from chatbot.kucoin.timing import Timing

Json = Any
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PATIENCE = 5.0
"""Real seconds after which a test that waits has failed."""


class Clock:
    """Time stands still until it is moved."""

    def __init__(self) -> None:
        self.time = NOON
        self.slept: list[float] = []
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    def now(self) -> datetime:
        return self.time

    def seconds(self) -> float:
        return (self.time - NOON).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        waiter = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.seconds() + seconds, next(self._order), waiter))
        await waiter

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= self.seconds():
            waiter = heapq.heappop(self._sleepers)[2]
            if not waiter.done():
                waiter.set_result(None)


async def until(look: Callable[[], bool]) -> None:
    """Lets everybody work until `look` is true. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while not look():  # noqa: ASYNC110 - what is looked at belongs to no event
            await asyncio.sleep(0)


@dataclass(eq=False)
class Link:
    """One connection, as the exchange sees it."""

    socket: ServerConnection
    heard: list[Json] = field(default_factory=list)
    held: list[str] = field(default_factory=list)

    async def tick(self, sequence: int, price: str, millis: int, symbol: str = "BTC-USDT") -> None:
        data = {"sequence": str(sequence), "price": price, "time": millis}
        topic = f"/market/ticker:{symbol}"
        await self.socket.send(json.dumps({"type": "message", "topic": topic, "subject": "trade.ticker", "data": data}))

    def subscriptions(self) -> list[str]:
        return [message["topic"] for message in self.heard if message["type"] == "subscribe"]


class Kucoin:
    """Answers as a healthy exchange does, until one of its switches is turned."""

    def __init__(self) -> None:
        self.welcomes = self.acks = self.pongs = True
        self.refuses = False
        self.endpoint = ""
        self.asked: list[str] = []
        self.tokens: list[str] = []
        self.paths: list[str] = []
        self.links: list[Link] = []
        self.dead_links = 0
        self.token_answer: Callable[[httpx.Request], httpx.Response] | None = None

    @property
    def link(self) -> Link:
        """The newest connection."""
        return self.links[-1]

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("timestamp"):
            return _envelope(to_millis(NOON))
        self.asked.append(f"{request.method} {request.url.path}")
        if self.token_answer is not None:
            return self.token_answer(request)
        self.tokens.append(f"very+secret/{len(self.tokens)}==")
        server = {"endpoint": self.endpoint, "pingInterval": 18000, "pingTimeout": 10000, "protocol": "websocket"}
        return _envelope({"token": self.tokens[-1], "instanceServers": [server]})

    async def serve(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.paths.append(socket.request.path)
        link = Link(socket)
        self.links.append(link)
        if self.welcomes:
            await socket.send('{"id":"hello","type":"welcome"}')
        try:
            async for text in socket:
                await self._reply(link, json.loads(text))
        except ConnectionClosed:
            pass
        self.dead_links += 1

    async def _reply(self, link: Link, message: Json) -> None:
        link.heard.append(message)
        if message["type"] == "ping" and self.pongs:
            await link.socket.send(json.dumps({"id": message["id"], "type": "pong"}))
        if message["type"] in ("subscribe", "unsubscribe") and self.acks:
            await link.socket.send(json.dumps({"id": message["id"], "type": "ack"}))
            link.held.append(message["topic"])


def _envelope(data: Json) -> httpx.Response:
    return httpx.Response(200, stream=httpx.ByteStream(json.dumps({"code": "200000", "data": data}).encode()))


class Listener:
    """A feed, the exchange it listens to, and all it told."""

    def __init__(self, kucoin: Kucoin, clock: Clock, rests: dict[Venue, Rest], channels: set[Channel]) -> None:
        self.kucoin = kucoin
        self.clock = clock
        self.news: list[News] = []
        self.gaps: list[FeedGap] = []
        self.feed = Feed(
            rests=rests,
            channels=channels,
            hear=self.news.append,
            gap=self.gaps.append,
            now=clock.now,
            timing=Timing(sleep=clock.sleep, chance=lambda: 0.0, seconds=clock.seconds),
        )

    @property
    def prices(self) -> list[str]:
        return [news.digits for news in self.news if isinstance(news, Tick)]

    def state(self) -> StreamState:
        """Of the only stream, or of the first."""
        return self.feed.states()[0]

    def up(self) -> bool:
        return self.state().topics > 0 and all(state.down_since is None for state in self.feed.states())

    async def again(self) -> None:
        """Lets time pass until a connection that was lost is back."""
        before = len(self.kucoin.links)
        await until(lambda: not self.up())
        while len(self.kucoin.links) == before or not self.up():
            self.clock.advance(0.5)
            await _a_turn(20)

    async def minutes(self, number: float) -> None:
        """Time passes in seconds, and everybody keeps pace."""
        for _ in range(int(number * 60)):
            self.clock.advance(1)
            await _a_turn(10)


async def _a_turn(rounds: int) -> None:
    for _ in range(rounds):
        await asyncio.sleep(0)


def rest_for(kucoin: Kucoin, clock: Clock, venue: Venue, url: str = "http://kucoin.test") -> Rest:
    host = Host(
        url=url,
        venue=venue,
        credentials=Credentials(key="the-key", secret="the-secret", passphrase="the-passphrase"),
        transport=httpx.MockTransport(kucoin.answer),
    )

    async def sleep(_: float) -> None:
        """Retries at once."""

    pools = Pools(now=clock.now, sleep=sleep, chance=lambda: 0.0)
    return Rest(host, clock=ExchangeClock(clock.now), pools=pools, sleep=sleep)


@asynccontextmanager
async def serving(kucoin: Kucoin) -> AsyncIterator[None]:
    """`kucoin` on a port of its own, until the block ends."""

    def door(socket: ServerConnection, _: Json) -> Json:
        return socket.respond(401, "token is invalid") if kucoin.refuses else None

    # the server would write down what it is asked for: the token
    silent = logging.Logger("exchange", logging.CRITICAL + 1)
    async with serve(kucoin.serve, "127.0.0.1", 0, process_request=door, close_timeout=1, logger=silent) as server:
        kucoin.endpoint = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/endpoint"
        yield


@asynccontextmanager
async def listening(
    *venues: Venue, channels: tuple[Channel, ...] = (Channel.PUBLIC,), url: str = "http://kucoin.test"
) -> AsyncIterator[Listener]:
    """A feed that runs until the block ends; spot prices when nothing else is said."""
    kucoin, clock = Kucoin(), Clock()
    rests = {venue: rest_for(kucoin, clock, venue, url) for venue in venues or (Venue.SPOT,)}
    async with serving(kucoin):
        listener = Listener(kucoin, clock, rests, set(channels))
        task = asyncio.create_task(listener.feed.run())
        try:
            yield listener
            assert not task.done(), task
        finally:
            task.cancel()
            await asyncio.wait([task])
            for rest in rests.values():
                await rest.aclose()
        assert task.cancelled()
