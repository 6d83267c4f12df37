"""What an order needs besides its tap, as it is typed and tapped; and the code before /resume."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest

from chatbot.core.notices import Letter, Subject
from chatbot.core.orders import TicketState
from chatbot.core.people import Person
from tests.chat.desk import ANNA, BEN, CARA, MALLORY, Desk, Said, incoming, open_desk
from tests.chat.shown import labels, visible

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(desk: Desk) -> str:
    return pyotp.TOTP(SECRET).at(desk.clock())


def wrong(desk: Desk) -> str:
    near = {pyotp.TOTP(SECRET).at(desk.clock() + timedelta(seconds=30 * n)) for n in (-1, 0, 1)}
    return next(f"{n:06}" for n in range(271828, 271838) if f"{n:06}" not in near)


def shown_to(person: Person, said: Said) -> list[Letter]:
    return [letter for letter in said.letters if letter.chat_id == person.id]


async def answer(desk: Desk, said: Said, text: str, person: Person = BEN) -> Said:
    """To the question that was asked."""
    (question,) = [letter for letter in said.letters if letter.asks]
    return await desk.says(person, text, answers=question.message_id)


def state(desk: Desk) -> TicketState:
    return desk.services.trading.ticket(1).state


def test_the_first_tap_on_a_far_order_changes_its_button_and_the_second_sends_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            card = await desk.ticket("/buy btc 0.001 @ 69500")
            first = await desk.taps(BEN, card, "Confirm")
            assert first.toast_text == "T-1: 3.1 % above the market. Tap Confirm once more if you mean it."
            assert first.then is None
            (redrawn,) = first.letters
            assert redrawn.edits == card.id
            assert labels(redrawn) == ["Confirm, 3.1 % above the market", "Cancel"]
            again = await desk.taps(BEN, card, "Confirm")
            assert again.then is None, "a double tap on the first button"
            second = await desk.taps(BEN, redrawn, "Confirm,")
            assert second.toast_text == "Sending T-1…"
            await desk.finish(second)
            assert len(desk.sandbox.posts) == 1

    asyncio.run(story())


def test_one_order_too_many_stops_trading_and_is_told_where_it_was_tapped(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, ORDER_MAX_PER_MINUTE="1") as desk:
            await desk.finish(await desk.taps(BEN, await desk.ticket("/buy btc 10usdt"), "Confirm"))
            resting = await desk.ticket("/buy btc 10usdt")
            said = await desk.taps(BEN, resting, "Confirm")
            assert "more than 1 orders in a minute" in said.toast_text
            assert "an owner has to /resume" in said.toast_text
            (stopped,) = shown_to(ANNA, said)
            assert stopped.subject is Subject.STOP
            assert "more than 1 orders in a minute" in stopped.text
            await desk.finish(said)
            assert len(desk.sandbox.posts) == 1
            assert "stopped" in (await desk.says(BEN, "/buy btc 10usdt")).text

    asyncio.run(story())


def test_a_large_order_asks_another_trader_in_their_own_chat(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, ORDER_APPROVAL_ABOVE="20") as desk:
            card = await desk.ticket()
            confirmed = await desk.taps(BEN, card, "Confirm")
            assert confirmed.toast_text == "T-1 waits for a second person."
            assert confirmed.then is None
            (asked,) = shown_to(ANNA, confirmed)
            assert shown_to(CARA, confirmed) == []
            assert visible(asked.text).startswith("Ben asks for your word: BUY BTC-USDT, market\nTicket T-1")
            assert asked.protected
            (waits,) = shown_to(BEN, confirmed)
            assert labels(waits) == ["Cancel"]
            approved = await desk.taps(ANNA, asked, "Approve")
            assert approved.toast_text == "Sending T-1…"
            assert "Approved by Anna." in shown_to(ANNA, approved)[0].text
            await desk.finish(approved)
            assert len(desk.sandbox.posts) == 1
            assert (await desk.taps(ANNA, asked, "Approve")).toast_text == "T-1 was already sent."
            assert (await desk.taps(ANNA, asked, "Reject")).toast_text == "T-1 was already sent."

    asyncio.run(story())


def test_an_approvals_button_counts_for_nobody_else_and_nowhere_else(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, ORDER_APPROVAL_ABOVE="20") as desk:
            card = await desk.ticket()
            (asked,) = shown_to(ANNA, await desk.taps(BEN, card, "Confirm"))
            for person in (BEN, CARA, MALLORY):
                said = await desk.taps(person, asked, "Approve")
                assert said.then is None
            forged = desk.tap_of(BEN, card, f"{asked.key}:0")
            assert (await desk.handles(forged)).then is None
            assert state(desk) is TicketState.AWAIT_CONFIRM
            assert (await desk.taps(ANNA, asked, "Reject")).toast_text == "T-1 rejected, nothing was sent."
            assert state(desk) is TicketState.DECLINED
            assert desk.sandbox.posts == []

    asyncio.run(story())


def test_a_kill_takes_the_buttons_from_every_card(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, ORDER_APPROVAL_ABOVE="20") as desk:
            (asked,) = shown_to(ANNA, await desk.taps(BEN, await desk.ticket(), "Confirm"))
            killed = await desk.says(BEN, "/kill")
            edits = [letter for letter in killed.letters if letter.edits == asked.id]
            assert [letter.buttons for letter in edits] == [()]
            assert "expired" in (await desk.taps(ANNA, asked, "Approve")).toast_text

    asyncio.run(story())


def test_a_large_order_asks_for_a_code_and_the_code_does_not_stay(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, TOTP_SECRET=SECRET, ORDER_TOTP_ABOVE="20") as desk:
            card = await desk.ticket()
            tapped = await desk.taps(BEN, card, "Confirm")
            (question,) = [letter for letter in tapped.letters if letter.asks]
            assert question.text == "The code for T-1?"
            proved = await answer(desk, tapped, code(desk))
            assert "Sending T-1…" in proved.text
            await desk.finish(proved)
            assert len(desk.sandbox.posts) == 1
            assert [chat for chat, _ in desk.erased] == [BEN.id]
            small = await desk.taps(BEN, await desk.ticket("/buy btc 10usdt"), "Confirm")
            assert small.toast_text == "Sending T-2…"

    asyncio.run(story())


def test_a_wrong_code_is_told_erased_and_nowhere_written_down(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, TOTP_SECRET=SECRET, ORDER_TOTP_ABOVE="20") as desk:
            tapped = await desk.taps(BEN, await desk.ticket(), "Confirm")
            guess = wrong(desk)
            said = await answer(desk, tapped, guess)
            assert "That code is wrong; 4 more" in said.text
            await desk.finish(said)
            assert len(desk.erased) == 1
            assert desk.sandbox.posts == []
            right = code(desk)
            await desk.finish(await answer(desk, tapped, right))
            assert len(desk.sandbox.posts) == 1
            for text in (guess, right):
                assert text not in "\n".join(desk.dump(without=()))

    asyncio.run(story())


def test_five_wrong_codes_are_told_to_the_owner(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, TOTP_SECRET=SECRET, ORDER_TOTP_ABOVE="20") as desk:
            tapped = await desk.taps(BEN, await desk.ticket(), "Confirm")
            for _ in range(5):
                said = await answer(desk, tapped, wrong(desk))
            assert any("Ben typed too many wrong codes." in letter.text for letter in shown_to(ANNA, said))
            assert "none of yours is taken before" in (await answer(desk, tapped, code(desk))).text
            assert desk.sandbox.posts == []

    asyncio.run(story())


@pytest.mark.parametrize("line", ["/code", "/code 123456", "/code T-x 123456", "/code T-99999999999999999999 123456"])
def test_a_code_for_nothing_is_explained_and_erased(tmp_path: Path, line: str) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, TOTP_SECRET=SECRET, ORDER_TOTP_ABOVE="20") as desk:
            said = await desk.says(BEN, line)
            assert "/code T-12 123456" in said.text
            await desk.finish(said)
            assert len(desk.erased) == 1

    asyncio.run(story())


def test_a_code_typed_without_the_tap_sends_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, TOTP_SECRET=SECRET, ORDER_TOTP_ABOVE="20") as desk:
            await desk.ticket()
            assert "Tap Confirm on its card first" in (await desk.says(BEN, f"/code T-1 {code(desk)}")).text
            assert "Only Ben" in (await desk.says(ANNA, f"/code T-1 {code(desk)}")).text
            assert state(desk) is TicketState.AWAIT_CONFIRM

    asyncio.run(story())


def test_resume_asks_for_a_code_where_there_are_codes_and_kill_never_does(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, TOTP_SECRET=SECRET, ORDER_TOTP_ABOVE="20") as desk:
            assert "STOPPED" in (await desk.says(BEN, "/kill")).text
            asked = await desk.says(ANNA, "/resume news are over")
            assert "code" in asked.text
            assert desk.services.killswitch.standing() is not None
            refused = await answer(desk, asked, wrong(desk), ANNA)
            assert "That code is wrong" in refused.text
            assert desk.services.killswitch.standing() is not None
            resumed = await answer(desk, asked, code(desk), ANNA)
            assert desk.services.killswitch.standing() is None
            assert "news are over" in resumed.text
            await desk.finish(resumed)
            assert [chat for chat, _ in desk.erased] == [ANNA.id]

    asyncio.run(story())


def test_a_trader_with_a_code_resumes_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, TOTP_SECRET=SECRET, ORDER_TOTP_ABOVE="20") as desk:
            await desk.says(BEN, "/kill")
            assert "/resume is for owners" in (await desk.says(BEN, f"/code resume it is safe {code(desk)}")).text
            assert desk.services.killswitch.standing() is not None
            await desk.says(ANNA, f"/code resume it is safe {code(desk)}")
            assert desk.services.killswitch.standing() is None

    asyncio.run(story())


def test_the_reason_asked_for_by_the_button_leads_to_the_code_as_well(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, TOTP_SECRET=SECRET, ORDER_TOTP_ABOVE="20") as desk:
            killed = await desk.says(ANNA, "/kill")
            card = next(letter for letter in killed.letters if letter.subject is Subject.STOP and letter.buttons)
            why = await desk.taps(ANNA, card, "Resume")
            asked = await answer(desk, why, "it is over", ANNA)
            assert desk.services.killswitch.standing() is not None
            await answer(desk, asked, code(desk), ANNA)
            assert desk.services.killswitch.standing() is None

    asyncio.run(story())


def test_without_a_secret_there_is_no_such_command(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            assert "I have no /code" in (await desk.says(BEN, "/code T-1 123456")).text
            await desk.says(ANNA, "/kill")
            await desk.says(ANNA, "/resume all is well")
            assert desk.services.killswitch.standing() is None

    asyncio.run(story())


def test_a_late_code_is_of_no_use(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, TOTP_SECRET=SECRET, ORDER_TOTP_ABOVE="20") as desk:
            await desk.taps(BEN, await desk.ticket(), "Confirm")
            shown = code(desk)
            typed = replace(incoming(10**6, BEN, text=f"/code T-1 {shown}"), sent_at=desk.clock())
            desk.clock.advance(61)
            late = await desk.handles(typed)
            assert shown not in late.text
            assert desk.sandbox.posts == []

    asyncio.run(story())
