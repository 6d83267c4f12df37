from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from chatbot.core.complaints import AGAIN
from chatbot.store.store import Store, open_store


def test_what_was_told_is_not_told_again_by_a_restart(path: Path, clock: list[datetime]) -> None:
    def opened() -> Store:
        return open_store(path, lambda: clock[0])

    store = opened()
    since = clock[0]
    assert store.complaints.due("disk", since) is not None
    store.close()
    clock[0] += AGAIN - timedelta(seconds=1)
    store = opened()
    assert store.complaints.due("disk", clock[0]) is None
    clock[0] += timedelta(seconds=1)
    again = store.complaints.due("disk", clock[0])
    assert again is not None
    assert (again.since, again.times) == (since, 2)
    store.close()
    store = opened()
    assert store.complaints.over("disk") == AGAIN
    assert store.complaints.over("disk") is None
    store.close()


def test_each_trouble_is_its_own(store: Store, clock: list[datetime]) -> None:
    assert store.complaints.due("disk", clock[0]) is not None
    assert store.complaints.over("key") is None
    assert store.complaints.due("key", clock[0]) is not None


def test_a_telling_that_falls_with_its_transaction_was_none(store: Store, clock: list[datetime]) -> None:
    def fall() -> None:
        with store.atomic():
            assert store.complaints.due("disk", clock[0]) is not None
            raise LookupError

    _raises(fall)
    assert store.complaints.standing("disk") is None


def _raises(do: Callable[[], None]) -> None:
    try:
        do()
    except LookupError:
        return
    raise AssertionError
