import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.core.alerts import (
    AlertKind,
    AlertRule,
    AlertState,
    Direction,
    Question,
    armed,
    ended,
    fired,
    moved,
    rested,
    snoozed,
)
from chatbot.core.market import Symbol, Venue
from chatbot.store.store import Store
from tests.store.rules import MADE, asks, funding, move, price

_moments = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_spans = st.integers(1, 10**6).map(lambda seconds: timedelta(seconds=seconds))
_questions = st.builds(
    Question,
    kind=st.sampled_from(AlertKind),
    symbol=st.sampled_from(["BTC-USDT", "XBTUSDTM"]).map(Symbol),
    venue=st.sampled_from(Venue),
    direction=st.none() | st.sampled_from(Direction),
    level=st.decimals(-(10**9), 10**9, places=12),
    window=st.none() | _spans,
)
_rules = st.builds(
    AlertRule,
    question=_questions,
    person_id=st.just(7),
    person=st.text(),
    chat_id=st.integers(-(2**52), 2**52),
    thread_id=st.none() | st.integers(0, 2**40),
    every=st.none() | _spans,
    until=st.none() | _moments,
    note=st.text(),
    order=st.text(),
    state=st.sampled_from(AlertState),
    arms=st.integers(0, 10**6),
    armed_at=_moments,
    eligible_at=st.none() | _moments,
    fired=st.integers(0, 10**6),
    fired_at=st.none() | _moments,
    created_at=_moments,
)
_people = count(1000)


def _add(store: Store, question: Question, person_id: int = 7) -> AlertRule:
    rule, new = store.alerts.add(asks(question, person_id))
    assert new
    return rule


def _rows(store: Store) -> list[tuple[object, ...]]:
    rows = store.db.conn.execute("SELECT * FROM alerts ORDER BY id").fetchall()
    return [tuple(row) for row in rows]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_rules, _rules)
def test_a_rule_comes_back_as_it_was_written_and_as_it_was_changed(
    store: Store, first: AlertRule, other: AlertRule
) -> None:
    rule, new = store.alerts.add(replace(first, person_id=next(_people)))
    assert new
    assert rule == replace(first, id=rule.id, person_id=rule.person_id)
    assert store.alerts.rule(rule.id) == rule
    question = replace(rule.question, level=other.question.level, direction=other.question.direction)
    stays = {name: getattr(rule, name) for name in ("id", "person_id", "person", "chat_id", "thread_id", "created_at")}
    later = replace(other, question=question, **stays)
    assert store.alerts.change(rule, later)
    assert store.alerts.rule(rule.id) == later


def test_a_rule_that_never_was_is_none(store: Store) -> None:
    assert store.alerts.rule(1) is None
    assert store.alerts.rules([1, 2]) == {}
    assert store.alerts.rules([]) == {}


def test_many_rules_are_read_by_their_numbers(store: Store) -> None:
    rules = [_add(store, price(str(level))) for level in range(1, 40)]
    wanted = [rules[5], rules[30]]
    assert store.alerts.rules([rule.id for rule in wanted] + [10_000]) == {rule.id: rule for rule in wanted}
    assert len(store.alerts.rules(range(1, 100_000))) == 39


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (price("68000"), price("68000.00")),
        (price("68000"), price("6.8E+4")),
        (move("0.05", 60), move("0.050", 60)),
        (funding("0", AlertKind.FUNDING_FLIP), funding("-0.0", AlertKind.FUNDING_FLIP)),
        (replace(funding("0"), direction=None), replace(funding("0"), direction=None)),
    ],
)
def test_the_same_question_of_the_same_person_stands_once(store: Store, first: Question, again: Question) -> None:
    rule = _add(store, first)
    assert store.alerts.add(replace(asks(again), note="another")) == (rule, False)
    assert store.alerts.twin(asks(again)) == rule
    assert store.alerts.count_of(7) == 1
    assert _add(store, price("1")).id == rule.id + 1, "no number is skipped"


@pytest.mark.parametrize(
    "other",
    [
        price("68000.1"),
        price("68000", Direction.BELOW),
        price("68000", symbol="ETH-USDT"),
        replace(price("68000"), direction=None),
        replace(price("68000"), kind=AlertKind.FUNDING_LEVEL),
        replace(price("68000"), window=timedelta(minutes=1)),
    ],
)
def test_another_question_is_another_rule(store: Store, other: Question) -> None:
    rule = _add(store, price("68000"))
    assert store.alerts.twin(asks(other)) is None
    assert store.alerts.twin(rule) is None
    assert _add(store, other).id != rule.id


def test_what_one_person_asks_another_may_ask_too(store: Store) -> None:
    mine, hers = _add(store, price(), 7), _add(store, price(), 8)
    assert store.alerts.alive_of(7) == (mine,)
    assert store.alerts.alive_of(8) == (hers,)
    assert (store.alerts.count_of(7), store.alerts.count_of(9), store.alerts.alive_count()) == (1, 0, 2)


@pytest.mark.parametrize("state", [AlertState.DONE, AlertState.ENDED, AlertState.DELETED, AlertState.GONE])
def test_a_question_that_is_over_may_be_asked_again(store: Store, state: AlertState) -> None:
    rule = _add(store, price())
    assert store.alerts.change(rule, ended(rule, state))
    assert store.alerts.alive_of(7) == ()
    assert store.alerts.alive_count() == 0
    again = _add(store, price())
    assert again.id > rule.id
    assert store.alerts.twin(rule) == again
    assert store.alerts.twin(again) is None


def test_a_rule_that_is_over_does_not_come_back_beside_one_that_asks_the_same(store: Store) -> None:
    first = _add(store, price())
    done = fired(first, MADE)
    assert store.alerts.change(first, done)
    second = _add(store, price())
    before = _rows(store)
    with store.atomic():
        assert not store.alerts.change(done, snoozed(done, MADE + timedelta(hours=1)))
        assert store.alerts.change(second, replace(second, note="still writing"))
    assert _rows(store)[0] == before[0]
    assert store.alerts.rule(second.id) == replace(second, note="still writing")


def test_a_level_is_not_moved_onto_another_of_the_same_person(store: Store) -> None:
    first, second = _add(store, price("68000")), _add(store, price("69000"))
    before = _rows(store)
    assert not store.alerts.change(second, moved(second, Decimal("68000.0"), Direction.ABOVE, MADE))
    assert _rows(store) == before
    third = moved(second, Decimal("68000.0"), Direction.BELOW, MADE)
    assert store.alerts.change(second, third)
    assert store.alerts.rules([first.id, second.id]) == {first.id: first, second.id: third}


@pytest.mark.parametrize(
    "stale",
    [
        lambda rule: replace(rule, state=AlertState.ARMED),
        lambda rule: replace(rule, arms=rule.arms - 1),
        lambda rule: replace(rule, arms=rule.arms + 1),
        lambda rule: replace(rule, eligible_at=None),
        lambda rule: replace(rule, eligible_at=MADE),
        lambda rule: replace(rule, id=rule.id + 1),
    ],
)
def test_a_rule_that_moved_on_is_not_changed(store: Store, stale: Callable[[AlertRule], AlertRule]) -> None:
    rule = _add(store, price())
    cooling = snoozed(armed(rule, MADE), MADE + timedelta(minutes=5))
    assert store.alerts.change(rule, cooling)
    before = _rows(store)
    assert not store.alerts.change(stale(cooling), ended(cooling, AlertState.DELETED))
    assert _rows(store) == before
    assert store.alerts.change(cooling, rested(cooling))


def test_a_change_leaves_alone_what_it_is_not_about(store: Store) -> None:
    rule = _add(store, price())
    assert store.alerts.change(rule, replace(rule, note="first"))
    assert store.alerts.change(rule, rule)
    assert store.alerts.change(rule, rested(rule))
    assert store.alerts.rule(rule.id) == replace(rested(rule), note="first")


@pytest.mark.parametrize("level", ["NaN", "Infinity", "1E+400"])
def test_a_level_that_is_no_price_is_refused_by_the_table(store: Store, level: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        store.alerts.add(asks(price(level)))
    rule = _add(store, price())
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        store.alerts.change(rule, moved(rule, Decimal(level), Direction.ABOVE, MADE))


def test_rules_fall_with_the_transaction_they_join(store: Store) -> None:
    rule = _add(store, price())

    def fail_after_writing() -> None:
        with store.atomic():
            store.alerts.add(asks(price("1")))
            store.alerts.change(rule, ended(rule, AlertState.DELETED))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_writing()
    assert store.alerts.alive_of(7) == (rule,)


def test_rules_end_when_their_cards_may_no_longer_be_tapped(store: Store, clock: list[datetime]) -> None:
    kept, gone = _add(store, price("1")), _add(store, price("2"))
    done = fired(gone, MADE)
    assert store.alerts.change(gone, done)
    clock[0] += timedelta(days=9)
    assert store.alerts.change(done, ended(done, AlertState.DELETED))
    clock[0] += timedelta(days=30)
    store.clean(timedelta(days=7))
    assert store.alerts.rule(gone.id) is not None
    clock[0] += timedelta(seconds=1)
    store.clean(timedelta(days=7))
    assert store.alerts.rules([kept.id, gone.id]) == {kept.id: kept}
