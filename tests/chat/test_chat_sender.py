"""The sender against a Telegram on loopback: in order, within its limits, never lost, repeated only when marked."""

import asyncio
import contextlib
import sqlite3
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram.error import InvalidToken

from chatbot.chat.messages import Reply
from chatbot.chat.views.markup import units
from chatbot.core.notices import Button, ButtonStyle, Lane, Letter, LetterState, Subject
from chatbot.sandbox.server import Server
from chatbot.sandbox.telegram import build_telegram
from chatbot.sandbox.telegram_limits import FloodLimits
from chatbot.sandbox.telegram_refusals import TelegramRefusal, bad_request, too_many
from tests.chat.desk import ANNA, BEN, CARA
from tests.chat.wire import Wire, listed, no_card, sending, wired
from tests.playground import PATIENCE, eventually

pytestmark = pytest.mark.filterwarnings("ignore:.*retry_after:telegram.warnings.PTBDeprecationWarning")
"""The library announces that its pauses will be timedeltas; the code takes both."""

MARK = "may be a repeat"


async def _all_gone(wire: Wire) -> None:
    await eventually(lambda: wire.store.outbox.waiting() == 0)


async def _all_gone_in_time(wire: Wire) -> None:
    """As the hours pass: what is not urgent waits for its second."""
    async with asyncio.timeout(PATIENCE):
        while wire.store.outbox.waiting():
            await asyncio.sleep(0.01)
            wire.later(0.5)


def _rows(wire: Wire) -> list[tuple[str, int, int, str]]:
    with contextlib.closing(sqlite3.connect(wire.path)) as db:
        return list(db.execute("SELECT state, attempts, repeat, problem FROM outbox ORDER BY id"))


def _sent_to(wire: Wire) -> list[int]:
    return [int(str(call.fields["chat_id"])) for call in wire.telegram.calls("sendMessage")]


def test_letters_leave_by_lane_and_in_order_within_one(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            for lane in (Lane.REPORT, Lane.ALERT, Lane.ORDER, Lane.ANSWER, Lane.STOP):
                wire.post(ANNA.id, f"{lane.name} 1", lane)
                wire.post(ANNA.id, f"{lane.name} 2", lane)
            async with sending(wire):
                await _all_gone_in_time(wire)
            lanes = ("STOP", "ANSWER", "ORDER", "ALERT", "REPORT")
            assert wire.shown(ANNA.id) == [f"{lane} {n}" for lane in lanes for n in (1, 2)]

    asyncio.run(story())


def test_a_kills_card_does_not_wait_behind_answers_to_its_chat(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            for n in range(8):
                wire.post(ANNA.id, f"answer {n}")
            wire.post(ANNA.id, "STOPPED", Lane.STOP)
            async with sending(wire):
                await wire.quiet()
                assert wire.shown(ANNA.id)[0] == "STOPPED"

    asyncio.run(story())


def test_one_letter_a_chat_is_under_way_at_a_time(tmp_path: Path) -> None:
    async def story() -> None:
        now: dict[str, int] = {}
        most: dict[str, int] = {}
        release = asyncio.Event()

        async def slow(request: Request) -> Response:
            (chat,) = parse_qs((await request.body()).decode())["chat_id"]
            now[chat] = now.get(chat, 0) + 1
            most[chat] = max(most.get(chat, 0), now[chat])
            await release.wait()
            now[chat] -= 1
            return Response('{"ok": false, "error_code": 400, "description": "Bad Request: no"}', status_code=400)

        async with wired(tmp_path, first=[Route("/bot{token}/sendMessage", slow, methods=["POST"])]) as wire:
            for chat in (1, 2, 1, 2, 1):
                wire.post(chat, "words")
            async with sending(wire):
                await eventually(lambda: now == {"1": 1, "2": 1})
                release.set()
                await _all_gone(wire)
            assert most == {"1": 1, "2": 1}

    asyncio.run(story())


def test_while_all_hands_are_full_the_sender_rests(tmp_path: Path) -> None:
    async def story() -> None:
        busy = []

        async def hang(request: Request) -> Response:
            busy.append(request)
            await asyncio.Event().wait()
            return Response()

        async with wired(tmp_path, first=[Route("/bot{token}/sendMessage", hang, methods=["POST"])]) as wire:
            for chat in range(1, 9):
                wire.post(chat, "words")
            async with sending(wire):
                await eventually(lambda: len(busy) == 4)
                looks: list[str] = []
                wire.store.db.conn.set_trace_callback(looks.append)
                for _ in range(20):
                    await asyncio.sleep(0.005)  # real: a busy loop turns in real time
                wire.store.db.conn.set_trace_callback(None)
                assert looks == []

    asyncio.run(story())


def test_an_edit_leaves_after_the_message_it_edits(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            card = wire.post(ANNA.id, "sending", Lane.REPORT)
            wire.store.outbox.put(Letter(chat_id=ANNA.id, lane=Lane.ANSWER, text="filled", edits=card.id))
            async with sending(wire):
                await _all_gone(wire)
            assert wire.shown(ANNA.id) == ["filled"]
            assert [call.method for call in (*wire.telegram.calls("sendMessage"),)] == ["sendMessage"]
            assert len(wire.telegram.calls("editMessageText")) == 1

    asyncio.run(story())


def test_a_card_is_drawn_when_it_leaves(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            phone = wire.phone(ANNA)
            button = Button(text="Confirm buy", action="confirm 7", style=ButtonStyle.SUCCESS)
            letter = Letter(chat_id=ANNA.id, lane=Lane.ORDER, subject=Subject.TICKET, subject_id=7, protected=True)
            letter = wire.store.outbox.put(letter)
            async with sending(wire, lambda x: Reply(text=f"ticket {x.subject_id}", buttons=((button,),))):
                await _all_gone(wire)
            shown = phone.messages[0]
            assert (shown.text, shown.protected) == ("ticket 7", True)
            assert shown.keyboard[0][0].data == f"{letter.key}:0"
            assert len(shown.keyboard[0][0].data.encode()) <= 64
            assert wire.letter(letter).buttons == ((button,),)

    asyncio.run(story())


def test_a_card_too_long_for_one_message_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.store.outbox.put(Letter(chat_id=ANNA.id, lane=Lane.ORDER, subject=Subject.STOP, subject_id=1))
            rows = "\n".join(f"row {n} of many" for n in range(1000))
            async with sending(wire, lambda _: Reply(text=rows)):
                await _all_gone(wire)
            (shown,) = wire.shown(ANNA.id)
            assert shown.startswith("row 0 of many\nrow 1")
            assert shown.endswith("\n…")
            assert 4000 < units(shown) <= 4096

    asyncio.run(story())


def test_all_that_a_letter_asks_for_reaches_the_phone(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            phone = wire.phone(ANNA)
            question = phone.write("/buy")
            outbox = wire.store.outbox
            plain = Letter(chat_id=ANNA.id, lane=Lane.ANSWER, text="x")
            outbox.put(replace(plain, text="How much?", asks="/buy BTC", hint="100usdt", reply_to=question.id))
            card = outbox.put(replace(plain, text="<b>card</b>", silent=True, pinned=True, lane=Lane.ORDER))
            outbox.put(replace(plain, text="news", follows=card.id, lane=Lane.ALERT))
            async with sending(wire):
                await _all_gone_in_time(wire)
            _, asked, shown, news = phone.messages
            assert asked.prompt is not None
            assert (asked.prompt.placeholder, asked.prompt.selective) == ("100usdt", True)
            assert asked.replies_to is not None
            assert asked.replies_to.id == question.id
            assert (shown.text, shown.silent) == ("card", True)
            assert wire.telegram.chats.room(ANNA.id).pinned == [shown.id]
            assert news.replies_to is not None
            assert news.replies_to.id == shown.id

    asyncio.run(story())


def test_a_pin_that_is_refused_does_not_repeat_the_message(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.telegram.troubles.refuse("pinChatMessage", bad_request("not enough rights to pin a message"))
            wire.store.outbox.put(Letter(chat_id=ANNA.id, lane=Lane.ANSWER, text="stopped", pinned=True))
            async with sending(wire):
                await _all_gone(wire)
            assert wire.shown(ANNA.id) == ["stopped"]

    asyncio.run(story())


def test_a_pause_asked_for_one_chat_leaves_the_others_alone(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.phone(BEN)
            wire.telegram.troubles.refuse("sendMessage", too_many(100))
            first = wire.post(ANNA.id, "for Anna")
            async with sending(wire):
                await eventually(lambda: wire.letter(first).attempts == 1)
                wire.post(BEN.id, "for Ben")
                await eventually(lambda: wire.shown(BEN.id) == ["for Ben"])
                wire.later(99)
                wire.post(BEN.id, "more for Ben")
                await eventually(lambda: len(wire.shown(BEN.id)) == 2)
                assert wire.shown(ANNA.id) == []
                wire.later(1)
                await eventually(lambda: wire.shown(ANNA.id) == ["for Anna"])
            assert not wire.letter(first).repeat

    asyncio.run(story())


def test_two_chats_refused_within_five_seconds_pause_everybody(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            for person in (ANNA, BEN, CARA):
                wire.phone(person)
            wire.telegram.troubles.refuse("sendMessage", too_many(30), times=2)
            letters = [wire.post(ANNA.id, "for Anna"), wire.post(BEN.id, "for Ben")]
            async with sending(wire):
                await eventually(lambda: all(wire.letter(each).attempts == 1 for each in letters))
                await eventually(lambda: [row[0] for row in _rows(wire)] == ["pending", "pending"])
                wire.post(CARA.id, "for Cara")
                wire.later(29)
                await eventually(lambda: not wire.bell.is_set())
                assert _sent_to(wire) == [ANNA.id, BEN.id]
                wire.later(1)
                await _all_gone(wire)
            assert [wire.shown(p.id) for p in (ANNA, BEN, CARA)] == [["for Anna"], ["for Ben"], ["for Cara"]]

    asyncio.run(story())


def test_the_urgent_letter_leaves_first_after_a_pause(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.telegram.troubles.refuse("sendMessage", too_many(30))
            wire.post(ANNA.id, "alert", Lane.ALERT)
            async with sending(wire):
                await eventually(lambda: len(_sent_to(wire)) == 1)
                wire.post(ANNA.id, "stopped", Lane.ANSWER)
                wire.later(30)
                await _all_gone_in_time(wire)
            assert wire.shown(ANNA.id) == ["stopped", "alert"]

    asyncio.run(story())


@pytest.mark.parametrize("edit", [False, True], ids=["message", "edit"])
def test_markup_that_is_refused_is_shown_plain_and_keeps_its_buttons(tmp_path: Path, *, edit: bool) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            phone = wire.phone(ANNA)
            card = wire.post(ANNA.id, "card")
            buttons = ((Button(text="Go", action="go"),),)
            broken = Letter(chat_id=ANNA.id, lane=Lane.ANSWER, text="<b>1 &lt; 2", buttons=buttons)
            wire.store.outbox.put(replace(broken, edits=card.id) if edit else broken)
            async with sending(wire):
                await _all_gone(wire)
            assert [m.text for m in phone.messages] == (["1 < 2"] if edit else ["card", "1 < 2"])
            assert phone.messages[-1].keyboard[0][0].text == "Go"

    asyncio.run(story())


def test_plain_words_that_are_refused_as_well_are_given_up(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.telegram.troubles.refuse("sendMessage", bad_request("can't parse entities: oh"))
            wire.telegram.troubles.refuse("sendMessage", bad_request("wrong type of the web page content"))
            wire.post(ANNA.id, "lost")
            wire.post(ANNA.id, "found")
            async with sending(wire):
                await _all_gone(wire)
            assert wire.shown(ANNA.id) == ["found"]
            assert [row[0] for row in _rows(wire)] == ["dead", "sent"]
            assert len(_sent_to(wire)) == 3

    asyncio.run(story())


def test_plain_words_of_a_repeat_keep_their_mark(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            letter = wire.post(ANNA.id, "<b>broken")
            wire.store.outbox.again([letter], "lost", maybe_arrived=True)
            async with sending(wire):
                await _all_gone(wire)
            assert wire.shown(ANNA.id) == [f"{MARK}\nbroken"]

    asyncio.run(story())


def test_an_edit_that_changes_nothing_has_succeeded(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            card = wire.post(ANNA.id, "card")
            edit = wire.store.outbox.put(Letter(chat_id=ANNA.id, lane=Lane.ANSWER, text="card", edits=card.id))
            async with sending(wire):
                await _all_gone(wire)
            assert wire.telegram.calls("editMessageText")[0].code == 400
            assert wire.letter(edit).state is LetterState.SENT

    asyncio.run(story())


def test_an_edit_of_a_message_that_is_gone_becomes_a_message(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            phone = wire.phone(ANNA)
            card = wire.post(ANNA.id, "card")
            async with sending(wire):
                await _all_gone(wire)
                wire.telegram.chats.remove(phone.messages[0])
                edit = Letter(chat_id=ANNA.id, lane=Lane.ORDER, text="filled", edits=card.id)
                edit = wire.store.outbox.put(edit)
                await _all_gone(wire)
            assert wire.shown(ANNA.id) == ["filled"]
            assert wire.letter(edit).message_id == phone.messages[0].id

    asyncio.run(story())


def test_a_lost_acknowledgement_repeats_the_message_once_and_marked(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.telegram.troubles.lose_answer("sendMessage")
            letter = wire.post(ANNA.id, "filled")
            async with sending(wire):
                await eventually(lambda: wire.letter(letter).repeat)
                wire.later(1)
                await _all_gone(wire)
            assert wire.shown(ANNA.id) == ["filled", f"{MARK}\nfilled"]

    asyncio.run(story())


def test_a_gateway_error_leaves_it_open_whether_the_message_arrived(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.telegram.troubles.refuse("sendMessage", TelegramRefusal(502, "Bad Gateway"))
            letter = wire.post(ANNA.id, "filled")
            async with sending(wire):
                await eventually(lambda: wire.letter(letter).repeat)
                wire.later(1)
                await _all_gone(wire)
            assert wire.shown(ANNA.id) == [f"{MARK}\nfilled"]

    asyncio.run(story())


def test_a_page_of_html_in_telegrams_place_ends_nothing(tmp_path: Path) -> None:
    async def page(_: Request) -> Response:
        return Response("<html>log in</html>", media_type="text/html")

    async def story() -> None:
        async with wired(tmp_path, first=[Route("/bot{token}/sendMessage", page, methods=["POST"])]) as wire:
            letter = wire.post(ANNA.id, "filled")
            async with sending(wire):
                await eventually(lambda: wire.letter(letter).repeat)
                wire.later(30)
                await eventually(lambda: wire.letter(letter).attempts == 2)

    asyncio.run(story())


def test_a_lost_acknowledgement_of_an_edit_is_not_marked(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            card = wire.post(ANNA.id, "card")
            wire.telegram.troubles.lose_answer("editMessageText")
            edit = wire.store.outbox.put(Letter(chat_id=ANNA.id, lane=Lane.ANSWER, text="filled", edits=card.id))
            async with sending(wire):
                await _all_gone(wire)
            assert wire.letter(edit).attempts == 2
            assert wire.shown(ANNA.id) == ["filled"]

    asyncio.run(story())


def test_a_message_that_never_left_is_not_marked(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            await wire.server.stop()
            letter = wire.post(ANNA.id, "filled")
            async with sending(wire):
                await eventually(lambda: wire.letter(letter).state is LetterState.PENDING and _rows(wire)[0][1] == 1)
                port = int(wire.server.url.rpartition(":")[2])
                async with Server(Starlette(routes=build_telegram(wire.telegram)), port=port):
                    await _all_gone_in_time(wire)
            assert wire.shown(ANNA.id) == ["filled"]

    asyncio.run(story())


def test_what_was_under_way_at_a_crash_leaves_again_marked(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.store.outbox.sending(wire.post(ANNA.id, "was it sent?"))
            wire.post(ANNA.id, "this was not")
            async with sending(wire):
                await _all_gone(wire)
            assert wire.shown(ANNA.id) == [f"{MARK}\nwas it sent?", "this was not"]

    asyncio.run(story())


def test_a_token_that_is_refused_ends_the_sender_and_keeps_the_letter(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            letter = wire.post(ANNA.id, "later")
            wire.telegram.revoke_token()
            with pytest.raises(BaseExceptionGroup) as ended:
                async with asyncio.timeout(10):
                    await wire.sender(no_card, listed).run()
            assert ended.group_contains(InvalidToken)
            assert wire.letter(letter).state is LetterState.SENDING

    asyncio.run(story())


def test_a_drain_lets_what_waits_leave(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            async with sending(wire) as sender:
                for n in range(5):
                    wire.post(ANNA.id, f"{n}")
                await sender.drain(5)
                assert wire.shown(ANNA.id) == ["0", "1", "2", "3", "4"]

    asyncio.run(story())


def test_a_drain_does_not_wait_for_ever(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.telegram.troubles.refuse("sendMessage", too_many(600))
            wire.post(ANNA.id, "not today")
            async with sending(wire) as sender:
                await eventually(lambda: len(_sent_to(wire)) == 1)
                await sender.drain(0.05)
            assert wire.shown(ANNA.id) == []
            assert wire.store.outbox.waiting() == 1

    asyncio.run(story())


def test_a_burst_stays_within_what_telegram_takes(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path, limits=FloodLimits()) as wire:
            wire.phone(ANNA)
            for n in range(12):
                wire.post(ANNA.id, f"{n}")
            async with sending(wire):
                for _ in range(100):
                    if wire.store.outbox.waiting() == 0:
                        break
                    await asyncio.sleep(0.01)
                    wire.later(0.25)
            assert wire.shown(ANNA.id) == [f"{n}" for n in range(12)]
            assert {call.code for call in wire.telegram.calls("sendMessage")} == {200}

    asyncio.run(story())
