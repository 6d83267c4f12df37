from datetime import datetime, timedelta

import pytest

from chatbot.store.store import Store


def test_the_latest_records_come_first(store: Store, clock: list[datetime]) -> None:
    store.audit.record("Anna", "proposed", "T-1")
    clock[0] += timedelta(seconds=1)
    store.audit.record("Ben", "killed")
    latest, first = store.audit.latest(9)
    assert (latest.at, latest.person, latest.what, latest.detail) == (clock[0], "Ben", "killed", "")
    assert (first.at, first.detail) == (clock[0] - timedelta(seconds=1), "T-1")
    assert latest.id > first.id
    assert store.audit.latest(1) == (latest,)


def test_a_record_falls_with_the_change_it_tells_of(store: Store) -> None:
    def fail_after_recording() -> None:
        with store.atomic():
            store.audit.record("Anna", "proposed")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_recording()
    assert store.audit.latest(9) == ()


def test_text_of_people_is_kept_as_it_is(store: Store) -> None:
    store.audit.record("Anna'); DROP TABLE audit; --", "said", 'a "quoted" <b>€</b> 𝔘 line\nand another')
    record = store.audit.latest(1)[0]
    assert record.person == "Anna'); DROP TABLE audit; --"
    assert record.detail == 'a "quoted" <b>€</b> 𝔘 line\nand another'
