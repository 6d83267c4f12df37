"""The audit's chain: each row carries a hash over its content and the hash of the row before.

Rows of the first version have none of their own; the first row that has one vouches for them.
What is missing at the end, the fence tells (see `fence`).
"""

import hashlib
import json
import sqlite3
from collections.abc import Sequence

_ROWS = "SELECT id, at, person, what, detail, hash FROM audit WHERE id > ? ORDER BY id"


def link(before: str, row: Sequence[object]) -> str:
    """The hash of a row of (id, at, person, what, detail) that follows one whose hash is `before`."""
    return hashlib.sha256(json.dumps([before, *row], ensure_ascii=False).encode()).hexdigest()


def head(connection: sqlite3.Connection) -> tuple[int, str]:
    """The newest row's number and its own hash; of none, 0 and nothing."""
    row = connection.execute("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1").fetchone()
    return (0, "") if row is None else (row[0], row[1])


def end(connection: sqlite3.Connection) -> tuple[int, str]:
    """The newest row's number, and the hash that the next row follows."""
    number, own = head(connection)
    return number, own or _walked(connection)[0]


def broken(connection: sqlite3.Connection, last: int | None = None) -> str:
    """What is wrong with the chain, or with its `last` rows; nothing when all is well."""
    after = 0
    if last is not None:
        row = connection.execute("SELECT id FROM audit ORDER BY id DESC LIMIT 1 OFFSET ?", [last]).fetchone()
        after = 0 if row is None else int(row[0])
    wrong = _walked(connection, after)[1]
    return f"row {wrong} of the audit is not what was written" if wrong else ""


def _walked(connection: sqlite3.Connection, after: int = 0) -> tuple[str, int]:
    """The hash at the end, and the number of the first row that does not follow from the one before; 0 for none."""
    before = at(connection, after)
    chained = bool(before)
    if after and not chained:
        return _walked(connection)
    for *row, kept in connection.execute(_ROWS, [after]):
        before = link(before, row)
        chained = chained or bool(kept)
        if chained and kept != before:
            return before, row[0]
    return before, 0


def at(connection: sqlite3.Connection, number: int) -> str:
    """The hash of this row; nothing where there is no such row, or it has none."""
    row = connection.execute("SELECT hash FROM audit WHERE id = ?", [number]).fetchone()
    return "" if row is None else str(row[0])
