"""A million rules into memory, ten thousand firings onto the disk, and one of them against one flush of this disk.

python -m tests.benchmarks.storing [folder]

Goals: the book of a million rules loaded within 3 s and 40 MiB; 10,000 firings with a letter each within 2 s,
no pause above 20 ms, a kill meanwhile within 100 ms; one durable change of a rule at most 3 flushes of 4 KiB.
The folder is on the disk to be measured.
"""

import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import accumulate, count, islice
from pathlib import Path

from chatbot.core.alerts import AlertRule, Direction, armed, rested
from chatbot.core.feed import Tick
from chatbot.core.levels import LevelBook
from chatbot.core.market import Symbol, Venue
from chatbot.core.times import to_millis, utc_now
from chatbot.services.firing import Teller
from chatbot.services.lookout import Lookout
from chatbot.services.turns import TURNS
from chatbot.store.store import Store, open_store
from tests.store.rules import MADE, asks, price

RULES = 1_000_000
SYMBOLS = [f"COIN{number}-USDT" for number in range(1500)]
ACTIVITY = list(accumulate(1 / place for place in range(1, len(SYMBOLS) + 1)))
FIRINGS = 10_000
KILL_EVERY = 0.05
SINGLE = 400


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    store = open_store(path, utc_now)
    yield store
    store.close()


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def fill(path: Path) -> None:
    """Of a thousand people who each have a thousand; half of the rules repeat, half fire once."""
    chance = random.Random(1)  # noqa: S311 - levels, no secret
    ways = tuple(Direction)
    with opened(path) as store, store.atomic():
        for symbol in chance.choices(SYMBOLS, cum_weights=ACTIVITY, k=RULES):
            level = Decimal(chance.randrange(1, 10**9)).scaleb(-4)
            rule = asks(price(str(level), chance.choice(ways), symbol), chance.randrange(1000))
            store.alerts.add(replace(rule, chat_id=rule.person_id, every=chance.choice((None, timedelta(hours=1)))))


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def load(path: Path) -> None:
    """In a process that has done nothing else: memory once used is seldom given back."""
    opening = timed(lambda: open_store(path, utc_now).close())
    with opened(path) as store:
        book = LevelBook[Symbol]()
        before = resident_mib()
        took = timed(lambda: book.load(store.alerts.price_watches()))
        weight = resident_mib() - before
        print(f"{len(book):,} levels loaded in {took / 1000:.2f} s (goal 3), {weight:.0f} MiB (goal 40)")
        print(f"  opening the file {opening:.0f} ms, of {path.stat().st_size / 2**20:.0f} MiB")
        for name, question in (
            ("symbols watched", store.alerts.watched_symbols),
            ("how many live", store.alerts.alive_count),
            ("chats of a venue", lambda: store.alerts.chats_of(Venue.SPOT)),
            ("rules due", lambda: store.alerts.due(MADE)),
        ):
            print(f"  {name}: {statistics.median(timed(question) for _ in range(5)):.1f} ms")


def watchman(store: Store) -> Lookout:
    return Lookout(store=store, teller=Teller(store=store, owed=lambda: None, now=utc_now), now=utc_now)


async def crowd(store: Store, ids: Sequence[int]) -> None:
    """One tick meets them all, in the bot's own lookout."""
    lookout, rules = watchman(store), store.alerts.rules(ids)
    for rule in rules.values():
        lookout.watch(rule)
    highest = max(rule.question.level for rule in rules.values())
    storing, meanwhile = asyncio.create_task(lookout.run()), Meanwhile(store)
    began, computing = time.perf_counter(), time.process_time()
    lookout.hear(Tick(Symbol(SYMBOLS[0]), str(highest), to_millis(utc_now())))
    others = [asyncio.create_task(work) for work in (meanwhile.turns(), meanwhile.kills())]
    while store.alerts.firing(len(ids)) is None:  # noqa: ASYNC110 - what is looked at belongs to no event
        await asyncio.sleep(0)
    took, computing = time.perf_counter() - began, time.process_time() - computing
    for task in (storing, *others):
        task.cancel()
    print(f"{len(ids):,} firings with a letter each: {took:.2f} s (goal 2), {computing:.2f} s computing")
    meanwhile.tell()


class Meanwhile:
    """What others do while a crowd is stored."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pauses: list[float] = []
        self._kills: list[float] = []

    async def turns(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0)
            self._pauses.append((time.perf_counter() - began) * 1000)

    async def kills(self) -> None:
        """As many turns as one takes from the poll, and its two commits. More than a few a second are nobody's."""
        for update in count(1):
            await asyncio.sleep(KILL_EVERY)
            began = time.perf_counter()
            for _ in range(TURNS):
                await asyncio.sleep(0)
            self._store.inbox.keep([(update, "{}")])
            with self._store.atomic():
                self._store.inbox.end(update, "done")
                self._store.stops.kill("Anna", 7, update)
            self._kills.append((time.perf_counter() - began) * 1000)
            self._store.stops.resume("Anna", "next", -update)

    def tell(self) -> None:
        pauses = sorted(pause for pause in self._pauses if pause > 1)
        kills = sorted(self._kills)
        print(
            f"  a pause for everybody else: p50 {statistics.median(pauses):.1f} ms, longest {pauses[-1]:.1f} (goal 20);"
            f" {len(kills)} kills meanwhile: p50 {statistics.median(kills):.1f} ms,"
            f" p99 {statistics.quantiles(kills, n=100)[98]:.1f}, longest {kills[-1]:.1f} (goal 100)"
        )


def flush(file: int) -> None:
    os.pwrite(file, b"x" * 4096, 0)
    os.fdatasync(file)


def single_transitions(store: Store, folder: Path, rules: Sequence[AlertRule]) -> None:
    """Alternating with flushes of the same disk, for its mood changes."""
    file = os.open(folder / "flushed", os.O_CREAT | os.O_RDWR)
    flushes, firings, changes = [], [], []
    lookout = watchman(store)
    for rule in rules:
        flushes.append(timed(lambda: flush(file)))
        beyond = Tick(rule.question.symbol, str(rule.question.level), to_millis(utc_now()))
        lookout.watch(rule)
        firings.append(timed(lambda it=beyond: lookout.hear(it)))  # type: ignore[misc]
        flushes.append(timed(lambda: flush(file)))
        cooling = store.alerts.rule(rule.id) or rule
        assert cooling.fired == 1
        changes.append(timed(lambda it=cooling: store.alerts.change(it, armed(rested(it), MADE))))  # type: ignore[misc]
    os.close(file)
    floor = statistics.median(flushes)
    for name, times in (("a rule armed again (goal 3)", changes), ("a firing and its letter", firings)):
        middle = statistics.median(times)
        print(f"{name}: p50 {middle / floor:.2f} flushes: {middle:.3f} ms against {floor:.3f} ms")


def main(folder: Path) -> None:
    path = folder / "alerts.db"
    print(f"{RULES:,} rules written in {timed(lambda: fill(path)) / 1000:.0f} s")
    subprocess.run([sys.executable, "-m", "tests.benchmarks.storing", "load", str(path)], check=True)  # noqa: S603
    with opened(path) as store:
        met = (
            rule_id for symbol, _, rule_id, rising in store.alerts.price_watches() if symbol == SYMBOLS[0] and rising
        )
        ids = list(islice(met, FIRINGS))
        asyncio.run(crowd(store, ids))
        scattered = random.Random(2).sample(range(1, RULES + 1), 2 * SINGLE)  # noqa: S311 - numbers, no secret
        repeat = [r for r in store.alerts.rules(set(scattered) - set(ids)).values() if r.every is not None]
        single_transitions(store, folder, repeat[:SINGLE])


if __name__ == "__main__":
    if sys.argv[1:2] == ["load"]:
        load(Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as made:
            main(Path(made))
