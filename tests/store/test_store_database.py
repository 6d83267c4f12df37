import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import chatbot
from chatbot.store.database import AlreadyRunning, Damaged, Database, only_process, open_database
from chatbot.store.schema import VERSION
from chatbot.store.store import Store

_ROOT = Path(chatbot.__file__).parent.parent


@pytest.fixture
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def _pragma(db: Database, name: str) -> object:
    return db.conn.execute(f"PRAGMA {name}").fetchone()[0]


def _count(db: Database) -> int:
    return int(db.conn.execute("SELECT count(*) FROM audit").fetchone()[0])


def _note(db: Database) -> None:
    db.execute("INSERT INTO audit (at, person, what, detail) VALUES ('now', 'Anna', 'noted', '')")


@pytest.mark.usefixtures("usual_umask")
def test_nobody_else_can_read_the_database_or_its_side_files(path: Path) -> None:
    db = open_database(path)
    _note(db)
    files = {file.name: _mode(file) for file in path.parent.iterdir()}
    db.close()
    assert files == {"chatbot.db": 0o600, "chatbot.db-wal": 0o600, "chatbot.db-shm": 0o600}


@pytest.mark.usefixtures("usual_umask")
def test_a_database_that_others_could_read_is_closed_to_them(path: Path) -> None:
    path.touch(mode=0o644)
    open_database(path).close()
    assert _mode(path) == 0o600


def test_every_commit_is_flushed_and_references_are_checked(store: Store) -> None:
    assert _pragma(store.db, "journal_mode") == "wal"
    assert _pragma(store.db, "synchronous") == 2
    assert _pragma(store.db, "foreign_keys") == 1
    assert _pragma(store.db, "busy_timeout") == 1000


def _refused_untouched(path: Path, reason: str) -> None:
    before = path.read_bytes()
    with pytest.raises(Damaged, match=reason):
        open_database(path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "content", [b"not a database at all, " * 400, b"SQLite format 3\0" + b"\xff" * 5000, b"KEY=value\n" * 9]
)
def test_a_file_of_something_else_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    _refused_untouched(path, r"chatbot\.db is not a sound database")


@pytest.mark.parametrize("journal", ["WAL", "DELETE"])
def test_a_newer_database_is_refused_and_left_as_it_is(path: Path, journal: str) -> None:
    open_database(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.close()
    _refused_untouched(path, f"version {VERSION + 1}, this program knows {VERSION}")


@pytest.mark.parametrize("table", ["notes", "watchlist", "audit"])
def test_a_database_of_another_program_is_refused_and_left_as_it_is(path: Path, table: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE {table} (body TEXT)")
    connection.close()
    _refused_untouched(path, "another program")


@pytest.mark.parametrize("page", [0, 1, 2, 5, 9])
def test_flipped_bytes_are_noticed_and_left_as_they_are(path: Path, page: int) -> None:
    open_database(path).close()
    content = bytearray(path.read_bytes())
    start = page * 4096 + (100 if page == 0 else 0)
    content[start : start + 64] = bytes(byte ^ 0xFF for byte in content[start : start + 64])
    path.write_bytes(content)
    _refused_untouched(path, "Restore a backup")


def test_a_database_can_be_closed_and_opened_again(path: Path) -> None:
    db = open_database(path)
    _note(db)
    db.close()
    again = open_database(path)
    assert _count(again) == 1
    again.close()


def test_a_block_that_raises_leaves_nothing_behind(store: Store) -> None:
    def fail() -> None:
        with store.db.atomic():
            _note(store.db)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert _count(store.db) == 0


@pytest.mark.parametrize("error", [KeyboardInterrupt, asyncio.CancelledError, SystemExit])
def test_a_block_that_is_interrupted_leaves_nothing_behind(store: Store, error: type[BaseException]) -> None:
    def be_interrupted() -> None:
        with store.db.atomic():
            _note(store.db)
            raise error

    with pytest.raises(error):
        be_interrupted()
    assert (_count(store.db), store.db.conn.in_transaction) == (0, False)


def test_blocks_inside_one_another_stand_or_fall_together(store: Store) -> None:
    def fail_at_the_end() -> None:
        with store.db.atomic():
            with store.db.atomic():
                _note(store.db)
            assert store.db.conn.in_transaction
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_at_the_end()
    assert _count(store.db) == 0
    with store.db.atomic(), store.db.atomic():
        _note(store.db)
    assert (_count(store.db), store.db.conn.in_transaction) == (1, False)


def test_a_commit_that_fails_does_not_swallow_what_comes_after(store: Store, path: Path) -> None:
    def fail_to_commit() -> None:
        with store.db.atomic():
            store.db.conn.execute("PRAGMA defer_foreign_keys = ON")
            store.db.execute("INSERT INTO journal (ticket_id, at, was, became, detail) VALUES (99, '', '', '', '')")

    with pytest.raises(sqlite3.IntegrityError):
        fail_to_commit()
    assert not store.db.conn.in_transaction
    with store.db.atomic():
        _note(store.db)
    reader = sqlite3.connect(path)
    assert reader.execute("SELECT count(*) FROM audit").fetchone() == (1,)
    reader.close()


def test_a_full_disk_undoes_the_whole_block(store: Store) -> None:
    pages = _pragma(store.db, "page_count")
    store.db.conn.execute(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        with store.db.atomic():
            _note(store.db)
            store.audit.record("Anna", "noted", "x" * 1_000_000)

    with pytest.raises(sqlite3.OperationalError, match="full"):
        fill()
    assert (_count(store.db), store.db.conn.in_transaction) == (0, False)


def test_a_block_takes_the_write_lock_before_it_reads(store: Store, path: Path) -> None:
    other = sqlite3.connect(path, timeout=0)
    with store.db.atomic(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


_HOLD = """
import sys
from pathlib import Path
from chatbot.store.database import only_process
with only_process(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_refused_with_the_first_ones_number(path: Path) -> None:
    command = [sys.executable, "-c", _HOLD, str(path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=_ROOT, stdin=pipe, stdout=pipe, text=True) as first:  # noqa: S603 - our own
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match=rf"chatbot\.db is in use by process {first.pid} on \S+\. Stop"):
            only_process(path).__enter__()
        first.kill()
        first.wait()
    with only_process(path):
        pass


def test_the_lock_is_free_again_afterwards_and_names_its_latest_holder(path: Path) -> None:
    with only_process(path):
        with pytest.raises(AlreadyRunning, match=f"process {os.getpid()} on"):
            only_process(path).__enter__()
        assert _mode(path.with_name("chatbot.db.lock")) == 0o600
    path.with_name("chatbot.db.lock").write_text("process 99999999999999999 on a-host-with-a-much-longer-name" * 3)
    with only_process(path):
        holder = path.with_name("chatbot.db.lock").read_text()
    assert holder.startswith(f"process {os.getpid()} on ")
    assert "99999999999999999" not in holder


def test_a_relaxed_transaction_is_one_that_does_not_wait_for_the_disk(path: Path) -> None:
    db = open_database(path)
    with db.relaxed():
        db.execute("INSERT INTO watchlist (person_id, symbol) VALUES (7, 'BTC-USDT')")
        assert db.conn.execute("PRAGMA synchronous").fetchone() == (1,)
    assert db.conn.execute("PRAGMA synchronous").fetchone() == (2,)
    with pytest.raises(sqlite3.IntegrityError), db.relaxed():
        db.execute("INSERT INTO watchlist (person_id, symbol) VALUES (7, 'ETH-USDT'), (7, 'BTC-USDT')")
    assert db.conn.execute("PRAGMA synchronous").fetchone() == (2,)
    assert db.conn.execute("SELECT symbol FROM watchlist").fetchall() == [("BTC-USDT",)]
    db.close()


def test_a_relaxed_step_inside_a_strict_transaction_is_as_strict(path: Path) -> None:
    db = open_database(path)
    with db.atomic(), db.relaxed():
        assert db.conn.execute("PRAGMA synchronous").fetchone() == (2,)
    db.close()
