"""/log: for owners, in their own chat, page by page."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

from hypothesis import given

from chatbot.chat.views.log import log
from chatbot.services.logbook import PAGE, LogLine, LogPage
from tests.chat.desk import ANNA, BEN, NOON, open_desk
from tests.chat.shown import hostile, shown


def test_an_owner_pages_through_who_did_what(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_desk(tmp_path) as desk:
            (card,) = (await desk.says(BEN, "/buy btc 100usdt")).letters
            await desk.taps(BEN, card, "Cancel")
            for number in range(PAGE):
                desk.store.audit.record("Anna", "did", f"thing {number}")
            (page,) = (await desk.says(ANNA, "/log")).letters
            assert f"did: thing {PAGE - 1}" in page.text.split("\n")[1]
            assert [button.text for row in page.buttons for button in row] == ["Older", "Refresh"]
            (older,) = (await desk.taps(ANNA, page, "Older")).letters
            assert older.edits == page.id
            assert "Ben declined: T-1" in older.text
            assert "Ben proposed: T-1 /buy btc 100usdt" in older.text
            (newer,) = (await desk.taps(ANNA, older, "Newer")).letters
            assert newer.text.split("\n")[1:] == page.text.split("\n")[1:]

    asyncio.run(main())


def test_a_trader_and_a_group_read_no_log(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_desk(tmp_path) as desk:
            assert "/log is for owners; you are a trader." in (await desk.says(BEN, "/log")).text
            assert "The log is for our own chat." in (await desk.says(ANNA, "/log", group=True)).text

    asyncio.run(main())


def test_a_broken_chain_is_said_in_the_first_line(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_desk(tmp_path) as desk:
            desk.store.audit.record("Anna", "did", "one")
            with contextlib.closing(sqlite3.connect(desk.path)) as other, other:
                other.execute("DROP TRIGGER audit_is_fixed")
                other.execute("UPDATE audit SET detail = 'another' WHERE detail = 'one'")
            assert "Do not trust this log: row " in (await desk.says(ANNA, "/log")).text.split("\n")[0]

    asyncio.run(main())


@given(person=hostile, detail=hostile)
def test_nothing_that_was_typed_becomes_markup(person: str, detail: str) -> None:
    line = LogLine(id=1, at=NOON, person=person, what="proposed", detail=detail * 100)
    assert len(shown(log(LogPage(lines=(line,) * PAGE, older=True, newer=True, problem=detail)))) < 4096
