"""The kill switch: a row that outlives every restart, and what its sweep found."""

import json
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from chatbot.core.stops import Line, OpenPosition, PlaceSwept, Result, Stop, StopReport
from chatbot.core.times import Now
from chatbot.store.audit import Audit
from chatbot.store.database import Database
from chatbot.store.values import moment, stamp

COUNTED = timedelta(days=3)
"""Telegram numbers updates one after the other until there was none for a week. Days: a clock may be hours off."""


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

    def kill(self, person: str, chat_id: int, update_id: int | None, cause: str = "") -> Stop:
        """Durable when the transaction it joins is. A second kill while one stands is that one, told here anew.

        An update that killed before does not kill again: its stop comes back, resumed or not.
        Without an update it is the bot's own, for `cause`: what stands already stays where it was told.
        """
        with self._db.atomic():
            stop = self._of(update_id) or self._stopped(person, chat_id, cause)
            self._heed(update_id, stop.id)
            return stop

    def _stopped(self, person: str, chat_id: int, cause: str) -> Stop:
        standing = self.standing()
        if standing is not None and cause:
            return standing
        if standing is not None:
            self._db.execute("UPDATE stops SET chat_id = ? WHERE id = ?", [chat_id, standing.id])
            return replace(standing, chat_id=chat_id)
        self._db.execute(
            "INSERT INTO stops (at, person, chat_id, cause) VALUES (?, ?, ?, ?)",
            [stamp(self._now()), person, chat_id, cause],
        )
        self._audit.record(person, "killed", cause)
        stop = self.standing()
        assert stop is not None, "the row was written a line above"  # noqa: S101 - for the type checker
        return stop

    def show_on(self, stop_id: int, letter_id: int) -> None:
        self._db.execute("UPDATE stops SET card_id = ? WHERE id = ?", [letter_id, stop_id])

    def note(self, stop_id: int, report: StopReport) -> None:
        """Replaces what is known of the sweep; a clean one is marked as swept."""
        self._db.execute(
            "UPDATE stops SET report = ?, swept_at = ? WHERE id = ?",
            [json.dumps(asdict(report)), stamp(self._now()) if report.clean else None, stop_id],
        )

    def resume(self, person: str, reason: str, update_id: int) -> Stop | None:
        """None when nothing was stopped. An update that resumed before ends nothing more: its stop comes back."""
        with self._db.atomic():
            known = self._of(update_id)
            if known is not None:
                return known
            stop = self.standing()
            if stop is None:
                return None
            self._db.execute(
                "UPDATE stops SET resumed_at = ?, resumed_by = ?, reason = ? WHERE id = ?",
                [stamp(self._now()), person, reason, stop.id],
            )
            self._heed(update_id, stop.id)
            self._audit.record(person, "resumed", reason)
            return self.get(stop.id)

    def killed_after(self, stop_id: int, update_id: int) -> bool:
        """Whether this stop was asked for by an update that came after `update_id`.

        Of a kill long past the numbers prove nothing: after a quiet week Telegram begins anew anywhere.
        """
        since = stamp(self._now() - COUNTED)
        found = self._db.query(
            "SELECT 1 FROM stop_updates WHERE stop_id = ? AND update_id > ? AND at > ?", [stop_id, update_id, since]
        )
        return next(iter(found), None) is not None

    def _of(self, update_id: int | None) -> Stop | None:
        return self._one("id = (SELECT stop_id FROM stop_updates WHERE update_id = ?)", [update_id])

    def _heed(self, update_id: int | None, stop_id: int) -> None:
        if update_id is not None:
            self._db.execute(
                "INSERT OR IGNORE INTO stop_updates (update_id, stop_id, at) VALUES (?, ?, ?)",
                [update_id, stop_id, stamp(self._now())],
            )

    def _one(self, where: str, values: list[int | None]) -> Stop | None:
        # `where` is one of the literals above, never anything a person typed.
        row = next(iter(self._db.query(f"SELECT * FROM stops WHERE {where}", values)), None)  # noqa: S608
        return None if row is None else _stop(row)


def _stop(row: dict[str, Any]) -> Stop:
    return Stop(
        id=row["id"],
        at=moment(row["at"]),
        person=row["person"],
        report=_report(json.loads(row["report"])),
        swept_at=moment(row["swept_at"]) if row["swept_at"] else None,
        chat_id=row["chat_id"],
        card_id=row["card_id"] or 0,
        resumed_at=moment(row["resumed_at"]) if row["resumed_at"] else None,
        resumed_by=row["resumed_by"] or "",
        reason=row["reason"] or "",
        cause=row["cause"],
    )


def _report(facts: dict[str, Any]) -> StopReport:
    """Of the first version only the tickets are believed: it knew no single orders, so all is looked at anew."""
    if facts and "lines" not in facts:
        return StopReport(tickets_expired=facts.get("tickets_expired", 0))
    positions = facts.get("positions")
    return StopReport(
        tickets_expired=facts.get("tickets_expired", 0),
        lines=tuple(Line(**(line | {"result": Result(line["result"])})) for line in facts.get("lines", ())),
        places=tuple(PlaceSwept(**p) for p in facts.get("places", ())),
        positions=None if positions is None else tuple(OpenPosition(**p) for p in positions),
        in_flight=tuple(facts.get("in_flight", ())),
        checked_at=facts.get("checked_at", ""),
        unlisted=tuple(facts.get("unlisted", ())),
    )
