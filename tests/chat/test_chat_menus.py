"""The command lists on people's phones: by role, in groups too, and gone with the role."""

import asyncio
from pathlib import Path

from chatbot.chat.acting import Pulse
from chatbot.chat.menus import Menus
from chatbot.core.people import Role
from chatbot.sandbox.telegram_groups import found_group
from chatbot.sandbox.telegram_refusals import bad_request
from chatbot.sandbox.telegram_values import TelegramChat, TelegramUser
from chatbot.services.menus import KnownMenus
from tests.chat.desk import ANNA, BEN, CARA, open_desk
from tests.chat.wire import Wire, echo, table_of, wired

GROUP = -1001
PEOPLE = {ANNA.id: Role.OWNER, BEN.id: Role.TRADER, CARA.id: Role.VIEWER}


def _finds(wire: Wire, person: int, chat: TelegramChat | None = None) -> list[str]:
    place = chat or wire.telegram.chats.meet(TelegramUser(id=person, first_name="x")).chat
    return [command.name for command in wire.telegram.commands.seen_by(person, place)]


def test_each_person_finds_the_commands_of_the_own_role(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk, wired(tmp_path) as wire:
            commands = desk.table.commands
            await Menus(wire.bot, KnownMenus(wire.store.facts), commands).register(PEOPLE, ())
            annas, bens, caras = (_finds(wire, person) for person in PEOPLE)
            assert annas == [c.name for c in commands]
            assert set(annas) - set(bens) == {"resume", "here", "log"}
            assert set(bens) - set(caras) == {"buy", "sell", "close", "cancel", "kill"}
            assert caras[0] == "price"

    asyncio.run(story())


def test_in_a_group_everybody_finds_a_traders_list_and_owners_their_own(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk, wired(tmp_path) as wire:
            members = [TelegramUser(id=person, first_name="x") for person in PEOPLE]
            group = found_group(wire.telegram, GROUP, "The desk", members)
            await Menus(wire.bot, KnownMenus(wire.store.facts), desk.table.commands).register(PEOPLE, {GROUP})
            assert "here" in _finds(wire, ANNA.id, group)
            assert "log" not in _finds(wire, ANNA.id, group), "it is refused there"
            assert "buy" in _finds(wire, BEN.id, group)
            assert "here" not in _finds(wire, BEN.id, group)

    asyncio.run(story())


def test_whoever_lost_their_role_is_offered_nothing_any_more(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            menus = Menus(wire.bot, KnownMenus(wire.store.facts), table_of({"echo": echo}).commands)
            await menus.register(PEOPLE, ())
            assert _finds(wire, BEN.id) == ["echo"]
            left = {ANNA.id: Role.OWNER}
            wire.telegram.troubles.refuse("deleteMyCommands", bad_request("try later"))
            await menus.register(left, ())
            await menus.register(left, ())
            assert _finds(wire, BEN.id) == _finds(wire, CARA.id) == [], "also what failed the first time"
            assert _finds(wire, ANNA.id) == ["echo"]

    asyncio.run(story())


def test_a_person_whose_list_is_refused_keeps_nobody_from_theirs(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.telegram.troubles.refuse("setMyCommands", bad_request("chat not found"))
            menus = Menus(wire.bot, KnownMenus(wire.store.facts), table_of({"echo": echo}).commands)
            await menus.register({1: Role.OWNER, 2: Role.OWNER}, ())
            assert [call.code for call in wire.telegram.calls("setMyCommands")] == [400, 200]

    asyncio.run(story())


def test_how_long_telegram_takes_is_measured_and_a_silent_one_is_none(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            trip = await Pulse(wire.bot).trip()
            assert trip is not None
            assert 0 < trip.total_seconds() < 3
            wire.telegram.troubles.refuse("getMe", bad_request("not now"))
            assert await Pulse(wire.bot).trip() is None

    asyncio.run(story())
