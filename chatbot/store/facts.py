"""Single things worth remembering, each under its name: what the settings and the tables have no place for."""

import contextlib
import sqlite3
from pathlib import Path

from chatbot.core.times import Now
from chatbot.store.database import Database
from chatbot.store.values import stamp


class Facts:
    def __init__(self, db: Database, now: Now) -> None:
        self._db = db
        self._now = now

    def get(self, name: str) -> str | None:
        row = self._db.conn.execute("SELECT value FROM facts WHERE name = ?", [name]).fetchone()
        return None if row is None else str(row[0])

    def set(self, name: str, value: str) -> None:
        """In place of what was known. Durable when the transaction it joins is."""
        self._db.execute(
            "INSERT INTO facts (name, value, at) VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at",
            [name, value, stamp(self._now())],
        )


def remembered(path: Path, name: str) -> str:
    """A fact of a database that may be in use, left as it is; empty where there is none to be had."""
    if not path.is_file():
        return ""
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            row = connection.execute("SELECT value FROM facts WHERE name = ?", [name]).fetchone()
        except sqlite3.DatabaseError:
            return ""
    return "" if row is None else str(row[0])
