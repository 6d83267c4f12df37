"""Open the one database: locked for this process, checked, migrated, readable by nobody else."""

import contextlib
import fcntl
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import sqlite_utils

from chatbot.store import chain, troubles
from chatbot.store.connection import Connection, Room
from chatbot.store.schema import VERSION, migrations

PRIVATE = 0o600

_PATIENCE = 1.0
"""Seconds to wait for a lock of another process: everything stands still meanwhile, a kill too."""

Damaged = troubles.Damaged
StorageTrouble = troubles.StorageTrouble

DatabaseTrouble = sqlite3.Error
"""Locked by another process, full or broken: what was to be written is not, and is not to blame for it."""

_RECENT = 200
"""Rows of the audit that are gone over at each start; `look_at` goes over all."""

_TABLES = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name != '_sqlite_migrations'"


class AlreadyRunning(Exception):
    """Another process holds the database; the sentence names it."""


class Database(sqlite_utils.Database):
    """sqlite-utils, with transactions that take the write lock at once."""

    _after: list[Callable[[], None]] | None = None

    def then(self, work: Callable[[], None]) -> None:
        """Done once the open transaction is committed, and not at all when it falls; the same work once."""
        if self._after is None:
            work()
        elif work not in self._after:
            self._after.append(work)

    @contextlib.contextmanager
    def atomic(self) -> Iterator["Database"]:
        """All or nothing. Blocks inside one another are one transaction.

        The lock is taken at the start: a transaction that upgrades from reading to
        writing can fail at once however long the busy timeout is.
        """
        if self.conn.in_transaction:
            yield self
            return
        self.conn.execute("BEGIN IMMEDIATE")
        after: list[Callable[[], None]] = []
        self._after = after
        try:
            yield self
            self.conn.execute("COMMIT")
        except BaseException:
            self.conn.rollback()
            raise
        finally:
            self._after = None
        for work in after:
            work()

    @contextlib.contextmanager
    def relaxed(self) -> Iterator["Database"]:
        """As `atomic`, without waiting for the disk: it outlives the process, not always the power.

        Only for what is put right by itself when its latest part is missing at the next start.
        """
        if self.conn.in_transaction:
            yield self
            return
        self.conn.execute("PRAGMA synchronous = NORMAL")
        try:
            with self.atomic():
                yield self
        finally:
            self.conn.execute("PRAGMA synchronous = FULL")


def open_database(path: Path, reserve: Room | None = None, tell: Callable[[Exception], None] | None = None) -> Database:
    """`tell` hears of the first trouble while the database is used, whoever else catches it.

    Raises Damaged for a file that is broken, foreign or newer than this program, StorageTrouble
    for one that is locked, full or closed to us.
    """
    _create_private(path)
    with _said_plainly(path):
        # The scheduler and the loop share one thread; the check would only hinder tests that hop between loops.
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=_PATIENCE, factory=Connection
        )
        with contextlib.ExitStack() as failing:
            failing.callback(connection.close)
            if reserve is not None:
                connection.reserve = reserve
            _check(connection)  # before the first write: what is refused is left as it is
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            database = Database(connection, execute_plugins=False)
            migrations.apply(database)
            _check_chain(connection, last=_RECENT)
            failing.pop_all()
    if tell is not None:
        connection.tell = _teller(path, tell)
    return database


@contextlib.contextmanager
def _said_plainly(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        plain = troubles.meant(path, error)
        if plain is not None:
            raise plain from error
        raise Damaged(f"{path} is not a sound database ({error}). Restore a backup; nothing was changed.") from error


def _teller(path: Path, tell: Callable[[Exception], None]) -> Callable[[sqlite3.Error], None]:
    def translate(error: sqlite3.Error) -> None:
        trouble = troubles.meant(path, error)
        if trouble is not None:
            tell(trouble)

    return translate


def back_up(source: Path, target: Path) -> None:
    """A consistent copy, also while the bot runs, checked before it takes its name.

    Raises FileExistsError when `target` is there already, FileNotFoundError when `source`
    is not, Damaged when the copy does not check out.
    """
    if target.exists():
        raise FileExistsError(f"{target} is there already; give a new name.")
    partial = target.with_name(target.name + ".part")
    partial.unlink(missing_ok=True)
    _create_private(partial)
    try:
        _copy(source, partial)
    except BaseException:
        partial.unlink()
        raise
    partial.rename(target)
    with contextlib.suppress(OSError):  # a reader alone may not leave a mark, and the copy is none the worse
        backup_mark(source).touch(mode=PRIVATE)


def backup_mark(path: Path) -> Path:
    """Empty, and as old as the last backup of the database at `path`."""
    return path.with_name(path.name + ".backed-up")


def look_at(path: Path) -> None:
    """Checks all of the file without changing it. Raises Damaged, and FileNotFoundError when it is not there."""
    with _read_only(path) as reader:
        _check(reader, "integrity_check")
        _check_chain(reader)


def audit_problem(path: Path) -> str:
    """Where the audit's chain is broken, by a connection of its own; nothing while it holds."""
    with _read_only(path) as reader:
        return chain.broken(reader)


def _copy(source: Path, target: Path) -> None:
    with _read_only(source) as reader, contextlib.closing(sqlite3.connect(target)) as copy:
        reader.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        _check(copy)


@contextlib.contextmanager
def _read_only(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there.")
    # As a URI made by hand, a name with `#`, `?` or `%` would be another file, opened for writing.
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as reader:
            yield reader
    except sqlite3.DatabaseError as error:
        raise troubles.meant(path, error) or Damaged(f"{path} could not be read ({error}).") from error


@contextlib.contextmanager
def only_process(path: Path) -> Iterator[None]:
    """Holds `path` for this process. Raises AlreadyRunning, with the other's host and pid."""
    lock_path = path.with_name(path.name + ".lock")
    _create_private(lock_path)
    with lock_path.open("r+") as lock:
        _take(lock, path)
        yield


def _take(lock: IO[str], path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = lock.read().strip() or "another process"
        raise AlreadyRunning(f"{path} is in use by {holder}. Stop that one first.") from error
    lock.truncate(0)
    lock.write(f"process {os.getpid()} on {socket.gethostname()}")
    lock.flush()


def _create_private(path: Path) -> None:
    """Made with mode 0600 before SQLite sees it: its side files inherit the mode."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, PRIVATE))
    path.chmod(PRIVATE)


def _check(connection: sqlite3.Connection, thoroughly: str = "quick_check") -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise Damaged(f"The database is of version {version}, this program knows {VERSION}. Upgrade the program.")
    if version == 0 and connection.execute(_TABLES).fetchone() is not None:
        raise Damaged("The file is the database of another program. Give ours a file of its own (DATABASE_PATH).")
    problem = connection.execute(f"PRAGMA {thoroughly}(1)").fetchone()[0]
    if problem != "ok":
        raise Damaged(f"The database is damaged ({problem}). Restore a backup; nothing was changed.")


def _check_chain(connection: sqlite3.Connection, last: int | None = None) -> None:
    """Of the rows that were written since the audit has a chain, and those they vouch for."""
    if connection.execute("SELECT 1 FROM pragma_table_info('audit') WHERE name = 'hash'").fetchone() is None:
        return
    problem = chain.broken(connection, last)
    if problem:
        raise Damaged(f"Somebody changed the database by hand ({problem}). Restore a backup; nothing was repaired.")
