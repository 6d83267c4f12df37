"""A Telegram in a process of its own that takes everything and notes when each request had arrived."""

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

_SERVER = """
import asyncio, json, sys, time

pause, kept = map(float, sys.argv[1:])
user = {"id": 1, "is_bot": True, "first_name": "B", "username": "b_bot"}
message = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "text": "x"}

def note(*words):
    print(json.dumps([*words, time.perf_counter()]), flush=True)

async def serve(reader, writer):
    note("connection")
    while True:
        try:
            async with asyncio.timeout(kept):
                head = await reader.readuntil(b"\\r\\n\\r\\n")
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            return writer.close()
        rows = [row.lower() for row in head.split(b"\\r\\n")]
        size = next((int(row.split(b":")[1]) for row in rows if row.startswith(b"content-length")), 0)
        body = await reader.readexactly(size)
        me = b"getMe" in head
        note("getMe" if me else body.decode())
        await asyncio.sleep(pause)
        answer = json.dumps({"ok": True, "result": user if me else message}).encode()
        kind = b"Content-Type: application/json\\r\\n"
        writer.write(b"HTTP/1.1 200 OK\\r\\n" + kind + b"Content-Length: %d\\r\\n\\r\\n" % len(answer) + answer)

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(json.dumps(server.sockets[0].getsockname()[1]), flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


@dataclass(slots=True, kw_only=True)
class FarTelegram:
    """`connections` counts those it accepted, `questions` the calls that carry no message."""

    url: str
    connections: int = 0
    questions: int = 0
    arrived: "asyncio.Queue[tuple[str, float]]" = field(default_factory=asyncio.Queue)

    async def request(self, sign: str) -> float:
        """The moment, of `time.perf_counter`, at which the next request with this sign in it was complete."""
        while True:
            words, at = await self.arrived.get()
            if sign in words:
                return at

    async def read(self, process: Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            words, at = json.loads(line)
            if words == "connection":
                self.connections += 1
            elif words == "getMe":
                self.questions += 1
            else:
                self.arrived.put_nowait((words, at))


@contextlib.asynccontextmanager
async def far_telegram(*, pause: float = 0.0, kept: float = 60.0) -> AsyncIterator[FarTelegram]:
    """It answers after `pause` seconds, and closes a connection that was idle for `kept`."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _SERVER, str(pause), str(kept), stdout=PIPE)
    assert process.stdout is not None
    telegram = FarTelegram(url=f"http://127.0.0.1:{json.loads(await process.stdout.readline())}")
    reading = asyncio.create_task(telegram.read(process))
    try:
        yield telegram
    finally:
        reading.cancel()
        process.terminate()
        await process.wait()
