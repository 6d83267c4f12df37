"""From the start of the process until it trades again, after it was killed with a hundred orders in the books.

    python -m tests.benchmarks.restarting     goal: 10 s; takes some six minutes

The orders were placed through the chat by the bot that is killed, its limits raised in `.env`: so all rows, cards,
look-ups and what is spent of KuCoin's budgets are a real bot's. That Telegram takes a message a second of each chat
is got round by many people, who place a few orders each.

It trades again when the owner's /buy, typed as the process starts and once more after every refusal, is answered
with a card. In its absence nothing happens; or half of the orders end, and of two that were on their way when it died
one arrived and one got lost. The lost one need not be given up within the goal (that takes half a minute of look-ups):
trading waits until it was looked at once, and its own symbol alone until it is resolved. KuCoin answers at once, as
fast as the sandbox can, or every answer takes as long as it does from another continent.
"""

import asyncio
import contextlib
import sqlite3
import statistics
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot.core.market import Symbol, Venue
from chatbot.core.numbers import plain
from chatbot.core.values import frozen
from chatbot.sandbox.faults import Fault
from chatbot.sandbox.telegram_phone import Phone
from chatbot.sandbox.telegram_values import ChatMessage, TelegramUser
from chatbot.sandbox.world import OWNER, Sandbox
from tests.benchmarks.bots import ours, unlimited_sandbox
from tests.playground import Talk, eventually

RUNS = 5
COINS, TRADERS, EACH = 20, 25, 4
"""A hundred orders, five of each coin."""

AT_A_TIME = 5
"""People who order. The sandbox shows every resting order the market at every call, which makes it slow."""

ENDED = 5
"""Of so many coins all orders fill, of so many others all are cancelled."""

TRADER_IDS = range(2001, 2001 + TRADERS)
BELOW = Decimal("0.8")
"""Of the market's price: far from being met."""

FAR = 0.2
"""Seconds."""


@frozen
class Killed:
    """A bot that was killed, over this folder; `symbols` are those it traded in and two more."""

    sandbox: Sandbox
    folder: Path
    symbols: list[Symbol]
    people: list[Talk]


Meanwhile = Callable[[Killed], Awaitable[None]]


@frozen
class World:
    """`last` comes right before the kill; every answer of KuCoin's takes `away` seconds after it."""

    last: Meanwhile
    meanwhile: Meanwhile
    away: float = 0.0


@contextlib.asynccontextmanager
async def until_killed(sandbox: Sandbox, folder: Path) -> AsyncIterator[Process]:
    """The bot, for as long as the block lasts; then SIGKILL."""
    killed = False
    try:
        async with ours(sandbox, folder) as process:
            yield process
            process.kill()
            await process.wait()
            killed = True
    except ProcessLookupError:  # there is nothing left that `ours` could end
        if not killed:
            raise


def price(sandbox: Sandbox, symbol: Symbol, part: Decimal) -> Decimal:
    quote = sandbox.prices.quote(symbol)
    assert quote is not None
    return (quote.last * part).quantize(sandbox.prices.instruments()[symbol].price_increment, ROUND_DOWN)


def line(sandbox: Sandbox, symbol: Symbol) -> str:
    return f"/buy {symbol} 5usdt @ {plain(price(sandbox, symbol, BELOW))}"


async def place(killed: Killed) -> None:
    turns = asyncio.Semaphore(AT_A_TIME)

    async def each(number: int, person: Talk) -> None:
        for n in range(number * EACH, (number + 1) * EACH):
            async with turns:
                card = await person.asks(line(killed.sandbox, killed.symbols[n % COINS]), "Ticket T-")
                await person.presses("Confirm")
                await person.sees(card, "in the order book")

    await asyncio.gather(*(each(number, person) for number, person in enumerate(killed.people)))


async def on_its_way(killed: Killed, fault: Fault, person: Talk, symbol: Symbol) -> None:
    """An order that was sent, and whose answer does not come."""
    sandbox = killed.sandbox
    await person.asks(line(sandbox, symbol), "Ticket T-")
    posts = len(sandbox.exchange.posts)
    sandbox.faults.switch(fault, on=True)
    person.phone.press("Confirm")
    await eventually(lambda: len(sandbox.exchange.posts) > posts)
    sandbox.faults.switch(fault, on=False)


async def nothing(_: Killed) -> None:
    pass


async def two_on_their_way(killed: Killed) -> None:
    arrives, gets_lost = killed.symbols[COINS:]
    await on_its_way(killed, Fault.LOST_ANSWER, killed.people[0], arrives)
    await on_its_way(killed, Fault.LOST_REQUEST, killed.people[1], gets_lost)


async def half_end(killed: Killed) -> None:
    exchange, prices = killed.sandbox.exchange, killed.sandbox.prices
    filled, cancelled = killed.symbols[:ENDED], killed.symbols[ENDED : 2 * ENDED]
    for symbol in filled:
        prices.move(symbol, price(killed.sandbox, symbol, BELOW * BELOW))
    for order in list(exchange.orders.values()):
        if order.active and order.venue is Venue.SPOT and order.request.symbol in cancelled:
            exchange.cancel(order)
    await eventually(lambda: not any(o.active and o.request.symbol in filled for o in exchange.orders.values()))


WORLDS = {
    "nothing happened meanwhile": World(last=nothing, meanwhile=nothing),
    "half ended meanwhile, two were on their way": World(last=two_on_their_way, meanwhile=half_end),
    f"the same, KuCoin {FAR:g} s away": World(last=two_on_their_way, meanwhile=half_end, away=FAR),
}


def put_away(sandbox: Sandbox, seconds: float) -> None:
    for route in sandbox.kucoin.app.routes:
        assert isinstance(route, Mount)
        route.app = far(route.app, seconds)


def far(near: ASGIApp, seconds: float) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(seconds)
        await near(scope, receive, send)

    return answer


async def run(world: World) -> tuple[float, dict[str, int]]:
    """Seconds until it trades, and how many tickets are in which state then."""
    with tempfile.TemporaryDirectory() as place_of_it:
        folder = Path(place_of_it)
        ids = ",".join(map(str, TRADER_IDS))
        raised = f"TELEGRAM_TRADERS={ids}\nORDER_MAX_PER_MINUTE=600\nDAILY_MAX_NOTIONAL=100000\n"
        (folder / ".env").write_text(raised, encoding="utf-8")
        async with unlimited_sandbox() as sandbox:
            listed = sandbox.prices.instruments().items()
            symbols = [s for s, i in listed if i.venue is Venue.SPOT and i.tradable and i.quote == "USDT"]
            people = [Talk(sandbox, TelegramUser(id=i, first_name=f"Trader {i}")) for i in TRADER_IDS]
            killed = Killed(sandbox=sandbox, folder=folder, symbols=symbols[: COINS + 2], people=people)
            async with until_killed(sandbox, folder):
                await place(killed)
                await world.last(killed)
            await world.meanwhile(killed)
            put_away(sandbox, world.away)
            return await restarted(killed)


async def restarted(killed: Killed) -> tuple[float, dict[str, int]]:
    posts = len(killed.sandbox.exchange.posts)
    began = time.perf_counter()
    async with ours(killed.sandbox, killed.folder):
        await trades(killed)
        took = time.perf_counter() - began
        assert len(killed.sandbox.exchange.posts) == posts
        return took, states(killed.folder)


async def trades(killed: Killed) -> None:
    """Until an order is proposed."""
    phone = Phone(killed.sandbox.telegram, OWNER.user)
    while True:
        asked = phone.write(line(killed.sandbox, killed.symbols[COINS - 1])).id

        def answered(asked: int = asked) -> ChatMessage | None:
            later = (m for m in phone.messages if m.id > asked)
            return next((m for m in later if "just started" in m.text or "Ticket T-" in m.text), None)

        if "Ticket T-" in (await killed.sandbox.telegram.until(answered, within=60)).text:
            return


def states(folder: Path) -> dict[str, int]:
    """Of what was confirmed."""
    path = (folder / "chatbot.db").as_uri()
    with contextlib.closing(sqlite3.connect(f"{path}?mode=ro", uri=True)) as reader:
        sent = "SELECT state, count(*) FROM tickets WHERE submitted_at IS NOT NULL GROUP BY state ORDER BY state"
        return dict(reader.execute(sent).fetchall())


async def main() -> None:
    for name, world in WORLDS.items():
        runs = [await run(world) for _ in range(RUNS)]
        took = [seconds for seconds, _ in runs]
        (found,) = {tuple(found.items()) for _, found in runs}
        told = ", ".join(f"{count} {state}" for state, count in found)
        print(
            f"{name}: trades {statistics.median(took):.2f} s after its start, {max(took):.2f} s at worst"
            f" of {RUNS} runs (goal 10); by then it has found {told}"
        )


if __name__ == "__main__":
    asyncio.run(main())
