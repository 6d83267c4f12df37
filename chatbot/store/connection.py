"""The connection to SQLite, as it has to be under trouble.

What finds no room is done again, once, in the room of the reserve: its statements are kept
until they are committed, for SQLite undoes them all when a commit fails. What cannot be
trusted any more is not written to again.
"""

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, Protocol, Self

from chatbot.store.troubles import code_of, lost_trust


class Room(Protocol):
    def release(self) -> bool:
        """Whether there is more room than before."""


class NoRoom:
    def release(self) -> bool:
        return False


def _nobody(_: sqlite3.Error) -> None:
    pass


class Cursor(sqlite3.Cursor):
    """A row can fail to be read long after its statement was begun."""

    connection: "Connection"

    def fetchone(self) -> Any:  # noqa: ANN401 - a row of SQLite's
        try:
            return super().fetchone()
        except sqlite3.Error as error:
            self.connection.failed(error)
            raise

    def fetchall(self) -> list[Any]:
        try:
            return super().fetchall()
        except sqlite3.Error as error:
            self.connection.failed(error)
            raise

    def __next__(self) -> Any:  # noqa: ANN401 - a row of SQLite's
        try:
            return super().__next__()
        except sqlite3.Error as error:
            self.connection.failed(error)
            raise

    def __iter__(self) -> Self:
        return self


class Connection(sqlite3.Connection):
    """`reserve` is where room comes from, `tell` hears of every failure that is not of our making or may not be."""

    def __init__(self, *words: Any, **options: Any) -> None:  # noqa: ANN401 - of sqlite3.connect
        super().__init__(*words, **options)
        self.reserve: Room = NoRoom()
        self.tell: Callable[[sqlite3.Error], None] = _nobody
        self._since: list[tuple[str, Any, bool]] = []
        self._broken: sqlite3.Error | None = None

    def execute(self, sql: str, parameters: Any = (), /) -> Cursor:  # noqa: ANN401 - of sqlite3
        return self._done(sql, parameters, many=False)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Cursor:
        return self._done(sql, list(parameters), many=True)

    def failed(self, error: sqlite3.Error) -> None:
        if lost_trust(error):
            self._broken = error
        self.tell(error)

    def _done(self, sql: str, parameters: Any, *, many: bool) -> Cursor:  # noqa: ANN401 - of sqlite3
        if self._broken is not None:
            again = type(self._broken)(f"the database has failed before: {self._broken}")
            again.sqlite_errorcode = self._broken.sqlite_errorcode
            raise again
        try:
            cursor = self._run(sql, parameters, many=many)
        except sqlite3.Error as error:
            if code_of(error) != sqlite3.SQLITE_FULL or not self.reserve.release():
                self.failed(error)
                raise
            cursor = self._again(sql, parameters, many=many)
        if not self.in_transaction:
            self._since.clear()
        elif cursor.description is None:
            self._since.append((sql, parameters, many))
        return cursor

    def _again(self, sql: str, parameters: Any, *, many: bool) -> Cursor:  # noqa: ANN401 - of sqlite3
        try:
            if not self.in_transaction:
                for before in self._since:
                    self._run(before[0], before[1], many=before[2])
            return self._run(sql, parameters, many=many)
        except sqlite3.Error as error:
            self.failed(error)
            raise

    def _run(self, sql: str, parameters: Any, *, many: bool) -> Cursor:  # noqa: ANN401 - of sqlite3
        cursor = self.cursor(Cursor)
        return cursor.executemany(sql, parameters) if many else cursor.execute(sql, parameters)

    def rollback(self) -> None:
        self._since.clear()
        super().rollback()
