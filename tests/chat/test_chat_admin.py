"""Handlers of greeting, help, health, kill and resume, before a sandbox KuCoin."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from chatbot.core.notices import Subject
from chatbot.sandbox.faults import Fault
from tests.chat.desk import ANNA, BEN, CARA, NOON, incoming, open_desk
from tests.chat.shown import labels, visible


def test_everybody_is_greeted_by_role(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            assert "an <b>owner</b>" in (await desk.says(ANNA, "/start")).text
            assert "a <b>trader</b>" in (await desk.says(BEN, "/start")).text
            said = await desk.says(CARA, "/start")
            assert "a <b>viewer</b>" in said.text
            assert "an order" not in said.text

    asyncio.run(story())


def test_every_command_explains_itself(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            for command in desk.table.commands:
                for word in (command.name, f"/{command.name}", command.name.upper()):
                    said = await desk.says(CARA, f"/help {word}")
                    assert f"<b>/{command.name}" in said.text
                    assert f"Example: {command.example}" in visible(said.text)
            assert "There is no such command." in (await desk.says(CARA, "/help nothing")).text

    asyncio.run(story())


def test_every_example_works(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            await desk.says(ANNA, "/watch eth")
            for command in desk.table.commands:
                said = await desk.says(ANNA, command.example)
                of_nothing = command.name in ("cancel", "help", "unalert", "why")
                assert "Example:" not in said.text or of_nothing, (command.example, said.text)
                assert "I did not understand" not in said.text

    asyncio.run(story())


def test_health_tells_of_a_silent_exchange_and_of_a_kill(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (card,) = (await desk.says(CARA, "/status")).letters
            assert "KuCoin ok" in card.text
            desk.faults.switch(Fault.UNAVAILABLE, on=True)
            (edit,) = (await desk.taps(CARA, card, "Refresh")).letters
            assert "KuCoin does not answer" in edit.text
            desk.faults.clear()
            desk.services.killswitch.kill("Anna", ANNA.id, 900)
            desk.services.checkup.heard_telegram()
            assert "<b>STOPPED</b> by Anna" in (await desk.says(CARA, "/status")).text
            assert "Telegram ok 0.2 s, heard 0.0 s ago" in (await desk.says(CARA, "/status details")).text

    asyncio.run(story())


def test_a_kill_stands_before_anything_is_asked_of_the_exchange(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            desk.faults.switch(Fault.UNAVAILABLE, on=True)
            said = await desk.says(BEN, "/kill")
            assert said.then is not None
            told, card = said.letters
            assert (told.chat_id, told.subject, told.pinned) == (ANNA.id, Subject.STOP, False)
            assert (card.chat_id, card.subject, card.pinned) == (BEN.id, Subject.STOP, True)
            assert told.text == card.text
            assert "STOPPED</b> by Ben" in card.text
            assert "cancelling what rests…" in card.text
            assert desk.services.killswitch.standing() is not None

    asyncio.run(story())


def test_a_kill_cancels_what_rests_and_its_card_says_what_is_left(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (order,) = (await desk.says(BEN, "/sell btc 0.001 @ 68000")).letters
            confirmed = await desk.taps(BEN, order, "Confirm")
            await desk.finish(confirmed)
            said = await desk.says(BEN, "/kill")
            card = [letter for letter in await desk.finish(said) if letter.subject is Subject.STOP][-1]
            assert "cancelled 1 of 1" in card.text
            assert "nothing is resting on KuCoin" in card.text
            assert "position XBTUSDTM 50 lots is still open" in card.text
            assert labels(card) == ["Resume (owner)", "Close positions"]

    asyncio.run(story())


def test_a_sweep_that_failed_can_be_tried_again_by_its_button(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            said = await desk.says(BEN, "/kill")
            stop = desk.services.killswitch.standing()
            assert stop is not None
            desk.store.stops.note(stop.id, replace(stop.report, checked_at="12:00:00"))
            (repeated,) = (await desk.says(BEN, "/kill")).letters
            assert repeated.subject_id == said.letters[0].subject_id
            desk.store.stops.note(stop.id, replace(stop.report, checked_at="12:00:00"))
            reply = desk.store.outbox.put(replace(repeated, id=0, key=""))
            (card,) = desk.delivered()
            assert card.id == reply.id
            again = await desk.taps(BEN, card, "Cancel again")
            assert again.toast_text == "Cancelling again…"
            assert again.then is not None

    asyncio.run(story())


def test_resume_is_for_owners_asks_a_reason_and_is_told(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            assert "Trading is not stopped." in (await desk.says(ANNA, "/resume now")).text
            _, card = (await desk.says(BEN, "/kill", group=True)).letters
            refused = await desk.taps(BEN, card, "Resume")
            assert "owners" in refused.toast_text
            (question,) = (await desk.taps(ANNA, card, "Resume")).letters
            assert question.text == "Why is it safe to trade again?"
            assert "Why is it safe" in (await desk.says(ANNA, "/resume")).text
            said = await desk.says(ANNA, "the news are over", group=True, answers=question.message_id)
            assert "Resumed by Anna: the news are over" in said.text
            assert "Ticket T-1" in (await desk.says(BEN, "/buy btc 50usdt")).text
            stale = await desk.taps(ANNA, card, "Resume")
            assert stale.toast_text == "Trading is not stopped."

    asyncio.run(story())


def test_after_an_outage_a_kill_is_honoured_and_a_resume_is_not(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            hours_ago = NOON - timedelta(hours=6)
            killed = await desk.handles(replace(incoming(900, BEN, text="/kill"), sent_at=hours_ago))
            assert "STOPPED" in killed.text
            resumed = await desk.handles(replace(incoming(901, ANNA, text="/resume all is well"), sent_at=hours_ago))
            assert "I did not act on it" in resumed.text
            assert resumed.letters[0].buttons == ()
            assert desk.services.killswitch.standing() is not None

    asyncio.run(story())
