"""The database full, locked, gone, damaged, failing, or put back to an earlier state: cards F50 to F54 and F58."""

import asyncio
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot import app
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import OrderType, Side
from chatbot.sandbox.orders import ExchangeOrder, OrderRequest
from chatbot.store.database import Damaged, StorageTrouble
from chatbot.store.reserve import SIZE
from tests.playground import Playground, eventually, playing, running, sandbox_and_people
from tests.test_cli import ran, settings

BTC = Symbol("BTC-USDT")


@contextmanager
def other(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program at the same file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def ask(path: Path, question: str) -> object:
    with other(path) as connection:
        row = connection.execute(question).fetchone()
        return None if row is None else row[0]


def rests_still(ground: Playground, order: ExchangeOrder) -> bool:
    found = ground.sandbox.exchange.find(Venue.SPOT, order.id)
    return found is not None and found.active


def resting(ground: Playground) -> ExchangeOrder:
    """An order in the book, far below the market."""
    request = OrderRequest(
        client_oid="app-1",
        symbol=BTC,
        side=Side.BUY,
        type=OrderType.LIMIT,
        price=Decimal(30_000),
        size=Decimal("0.001"),
    )
    return ground.sandbox.exchange.place(Venue.SPOT, request)


async def ended_by(bot: asyncio.Task[None]) -> BaseException:
    async with asyncio.timeout(20):
        await asyncio.wait({bot})
    error = bot.exception()
    assert error is not None
    return error


@contextlib.asynccontextmanager
async def about_to_fail(ground: Playground) -> AsyncIterator[asyncio.Task[None]]:
    """A bot that was heard once, and whose end the block sees."""
    bot = asyncio.create_task(app.run(ground.settings, asyncio.Event()))
    try:
        await ground.owner.asks("/start", "Hello")
        yield bot
    finally:
        bot.cancel()
        await asyncio.wait({bot})


def test_f52_a_locked_database_ends_the_bot_within_seconds_and_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            path = ground.settings.database_path
            async with about_to_fail(ground) as bot:
                with other(path) as holder:
                    holder.execute("BEGIN IMMEDIATE")
                    ground.owner.write("/status")
                    error = await ended_by(bot)
                    holder.rollback()
            assert isinstance(error, StorageTrouble)
            assert str(error) == f"{path} is locked by another program. Close that one, then start me again."
            await ground.owner.shows("I have to stop.", "is locked by another program", "no order leaves")
            async with running(ground.settings):  # what was written meanwhile is answered by the next one
                await ground.owner.reads("KuCoin")

    asyncio.run(story())


def test_f52_a_kill_that_cannot_be_written_is_obeyed_answered_and_written_at_the_next_start(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            path = ground.settings.database_path
            async with about_to_fail(ground) as bot:
                rests = resting(ground)
                with other(path) as holder:
                    holder.execute("BEGIN IMMEDIATE")
                    ground.viewer.write("/kill")
                    ground.owner.write("/kill")
                    assert isinstance(await ended_by(bot), StorageTrouble)
                    await ground.owner.shows("this stop is not written down", "nothing rests on KuCoin any more")
                    assert not rests_still(ground, rests)
                    assert not [m for m in ground.viewer.answers if "not written down" in m.text]
                    holder.rollback()
            assert ask(path, "SELECT count(*) FROM stops") == 0
            async with running(ground.settings):
                await ground.owner.shows("STOPPED by Owner")
            assert ask(path, "SELECT count(*) FROM stops WHERE resumed_at IS NULL") == 1

    asyncio.run(story())


def test_f50_a_kill_that_waits_is_obeyed_even_where_the_database_cannot_be_opened(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            await ground.owner.asks("/start", "Hello")
        async with sandbox_and_people(tmp_path) as ground:
            resting(ground)
            ground.owner.write("/kill")
            with other(ground.settings.database_path) as holder:
                holder.execute("PRAGMA journal_mode = DELETE")
                holder.execute("BEGIN EXCLUSIVE")
                with pytest.raises(StorageTrouble, match="locked by another program"):
                    await app.run(ground.settings, asyncio.Event())
            await ground.owner.shows("this stop is not written down", "nothing rests on KuCoin any more")

    asyncio.run(story())


def test_f51_a_database_that_is_gone_is_noticed_before_an_order_is_written_to_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            path = ground.settings.database_path
            async with about_to_fail(ground) as bot:
                path.rename(path.with_name("elsewhere.db"))
                ground.owner.write("/buy btc 100usdt")
                error = await ended_by(bot)
            assert isinstance(error, StorageTrouble)
            assert "was moved or removed while I used it" in str(error)
            await ground.owner.shows("I have to stop.", "was moved or removed")
            assert ground.sandbox.exchange.posts == []

    asyncio.run(story())


def test_f53_pages_found_damaged_while_the_bot_runs_end_it_and_are_left_as_they_are(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            path = ground.settings.database_path
            async with about_to_fail(ground) as bot:
                with other(path) as writer:
                    page = ask(path, "SELECT rootpage FROM sqlite_master WHERE name = 'watchlist'")
                    assert isinstance(page, int)
                    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                    with path.open("r+b") as file:
                        file.seek((page - 1) * 4096)
                        file.write(b"\xff" * 64)
                    writer.execute("INSERT INTO facts VALUES ('of another', '', '')")  # the bot reads all anew
                ground.owner.write("/watch btc")
                error = await ended_by(bot)
            assert isinstance(error, Damaged)
            assert "Restore a backup; nothing was repaired." in str(error)
            await ground.owner.shows("I have to stop.", "Restore a backup")
            with path.open("rb") as file:
                file.seek((page - 1) * 4096)
                assert file.read(64) == b"\xff" * 64

    asyncio.run(story())


def put_back(copy: Path, path: Path) -> None:
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    shutil.copy(copy, path)


def test_f58_a_database_put_back_to_an_earlier_state_starts_stopped_and_says_why(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            path = ground.settings.database_path
            async with running(ground.settings):
                await ground.owner.asks("/buy btc 50usdt", "Ticket")
            shutil.copy(path, tmp_path / "backup")
            async with running(ground.settings):
                await ground.owner.asks("/buy btc 100usdt", "Ticket")
                await ground.owner.presses("Confirm")
                await ground.owner.shows("Filled")
            sent = list(ground.sandbox.exchange.posts)
            put_back(tmp_path / "backup", path)
            with other(path) as writer:
                writer.execute("UPDATE outbox SET state = 'pending', message_id = NULL, edits = NULL WHERE id = 1")
            async with running(ground.settings):
                await ground.owner.shows("STOPPED by the bot", "the database is older than the bot")
                await ground.owner.shows("may be a repeat")
                await ground.owner.asks("/buy btc 10usdt", "Trading was stopped by the bot")
            assert ground.sandbox.exchange.posts == sent
            assert ask(path, "SELECT count(*) FROM tickets WHERE state = 'await'") == 0
            async with running(ground.settings):
                await ground.owner.asks("/resume the copy was meant", "esumed")
            async with running(ground.settings):
                await ground.owner.asks_until("/buy btc 10usdt", "Ticket")

    asyncio.run(story())


def test_f58_a_database_that_ran_on_is_trusted_and_a_new_one_makes_its_fence(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            for _ in range(3):
                async with running(ground.settings):
                    await ground.owner.asks_until("/buy btc 50usdt", "Ticket")
                    await ground.owner.presses("Confirm")
            assert ask(ground.settings.database_path, "SELECT count(*) FROM stops") == 0
            assert len(ground.sandbox.exchange.posts) == 3
            assert (tmp_path / "chatbot.db.fence").stat().st_mode & 0o777 == 0o600

    asyncio.run(story())


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of five megabytes."""
    disk = folder / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(disk)], capture_output=True)  # noqa: S603, S607 - our own
    if made.returncode:
        pytest.skip("nobody may mount a small disk here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)  # noqa: S603, S607 - our own


def fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)
    return ballast


def test_f50_on_a_full_disk_no_order_leaves_and_a_kill_works(tmp_path: Path) -> None:
    async def story(disk: Path) -> None:
        async with sandbox_and_people(disk) as ground:
            path = ground.settings.database_path
            async with about_to_fail(ground):
                await ground.owner.asks("/buy btc 100usdt", "Ticket")
                rests = resting(ground)
                with other(path) as filler:
                    filler.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the log has no room of its own any more
                ballast = fill(disk)
                await ground.owner.asks("/help", "/status")
                assert (disk / "chatbot.db.reserve").stat().st_size == 0
                popup = await ground.owner.presses("Confirm")
                assert popup.text == "The disk under my database is full. No order leaves before there is room."
                assert ground.sandbox.exchange.posts == []
                await ground.owner.asks("/kill", "STOPPED")
                await eventually(lambda: not rests_still(ground, rests))
                assert ask(path, "SELECT count(*) FROM stops WHERE resumed_at IS NULL") == 1
                await ground.owner.shows("The disk under my database is full. /kill still works")
                ballast.unlink()
                await ground.owner.shows("There is room on the disk again")
                assert (disk / "chatbot.db.reserve").stat().st_size == SIZE

    with small_disk(tmp_path) as disk:
        asyncio.run(story(disk))


@contextlib.asynccontextmanager
async def traced(folder: Path, inject: str, environ: dict[str, str]) -> AsyncIterator[Process]:
    """`chatbot run` under strace. Ends with it."""
    root = str(Path(__file__).parent.parent)
    process = await asyncio.create_subprocess_exec(
        "strace", "-f", "-qq", "-e", "trace=fdatasync", "-e", inject, "-o", str(folder / "trace"),
        sys.executable, "-m", "chatbot", "run",
        cwd=folder, env={"PYTHONPATH": root, "PATH": os.environ["PATH"], **environ},
        stderr=PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # strace lets go of what it traced when it dies
        await process.wait()


async def talk_on(ground: Playground) -> None:
    while True:
        ground.owner.write("/kill")
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("when", [1, 5, 11])
def test_f54_a_disk_that_fails_once_ends_the_process(tmp_path: Path, when: int) -> None:
    if shutil.which("strace") is None:
        assert not os.environ.get("CI"), "strace is missing"
        pytest.skip("strace is missing")

    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            environ = settings(ground, DATABASE_PATH=str(tmp_path / "chatbot.db"))
            async with running(ground.settings):  # the tables are there
                await ground.owner.asks("/start", "Hello")
            async with traced(tmp_path, f"inject=fdatasync:error=EIO:when={when}", environ) as process:
                talking = asyncio.create_task(talk_on(ground))
                async with asyncio.timeout(20):
                    _, err = await process.communicate()
                talking.cancel()
            assert (process.returncode, "Traceback" in err.decode()) == (1, False), err.decode()
            assert "Look at the disk before you start me again." in err.decode()

    asyncio.run(story())


def test_f52_a_start_on_a_locked_database_ends_with_1_and_a_sentence(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            path = tmp_path / "chatbot.db"
            environ = settings(ground, DATABASE_PATH=str(path))
            with other(path) as holder:
                holder.execute("BEGIN EXCLUSIVE")
                ended = await ran(tmp_path, "run", env=environ)
                checked = await ran(tmp_path, "check", env=environ)
        assert (ended.code, ended.err.splitlines()[-1]) == (
            1,
            f"{path} is locked by another program. Close that one, then start me again.",
        )
        assert "Traceback" not in ended.err
        assert checked.code == 1
        assert f"FAIL database: {path} is locked by another program" in checked.out

    asyncio.run(story())


def test_f53_a_record_changed_by_hand_is_found_by_a_check_and_a_start_and_mended_by_nobody(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            path = tmp_path / "chatbot.db"
            environ = settings(ground, DATABASE_PATH=str(path))
            async with running(ground.settings):
                await ground.owner.asks("/buy btc 50usdt", "Ticket")
                await ground.owner.asks("/kill", "STOPPED")
            with other(path) as writer:
                writer.execute("DROP TRIGGER audit_is_fixed")
                writer.execute("UPDATE audit SET person = 'Somebody' WHERE id = 1")
            checked, ended = await ran(tmp_path, "check", env=environ), await ran(tmp_path, "run", env=environ)
            assert checked.code == 1
            assert "row 1 of the audit is not what was written" in checked.out
            assert ended.code == 5
            assert "Restore a backup; nothing was repaired." in ended.err
            assert ask(path, "SELECT person FROM audit WHERE id = 1") == "Somebody"

    asyncio.run(story())


def test_f51_a_disk_that_may_not_be_written_ends_a_start_with_1_and_a_sentence(tmp_path: Path) -> None:
    async def story(disk: Path) -> None:
        async with sandbox_and_people(disk) as ground:
            async with running(ground.settings):
                await ground.owner.asks("/start", "Hello")
            remount(disk, "ro")
            ended = await ran(tmp_path, "run", env=settings(ground, DATABASE_PATH=str(disk / "chatbot.db")))
            remount(disk, "rw")
        assert ended.code == 1
        assert "Read-only file system" in ended.err
        assert "Traceback" not in ended.err

    with small_disk(tmp_path) as disk:
        asyncio.run(story(disk))


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)  # noqa: S603, S607 - our own
