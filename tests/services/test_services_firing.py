import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.core.alerts import AlertRule, AlertState, Source, armed, ended, rested, snoozed
from chatbot.core.notices import Letter, Subject
from chatbot.services.firing import Change, Teller
from chatbot.store.store import Store, open_store
from tests.store.rules import MADE, asks, price


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "chatbot.db", lambda: MADE)
    yield store
    store.close()


@pytest.fixture
def rung() -> list[None]:
    """Once for each time somebody rang for tickets that are owed."""
    return []


@pytest.fixture
def teller(store: Store, rung: list[None]) -> Teller:
    return Teller(store=store, owed=lambda: rung.append(None), now=lambda: MADE)


def _add(store: Store, level: int, **changes: object) -> AlertRule:
    rule = replace(asks(price(str(level))), **changes)  # type: ignore[arg-type]  # of AlertRule
    return store.alerts.add(rule)[0]


def _fires(teller: Teller, rule: AlertRule) -> Change:
    return teller.firing(rule, Decimal(90_000), MADE, Source.LIVE)


def _letters(store: Store) -> tuple[Letter, ...]:
    return store.outbox.due(99)


def test_of_many_changes_those_whose_rules_moved_on_leave_nothing(store: Store, teller: Teller) -> None:
    first, gone, waits, late, last = (_add(store, level) for level in range(1, 6))
    assert store.alerts.change(gone, ended(gone, AlertState.DELETED))
    waiting = rested(snoozed(waits, MADE))
    assert store.alerts.change(waits, waiting)
    changes = [
        _fires(teller, first),
        _fires(teller, gone),
        Change(old=waiting, new=armed(waiting, MADE)),
        Change(old=snoozed(late, MADE), new=armed(late, MADE)),
        _fires(teller, last),
    ]
    assert teller.tell(changes) == [True, False, True, False, True]
    told = [store.alerts.firing(letter.subject_id) for letter in _letters(store)]
    assert [firing and firing.rule_id for firing in told] == [first.id, last.id]
    assert [store.alerts.letter_of(firing.id) for firing in told if firing] == [each.id for each in _letters(store)]
    assert [store.alerts.rule(rule.id) for rule in (waits, late)] == [armed(waiting, MADE), late]


def test_an_alert_goes_to_the_topic_its_rule_was_made_in(store: Store, teller: Teller) -> None:
    rules = [_add(store, 1, chat_id=-5, thread_id=9), _add(store, 2, chat_id=-5), _add(store, 3, chat_id=70)]
    teller.tell([_fires(teller, rule) for rule in rules])
    assert [(letter.chat_id, letter.thread_id) for letter in _letters(store)] == [(-5, 9), (-5, None), (70, None)]
    assert {letter.subject for letter in _letters(store)} == {Subject.ALERT}


@pytest.mark.parametrize(
    ("order", "moved_on", "rings"),
    [("buy BTC 0.001 @ 62000", False, 1), ("buy BTC 0.001 @ 62000", True, 0), ("", False, 0)],
)
def test_whoever_makes_tickets_is_rung_when_one_is_owed(
    store: Store, teller: Teller, rung: list[None], order: str, *, moved_on: bool, rings: int
) -> None:
    rules = [_add(store, 1), _add(store, 2, order=order), _add(store, 3)]
    if moved_on:
        assert store.alerts.change(rules[1], ended(rules[1], AlertState.DELETED))
    teller.tell([_fires(teller, rule) for rule in rules])
    assert len(rung) == rings
    assert len(store.alerts.owed_tickets()) == rings


def test_when_its_letter_cannot_be_written_a_rule_has_not_fired(store: Store, teller: Teller) -> None:
    fine, broken = _add(store, 1), _add(store, 2)
    change = _fires(teller, broken)
    nowhere = replace(change, new=replace(change.new, thread_id="nowhere"))  # type: ignore[arg-type]  # which is the point
    with pytest.raises(sqlite3.IntegrityError, match="thread_id"):
        teller.tell([_fires(teller, fine), nowhere])
    assert [store.alerts.rule(rule.id) for rule in (fine, broken)] == [fine, broken]
    assert store.alerts.firing(1) is None
    assert _letters(store) == ()
