import sqlite3
from pathlib import Path

import pytest

from chatbot.store.database import Damaged, back_up, look_at, open_database
from chatbot.store.store import Store


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "copies" / "monday.db"


@pytest.fixture(autouse=True)
def _copies(target: Path) -> None:
    target.parent.mkdir()


def _notes(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT detail FROM audit ORDER BY id").fetchall()
    connection.close()
    return [detail for (detail,) in rows]


def test_a_copy_holds_what_was_committed_and_not_what_is_still_open(store: Store, path: Path, target: Path) -> None:
    store.audit.record("Anna", "noted", "committed")
    with store.atomic():
        store.audit.record("Anna", "noted", "still open")
        back_up(path, target)
    assert _notes(target) == ["committed"]


def test_a_copy_is_one_private_file_that_the_program_can_open(store: Store, path: Path, target: Path) -> None:
    store.audit.record("Anna", "noted", "one")
    back_up(path, target)
    assert [file.name for file in target.parent.iterdir()] == ["monday.db"]
    assert target.stat().st_mode & 0o777 == 0o600
    assert target.read_bytes()[18:20] == b"\x01\x01"  # no side files are needed to read it
    restored = open_database(target)
    assert restored.conn.execute("SELECT detail FROM audit").fetchone() == ("one",)
    restored.close()


def test_a_copy_never_takes_the_place_of_another_file(store: Store, path: Path, target: Path) -> None:
    target.write_text("last week's")
    with pytest.raises(FileExistsError, match=r"monday\.db is there already"):
        back_up(path, target)
    assert target.read_text() == "last week's"


@pytest.mark.parametrize("name", ["100%", "a#b", "a?b", "%41", "a b&mode=rw", "ü"])
def test_a_folder_may_have_any_name(tmp_path: Path, target: Path, name: str) -> None:
    source = tmp_path / name / "chatbot.db"
    source.parent.mkdir()
    db = open_database(source)
    db.execute("INSERT INTO audit (at, person, what, detail) VALUES ('now', 'Anna', 'noted', 'one')")
    back_up(source, target)
    db.close()
    assert _notes(target) == ["one"]


def test_what_a_broken_off_copy_left_behind_is_in_nobodys_way(store: Store, path: Path, target: Path) -> None:
    target.with_name("monday.db.part").write_bytes(b"half a copy" * 1000)
    store.audit.record("Anna", "noted", "one")
    back_up(path, target)
    assert _notes(target) == ["one"]


def test_a_damaged_database_gives_no_copy(path: Path, target: Path) -> None:
    open_database(path).close()
    content = bytearray(path.read_bytes())
    content[3 * 4096 : 3 * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)
    with pytest.raises(Damaged):
        back_up(path, target)
    assert not target.exists()


def test_a_file_of_something_else_gives_no_copy(path: Path, target: Path) -> None:
    path.write_bytes(b"not a database at all, " * 400)
    with pytest.raises(Damaged):
        back_up(path, target)
    assert not target.exists()


def test_a_database_that_is_not_there_gives_no_copy_and_is_not_made(path: Path, target: Path) -> None:
    with pytest.raises(FileNotFoundError):
        back_up(path, target)
    assert not path.exists()
    assert list(target.parent.iterdir()) == []


def test_a_database_that_nobody_has_open_can_be_copied_and_stays_as_it_is(path: Path, target: Path) -> None:
    open_database(path).close()
    before = path.read_bytes()
    back_up(path, target)
    assert path.read_bytes() == before


def test_looking_at_a_sound_database_says_and_changes_nothing(store: Store, path: Path) -> None:
    store.audit.record("Anna", "noted", "one")
    before = path.read_bytes()
    look_at(path)
    assert path.read_bytes() == before


def test_looking_at_a_damaged_database_says_so(path: Path) -> None:
    path.write_bytes(b"not a database at all, " * 400)
    with pytest.raises(Damaged):
        look_at(path)
    assert path.read_bytes() == b"not a database at all, " * 400


def test_looking_at_nothing_makes_nothing(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        look_at(path)
    assert not path.exists()
