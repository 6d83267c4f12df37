import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.core.times import utc_now
from chatbot.store.store import Store, open_store


def test_updates_are_kept_in_their_order_until_they_are_ended(store: Store) -> None:
    assert store.inbox.keep([(11, "a"), (12, "b")]) == [11, 12]
    assert store.inbox.waiting() == [(11, "a"), (12, "b")]
    assert store.inbox.end(11, "done")
    assert store.inbox.waiting() == [(12, "b")]


def test_an_update_that_comes_again_is_not_new(store: Store) -> None:
    store.inbox.keep([(11, "a")])
    assert store.inbox.keep([(10, "z"), (11, "changed"), (12, "b")]) == [10, 12]
    assert store.inbox.waiting() == [(10, "z"), (11, "a"), (12, "b")]


def test_an_ended_update_does_not_begin_again(store: Store) -> None:
    store.inbox.keep([(11, "a")])
    assert store.inbox.end(11, "done")
    assert store.inbox.keep([(11, "a")]) == []
    assert store.inbox.waiting() == []


def test_an_update_ends_once(store: Store) -> None:
    store.inbox.keep([(11, "a")])
    assert [store.inbox.end(11, "done"), store.inbox.end(11, "dropped"), store.inbox.end(99, "done")] == [
        True,
        False,
        False,
    ]


def test_what_was_typed_is_forgotten_with_the_end(store: Store) -> None:
    store.inbox.keep([(11, "a secret")])
    store.inbox.end(11, "done")
    assert store.db.conn.execute("SELECT body, state FROM inbox").fetchall() == [("", "done")]


def test_an_end_falls_with_the_transaction_of_its_handler(store: Store) -> None:
    store.inbox.keep([(11, "a")])

    def fail_after_ending() -> None:
        with store.atomic():
            assert store.inbox.end(11, "done")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_ending()
    assert store.inbox.waiting() == [(11, "a")]


def test_a_batch_is_kept_as_a_whole_or_not_at_all(store: Store) -> None:
    store.db.conn.execute(
        "CREATE TRIGGER broken BEFORE INSERT ON inbox WHEN NEW.update_id = 12"
        " BEGIN SELECT RAISE(ABORT, 'disk trouble'); END"
    )
    with pytest.raises(sqlite3.IntegrityError, match="disk trouble"):
        store.inbox.keep([(11, "a"), (12, "b")])
    assert store.inbox.waiting() == []


def test_after_a_quiet_week_lower_numbers_are_new_too(store: Store) -> None:
    store.inbox.keep([(900_000, "before")])
    assert store.inbox.keep([(5, "after")]) == [5]


@given(st.lists(st.lists(st.integers(1, 12), max_size=6), max_size=8), st.sets(st.integers(1, 12)))
@settings(max_examples=40, deadline=None)
def test_however_updates_are_repeated_and_shuffled_each_is_new_once(batches: list[list[int]], ended: set[int]) -> None:
    new: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "chatbot.db", utc_now)
        for batch in batches:
            new += store.inbox.keep([(number, str(number)) for number in batch])
            for number in ended & set(new):
                store.inbox.end(number, "done")
        waiting = [number for number, _ in store.inbox.waiting()]
        store.close()
    assert sorted(new) == sorted({number for batch in batches for number in batch})
    assert waiting == sorted(set(new) - ended)
