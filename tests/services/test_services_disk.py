"""What /status says of the database's file comes from the file, and a backup leaves its mark beside it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatbot.core.times import utc_now
from chatbot.services.disk import look, note_examined
from chatbot.store.database import back_up
from chatbot.store.store import open_store

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def test_size_and_the_last_examination_are_known(tmp_path: Path) -> None:
    store = open_store(tmp_path / "desk.db", lambda: NOON)
    seen = look(store)
    assert seen.size >= (tmp_path / "desk.db").stat().st_size > 0
    assert (seen.examined_at, seen.backed_up_at) == (None, None)
    note_examined(store)
    assert look(store).examined_at == NOON
    store.close()


def test_a_backup_is_known_by_its_time_and_one_that_failed_is_not(tmp_path: Path) -> None:
    store = open_store(tmp_path / "desk.db", utc_now)
    (tmp_path / "there.db").touch()
    try:
        back_up(tmp_path / "desk.db", tmp_path / "there.db")
    except FileExistsError:
        assert look(store).backed_up_at is None
    back_up(tmp_path / "desk.db", tmp_path / "copy.db")
    made = look(store).backed_up_at
    assert made is not None
    assert abs(utc_now() - made) < timedelta(minutes=1)
    store.close()
