"""The bot as a process of its own, stopped by a signal and let go on: as a machine that slept, or a host that hung."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from chatbot.core.feed import Channel
from chatbot.core.market import Symbol, Venue
from chatbot.demo import environment_for
from chatbot.sandbox.kucoin_ws_tokens import Heartbeat
from chatbot.sandbox.telegram_values import ChatMessage
from chatbot.sandbox.world import OWNER, Sandbox
from tests.playground import Ahead, Talk, eventually

BTC = Symbol("BTC-USDT")
MINUTE = timedelta(minutes=1)

HOME = Path(__file__).resolve().parent.parent
QUICK = Heartbeat(interval=timedelta(seconds=0.6), timeout=timedelta(seconds=0.6))
STOPPED = 1.8
"""Real seconds, longer than the feed's patience with a silent connection."""

SHORTEST_CONFIRM = 5.0
CANDLES_ARE_READ = 25.0
"""Real seconds: the bot reads them every ten."""


@contextlib.asynccontextmanager
async def child(sandbox: Sandbox, folder: Path) -> AsyncIterator[Process]:
    own = {"PATH": os.environ["PATH"], "DATABASE_PATH": str(folder / "bot.db"), "ORDER_CONFIRM_SECONDS": "5"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chatbot", "run", env=own | environment_for(sandbox), cwd=HOME, stderr=DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


def crossed(talk: Talk) -> list[ChatMessage]:
    return [message for message in talk.answers if "crossed above 68,000" in message.text]


async def stand_still(process: Process, seconds: float) -> None:
    process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(seconds)  # real: a stopped process waits for no driven clock
    process.send_signal(signal.SIGCONT)


def test_a_process_that_stood_still_tells_late_what_crossed_and_tells_it_once(tmp_path: Path) -> None:
    async def story() -> None:
        clock = Ahead()
        async with (
            Sandbox(seed=1, volatility=0.0, now=clock, heartbeat=QUICK) as sandbox,
            child(sandbox, tmp_path) as process,
        ):
            owner, sockets = Talk(sandbox, OWNER.user), sandbox.sockets
            await owner.asks("/alert BTC > 68000", "#1 BTC crosses above 68,000")
            await eventually(lambda: "/market/ticker:BTC-USDT" in sockets.topics(Venue.SPOT, Channel.PUBLIC))
            before = sockets.of(Venue.SPOT, Channel.PUBLIC)
            still = asyncio.create_task(stand_still(process, STOPPED))
            await asyncio.sleep(STOPPED / 3)
            clock.pass_time(2 * MINUTE)
            sandbox.prices.move(BTC, Decimal("68120"))
            await asyncio.sleep(
                STOPPED / 3
            )  # the feed tells it meanwhile, and it waits in the stopped process's socket
            sandbox.prices.move(BTC, Decimal("67412.3"))
            clock.pass_time(8 * MINUTE)
            await still
            owner.write("/balance")  # a signed call finds out that the clock went on
            late = await sandbox.telegram.until(lambda: crossed(owner), CANDLES_ARE_READ)
            assert all(words in late[0].text for words in ("68,120", "late", "in the minute"))
            assert not set(before) & set(sockets.of(Venue.SPOT, Channel.PUBLIC))
            await owner.asks("/alerts", "You have no alerts")
            assert len(crossed(owner)) == 1

    asyncio.run(story())


def test_a_card_from_before_the_standstill_buys_nothing_after_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            Sandbox(seed=1, volatility=0.0, heartbeat=QUICK) as sandbox,
            child(sandbox, tmp_path) as process,
        ):
            owner = Talk(sandbox, OWNER.user)
            card = await owner.asks("/buy btc 100usdt", "Ticket T-1")
            await owner.asks("/limits", "")  # what was answered later left later: the card's own way is over
            still = asyncio.create_task(stand_still(process, SHORTEST_CONFIRM))
            await asyncio.sleep(SHORTEST_CONFIRM / 2)
            tap = owner.phone.tap(card.id, card.keyboard[0][0].data)
            await still
            assert "expired" in (await owner.answered(tap.id)).text
            await owner.sees(card, "Expired, nothing was sent")
            assert sandbox.exchange.posts == []

    asyncio.run(story())
