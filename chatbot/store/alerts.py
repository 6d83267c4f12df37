"""Alert rules and their firings. A rule moves by compare-and-set, and fires once for each occasion."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from chatbot.core.alerts import AlertRule, Direction, Firing, Question
from chatbot.core.market import Symbol, Venue
from chatbot.core.times import Now
from chatbot.store.alert_rows import ADD, CHANGE, FIRE, Values, firing_of, rule_of, the_same, to_add, to_change, to_fire
from chatbot.store.database import Database
from chatbot.store.feed_marks import FeedMarks
from chatbot.store.values import stamp

CARDS_STAY = timedelta(days=30)
"""The card of an alert may be tapped for so long; then its firing is forgotten, and a rule that ended with it."""

Fired = tuple[AlertRule, AlertRule, Firing]
"""The rule as it was read, what becomes of it, and the record of why."""

_PAGE = 500
"""Rules read at once where there may be many: a few milliseconds."""

_ON_FEED = "ended_at IS NULL AND kind IN ('price', 'move')"
_ON_FUNDING = "ended_at IS NULL AND kind NOT IN ('price', 'move')"

_DIRECTIONS = {d.value: d for d in Direction}


class Alerts(FeedMarks):
    """Every write joins the open transaction."""

    def __init__(self, db: Database, now: Now) -> None:
        super().__init__(db)
        self._now = now

    def add(self, rule: AlertRule) -> tuple[AlertRule, bool]:
        """The rule with its number; where the person asks the same already, that rule, and False."""
        with self._db.atomic():
            cursor = self._db.conn.execute(ADD, to_add(rule, self._now()))
            if cursor.rowcount == 1:
                return replace(rule, id=int(cursor.lastrowid or 0)), True
            standing = self.standing(rule.person_id, rule.question)
        assert standing is not None, "it was in the way a line above"  # noqa: S101 - for the type checker
        return standing, False

    def standing(self, person_id: int, question: Question) -> AlertRule | None:
        """The person's living rule with this question."""
        return self._rule(
            "ended_at IS NULL AND person_id = ? AND symbol = ? AND kind = ? AND ifnull(direction, '') = ?"
            " AND level = ? AND ifnull(window_seconds, 0) = ?",
            *the_same(person_id, question),
        )

    def rule(self, rule_id: int) -> AlertRule | None:
        return self._rule("id = ?", rule_id)

    def rules(self, ids: Collection[int]) -> dict[int, AlertRule]:
        """Those there are, by id."""
        found = self._rules("id IN (SELECT value FROM json_each(?))", json.dumps(list(ids)))
        return {rule.id: rule for rule in found}

    def alive_of(self, person_id: int) -> tuple[AlertRule, ...]:
        return self._rules("ended_at IS NULL AND person_id = ? ORDER BY id", person_id)

    def count_of(self, person_id: int) -> int:
        return self._number("SELECT count(*) FROM alerts WHERE ended_at IS NULL AND person_id = ?", person_id)

    def alive_count(self) -> int:
        return self._number(f"SELECT count(*) FROM alerts WHERE {_ON_FEED}") + self._number(  # noqa: S608
            f"SELECT count(*) FROM alerts WHERE {_ON_FUNDING}"  # noqa: S608
        )

    def change(self, old: AlertRule, new: AlertRule) -> bool:
        """False when the rule moved on since `old` was read, or another rule of the person asks this already."""
        try:
            return self._db.conn.execute(CHANGE, to_change(old, new, self._now())).rowcount == 1
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_UNIQUE:
                raise
            return False

    def fire(self, old: AlertRule, new: AlertRule, firing: Firing) -> Firing | None:
        """None, and nothing written, when the rule moved on since `old` was read or told this occasion before."""
        return self.fire_many([(old, new, firing)])[0]

    def fire_many(self, fired: Iterable[Fired]) -> list[Firing | None]:
        """Each as `fire`, in order and in one transaction."""
        execute, now = self._db.conn.execute, self._now()
        told: list[Firing | None] = []
        with self._db.atomic():
            for old, new, firing in fired:
                cursor = execute(FIRE, to_fire(old, firing))
                if cursor.rowcount != 1:
                    told.append(None)
                    continue
                execute(CHANGE, to_change(old, new, now))
                told.append(replace(firing, id=int(cursor.lastrowid or 0)))
        return told

    def told_by(self, firing_id: int, letter_id: int) -> None:
        self._db.conn.execute("UPDATE firings SET letter_id = ? WHERE id = ?", (letter_id, firing_id))

    def firing(self, firing_id: int) -> Firing | None:
        return self._firing("id = ?", firing_id)

    def latest_firing(self, rule_id: int) -> Firing | None:
        return self._firing("rule_id = ? ORDER BY told_at DESC, id DESC LIMIT 1", rule_id)

    def count_today(self, rule_id: int, since: datetime) -> int:
        """How often the rule has told something since then."""
        return self._number("SELECT count(*) FROM firings WHERE rule_id = ? AND told_at >= ?", rule_id, stamp(since))

    def owed_tickets(self) -> tuple[Firing, ...]:
        """Firings whose rule brings an order line along, which is no ticket yet."""
        return self._firings("ticket_owed = 1 ORDER BY id")

    def ticket_made(self, firing_id: int, ticket_id: int | None) -> bool:
        """Or that there will be none. False when that was settled before."""
        cursor = self._db.execute(
            "UPDATE firings SET ticket_owed = 0, ticket_id = ? WHERE id = ? AND ticket_owed = 1", [ticket_id, firing_id]
        )
        return cursor.rowcount == 1

    def price_watches(self) -> Iterator[tuple[Symbol, float, int, bool]]:
        """Symbol, level, rule id and rising (as 1 or 0) of all that wait for a price, by symbol and level.

        To be read to its end before anything is written.
        """
        return self._db.conn.execute(
            "SELECT symbol, watch, id, watch_rising FROM alerts WHERE kind = 'price' AND watch NOT NULL"
            " ORDER BY symbol, watch"
        )

    def move_watches(self) -> Iterator[tuple[Symbol, int, Direction, float, int, bool]]:
        """The same of moves, with the seconds of the window and the direction after the symbol, by these four."""
        rows = self._db.conn.execute(
            "SELECT symbol, window_seconds, direction, watch, id, watch_rising FROM alerts"
            " WHERE kind = 'move' AND watch NOT NULL ORDER BY symbol, window_seconds, direction, watch"
        )
        for symbol, seconds, direction, level, rule_id, rising in rows:
            yield Symbol(symbol), seconds, _DIRECTIONS[direction], level, rule_id, bool(rising)

    def watched_symbols(self) -> tuple[tuple[Symbol, Venue], ...]:
        """Those with living price or move rules."""
        return tuple((Symbol(s), Venue(v)) for s, v in self._symbols(_ON_FEED))

    def funding_symbols(self) -> tuple[Symbol, ...]:
        return tuple(Symbol(s) for s, _ in self._symbols(_ON_FUNDING))

    def funding_rules(self, symbol: Symbol) -> tuple[AlertRule, ...]:
        return self._rules(f"{_ON_FUNDING} AND symbol = ? ORDER BY id", symbol)

    def on_symbol(self, symbol: Symbol) -> Iterator[AlertRule]:
        """Its living price and move rules, read in pages: rules may be changed meanwhile."""
        last = 0
        while page := self._rules(f"{_ON_FEED} AND symbol = ? AND id > ? ORDER BY id LIMIT {_PAGE}", symbol, last):
            yield from page
            last = page[-1].id

    def due(self, now: datetime) -> tuple[AlertRule, ...]:
        """Cooling rules whose rest is over, at most a page of them, the longest rested first."""
        return self._rules(f"state = 'cooling' AND eligible_at <= ? ORDER BY eligible_at, id LIMIT {_PAGE}", stamp(now))

    def over(self, now: datetime) -> tuple[AlertRule, ...]:
        """Living rules whose time has passed, at most a page of them, the longest over first."""
        return self._rules(
            f"ended_at IS NULL AND until <= ? AND until NOT NULL ORDER BY until, id LIMIT {_PAGE}", stamp(now)
        )

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

    def _symbols(self, which: str) -> Iterator[tuple[str, str]]:
        """Each symbol once, with its venue: one step in the index for each, however many rules it has."""
        return self._db.conn.execute(
            f"WITH RECURSIVE each_one (symbol) AS (SELECT min(symbol) FROM alerts WHERE {which} UNION ALL"  # noqa: S608
            f" SELECT (SELECT min(symbol) FROM alerts WHERE {which} AND symbol > each_one.symbol)"
            " FROM each_one WHERE symbol NOT NULL)"
            f" SELECT symbol, (SELECT venue FROM alerts WHERE {which} AND symbol = each_one.symbol)"
            " FROM each_one WHERE symbol NOT NULL"
        )

    def _number(self, query: str, *values: str | int) -> int:
        return int(self._db.conn.execute(query, values).fetchone()[0])

    def _rule(self, where: str, *values: str | int | float | None) -> AlertRule | None:
        return next(iter(self._rules(where, *values)), None)

    def _rules(self, where: str, *values: str | int | float | None) -> tuple[AlertRule, ...]:
        return tuple(rule_of(row) for row in self._rows("alerts", where, values))

    def _firing(self, where: str, *values: str | int) -> Firing | None:
        return next(iter(self._firings(where, *values)), None)

    def _firings(self, where: str, *values: str | int) -> tuple[Firing, ...]:
        return tuple(firing_of(row) for row in self._rows("firings", where, values))

    def _rows(self, table: str, where: str, values: Values) -> Iterator[sqlite3.Row]:
        # `where` is one of the literals above, never anything a person typed.
        cursor = self._db.conn.cursor()
        cursor.row_factory = sqlite3.Row
        return cursor.execute(f"SELECT * FROM {table} WHERE {where}", values)  # noqa: S608
