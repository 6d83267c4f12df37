"""The same over real sockets, where connections break in ways no double would think of."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from chatbot.core.errors import KucoinError, OutcomeUnknown, Unavailable
from chatbot.core.times import Now, to_millis
from chatbot.kucoin import endpoints
from chatbot.kucoin.rest import Rest

OK = b'{"code":"200000","data":{"orderId":"1"}}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

Behave = Callable[[asyncio.StreamWriter], Awaitable[None]]


def whole(body: bytes, *more: bytes) -> bytes:
    headers = b"".join(line + b"\r\n" for line in more)
    return HEAD + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


def says(raw: bytes) -> Behave:
    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    return behave


def says_and_closes(raw: bytes) -> Behave:
    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        writer.close()

    return behave


def says_and_resets(raw: bytes) -> Behave:
    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        writer.transport.abort()

    return behave


def drips(raw: bytes) -> Behave:
    async def behave(writer: asyncio.StreamWriter) -> None:
        for byte in raw:
            writer.write(bytes((byte,)))
            await writer.drain()
            await asyncio.sleep(0.02)

    return behave


def floods(piece: bytes) -> Behave:
    async def behave(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(piece)
            await writer.drain()

    return behave


async def hangs(_: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


BOMB = gzip.compress(bytes(64 * 1024 * 1024), compresslevel=1)

FAULTS = {
    "closed without a word": says_and_closes(b""),
    "reset without a word": says_and_resets(b""),
    "reset after the headers": says_and_resets(HEAD + b"Content-Length: 40\r\n\r\n"),
    "closed in the middle of the headers": says_and_closes(HEAD[:30]),
    "cut short, with a length": says_and_closes(HEAD + b"Content-Length: 500\r\n\r\n" + OK),
    "cut short, without a length": says_and_closes(HEAD + b"Connection: close\r\n\r\n" + OK[:-9]),
    "cut short, in chunks": says_and_closes(HEAD + b"Transfer-Encoding: chunked\r\n\r\n28\r\n" + OK),
    "not HTTP": says_and_closes(b"\x00\x16\x03 what?\r\n\r\n"),
    "headers drip": drips(HEAD * 50),
    "body drips": drips(HEAD + b"Content-Length: 1000\r\n\r\n" + b" " * 1000),
    "never an answer": hangs,
    "a gzip bomb": says_and_closes(HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + BOMB),
    "an endless body": floods(HEAD + b"Connection: close\r\n\r\n" + b"x" * 65536),
    "damaged gzip": says(whole(b"this is no gzip", b"Content-Encoding: gzip")),
    "an encoding not asked for": says(whole(OK, b"Content-Encoding: br")),
    "a page": says(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 15\r\n\r\n<html>no</html>"),
    "a redirect": says(b"HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"),
    "success under a 500": says(whole(OK).replace(b"200 OK", b"500 No")),
    "very deep JSON": says(whole(b'{"code":"200000","data":' + b"[" * 100_000)),
    "not a number": says(whole(b'{"code":"200000","data":{"orderId":"1","x":NaN}}')),
}


@dataclass(slots=True)
class Wire:
    """A host on loopback. `requests` are (connection, method, path) of all but the question for the time."""

    now: Now
    behave: Behave
    requests: list[tuple[int, str, str]] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    idle: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        self.idle.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while not writer.is_closing():
                await self.answer(number, reader, writer)
        writer.close()

    async def answer(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = [line.split(":")[1] for line in head.lower().splitlines() if line.startswith("content-length:")]
        await reader.readexactly(int(length[0]) if length else 0)
        method, path, _ = head.split(" ", 2)
        if path.endswith("/timestamp"):
            time = {"code": "200000", "data": to_millis(self.now())}
            writer.write(whole(json.dumps(time).encode()))
            await writer.drain()
            return
        self.requests.append((number, method, path))
        await self.behave(writer)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def listening(now: Now, behave: Behave) -> AsyncIterator[Wire]:
    wire = Wire(now, behave)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.ensure_future(wire.serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in wire.idle:
            writer.transport.abort()
        await server.wait_closed()


async def order(rest: Rest) -> object:
    return await rest.order(endpoints.SPOT_PLACE, lambda stamp: {"clientTimestamp": stamp})


async def ask(rest: Rest) -> object:
    return await rest.call(endpoints.BALANCES)


async def cancel(rest: Rest) -> object:
    return await rest.call(endpoints.SPOT_CANCEL, {"orderId": "1", "symbol": "X"})


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("send", "kind"), [(order, OutcomeUnknown), (cancel, OutcomeUnknown), (ask, Unavailable)])
def test_every_fault_becomes_its_one_error_in_time_and_an_order_is_sent_once(
    now: Now,
    connect: Callable[..., Rest],
    fault: str,
    send: Callable[[Rest], Awaitable[object]],
    kind: type[KucoinError],
) -> None:
    async def main() -> list[tuple[int, str, str]]:
        async with listening(now, FAULTS[fault]) as wire, connect(wire.url, seconds=0.3) as rest:
            await rest.measure_clock()
            started = asyncio.get_running_loop().time()
            with pytest.raises(kind) as refused:
                await send(rest)
            assert type(refused.value) is kind
            assert asyncio.get_running_loop().time() - started < 1
            return wire.requests

    requests = asyncio.run(main())
    assert {method for _, method, _ in requests} == {"POST" if send is order else "GET" if send is ask else "DELETE"}
    assert not [path for _, _, path in requests if "elsewhere" in path]
    if send is order:
        assert len(requests) == 1


def test_questions_share_one_kept_connection_and_every_order_has_its_own(
    now: Now, connect: Callable[..., Rest]
) -> None:
    async def main() -> Wire:
        async with listening(now, says(whole(OK))) as wire, connect(wire.url) as rest:
            for _ in range(3):
                await ask(rest)
            await order(rest)
            await order(rest)
            await ask(rest)
            return wire

    wire = asyncio.run(main())
    assert [number for number, *_ in wire.requests] == [1, 1, 1, 2, 3, 1]


def test_many_questions_at_once_use_few_connections(now: Now, connect: Callable[..., Rest]) -> None:
    async def main() -> Wire:
        async with listening(now, says(whole(OK))) as wire, connect(wire.url) as rest:
            await asyncio.gather(*(ask(rest) for _ in range(40)), *(cancel(rest) for _ in range(10)))
            return wire

    wire = asyncio.run(main())
    assert len(wire.requests) == 50
    assert wire.connections <= 8


def test_a_connection_the_exchange_closed_meanwhile_costs_a_question_nothing(
    now: Now, connect: Callable[..., Rest]
) -> None:
    async def main() -> Wire:
        async with listening(now, says(whole(OK))) as wire, connect(wire.url) as rest:
            await ask(rest)
            wire.idle[0].transport.abort()
            await ask(rest)
            return wire

    assert len(asyncio.run(main()).requests) == 2


def test_a_compressed_answer_in_chunks_is_read(now: Now, connect: Callable[..., Rest]) -> None:
    packed = gzip.compress(OK)
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in packed) + b"0\r\n\r\n"
    raw = HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks

    async def main() -> object:
        async with listening(now, says(raw)) as wire, connect(wire.url) as rest:
            return await ask(rest)

    assert asyncio.run(main()) == {"orderId": "1"}


@pytest.mark.parametrize("send", [order, cancel, ask])
def test_where_nobody_listens_provably_nothing_happened(
    now: Now, connect: Callable[..., Rest], send: Callable[[Rest], Awaitable[object]]
) -> None:
    async def main() -> None:
        async with listening(now, hangs) as wire:
            rest = connect(wire.url)
            await rest.measure_clock()
            await rest.aclose()
        async with connect(wire.url) as rest:
            with pytest.raises(Unavailable, match="cannot be reached"):
                await send(rest)

    asyncio.run(main())


def test_a_name_that_does_not_exist_provably_led_nowhere(connect: Callable[..., Rest], now: Now) -> None:
    async def main() -> None:
        async with listening(now, hangs) as wire, connect(wire.url) as rest:
            await rest.measure_clock()
        async with connect("http://nowhere.invalid") as rest:
            with pytest.raises(Unavailable, match="cannot be reached"):
                await order(rest)

    asyncio.run(main())
