"""The command line as people and supervisors meet it: processes, their words and their exit codes."""

import asyncio
import contextlib
import json
import signal
import sqlite3
import stat
import sys
import urllib.request
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from chatbot import __version__
from chatbot.core.times import utc_now
from chatbot.core.values import frozen
from chatbot.store.database import only_process
from chatbot.store.store import open_store
from tests.playground import Playground, eventually, sandbox_and_people

COMMANDS = ("run", "demo", "check", "sandbox", "backup")
CANARY = "777:canary-of-a-token"


@frozen
class Ended:
    code: int | None
    out: str
    err: str


@contextlib.asynccontextmanager
async def started(folder: Path, *words: str, env: Mapping[str, str] | None = None) -> AsyncIterator[Process]:
    """`chatbot …` in `folder`, with no settings but these."""
    root = str(Path(__file__).parent.parent)
    environ = {"PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "error", **(env or {})}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chatbot", *words, cwd=folder, env=environ, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def ending(process: Process) -> Ended:
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    return Ended(code=process.returncode, out=out.decode(), err=err.decode())


async def ran(folder: Path, *words: str, env: Mapping[str, str] | None = None) -> Ended:
    async with started(folder, *words, env=env) as process:
        return await ending(process)


def settings(ground: Playground, **changes: str) -> dict[str, str]:
    """What somebody would write to run the bot against this sandbox."""
    access = ground.sandbox.access
    return {
        "TELEGRAM_BOT_TOKEN": access.token,
        "TELEGRAM_API_URL": ground.sandbox.url,
        "TELEGRAM_OWNERS": ",".join(map(str, ground.settings.telegram_owners)),
        "KUCOIN_API_KEY": access.key,
        "KUCOIN_API_SECRET": access.secret,
        "KUCOIN_API_PASSPHRASE": access.passphrase,
        "KUCOIN_SPOT_URL": ground.sandbox.spot_url,
        "KUCOIN_FUTURES_URL": ground.sandbox.futures_url,
        "TRADING_MODE": "live",
    } | changes


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def first_line(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        return (await process.stdout.readline()).decode()


def test_every_command_explains_itself(tmp_path: Path) -> None:
    async def story() -> None:
        whole, *each = await asyncio.gather(
            ran(tmp_path, "--help"), *(ran(tmp_path, command, "--help") for command in COMMANDS)
        )
        assert all(command in whole.out for command in COMMANDS)
        for ended, command in zip(each, COMMANDS, strict=True):
            assert (ended.code, ended.err) == (0, "")
            assert ended.out.startswith(f"usage: chatbot {command}")
        assert all("--port" in each[COMMANDS.index(name)].out for name in ("demo", "sandbox"))
        assert all("--json" in each[COMMANDS.index(name)].out for name in ("check", "sandbox"))
        assert names(tmp_path) == []

    asyncio.run(story())


def test_the_version_is_told_and_nonsense_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        version, nothing, nonsense = await asyncio.gather(
            ran(tmp_path, "--version"), ran(tmp_path), ran(tmp_path, "buy", "btc")
        )
        assert (version.code, version.out) == (0, f"chatbot {__version__}\n")
        assert (nothing.code, nonsense.code) == (2, 2)
        assert "COMMAND" in nothing.err

    asyncio.run(story())


def test_settings_that_are_missing_or_wrong_end_with_2_a_line_each_and_no_value(tmp_path: Path) -> None:
    async def story() -> None:
        bad = {"TELEGRAM_BOT_TOKEN": CANARY + " \x07", "TELEGRAM_OWNERS": "anna", "ORDER_MAX_NOTIONAL": "lots"}
        none, wrong, live, unknown = await asyncio.gather(
            ran(tmp_path, "run"),
            ran(tmp_path, "run", env=bad),
            ran(tmp_path, "check", env={"TRADING_MODE": "live"}),
            ran(tmp_path, "backup", "copy.db", env={"TELEGRAM_BOT_TOKN": CANARY}),
        )
        for ended in (none, wrong, live, unknown):
            assert (ended.code, ended.out) == (2, "")
            assert "Traceback" not in ended.err
            assert CANARY not in ended.err
            assert all(line.partition(":")[0].isupper() for line in ended.err.splitlines())
        assert {"TELEGRAM_BOT_TOKEN", "TELEGRAM_OWNERS"} <= _named(none)
        assert {*bad} <= _named(wrong)
        assert "TRADING_MODE" in _named(live)
        assert "did you mean TELEGRAM_BOT_TOKEN" in unknown.err
        assert names(tmp_path) == []

    asyncio.run(story())


def _named(ended: Ended) -> set[str]:
    return {line.partition(":")[0] for line in ended.err.splitlines()}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"TELEGRAM_BOT_TOKEN": CANARY}, "Telegram refused TELEGRAM_BOT_TOKEN"),
        ({"KUCOIN_API_SECRET": CANARY}, "the passphrase of the API key is wrong"),
        ({}, "unified account"),
    ],
)
def test_a_credential_that_is_refused_ends_with_3_and_one_sentence(
    tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            ground.sandbox.exchange.unified = not changes
            ended = await ran(tmp_path, "run", env=settings(ground, **changes))
            assert (ended.code, ended.out) == (3, "")
            assert words in ended.err
            assert "Traceback" not in ended.err
            assert CANARY not in ended.err

    asyncio.run(story())


def test_a_database_that_is_in_use_ends_with_4_and_names_who(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            with only_process(tmp_path / "chatbot.db"):
                ended = await ran(tmp_path, "run", env=settings(ground))
            assert ended.code == 4
            assert "chatbot.db is in use by process" in ended.err
            assert "Traceback" not in ended.err

    asyncio.run(story())


@pytest.mark.parametrize("damage", ["garbage", "newer", "paper"])
def test_a_database_that_cannot_be_used_ends_with_5_and_is_left_alone(tmp_path: Path, damage: str) -> None:
    async def story() -> None:
        path = tmp_path / ("chatbot.paper.json" if damage == "paper" else "chatbot.db")
        _damage(path, damage)
        before = path.read_bytes()
        async with sandbox_and_people(tmp_path) as ground:
            mode = "paper" if damage == "paper" else "live"
            ended = await ran(tmp_path, "run", env=settings(ground, TRADING_MODE=mode))
        assert ended.code == 5
        assert path.name in ended.err or "version 99" in ended.err
        assert "Traceback" not in ended.err
        assert path.read_bytes() == before

    asyncio.run(story())


def _damage(path: Path, damage: str) -> None:
    if damage == "newer":
        store = open_store(path, utc_now)
        store.db.execute("PRAGMA user_version = 99")
        store.close()
    else:
        path.write_bytes(b"garbage" * 1000)


def test_a_folder_that_is_not_there_ends_with_1_and_a_sentence(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            ended = await ran(tmp_path, "run", env=settings(ground, DATABASE_PATH="nowhere/chatbot.db"))
        assert ended.code == 1
        assert "nowhere" in ended.err
        assert "Traceback" not in ended.err

    asyncio.run(story())


def test_a_running_bot_answers_is_backed_up_and_ends_with_0_when_told_to_stop(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            env = settings(ground, LOG_FORMAT="json")
            async with started(tmp_path, "run", env=env) as bot:
                await ground.owner.asks("/start", "Hello")
                copy = await ran(tmp_path, "backup", "copy.db", env=env)
                again = await ran(tmp_path, "backup", "copy.db", env=env)
                bot.send_signal(signal.SIGTERM)
                ended = await ending(bot)
            assert (ended.code, ended.out) == (0, "")
            told = [json.loads(line) for line in ended.err.splitlines()]
            assert any("stopped" in str(line) for line in told)
            assert not any(secret in ended.err for secret in ground.settings.secrets())
            assert (copy.code, again.code) == (0, 1)
            assert "is there already" in again.err
            _check_copy(tmp_path / "copy.db")
            assert stat.S_IMODE((tmp_path / "chatbot.db").stat().st_mode) == 0o600

    asyncio.run(story())


def _check_copy(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with contextlib.closing(sqlite3.connect(path)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT count(*) FROM inbox").fetchone() == (1,)


def test_a_backup_of_what_is_not_there_or_broken_fails_with_1_and_leaves_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        env = {"TELEGRAM_BOT_TOKEN": CANARY, "TELEGRAM_OWNERS": "1"}
        missing, far = await asyncio.gather(
            ran(tmp_path, "backup", "copy.db", env=env), ran(tmp_path, "backup", "no/where/copy.db", env=env)
        )
        _damage(tmp_path / "chatbot.db", "garbage")
        broken = await ran(tmp_path, "backup", "copy.db", env=env)
        assert [each.code for each in (missing, far, broken)] == [1, 1, 1]
        assert all(each.err and "Traceback" not in each.err for each in (missing, far, broken))
        assert names(tmp_path) == ["chatbot.db"]

    asyncio.run(story())


def test_check_tells_people_and_machines_the_same(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            env = settings(ground)
            people, machines, wrong = await asyncio.gather(
                ran(tmp_path, "check", env=env),
                ran(tmp_path, "check", "--json", env=env),
                ran(tmp_path, "check", "--json", env=settings(ground, TELEGRAM_BOT_TOKEN=CANARY)),
            )
            assert (people.code, machines.code, wrong.code) == (0, 0, 1)
            found = json.loads(machines.out)
            assert all(set(f) == {"name", "ok", "found", "mend"} for f in found)
            assert [line[5:].partition(":")[0] for line in people.out.splitlines()] == [f["name"] for f in found]
            assert [f["name"] for f in json.loads(wrong.out) if not f["ok"]] == ["Telegram"]
            for ended in (people, machines, wrong):
                text = ended.out + ended.err
                assert not any(secret in text for secret in (*ground.settings.secrets(), CANARY))

    asyncio.run(story())


def test_no_proxy_of_the_environment_comes_between(tmp_path: Path) -> None:
    async def story() -> None:
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
        async with sandbox_and_people(tmp_path) as ground:
            env = settings(ground) | dict.fromkeys(names, "http://127.0.0.1:1")
            ended = await ran(tmp_path, "check", env=env)
        assert (ended.code, ended.err) == (0, "")

    asyncio.run(story())


def test_a_redirect_of_telegram_is_not_followed(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            seen: list[bytes] = []

            async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                line = await reader.readline()
                seen.append(line)
                place = f"{ground.sandbox.url}{line.split()[1].decode()}"
                writer.write(f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
                writer.close()

            async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
                port = server.sockets[0].getsockname()[1]
                env = settings(ground, TELEGRAM_API_URL=f"http://127.0.0.1:{port}")
                ended = await ran(tmp_path, "check", "--json", env=env)
            assert seen
            assert [f["name"] for f in json.loads(ended.out) if not f["ok"]] == ["Telegram"]

    asyncio.run(story())


def test_the_sandbox_alone_tells_machines_how_to_reach_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with started(tmp_path, "sandbox", "--port", "0", "--json") as process:
            facts = json.loads(await first_line(process))
            page = await asyncio.to_thread(_read, facts["page_url"])
            time = await asyncio.to_thread(_read, facts["kucoin_spot_url"] + "/api/v1/timestamp")
            me = await asyncio.to_thread(_read, f"{facts['telegram_api_url']}/bot{facts['telegram_bot_token']}/getMe")
            process.send_signal(signal.SIGINT)
            ended = await ending(process)
        assert {"kucoin_futures_url", "kucoin_api_key", "kucoin_api_secret", "kucoin_api_passphrase"} <= facts.keys()
        assert "<html" in page
        assert json.loads(time)["code"] == "200000"
        assert json.loads(me)["result"]["is_bot"] is True
        assert (ended.code, ended.err) == (0, "")

    asyncio.run(story())


def _read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as response:  # noqa: S310 - on loopback
        return str(response.read().decode())


def test_a_port_that_is_taken_fails_with_1_and_a_sentence(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            port = ground.sandbox.url.rpartition(":")[2]
            taken = await asyncio.gather(
                ran(tmp_path, "sandbox", "--port", port), ran(tmp_path, "demo", "--no-open", "--port", port)
            )
        assert [each.code for each in taken] == [1, 1]
        assert all(each.err and "Traceback" not in each.err for each in taken)

    asyncio.run(story())


def test_the_demo_runs_without_settings_until_ctrl_c_and_leaves_nothing_behind(tmp_path: Path) -> None:
    async def story() -> None:
        temporary = tmp_path / "tmp"
        temporary.mkdir()
        async with started(tmp_path, "demo", "--port", "0", "--no-open", env={"TMPDIR": str(temporary)}) as demo:
            line = await first_line(demo)
            assert line.startswith("Open http://127.0.0.1:")
            await eventually(lambda: any(temporary.glob("*/chatbot.db")))
            demo.send_signal(signal.SIGINT)
            ended = await ending(demo)
        assert (ended.code, ended.err) == (0, "")
        assert names(temporary) == []

    asyncio.run(story())
