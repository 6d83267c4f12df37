"""Nothing leaves to who is not on the list: not a message, not an edit, at no hour."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest

from chatbot.chat.gate import Gate
from chatbot.core.notices import Lane, Letter, LetterState, Subject
from chatbot.core.preferences import DEFAULT_VOLUMES, Kind, Preferences, Quiet, Volume
from chatbot.core.times import utc_now
from chatbot.sandbox.telegram_groups import found_group, migrate_group
from chatbot.sandbox.world import OWNER, VIEWER
from chatbot.services.people import Groups
from chatbot.store.store import open_store
from tests.chat.desk import ANNA, BEN, CARA, FOREIGN_GROUP, GROUP
from tests.chat.wire import ROLES, Wire, sending, wired
from tests.playground import running, sandbox_and_people

WITHOUT_CARA = {person: role for person, role in ROLES.items() if person != CARA.id}


def _strict(wire: Wire, *groups: int) -> Wire:
    """Cara has left the team."""
    gate = Gate(role_of=WITHOUT_CARA.get, groups=Groups(store=wire.store, ids=frozenset(groups)))
    return replace(wire, gate=gate)


def test_who_was_taken_off_the_list_is_told_nothing_and_holds_nobody_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with wired(tmp_path) as open_wire:
            wire = _strict(open_wire)
            wire.phone(CARA)
            wire.phone(ANNA)
            letters = [wire.post(CARA.id, "answer"), *wire.alerts(3, CARA.id), wire.post(CARA.id, "day", Lane.REPORT)]
            told = wire.alerts(2, ANNA.id, first=9)
            with caplog.at_level(logging.WARNING):
                async with sending(wire):
                    await wire.quiet()
                    letters += wire.alerts(2, CARA.id, first=20)
                    wire.bell.set()
                    await wire.all_left()
            assert wire.shown(ANNA.id) == ["firing 9\nfiring 10"]
            assert {wire.letter(each).state for each in told} == {LetterState.SENT}
            assert {wire.letter(each).state for each in letters} == {LetterState.DEAD}
            assert {wire.letter(each).attempts for each in letters} == {0}
            assert wire.shown(CARA.id) == []
            assert [str(call.fields["chat_id"]) for call in wire.telegram.calls("sendMessage")] == [str(ANNA.id)]
            assert wire.store.outbox.undelivered() == 0
            assert [line for line in caplog.messages if str(CARA.id) in line] == [
                "nothing is sent to chat 13: the settings name no such person or group"
            ]

    asyncio.run(story())


def test_a_card_from_before_is_not_edited_any_more(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(CARA)
            card = wire.post(CARA.id, "card")
            async with sending(wire):
                await wire.all_left()
            edit = wire.store.outbox.put(Letter(chat_id=CARA.id, lane=Lane.ORDER, text="filled", edits=card.id))
            async with sending(_strict(wire)):
                await wire.all_left()
            assert wire.letter(edit).state is LetterState.DEAD
            assert wire.shown(CARA.id) == ["card"]

    asyncio.run(story())


def test_what_was_under_way_to_somebody_now_gone_does_not_leave_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(CARA)
            letter = wire.post(CARA.id, "was it sent?")
            wire.store.outbox.sending(letter)
            async with sending(_strict(wire)):
                await wire.all_left()
            assert wire.letter(letter).state is LetterState.DEAD
            assert not wire.telegram.calls("sendMessage")

    asyncio.run(story())


def test_of_groups_those_of_the_settings_alone_are_written_to(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as open_wire:
            wire = _strict(open_wire, GROUP)
            user = wire.phone(BEN).user
            for group in GROUP, FOREIGN_GROUP:
                found_group(wire.telegram, group, "Desk", [user])
                wire.post(group, "for all")
            wire.post(BEN.id, "for one")
            async with sending(wire):
                await wire.all_left()
            assert [wire.shown(chat) for chat in (GROUP, FOREIGN_GROUP, BEN.id)] == [["for all"], [], ["for one"]]

    asyncio.run(story())


@pytest.mark.parametrize("listed", [-5, -1005], ids=["by the id it had", "by the id it has"])
def test_a_group_of_the_settings_is_written_to_by_whatever_id_it_goes(tmp_path: Path, listed: int) -> None:
    async def story() -> None:
        async with wired(tmp_path) as open_wire:
            wire = _strict(open_wire, -5)
            anna = wire.phone(ANNA).user
            found_group(wire.telegram, -5, "Desk", [anna])
            migrate_group(wire.telegram, -5, -1005, anna)
            async with sending(wire):
                wire.post(-5, "on the move")
                await wire.all_left()
            async with sending(_strict(wire, listed)):
                wire.post(-1005, "moved")
                await wire.all_left()
            assert wire.shown(-1005) == ["on the move", "moved"]

    asyncio.run(story())


def test_the_bot_as_it_runs_writes_to_nobody_but_whom_the_settings_name(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path, telegram_viewers=frozenset()) as ground:
            store = open_store(ground.settings.database_path, utc_now)
            gone, here = (
                store.outbox.put(Letter(chat_id=chat, lane=Lane.ORDER, text="filled"))
                for chat in (VIEWER.user.id, OWNER.user.id)
            )
            store.close()
            for person in ground.owner, ground.viewer:
                person.write("/start")
            async with running(ground.settings):
                await ground.owner.shows("filled")
                await ground.owner.asks("/help", "/price")
            assert ground.viewer.answers == []
            with contextlib.closing(open_store(ground.settings.database_path, utc_now)) as after:
                states = [letter.state for each in (gone, here) if (letter := after.outbox.letter(each.id))]
            assert states == [LetterState.DEAD, LetterState.SENT]

    asyncio.run(story())


def _alerts(wire: Wire, count: int, kind: Kind, first: int = 1) -> None:
    letter = Letter(chat_id=ANNA.id, lane=Lane.ALERT, subject=Subject.ALERT, kind=kind)
    wire.store.outbox.put_all([replace(letter, subject_id=first + n) for n in range(count)])
    wire.bell.set()


def _sets(wire: Wire, change: Callable[[Preferences], Preferences]) -> None:
    wire.store.preferences.change(ANNA.id, change)


def test_what_its_reader_wants_silent_leaves_together_and_without_a_sound(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            _sets(wire, lambda each: replace(each, volumes={**each.volumes, Kind.PRICE: Volume.SILENT}))
            _alerts(wire, 3, Kind.PRICE)
            _alerts(wire, 2, Kind.FUNDING, first=7)
            async with sending(wire):
                await wire.all_left()
            assert wire.shown(ANNA.id) == ["firing 1\nfiring 2\nfiring 3", "firing 7\nfiring 8"]
            sent = [call.fields.get("disable_notification") for call in wire.telegram.calls("sendMessage")]
            assert [str(each).lower() == "true" for each in sent] == [True, False]

    asyncio.run(story())


def test_a_stop_in_the_night_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            _sets(wire, lambda each: replace(each, quiet=Quiet(since=time(11), until=time(13))))
            for first in (1, 101):
                _alerts(wire, 100, Kind.PRICE, first=first)
                async with sending(wire):
                    await wire.quiet()
            assert (wire.shown(ANNA.id), wire.store.quiet.count(ANNA.id)) == ([], 200)
            wire.clock.advance(3600)
            wire.store.quiet.release(ANNA.id)
            async with sending(wire):
                await wire.all_left()
            lines = "\n".join(wire.shown(ANNA.id)).split("\n")
            assert lines == [f"firing {n}" for n in range(1, 201)]
            assert len(wire.shown(ANNA.id)) == 2
            assert {call.fields.get("disable_notification") for call in wire.telegram.calls("sendMessage")} == {"true"}

    asyncio.run(story())


def test_whoever_changes_their_mind_is_asked_anew(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            off = {Kind.PRICE: Volume.OFF}
            _sets(wire, lambda each: replace(each, volumes={**each.volumes, **off}))
            async with sending(wire):
                _alerts(wire, 1, Kind.PRICE)
                await wire.all_left()
                _sets(wire, lambda each: replace(each, volumes=DEFAULT_VOLUMES))
                _alerts(wire, 1, Kind.PRICE, first=2)
                await wire.all_left()
            assert len(wire.telegram.calls("sendMessage")) == 1
            assert wire.store.db.execute("SELECT state, problem FROM outbox WHERE subject_id = 1").fetchone() == (
                "dead",
                "not wanted",
            )

    asyncio.run(story())
