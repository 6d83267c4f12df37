"""What the database had come to, written beside it: one that was put back to an earlier state is found out.

A file of its own, outside the database and its backups. It is written after the commit it
tells of, so that it is never newer than a database nobody touched.
"""

import json
import logging
import os
import sqlite3
from pathlib import Path

from chatbot.core.times import Now
from chatbot.store import chain
from chatbot.store.values import stamp

log = logging.getLogger(__name__)

OLDER = "the database is older than the bot's last word: was it restored?"
OTHER = "the database tells another story than the one the bot last wrote: is it the right one?"
UNREADABLE = "the fence beside the database cannot be read: nobody knows whether the database is the latest"


class Fence:
    def __init__(self, path: Path, connection: sqlite3.Connection, now: Now) -> None:
        self._path = path
        self._connection = connection
        self._now = now
        self._written: tuple[int, str] | None = None
        self.failed = ""
        """Why it could not be written the last time."""

    def doubt(self) -> str:
        """Why this database may not be the one we left; nothing where it is, or where there is no fence to tell."""
        try:
            mark = json.loads(self._path.read_text(encoding="ascii"))
            number, written = int(mark["audit"]), str(mark["hash"])
        except FileNotFoundError:
            log.info("there is no fence beside the database; this is a first start, or the database was moved")
            return ""
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("%s: %s", self._path, error)
            return UNREADABLE
        if chain.head(self._connection)[0] < number:
            return OLDER
        return "" if not number or chain.at(self._connection, number) == written else OTHER

    def write(self) -> None:
        """Never raises: what it would follow is committed already. `failed` tells that orders should wait."""
        try:
            head = chain.head(self._connection)
            if head != self._written:
                self._write(*head)
                self._written = head
            self.failed = ""
        except OSError as error:
            log.error("the fence could not be written: %s", error)
            self.failed = error.strerror or type(error).__name__

    def _write(self, number: int, hashed: str) -> None:
        partial = self._path.with_name(self._path.name + ".part")
        handle = os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            json.dump({"audit": number, "hash": hashed, "at": stamp(self._now())}, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
