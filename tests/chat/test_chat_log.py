"""/log: for owners, in their own chat, page by page."""

import asyncio
import contextlib
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from chatbot.chat.views.log import log
from chatbot.chat.views.state_words import STATE_WORDS
from chatbot.core.orders import TicketState
from chatbot.services.logbook import PAGE, LogLine, LogPage
from tests.chat.desk import ANNA, BEN, NOON, open_desk
from tests.chat.shown import hostile, labels, shown, visible


def test_an_owner_pages_through_who_did_what(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_desk(tmp_path) as desk:
            (card,) = (await desk.says(BEN, "/buy btc 100usdt")).letters
            await desk.taps(BEN, card, "Cancel")
            for number in range(PAGE):
                desk.store.audit.record("Anna", "did", f"thing {number}")
            (page,) = (await desk.says(ANNA, "/log")).letters
            assert visible(page.text).split("\n")[1] == f"12:00 UTC Anna did: thing {PAGE - 1}"
            assert f"did: thing {PAGE - 1}" in page.text.split("\n")[1]
            assert labels(page) == ["Older", "Refresh"]
            (older,) = (await desk.taps(ANNA, page, "Older")).letters
            assert older.edits == page.id
            assert "Ben declined, not sent: T-1" in older.text
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


def test_every_state_of_a_ticket_has_words_without_a_program_in_them() -> None:
    assert set(STATE_WORDS) == set(TicketState)
    assert not any("_" in words for words in STATE_WORDS.values())


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("canceled", "cancelled"),
        ("submitting", "being sent"),
        ("awaits tap", "was warned of the price"),
        ("awaits approval", "waits for a second person"),
        ("code taken", "code taken"),
    ],
)
def test_rows_are_in_peoples_words_and_have_the_day_where_it_is_not_this_one(what: str, words: str) -> None:
    line = LogLine(id=1, at=NOON, person="Ben", what=what, detail="T-1")
    page = LogPage(lines=(line, replace(line, at=NOON - timedelta(days=1))), older=False, newer=False, problem="")
    assert shown(log(page, NOON)).split("\n")[1:] == [
        f"12:00 UTC Ben {words}: T-1",
        f"2 Mar 12:00 UTC Ben {words}: T-1",
    ]
    tokyo = NOON.astimezone(ZoneInfo("Asia/Tokyo")) + timedelta(hours=4)
    assert shown(log(page, tokyo)).split("\n")[1].startswith("3 Mar 12:00 UTC"), "it is the next day there"


@given(person=hostile, detail=hostile)
def test_nothing_that_was_typed_becomes_markup(person: str, detail: str) -> None:
    line = LogLine(id=1, at=NOON, person=person, what="proposed", detail=detail * 100)
    assert len(shown(log(LogPage(lines=(line,) * PAGE, older=True, newer=True, problem=detail), NOON))) < 4096
