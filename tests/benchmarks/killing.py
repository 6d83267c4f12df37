"""From a typed /kill to the last order byte, to the first cancels, and to the list of what is left.

    python -m tests.benchmarks.killing     goals: 100 ms, 2 s, 10 s

The bot is a process of its own before the sandbox, which holds orders in all five places. Confirmed orders are on
their way while /kill is typed; it comes in behind a crowd of commands of somebody else. All is counted from the
moment it was typed, so the way to the bot counts as well. KuCoin is healthy, slow in every answer, or shows no
order that it was given.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import OrderType, Side
from chatbot.sandbox.faults import Fault
from chatbot.sandbox.oco import OcoRequest
from chatbot.sandbox.orders import OrderRequest, Stop, Trigger
from chatbot.sandbox.telegram_phone import Phone
from chatbot.sandbox.world import OWNER, VIEWER, Sandbox
from tests.benchmarks.bots import first_poll, ours, unlimited_sandbox

TAPS = 6
CROWD = 40
APART = 0.01
"""Seconds between the taps on Confirm, the last of them right before the kill."""

WORLDS: dict[str, tuple[Fault, ...]] = {
    "healthy": (),
    "slow in every place": (Fault.SLOW,),
    "showing no orders": (Fault.HIDDEN_ORDERS,),
}
LAST_WORDS = ("nothing is resting", "still resting", "could not be read everywhere")


@dataclass(slots=True)
class Moments:
    """Of the clock that `time.perf_counter` reads."""

    last_order: float = 0.0
    cancels: list[float] = field(default_factory=list)
    told: float = 0.0


def fill(sandbox: Sandbox) -> int:
    """Orders in every place; how many there are."""
    exchange, btc, perp = sandbox.exchange, Symbol("BTC-USDT"), Symbol("XBTUSDTM")
    last = sandbox.prices.quote(btc)
    assert last is not None
    down = Stop(trigger=Trigger.DOWN, price=Decimal(40_000))
    for number in range(10):
        spot = OrderRequest(
            client_oid=f"app{number}", symbol=btc, side=Side.BUY, type=OrderType.LIMIT, price=Decimal(40_000 + number),
            size=Decimal("0.0005"),
        )  # fmt: skip
        exchange.place(Venue.SPOT, spot)
    stop = OrderRequest(
        client_oid="stop", symbol=btc, side=Side.SELL, type=OrderType.MARKET, size=Decimal("0.001"), stop=down
    )
    exchange.place(Venue.SPOT, stop)
    exchange.place_oco(
        OcoRequest(
            client_oid="pair", symbol=btc, side=Side.SELL, size=Decimal("0.001"), price=Decimal(150_000),
            stop_price=Decimal(40_000), limit_price=Decimal(39_900),
        )
    )  # fmt: skip
    lot = OrderRequest(
        client_oid="lot", symbol=perp, side=Side.BUY, type=OrderType.LIMIT, price=Decimal(40_000), size=Decimal(1),
        leverage=Decimal(5),
    )  # fmt: skip
    exchange.place(Venue.FUTURES, lot)
    marked = Stop(trigger=Trigger.DOWN, price=Decimal(40_000), price_type="MP")
    trap = OrderRequest(
        client_oid="trap", symbol=perp, side=Side.SELL, type=OrderType.MARKET, size=Decimal(1), stop=marked,
        leverage=Decimal(5),
    )  # fmt: skip
    exchange.place(Venue.FUTURES, trap)
    return len(_active(sandbox))


def _active(sandbox: Sandbox) -> set[str]:
    return {order.id for order in sandbox.exchange.orders.values() if order.active}


@contextlib.asynccontextmanager
async def watched(sandbox: Sandbox, phone: Phone) -> AsyncIterator[Moments]:
    """What happens from now on, looked at every millisecond."""
    moments, posts, resting = Moments(), len(sandbox.exchange.posts), _active(sandbox)

    async def look() -> None:
        while True:
            now, count = time.perf_counter(), len(sandbox.exchange.posts)
            if count > look_at.posts:
                moments.last_order, look_at.posts = now, count
            gone = look_at.resting - _active(sandbox)
            moments.cancels += [now] * len(gone)
            look_at.resting -= gone
            if not moments.told and any(word in m.text for m in phone.messages for word in LAST_WORDS):
                moments.told = now
            await asyncio.sleep(0.001)

    look_at = _Seen(posts=posts, resting=resting)
    task = asyncio.create_task(look())
    try:
        yield moments
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@dataclass(slots=True)
class _Seen:
    posts: int
    resting: set[str]


async def cards(phone: Phone, count: int) -> list[int]:
    """Message ids of tickets that wait for a tap."""
    for _ in range(count):
        phone.write("/buy btc 20usdt")
    for _ in range(3000):
        found = [m.id for m in phone.messages if any("Confirm" in b.text for row in m.keyboard for b in row)]
        if len(found) == count:
            return found
        await asyncio.sleep(0.01)
    raise TimeoutError("the bot proposes no orders")


def confirm(phone: Phone, message_id: int) -> None:
    message = next(m for m in phone.messages if m.id == message_id)
    phone.tap(message_id, message.keyboard[0][0].data)


async def measure(name: str, faults: tuple[Fault, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with unlimited_sandbox() as sandbox, ours(sandbox, Path(folder)):
            await first_poll(sandbox)
            phone, other = Phone(sandbox.telegram, OWNER.user), Phone(sandbox.telegram, VIEWER.user)
            tickets = await cards(phone, TAPS)
            resting = fill(sandbox)
            for fault in faults:
                sandbox.faults.switch(fault, on=True)
            async with watched(sandbox, phone) as moments:
                for ticket in tickets:
                    confirm(phone, ticket)
                    await asyncio.sleep(APART)
                for _ in range(CROWD):
                    other.write("/help")
                phone.write("/kill")
                began = time.perf_counter()
                await sandbox.telegram.until(lambda: moments.told or None, within=30)
            tell(name, moments, began, resting)


def tell(name: str, moments: Moments, began: float, resting: int) -> None:
    late = max(moments.last_order - began, 0) * 1000
    asked = max(moments.cancels) - began if moments.cancels else float("nan")
    print(
        f"{name}: last order byte {late:.0f} ms after the kill was typed (goal 100);"
        f" {len(moments.cancels)} of {resting} cancels asked by {asked:.2f} s (goal 2);"
        f" what is left told after {moments.told - began:.2f} s (goal 10)"
    )


async def main() -> None:
    for name, faults in WORLDS.items():
        await measure(name, faults)


if __name__ == "__main__":
    asyncio.run(main())
