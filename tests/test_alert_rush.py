"""Fault card F61 with the whole bot: a price that ten thousand rules waited for, and what people read meanwhile."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from chatbot.core.feed import Channel
from chatbot.core.market import Symbol, Venue
from chatbot.core.times import utc_now
from chatbot.store.store import open_store
from tests.playground import Playground, Talk, eventually, running, sandbox_and_people
from tests.store.rules import asks, price

BTC = Symbol("BTC-USDT")
CROWD = 10_000
KILLED_WITHIN, ANSWERED_WITHIN = 0.1, 2.0
"""Real seconds."""


def fill(ground: Playground) -> None:
    """Before the bot starts: rules above 68,000 of ten people, told in the owner's chat."""
    store, now = open_store(ground.settings.database_path, utc_now), utc_now()
    with store.atomic():
        for n in range(CROWD):
            rule = asks(price(f"{68_000 + n}"), person_id=100 + n // 1000)
            chat = ground.owner.phone.chat_id
            store.alerts.add(replace(rule, chat_id=chat, armed_at=now, created_at=now))
    store.close()


@contextlib.contextmanager
def counting(path: Path) -> Iterator[Callable[[str], int]]:
    """Committed rows of a table, as another reader of the file sees them."""
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as reader:
        yield lambda table: int(reader.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


async def until(look: Callable[[], bool]) -> float:
    """Seconds until `look` is true."""
    began = time.perf_counter()
    async with asyncio.timeout(60):
        while not look():  # noqa: ASYNC110 - what is looked at belongs to no event
            await asyncio.sleep(0)
    return time.perf_counter() - began


def says(talk: Talk, words: str) -> Callable[[], bool]:
    return lambda: any(words in message.text for message in talk.answers)


def test_while_ten_thousand_alerts_are_stored_a_kill_is_acted_on_and_questions_are_answered(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            fill(ground)
            async with running(ground.settings):
                topics = ground.sandbox.sockets.topics
                await eventually(lambda: "/market/ticker:BTC-USDT" in topics(Venue.SPOT, Channel.PUBLIC))
                with counting(ground.settings.database_path) as rows:
                    await rush(ground, rows)

    async def rush(ground: Playground, rows: Callable[[str], int]) -> None:
        ground.sandbox.prices.move(BTC, Decimal(80_000))
        await until(lambda: rows("firings") > 0)
        ground.viewer.write("/help")
        ground.owner.write("/kill")
        killed = await until(lambda: rows("stops") == 1)
        assert rows("firings") < CROWD, "in the midst of it"
        assert killed < KILLED_WITHIN
        answered = await until(says(ground.viewer, "/alerts"))
        assert answered < ANSWERED_WITHIN
        stopped = await until(says(ground.owner, "STOPPED"))
        assert stopped < ANSWERED_WITHIN
        await until(lambda: rows("firings") == CROWD)
        assert rows("firings JOIN outbox o ON o.id = letter_id AND o.subject_id = firings.id") == CROWD
        assert rows("alerts WHERE state = 'done'") == CROWD

    asyncio.run(story())
