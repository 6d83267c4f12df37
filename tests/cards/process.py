"""The bot as a process of its own that dies at a chosen system call, and is put right by the next one.

What dies is `python -m chatbot run`, driven from a phone; strace kills it at the k-th write, sync, connection, byte
out or byte in. The next bot is `app.run` in this process, over the same database, against the same exchange and the
same Telegram. What takes half a minute to be sure of, a driven clock lets pass.
"""

import asyncio
import contextlib
import os
import random
import re
import signal
import sqlite3
import sys
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path

from chatbot.config import Settings
from chatbot.core.market import Venue
from chatbot.core.orders import OUR_PREFIX, TicketState
from chatbot.core.times import Sleep
from chatbot.core.values import frozen
from chatbot.demo import environment_for, settings_for
from chatbot.kucoin.account import Account
from chatbot.kucoin.clock import ExchangeClock
from chatbot.kucoin.market import Market
from chatbot.kucoin.orders import Orders
from chatbot.kucoin.pools import Pools
from chatbot.kucoin.rest import Host, Rest
from chatbot.kucoin.signing import Credentials
from chatbot.sandbox.telegram_limits import UNLIMITED, Flood
from chatbot.sandbox.world import OWNER, Sandbox
from chatbot.services.exchange import Exchange
from chatbot.services.reconcile import Reconciler
from chatbot.store.database import AlreadyRunning, only_process
from chatbot.store.store import open_store
from tests.ledger import broken_promises
from tests.playground import Ahead, Talk, eventually, running

CALLS = ("pwrite64", "fdatasync", "sendto", "recvfrom", "connect", "unlink")
"""Whatever reaches the disk or a socket, or comes from one."""

_HOME = Path(__file__).resolve().parent.parent.parent
_RESOLVED_WITHIN = timedelta(seconds=120)
_LOOK_EVERY = timedelta(seconds=5)
_IN_DOUBT = (TicketState.SUBMITTING, TicketState.UNKNOWN)
_CALL = re.compile(rf"^(\d+) +({'|'.join(CALLS)})\(")


class Flow(Enum):
    LIMIT = "limit"
    MARKET = "market"
    CANCEL = "cancel"
    KILL = "kill"


@dataclass(frozen=True, slots=True, order=True)
class Boundary:
    """The `number`-th `call` since the process began, during the flow."""

    flow: str
    call: str
    number: int

    def __str__(self) -> str:
        return f"{self.flow} {self.call} {self.number}"


@frozen
class Outcome:
    """`died` is false when the flow ended before that call came; then the process was killed at its end."""

    boundary: Boundary
    died: bool
    broken: list[str]


Begin = Callable[[], None]


async def order(owner: Talk, line: str, *words: str) -> None:
    card = await owner.asks(line, "Ticket T-1")
    await owner.presses("Confirm")
    await owner.sees(card, *words)


async def _limit(owner: Talk, begin: Begin) -> None:
    begin()
    await order(owner, "/buy btc 0.001 @ 67000", "in the order book")


async def _market(owner: Talk, begin: Begin) -> None:
    begin()
    await order(owner, "/buy btc 100usdt", "Filled")


async def _cancel(owner: Talk, begin: Begin) -> None:
    await order(owner, "/buy btc 0.001 @ 67000", "in the order book")
    begin()
    await owner.asks("/cancel T-1", "ancelled")


async def _kill(owner: Talk, begin: Begin) -> None:
    await order(owner, "/buy btc 0.001 @ 67000", "in the order book")
    begin()
    card = await owner.asks("/kill", "STOPPED")
    await owner.sees(card, "nothing is resting")


FLOWS: dict[Flow, Callable[[Talk, Begin], Awaitable[None]]] = {
    Flow.LIMIT: _limit,
    Flow.MARKET: _market,
    Flow.CANCEL: _cancel,
    Flow.KILL: _kill,
}


@contextlib.asynccontextmanager
async def sandbox_on(clock: Ahead) -> AsyncIterator[Sandbox]:
    """Prices stand still, Telegram never says slow down."""
    async with Sandbox(seed=1, volatility=0.0, now=clock) as sandbox:
        sandbox.telegram.flood = Flood(UNLIMITED, sandbox.telegram.now)
        yield sandbox


@contextlib.asynccontextmanager
async def child(settings: Settings, sandbox: Sandbox, *before: str) -> AsyncIterator[Process]:
    """The bot, begun by the command `before` if there is one. Whatever is left of either is killed at the end."""
    own = {"PATH": os.environ["PATH"], "DATABASE_PATH": str(settings.database_path), "LOG_LEVEL": "ERROR"}
    process = await asyncio.create_subprocess_exec(
        *before, sys.executable, "-m", "chatbot", "run",
        env=own | environment_for(sandbox), cwd=_HOME, stderr=DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def traced(settings: Settings, sandbox: Sandbox, *options: str) -> contextlib.AbstractAsyncContextManager[Process]:
    return child(settings, sandbox, "strace", "-f", "-qq", "-e", "signal=none", *options)


async def boundaries(flow: Flow, folder: Path) -> list[Boundary]:
    """Each call of the flow, from its first word to its last, as one run without a kill counts them."""
    log = folder / "calls"
    counted: list[Counter[str]] = []
    async with sandbox_on(Ahead()) as sandbox:
        settings = settings_for(sandbox, folder)
        async with traced(settings, sandbox, "-o", str(log), "-e", f"trace={','.join(CALLS)}"):
            owner = Talk(sandbox, OWNER.user)
            await ready(sandbox, owner)
            await FLOWS[flow](owner, lambda: counted.append(_counted(log)))
            counted.append(_counted(log))
    before, after = counted
    return [Boundary(flow.value, call, n) for call in CALLS for n in range(before[call] + 1, after[call] + 1)]


def _counted(log: Path) -> Counter[str]:
    """Of the main thread: strace counts each for itself."""
    found = [match.groups() for line in log.read_text().splitlines() if (match := _CALL.match(line))]
    return Counter(call for thread, call in found if thread == found[0][0])


Meanwhile = Callable[[Sandbox, Settings, Ahead], Awaitable[None]]
"""What happens between the end of one bot and the beginning of the next."""


async def nothing(sandbox: Sandbox, settings: Settings, clock: Ahead) -> None:
    pass


async def dies_at(boundary: Boundary, folder: Path, meanwhile: Meanwhile = nothing) -> Outcome:
    """The flow, the kill, the recovery, and what was promised in vain."""
    clock = Ahead()
    kill = f"inject={boundary.call}:signal=SIGKILL:when={boundary.number}"
    async with sandbox_on(clock) as sandbox:
        settings = settings_for(sandbox, folder)
        owner = Talk(sandbox, OWNER.user)
        async with traced(settings, sandbox, "-o", os.devnull, "-e", f"trace={boundary.call}", "-e", kill) as process:
            died, stuck = await _until_dead(process, _driven(sandbox, owner, Flow(boundary.flow)))
        await gone(settings)
        await meanwhile(sandbox, settings, clock)
        await recover(sandbox, settings, clock)
        broken = broken_promises(settings.database_path, sandbox.exchange, sandbox.telegram)
        return Outcome(boundary=boundary, died=died, broken=[*stuck, *broken, *_resting(sandbox, owner)])


async def _driven(sandbox: Sandbox, owner: Talk, flow: Flow) -> None:
    await ready(sandbox, owner)
    await FLOWS[flow](owner, lambda: None)


async def ready(sandbox: Sandbox, owner: Talk) -> None:
    """It polls, and has found out all that it must know before it trades."""
    await sandbox.telegram.until(lambda: sandbox.telegram.polls or None, within=30)
    while "just started" in (await owner.asks("/buy btc 9999999usdt")).text:  # noqa: ASYNC110 - a bot far away
        await asyncio.sleep(0.1)


async def _until_dead(process: Process, flow: Awaitable[None]) -> tuple[bool, list[str]]:
    """Whether it died before the flow came to its end; and what the flow waited for in vain while it lived."""
    driving, dying = asyncio.ensure_future(flow), asyncio.ensure_future(process.wait())
    await asyncio.wait({driving, dying}, return_when=asyncio.FIRST_COMPLETED)
    if not driving.done():
        driving.cancel()
        await asyncio.wait({driving})
        return True, []
    dying.cancel()
    error = driving.exception()
    if isinstance(error, AssertionError | TimeoutError):
        return False, [f"stuck: {error}"]
    driving.result()
    return False, []


def _resting(sandbox: Sandbox, owner: Talk) -> list[str]:
    """A kill that was typed is a kill, however often the process died over it."""
    if not any(m.text == "/kill" for m in owner.phone.messages):
        return []
    left = [o for o in sandbox.exchange.orders.values() if o.active and o.request.client_oid.startswith(OUR_PREFIX)]
    return [f"kill: {o.request.client_oid} still rests" for o in left]


async def recover(sandbox: Sandbox, settings: Settings, clock: Ahead) -> None:
    """The next bot, and two minutes of its life at the most."""
    async with running(settings):
        await _quiet(sandbox, settings.database_path)
    if await _resolved(sandbox, settings, clock):
        async with running(settings):
            await _quiet(sandbox, settings.database_path)


async def gone(settings: Settings) -> None:
    """A process that was killed may take a moment to be so."""
    await eventually(lambda: _free(settings.database_path))


def _free(path: Path) -> bool:
    try:
        with only_process(path):
            return True
    except AlreadyRunning:
        return False


async def _quiet(sandbox: Sandbox, path: Path) -> None:
    """Until nothing waits to be handled, sent or cancelled; or long enough for the checker to be right about it."""
    with contextlib.closing(_reading(path)) as reader, contextlib.suppress(TimeoutError):
        await eventually(lambda: not (sandbox.telegram.updates.pending or _waiting(reader)))


def _reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


_WAITING = (
    "SELECT 1 FROM inbox WHERE state = 'pending' UNION SELECT 1 FROM outbox WHERE state IN ('pending', 'sending')"
    " UNION SELECT 1 FROM tickets WHERE state = 'submitting'"
    " UNION SELECT 1 FROM stops WHERE resumed_at IS NULL AND swept_at IS NULL"
)


def _waiting(reader: sqlite3.Connection) -> bool:
    return reader.execute(_WAITING).fetchone() is not None


async def _resolved(sandbox: Sandbox, settings: Settings, clock: Ahead) -> bool:
    """Looks as the clock's job does, on a driven clock. Whether there is anything to tell now."""
    store = open_store(settings.database_path, clock)
    try:
        exchange, sleep = kucoin_of(sandbox, clock)
        reconciler = Reconciler(exchange=exchange, store=store, now=clock, sleep=sleep, steady=clock)
        reconciler.recover()
        began = clock()
        while store.orders.living() and clock() - began < _RESOLVED_WITHIN:
            await reconciler.follow()
            if all(t.state not in _IN_DOUBT for t in store.orders.living()):
                break
            clock.pass_time(_LOOK_EVERY)
        return bool(store.outbox.waiting())
    finally:
        store.close()


def kucoin_of(sandbox: Sandbox, clock: Ahead) -> tuple[Exchange, Sleep]:
    """The way there without a socket, and how to wait without waiting."""

    async def sleep(seconds: float) -> None:
        clock.pass_time(timedelta(seconds=seconds))
        await asyncio.sleep(0)

    access = sandbox.access
    asks_by = Credentials(key=access.key, secret=access.secret, passphrase=access.passphrase)
    exchange_clock, pools = ExchangeClock(clock), Pools(now=clock, sleep=sleep)

    def rest(venue: Venue) -> Rest:
        host = Host(url=f"http://kucoin/{venue.value}", venue=venue, credentials=asks_by, app=sandbox.kucoin.app)
        return Rest(host, clock=exchange_clock, pools=pools, sleep=sleep)

    spot, futures = rest(Venue.SPOT), rest(Venue.FUTURES)
    market, account, orders = Market(spot, futures), Account(spot, futures), Orders(spot, futures)
    return Exchange(market=market, account=account, orders=orders), sleep


async def blindly_again(sandbox: Sandbox, settings: Settings, clock: Ahead) -> None:
    """The bot that this one is not: what was on its way when it died is sent once more, under the same id."""
    store = open_store(settings.database_path, clock)
    try:
        exchange, _ = kucoin_of(sandbox, clock)
        for ticket in store.orders.living():
            if ticket.state is TicketState.SUBMITTING:
                await exchange.orders.place(ticket.spec, last_word=lambda: None)
    finally:
        store.close()


def sampled(found: Iterable[Boundary], count: int, chance: random.Random) -> list[Boundary]:
    """So many of them, every kind of call among them as far as they go round."""
    kinds: dict[str, list[Boundary]] = {}
    for boundary in found:
        kinds.setdefault(boundary.call, []).append(boundary)
    for boundaries_of in kinds.values():
        chance.shuffle(boundaries_of)
    picked: list[Boundary] = []
    while len(picked) < count and any(kinds.values()):
        picked += [kind.pop() for kind in kinds.values() if kind]
    return picked[:count]
