"""A driven clock, a Telegram that keeps to it, the page in a browser, and pictures."""

import asyncio
import struct
import zlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette

from chatbot.core.times import Now
from chatbot.sandbox.telegram import build_telegram
from chatbot.sandbox.telegram_limits import UNLIMITED
from chatbot.sandbox.telegram_phone import Phone
from chatbot.sandbox.telegram_server import TelegramServer
from chatbot.sandbox.telegram_values import TelegramUser
from tests.sandbox.scenes import OpenPage, Play, Story, scene

TOKEN = "7000001:made-up"


class _DrivenClock:
    def __init__(self) -> None:
        self._now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self._now

    def move(self, span: timedelta) -> None:
        self._now += span


@pytest.fixture
def _driven() -> _DrivenClock:
    return _DrivenClock()


@pytest.fixture
def clock(_driven: _DrivenClock) -> Now:
    return _driven


@pytest.fixture
def pass_time(_driven: _DrivenClock) -> Callable[[timedelta], None]:
    return _driven.move


@pytest.fixture
def telegram(clock: Now) -> TelegramServer:
    """Without limits, so that a test meets only the refusal it is about."""
    bot = TelegramUser(id=7000001, first_name="Desk", username="desk_bot", is_bot=True)
    return TelegramServer(token=TOKEN, bot=bot, now=clock, limits=UNLIMITED)


@pytest.fixture
def anna(telegram: TelegramServer) -> Phone:
    """The phone of somebody who has not written yet."""
    return Phone(telegram, TelegramUser(id=11, first_name="Anna"))


@pytest.fixture
def ask(telegram: TelegramServer) -> Callable[..., Awaitable[dict[str, object]]]:
    """One call of the Bot API with a JSON body, without a socket. The answer's status must fit its envelope."""

    async def call(method: str, **fields: object) -> dict[str, object]:
        transport = httpx.ASGITransport(app=Starlette(routes=build_telegram(telegram)))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            response = await client.post(f"/bot{TOKEN}/{method}", json=fields)
        envelope: dict[str, object] = response.json()
        assert response.status_code == envelope.get("error_code", 200)
        assert envelope["ok"] is (response.status_code == 200)
        return envelope

    return call


@pytest.fixture
def png() -> Callable[[int, int], bytes]:
    """A picture of one colour, as wide and high as asked."""

    def draw(width: int, height: int) -> bytes:
        def chunk(kind: bytes, data: bytes) -> bytes:
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        rows = (b"\0" + b"\x20\x80\xc0" * width) * height
        parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
        return b"\x89PNG\r\n\x1a\n" + b"".join(parts)

    return draw


@pytest.fixture
def play(open_page: OpenPage) -> Play:
    """Runs a story against the page and the echoing bot; without `echo` nobody answers."""

    def run(story: Story, *, echo: bool = True, **size: int) -> None:
        async def main() -> None:
            async with scene(open_page, size, echo=echo) as stage:
                await story(stage)

        asyncio.run(main())

    return run
