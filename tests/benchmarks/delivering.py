"""What leaves in a storm of alerts: how long it takes, in how many messages, and what one alert costs from its tick on.

    python -m tests.benchmarks.delivering [times]

Goals: from a tick to its request, durable commits included, p50 within 2.5 times a bare `Bot.send_message`, also after
ten idle minutes; 100 alerts for one chat in 3 messages; 1,000 alerts to 1,000 chats within 36 s, to 100 within 5 s.

Storms run on a driven clock against the sandbox's Telegram, which enforces its limits to the letter: counts, and
seconds of that clock. The other figures are real times, against a Telegram in a process of its own that notes when
each request was complete. Only the ten idle minutes pass `times` as fast (20 unless told; with 1 they are real): the
sender's clock, the looks that keep the line warm, and the spans after which either side closes an idle
connection, the server after a minute. There is no TLS: a new connection costs more than here.
"""

import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import httpx
from telegram import Bot

from chatbot.chat.connection import SafeBot, connect
from chatbot.chat.gate import Readers
from chatbot.chat.messages import Reply
from chatbot.chat.sender import Sender
from chatbot.core.alerts import AlertKind, AlertRule, Direction, Question
from chatbot.core.feed import Tick
from chatbot.core.market import Symbol, Venue
from chatbot.core.notices import Button, Lane, Letter
from chatbot.core.people import Person, Role
from chatbot.core.times import Now, steady_now, to_millis
from chatbot.core.values import frozen
from chatbot.kucoin.rest import KEPT_FOR_MINUTES
from chatbot.sandbox.telegram_groups import found_group
from chatbot.sandbox.telegram_limits import FloodLimits
from tests.benchmarks.far_telegram import FarTelegram, far_telegram
from tests.chat.desk import ANNA, NOON, Desk, open_desk
from tests.chat.wire import EVERYBODY, TOKEN, Wire, sending, wired

STRICT = FloodLimits(private_burst=1)
LINE = 80
BUTTONS = ((Button(text="Snooze 1 h", action="snooze 1"), Button(text="Delete", action="unalert 1")),)
BTC = Symbol("BTC-USDT")

RUNS, WARMING = 300, 20
IDLE, IDLE_PAIRS = 600.0, 15
CLOSED_AFTER = 60.0
"""Seconds without a word after which servers close a connection."""

_HTTPX_KEEPS = 5.0
"""Seconds an idle connection is kept where nobody says otherwise."""


def card(letter: Letter) -> Reply:
    return Reply(text=f"{letter.subject_id:<{LINE}}", buttons=BUTTONS)


def digest(letters: Sequence[Letter]) -> tuple[Reply, int]:
    told = letters[: 4096 // (LINE + 1)]
    return Reply(text="\n".join(f"{letter.subject_id:<{LINE}}" for letter in told), buttons=BUTTONS), len(told)


def told_once(wire: Wire, chats: Sequence[int], alerts: int) -> tuple[int, int]:
    """How many of the alerts were never told, and how many twice."""
    told = [int(word) for chat in chats for text in wire.shown(chat) for word in text.split()]
    return alerts - len(set(told)), len(told) - len(set(told))


async def storm(folder: Path, name: str, alerts: int, chats: int, goal: str) -> None:
    """No `chats` is a group."""
    async with wired(folder, limits=STRICT) as wire:
        people = [wire.phone(Person(id=n, name=f"P{n}", role=Role.VIEWER)) for n in range(1, max(chats, 1) + 1)]
        ids = [phone.user.id for phone in people]
        if not chats:
            found_group(wire.telegram, -5, "Desk", [people[0].user])
            ids = [-5]
        wire.alerts(alerts, *ids)
        began = wire.clock()
        async with sending(wire, card, digest):
            await wire.quiet()
            while wire.store.outbox.waiting():
                wire.later(0.05)
                await wire.quiet()
        took = (wire.clock() - began).total_seconds()
        calls = wire.telegram.calls("sendMessage")
        lost, doubled = told_once(wire, ids, alerts)
        refused = sum(call.code != 200 for call in calls)
        print(f"{name}: {len(calls)} messages, last after {took:.2f} s (goal {goal}),", end=" ")
        print(f"answered 429: {refused}, lost {lost}, doubled {doubled}")


@frozen
class Bench:
    """The bot's alerts and its sender before a far Telegram; nobody else is at work here."""

    telegram: FarTelegram
    desk: Desk
    bot: SafeBot
    sender: Sender
    bell: asyncio.Event

    async def tick(self, number: int) -> float:
        """Seconds from a tick that fires a rule until its request was complete. `number` is used once."""
        level = Decimal(70_000 + number)
        rule, _ = self.desk.store.alerts.add(rule_at(level, chat=number))
        lookout = self.desk.services.alerting.lookout
        lookout.watch(rule)
        began = time.perf_counter()
        lookout.hear(Tick(BTC, f"{level}", to_millis(NOON)))
        self.bell.set()  # nothing awaited since the letter was written: as good as the outbox's own
        return await self.telegram.request(f"{level:,}".replace(",", "%2C")) - began

    async def bare(self, number: int) -> float:
        """Seconds from calling the library until its request was complete."""
        return await bare(self.bot, self.telegram, number)


async def bare(bot: Bot, telegram: FarTelegram, number: int) -> float:
    began = time.perf_counter()
    _, at = await asyncio.gather(bot.send_message(number, f"bare-{number}-{'x' * LINE}"), telegram.request("bare"))
    return at - began


def rule_at(level: Decimal, chat: int) -> AlertRule:
    question = Question(
        kind=AlertKind.PRICE, symbol=BTC, venue=Venue.SPOT, direction=Direction.ABOVE, level=level
    )  # fmt: skip
    return AlertRule(
        question=question, person_id=ANNA.id, person=ANNA.name, chat_id=chat, armed_at=NOON, created_at=NOON
    )


def kept(seconds: float) -> httpx.Limits:
    few = KEPT_FOR_MINUTES.max_connections
    return httpx.Limits(max_connections=few, max_keepalive_connections=few, keepalive_expiry=seconds)


@contextlib.asynccontextmanager
async def bench(telegram: FarTelegram, folder: Path, now: Now, limits: httpx.Limits) -> AsyncIterator[Bench]:
    bell = asyncio.Event()
    async with (
        open_desk(folder) as desk,
        connect(token=TOKEN, url=telegram.url, limits=limits) as bot,
    ):
        await desk.services.markets.catalogue()
        readers = Readers(gate=EVERYBODY, manners=desk.services.manners, owners=())
        sender = Sender(bot=bot, outbox=desk.store.outbox, looks=desk.looks, bell=bell, now=now, to=readers)
        running = asyncio.create_task(sender.run())
        yield Bench(telegram=telegram, desk=desk, bot=bot, sender=sender, bell=bell)
        running.cancel()


def flush_time(folder: Path) -> float:
    """Of this disk, now: other programs' writes make it many times slower."""
    with (folder / "flushed").open("wb") as file:
        began = time.perf_counter()
        file.write(b"x" * 4096)
        file.flush()
        os.fdatasync(file.fileno())
        return time.perf_counter() - began


def told_times(name: str, ours: Sequence[float], theirs: Sequence[float]) -> None:
    mine, other = (statistics.median(times) * 1000 for times in (ours, theirs))
    p99 = statistics.quantiles(ours, n=100)[98] * 1000
    print(f"{name}: {mine / other:.2f} times a bare Bot.send_message (goal 2.5);", end=" ")
    print(f"ms: tick p50 {mine:.2f} p99 {p99:.2f}, bare p50 {other:.2f}")


async def one_alert(folder: Path) -> None:
    """From the tick, before the firing's transaction: two durable commits on the way."""
    ours, theirs, flushes = [], [], []
    async with far_telegram() as telegram, bench(telegram, folder, steady_now, KEPT_FOR_MINUTES) as here:
        for n in range(1, RUNS + 1):
            await asyncio.sleep(0.05)
            ours.append(await here.tick(n))
            await asyncio.sleep(0.05)
            theirs.append(await here.bare(n))
            flushes.append(flush_time(folder))
    told_times("one alert, a warm line", ours[WARMING:], theirs[WARMING:])
    print(f"  one flush of this disk meanwhile: {statistics.median(flushes) * 1000:.2f}")


def sped_up(times: float) -> Now:
    return lambda: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time.monotonic() * times)


async def kept_warm(sender: Sender, every: float) -> None:
    """As the bot's clock does it, until cancelled."""
    while True:
        await asyncio.sleep(every)
        await sender.keep_warm()


async def after_idling(folder: Path, times: float) -> None:
    """Bots that were at work and idle together, each as its clock leaves it; then an alert of one and a bare message
    of the next."""
    limits = kept((KEPT_FOR_MINUTES.keepalive_expiry or 0) / times)
    async with far_telegram(kept=CLOSED_AFTER / times) as telegram, contextlib.AsyncExitStack() as closing:
        benches = [
            await closing.enter_async_context(bench(telegram, folder, sped_up(times), limits))
            for folder in folders(folder, 2 * IDLE_PAIRS)
        ]
        forgetful = await closing.enter_async_context(
            connect(token=TOKEN, url=telegram.url, limits=kept(_HTTPX_KEEPS / times))
        )
        for n, one in enumerate(benches, start=100):
            await one.tick(n)
            await one.bare(n)
        asked, began = telegram.questions, time.monotonic()
        warming = [asyncio.create_task(kept_warm(each.sender, 10 / times)) for each in benches]
        await asyncio.sleep((IDLE + 5) / times)  # between two questions
        connections = telegram.connections
        pairs = [(await one.tick(n), await other.bare(n)) for n, (one, other) in enumerate(in_pairs(benches), start=1)]
        made, idle = telegram.connections - connections, (time.monotonic() - began) * times / 60
        each = (telegram.questions - asked) / len(benches) / idle
        fresh = await bare(forgetful, telegram, 1)
        for task in warming:
            task.cancel()
    ours, theirs = zip(*pairs, strict=True)
    told_times(f"one alert after ten idle minutes, {times:g} times as fast", ours, theirs)
    print(f"  {made} new connections for {len(benches)} messages (goal 0),", end=" ")
    print(f"{each:.1f} questions a minute kept each line warm;", end=" ")
    print(f"a bot that keeps connections for 5 s: {fresh * 1000:.2f} ms")


def in_pairs(benches: Sequence[Bench]) -> list[tuple[Bench, Bench]]:
    return list(zip(benches[::2], benches[1::2], strict=True))


def folders(folder: Path, count: int) -> list[Path]:
    made = [folder / f"{n}" for n in range(count)]
    for each in made:
        each.mkdir()
    return made


async def answers_in_a_storm(folder: Path, seconds: float = 20.0) -> None:
    """Telegram takes 60 ms for each; an answer is put in four times a second, to chats of the storm."""
    async with far_telegram(pause=0.06) as telegram, bench(telegram, folder, steady_now, KEPT_FOR_MINUTES) as here:
        outbox, waits = here.desk.store.outbox, []
        with here.desk.store.atomic():
            for n in range(10_000):
                outbox.put(Letter(chat_id=1 + n % 1000, lane=Lane.ALERT, text=f"alert {n}"))
        here.bell.set()
        for n in range(int(seconds * 4)):
            await asyncio.sleep(0.25)
            began = time.perf_counter()
            outbox.put(Letter(chat_id=1 + n * 37 % 1000, lane=Lane.ANSWER, text=f"answer-{n}-"))
            here.bell.set()
            waits.append(await telegram.request(f"answer-{n}-") - began)
        waiting = outbox.waiting()
    p99 = statistics.quantiles(waits, n=100)[98]
    print(f"an answer while 10,000 letters wait: p50 {statistics.median(waits) * 1000:.1f} ms,", end=" ")
    print(f"p99 {p99 * 1000:.1f} ms (goal 2 s), longest {max(waits) * 1000:.1f} ms; {waiting} waited still")


async def main(times: float) -> None:
    storms: list[Callable[[Path], Awaitable[None]]] = [
        partial(storm, name="1,000 alerts to 1,000 chats", alerts=1000, chats=1000, goal="36 s"),
        partial(storm, name="1,000 alerts to 100 chats", alerts=1000, chats=100, goal="5 s"),
        partial(storm, name="100 alerts to one chat", alerts=100, chats=1, goal="3 messages, 2 s"),
        partial(storm, name="100 alerts to one group", alerts=100, chats=0, goal="3 messages"),
    ]
    parts: tuple[Callable[[Path], Awaitable[None]], ...] = (
        one_alert,
        partial(after_idling, times=times),
        answers_in_a_storm,
    )
    for part in (*storms, *parts):
        with tempfile.TemporaryDirectory() as folder:
            await part(Path(folder))


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if sys.argv[1:] else 20.0))
