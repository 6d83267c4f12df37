"""From frames to a look-up: the feed's conversation against a bare websockets client that only receives.

    python -m tests.benchmarks.receiving     goal: at least 40 % of the bare rate

A server in another process sends the same tickers to both, one after the other, in turns.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

from chatbot.core.feed import Channel, Stream, Tick
from chatbot.core.market import Symbol, Venue
from chatbot.core.times import to_millis, utc_now
from chatbot.kucoin.frames import Conversation, Terms
from chatbot.kucoin.timing import waking_seconds

MESSAGES = 200_000
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


async def ours(socket: ClientConnection) -> None:
    """What `feed` does with each frame; the news are handed to whoever wants to match them."""
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
    matched, match = matcher()
    receive, left = talk.receive, MESSAGES
    async for frame in socket:
        news = receive(frame, waking_seconds())
        if news is not None:
            match(news)
        left -= 1
        if not left:
            break
        if not left % 64:
            await asyncio.sleep(0)
    if sum(matched.values()) != MESSAGES or talk.garbage:
        raise SystemExit(f"only {sum(matched.values())} of {MESSAGES} were told")


def matcher() -> tuple[dict[Symbol, int], Callable[[object], None]]:
    """The place of the index of levels: for now every tick finds its symbol in a dictionary."""
    matched = dict.fromkeys(SYMBOLS, 0)

    def match(news: object) -> None:
        if isinstance(news, Tick):
            matched[news.symbol] += 1

    return matched, match


async def rate(port: int, client: Callable[[ClientConnection], Awaitable[None]]) -> float:
    """Messages a second."""
    address = f"ws://127.0.0.1:{port}/"
    async with connect(address, compression=None, ping_interval=None, proxy=None, close_timeout=1) as socket:
        await socket.send("go")
        began = time.perf_counter()
        await client(socket)
        return MESSAGES / (time.perf_counter() - began)


async def main(port: int) -> None:
    rates: dict[str, list[float]] = {"bare websockets": [], "decoded and looked up": []}
    for turn in range(RUNS + 1):
        found = [await rate(port, client) for client in (bare, ours)]
        if turn:
            for name, value in zip(rates, found, strict=True):
                rates[name].append(value)
    floor = statistics.median(rates["bare websockets"])
    print(f"{MESSAGES:,} tickers of {len(_frame(0, to_millis(utc_now())))} bytes, {RUNS} runs each, medians")
    for name, values in rates.items():
        median = statistics.median(values)
        print(f"  {name:24} {median:10,.0f} a second   {1e6 / median:6.2f} µs each   {median / floor:6.1%}")


if __name__ == "__main__":
    context = get_context("spawn")
    mine, theirs = context.Pipe()
    server = context.Process(target=server_process, args=(theirs,), daemon=True)
    server.start()
    asyncio.run(main(mine.recv()))
    server.terminate()
