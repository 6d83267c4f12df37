"""Troubles that stand and were told, by their names: so that a restart neither repeats nor forgets them."""

from datetime import datetime, timedelta

from chatbot.core.complaints import Complaint, told
from chatbot.core.times import Now
from chatbot.store.database import Database
from chatbot.store.values import moment, stamp


class Complaints:
    """Every write joins the open transaction, which tells it."""

    def __init__(self, db: Database, now: Now) -> None:
        self._db = db
        self._now = now

    def standing(self, name: str) -> Complaint | None:
        row = next(self._db.query("SELECT * FROM complaints WHERE name = ?", [name]), None)
        if row is None:
            return None
        return Complaint(since=moment(row["since"]), told_at=moment(row["told_at"]), times=row["times"])

    def due(self, name: str, since: datetime) -> Complaint | None:
        """As it is to be told now, and counts as told from here on; None while it is too soon."""
        new = told(self.standing(name), since, self._now())
        if new is not None:
            self._db.execute(
                "INSERT OR REPLACE INTO complaints (name, since, told_at, times) VALUES (?, ?, ?, ?)",
                [name, stamp(new.since), stamp(new.told_at), new.times],
            )
        return new

    def over(self, name: str) -> timedelta | None:
        """How long it stood, said once; None when nobody was told of it."""
        known = self.standing(name)
        if known is None:
            return None
        self._db.execute("DELETE FROM complaints WHERE name = ?", [name])
        return self._now() - known.since
