"""The sender while another process holds the database: no letter is lost, none goes twice without its mark."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chatbot.chat.messages import Reply
from chatbot.core.notices import Letter, LetterState
from chatbot.store.database import DatabaseTrouble
from tests.chat.desk import ANNA
from tests.chat.wire import Draw, Wire, listed, no_card, sending, wired
from tests.playground import PATIENCE

MARKED = "may+be+a+repeat"


class Holder:
    """Another process that holds the database from `take` on, and lets go when a letter is to be laid aside.

    The bot's own patience is over at once.
    """

    def __init__(self, wire: Wire) -> None:
        self._connection = sqlite3.connect(wire.path, isolation_level=None)
        wire.store.db.execute("PRAGMA busy_timeout = 0")
        wire.store.db.conn.set_trace_callback(self._heard)

    def take(self) -> None:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")

    def leave(self) -> None:
        self._connection.rollback()

    def _heard(self, statement: str) -> None:
        if "'dead'" in statement:
            self.leave()

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def _holder(wire: Wire) -> Iterator[Holder]:
    with contextlib.closing(Holder(wire)) as holder:
        yield holder


async def _ended_by_the_database(wire: Wire, draw: Draw = no_card) -> None:
    with pytest.raises(BaseExceptionGroup) as ended:
        async with asyncio.timeout(PATIENCE):
            await wire.sender(draw, listed).run()
    assert ended.group_contains(DatabaseTrouble)


@pytest.mark.parametrize("count", [1, 3])
def test_what_cannot_be_written_before_it_leaves_stays_and_leaves_once(tmp_path: Path, count: int) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            with _holder(wire) as holder:
                letters = wire.alerts(count, ANNA.id)

                def draw(_: Letter) -> Reply:
                    holder.take()
                    return Reply(text="card")

                def digest(told: Sequence[Letter]) -> tuple[Reply, int]:
                    holder.take()
                    return Reply(text="list"), len(told)

                with pytest.raises(BaseExceptionGroup) as ended:
                    async with asyncio.timeout(PATIENCE):
                        await wire.sender(draw, digest).run()
                assert ended.group_contains(DatabaseTrouble)
                holder.leave()
                assert [(wire.letter(e).state, wire.letter(e).attempts) for e in letters] == [
                    (LetterState.PENDING, 0)
                ] * count
                async with sending(wire, lambda _: Reply(text="card")):
                    await wire.all_left()
            assert wire.shown(ANNA.id) == ["card" if count == 1 else "firing 1\nfiring 2\nfiring 3"]

    asyncio.run(story())


def test_a_card_that_cannot_be_read_from_the_database_is_not_laid_aside(tmp_path: Path) -> None:
    def unreadable(_: Letter) -> Reply:
        raise sqlite3.OperationalError("database is locked")

    def unlistable(_: Sequence[Letter]) -> tuple[Reply, int]:
        raise sqlite3.OperationalError("database is locked")

    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            for letters in wire.alerts(1, ANNA.id), wire.alerts(3, ANNA.id, first=2):
                with pytest.raises(BaseExceptionGroup):
                    async with asyncio.timeout(PATIENCE):
                        await wire.sender(unreadable, unlistable).run()
                assert {wire.letter(each).state for each in letters} == {LetterState.PENDING}

    asyncio.run(story())


def test_of_a_list_that_cannot_be_drawn_nobody_is_at_fault_for_a_locked_database(tmp_path: Path) -> None:
    def digest(told: Sequence[Letter]) -> tuple[Reply, int]:
        if len(told) > 1:
            raise ValueError("not together")
        raise sqlite3.OperationalError("database is locked")

    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            letters = wire.alerts(3, ANNA.id)
            with pytest.raises(BaseExceptionGroup):
                async with asyncio.timeout(PATIENCE):
                    await wire.sender(no_card, digest).run()
            assert {wire.letter(each).state for each in letters} == {LetterState.PENDING}

    asyncio.run(story())


def test_what_was_taken_but_cannot_be_marked_as_sent_leaves_again_marked(tmp_path: Path) -> None:
    async def story() -> None:
        taken: list[str] = []
        holders: list[Holder] = []

        async def send(request: Request) -> Response:
            taken.append((await request.body()).decode())
            if len(taken) == 1:
                holders[0].take()
            chat = f'{{"id": {ANNA.id}, "type": "private"}}'
            message = f'{{"message_id": {len(taken)}, "date": 1, "chat": {chat}}}'
            return Response(f'{{"ok": true, "result": {message}}}', media_type="application/json")

        async with wired(tmp_path, first=[Route("/bot{token}/sendMessage", send, methods=["POST"])]) as wire:
            with _holder(wire) as holder:
                holders.append(holder)
                letter = wire.post(ANNA.id, "filled")
                await _ended_by_the_database(wire)
                holder.leave()
                assert wire.letter(letter).state is LetterState.SENDING
                async with sending(wire):
                    await wire.all_left()
                assert wire.letter(letter).state is LetterState.SENT
        assert [MARKED in body for body in taken] == [False, True]

    asyncio.run(story())
