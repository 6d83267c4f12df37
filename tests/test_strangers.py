"""Nobody who should not can cause anything: each command and button, in every kind of chat, by every kind of sender.

The updates are Telegram's own JSON, read as the bot reads them. The database, but for the counter of knocks and the
record that an update came, the exchange and the outbox stay as they were.
"""

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatbot.chat.updates import incoming
from chatbot.core.notices import Button, Lane, Letter, Subject
from chatbot.core.people import Person, Role
from tests.chat.desk import ANNA, BEN, CARA, FOREIGN_GROUP, GROUP, MALLORY, NOON, Desk, open_desk

Json = dict[str, Any]

LISTED_SUPERGROUP = -1000000001003
FOREIGN_SUPERGROUP = -1000000001004
CHANNEL = -1000000001005
ANONYMOUS: Json = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
OTHER_BOT: Json = {"id": 555, "is_bot": True, "first_name": "Other", "username": "other_bot"}

CHATS: dict[str, Json] = {
    "a listed group": {"id": GROUP, "type": "group", "title": "Desk"},
    "a group on no list": {"id": FOREIGN_GROUP, "type": "group", "title": "Elsewhere"},
    "a listed supergroup": {"id": LISTED_SUPERGROUP, "type": "supergroup", "title": "Desk"},
    "a supergroup on no list": {"id": FOREIGN_SUPERGROUP, "type": "supergroup", "title": "Elsewhere"},
    "a channel": {"id": CHANNEL, "type": "channel", "title": "News"},
}
LISTED = {"a listed group", "a listed supergroup"}
ORIGIN: Json = {
    "type": "user",
    "date": 1,
    "sender_user": {"id": ANNA.id, "is_bot": False, "first_name": "Anna"},
}
DISGUISES: dict[str, Json] = {
    "in the name of the chat": {"sender_chat": {"id": GROUP, "type": "group", "title": "Desk"}},
    "via another bot": {"via_bot": OTHER_BOT},
    "forwarded from the owner": {"forward_origin": ORIGIN},
    "edited": {"edit_date": int(NOON.timestamp()) + 1},
    "of an edit": {},
    "posted to a channel": {},
    "an edit in a channel": {},
    "from a bot": {},
    "from an anonymous admin": {},
}
FIELDS = {
    "of an edit": "edited_message",
    "posted to a channel": "channel_post",
    "an edit in a channel": "edited_channel_post",
}


@dataclass(slots=True)
class Updates:
    """Numbered as Telegram does it."""

    number: "itertools.count[int]" = field(default_factory=lambda: itertools.count(50_000))

    def message(self, sender: Json, chat: Json, text: str, disguise: str = "") -> Json:
        number = next(self.number)
        command = {"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}
        told = {"message_id": number, "date": int(NOON.timestamp()), "chat": chat, "text": text, "entities": [command]}
        author = {"from a bot": OTHER_BOT, "from an anonymous admin": ANONYMOUS}.get(disguise, sender)
        body = told | {"from": author} | DISGUISES.get(disguise, {})
        return {"update_id": number, FIELDS.get(disguise, "message"): body}

    def tap(self, sender: Json, chat: Json, message_id: int, data: str) -> Json:
        number = next(self.number)
        shown = {"message_id": message_id, "date": int(NOON.timestamp()), "chat": chat, "text": "a card"}
        query = {"id": f"tap-{number}", "from": sender, "chat_instance": "1", "data": data, "message": shown}
        return {"update_id": number, "callback_query": query}


def _user(person: Person) -> Json:
    return {"id": person.id, "is_bot": False, "first_name": person.name}


def _home(person: Person) -> Json:
    return {"id": person.id, "type": "private", "first_name": person.name}


async def _furnish(desk: Desk) -> Letter:
    """A ticket that waits, an order that rests, an alert and a group that moved: something to break."""
    desk.store.outbox.chats.move(GROUP, LISTED_SUPERGROUP)
    await desk.says(ANNA, "/watch btc")
    await desk.says(ANNA, "/alert btc > 90000")
    said = await desk.says(ANNA, "/buy btc 100usdt")
    first = await desk.handles(incoming(Updates().message(_user(MALLORY), _home(MALLORY), "/start")))
    assert [letter.chat_id for letter in first.letters] == [ANNA.id], "the owner is told of a stranger, once"
    return next(letter for letter in said.letters if letter.subject is Subject.TICKET)


def _lines(desk: Desk, *, least: Role = Role.VIEWER) -> list[str]:
    """A line of each command that would do something."""
    return [command.example for command in desk.table.commands if command.role >= least]


async def _buttons(desk: Desk, chat: Json, *, least: Role = Role.VIEWER) -> list[tuple[int, str]]:
    """A message with every button there is, as this chat shows it: its number, and what each tap would send."""
    verbs = [verb.name for verb in desk.table._verbs.values() if verb.role >= least]
    row = tuple(Button(text=name, action=f"{name} {argument}") for name in [*verbs, "run"] for argument in _of(name))
    letter = desk.store.outbox.put(Letter(chat_id=chat["id"], lane=Lane.ANSWER, text="card", buttons=(row,)))
    shown = next(gone for gone in desk.delivered() if gone.id == letter.id)
    assert shown.message_id is not None
    return [(shown.message_id, f"{shown.key}:{place}") for place in range(len(row))]


def _of(verb: str) -> tuple[str, ...]:
    return ("/buy BTC 100usdt", "/kill", "/status") if verb == "run" else ("1",)


class Watched:
    """The database, the exchange and the wire as they are; `untouched` says that they still are."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._before = self._now()

    def _now(self) -> tuple[object, ...]:
        return self._desk.dump(without=("inbox", "strangers")), self._desk.sandbox.snapshot(), self._desk.sandbox.posts

    def untouched(self) -> bool:
        return self._now() == self._before


async def _silent(desk: Desk, updates: Iterator[tuple[str, Json]]) -> int:
    """How many were tried; none of them came to anything."""
    watched, tried = Watched(desk), 0
    for what, update in updates:
        said = await desk.handles(incoming(update))
        assert (said.toast, said.then, said.letters) == (None, None, []), what
        assert desk.last_state() == "dropped", what
        tried += 1
    assert watched.untouched()
    return tried


def test_a_stranger_is_not_heard_wherever_and_however_they_type(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            await _furnish(desk)
            updates, stranger = Updates(itertools.count(60_000)), _user(MALLORY)
            chats = CHATS | {"their own chat": _home(MALLORY), "the owner's chat": _home(ANNA)}

            def all_of_them() -> Iterator[tuple[str, Json]]:
                for (where, chat), disguise, line in itertools.product(chats.items(), ["", *DISGUISES], _lines(desk)):
                    yield f"{line} in {where} {disguise}", updates.message(stranger, chat, line, disguise)

            assert await _silent(desk, all_of_them()) >= 20 * len(chats) * 10
            assert desk.rows("SELECT count(*) FROM strangers") == [(1,)]

    asyncio.run(story())


def test_people_on_the_list_are_not_heard_in_disguise_or_where_they_are_not_let_in(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            await _furnish(desk)
            updates = Updates(itertools.count(60_000))

            def all_of_them() -> Iterator[tuple[str, Json]]:
                people = (ANNA, CARA)
                for person, line, (where, chat) in itertools.product(people, _lines(desk), CHATS.items()):
                    for disguise in [*DISGUISES, *(() if where in LISTED else ("",))]:
                        what = f"{person.name}: {line} in {where} {disguise}"
                        yield what, updates.message(_user(person), chat, line, disguise)
                for person, line, disguise in itertools.product(people, _lines(desk), DISGUISES):
                    what = f"{person.name}: {line} at home {disguise}"
                    yield what, updates.message(_user(person), _home(person), line, disguise)

            assert await _silent(desk, all_of_them()) >= 2 * 20 * (5 * 9 + 3 + 9)

    asyncio.run(story())


def test_a_stranger_presses_every_button_in_vain(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            card = await _furnish(desk)
            updates, stranger = Updates(itertools.count(60_000)), _user(MALLORY)
            chats = CHATS | {"the owner's chat": _home(ANNA), "their own chat": _home(MALLORY)}
            buttons = {where: await _buttons(desk, chat) for where, chat in chats.items()}
            assert card.message_id is not None
            cards = [(card.message_id, f"{card.key}:{place}") for place in range(2)]

            def all_of_them() -> Iterator[tuple[str, Json]]:
                for (where, shown), (there, chat) in itertools.product(buttons.items(), chats.items()):
                    for message_id, data in [*shown, *cards]:
                        yield f"{data} of {where} in {there}", updates.tap(stranger, chat, message_id, data)

            assert await _silent(desk, all_of_them()) >= 20 * len(chats) ** 2
            taken = await desk.taps(ANNA, card, "Confirm")
            assert taken.then is not None, "the same button, and whose it is"

    asyncio.run(story())


def test_whoever_may_only_look_changes_nothing_by_any_command_or_button_for_others(tmp_path: Path) -> None:
    """They are told so; nothing is written but the answer, nothing leaves for the exchange."""

    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            await _furnish(desk)
            updates = Updates(itertools.count(60_000))
            for person, least in ((CARA, Role.TRADER), (BEN, Role.OWNER)):
                chats = [_home(person), *(CHATS[where] for where in sorted(LISTED))]
                for chat in chats:
                    taps = await _buttons(desk, chat, least=least)
                    watched = Without(desk, "outbox")
                    for line in _lines(desk, least=least):
                        said = await desk.handles(incoming(updates.message(_user(person), chat, line)))
                        assert "Roles are given" in said.text, line
                        assert said.then is None
                    for message_id, data in taps[:-3]:  # the last three run a line, which is judged as such
                        said = await desk.handles(incoming(updates.tap(_user(person), chat, message_id, data)))
                        assert said.toast is not None
                        assert "Roles are given" in said.toast.text
                        assert (said.then, said.letters) == (None, [])
                    assert watched.untouched()

    asyncio.run(story())


class Without(Watched):
    """As `Watched`, the rows of one more table left out."""

    def __init__(self, desk: Desk, table: str) -> None:
        self._table = table
        super().__init__(desk)

    def _now(self) -> tuple[object, ...]:
        dump = self._desk.dump(without=("inbox", "strangers", self._table, "sqlite_sequence"))
        return dump, self._desk.sandbox.snapshot(), list(self._desk.sandbox.posts)


def test_the_matrix_has_all_that_moves_money(tmp_path: Path) -> None:
    """It is drawn from the bot's own table; this says that nothing was lost on the way."""

    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            names = {line.split()[0] for line in _lines(desk)}
            assert names >= {"/buy", "/sell", "/cancel", "/kill", "/resume", "/alert", "/unalert"}
            assert {"confirm", "decline", "sweep", "resume", "close_now", "approve"} <= set(desk.table._verbs)

    asyncio.run(story())
