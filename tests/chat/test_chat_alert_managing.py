"""Alerts that stand: paused, moved, noted and muted from the list, and what they told before."""

import re
from pathlib import Path

import pytest

from chatbot.core.alerts import AlertState
from chatbot.core.feed import Tick
from chatbot.core.market import Symbol
from chatbot.core.notices import Letter
from chatbot.core.times import to_millis
from tests.chat.desk import ANNA, BEN, CARA, Desk, at_desk
from tests.chat.shown import labels, visible

BTC = Symbol("BTC-USDT")


def _tick(desk: Desk, digits: str) -> list[Letter]:
    """A trade of now, and what it left to be sent."""
    desk.clock.advance(1)
    desk.services.alerting.lookout.hear(Tick(BTC, digits, to_millis(desk.clock())))
    return desk.delivered()


def _state(desk: Desk, rule_id: int = 1) -> AlertState:
    rule = desk.store.alerts.rule(rule_id)
    assert rule is not None
    return rule.state


def test_a_paused_alert_does_not_fire_and_says_so(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(CARA, "/alert btc > 68000")).letters
        paused = await desk.taps(CARA, card, "Pause")
        assert paused.toast_text == "Paused."
        (shown,) = paused.letters
        assert "paused: it watches nothing until you resume it" in visible(shown.text)
        assert "Resume" in labels(shown)
        assert _tick(desk, "69000") == []
        assert visible((await desk.says(CARA, "/alerts")).text).endswith("#1 BTC > 68,000, paused")

    at_desk(tmp_path, story)


def test_what_crossed_while_it_was_paused_is_not_told_afterwards(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/alert btc > 68000")
        await desk.says(CARA, "/alerts pause 1")
        _tick(desk, "69000")
        desk.move_btc("1.03")
        (card,) = (await desk.says(CARA, "/alerts resume 1")).letters
        assert "waits until BTC is back at 67,932" in visible(card.text)
        assert _tick(desk, "69500") == []
        assert _tick(desk, "67900") == []
        assert len(_tick(desk, "68000")) == 1

    at_desk(tmp_path, story)


def test_a_resumed_alert_that_is_not_passed_is_armed_however_near_the_price_is(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(CARA, "/alert btc > 67413")).letters
        (paused,) = (await desk.taps(CARA, card, "Pause")).letters
        resumed = await desk.taps(CARA, paused, "Resume")
        assert resumed.toast_text == "It watches again."
        assert _state(desk) is AlertState.ARMED
        assert len(_tick(desk, "67413")) == 1

    at_desk(tmp_path, story)


def test_a_paused_alert_is_paused_after_a_restart(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/alert btc > 68000")
        await desk.says(CARA, "/alerts pause 1")
        desk.services.alerting.lookout.load()
        assert _tick(desk, "69000") == []
        assert _state(desk) is AlertState.PAUSED

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("line", "typed", "asks"),
    [
        ("btc > 68000", "69k", "#1 BTC crosses above 69,000"),
        ("btc > 68000", "66000", "#1 BTC crosses below 66,000"),
        ("btc > 68000", "+1%", "#1 BTC crosses above 68,086.5"),
        ("btc +5% 1h", "6%", "#1 BTC rises 6 % within 1 h"),
        ("btc +5% 1h", "-3%", "#1 BTC falls 3 % within 1 h"),
        ("funding btc > 0.05%", "0.06%", "#1 BTC funding goes above +0.0600 %"),
        ("funding btc pay", "2", "#1 BTC position pays funding, 2 or more"),
    ],
)
def test_a_level_is_edited_in_place(tmp_path: Path, line: str, typed: str, asks: str) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(CARA, f"/alert {line} note top")).letters
        (question,) = (await desk.taps(CARA, card, "Edit level")).letters
        assert question.asks == "/alerts edit 1"
        edited = visible((await desk.says(CARA, typed, answers=question.message_id)).text)
        assert edited.startswith(asks), edited
        assert "“top”" in edited

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("68,5", "68.5"),
        ("69000 every 4h", "Say the level alone"),
        ("> 60000", "beyond that already"),
        ("+5% 1h", ""),
        ("much more", ""),
    ],
)
def test_a_level_that_cannot_be_is_refused_with_a_line_that_works(tmp_path: Path, typed: str, sentence: str) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/alert btc > 68000")
        answer = visible((await desk.says(CARA, f"/alerts edit 1 {typed}")).text)
        assert sentence in answer or "/alerts edit 1 68500" in answer
        rule = desk.store.alerts.rule(1)
        assert rule is not None
        assert rule.question.level == 68000

    at_desk(tmp_path, story)


def test_a_paused_alert_stays_paused_at_its_new_level(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/alert btc > 68000")
        await desk.says(CARA, "/alerts pause 1")
        await desk.says(CARA, "/alerts edit 1 69000")
        assert _state(desk) is AlertState.PAUSED
        assert _tick(desk, "70000") == []

    at_desk(tmp_path, story)


def test_a_note_is_asked_for_and_taken_away_with_a_dash(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(CARA, "/alert btc > 68000")).letters
        (question,) = (await desk.taps(CARA, card, "Note")).letters
        assert "“top of <May>”" in visible((await desk.says(CARA, "top of <May>", answers=question.message_id)).text)
        assert "“" not in (await desk.says(CARA, "/alerts note 1 -")).text
        assert "has room for 200" in (await desk.says(CARA, f"/alerts note 1 {'x' * 201}")).text

    at_desk(tmp_path, story)


@pytest.mark.parametrize(("label", "answer", "shown"), [("Note", "top", "“top”"), ("Edit level", "69k", "69,000")])
def test_what_is_answered_changes_the_card_and_the_question_goes(
    tmp_path: Path, label: str, answer: str, shown: str
) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(CARA, "/alert btc > 68000")).letters
        (question,) = (await desk.taps(CARA, card, label)).letters
        answered = await desk.says(CARA, answer, answers=question.message_id)
        assert shown in answered.text
        assert [each.edits for each in answered.letters] == [card.id]
        assert answered.then is not None
        await answered.then()
        assert (CARA.id, question.message_id) in desk.erased
        assert (CARA.id, card.message_id) not in desk.erased

    at_desk(tmp_path, story)


def test_a_question_that_nobody_answers_goes_and_its_card_stays(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(CARA, "/alert btc > 68000")).letters
        (question,) = (await desk.taps(CARA, card, "Note")).letters
        asked_anew = await desk.taps(CARA, card, "Edit level")
        assert asked_anew.then is not None
        await asked_anew.then()
        assert desk.erased == [(CARA.id, question.message_id)]

    at_desk(tmp_path, story)


def test_only_whose_alert_it_is_and_owners_may_change_it(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/alert btc > 68000")
        for what in ("pause 1", "edit 1 69000", "note 1 x", "resume 1"):
            assert "only Cara and owners" in (await desk.says(BEN, f"/alerts {what}")).text
        assert _state(desk) is AlertState.ARMED
        await desk.says(ANNA, "/alerts pause 1")
        assert _state(desk) is AlertState.PAUSED

    at_desk(tmp_path, story)


@pytest.mark.parametrize("line", ["/alerts nonsense", "/alerts edit", "/alerts edit x 5", "/alerts pause"])
def test_what_alerts_do_not_understand_gets_an_example(tmp_path: Path, line: str) -> None:
    async def story(desk: Desk) -> None:
        assert "Example: /alerts" in visible((await desk.says(CARA, line)).text)

    at_desk(tmp_path, story)


def test_snoozing_does_not_wake_what_was_paused(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/alert btc > 68000 every 1h")
        (fired,) = _tick(desk, "68001")
        await desk.says(CARA, "/alerts pause 1")
        assert "is paused" in (await desk.taps(CARA, fired, "Snooze")).toast_text
        assert _state(desk) is AlertState.PAUSED

    at_desk(tmp_path, story)


def test_a_muted_coin_rings_no_phone_and_stands_in_the_history(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/alert btc > 68000")
        await desk.says(CARA, "/alert btc > 69000")
        await desk.says(BEN, "/alert btc > 69000")
        (fired,) = _tick(desk, "68001")
        (card,) = (await desk.taps(CARA, fired, "Mute BTC")).letters
        assert visible(card.text).endswith("BTC muted (Cara)")
        assert "Unmute BTC" in labels(card)
        assert [letter.chat_id for letter in _tick(desk, "69001")] == [BEN.id], "the mute is one person's"
        told = visible((await desk.says(CARA, "/alerts history")).text).split("\n")
        assert re.fullmatch(r"\d\d:\d\d UTC BTC crossed above 69,000, 69,001\.0 #2·1", told[1]), "of today: no day"
        assert told[2].strip() == "muted: it was not sent"
        assert told[3].endswith("BTC crossed above 68,000, 68,001.0 #1·1")
        assert told[4].strip() == "BTC muted (Cara)"

    at_desk(tmp_path, story)


def test_a_mute_is_shown_in_the_list_and_lifted_there(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/alert btc > 68000")
        (fired,) = _tick(desk, "68001")
        await desk.taps(CARA, fired, "Mute BTC")
        await desk.says(CARA, "/alert btc > 69000")
        (listed,) = (await desk.says(CARA, "/alerts")).letters
        assert visible(listed.text).endswith("muted: BTC")
        lifted = await desk.taps(CARA, listed, "Unmute BTC")
        assert lifted.toast_text == "BTC is heard again."
        assert "muted" not in lifted.text
        assert len(_tick(desk, "69001")) == 1
        assert "nothing muted" in (await desk.says(CARA, "/alerts unmute BTC")).text

    at_desk(tmp_path, story)


def test_a_muted_alert_brings_no_ticket(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.store.preferences.mute(BEN.id, BTC, on=True)
        await desk.says(BEN, "/alert btc > 68000 buy 50usdt")
        assert _tick(desk, "68001") == []
        assert desk.store.alerts.owed_tickets() == ()

    at_desk(tmp_path, story)


def test_the_history_is_paged_and_ones_own(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for n in range(12):
            await desk.says(CARA, f"/alert btc > {68000 + n}")
        await desk.says(BEN, "/alert btc > 68500")
        _tick(desk, "69000")
        (first,) = (await desk.says(CARA, "/alerts history")).letters
        assert visible(first.text).count("BTC crossed above") == 10
        assert labels(first) == ["Earlier »", "All alerts"]
        (second,) = (await desk.taps(CARA, first, "Earlier")).letters
        assert second.edits == first.id
        assert visible(second.text).count("BTC crossed above") == 2
        assert labels(second) == ["« Latest", "All alerts"]
        (again,) = (await desk.taps(CARA, second, "« Latest")).letters
        assert again.text == first.text
        assert visible((await desk.says(ANNA, "/alerts history")).text) == "None of your alerts has fired yet."

    at_desk(tmp_path, story)
