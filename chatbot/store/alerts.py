"""Alert rules and their firings. A rule moves by compare-and-set, and fires once for each occasion."""

import json
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from chatbot.core.alerts import AlertKind, AlertRule, Firing, Source
from chatbot.core.market import Symbol
from chatbot.core.times import Now
from chatbot.core.wishes import Sequel
from chatbot.store.alert_rows import (
    ADD,
    FIRE,
    Values,
    firing_where,
    firings_where,
    rule_where,
    rules_where,
    the_same,
    to_add,
    to_change,
    to_fire,
)
from chatbot.store.database import Database
from chatbot.store.feed_marks import FeedMarks
from chatbot.store.values import stamp
from chatbot.store.watches import Watches

CARDS_STAY = timedelta(days=30)
"""The card of an alert may be tapped for so long; then its firing is forgotten, and a rule that ended with it."""

_A_CYCLE = timedelta(days=1)
"""No settlement is told of so long before."""

Fired = tuple[AlertRule, AlertRule, Firing]
"""The rule as it was read, what becomes of it, and the record of why."""


class _Changes:
    """Of rules of a crowd: mostly one statement changes them all."""

    def __init__(self) -> None:
        self.rules: set[int] = set()
        self._rows: dict[str, list[Values]] = {}

    def add(self, rule_id: int, statement: str, values: Values) -> None:
        self.rules.add(rule_id)
        self._rows.setdefault(statement, []).append(values)

    def write(self, db: Database) -> None:
        for statement, rows in self._rows.items():
            db.conn.executemany(statement, rows)
        self.rules.clear()
        self._rows.clear()


class Alerts(Watches, FeedMarks):
    """Every write joins the open transaction."""

    def __init__(self, db: Database, now: Now) -> None:
        super().__init__(db)
        self._now = now

    def add(self, rule: AlertRule) -> tuple[AlertRule, bool]:
        """The rule with its number; where the person asks the same already, that rule, and False."""
        with self._db.atomic():
            # Looked for first: an insert that meets a conflict would use up a number that people see.
            twin = self.twin(rule)
            if twin is not None:
                return twin, False
            cursor = self._db.conn.execute(ADD, to_add(rule, self._now()))
            return replace(rule, id=int(cursor.lastrowid or 0)), True

    def twin(self, rule: AlertRule) -> AlertRule | None:
        """Another living rule of the person that asks the same."""
        return rule_where(
            self._db,
            "ended_at IS NULL AND person_id = ? AND symbol = ? AND kind = ? AND ifnull(direction, '') = ?"
            " AND level = ? AND ifnull(window_seconds, 0) = ? AND id != ?",
            *the_same(rule.person_id, rule.question),
            rule.id,
        )

    def rule(self, rule_id: int) -> AlertRule | None:
        return rule_where(self._db, "id = ?", rule_id)

    def rules(self, ids: Collection[int]) -> dict[int, AlertRule]:
        """Those there are, by id."""
        found = rules_where(self._db, "id IN (SELECT value FROM json_each(?))", json.dumps(list(ids)))
        return {rule.id: rule for rule in found}

    def alive_of(self, person_id: int) -> tuple[AlertRule, ...]:
        return rules_where(self._db, "ended_at IS NULL AND person_id = ? ORDER BY id", person_id)

    def count_of(self, person_id: int) -> int:
        return self._number("SELECT count(*) FROM alerts WHERE ended_at IS NULL AND person_id = ?", person_id)

    def alive_count(self) -> int:
        return self._number("SELECT count(*) FROM alerts WHERE ended_at IS NULL")

    def change(self, old: AlertRule, new: AlertRule) -> bool:
        """Writes what differs. False when the rule moved on since `old` was read, or `new` would have a twin."""
        try:
            return self._db.conn.execute(*to_change(old, new, self._now())).rowcount == 1
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_UNIQUE:
                raise
            return False

    def fire(self, old: AlertRule, new: AlertRule, firing: Firing) -> Firing | None:
        """None, and nothing written, when the rule moved on since `old` was read or told this occasion before."""
        firing_id = self.fire_many([(old, new, firing)])[0]
        return None if firing_id is None else replace(firing, id=firing_id)

    def fire_many(self, fired: Iterable[Fired]) -> list[int | None]:
        """Each as `fire`, in order and in one transaction: the numbers of the firings."""
        execute, now = self._db.conn.execute, self._now()
        told: list[int | None] = []
        changes = _Changes()
        with self._db.atomic():
            for old, new, firing in fired:
                if old.id in changes.rules:  # a firing sees what the one before made of its rule
                    changes.write(self._db)
                cursor = execute(FIRE, to_fire(old, firing))
                if cursor.rowcount != 1:
                    told.append(None)
                    continue
                changes.add(old.id, *to_change(old, new, now))
                told.append(int(cursor.lastrowid or 0))
            changes.write(self._db)
        return told

    def told_by(self, letters: Iterable[tuple[int, int]]) -> None:
        """Which letter tells which firing, by their ids."""
        self._db.conn.executemany("UPDATE firings SET letter_id = ? WHERE id = ?", letters)

    def letter_of(self, firing_id: int) -> int | None:
        """The letter that tells it."""
        row = self._db.conn.execute("SELECT letter_id FROM firings WHERE id = ?", (firing_id,)).fetchone()
        return None if row is None else row[0]

    def firing(self, firing_id: int) -> Firing | None:
        return firing_where(self._db, "id = ?", firing_id)

    def latest_firing(self, rule_id: int) -> Firing | None:
        return firing_where(self._db, "rule_id = ? ORDER BY told_at DESC, id DESC LIMIT 1", rule_id)

    def count_today(self, rule_id: int, since: datetime) -> int:
        """How often the rule has told something since then."""
        return self._number("SELECT count(*) FROM firings WHERE rule_id = ? AND told_at >= ?", rule_id, stamp(since))

    def owed_tickets(self) -> tuple[Firing, ...]:
        """Firings whose rule brings an order line along, which is no ticket yet."""
        return firings_where(self._db, "ticket_owed = 1 ORDER BY id")

    def ticket_made(self, firing_id: int, ticket_id: int | None) -> bool:
        """Or that there will be none. False when that was settled before."""
        cursor = self._db.execute(
            "UPDATE firings SET ticket_owed = 0, ticket_id = ? WHERE id = ? AND ticket_owed = 1", [ticket_id, firing_id]
        )
        return cursor.rowcount == 1

    def muted(self, rules: Iterable[AlertRule]) -> set[tuple[int, Symbol]]:
        """Which of these rules' people want nothing of which symbols: person and symbol."""
        # Between a tick and the phone: mostly nobody has muted anything.
        if self._db.conn.execute("SELECT 1 FROM mutes LIMIT 1").fetchone() is None:
            return set()
        people = json.dumps(sorted({rule.person_id for rule in rules}))
        return set(
            self._db.conn.execute(
                "SELECT person_id, symbol FROM mutes WHERE person_id IN (SELECT value FROM json_each(?))", (people,)
            ).fetchall()
        )

    def hush(self, firings: Collection[int]) -> None:
        """These are told to nobody, and bring no tickets along."""
        self._db.conn.execute(
            "UPDATE firings SET muted = 1, ticket_owed = 0 WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(firings)),),
        )

    def note_outcome(self, firing_id: int, outcome: str) -> None:
        """What a person did about it."""
        self._db.execute("UPDATE firings SET outcome = ? WHERE id = ?", [outcome, firing_id])

    def history(self, person_id: int, before: int, count: int) -> tuple[Firing, ...]:
        """The latest firings of this person's rules with a number below `before`, the latest first."""
        return firings_where(
            self._db,
            "id < ? AND EXISTS (SELECT 1 FROM alerts WHERE alerts.id = rule_id AND person_id = ?)"
            " ORDER BY id DESC LIMIT ?",
            before,
            person_id,
            count,
        )

    def sequel(self, firing_id: int) -> Sequel:
        """Of one that stands here."""
        muted, outcome, ticket_id = self._db.conn.execute(
            "SELECT muted, outcome, ticket_id FROM firings WHERE id = ?", (firing_id,)
        ).fetchone()
        return Sequel(muted=bool(muted), outcome=outcome, ticket_id=ticket_id)

    def told_payment(self, person_id: int, symbol: Symbol, occasion: str) -> bool:
        """Whether a rule of the person's on what this symbol pays has fired for that occasion."""
        return bool(
            self._number(
                "SELECT count(*) FROM firings JOIN alerts ON alerts.id = rule_id"
                " WHERE told_at >= ? AND occasion = ? AND kind = ? AND symbol = ? AND person_id = ?",
                stamp(self._now() - _A_CYCLE),
                occasion,
                AlertKind.FUNDING_PAYMENT.value,
                symbol,
                person_id,
            )
        )

    def late_since(self, since: datetime) -> dict[int, int]:
        """The chats that were told since then what candles showed, and how often."""
        found = self._db.conn.execute(
            "SELECT chat_id, count(*) FROM firings JOIN alerts ON alerts.id = rule_id"
            " WHERE told_at >= ? AND source = ? AND muted = 0 GROUP BY chat_id",
            [stamp(since), Source.CANDLE.value],
        )
        return dict(found.fetchall())

    def clean(self, before: datetime) -> None:
        """Firings told and rules ended earlier, but for what still waits to be told or turned into a ticket."""
        earlier = [stamp(before)]
        self._db.execute(
            "DELETE FROM firings WHERE told_at < ? AND ticket_owed = 0 AND NOT EXISTS"
            " (SELECT 1 FROM outbox WHERE outbox.id = letter_id AND outbox.state NOT IN ('sent', 'dead'))",
            earlier,
        )
        self._db.execute(
            "DELETE FROM alerts WHERE ended_at < ? AND NOT EXISTS (SELECT 1 FROM firings WHERE rule_id = alerts.id)",
            earlier,
        )
        self._db.execute("DELETE FROM blind WHERE ended_at < ?", earlier)

    def _number(self, query: str, *values: str | int) -> int:
        return int(self._db.conn.execute(query, values).fetchone()[0])
