"""Alert rules and firings as rows: the columns, and the way there and back. Spans are whole seconds."""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import Any

from chatbot.core.alerts import AlertKind, AlertRule, AlertState, Direction, Firing, Question, Source, watch_of
from chatbot.core.market import Symbol, Venue
from chatbot.store.database import Database
from chatbot.store.values import maybe_moment, maybe_seconds, maybe_span, maybe_stamp, moment, money, stamp

Value = str | int | float | None

Values = tuple[Value, ...]
"""What stands in the columns of a row, in their order."""


def _as_it_is(value: str | int) -> Value:
    return value


def _name(value: Enum | None) -> Value:
    return None if value is None else str(value.value)


def _level(level: Decimal) -> str:
    """Of two levels that are equal one text: zero has two signs."""
    return money(level) if level else "0"


_FIXED = (
    "kind", "symbol", "venue", "window_seconds", "person_id", "person", "chat_id", "thread_id", "created_at",
)  # fmt: skip
_CHANGING: dict[str, tuple[str, Callable[[Any], Value]]] = {
    "direction": ("question.direction", _name),
    "level": ("question.level", _level),
    "every_seconds": ("every", maybe_seconds),
    "until": ("until", maybe_stamp),
    "note": ("note", _as_it_is),
    "order_line": ("order", _as_it_is),
    "state": ("state", _name),
    "arms": ("arms", _as_it_is),
    "armed_at": ("armed_at", stamp),
    "eligible_at": ("eligible_at", maybe_stamp),
    "fired": ("fired", _as_it_is),
    "fired_at": ("fired_at", maybe_stamp),
}
"""By column: where it stands in a rule, and how it is written."""

_changing = attrgetter(*(attribute for attribute, _ in _CHANGING.values()))

_WATCH = ("watch", "watch_rising")
_WATCHED_BY = frozenset({"direction", "level", "state"})
"""What a rule waits for changes with these alone."""

_FIRING = (
    "rule_id", "occasion", "number", "source", "value", "at", "told_at", "settles_at", "detail", "ticket_owed",
)  # fmt: skip
_TOLD = ("id", *_FIRING[:-1])


def _marks(columns: tuple[str, ...]) -> str:
    return ", ".join("?" * len(columns))


_AS_READ = "id = ? AND state = ? AND arms = ? AND eligible_at IS ?"

# The texts are made of the names above alone.
_RULE = ("id", *_FIXED, *_CHANGING)
_ALL = (*_FIXED, *_CHANGING, *_WATCH, "ended_at")
ADD = f"INSERT INTO alerts ({', '.join(_ALL)}) VALUES ({_marks(_ALL)})"  # noqa: S608
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
    changing = (write(value) for value, (_, write) in zip(_changing(rule), _CHANGING.values(), strict=True))
    return (*fixed, *changing, *_watch(rule), _ended_at(rule, now))


def to_change(old: AlertRule, new: AlertRule, now: datetime) -> tuple[str, Values]:
    """The statement with its values: an index is left alone when no column of it changes."""
    both = zip(_CHANGING.items(), _changing(old), _changing(new), strict=True)
    # Most is untouched and the very same object: to compare two moments takes longer than to see that.
    changes = {
        name: write(becomes) for (name, (_, write)), was, becomes in both if becomes is not was and becomes != was
    }
    if not _WATCHED_BY.isdisjoint(changes):
        changes |= zip(_WATCH, _watch(new), strict=True)
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


def the_same(person_id: int, question: Question) -> Values:
    """What the index of questions that stand only once is made of."""
    return (
        person_id,
        question.symbol,
        question.kind.value,
        _name(question.direction) or "",
        _level(question.level),
        maybe_seconds(question.window) or 0,
    )


def _ended_at(rule: AlertRule, now: datetime) -> str | None:
    return None if rule.alive else stamp(now)


def _watch(rule: AlertRule) -> Values:
    watch = watch_of(rule)
    return (None, None) if watch is None else (float(watch.level), watch.rising)


def _as_read(rule: AlertRule) -> Values:
    return rule.id, rule.state.value, rule.arms, maybe_stamp(rule.eligible_at)


def _rule(row: tuple[Any, ...]) -> AlertRule:
    (
        rule_id, kind, symbol, venue, window, person_id, person, chat_id, thread_id, created_at,
        direction, level, every, until, note, order, state, arms, armed_at, eligible_at, fired, fired_at,
    ) = row  # fmt: skip
    return AlertRule(
        id=rule_id,
        question=Question(
            kind=AlertKind(kind),
            symbol=Symbol(symbol),
            venue=Venue(venue),
            direction=Direction(direction) if direction else None,
            level=Decimal(level),
            window=maybe_span(window),
        ),
        person_id=person_id,
        person=person,
        chat_id=chat_id,
        thread_id=thread_id,
        every=maybe_span(every),
        until=maybe_moment(until),
        note=note,
        order=order,
        state=AlertState(state),
        arms=arms,
        armed_at=moment(armed_at),
        eligible_at=maybe_moment(eligible_at),
        fired=fired,
        fired_at=maybe_moment(fired_at),
        created_at=moment(created_at),
    )


def _firing(row: tuple[Any, ...]) -> Firing:
    firing_id, rule_id, occasion, number, source, value, at, told_at, settles_at, detail = row
    return Firing(
        id=firing_id,
        rule_id=rule_id,
        occasion=occasion,
        number=number,
        source=Source(source),
        value=Decimal(value),
        at=moment(at),
        told_at=moment(told_at),
        settles_at=maybe_moment(settles_at),
        detail=detail,
    )


def rules_where(db: Database, where: str, *values: Value) -> tuple[AlertRule, ...]:
    """`where` is SQL of ours, never anything a person typed."""
    return tuple(map(_rule, _rows(db, _RULE, f"alerts WHERE {where}", values)))


def rule_where(db: Database, where: str, *values: Value) -> AlertRule | None:
    return next(iter(rules_where(db, where, *values)), None)


def firings_where(db: Database, where: str, *values: Value) -> tuple[Firing, ...]:
    """As `rules_where`."""
    return tuple(map(_firing, _rows(db, _TOLD, f"firings WHERE {where}", values)))


def firing_where(db: Database, where: str, *values: Value) -> Firing | None:
    return next(iter(firings_where(db, where, *values)), None)


def _rows(db: Database, columns: tuple[str, ...], where: str, values: Values) -> Iterator[tuple[Any, ...]]:
    return db.conn.execute(f"SELECT {', '.join(columns)} FROM {where}", values)  # noqa: S608
