"""Who did what, when: rows are added and never changed. Triggers see to it, and a chain of hashes shows it."""

from collections.abc import Callable
from datetime import datetime

from chatbot.core.orders import TicketState
from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.store import chain
from chatbot.store.database import Database
from chatbot.store.values import moment, stamp

_WEIGHTY = {TicketState.SUBMITTING.value, "killed", "resumed"}
"""A database that has forgotten one of these must not trade."""

_NEWEST = 2**62


@frozen
class AuditRecord:
    id: int
    at: datetime
    person: str
    what: str
    detail: str


def _nothing() -> None:
    pass


class Audit:
    """`fence` is called after the commit of what must never be forgotten."""

    def __init__(self, db: Database, now: Now, fence: Callable[[], None] = _nothing) -> None:
        self._db = db
        self._now = now
        self._fence = fence

    def record(self, person: str, what: str, detail: str = "") -> None:
        """Joins the transaction that is open, so that a change and its record stand or fall together."""
        with self._db.atomic():
            last, before = chain.end(self._db.conn)
            row = last + 1, stamp(self._now()), person, what, detail
            self._db.execute(
                "INSERT INTO audit (id, at, person, what, detail, hash) VALUES (?, ?, ?, ?, ?, ?)",
                [*row, chain.link(before, row)],
            )
            if what in _WEIGHTY:
                self._db.then(self._fence)

    def latest(self, count: int) -> tuple[AuditRecord, ...]:
        """Newest first."""
        return self.page(count)

    def page(self, count: int, *, before: int | None = None, after: int | None = None) -> tuple[AuditRecord, ...]:
        """Newest first: of those older than `before`, or of those newer than `after` the next ones."""
        if after is not None:
            return self._read("id > ? ORDER BY id LIMIT ?", [after, count])[::-1]
        return self._read("id < ? ORDER BY id DESC LIMIT ?", [_NEWEST if before is None else before, count])

    def _read(self, where: str, values: list[int]) -> tuple[AuditRecord, ...]:
        rows = self._db.query(f"SELECT * FROM audit WHERE {where}", values)  # noqa: S608 - one of the two above
        return tuple(
            AuditRecord(id=r["id"], at=moment(r["at"]), person=r["person"], what=r["what"], detail=r["detail"])
            for r in rows
        )
