"""The audit page by page: nothing left out, nothing twice, no secrets, and a broken chain is seen."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from chatbot.core.times import utc_now
from chatbot.logs import Scrubber
from chatbot.services.logbook import PAGE, Logbook, LogPage
from chatbot.store.store import Store, open_store

SECRET = "made-up-passphrase"


def _open(folder: Path, records: int) -> tuple[Store, Logbook]:
    path = folder / "desk.db"
    store = open_store(path, utc_now)
    for number in range(1, records + 1):
        store.audit.record("Anna", "did", f"thing {number}")
    return store, Logbook(audit=store.audit, path=path, scrub=Scrubber([SECRET]))


def _read(logbook: Logbook, **ends: int) -> LogPage:
    return asyncio.run(logbook.page(**ends))


def _numbers(page: LogPage) -> list[int]:
    return [line.id for line in page.lines]


def test_older_pages_follow_on_without_a_gap_to_the_first_record(tmp_path: Path) -> None:
    store, logbook = _open(tmp_path, 2 * PAGE + 3)
    page = _read(logbook)
    seen = _numbers(page)
    assert not page.newer
    while page.older:
        page = _read(logbook, before=page.lines[-1].id)
        assert page.newer
        seen += _numbers(page)
    assert seen == list(range(2 * PAGE + 3, 0, -1))
    store.close()


def test_newer_leads_back_the_same_way(tmp_path: Path) -> None:
    store, logbook = _open(tmp_path, 3 * PAGE)
    oldest = _read(logbook, before=PAGE + 1)
    assert (_numbers(oldest)[-1], oldest.older) == (1, False)
    middle = _read(logbook, after=PAGE)
    assert (_numbers(middle), middle.newer, middle.older) == (list(range(2 * PAGE, PAGE, -1)), True, True)
    newest = _read(logbook, after=2 * PAGE)
    assert (_numbers(newest)[0], newest.newer) == (3 * PAGE, False)
    store.close()


def test_what_comes_meanwhile_moves_no_page(tmp_path: Path) -> None:
    store, logbook = _open(tmp_path, 2 * PAGE)
    last = _read(logbook).lines[-1].id
    store.audit.record("Ben", "did", "more")
    assert _numbers(_read(logbook, before=last)) == list(range(PAGE, 0, -1))
    store.close()


def test_no_secret_that_somebody_typed_is_shown(tmp_path: Path) -> None:
    store, logbook = _open(tmp_path, 0)
    store.audit.record(f"x {SECRET}", "resumed", f"because {SECRET} and 7000001:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    (line,) = _read(logbook).lines
    assert (line.person, line.detail) == ("x [secret]", "because [secret] and [secret]")
    store.close()


def test_a_record_that_was_changed_by_hand_is_noticed_however_old(tmp_path: Path) -> None:
    store, logbook = _open(tmp_path, 300)
    assert _read(logbook).problem == ""
    with closing(sqlite3.connect(tmp_path / "desk.db")) as other, other:
        other.execute("DROP TRIGGER audit_is_fixed")
        other.execute("UPDATE audit SET detail = 'nothing' WHERE id = 2")
    assert _read(logbook).problem == "row 2 of the audit is not what was written"
    store.close()
