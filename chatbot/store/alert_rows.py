"""Alert rules and firings as rows: the columns, and the way there and back. Spans are whole seconds."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from chatbot.core.alerts import AlertKind, AlertRule, AlertState, Direction, Firing, Question, Source, watch_of
from chatbot.core.market import Symbol, Venue
from chatbot.store.database import Database
from chatbot.store.values import maybe_moment, maybe_seconds, maybe_span, maybe_stamp, moment, money, stamp

Value = str | int | float | None

Values = tuple[Value, ...]
"""What stands in the columns of a row, in their order."""

_FIXED = (
    "kind", "symbol", "venue", "window_seconds", "person_id", "person", "chat_id", "thread_id", "created_at",
)  # fmt: skip
_CHANGING = (
    "direction", "level", "every_seconds", "until", "note", "order_line", "state", "arms", "armed_at", "eligible_at",
    "fired", "fired_at", "watch", "watch_rising",
)  # fmt: skip
_FIRING = (
    "rule_id", "occasion", "number", "source", "value", "at", "told_at", "settles_at", "detail", "ticket_owed",
)  # fmt: skip


def _marks(columns: tuple[str, ...]) -> str:
    return ", ".join("?" * len(columns))


_AS_READ = "id = ? AND state = ? AND arms = ? AND eligible_at IS ?"

# The texts are made of the names above alone.
_ALL = (*_FIXED, *_CHANGING, "ended_at")
ADD = f"INSERT INTO alerts ({', '.join(_ALL)}) VALUES ({_marks(_ALL)}) ON CONFLICT DO NOTHING"  # noqa: S608
FIRE = (
    f"INSERT INTO firings ({', '.join(_FIRING)}) SELECT {_marks(_FIRING)}"  # noqa: S608
    f" WHERE EXISTS (SELECT 1 FROM alerts WHERE {_AS_READ}) ON CONFLICT DO NOTHING"
)
"""Writes the firing if its rule stands as it was read and has not told this occasion."""


def to_add(rule: AlertRule, now: datetime) -> Values:
    question = rule.question
    fixed = (
        question.kind.value,
        question.symbol,
        question.venue.value,
        maybe_seconds(question.window),
        rule.person_id,
        rule.person,
        rule.chat_id,
        rule.thread_id,
        stamp(rule.created_at),
    )
    return (*fixed, *_changing(rule), _ended_at(rule, now))


def to_change(old: AlertRule, new: AlertRule, now: datetime) -> tuple[str, Values]:
    """The statement with its values: an index is left alone when no column of it changes."""
    both = zip(_CHANGING, _changing(old), _changing(new), strict=True)
    changes: dict[str, Value] = {name: becomes for name, was, becomes in both if becomes != was}
    changes["state"] = new.state.value
    if not (old.alive and new.alive):
        changes["ended_at"] = _ended_at(new, now)
    names = ", ".join(f"{name} = ?" for name in changes)
    return f"UPDATE alerts SET {names} WHERE {_AS_READ}", (*changes.values(), *_as_read(old))  # noqa: S608


def to_fire(old: AlertRule, firing: Firing) -> Values:
    """The firing of a rule with an order line owes a ticket."""
    told = (
        firing.rule_id,
        firing.occasion,
        firing.number,
        firing.source.value,
        money(firing.value),
        stamp(firing.at),
        stamp(firing.told_at),
        maybe_stamp(firing.settles_at),
        firing.detail,
        bool(old.order),
    )
    return told + _as_read(old)


def the_same(person_id: int, question: Question) -> tuple[str | int, ...]:
    """What the index of questions that stand only once is made of."""
    return (
        person_id,
        question.symbol,
        question.kind.value,
        _direction(question) or "",
        _level(question),
        maybe_seconds(question.window) or 0,
    )


def _ended_at(rule: AlertRule, now: datetime) -> str | None:
    return None if rule.alive else stamp(now)


def _changing(rule: AlertRule) -> Values:
    watch = watch_of(rule)
    return (
        _direction(rule.question),
        _level(rule.question),
        maybe_seconds(rule.every),
        maybe_stamp(rule.until),
        rule.note,
        rule.order,
        rule.state.value,
        rule.arms,
        stamp(rule.armed_at),
        maybe_stamp(rule.eligible_at),
        rule.fired,
        maybe_stamp(rule.fired_at),
        None if watch is None else float(watch.level),
        None if watch is None else watch.rising,
    )


def _as_read(rule: AlertRule) -> Values:
    return rule.id, rule.state.value, rule.arms, maybe_stamp(rule.eligible_at)


def _direction(question: Question) -> str | None:
    return None if question.direction is None else question.direction.value


def _level(question: Question) -> str:
    """Of two levels that are equal one text: zero has two signs."""
    return money(question.level) if question.level else "0"


def _rule(row: sqlite3.Row) -> AlertRule:
    return AlertRule(
        id=row["id"],
        question=Question(
            kind=AlertKind(row["kind"]),
            symbol=Symbol(row["symbol"]),
            venue=Venue(row["venue"]),
            direction=Direction(row["direction"]) if row["direction"] else None,
            level=Decimal(row["level"]),
            window=maybe_span(row["window_seconds"]),
        ),
        person_id=row["person_id"],
        person=row["person"],
        chat_id=row["chat_id"],
        thread_id=row["thread_id"],
        every=maybe_span(row["every_seconds"]),
        until=maybe_moment(row["until"]),
        note=row["note"],
        order=row["order_line"],
        state=AlertState(row["state"]),
        arms=row["arms"],
        armed_at=moment(row["armed_at"]),
        eligible_at=maybe_moment(row["eligible_at"]),
        fired=row["fired"],
        fired_at=maybe_moment(row["fired_at"]),
        created_at=moment(row["created_at"]),
    )


def _firing(row: sqlite3.Row) -> Firing:
    return Firing(
        id=row["id"],
        rule_id=row["rule_id"],
        occasion=row["occasion"],
        number=row["number"],
        source=Source(row["source"]),
        value=Decimal(row["value"]),
        at=moment(row["at"]),
        told_at=moment(row["told_at"]),
        settles_at=maybe_moment(row["settles_at"]),
        detail=row["detail"],
    )


def rules_where(db: Database, where: str, *values: str | int) -> tuple[AlertRule, ...]:
    """`where` is SQL of ours, never anything a person typed."""
    return tuple(_rule(row) for row in _rows(db, "alerts", where, values))


def rule_where(db: Database, where: str, *values: str | int) -> AlertRule | None:
    return next(iter(rules_where(db, where, *values)), None)


def firings_where(db: Database, where: str, *values: str | int) -> tuple[Firing, ...]:
    """As `rules_where`."""
    return tuple(_firing(row) for row in _rows(db, "firings", where, values))


def firing_where(db: Database, where: str, *values: str | int) -> Firing | None:
    return next(iter(firings_where(db, where, *values)), None)


def _rows(db: Database, table: str, where: str, values: Values) -> Iterator[sqlite3.Row]:
    cursor = db.conn.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(f"SELECT * FROM {table} WHERE {where}", values)  # noqa: S608
