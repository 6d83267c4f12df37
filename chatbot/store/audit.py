"""Who did what, when: rows are added and never changed (the schema's triggers see to it)."""

from dataclasses import dataclass
from datetime import datetime

from chatbot.core.times import Now
from chatbot.store.database import Database
from chatbot.store.values import moment, stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    id: int
    at: datetime
    person: str
    what: str
    detail: str


class Audit:
    def __init__(self, db: Database, now: Now) -> None:
        self._db = db
        self._now = now

    def record(self, person: str, what: str, detail: str = "") -> None:
        """Joins the transaction that is open, so that a change and its record stand or fall together."""
        self._db.execute(
            "INSERT INTO audit (at, person, what, detail) VALUES (?, ?, ?, ?)",
            [stamp(self._now()), person, what, detail],
        )

    def latest(self, count: int) -> tuple[AuditRecord, ...]:
        """Newest first."""
        rows = self._db.query("SELECT * FROM audit ORDER BY id DESC LIMIT ?", [count])
        return tuple(
            AuditRecord(id=r["id"], at=moment(r["at"]), person=r["person"], what=r["what"], detail=r["detail"])
            for r in rows
        )
