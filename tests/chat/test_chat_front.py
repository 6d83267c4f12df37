"""The front: from an update to its answer, once; strangers to nothing at all."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from chatbot.chat import words
from chatbot.chat.front import Front
from chatbot.chat.messages import Command, Effect, Incoming, Message, Reply, Tap, TapHandler
from chatbot.core.errors import Refused
from chatbot.core.notices import Button, Lane, Letter, Subject
from chatbot.core.people import Person, Role
from chatbot.store.store import Store, open_store
from tests.chat.desk import (
    ANNA,
    BEN,
    BOT_NAME,
    CARA,
    FOREIGN_GROUP,
    GROUP,
    MALLORY,
    NOON,
    Clock,
    Desk,
    front_of,
    incoming,
    open_desk,
)
from tests.chat.shown import labels
from tests.chat.wire import ROLES, echo, table_of

PEOPLE = {Role.OWNER: ANNA, Role.TRADER: BEN, Role.VIEWER: CARA}
ODDITIES = ["", "forwarded", "edited", "via another bot", "in the name of a chat", "from a bot"]


async def _tell(message: Message) -> Reply:
    return Reply(text="done")


def _command(effect: Effect) -> Command:
    return Command(
        name=effect.name.lower(), role=Role.VIEWER, effect=effect, summary="x", usage="", example="/x", handle=_tell
    )


EFFECTS = table_of(extra=[_command(effect) for effect in Effect])


@contextlib.asynccontextmanager
async def _small(folder: Path) -> AsyncIterator[tuple[Front, Store, Clock]]:
    clock = Clock()
    with contextlib.closing(open_store(folder / "small.db", clock)) as store:
        yield front_of(store, ROLES.get, EFFECTS, clock), store, clock


def _answers(store: Store) -> list[Letter]:
    return list(store.outbox.due(100))


def test_every_command_asks_for_its_role(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            for command, person in itertools.product(desk.table.commands, PEOPLE.values()):
                said = await desk.says(person, f"/{command.name}")
                low = person.role < command.role
                assert ("Roles are given" in said.text) == low, (command.name, person.name, said.text)
                assert desk.last_state() == "refused" if low else "done"

    asyncio.run(story())


def test_every_button_asks_for_its_role(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            for verb in desk.table._verbs.values():
                button = Button(text="Press", action=f"{verb.name} 1")
                letter = Letter(chat_id=GROUP, lane=Lane.ANSWER, text="card", buttons=((button,),))
                for person in PEOPLE.values():
                    desk.store.outbox.put(letter)
                    (shown,) = desk.delivered()
                    if person.role >= verb.role:
                        continue
                    said = await desk.taps(person, shown, "Press")
                    assert said.toast is not None
                    assert "Roles are given" in said.toast.text
                    assert (said.toast.popup, said.letters, said.then) == (True, [], None)

    asyncio.run(story())


def test_strangers_and_odd_updates_reach_nothing(tmp_path: Path) -> None:
    """Every command and every button, from everywhere, in every guise: no letter, no row but its own."""

    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            await _furnish(desk)
            first = await desk.handles(_as(incoming(90_000, MALLORY, text="hello"), MALLORY, MALLORY.id))
            assert [letter.chat_id for letter in first.letters] == [ANNA.id]
            before = desk.dump(without=("inbox", "strangers"))
            for update in _hostile(desk):
                said = await desk.handles(update)
                assert (said.toast, said.then, said.letters) == (None, None, []), update
            assert desk.dump(without=("inbox", "strangers")) == before
            assert {row[0] for row in desk.rows("SELECT state FROM inbox WHERE update_id >= 90000")} == {"dropped"}
            assert desk.rows("SELECT count(*) FROM strangers") == [(1,)]

    asyncio.run(story())


async def _furnish(desk: Desk) -> None:
    """A ticket that waits, so that there is something to break; and a watchlist."""
    await desk.says(ANNA, "/watch btc")
    assert "Ticket T-1" in (await desk.says(ANNA, "/buy btc 100usdt")).text


def _as(update: Incoming, person: Person, chat: int, odd: str = "") -> Incoming:
    private = chat > 0
    return replace(update, user_id=person.id, user_name=person.name, chat_id=chat, private=private, odd=odd)


def _hostile(desk: Desk) -> list[Incoming]:
    """Strangers everywhere, and listed people where or how they may not."""
    numbers = itertools.count(90_001)
    typed = [f"/{c.name} {a}".strip() for c in desk.table.commands for a in ("", "BTC 100usdt", "all")]
    (card,) = [letter for letter in _letters(desk) if letter.subject is Subject.TICKET]
    tapped = [f"{card.key}:0", f"{card.key}:1"]
    guises = (
        [(MALLORY, chat, odd) for chat in (MALLORY.id, GROUP, FOREIGN_GROUP, ANNA.id) for odd in ODDITIES]
        + [(ANNA, chat, odd) for chat in (ANNA.id, GROUP) for odd in ODDITIES if odd]
        + [(ANNA, FOREIGN_GROUP, "")]
    )
    texts = [_as(incoming(next(numbers), p, text=t), p, c, odd) for p, c, odd in guises for t in typed]
    taps = [_as(incoming(next(numbers), p, data=d), p, c, odd) for p, c, odd in guises for d in tapped]
    return [*texts, *(replace(tap, message_id=card.message_id or 0) for tap in taps)]


def _letters(desk: Desk) -> list[Letter]:
    ids = [int(str(row[0])) for row in desk.rows("SELECT id FROM outbox")]
    return [letter for each in ids if (letter := desk.store.outbox.letter(each)) is not None]


def test_an_unknown_command_gets_the_nearest_and_a_group_gets_silence(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            said = await desk.says(CARA, "/prise btc")
            assert said.text == "I have no /prise. Did you mean <code>/price btc</code>?"
            assert "67,412.3" in (await desk.taps(CARA, said.letters[0], "/price btc")).text
            assert "/help" in (await desk.says(CARA, "/zz")).text
            assert (await desk.says(CARA, "/prise btc", group=True)).letters == []
            assert "I answer commands" in (await desk.says(CARA, "good morning")).text
            assert (await desk.says(CARA, "good morning", group=True)).letters == []
            assert (await desk.says(CARA, "/price@other_bot btc", group=True)).letters == []
            assert "BTC-USDT" in (await desk.says(CARA, f"/price@{BOT_NAME} btc", group=True)).text

    asyncio.run(story())


def test_a_command_said_without_its_slash_is_a_tap_away(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            for said, line in (
                ("alert btc above 70k", "/alert btc above 70k"),
                ("Price  btc", "/price btc"),
                ("kill", "/kill"),
            ):
                (meant,) = (await desk.says(BEN, said)).letters
                assert meant.text == f"Commands begin with a slash. Did you mean <code>{line}</code>?"
                assert labels(meant) == [line]
            (alert,) = (await desk.says(BEN, "alert btc above 70k")).letters
            assert "#1 BTC crosses above 70,000" in (await desk.taps(BEN, alert, "/alert btc above 70k")).text
            assert (await desk.says(BEN, "price btc", group=True)).letters == []
            long = (await desk.says(BEN, "buy " + "x" * 4000)).text
            assert len(long) < 700

    asyncio.run(story())


def test_in_a_group_the_answer_hangs_on_the_question_and_stays_in_its_topic(tmp_path: Path) -> None:
    async def story() -> None:
        async with _small(tmp_path) as (front, store, _):
            store.inbox.keep([(1, "{}"), (2, "{}")])
            question = replace(incoming(1, CARA, text="/read"), chat_id=GROUP, private=False, thread_id=7)
            await front.handle(question)
            await front.handle(incoming(2, CARA, text="/read"))
            in_group, at_home = _answers(store)
            assert (in_group.chat_id, in_group.thread_id, in_group.reply_to) == (GROUP, 7, question.message_id)
            assert (at_home.chat_id, at_home.thread_id, at_home.reply_to) == (CARA.id, None, None)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("effect", "seconds", "outcome"),
    [
        (Effect.READ, 0, "done"),
        (Effect.READ, 60, "done"),
        (Effect.READ, 61, "marked"),
        (Effect.READ, 600, "marked"),
        (Effect.READ, 601, "button"),
        (Effect.MONEY, 60, "done"),
        (Effect.MONEY, 61, "button"),
        (Effect.MONEY, 86_400, "button"),
        (Effect.FRESH, 60, "done"),
        (Effect.FRESH, 61, "refused"),
        (Effect.FRESH, 86_400, "refused"),
        (Effect.ALWAYS, 60, "done"),
        (Effect.ALWAYS, 61, "done"),
        (Effect.ALWAYS, 86_400, "done"),
        (Effect.MONEY, -5, "done"),
    ],
)
def test_a_late_command_is_handled_by_what_it_may_do(
    tmp_path: Path, effect: Effect, seconds: float, outcome: str
) -> None:
    async def story() -> None:
        async with _small(tmp_path) as (front, store, clock):
            store.inbox.keep([(1, "{}")])
            clock.advance(seconds)
            await front.handle(incoming(1, CARA, text=f"/{effect.name.lower()} some words"))
            (answer,) = _answers(store)
            again = ((Button(text="Ask again", action=f"run /{effect.name.lower()} some words"),),)
            assert answer.buttons == (again if outcome == "button" else ())
            assert (answer.text == "done") == (outcome == "done")
            assert ("I did not act on it" in answer.text) == (outcome in ("button", "refused"))
            assert ("while I was away" in answer.text and "done" in answer.text) == (outcome == "marked")

    asyncio.run(story())


def test_a_late_question_keeps_asking(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            late = replace(incoming(500, CARA, text="/watch"), sent_at=NOON - timedelta(minutes=5))
            (letter,) = (await desk.handles(late)).letters
            assert "while I was away" in letter.text
            assert [button.text for button in letter.buttons[-1]] == ["Other…", "Cancel"]

    asyncio.run(story())


def test_a_late_order_is_asked_again_by_its_button(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            late = replace(incoming(500, BEN, text="/buy btc 50usdt"), sent_at=NOON - timedelta(hours=6))
            (letter,) = (await desk.handles(late)).letters
            assert desk.rows("SELECT count(*) FROM tickets") == [(0,)]
            assert desk.rows("SELECT state FROM inbox WHERE update_id = 500") == [("stale",)]
            said = await desk.taps(BEN, letter, "Ask again")
            assert "Spend 50.00 USDT" in said.text
            assert "asked by Ben" in said.text
            assert desk.sandbox.posts == []

    asyncio.run(story())


def test_an_answer_to_a_question_completes_its_command(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            desk.store.outbox.put(Letter(chat_id=CARA.id, lane=Lane.ANSWER, text="Which?", asks="/watch", hint="BTC"))
            (question,) = desk.delivered()
            said = await desk.says(CARA, "btc eth", answers=question.message_id)
            assert "You watch 2" in said.text
            assert "You watch 3" in (await desk.says(CARA, "sol", answers=question.message_id)).text

    asyncio.run(story())


def test_a_command_in_answer_to_a_question_is_a_command(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (question,) = (await desk.says(CARA, "/watch")).letters
            said = await desk.says(CARA, "/help", answers=question.message_id)
            assert "What I can do" in said.text

    asyncio.run(story())


def test_an_answer_to_anything_else_is_just_words(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (price,) = (await desk.says(CARA, "/price btc")).letters
            said = await desk.says(CARA, "100usdt", answers=price.message_id)
            assert "I answer commands" in said.text
            (question,) = (await desk.says(BEN, "/buy")).letters
            said = await desk.says(CARA, "btc 100usdt", answers=question.message_id)
            assert "I answer commands" in said.text

    asyncio.run(story())


def test_an_answer_needs_the_role_of_its_command(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            desk.store.outbox.put(Letter(chat_id=GROUP, lane=Lane.ANSWER, text="How much?", asks="/buy BTC"))
            (question,) = desk.delivered()
            said = await desk.says(CARA, "50usdt", group=True, answers=question.message_id)
            assert "/buy is for traders; you are a viewer." in said.text
            assert desk.rows("SELECT count(*) FROM tickets") == [(0,)]

    asyncio.run(story())


def test_expired_forged_and_foreign_buttons_read_alike_and_change_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (card,) = (await desk.says(ANNA, "/buy btc 100usdt")).letters
            (price,) = (await desk.says(ANNA, "/price btc")).letters
            good = desk.tap_of(ANNA, card, f"{card.key}:0")
            forged = [
                replace(good, data=data)
                for data in (
                    "", ":", "0", ":0", card.key, f"{card.key}:", f"{card.key}:2", f"{card.key}:-1", f"{card.key}:999",
                    f"{card.key}:1000", f"{card.key}:٠", f"{card.key}:²", f"{card.key}: 0", f"{card.key}:0:0",
                    f"{card.key[:-1]}:0", f"{card.key.swapcase()}:0", "confirm 1", "run /kill", "' OR 1=1 --:0",
                    "\x00:0", "é" * 32,
                )
            ]  # fmt: skip
            elsewhere = [
                replace(good, message_id=price.message_id or 0),
                replace(good, message_id=0),
                replace(good, user_id=BEN.id, chat_id=BEN.id),
                replace(good, chat_id=GROUP, private=False),
            ]
            before = desk.dump(without=("inbox",))
            for number, update in enumerate([*forged, *elsewhere], start=700):
                said = await desk.handles(replace(update, update_id=number))
                assert said.toast is not None, update
                assert (said.toast.text, said.toast.popup) == (words.EXPIRED, True), update
                assert (said.letters, said.then) == ([], None)
            assert desk.dump(without=("inbox",)) == before

    asyncio.run(story())


def test_ten_thousand_guesses_open_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (card,) = (await desk.says(ANNA, "/buy btc 100usdt")).letters
            guesser = random.Random(1)  # noqa: S311 - guesses, not secrets
            signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
            pressed = desk.services.trading.ticket(1)
            for _ in range(10_000):
                key = "".join(guesser.choices(signs, k=len(card.key)))
                tap = desk.tap_of(ANNA, card, f"{key}:0")
                assert desk.front._pressed(tap) is None
            assert desk.services.trading.ticket(1) == pressed
            assert len(card.key) >= 22

    asyncio.run(story())


def test_keys_never_repeat_and_fit_into_a_button(tmp_path: Path) -> None:
    with contextlib.closing(open_store(tmp_path / "keys.db", Clock())) as store:
        keys = {store.outbox.put(Letter(chat_id=1, lane=Lane.ANSWER, text="x")).key for _ in range(500)}
    assert len(keys) == 500
    assert all(key.isascii() and len(f"{key}:999".encode()) <= 64 for key in keys)


def test_the_same_update_twice_is_answered_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with _small(tmp_path) as (front, store, _):
            store.inbox.keep([(1, "{}")])
            for _ in range(3):
                await front.handle(incoming(1, CARA, text="/read"))
            assert [letter.text for letter in _answers(store)] == ["done"]

    asyncio.run(story())


def test_the_same_order_twice_is_one_ticket(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            order = incoming(5, BEN, text="/buy btc 50usdt")
            assert len((await desk.handles(order)).letters) == 1
            assert (await desk.handles(order)).letters == []
            assert desk.rows("SELECT count(*) FROM tickets") == [(1,)]

    asyncio.run(story())


def test_a_refused_tap_is_a_pop_up_that_telegram_takes(tmp_path: Path) -> None:
    async def refuse(_: Tap) -> Reply:
        raise Refused("No, and here is why: " + "because " * 50)

    async def story() -> None:
        async with _verb(tmp_path, refuse) as (front, store, tap):
            toast, then = await front.handle(tap)
            assert toast is not None
            assert toast.popup
            assert toast.text.endswith("…")
            assert len(toast.text) <= 200
            assert (then, _answers(store)) == (None, [])

    asyncio.run(story())


def test_a_long_toast_is_cut_to_what_telegram_takes(tmp_path: Path) -> None:
    async def chatter(_: Tap) -> Reply:
        return Reply(toast="so " * 200)

    async def story() -> None:
        async with _verb(tmp_path, chatter) as (front, _, tap):
            toast, _then = await front.handle(tap)
            assert toast is not None
            assert len(toast.text) <= 200

    asyncio.run(story())


@pytest.mark.parametrize(("text", "edits", "toast"), [("card", 0, "No change."), ("other", 1, "")])
def test_a_refresh_that_changes_nothing_says_so(tmp_path: Path, text: str, edits: int, toast: str) -> None:
    async def refresh(tap: Tap) -> Reply:
        return Reply(text=text, buttons=tap.letter.buttons, edit=True)

    async def story() -> None:
        async with _verb(tmp_path, refresh) as (front, store, tap):
            shown, _ = await front.handle(tap)
            assert shown is not None
            assert shown.text == toast
            assert len(_answers(store)) == edits

    asyncio.run(story())


def test_a_refresh_too_long_for_its_card_is_told_below_it(tmp_path: Path) -> None:
    async def grow(tap: Tap) -> Reply:
        return Reply(text="\n".join(f"row {n}" for n in range(1000)), buttons=tap.letter.buttons, edit=True)

    async def story() -> None:
        async with _verb(tmp_path, grow) as (front, store, tap):
            await front.handle(tap)
            answers = _answers(store)
            assert len(answers) == 2
            assert [letter.edits for letter in answers] == [None, None]
            assert "\n".join(letter.text for letter in answers) == "\n".join(f"row {n}" for n in range(1000))
            assert [bool(letter.buttons) for letter in answers] == [False, True]

    asyncio.run(story())


def test_a_button_whose_line_can_no_longer_be_read_is_dead_and_its_update_ends(tmp_path: Path) -> None:
    async def never(_: Tap) -> Reply:
        raise AssertionError

    async def story() -> None:
        async with _verb(tmp_path, never, action="run /buy@my_old_name btc 100usdt") as (front, store, tap):
            toast, _ = await front.handle(tap)
            assert toast is not None
            assert toast.text == words.EXPIRED
            assert store.inbox.waiting() == []

    asyncio.run(story())


def test_a_bug_is_told_once_and_only_to_people(tmp_path: Path) -> None:
    async def story() -> None:
        async with _small(tmp_path) as (front, store, _):
            store.inbox.keep([(1, "{}"), (2, "{}")])
            asked = incoming(1, CARA, text="/read")
            toast = front.broke(asked)
            assert toast is not None
            assert (toast.text, toast.popup) == (words.BROKEN, True)
            front.broke(asked)
            assert front.broke(incoming(2, MALLORY, text="/read")) is None
            assert [(letter.chat_id, letter.text) for letter in _answers(store)] == [(CARA.id, words.BROKEN)]
            assert store.inbox.waiting() == []

    asyncio.run(story())


@contextlib.asynccontextmanager
async def _verb(folder: Path, handle: TapHandler, action: str = "go") -> AsyncIterator[tuple[Front, Store, Incoming]]:
    """A front whose only button does `handle`, and the tap of it."""
    clock = Clock()
    with contextlib.closing(open_store(folder / "verb.db", clock)) as store:
        button = Button(text="Go", action=action)
        letter = Letter(chat_id=CARA.id, lane=Lane.ANSWER, text="card", buttons=((button,),))
        letter = store.outbox.put(letter)
        store.outbox.sending(letter)
        store.outbox.sent(letter, 77)
        store.inbox.keep([(1, "{}")])
        tap = replace(incoming(1, CARA, data=f"{letter.key}:0"), message_id=77)
        yield front_of(store, ROLES.get, table_of({"echo": echo}, {"go": handle}), clock), store, tap
