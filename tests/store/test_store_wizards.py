"""Wizards as rows: one a person and chat, numbers that never come back."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chatbot.core.notices import Lane, Letter
from chatbot.core.wizards import Wizard
from chatbot.store.store import Store

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
NEW = Wizard(
    id=0, person_id=11, person="Anna", chat_id=-1, message_id=5, asks="/buy", hint="BTC", expires_at=NOON
)  # fmt: skip


def _begun(store: Store, wizard: Wizard = NEW) -> Wizard:
    return replace(wizard, id=store.wizards.begin(wizard))


def test_a_wizard_comes_back_as_it_was_begun(store: Store) -> None:
    begun = _begun(store)
    assert store.wizards.get(begun.id) == store.wizards.of(11, -1) == begun
    assert store.wizards.of(11, 1) is store.wizards.of(12, -1) is store.wizards.get(begun.id + 1) is None


def test_there_is_one_of_a_person_in_a_chat(store: Store) -> None:
    _begun(store)
    _begun(store, replace(NEW, chat_id=-2))
    _begun(store, replace(NEW, person_id=12))
    with pytest.raises(sqlite3.IntegrityError):
        _begun(store)


def test_a_number_is_never_given_twice(store: Store) -> None:
    first = _begun(store)
    store.wizards.end(first.id)
    assert store.wizards.get(first.id) is None
    assert _begun(store).id > first.id


def test_its_letters_are_known_by_what_they_are(store: Store) -> None:
    begun = _begun(store)
    for letter_id, asks in ((7, ""), (8, "/buy")):
        letter = Letter(chat_id=-1, lane=Lane.ANSWER, text="x", asks=asks, wizard=begun.id, id=letter_id)
        store.wizards.shown_by(begun.id, letter)
    shown = replace(begun, card_id=7, prompt_id=8)
    assert store.wizards.get(begun.id) == shown
    further = replace(shown, prompt_id=None, asks="/buy BTC", hint="50usdt", misses=1)
    store.wizards.go_on(further)
    assert store.wizards.get(begun.id) == further


def test_what_waits_of_a_message_is_withdrawn_and_what_left_stays(store: Store) -> None:
    card = store.outbox.put(Letter(chat_id=-1, lane=Lane.ANSWER, text="card", wizard=1))
    store.wizards.withdraw(card.id)
    assert store.outbox.due(9) == ()
    card = store.outbox.put(Letter(chat_id=-1, lane=Lane.ANSWER, text="card", wizard=1))
    store.outbox.sending(card)
    store.outbox.sent(card, 900)
    store.outbox.put(Letter(chat_id=-1, lane=Lane.ANSWER, text="changed", wizard=1, edits=card.id))
    other = store.outbox.put(Letter(chat_id=-1, lane=Lane.ANSWER, text="other"))
    store.wizards.withdraw(card.id)
    assert [letter.id for letter in store.outbox.due(9)] == [other.id]
    assert store.outbox.letter(card.id) is not None
