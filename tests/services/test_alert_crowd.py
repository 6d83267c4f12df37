"""Ten thousand rules that one tick meets (fault card F61), stored by the services that the bot runs."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from chatbot.services.settling import AT_ONCE
from chatbot.store.database import Database
from chatbot.store.store import open_store
from chatbot.store.values import stamp
from tests.services.desk import Desk, story
from tests.store.rules import MADE, asks, price

CROWD = 10_000
CHATS = 500
STAMP = stamp(MADE)

TURNS = 10
"""From the poll to its commit a kill takes about as many, whoever works meanwhile."""

SLOWER = 7
"""Times what SQLite takes for the rows alone: rules are read, decided on and checked before. Four, when measured."""

UNEVEN = 3
"""Times what a part takes on average: no turn of everybody else comes later than that."""


def crowded(folder: Path) -> Desk:
    """Ten people's rules above 68,000; half of them repeat."""
    desk = Desk(folder)
    with desk.store.atomic():
        for n in range(CROWD):
            rule = asks(price(str(68_000 + n)), person_id=100 + n // 1000)
            desk.store.alerts.add(replace(rule, chat_id=n % CHATS, every=(None, timedelta(hours=4))[n % 2]))
    desk.restart()
    return desk


def committed(desk: Desk) -> int:
    return int(desk.store.db.execute("SELECT count(*) FROM firings").fetchone()[0])


@dataclass(slots=True)
class Turns:
    """Everybody else's: the seconds of computing before each, and how many firings that brought."""

    pauses: list[float] = field(default_factory=list)
    brought: list[int] = field(default_factory=list)

    async def take(self, desk: Desk) -> None:
        """Until all have fired."""
        seen = 0
        while seen < CROWD:
            began = time.thread_time()
            await asyncio.sleep(0)
            self.pauses.append(time.thread_time() - began)
            now = committed(desk)
            self.brought.append(now - seen)
            seen = now


def bare(db: Database) -> Iterator[None]:
    """The same rows by SQL alone, a part at a time."""
    letter = (
        "INSERT INTO outbox (key, lane, chat_id, text, buttons, subject, subject_id, silent, protected, pinned, asks,"
        " hint, state, made_at) VALUES (?, 2, ?, '', '[]', 'alert', ?, 0, 0, 0, '', '', 'pending', ?)"
    )
    firing = (
        "INSERT INTO firings (rule_id, occasion, number, source, value, at, told_at, detail, letter_id, ticket_owed)"
        " VALUES (?, 'arm 1', 1, 'live', '90000', ?, ?, '', ?, 0)"
    )
    rule = "UPDATE alerts SET state = 'done', fired = 1, fired_at = ?, watch = NULL, ended_at = ? WHERE id = ?"
    for start in range(1, CROWD + 1, AT_ONCE):
        ids = range(start, start + AT_ONCE)
        with db.atomic():
            db.conn.executemany(letter, [(f"{n:022}", n % CHATS, n, STAMP) for n in ids])
            db.conn.executemany(firing, [(n, STAMP, STAMP, n) for n in ids])
            db.conn.executemany(rule, [(STAMP, STAMP, n) for n in ids])
        yield


def computing_of_bare_rows(folder: Path) -> float:
    crowded(folder).stop()
    store = open_store(folder / "chatbot.db", lambda: MADE)
    began = time.thread_time()
    for _ in bare(store.db):
        pass
    took = time.thread_time() - began
    store.close()
    return took


@story
async def test_ten_thousand_firings_on_one_tick_are_each_stored_once_and_in_small_parts(tmp_path: Path) -> None:
    floor = computing_of_bare_rows(_made(tmp_path / "bare"))
    desk, turns = crowded(_made(tmp_path / "ours")), Turns()
    storing = asyncio.create_task(desk.lookout.run())
    desk.tick("90000")
    async with asyncio.timeout(60):
        await turns.take(desk)
    assert sorted(int(line.partition("·")[0]) for line in desk.fired()) == list(range(1, CROWD + 1))
    desk.tick("67000")
    desk.tick("90000")
    for _ in range(TURNS):
        await asyncio.sleep(0)
    storing.cancel()
    assert committed(desk) == CROWD, "each is done or rests"
    assert desk.store.outbox.waiting() == CROWD
    assert max(turns.brought) == AT_ONCE
    computing, parts = sum(turns.pauses), CROWD / AT_ONCE
    assert computing < SLOWER * floor
    # Once or twice another process may take the caches just then.
    assert sorted(turns.pauses)[-3] < UNEVEN * computing / parts
    desk.stop()


@story
async def test_a_kill_passes_a_crowd_that_is_being_stored(tmp_path: Path) -> None:
    desk = crowded(tmp_path)
    storing = asyncio.create_task(desk.lookout.run())
    desk.tick("90000")
    while not committed(desk):  # noqa: ASYNC110 - what is looked at belongs to no event
        await asyncio.sleep(0)
    before = committed(desk)
    for _ in range(TURNS):
        await asyncio.sleep(0)
    desk.kill()
    assert committed(desk) - before <= AT_ONCE
    storing.cancel()
    desk.stop()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
