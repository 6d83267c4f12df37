"""The door for watchers: what it answers, whom it turns away, and that nobody pays for it unasked."""

import asyncio
import logging
import signal
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from chatbot import app
from chatbot.core.modes import TradingMode
from chatbot.health_port import HealthPort
from chatbot.sandbox.faults import Fault
from chatbot.services.vitals import Vitals
from tests.exposition import parsed
from tests.playground import Playground, running, sandbox_and_people
from tests.services.desk import Desk, story
from tests.services.well import WELL
from tests.test_cli import ending, ran, settings, started

OK = (200, "ok")


def well() -> Vitals:
    return WELL


def free_port() -> int:
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        return int(some.getsockname()[1])


async def asked(port: int, path: str = "/healthz", method: str = "GET", **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        return await client.request(method, f"http://127.0.0.1:{port}{path}", headers=headers)


async def told(port: int) -> tuple[int, str]:
    answer = await asked(port)
    return answer.status_code, answer.text


async def raw(port: int, text: str) -> str:
    """What comes back for these bytes, up to the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    return answer.decode()


@pytest.fixture
def reserved(tmp_path: Path) -> Iterator[Desk]:
    """A desk with the reserve that a start makes."""
    desk = Desk(tmp_path)
    desk.store.safety.reserve.keep()
    yield desk
    desk.stop()


@story
async def test_a_silent_telegram_is_told_and_so_is_its_return(reserved: Desk) -> None:
    async with HealthPort(0, reserved.checkup.vitals) as door:
        assert await told(door.port) == OK
        reserved.wait(180)
        assert await told(door.port) == (503, "Telegram: not heard for 3 m")
        assert parsed((await asked(door.port, "/metrics")).text)["chatbot_healthy"] == 0
        reserved.checkup.heard_telegram()
        assert await told(door.port) == OK
        assert parsed((await asked(door.port, "/metrics")).text)["chatbot_healthy"] == 1


@story
async def test_each_ailment_has_a_line_of_its_own(reserved: Desk) -> None:
    async with HealthPort(0, reserved.checkup.vitals) as door:
        reserved.wait(180)
        reserved.store.safety.reserve.release()
        assert await told(door.port) == (503, "Telegram: not heard for 3 m\ndatabase: no room on the disk")


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
@story
async def test_answers_are_plain_text_that_nobody_keeps_and_no_server_shows_itself(path: str) -> None:
    async with HealthPort(0, well) as door:
        answer = await asked(door.port, path)
        head = await asked(door.port, path, "HEAD")
    for each in (answer, head):
        assert each.status_code == 200
        assert each.headers["content-type"].startswith("text/plain;")
        assert each.headers["cache-control"] == "no-store"
        assert not {"server", "set-cookie", "access-control-allow-origin"} & set(each.headers)
    assert head.content == b""
    assert head.headers["content-length"] == answer.headers["content-length"]
    if path == "/metrics":
        assert "version=0.0.4" in answer.headers["content-type"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
@story
async def test_it_is_to_be_read_only(method: str) -> None:
    async with HealthPort(0, well) as door:
        answer = await asked(door.port, "/healthz", method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/", "/healthz/", "/Healthz", "/metrics/../healthz", "/kill", "//healthz", "/%00"])
@story
async def test_there_is_nothing_else_behind_it(path: str) -> None:
    async with HealthPort(0, well) as door:
        answer = await raw(door.port, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer.startswith("HTTP/1.1 404 ")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.example:80@127.0.0.1",
        "127.0.0.1:80:80",
        "127.0.0.1:",
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "192.168.1.7",
        "[::1]",
        "١٢٧.0.0.1",
        "",
    ],
)
@story
async def test_a_page_that_reaches_it_under_another_name_is_turned_away(host: str) -> None:
    async with HealthPort(0, well) as door:
        for path in ("/healthz", "/metrics", "/other"):
            answer = await raw(door.port, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
            assert answer.startswith(("HTTP/1.1 403 ", "HTTP/1.1 400 ")), answer
            assert "chatbot_" not in answer


@story
async def test_no_name_at_all_is_turned_away_and_either_of_ours_is_let_in() -> None:
    async with HealthPort(0, well) as door:
        assert " 403 " in await raw(door.port, "GET /healthz HTTP/1.0\r\n\r\n")
        for host in ("127.0.0.1", "localhost", f"127.0.0.1:{door.port}", "localhost:9090"):
            assert (await asked(door.port, Host=host)).status_code == 200


@story
async def test_no_other_address_of_this_machine_leads_to_it() -> None:
    async with HealthPort(0, well) as door:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.2", door.port)


@story
async def test_a_port_that_is_taken_is_named_with_its_setting() -> None:
    async with HealthPort(0, well) as door:
        with pytest.raises(OSError, match=f"^HEALTH_PORT: {door.port} cannot be used .*in use"):
            await HealthPort(door.port, well).__aenter__()
    async with HealthPort(door.port, well):
        assert await told(door.port) == OK


@story
async def test_a_database_that_cannot_be_read_is_an_ailment_and_a_fault_of_ours_is_a_500() -> None:
    def locked() -> Vitals:
        raise sqlite3.OperationalError("database is locked")

    def broken() -> Vitals:
        raise LookupError("secret")

    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    for look, answer in ((locked, (503, "database: cannot be read")), (broken, (500, "Internal Server Error"))):
        async with HealthPort(0, look) as door:
            for path in ("/metrics", "/healthz"):
                seen = await asked(door.port, path)
                assert (seen.status_code, seen.text) == answer


@story
async def test_a_connection_that_says_nothing_does_not_hold_up_the_end() -> None:
    async with HealthPort(0, well) as door:
        _, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: loc")
        assert await told(door.port) == OK
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 2
    writer.close()


async def became(port: int, answer: tuple[int, str]) -> None:
    async with asyncio.timeout(20):
        while await told(port) != answer:  # noqa: ASYNC110 - it tells when it is asked
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("mode", TradingMode)
def test_the_running_bot_tells_how_it_is_in_every_mode_and_of_nobody(tmp_path: Path, mode: TradingMode) -> None:
    async def tell() -> None:
        port = free_port()
        async with sandbox_and_people(tmp_path, health_port=port, trading_mode=mode) as ground:
            async with running(ground.settings):
                await ground.owner.asks("/alert BTC > 68000", "68,000")
                await became(port, OK)
                text = (await asked(port, "/metrics")).text
                figures = parsed(text)
                assert figures["chatbot_alerts"] == 1
                assert figures["chatbot_start_time_seconds"] > 1_700_000_000
                assert abs(figures["chatbot_clock_offset_seconds"]) < 5
                assert figures["chatbot_database_reserve"] == 1
                assert ("chatbot_key_age_seconds" in figures) == (mode is TradingMode.LIVE)
                signed = 'venue="spot",channel="private"'
                assert (f"chatbot_feed_up{{{signed}}}" in figures) == (mode is not TradingMode.PAPER)
                assert f"chatbot_feed_missing_seconds{{{signed}}}" not in figures
                assert _names_nobody(ground, text)
            with pytest.raises(httpx.ConnectError):
                await told(port)

    asyncio.run(tell())


def _names_nobody(ground: Playground, text: str) -> bool:
    people = {ground.owner.phone.user, ground.viewer.phone.user}
    words = [*ground.settings.secrets(), "BTC", "USDT", *(str(p.id) for p in people), *(p.first_name for p in people)]
    return not any(word in text for word in words)


def test_a_start_that_is_not_over_is_told_until_kucoin_has_answered(tmp_path: Path) -> None:
    async def tell() -> None:
        port = free_port()
        async with sandbox_and_people(tmp_path, health_port=port) as ground:
            ground.sandbox.faults.switch(Fault.UNAVAILABLE, on=True)
            async with running(ground.settings):
                await ground.owner.asks("/start", "Hello")
                assert await told(port) == (503, "start: still finding out what rests on KuCoin")
                ground.sandbox.faults.clear()
                await became(port, OK)
                await ground.owner.asks("/kill", "STOPPED")
                assert await told(port) == OK
                assert parsed((await asked(port, "/metrics")).text)["chatbot_trading_killed"] == 1

    asyncio.run(tell())


def test_a_bot_that_waits_for_telegram_tells_that_it_has_not_begun(tmp_path: Path) -> None:
    async def tell() -> None:
        port = free_port()
        waiting, go = asyncio.Event(), asyncio.Event()

        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            waiting.set()
            await go.wait()
            writer.close()

        async with (
            sandbox_and_people(tmp_path, health_port=port) as ground,
            await asyncio.start_server(hang, "127.0.0.1", 0) as server,
        ):
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            away = ground.settings.model_copy(update={"telegram_api_url": url})
            bot = asyncio.create_task(app.run(away, asyncio.Event()))
            await asyncio.wait_for(waiting.wait(), 20)
            answer = await told(port)
            go.set()
            await asyncio.wait([bot], timeout=20)
            assert answer == (503, "start: still under way")
            assert bot.exception() is not None

    asyncio.run(tell())


def test_a_taken_port_ends_the_start_with_1_and_a_sentence_before_anything_is_sent(tmp_path: Path) -> None:
    async def tell() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            port = ground.sandbox.url.rpartition(":")[2]
            ended = await ran(tmp_path, "run", env=settings(ground, HEALTH_PORT=port))
            assert (ended.code, ended.out) == (1, "")
            assert ended.err.splitlines()[-1].startswith(f"HEALTH_PORT: {port} cannot be used")
            assert "Traceback" not in ended.err
            assert (ground.sandbox.telegram.polls, ground.owner.answers) == (0, [])

    asyncio.run(tell())


@pytest.mark.parametrize("asks", [False, True])
def test_only_a_bot_that_is_watched_loads_a_server(tmp_path: Path, asks: bool) -> None:
    async def tell() -> None:
        port = free_port()
        async with sandbox_and_people(tmp_path) as ground:
            env = settings(ground, PYTHONPROFILEIMPORTTIME="1", **({"HEALTH_PORT": str(port)} if asks else {}))
            async with started(tmp_path, "run", env=env) as bot:
                await ground.owner.asks("/start", "Hello")
                if asks:
                    await became(port, OK)
                bot.send_signal(signal.SIGTERM)
                ended = await ending(bot)
        assert ended.code == 0
        loaded = {line.rpartition("|")[2].strip() for line in ended.err.splitlines()}
        assert "chatbot.app" in loaded
        assert {"uvicorn", "starlette"} & loaded == ({"uvicorn", "starlette"} if asks else set())

    asyncio.run(tell())
