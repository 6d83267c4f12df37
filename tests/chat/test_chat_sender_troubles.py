"""Chats that are closed to the bot or that move, letters on which Telegram fails for ever, and a line kept warm."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chatbot.chat.connection import connect
from chatbot.chat.messages import Reply
from chatbot.core.notices import Lane, Letter, LetterState
from chatbot.kucoin.rest import KEPT_FOR_MINUTES
from chatbot.sandbox.telegram_groups import found_group, migrate_group
from chatbot.sandbox.telegram_refusals import TelegramRefusal, bad_request, forbidden
from chatbot.services.people import Groups
from tests.chat.desk import ANNA, BEN, CARA, NOON
from tests.chat.wire import TOKEN, Wire, echo, no_card, polling, sending, table_of, wired
from tests.playground import eventually

MARK = "may be a repeat"
HOUR = 3600


def _sent(wire: Wire) -> list[str]:
    return [str(call.fields["text"]) for call in wire.telegram.calls("sendMessage")]


def test_what_a_chat_is_owed_while_it_is_closed_is_kept_and_leaves_when_it_is_heard_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.phone(CARA)
            phone = wire.phone(BEN)
            phone.block()
            letters = [wire.post(BEN.id, "first", Lane.ALERT), wire.post(BEN.id, "second", Lane.ALERT)]
            async with sending(wire), polling(wire, table_of({"price": echo})):
                await wire.all_left()
                letters.append(wire.post(BEN.id, "third", Lane.ALERT))
                wire.post(CARA.id, "for Cara")
                await wire.all_left()
                assert wire.shown(CARA.id) == ["for Cara"]
                assert [wire.letter(each).state for each in letters] == [LetterState.HELD] * 3
                assert [wire.letter(each).repeat for each in letters] == [False] * 3
                assert wire.store.outbox.undelivered() == 3
                assert len(_sent(wire)) == 3  # of Ben's one was tried; Anna was told
                phone.unblock()
                phone.write("/price btc")
                await eventually(lambda: "you said btc" in wire.shown(BEN.id))
                await wire.all_left()
            assert sorted(wire.shown(BEN.id)) == ["first", "second", "third", "you said btc"]
            assert wire.shown(BEN.id)[0] == "you said btc"
            assert wire.store.outbox.undelivered() == 0

    asyncio.run(story())


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (forbidden("bot was blocked by the user"), "has blocked me"),
        (forbidden("user is deactivated"), "has closed their Telegram account"),
        (forbidden("bot can't initiate conversation with a user"), "has never written to me"),
        (bad_request("chat not found"), "has never written to me"),
        (bad_request("not enough rights to send text messages to the chat"), "may no longer write to"),
    ],
    ids=["blocked", "deactivated", "never met", "unknown", "muted"],
)
def test_the_owners_are_told_once_that_a_chat_is_closed(tmp_path: Path, refusal: TelegramRefusal, words: str) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.phone(BEN)
            wire.telegram.troubles.refuse("sendMessage", refusal)
            for n in range(3):
                wire.post(BEN.id, f"{n}", Lane.ALERT)
            async with sending(wire):
                await wire.all_left()
                wire.post(BEN.id, "more", Lane.ALERT)
                await wire.all_left()
            (told,) = wire.shown(ANNA.id)
            assert words in told
            assert f"{BEN.id}" in told
            assert "3 messages wait" in told

    asyncio.run(story())


def test_an_owner_who_blocked_the_bot_is_not_told_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            phone = wire.phone(ANNA)
            phone.block()
            wire.post(ANNA.id, "one", Lane.ALERT)
            async with sending(wire):
                await wire.all_left()
            assert wire.store.outbox.undelivered() == 1

    asyncio.run(story())


def test_somebody_who_blocks_twice_a_day_is_told_of_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            phone = wire.phone(BEN)
            async with sending(wire):
                for expected in (1, 1, 2):
                    phone.block()
                    wire.post(BEN.id, "words")
                    await wire.all_left()
                    assert len(wire.shown(ANNA.id)) == expected
                    phone.unblock()
                    wire.store.outbox.chats.reopen(BEN.id)
                    await wire.all_left()
                    wire.later(7 * HOUR)
            assert wire.shown(BEN.id) == ["words"] * 3

    asyncio.run(story())


def test_a_group_that_moved_gets_its_message_once_at_the_new_place(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            anna = wire.phone(ANNA).user
            found_group(wire.telegram, -5, "Desk", [anna])
            migrate_group(wire.telegram, -5, -1005, anna)
            first, second = wire.post(-5, "one"), wire.post(-5, "two")
            async with sending(wire):
                await wire.all_left()
            assert wire.shown(-1005) == ["one", "two"]
            assert [wire.letter(each).chat_id for each in (first, second)] == [-1005, -1005]
            assert not wire.letter(first).repeat

    asyncio.run(story())


def test_alerts_on_their_way_together_follow_a_group_that_moved(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            anna = wire.phone(ANNA).user
            found_group(wire.telegram, -5, "Desk", [anna])
            migrate_group(wire.telegram, -5, -1005, anna)
            wire.alerts(3, -5)
            async with sending(wire):
                await wire.all_left()
            assert wire.shown(-1005) == ["firing 1\nfiring 2\nfiring 3"]

    asyncio.run(story())


def test_a_group_that_moved_is_let_in_under_its_new_id_and_after_a_second_move_too(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            groups = Groups(store=wire.store, ids=frozenset({-5}))
            assert -5 in groups
            assert -1005 not in groups
            anna = wire.phone(ANNA).user
            found_group(wire.telegram, -5, "Desk", [anna])
            async with sending(wire):
                for old, new in ((-5, -1005), (-1005, -2005)):
                    migrate_group(wire.telegram, old, new, anna)
                    wire.post(old, "words")
                    await wire.all_left()
                    assert new in groups
            assert -3005 not in groups
            assert "-5" not in groups

    asyncio.run(story())


def test_a_card_from_before_the_move_is_not_sought_at_the_new_place(tmp_path: Path) -> None:
    """Message ids begin anew there: the edit would fall on whatever stands at that number."""

    async def story() -> None:
        async with wired(tmp_path) as wire:
            anna = wire.phone(ANNA).user
            found_group(wire.telegram, -5, "Desk", [anna])
            card = wire.post(-5, "sending")
            async with sending(wire):
                await wire.all_left()
                migrate_group(wire.telegram, -5, -1005, anna)
                wire.store.outbox.put(Letter(chat_id=-5, lane=Lane.ORDER, text="filled", edits=card.id))
                wire.store.outbox.put(Letter(chat_id=-5, lane=Lane.ORDER, text="news", follows=card.id))
                await wire.all_left()
            assert wire.shown(-1005) == ["filled", "news"]
            assert wire.telegram.calls("editMessageText")[0].fields["chat_id"] == "-5"
            assert len(wire.telegram.calls("editMessageText")) == 1

    asyncio.run(story())


def _failing(sign: str, answer: Callable[[], Response]) -> Route:
    """A Telegram that fails on every message with this sign in it, and takes the others."""
    taken = iter(range(1, 10_000))

    async def send(request: Request) -> Response:
        if sign in (await request.body()).decode():
            return answer()
        chat = '{"id": 1, "type": "private"}'
        body = f'{{"ok": true, "result": {{"message_id": {next(taken)}, "date": 1, "chat": {chat}}}}}'
        return Response(body, media_type="application/json")

    return Route("/bot{token}/sendMessage", send, methods=["POST"])


def _broken() -> Response:
    body = '{"ok": false, "error_code": 500, "description": "Internal Server Error"}'
    return Response(body, status_code=500, media_type="application/json")


def _page() -> Response:
    return Response("<html>busy</html>", media_type="text/html")


@pytest.mark.parametrize("answer", [_broken, _page], ids=["an error", "no answer of its own"])
def test_a_letter_on_which_telegram_fails_for_ever_is_laid_aside_after_two_hours(
    tmp_path: Path, answer: Callable[[], Response]
) -> None:
    async def story() -> None:
        async with wired(tmp_path, first=[_failing("poison", answer)]) as wire:
            poison = wire.post(ANNA.id, "poison")
            async with sending(wire):
                while wire.letter(poison).state is not LetterState.DEAD and wire.clock() < NOON + timedelta(hours=3):
                    wire.post(ANNA.id, "another")
                    wire.later(20)
                    await wire.quiet()
            assert wire.letter(poison).state is LetterState.DEAD
            assert 8 <= wire.letter(poison).attempts <= 10
            assert (wire.store.outbox.undelivered(), wire.store.outbox.waiting()) == (1, 0)
            assert timedelta(hours=1) < wire.clock() - NOON < timedelta(hours=2.5)

    asyncio.run(story())


def test_one_bad_alert_among_many_does_not_hold_them_up_for_long(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path, first=[_failing("firing+3", _broken)]) as wire:
            letters = wire.alerts(6, ANNA.id)
            began = wire.clock()
            async with sending(wire, lambda letter: Reply(text=f"firing {letter.subject_id}")):
                async with asyncio.timeout(10):
                    while [wire.letter(each).state for each in letters].count(LetterState.SENT) < 5:
                        wire.later(1)
                        await wire.quiet()
            assert wire.letter(letters[2]).state is LetterState.PENDING
            assert (wire.clock() - began).total_seconds() < 90

    asyncio.run(story())


def test_two_bad_letters_before_a_good_one_do_not_keep_it_from_leaving(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path, first=[_failing("poison", _broken)]) as wire:
            wire.post(ANNA.id, "poison 1")
            wire.post(ANNA.id, "poison 2")
            good = wire.post(ANNA.id, "good")
            async with sending(wire), asyncio.timeout(10):
                while wire.letter(good).state is not LetterState.SENT:
                    wire.later(5)
                    await wire.quiet()

    asyncio.run(story())


def test_nothing_that_may_arrive_twice_is_sent_before_telegram_answers_a_question(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.telegram.troubles.lose_answer("sendMessage")
            wire.telegram.troubles.refuse("getMe", TelegramRefusal(502, "Bad Gateway"), times=20)
            wire.post(ANNA.id, "filled")
            async with sending(wire):
                await wire.all_left(10)
            assert wire.shown(ANNA.id) == ["filled", f"{MARK}\nfilled"]
            assert len(wire.telegram.calls("getMe")) >= 21

    asyncio.run(story())


def test_a_topic_that_is_gone_does_not_swallow_its_alert(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.telegram.troubles.refuse("sendMessage", bad_request("message thread not found"))
            wire.store.outbox.put(Letter(chat_id=ANNA.id, lane=Lane.ALERT, text="words", thread_id=9))
            async with sending(wire):
                await wire.all_left()
            assert wire.shown(ANNA.id) == ["words"]
            assert "message_thread_id" not in wire.telegram.calls("sendMessage")[1].fields

    asyncio.run(story())


def test_words_that_are_too_long_arrive_as_far_as_they_fit(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.post(ANNA.id, "\n".join(f"<b>row {n}</b>" for n in range(1000)))
            async with sending(wire):
                await wire.all_left()
            (shown,) = wire.shown(ANNA.id)
            assert shown.startswith("row 0\nrow 1\n")
            assert shown.endswith("\n…")

    asyncio.run(story())


def test_an_idle_line_is_kept_warm_and_a_busy_one_left_alone(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            questions = len(wire.telegram.calls("getMe"))
            async with sending(wire) as sender:
                for _ in range(60):  # ten minutes, a look every ten seconds
                    wire.later(10)
                    await sender.keep_warm()
                assert len(wire.telegram.calls("getMe")) - questions == 15
                wire.later(39)
                wire.post(ANNA.id, "words")
                await wire.quiet()
                wire.later(1)
                await sender.keep_warm()
            assert len(wire.telegram.calls("getMe")) - questions == 15

    asyncio.run(story())


def test_a_line_that_cannot_be_kept_warm_is_no_trouble(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            sender = wire.sender(no_card, lambda letters: (Reply(), len(letters)))
            wire.telegram.troubles.refuse("getMe", TelegramRefusal(502, "Bad Gateway"))
            wire.later(60)
            await sender.keep_warm()
            assert wire.telegram.calls("getMe")[-1].code == 502

    asyncio.run(story())


def test_alerts_one_after_another_use_one_connection(tmp_path: Path) -> None:
    async def story() -> None:
        made = []

        async def pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                while data := await source.read(65_536):
                    target.write(data)
                    await target.drain()
            target.close()

        async with wired(tmp_path) as wire, contextlib.AsyncExitStack() as closing:
            port = int(wire.server.url.rpartition(":")[2])

            async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                made.append(writer)
                there, back = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(pass_on(reader, back), pass_on(there, writer))

            gate = await closing.enter_async_context(await asyncio.start_server(counted, "127.0.0.1", 0))
            url = f"http://127.0.0.1:{gate.sockets[0].getsockname()[1]}"
            async with connect(token=TOKEN, url=url, limits=KEPT_FOR_MINUTES) as bot:
                wire.phone(ANNA)
                async with sending(replace(wire, bot=bot), lambda _: Reply(text="card")) as sender:
                    for n in range(20):
                        wire.alerts(1, ANNA.id, first=n)
                        await wire.all_left()
                        wire.later(60)
                        await sender.keep_warm()
            assert len(wire.shown(ANNA.id)) == 20
        assert len(made) == 1

    asyncio.run(story())
