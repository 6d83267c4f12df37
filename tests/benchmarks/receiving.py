"""From frames to armed rules: the bot's feed and its alerts against a bare websockets client that only receives.

    python -m tests.benchmarks.receiving     goal: at least 40 % of the bare rate, 100,000 rules armed

A server in another process sends the same tickers to both, one after the other, in turns. Ours decodes each,
believes it or not, and holds it against the rules of its symbol, which come from a database as at the bot's start.
"""

import asyncio
import contextlib
import json
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

from chatbot.core.alerts import Direction
from chatbot.core.feed import Channel, News, Stream, Tick
from chatbot.core.market import Symbol, Venue
from chatbot.core.times import to_millis, utc_now, waking_seconds
from chatbot.kucoin.frames import Conversation, Terms
from chatbot.services.listening import Account, Listening
from chatbot.store.store import Store
from tests.chat.desk import open_desk
from tests.store.rules import asks, price

MESSAGES = 200_000
RULES = 100_000
RUNS = 7
PACKED = 200
MOST_WAITING = 1024 * 1024
"""Bytes."""

SYMBOLS = [Symbol(f"C{number:04}-USDT") for number in range(250)]


def frames() -> list[str]:
    """As spot sends them: one symbol after the other, each with a sequence and prices of its own."""
    now = to_millis(utc_now())
    return [_frame(number, now + number // 1000) for number in range(MESSAGES)]


def _frame(number: int, millis: int) -> str:
    data = {
        "sequence": str(14_691_455_768 + number),
        "price": f"{60_000 + number % 977}.{number % 10}",
        "size": "0.001",
        "bestAsk": "60000.1",
        "bestAskSize": "1.2",
        "bestBid": "59999.9",
        "bestBidSize": "0.5",
        "time": millis,
    }
    topic = f"/market/ticker:{SYMBOLS[number % len(SYMBOLS)]}"
    message = {"type": "message", "topic": topic, "subject": "trade.ticker", "data": data}
    return json.dumps(message, separators=(",", ":"))


def packed(texts: list[str]) -> list[bytes]:
    """The frames as they go over the wire, many in each piece: the server must not be what is measured."""
    wire = [b"\x81\x7e" + len(text).to_bytes(2, "big") + text.encode() for text in texts]
    return [b"".join(wire[start : start + PACKED]) for start in range(0, len(wire), PACKED)]


async def serve_frames(port: Connection) -> None:
    """Each connection gets all frames; the client's first word starts them."""
    pieces = packed(frames())

    async def send_all(socket: ServerConnection) -> None:
        await socket.recv()
        for piece in pieces:
            while socket.transport.get_write_buffer_size() > MOST_WAITING:  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.0005)
            socket.transport.write(piece)
        await socket.wait_closed()

    async with serve(send_all, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        port.send(next(iter(server.sockets)).getsockname()[1])
        await server.serve_forever()


def server_process(port: Connection) -> None:
    asyncio.run(serve_frames(port))


async def bare(socket: ClientConnection) -> None:
    left = MESSAGES
    async for _ in socket:
        left -= 1
        if not left:
            return


async def ours(socket: ClientConnection, hear: Callable[[News], None]) -> None:
    """What `feed` does with each frame."""
    talk = Conversation(
        Terms(
            stream=Stream(venue=Venue.SPOT, channel=Channel.PUBLIC),
            ping_interval=3600,
            ping_timeout=3600,
            began=waking_seconds(),
            began_millis=to_millis(utc_now()),
        ),
        {},
    )
    talk.want(frozenset(f"/market/ticker:{symbol}" for symbol in SYMBOLS))
    receive, left, told = talk.receive, MESSAGES, 0
    async for frame in socket:
        news = receive(frame, waking_seconds())
        if news is not None:
            hear(news)
            told += 1
        left -= 1
        if not left:
            break
        if not left % 64:
            await asyncio.sleep(0)
    if told != MESSAGES or talk.garbage:
        raise SystemExit(f"only {told} of {MESSAGES} were told")


def arm(store: Store) -> None:
    """From 0.5 % to 50 % off the prices that come, on either side: all are held against them, none fires."""
    chance = random.Random(1)  # noqa: S311 - levels, no secret
    with store.atomic():
        for number in range(RULES):
            off = Decimal(chance.randrange(50, 5000)) / 10_000
            rising = chance.random() < 0.5
            level = 61_000 * (1 + off) if rising else 60_000 * (1 - off)
            question = price(f"{level:.4f}", Direction.ABOVE if rising else Direction.BELOW, SYMBOLS[number % 250])
            store.alerts.add(asks(question, number))


@contextlib.asynccontextmanager
async def listening(folder: Path) -> AsyncIterator[Callable[[News], None]]:
    """Where the bot's feed puts its news."""
    async with open_desk(folder) as desk:
        arm(desk.store)
        alerting = desk.services.alerting
        alerting.lookout.load()
        yield Listening(
            store=desk.store,
            lookout=alerting.lookout,
            audit=alerting.audit,
            funding=alerting.funding,
            fills=alerting.fills,
            account=Account(
                owners=frozenset(),
                moved=str,
                settled=str,
                elsewhere=alerting.elsewhere,
                liquidation=alerting.liquidation,
            ),
        ).hear
        quiet = not desk.store.outbox.waiting()
        alerting.lookout.hear(Tick(SYMBOLS[0], "62000", to_millis(utc_now())))
        if not quiet or not desk.store.outbox.waiting():
            raise SystemExit("a rule fired that was not met, or none that was")


async def rate(port: int, client: Callable[[ClientConnection], Awaitable[None]]) -> float:
    """Messages a second."""
    address = f"ws://127.0.0.1:{port}/"
    async with connect(address, compression=None, ping_interval=None, proxy=None, close_timeout=1) as socket:
        await socket.send("go")
        began = time.perf_counter()
        await client(socket)
        return MESSAGES / (time.perf_counter() - began)


async def main(port: int, folder: Path) -> None:
    rates: dict[str, list[float]] = {"bare websockets": [], "decoded and matched": []}
    async with listening(folder) as hear:
        for turn in range(RUNS + 1):
            found = [await rate(port, client) for client in (bare, partial(ours, hear=hear))]
            if turn:
                for name, value in zip(rates, found, strict=True):
                    rates[name].append(value)
    floor = statistics.median(rates["bare websockets"])
    print(
        f"{MESSAGES:,} tickers of {len(_frame(0, to_millis(utc_now())))} bytes, {RULES:,} rules, {RUNS} runs, medians"
    )
    for name, values in rates.items():
        median = statistics.median(values)
        print(f"  {name:24} {median:10,.0f} a second   {1e6 / median:6.2f} µs each   {median / floor:6.1%}")


if __name__ == "__main__":
    context = get_context("spawn")
    mine, theirs = context.Pipe()
    server = context.Process(target=server_process, args=(theirs,), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as made:
        asyncio.run(main(mine.recv(), Path(made)))
    server.terminate()
