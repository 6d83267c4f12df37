import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chatbot.store.database import Damaged, look_at, open_database
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


def _tamper(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize("start", [open_database, look_at])
@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("UPDATE audit SET detail = 'nothing' WHERE id = 2", 2),
        ("UPDATE audit SET person = 'Ben' WHERE id = 3", 3),
        ("UPDATE audit SET at = '' WHERE id = 1", 1),
        ("UPDATE audit SET hash = '' WHERE id = 3", 3),
        ("UPDATE audit SET id = 7 WHERE id = 3", 7),
        ("DELETE FROM audit WHERE id = 2", 3),
        ("DELETE FROM audit WHERE id = 1", 2),
        ("INSERT INTO audit (at, person, what, detail) VALUES ('', 'Ben', 'noted', '')", 4),
    ],
)
def test_a_record_changed_by_hand_is_found(
    store: Store, path: Path, start: Callable[[Path], object], statement: str, row: int
) -> None:
    for what in ("proposed", "killed", "resumed"):
        store.audit.record("Anna", what, "äö\n€")
    store.close()
    look_at(path)
    _tamper(path, statement)
    with pytest.raises(Damaged, match=f"row {row} of the audit is not what was written"):
        start(path)


def test_a_start_goes_over_the_latest_records_and_a_check_over_all(store: Store, path: Path) -> None:
    with store.atomic():
        for number in range(300):
            store.audit.record("Anna", "noted", str(number))
    store.close()
    _tamper(path, "UPDATE audit SET detail = '' WHERE id = 9")
    open_database(path).close()
    with pytest.raises(Damaged, match="row 9"):
        look_at(path)
    _tamper(path, "UPDATE audit SET detail = '' WHERE id = 101")
    with pytest.raises(Damaged, match="row 101"):
        open_database(path)


def test_records_of_the_first_version_are_vouched_for_by_the_first_that_has_a_hash(store: Store, path: Path) -> None:
    for detail in ("one", "two"):
        store.db.execute("INSERT INTO audit (at, person, what, detail) VALUES ('', 'Anna', 'noted', ?)", [detail])
    store.safety.fence.write()
    assert store.safety.fence.doubt() == ""
    store.audit.record("Anna", "noted", "three")
    store.audit.record("Anna", "noted", "four")
    assert store.safety.fence.doubt() == ""
    store.close()
    look_at(path)
    _tamper(path, "UPDATE audit SET detail = 'other' WHERE id = 1")
    with pytest.raises(Damaged, match="row 3"):
        look_at(path)
