"""What people set for themselves, a row each from the first thing they set.

It is asked of every notice that leaves, so it is kept in memory once it was read: nobody else writes here.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import time
from decimal import Decimal
from zoneinfo import ZoneInfo

from chatbot.core.market import Symbol
from chatbot.core.numbers import plain
from chatbot.core.preferences import DEFAULT_VOLUMES, Kind, Preferences, Quiet, Volume
from chatbot.store.database import Database


class PreferencesRows:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._read: dict[int, Preferences] = {}

    def of(self, person_id: int) -> Preferences:
        """The defaults for who has set nothing yet."""
        if self._db.conn.in_transaction:  # which may fall yet
            return self._stored(person_id)
        if person_id not in self._read:
            self._read[person_id] = self._stored(person_id)
        return self._read[person_id]

    def _stored(self, person_id: int) -> Preferences:
        rows = self._db.execute("SELECT * FROM preferences WHERE person_id = ?", [person_id])
        names = [column[0] for column in rows.description]
        return next((_preferences(dict(zip(names, row, strict=True))) for row in rows), Preferences())

    def change(self, person_id: int, change: Callable[[Preferences], Preferences]) -> Preferences:
        """Two changes at the same time both stand."""
        with self._db.atomic():
            changed = change(self._stored(person_id))
            self._read.pop(person_id, None)
            self._db.execute(
                "INSERT OR REPLACE INTO preferences (person_id, zone, quiet_since, quiet_until, digest_at, volumes,"
                " hides_amounts, currency, pays_above) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [person_id, *_row(changed)],
            )
            return changed

    def digesting(self) -> tuple[int, ...]:
        """People with an hour for their digest."""
        rows = self._db.query("SELECT person_id FROM preferences WHERE digest_at NOTNULL ORDER BY person_id")
        return tuple(row["person_id"] for row in rows)

    def muted(self, person_id: int) -> tuple[Symbol, ...]:
        """Symbols whose alerts this person wants none of, alphabetically."""
        rows = self._db.query("SELECT symbol FROM mutes WHERE person_id = ? ORDER BY symbol", [person_id])
        return tuple(Symbol(row["symbol"]) for row in rows)

    def mute(self, person_id: int, symbol: Symbol, *, on: bool) -> None:
        if on:
            self._db.execute(
                "INSERT INTO mutes (person_id, symbol) VALUES (?, ?) ON CONFLICT DO NOTHING", [person_id, symbol]
            )
        else:
            self._db.execute("DELETE FROM mutes WHERE person_id = ? AND symbol = ?", [person_id, symbol])


def _row(each: Preferences) -> list[str | int | None]:
    quiet = each.quiet
    changed = {kind.value: volume.value for kind, volume in each.volumes.items() if DEFAULT_VOLUMES[kind] is not volume}
    return [
        each.zone.key if each.zone is not None else None,
        f"{quiet.since:%H:%M}" if quiet is not None else None,
        f"{quiet.until:%H:%M}" if quiet is not None else None,
        f"{each.digest_at:%H:%M}" if each.digest_at is not None else None,
        json.dumps(changed),
        each.hides_amounts,
        each.currency,
        plain(each.pays_above) if each.pays_above is not None else None,
    ]


def _preferences(row: dict[str, str | int | None]) -> Preferences:
    since, until, digest_at = (_time(row[name]) for name in ("quiet_since", "quiet_until", "digest_at"))
    volumes = {Kind(kind): Volume(volume) for kind, volume in json.loads(str(row["volumes"])).items()}
    found = Preferences(
        zone=ZoneInfo(str(row["zone"])) if row["zone"] is not None else None,
        digest_at=digest_at,
        volumes={**DEFAULT_VOLUMES, **volumes},
        hides_amounts=bool(row["hides_amounts"]),
        currency=str(row["currency"]),
        pays_above=Decimal(str(row["pays_above"])) if row["pays_above"] is not None else None,
    )
    return found if since is None or until is None else replace(found, quiet=Quiet(since=since, until=until))


def _time(text: object) -> time | None:
    return None if text is None else time.fromisoformat(str(text))
