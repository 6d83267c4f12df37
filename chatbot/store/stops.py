"""The kill switch: a row that outlives every restart, and what the sweep after it found."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chatbot.core.times import Now
from chatbot.store.audit import Audit
from chatbot.store.database import Database
from chatbot.store.values import moment, stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One kill. `lines` is what was done about it so far; `swept_at` is set once the exchange was asked everywhere."""

    id: int
    at: datetime
    person: str
    lines: tuple[str, ...]
    swept_at: datetime | None
    chat_id: int
    card_id: int
    resumed_at: datetime | None
    resumed_by: str
    reason: str


class Stops:
    def __init__(self, db: Database, audit: Audit, now: Now) -> None:
        self._db = db
        self._audit = audit
        self._now = now

    def standing(self) -> Stop | None:
        """The kill in force, if there is one."""
        return self._one("resumed_at IS NULL ORDER BY id DESC LIMIT 1", [])

    def get(self, stop_id: int) -> Stop | None:
        return self._one("id = ?", [stop_id])

    def kill(self, person: str, chat_id: int) -> Stop:
        """Durable when the transaction it joins is. A second kill while one stands is that one again."""
        with self._db.atomic():
            standing = self.standing()
            if standing is not None:
                return standing
            self._db.execute(
                "INSERT INTO stops (at, person, chat_id) VALUES (?, ?, ?)", [stamp(self._now()), person, chat_id]
            )
            self._audit.record(person, "killed")
            stop = self.standing()
        assert stop is not None, "the row was written a line above"  # noqa: S101 - for the type checker
        return stop

    def show_on(self, stop_id: int, letter_id: int) -> None:
        self._db.execute("UPDATE stops SET card_id = ? WHERE id = ?", [letter_id, stop_id])

    def note(self, stop_id: int, lines: tuple[str, ...], *, swept: bool) -> None:
        """Replaces what the card tells of the sweep."""
        self._db.execute(
            "UPDATE stops SET lines = ?, swept_at = ? WHERE id = ?",
            [json.dumps(lines), stamp(self._now()) if swept else None, stop_id],
        )

    def resume(self, person: str, reason: str) -> Stop | None:
        """None when nothing was stopped."""
        with self._db.atomic():
            stop = self.standing()
            if stop is None:
                return None
            self._db.execute(
                "UPDATE stops SET resumed_at = ?, resumed_by = ?, reason = ? WHERE id = ?",
                [stamp(self._now()), person, reason, stop.id],
            )
            self._audit.record(person, "resumed", reason)
            return self.get(stop.id)

    def _one(self, where: str, values: list[int]) -> Stop | None:
        # `where` is one of the literals above, never anything a person typed.
        row = next(iter(self._db.query(f"SELECT * FROM stops WHERE {where}", values)), None)  # noqa: S608
        return None if row is None else _stop(row)


def _stop(row: dict[str, Any]) -> Stop:
    return Stop(
        id=row["id"],
        at=moment(row["at"]),
        person=row["person"],
        lines=tuple(json.loads(row["lines"])),
        swept_at=moment(row["swept_at"]) if row["swept_at"] else None,
        chat_id=row["chat_id"],
        card_id=row["card_id"] or 0,
        resumed_at=moment(row["resumed_at"]) if row["resumed_at"] else None,
        resumed_by=row["resumed_by"] or "",
        reason=row["reason"] or "",
    )
