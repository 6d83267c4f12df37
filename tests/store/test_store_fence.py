import json
import shutil
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from chatbot.core.orders import OrderTicket, TicketState
from chatbot.store.fence import OLDER, OTHER, UNREADABLE
from chatbot.store.store import Store, open_store


def _mark(path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(path.with_name("chatbot.db.fence").read_text())
    return found


def _audit(store: Store) -> tuple[int, str]:
    row = store.db.conn.execute("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1").fetchone()
    return row[0], row[1]


def test_every_order_that_may_leave_and_every_kill_moves_the_fence(
    store: Store, path: Path, propose: Callable[[], OrderTicket]
) -> None:
    ticket = propose()
    assert not path.with_name("chatbot.db.fence").exists()
    with store.atomic():
        store.orders.move(ticket, TicketState.SUBMITTING, by="Anna")
        assert not path.with_name("chatbot.db.fence").exists()  # never newer than what is committed
    marks = [_mark(path)]
    store.stops.kill("Anna", 70, 1)
    marks.append(_mark(path))
    store.stops.resume("Anna", "all is well", 2)
    marks.append(_mark(path))
    assert [mark["audit"] for mark in marks] == [2, 3, 4]
    assert (marks[-1]["audit"], marks[-1]["hash"]) == _audit(store)
    assert stat.S_IMODE(path.with_name("chatbot.db.fence").stat().st_mode) == 0o600
    assert store.safety.fence.doubt() == ""


def test_a_database_that_was_put_back_is_older_than_its_fence(
    store: Store, path: Path, tmp_path: Path, clock: list[datetime]
) -> None:
    store.audit.record("Anna", "noted")
    store.safety.fence.write()
    store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(path, tmp_path / "copy")
    store.stops.kill("Anna", 70, 1)
    store.close()
    shutil.copy(tmp_path / "copy", path)
    again = open_store(path, lambda: clock[0])
    assert again.safety.fence.doubt() == OLDER
    again.audit.record("Ben", "noted", "something else")
    assert again.safety.fence.doubt() == OTHER
    again.safety.fence.write()
    assert again.safety.fence.doubt() == ""
    again.close()


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"audit": "x", "hash": ""}', "{"])
def test_a_fence_that_cannot_be_read_tells_nothing_for_sure(store: Store, path: Path, content: str) -> None:
    path.with_name("chatbot.db.fence").write_text(content)
    assert store.safety.fence.doubt() == UNREADABLE


def test_without_a_fence_there_is_nothing_to_doubt(store: Store) -> None:
    assert store.safety.fence.doubt() == ""


def test_a_fence_before_the_first_record_holds(store: Store) -> None:
    store.safety.fence.write()
    assert store.safety.fence.doubt() == ""
    store.audit.record("Anna", "noted")
    assert store.safety.fence.doubt() == ""


def test_a_fence_that_cannot_be_written_says_so_and_nothing_falls(store: Store, path: Path) -> None:
    path.with_name("chatbot.db.fence.part").mkdir()
    store.stops.kill("Anna", 70, 1)
    assert store.stops.standing() is not None
    assert store.safety.fence.failed == "Is a directory"
    path.with_name("chatbot.db.fence.part").rmdir()
    store.safety.fence.write()
    assert store.safety.fence.failed == ""
    assert _mark(path)["audit"] == 1
