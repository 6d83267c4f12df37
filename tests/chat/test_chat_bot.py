"""The poller against a Telegram on loopback: nothing lost, nothing doubled, every tap answered."""

import asyncio
import contextlib
import gc
import json
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram.error import NetworkError

from chatbot.chat import words
from chatbot.chat.bot import SECOND_POLLER, SecondPoller
from chatbot.chat.connection import TokenRefused, connect, who_am_i
from chatbot.chat.messages import Command, Effect, Message, Reply, Tap
from chatbot.core.errors import Refused, Unavailable
from chatbot.core.notices import Button, Lane, Letter
from chatbot.core.people import Role
from chatbot.kucoin.rest import KEPT_FOR_MINUTES
from chatbot.sandbox.telegram_phone import Phone
from chatbot.sandbox.telegram_refusals import TelegramRefusal, bad_request, conflict, forbidden, too_many
from chatbot.sandbox.telegram_updates import UpdateKind
from chatbot.services.post import Post
from tests.chat.desk import ANNA
from tests.chat.wire import TOKEN, Wire, echo, polling, sending, table_of, wired
from tests.playground import eventually

pytestmark = pytest.mark.filterwarnings("ignore:.*retry_after:telegram.warnings.PTBDeprecationWarning")
"""The library announces that its pauses will be timedeltas; the code takes both."""

BUTTON = Letter(
    chat_id=ANNA.id, lane=Lane.ANSWER, text="card", buttons=((Button(text="Go", action="go on"),),)
)  # fmt: skip


def _states(wire: Wire) -> list[str]:
    with contextlib.closing(sqlite3.connect(wire.path)) as db:
        return [row[0] for row in db.execute("SELECT state FROM inbox ORDER BY update_id")]


def _letters(wire: Wire) -> list[str]:
    return [letter.text for letter in wire.store.outbox.due(100)]


def _has(wire: Wire, count: int) -> bool:
    return len(_letters(wire)) == count


async def _card(wire: Wire) -> Phone:
    """Anna's phone, with a card on it that carries one button."""
    phone = wire.phone(ANNA)
    letter = wire.store.outbox.put(BUTTON)
    async with sending(wire):
        await eventually(lambda: wire.letter(letter).message_id is not None)
    return phone


def test_an_update_is_answered_and_then_confirmed(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire, polling(wire, table_of({"echo": echo})):
            wire.phone(ANNA).write("/echo hello")
            await eventually(lambda: _letters(wire) == ["you said hello"])
            await eventually(lambda: wire.telegram.updates.pending == 0)
            assert _states(wire) == ["done"]
            assert wire.heard

    asyncio.run(story())


def test_only_messages_and_taps_are_asked_for_and_nothing_is_dropped(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA).write("/echo before the start")
            async with polling(wire, table_of({"echo": echo})):
                await eventually(lambda: _letters(wire) == ["you said before the start"])
            assert wire.telegram.updates.wanted == ["callback_query", "message"]
            assert wire.telegram.calls("deleteWebhook") == ()

    asyncio.run(story())


def test_an_update_that_could_not_be_kept_is_not_confirmed(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA).write("/echo hello")
            wire.store.db.execute("CREATE TRIGGER full BEFORE INSERT ON inbox BEGIN SELECT RAISE(ABORT, 'full'); END")
            with pytest.raises(sqlite3.IntegrityError):
                async with asyncio.timeout(10):
                    await wire.poller(table_of({"echo": echo})).run()
            assert wire.telegram.updates.pending == 1
            wire.store.db.execute("DROP TRIGGER full")
            async with polling(wire, table_of({"echo": echo})):
                await eventually(lambda: _letters(wire) == ["you said hello"])

    asyncio.run(story())


def test_an_update_whose_handling_was_cut_off_is_handled_at_the_next_start_and_once(tmp_path: Path) -> None:
    async def story() -> None:
        started, runs = asyncio.Event(), []

        async def slow(message: Message) -> Reply:
            runs.append(message.text)
            started.set()
            if len(runs) == 1:
                await asyncio.Event().wait()
            return Reply(text="at last")

        async with wired(tmp_path) as wire:
            wire.phone(ANNA).write("/slow one")
            async with polling(wire, table_of({"slow": slow})):
                await started.wait()
            assert _states(wire) == ["pending"]
            async with polling(wire, table_of({"slow": slow})):
                await eventually(lambda: _letters(wire) == ["at last"])
                await eventually(lambda: wire.telegram.updates.pending == 0)
            assert runs == ["one", "one"]
            assert _states(wire) == ["done"]

    asyncio.run(story())


def test_an_update_that_cannot_be_read_keeps_no_other_from_being_answered(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.telegram.updates.put(UpdateKind.MESSAGE, {"message_id": 9, "chat": 7})
            wire.phone(ANNA).write("/echo hello")
            async with polling(wire, table_of({"echo": echo})):
                await eventually(lambda: _letters(wire) == ["you said hello"])
            assert sorted(_states(wire)) == ["done", "failed"]

    asyncio.run(story())


def test_an_update_that_comes_again_is_not_handled_again(tmp_path: Path) -> None:
    async def story() -> None:
        runs = []

        async def count(message: Message) -> Reply:
            runs.append(message.text)
            return await echo(message)

        async with wired(tmp_path) as wire, polling(wire, table_of({"echo": count})):
            phone = wire.phone(ANNA)
            phone.write("/echo one")
            await eventually(lambda: wire.telegram.updates.pending == 0)
            wire.telegram.updates.repeat(1)
            phone.write("/echo two")
            await eventually(lambda: _letters(wire) == ["you said one", "you said two"])
            assert _states(wire) == ["done", "done"]
            assert runs == ["one", "two"]

    asyncio.run(story())


def test_numbers_that_begin_anew_after_a_silent_week_are_heard(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire, polling(wire, table_of({"echo": echo})):
            phone = wire.phone(ANNA)
            wire.telegram.updates.renumber(900)
            phone.write("/echo high")
            await eventually(lambda: _letters(wire) == ["you said high"])
            await eventually(lambda: wire.telegram.updates.pending == 0)
            wire.telegram.updates.renumber(5)
            phone.write("/echo low")
            await eventually(lambda: _letters(wire) == ["you said high", "you said low"])

    asyncio.run(story())


def test_a_command_does_not_wait_behind_a_slow_one(tmp_path: Path) -> None:
    async def story() -> None:
        async def stuck(_: Message) -> Reply:
            await asyncio.Event().wait()
            return Reply()

        async with wired(tmp_path) as wire, polling(wire, table_of({"stuck": stuck, "echo": echo})):
            phone = wire.phone(ANNA)
            phone.write("/stuck")
            phone.write("/echo quick")
            await eventually(lambda: _letters(wire) == ["you said quick"])

    asyncio.run(story())


@pytest.mark.parametrize("before_the_start", [False, True])
def test_a_kill_is_acted_on_before_whatever_came_with_it(tmp_path: Path, before_the_start: bool) -> None:
    async def story() -> None:
        acted: list[str] = []

        async def noted(message: Message) -> Reply:
            acted.append(message.command)
            return Reply()

        kill = Command(
            name="kill", role=Role.TRADER, effect=Effect.ALWAYS, summary="", usage="", example="/kill", handle=noted
        )
        async with wired(tmp_path) as wire:
            phone = wire.phone(ANNA)
            for _ in range(20):
                phone.write("/note")
            phone.write("/kill")
            if before_the_start:
                Post(wire.store).keep([(u["update_id"], json.dumps(u)) for u in await wire.bot.raw_updates(0)])
            async with polling(wire, table_of({"note": noted}, extra=[kill])):
                await eventually(lambda: len(acted) == 21)
            assert acted == ["kill", *["note"] * 20]

    asyncio.run(story())


def test_a_bug_in_a_handler_is_told_and_the_bot_lives_on(tmp_path: Path) -> None:
    async def story() -> None:
        async def bug(_: Message) -> Reply:
            raise ZeroDivisionError

        async with wired(tmp_path) as wire, polling(wire, table_of({"bug": bug, "echo": echo})):
            phone = wire.phone(ANNA)
            phone.write("/bug")
            await eventually(lambda: _letters(wire) == [words.BROKEN])
            phone.write("/echo still here")
            await eventually(lambda: _letters(wire) == [words.BROKEN, "you said still here"])
            assert _states(wire) == ["failed", "done"]

    asyncio.run(story())


def test_a_bug_behind_a_button_is_told_in_a_pop_up(tmp_path: Path) -> None:
    async def story() -> None:
        async def bug(_: Tap) -> Reply:
            raise ZeroDivisionError

        async with wired(tmp_path) as wire:
            phone = await _card(wire)
            async with polling(wire, table_of(verbs={"go": bug})):
                phone.press("Go")
                answer = await wire.telegram.until(lambda: next(iter(phone.answers), None))
                assert (answer.text, answer.alert) == (words.BROKEN, True)
                assert _states(wire) == ["failed"]

    asyncio.run(story())


def test_a_bug_in_what_follows_an_answer_is_told_too(tmp_path: Path) -> None:
    async def story() -> None:
        async def later() -> None:
            raise ZeroDivisionError

        async def promise(_: Message) -> Reply:
            return Reply(text="working", then=later)

        async with wired(tmp_path) as wire, polling(wire, table_of({"promise": promise})):
            wire.phone(ANNA).write("/promise")
            await eventually(lambda: _letters(wire) == ["working", words.BROKEN])
            assert _states(wire) == ["done"]

    asyncio.run(story())


def test_a_refusal_after_the_answer_is_told_in_a_message_of_its_own(tmp_path: Path) -> None:
    async def story() -> None:
        async def later() -> None:
            raise Unavailable("KuCoin cannot be reached.")

        async def promise(_: Message) -> Reply:
            return Reply(text="working", then=later)

        async with wired(tmp_path) as wire, polling(wire, table_of({"promise": promise})):
            wire.phone(ANNA).write("/promise")
            await eventually(lambda: len(_letters(wire)) == 2)
            assert "KuCoin cannot be reached." in _letters(wire)[1]

    asyncio.run(story())


def test_a_tap_is_answered_with_its_toast(tmp_path: Path) -> None:
    async def story() -> None:
        async def go(tap: Tap) -> Reply:
            return Reply(toast=f"going {tap.argument}")

        async with wired(tmp_path) as wire:
            phone = await _card(wire)
            async with polling(wire, table_of(verbs={"go": go})):
                phone.press("Go")
                answer = await wire.telegram.until(lambda: next(iter(phone.answers), None))
                assert (answer.text, answer.alert) == ("going on", False)

    asyncio.run(story())


def test_a_slow_tap_hears_at_once_that_it_is_worked_on_and_reads_its_pop_up_as_a_message(tmp_path: Path) -> None:
    async def story() -> None:
        go_on = asyncio.Event()

        async def go(_: Tap) -> Reply:
            await go_on.wait()
            raise Refused("The price ran away. Nothing was sent.")

        async with wired(tmp_path) as wire:
            phone = await _card(wire)
            async with polling(wire, table_of(verbs={"go": go})):
                phone.press("Go")
                answer = await wire.telegram.until(lambda: next(iter(phone.answers), None))
                assert (answer.text, answer.alert) == ("Working on it…", False)
                go_on.set()
                await eventually(lambda: _letters(wire) == ["The price ran away. Nothing was sent."])
            assert len(phone.answers) == 1

    asyncio.run(story())


def test_a_command_that_takes_its_time_shows_that_an_answer_is_coming_and_a_quick_one_does_not(tmp_path: Path) -> None:
    async def story() -> None:
        go_on = asyncio.Event()

        async def slow(_: Message) -> Reply:
            await go_on.wait()
            return Reply(text="at last")

        async with wired(tmp_path) as wire, polling(wire, table_of({"slow": slow, "echo": echo})):
            phone = wire.phone(ANNA)
            phone.write("/echo quick")
            await eventually(lambda: _letters(wire) == ["you said quick"])
            phone.write("/slow")
            action = await wire.telegram.until(lambda: next(iter(wire.telegram.calls("sendChatAction")), None))
            assert (action.fields["chat_id"], action.fields["action"]) == (str(ANNA.id), "typing")
            go_on.set()
            await eventually(lambda: _letters(wire) == ["you said quick", "at last"])
            assert len(wire.telegram.calls("sendChatAction")) == 1

    asyncio.run(story())


@pytest.mark.parametrize(
    "refusal",
    [
        bad_request("query is too old and response timeout expired or query ID is invalid"),
        too_many(30),
        forbidden("bot was blocked by the user"),
        TelegramRefusal(502, "Bad Gateway"),
        TelegramRefusal(418, "I'm a teapot"),
    ],
    ids=lambda refusal: str(refusal.code),
)
def test_a_toast_that_cannot_be_shown_keeps_nothing_from_being_done(tmp_path: Path, refusal: TelegramRefusal) -> None:
    async def story() -> None:
        done = asyncio.Event()
        loose: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: loose.append(context))

        async def then() -> None:
            done.set()

        async def go(_: Tap) -> Reply:
            return Reply(toast="Sending…", then=then)

        async with wired(tmp_path) as wire:
            phone = await _card(wire)
            wire.telegram.troubles.refuse("answerCallbackQuery", refusal)
            async with polling(wire, table_of(verbs={"go": go})) as poller:
                phone.press("Go")
                async with asyncio.timeout(10):
                    await done.wait()
                await poller.finish(5)
            assert _states(wire) == ["done"]
            assert _letters(wire) == []
        gc.collect()
        assert loose == []

    asyncio.run(story())


def test_a_lost_answer_to_a_toast_keeps_nothing_from_being_done(tmp_path: Path) -> None:
    async def story() -> None:
        done = asyncio.Event()

        async def then() -> None:
            done.set()

        async def go(_: Tap) -> Reply:
            return Reply(toast="Sending…", then=then)

        async with wired(tmp_path) as wire:
            phone = await _card(wire)
            wire.telegram.troubles.lose_answer("answerCallbackQuery")
            async with polling(wire, table_of(verbs={"go": go})):
                phone.press("Go")
                async with asyncio.timeout(10):
                    await done.wait()

    asyncio.run(story())


def test_an_order_does_not_wait_for_its_toast(tmp_path: Path) -> None:
    async def hang(_: Request) -> Response:
        await asyncio.Event().wait()
        return Response()

    async def story() -> None:
        done = asyncio.Event()

        async def then() -> None:
            done.set()

        async def go(_: Tap) -> Reply:
            return Reply(toast="Sending…", then=then)

        async with wired(tmp_path, first=[Route("/bot{token}/answerCallbackQuery", hang, methods=["POST"])]) as wire:
            phone = await _card(wire)
            async with polling(wire, table_of(verbs={"go": go})):
                phone.press("Go")
                async with asyncio.timeout(5):
                    await done.wait()

    asyncio.run(story())


def test_three_conflicts_mean_that_somebody_else_holds_the_token(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.telegram.troubles.refuse("getUpdates", conflict("terminated by other getUpdates request"), times=3)
            with pytest.raises(SecondPoller, match="make a new token"):
                async with asyncio.timeout(10):
                    await wire.poller(table_of()).run()
            assert wire.pauses.slept == [1.0, 1.0]
            assert wire.conflicts == [SECOND_POLLER] * 3

    asyncio.run(story())


def _slept(wire: Wire, seconds: int) -> bool:
    return sum(wire.pauses.slept) == seconds


def test_two_conflicts_and_an_answer_are_forgiven(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            phone = wire.phone(ANNA)
            async with polling(wire, table_of({"echo": echo})):
                for count in (1, 2):
                    wire.telegram.troubles.refuse("getUpdates", conflict("terminated"), times=2)
                    phone.write("/echo hi")
                    await eventually(partial(_has, wire, count))
                    await eventually(partial(_slept, wire, 2 * count))

    asyncio.run(story())


def test_a_revoked_token_ends_the_bot(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.telegram.revoke_token()
            with pytest.raises(TokenRefused):
                async with asyncio.timeout(10):
                    await wire.poller(table_of()).run()
            assert wire.pauses.slept == []

    asyncio.run(story())


def test_without_a_network_the_poller_backs_off_and_then_goes_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA).write("/echo still there")
            wire.telegram.troubles.refuse("getUpdates", TelegramRefusal(502, "Bad Gateway"), times=9)
            wire.telegram.troubles.lose_answer("getUpdates")
            async with polling(wire, table_of({"echo": echo})):
                await eventually(lambda: _letters(wire) == ["you said still there"])
            slept = wire.pauses.slept
            assert len(slept) == 10
            assert slept == sorted(slept)
            assert slept[0] >= 1.0
            assert slept[-1] == 30.0

    asyncio.run(story())


def test_a_page_of_html_in_telegrams_place_is_a_matter_of_waiting(tmp_path: Path) -> None:
    async def story() -> None:
        pages = []

        async def page(request: Request) -> Response:
            pages.append(request.url.path)
            return Response("<html>Please log in to this network</html>", media_type="text/html")

        async with wired(tmp_path, first=[Route("/bot{token}/getUpdates", page, methods=["POST"])]) as wire:
            async with polling(wire, table_of()):
                await eventually(lambda: len(pages) > 3)
            assert wire.pauses.slept[:3] == [1.0, 2.0, 4.0]

    asyncio.run(story())


def test_a_pause_that_telegram_asks_for_is_kept(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA).write("/echo hi")
            wire.telegram.troubles.refuse("getUpdates", too_many(17))
            async with polling(wire, table_of({"echo": echo})):
                await eventually(lambda: _letters(wire) == ["you said hi"])
            assert wire.pauses.slept == [17.0]

    asyncio.run(story())


def test_a_stop_lets_what_was_begun_end(tmp_path: Path) -> None:
    async def story() -> None:
        started, go_on = asyncio.Event(), asyncio.Event()

        async def order(_: Message) -> Reply:
            started.set()
            await go_on.wait()
            return Reply(text="placed")

        async with wired(tmp_path) as wire, polling(wire, table_of({"order": order})) as poller:
            wire.phone(ANNA).write("/order")
            await started.wait()
            finishing = asyncio.create_task(poller.finish(5))
            await asyncio.sleep(0)
            go_on.set()
            await finishing
            assert _letters(wire) == ["placed"]

    asyncio.run(story())


def test_a_bot_shows_no_token_of_its_own(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            assert TOKEN not in repr(wire.bot)
            assert TOKEN.partition(":")[2] not in f"{wire.bot!r} {wire.bot!s}"

    asyncio.run(story())


def test_a_start_tells_who_it_is_what_is_wrong_and_whose_webhook_is_left(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.telegram.webhook = "https://example.org/hook"
            found = await who_am_i(token=TOKEN, url=wire.server.url, limits=KEPT_FOR_MINUTES)
            assert found == ("", "desk_bot", "https://example.org/hook")
            refused = await who_am_i(token="1:wrong", url=wire.server.url, limits=KEPT_FOR_MINUTES)
            assert refused == ("the token was refused", "", "")
            url = wire.server.url
        assert (await who_am_i(token=TOKEN, url=url, limits=KEPT_FOR_MINUTES))[0] == "no answer (NetworkError)"

    asyncio.run(story())


def test_a_telegram_that_is_not_there_is_a_matter_of_waiting(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            url = wire.server.url
        bot = connect(token=TOKEN, url=url, limits=KEPT_FOR_MINUTES)
        with pytest.raises(NetworkError):
            await bot.get_updates()
        await bot.shutdown()

    asyncio.run(story())
