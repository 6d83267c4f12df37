"""What happens to a transaction when the disk is full, fails, or is held by another."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chatbot.store.connection import Connection, Cursor
from chatbot.store.database import Damaged, Database, StorageTrouble, open_database
from chatbot.store.store import Store


class Room:
    """So many pages more, as often as `times` says."""

    def __init__(self, times: int = 1) -> None:
        self.times = times
        self.connection: sqlite3.Connection | None = None

    def release(self) -> bool:
        if not self.times or self.connection is None:
            return False
        self.times -= 1
        cursor = sqlite3.Cursor(self.connection)
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages + 300}")
        return True


@pytest.fixture
def told() -> list[Exception]:
    return []


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def full(path: Path, room: Room, told: list[Exception]) -> Iterator[Database]:
    """A database on a disk without another page."""
    db = open_database(path, room, told.append)
    pages = db.conn.execute("PRAGMA page_count").fetchone()[0]
    db.conn.execute(f"PRAGMA max_page_count = {pages}")
    room.connection = db.conn
    yield db
    db.close()


def _note(db: Database, detail: str) -> None:
    db.execute("INSERT INTO audit (at, person, what, detail) VALUES ('now', 'Anna', 'noted', ?)", [detail])


def _noted(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as reader:
        return [row[0] for row in reader.execute("SELECT length(detail) FROM audit ORDER BY id")]


def test_what_finds_no_room_is_written_in_the_room_of_the_reserve(
    full: Database, path: Path, room: Room, told: list[Exception]
) -> None:
    with full.atomic():
        _note(full, "first")
        full.conn.executemany(
            "INSERT INTO watchlist (person_id, symbol) VALUES (?, ?)", ((n, "BTC-USDT") for n in range(3))
        )
        _note(full, "x" * 100_000)
        assert full.conn.execute("SELECT count(*) FROM audit").fetchone() == (2,)
    assert (_noted(path), room.times, told) == ([5, 100_000], 0, [])
    _note(full, "y" * 100_000)
    assert _noted(path) == [5, 100_000, 100_000]


def test_of_many_rows_none_is_written_twice_when_the_room_ends_among_them(
    full: Database, path: Path, room: Room, told: list[Exception]
) -> None:
    insert = "INSERT INTO audit (at, person, what, detail) VALUES ('now', 'Anna', 'noted', ?)"
    with full.atomic():
        _note(full, "first")
        full.conn.executemany(insert, [["a"], ["bb"], ["x" * 100_000], ["ccc"]])
        _note(full, "last")
    assert (_noted(path), room.times, told) == ([5, 1, 2, 100_000, 3, 4], 0, [])


def test_when_the_reserve_is_used_up_the_block_falls_and_it_is_told(
    full: Database, path: Path, room: Room, told: list[Exception]
) -> None:
    def fill() -> None:
        with full.atomic():
            _note(full, "first")
            _note(full, "x" * 5_000_000)

    with pytest.raises(sqlite3.OperationalError, match="full"):
        fill()
    assert (_noted(path), full.conn.in_transaction, room.times) == ([], False, 0)
    assert [type(each) for each in told] == [StorageTrouble]
    assert str(told[0]) == f"The disk of {path} is full. Make room, then start me again."


class FullAtCommit(Connection):
    """As SQLite does when the log beside the database cannot grow: all of the transaction is undone."""

    failures = 1

    def _run(self, sql: str, parameters: Any, *, many: bool) -> Cursor:  # noqa: ANN401 - of sqlite3
        if sql == "COMMIT" and self.failures:
            type(self).failures -= 1
            sqlite3.Connection.rollback(self)
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return super()._run(sql, parameters, many=many)


def test_a_commit_that_finds_no_room_is_done_again_whole(path: Path, room: Room) -> None:
    open_database(path).close()
    with closing(sqlite3.connect(path, isolation_level=None, factory=FullAtCommit)) as connection:
        connection.reserve = room
        room.connection = connection
        db = Database(connection, execute_plugins=False)
        _note(db, "before")
        with db.atomic():
            _note(db, "one")
            db.conn.executemany("INSERT INTO watchlist (person_id, symbol) VALUES (?, 'X')", [[1], [2]])
            assert len(list(db.query("SELECT * FROM watchlist"))) == 2
            _note(db, "twice")
        with db.atomic():
            _note(db, "afterwards")
        assert FullAtCommit.failures == 0
        assert db.conn.execute("SELECT count(*) FROM watchlist").fetchone() == (2,)
    assert _noted(path) == [6, 3, 5, 10]


def _flip_rows(path: Path, table: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [table]).fetchone()[0]
    content = bytearray(path.read_bytes())
    content[(page - 1) * 4096 : (page - 1) * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)


def test_pages_found_damaged_while_running_are_told_and_nothing_is_written_any_more(
    path: Path, told: list[Exception]
) -> None:
    open_database(path).close()
    db = open_database(path, tell=told.append)
    db.conn.execute("PRAGMA cache_size = 1")
    _flip_rows(path, "watchlist")
    with pytest.raises(sqlite3.DatabaseError, match="malformed"):
        db.execute("INSERT INTO watchlist (person_id, symbol) VALUES (1, 'BTC-USDT')")
    assert [type(each) for each in told] == [Damaged]
    assert "Restore a backup; nothing was repaired." in str(told[0])
    with pytest.raises(sqlite3.DatabaseError, match="has failed before"), db.atomic():
        pass
    db.close()


def test_a_lock_of_another_is_waited_for_a_second_and_then_told(path: Path, told: list[Exception]) -> None:
    db = open_database(path, tell=told.append)
    db.execute("PRAGMA busy_timeout = 10")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"), db.atomic():
            pass
        assert [str(each) for each in told] == [
            f"{path} is locked by another program. Close that one, then start me again."
        ]
        other.rollback()
    with db.atomic():
        _note(db, "again")
    db.close()


def test_a_bug_of_ours_is_no_trouble_of_the_storage(store: Store, path: Path, told: list[Exception]) -> None:
    db = open_database(path, tell=told.append)
    for wrong in ("SELECT nothing", "INSERT INTO watchlist (person_id, symbol) VALUES (NULL, 'X')"):
        with pytest.raises(sqlite3.Error):
            db.execute(wrong)
    assert told == []
    db.close()


def test_a_database_that_is_locked_at_the_start_is_not_called_damaged(path: Path) -> None:
    open_database(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageTrouble, match="locked by another program"):
            open_database(path)


def test_a_commit_whose_file_is_closed_to_us_is_told(path: Path, told: list[Exception]) -> None:
    db = open_database(path, tell=told.append)
    db.execute("PRAGMA query_only = ON")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("INSERT INTO watchlist (person_id, symbol) VALUES (1, 'BTC-USDT')")
    assert [type(each) for each in told] == [StorageTrouble]
    assert "cannot be written" in str(told[0])
    db.close()


def test_what_is_to_follow_a_commit_follows_it_once_and_only_it(store: Store) -> None:
    seen: list[bool] = []

    def look() -> None:
        seen.append(store.db.conn.in_transaction)

    def fall() -> None:
        with store.atomic():
            store.db.then(look)
            raise RuntimeError

    with store.atomic():
        store.db.then(look)
        with store.atomic():
            store.db.then(look)
        assert seen == []
    assert seen == [False]
    with pytest.raises(RuntimeError):
        fall()
    assert seen == [False]
