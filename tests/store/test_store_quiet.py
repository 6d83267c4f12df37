from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chatbot.core.notices import Lane, Letter, LetterState
from chatbot.core.preferences import Kind
from chatbot.store.store import Store, open_store
from chatbot.store.values import stamp

ANNA, BEN = 11, 12


def put(store: Store, *, chat: int = ANNA, kind: Kind | None = Kind.PRICE, edits: int | None = None) -> Letter:
    return store.outbox.put(Letter(chat_id=chat, lane=Lane.ALERT, text="BTC crossed", kind=kind, edits=edits))


def state(store: Store, letter: Letter) -> LetterState:
    found = store.outbox.letter(letter.id)
    assert found is not None
    return found.state


def test_what_is_held_is_of_one_kind_and_chat_and_never_an_edit(store: Store) -> None:
    price, more = put(store), put(store)
    others = [put(store, kind=Kind.FUNDING), put(store, kind=None), put(store, chat=BEN)]
    edit = put(store, edits=others[0].id)
    assert store.quiet.hold(ANNA, Kind.PRICE) == 2
    assert {state(store, each) for each in (price, more)} == {LetterState.QUIET}
    assert {state(store, each) for each in (*others, edit)} == {LetterState.PENDING}
    assert (store.quiet.chats(), store.quiet.count(ANNA), store.quiet.count(BEN)) == ((ANNA,), 2, 0)
    assert store.outbox.waiting() == 4
    assert price.id not in {letter.id for letter in store.outbox.due(99)}


def test_a_restart_leaves_what_is_held_as_it_is(store: Store, path: Path) -> None:
    letter = put(store)
    store.quiet.hold(ANNA, Kind.PRICE)
    store.close()
    again = open_store(path, store.now)
    assert again.outbox.recover() == 0
    assert state(again, letter) is LetterState.QUIET
    again.close()


def test_what_is_released_leaves_together_and_without_a_sound(store: Store) -> None:
    letters = [put(store) for _ in range(3)]
    store.quiet.hold(ANNA, Kind.PRICE)
    assert store.quiet.release(ANNA) == 3
    assert store.quiet.release(ANNA) == 0
    due = store.outbox.due(99)
    assert [letter.id for letter in due] == [letter.id for letter in letters]
    assert all(letter.silent for letter in due)


def test_what_is_released_to_a_closed_chat_waits_until_it_opens(store: Store) -> None:
    letter = put(store)
    store.quiet.hold(ANNA, Kind.PRICE)
    store.outbox.hold(ANNA, "blocked", lambda _: [])
    store.quiet.release(ANNA)
    assert state(store, letter) is LetterState.HELD
    store.outbox.chats.reopen(ANNA)
    assert state(store, letter) is LetterState.PENDING


def test_what_a_digest_told_of_is_found_under_it_and_nowhere_else(store: Store) -> None:
    first = [put(store) for _ in range(3)]
    store.quiet.hold(ANNA, Kind.PRICE)
    digest = put(store, kind=Kind.DIGEST)
    store.quiet.told_by(5, digest)
    later = put(store)
    store.quiet.hold(ANNA, Kind.PRICE)
    assert (store.quiet.count(ANNA, 5), store.quiet.count(ANNA), store.quiet.count(BEN, 5)) == (3, 1, 0)
    assert [letter.id for letter in store.quiet.page(ANNA, 5, 1, 5)] == [letter.id for letter in first[1:]]
    assert [letter.id for letter in store.quiet.page(ANNA, None, 0, 5)] == [later.id]
    store.quiet.settle()
    assert {state(store, each) for each in first} == {LetterState.QUIET}
    assert store.quiet.release(ANNA) == 1
    store.outbox.sent(digest, 77)
    store.quiet.settle()
    assert {state(store, each) for each in first} == {LetterState.SENT}
    assert store.quiet.count(ANNA, 5) == 3


@pytest.mark.parametrize("lost", ["dropped", "refused", "barred"])
def test_what_a_digest_was_to_tell_is_held_again_when_it_never_leaves(store: Store, lost: str) -> None:
    notice = put(store)
    store.quiet.hold(ANNA, Kind.PRICE)
    digest = put(store, kind=Kind.DIGEST)
    store.quiet.told_by(5, digest)
    if lost == "dropped":
        store.quiet.drop(ANNA, Kind.DIGEST)
    elif lost == "refused":
        store.outbox.dead(digest, "too odd")
    else:
        store.outbox.chats.bar(ANNA)
    store.quiet.settle()
    assert (state(store, digest), state(store, notice)) == (LetterState.DEAD, LetterState.QUIET)
    assert (store.quiet.count(ANNA), store.quiet.count(ANNA, 5)) == (1, 0)


def test_what_nobody_wants_is_no_trouble_of_delivery_and_is_forgotten_in_time(
    store: Store, clock: list[datetime]
) -> None:
    letter = put(store)
    assert store.quiet.drop(ANNA, Kind.PRICE) == 1
    assert state(store, letter) is LetterState.DEAD
    assert store.outbox.undelivered() == 0
    clock[0] += timedelta(days=8)
    store.outbox.clean(stamp(clock[0] - timedelta(days=7)))
    assert store.outbox.letter(letter.id) is None


@pytest.mark.parametrize("doubted", [False, True])
def test_in_a_database_put_back_what_is_held_may_be_a_repeat(store: Store, *, doubted: bool) -> None:
    put(store)
    store.quiet.hold(ANNA, Kind.PRICE)
    if doubted:
        store.distrust()
    store.quiet.release(ANNA)
    assert [letter.repeat for letter in store.outbox.due(9)] == [doubted]
