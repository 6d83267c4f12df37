"""/settings: one card that changes in place, lines, questions, and what the rest of the bot makes of it."""

from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chatbot.core.notices import Letter
from chatbot.core.preferences import Kind, Preferences, Quiet, Volume
from tests.chat.desk import ANNA, BEN, CARA, Desk, at_desk
from tests.chat.shown import labels


async def card(desk: Desk, line: str = "/settings") -> Letter:
    said = await desk.says(CARA, line)
    return said.letters[0]


def test_the_card_shows_what_is_set_and_changes_in_place(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        letter = await card(desk)
        assert "Quiet off" in letter.text
        page = (await desk.taps(CARA, letter, "Quiet hours")).letters[0]
        assert page.edits == letter.id
        back = (await desk.taps(CARA, page, "22:00-07:00")).letters[0]
        assert back.edits == letter.id
        assert "Quiet 22:00-07:00" in back.text
        assert desk.store.preferences.of(CARA.id).quiet == Quiet(since=time(22), until=time(7))
        assert desk.store.preferences.of(BEN.id) == Preferences()

    at_desk(tmp_path, tell)


def test_a_tap_makes_a_kind_silent_then_off_then_loud_again(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        letter, seen = await card(desk), []
        for _ in range(3):
            letter = (await desk.taps(CARA, letter, "Prices")).letters[0]
            seen.append(desk.store.preferences.of(CARA.id).volume(Kind.PRICE))
        assert seen == [Volume.SILENT, Volume.OFF, Volume.RINGS]

    at_desk(tmp_path, tell)


def test_two_taps_on_one_card_change_once(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        letter = await card(desk)
        for _ in range(2):
            await desk.taps(CARA, letter, "Funding")
        assert desk.store.preferences.of(CARA.id).volume(Kind.FUNDING) is Volume.SILENT

    at_desk(tmp_path, tell)


@pytest.mark.parametrize("name", ["Zone", "Quiet hours", "Digest hour", "Currency", "Payments"])
def test_every_page_asks_for_an_own_answer_and_leads_back(tmp_path: Path, name: str) -> None:
    async def tell(desk: Desk) -> None:
        letter = await card(desk)
        page = (await desk.taps(CARA, letter, name)).letters[0]
        question = (await desk.taps(CARA, page, "Other")).letters[0]
        assert question.asks.startswith("/settings ")
        answered = await desk.says(CARA, question.hint, answers=question.message_id)
        assert "Your settings" in answered.text
        assert answered.letters[0].edits == letter.id
        assert "Your settings" in (await desk.taps(CARA, page, "Back")).text

    at_desk(tmp_path, tell)


def test_a_zone_that_is_none_is_answered_with_the_nearest_as_buttons(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        letter = await card(desk, "/settings zone Berln")
        assert "no time zone" in letter.text
        assert "Europe/Berlin" in labels(letter)
        told = await desk.taps(CARA, letter, "Europe/Berlin")
        assert "Zone Europe/Berlin, it is 13:00" in told.text
        assert desk.store.preferences.of(CARA.id).zone == ZoneInfo("Europe/Berlin")

    at_desk(tmp_path, tell)


def test_common_zones_are_a_tap_away(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        page = (await desk.taps(CARA, await card(desk), "Zone")).letters[0]
        rows = [[button.text for button in row] for row in page.buttons]
        assert rows == [["London", "Berlin", "New York", "Singapore"], ["The bot's own"], ["Other…", "Back"]]
        for label, zone in (
            ("London", "Europe/London"),
            ("Berlin", "Europe/Berlin"),
            ("New York", "America/New_York"),
            ("Singapore", "Asia/Singapore"),
        ):
            assert f"Zone {zone}, it is" in (await desk.taps(CARA, page, label)).text
            assert desk.store.preferences.of(CARA.id).zone == ZoneInfo(zone)
        assert "Zone UTC" in (await desk.taps(CARA, page, "The bot's own")).text

    at_desk(tmp_path, tell)


@pytest.mark.parametrize("line", ["/settings quiet 22-22", "/settings colour blue", "/settings digest noonish"])
def test_nonsense_gets_an_example_and_loses_nothing(tmp_path: Path, line: str) -> None:
    async def tell(desk: Desk) -> None:
        await card(desk, "/settings quiet 21:00-06:00")
        before = desk.store.preferences.of(CARA.id)
        assert "Example: <code>/settings" in (await desk.says(CARA, line)).text
        assert desk.store.preferences.of(CARA.id) == before

    at_desk(tmp_path, tell)


def test_in_a_group_nothing_is_shown_or_set(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        for line in ("/settings", "/settings quiet 22-7", "/digest"):
            said = await desk.says(CARA, line, group=True)
            assert "our own chat" in said.text
        assert desk.store.preferences.of(CARA.id) == Preferences()

    at_desk(tmp_path, tell)


def test_a_greeting_tells_zone_and_quiet_hours(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        for line in ("/settings zone Berlin", "/settings quiet 22-7"):
            await desk.says(ANNA, line)
        assert "Zone Europe/Berlin, quiet hours 22:00-07:00." in (await desk.says(ANNA, "/start")).text

    at_desk(tmp_path, tell)


def test_times_are_read_and_told_in_the_zone_of_whoever_typed_them(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await desk.says(ANNA, "/settings zone Asia/Tokyo")
        await desk.says(ANNA, "/alert BTC > 90000 until 2026-03-04 09:00")
        await desk.says(BEN, "/alert BTC > 90000 until 2026-03-04 09:00")
        untils = [str(row[0])[:16] for row in desk.rows("SELECT until FROM alerts ORDER BY id")]
        assert untils == ["2026-03-04T00:00", "2026-03-04T09:00"]
        assert desk.looks.zone_of(ANNA.id) == ZoneInfo("Asia/Tokyo")
        assert {str(desk.looks.zone_of(chat)) for chat in (BEN.id, -1001)} == {"UTC"}

    at_desk(tmp_path, tell)
