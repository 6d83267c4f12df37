"""What Telegram does to messages on their way, each to its end: all told, nobody twice without being told so."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram.request import HTTPXRequest

from chatbot.chat.connection import SafeBot
from chatbot.chat.messages import Reply
from chatbot.core.notices import Lane, Letter, LetterState, Subject
from chatbot.sandbox.telegram_groups import found_group, migrate_group
from chatbot.sandbox.telegram_refusals import TelegramRefusal, forbidden, too_many
from tests.chat.desk import ANNA, BEN
from tests.chat.wire import TOKEN, Wire, sending, wired
from tests.playground import eventually
from tests.store.rules import asks, price

MARK, MARKED = "may be a repeat", "may+be+a+repeat"
LOST = TelegramRefusal(504, "Gateway Timeout")


def _calls(wire: Wire, chat_id: int) -> list[int]:
    """What Telegram answered to messages for this chat."""
    calls = (*wire.telegram.calls("sendMessage"), *wire.telegram.calls("editMessageText"))
    return [call.code for call in calls if call.fields["chat_id"] == str(chat_id)]


@pytest.mark.parametrize("pause", [1, 30, 600])
@pytest.mark.parametrize("lane", list(Lane))
def test_a_chat_told_to_wait_waits_just_so_long_while_the_others_get_theirs(
    tmp_path: Path, pause: int, lane: Lane
) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.phone(BEN)
            wire.telegram.troubles.refuse("sendMessage", too_many(pause))
            wire.post(ANNA.id, "first", lane)
            async with sending(wire):
                await wire.quiet()
                wire.post(ANNA.id, "report", Lane.REPORT)
                wire.post(ANNA.id, "stopped", Lane.ANSWER)
                wire.alerts(2, BEN.id)
                wire.post(BEN.id, "for Ben")
                wire.later(0.5)
                await wire.quiet()
                assert "for Ben" in wire.shown(BEN.id)
                wire.later(pause - 0.501)
                await wire.quiet()
                assert (wire.shown(ANNA.id), _calls(wire, ANNA.id)) == ([], [429])
                wire.later(0.001)
                await wire.all_left(0.5)
            answers = ["first", "stopped"] if lane <= Lane.ANSWER else ["stopped", "first"]
            assert wire.shown(ANNA.id) == [*answers, "report"]
            assert _calls(wire, ANNA.id) == [429, 200, 200, 200]
            assert set(_calls(wire, BEN.id)) == {200}

    asyncio.run(story())


@pytest.mark.parametrize("method", ["editMessageText", "pinChatMessage", "unpinChatMessage"])
def test_a_wait_asked_for_an_edit_or_a_pin_is_kept_like_any_other(tmp_path: Path, method: str) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            stop = Letter(chat_id=ANNA.id, lane=Lane.STOP, subject=Subject.STOP, subject_id=1)
            async with sending(wire, _card_of_a_stop):
                wire.telegram.troubles.refuse(method, too_many(100))
                first = wire.store.outbox.put(stop)
                await wire.quiet()
                wire.store.outbox.put(replace(stop, edits=first.id))
                await wire.quiet()
                assert wire.telegram.calls(method)[-1].code == 429
                wire.post(ANNA.id, "answer")
                wire.later(99.9)
                await wire.quiet()
                assert "answer" not in wire.shown(ANNA.id)
                wire.later(0.1)
                await wire.all_left()
            assert wire.shown(ANNA.id) == ["over", "answer"]

    asyncio.run(story())


def test_a_pin_and_its_end_count_like_messages(tmp_path: Path) -> None:
    """Six pass at once: the card, its pin, its edit, the end of the pin, and two more."""

    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            stop = Letter(chat_id=ANNA.id, lane=Lane.STOP, subject=Subject.STOP, subject_id=1)
            first = wire.store.outbox.put(stop)
            async with sending(wire, _card_of_a_stop):
                await wire.quiet()
                wire.store.outbox.put(replace(stop, edits=first.id))
                await wire.quiet()
                for n in range(5):
                    wire.post(ANNA.id, f"{n}")
                await wire.quiet()
                assert wire.shown(ANNA.id) == ["over", "0", "1"]
                await wire.all_left()
            assert len(wire.telegram.calls("pinChatMessage")) == 1
            assert len(wire.telegram.calls("unpinChatMessage")) == 1

    asyncio.run(story())


def _card_of_a_stop(letter: Letter) -> Reply:
    """Pinned until the edit that ends it."""
    return Reply(text="over", pinned=False) if letter.edits else Reply(text="stopped", pinned=True)


@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_an_error_after_the_message_was_taken_repeats_it_once_and_marked(tmp_path: Path, code: int) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            refusal = TelegramRefusal(code, "Bad Gateway")
            wire.telegram.troubles.refuse("sendMessage", refusal, accepted=True)
            wire.alerts(2, ANNA.id)
            async with sending(wire):
                await wire.all_left(0.5)
            told = "firing 1\nfiring 2"
            assert wire.shown(ANNA.id) == [told, f"{MARK}\n{told}"]
            assert _calls(wire, ANNA.id) == [code, 200]

    asyncio.run(story())


async def _never() -> Response:
    await asyncio.Event().wait()
    return Response()


async def _nonsense() -> Response:
    return Response('{"ok": true, "result": {}}', media_type="application/json")


def _odd_at_first(taken: list[str], answer: Callable[[], Awaitable[Response]]) -> Route:
    """A Telegram that takes every message, and answers only the first one like this."""

    async def send(request: Request) -> Response:
        taken.append((await request.body()).decode())
        if len(taken) == 1:
            return await answer()
        chat = '{"id": 11, "type": "private"}'
        message = f'{{"message_id": {len(taken)}, "date": 1, "chat": {chat}}}'
        return Response(f'{{"ok": true, "result": {message}}}', media_type="application/json")

    return Route("/bot{token}/sendMessage", send, methods=["POST"])


def test_no_answer_in_time_after_the_message_was_taken_repeats_it_once_and_marked(tmp_path: Path) -> None:
    async def story() -> None:
        taken: list[str] = []
        async with wired(tmp_path, first=[_odd_at_first(taken, _never)]) as wire:
            hasty = HTTPXRequest(read_timeout=0.2, httpx_kwargs={"trust_env": False})
            async with SafeBot(TOKEN, base_url=f"{wire.server.url}/bot", request=hasty) as bot:
                letter = wire.post(ANNA.id, "filled", Lane.ORDER)
                async with sending(replace(wire, bot=bot)):
                    await eventually(lambda: wire.letter(letter).repeat)
                    wire.later(1)
                    await eventually(lambda: wire.letter(letter).state is LetterState.SENT)
        assert [MARKED in body for body in taken] == [False, True]

    asyncio.run(story())


def test_after_an_answer_that_means_nothing_each_leaves_by_itself_and_marked(tmp_path: Path) -> None:
    async def story() -> None:
        taken: list[str] = []
        async with wired(tmp_path, first=[_odd_at_first(taken, _nonsense)]) as wire:
            letters = wire.alerts(3, ANNA.id)
            async with sending(wire, lambda letter: Reply(text=f"card of {letter.subject_id}")):
                await wire.all_left()
            assert {wire.letter(each).state for each in letters} == {LetterState.SENT}
        assert [MARKED in body for body in taken] == [False, True, True, True]

    asyncio.run(story())


def test_an_edit_without_an_answer_whose_message_is_gone_leaves_as_a_message_that_is_no_repeat(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            phone = wire.phone(ANNA)
            card = wire.post(ANNA.id, "card")
            async with sending(wire):
                await wire.all_left()
                wire.telegram.chats.remove(phone.messages[0])
                wire.telegram.troubles.refuse("editMessageText", LOST)
                wire.store.outbox.put(Letter(chat_id=ANNA.id, lane=Lane.ORDER, text="filled", edits=card.id))
                await wire.all_left()
            assert wire.shown(ANNA.id) == ["filled"]

    asyncio.run(story())


def test_while_telegram_is_away_it_is_asked_less_and_less_often(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            for person in (ANNA, BEN):
                wire.phone(person)
            for method in ("sendMessage", "getMe"):
                wire.telegram.troubles.refuse(method, LOST, times=10_000)
            wire.alerts(4, ANNA.id, BEN.id)
            asked = len(wire.telegram.calls("getMe"))
            async with sending(wire):
                for _ in range(600):  # five minutes
                    wire.later(0.5)
                    await wire.quiet()
                assert 10 <= len(wire.telegram.calls("getMe")) - asked <= 60
                assert len(wire.telegram.calls("sendMessage")) <= 2
                wire.telegram.troubles.clear()
                await wire.all_left(1)
            assert {len(wire.shown(chat)) for chat in (ANNA.id, BEN.id)} == {1}

    asyncio.run(story())


@pytest.mark.parametrize("words", ["bot was blocked by the user", "user is deactivated"])
def test_what_is_owed_to_whoever_shut_the_bot_out_is_kept_counted_and_told_to_the_owner(
    tmp_path: Path, words: str
) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.phone(BEN)
            wire.telegram.troubles.refuse("sendMessage", forbidden(words))
            letters = [*wire.alerts(3, BEN.id), wire.post(BEN.id, "news", Lane.ORDER)]
            async with sending(wire):
                await wire.all_left()
                letters += wire.alerts(2, BEN.id, first=4)
                wire.later(24 * 3600)
                await wire.quiet()
            assert wire.store.outbox.chats.closed(BEN.id)
            assert [wire.letter(each).state for each in letters] == [LetterState.HELD] * 6
            assert wire.store.outbox.undelivered() == 6
            assert _calls(wire, BEN.id) == [403]
            assert len(wire.shown(ANNA.id)) == 1

    asyncio.run(story())


def test_what_was_held_through_a_restart_leaves_when_the_chat_opens(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            phone = wire.phone(BEN)
            phone.block()
            wire.alerts(3, BEN.id)
            async with sending(wire):
                await wire.all_left()
            phone.unblock()
            async with sending(wire):
                wire.later(3600)
                await wire.quiet()
                assert wire.shown(BEN.id) == []
                wire.store.outbox.chats.reopen(BEN.id)
                await wire.all_left()
            assert wire.shown(BEN.id) == ["firing 1\nfiring 2\nfiring 3"]

    asyncio.run(story())


@pytest.mark.parametrize("lost", [False, True], ids=["told so", "after a lost acknowledgement"])
def test_a_group_that_moves_while_its_letters_wait_gets_each_once_under_the_new_id(
    tmp_path: Path, *, lost: bool
) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            anna = wire.phone(ANNA).user
            found_group(wire.telegram, -5, "Desk", [anna])
            if lost:
                wire.telegram.troubles.refuse("sendMessage", LOST)
                wire.telegram.troubles.refuse("getMe", LOST)
            letters = [wire.post(-5, "answer"), *wire.alerts(3, -5), wire.post(-5, "report", Lane.REPORT)]
            async with sending(wire):
                await wire.quiet()
                early = wire.shown(-5)
                migrate_group(wire.telegram, -5, -1005, anna)
                letters.append(wire.post(-5, "late", Lane.REPORT))
                await wire.all_left(1)
            shown = [text.removeprefix(f"{MARK}\n") for text in (*early, *wire.shown(-1005))]
            assert shown == ["answer", "firing 1\nfiring 2\nfiring 3", "report", "late"]
            assert {wire.letter(each).chat_id for each in letters} == {-1005}
            assert {wire.letter(each).state for each in letters} == {LetterState.SENT}
            assert _calls(wire, -5).count(200) == (0 if lost else 1)

    asyncio.run(story())


def test_a_rule_of_a_group_that_moved_tells_in_the_new_place(tmp_path: Path) -> None:
    """The rule's own row moved in the same transaction as the letter that found it out."""

    async def story() -> None:
        async with wired(tmp_path) as wire:
            anna = wire.phone(ANNA).user
            found_group(wire.telegram, -5, "Desk", [anna])
            rule, _ = wire.store.alerts.add(replace(asks(price()), chat_id=-5))
            migrate_group(wire.telegram, -5, -1005, anna)
            wire.post(-5, "words")
            said: list[str] = []
            async with sending(wire):
                wire.store.db.conn.set_trace_callback(said.append)
                await wire.all_left()
                wire.store.db.conn.set_trace_callback(None)
            moved = wire.store.alerts.rule(rule.id)
            assert moved is not None
            assert moved.chat_id == -1005
            moves = [n for n, line in enumerate(said) if "SET chat_id" in line]
            assert "COMMIT" not in said[moves[0] : moves[-1]]

    asyncio.run(story())


def test_a_wait_asked_for_a_question_is_kept_by_all(tmp_path: Path) -> None:
    """Telegram is asked whether it is there before anything is said again; its answer may be to wait."""

    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.telegram.troubles.refuse("sendMessage", TelegramRefusal(502, "Bad Gateway"))
            wire.telegram.troubles.refuse("getMe", too_many(300))
            asked = len(wire.telegram.calls("getMe"))
            wire.post(ANNA.id, "first")
            async with sending(wire):
                await wire.quiet()
                for _ in range(29):
                    wire.later(10)
                    await wire.quiet()
                assert [call.code for call in wire.telegram.calls("getMe")[asked:]] == [429]
                wire.later(11)
                await wire.all_left(0.5)
            assert len(wire.shown(ANNA.id)) == 1

    asyncio.run(story())
