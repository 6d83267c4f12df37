"""Whatever is asked for, tapped, coded and approved, no order leaves outside the list, the band and the caps."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pyotp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.core.book import FAR
from chatbot.core.errors import ChatbotError
from chatbot.core.orders import OrderTicket, TicketState
from tests.services.desk import ANNA, BEN, TOTP_SECRET, Desk, limits

RULES = limits(
    symbols=frozenset({"BTC-USDT"}),
    max_notional=Decimal(300),
    daily_max=Decimal(700),
    most_per_minute=2,
    approval_above=Decimal(200),
    totp_above=Decimal(150),
)


@dataclass(frozen=True, kw_only=True)
class Act:
    """One thing that happens: an order asked for and carried as far as `steps` go, each with what it is done by."""

    line: str
    steps: list[str]
    price: int
    wait: int


worths = st.sampled_from(["10usdt", "120usdt", "180usdt", "250usdt", "301usdt", "0.001", "0.004", "0.006", "max", "5%"])
prices = st.sampled_from(["", "", " @ 60000", " @ 67000", " @ 68500", " @ 69500", " @ 75000", " @ 200000", " @ 1"])
lines = st.builds(
    lambda side, symbol, worth, price: f"{side} {symbol} {worth}{price}",
    st.sampled_from(["buy", "sell"]),
    st.sampled_from(["btc", "btc", "btc", "eth"]),
    worths,
    prices,
)
_ALL = ["tap", "sure", "code", "approve"]
steps = (
    st.just(_ALL)
    | st.just(_ALL)
    | st.lists(st.sampled_from([*_ALL, "wrong", "own", "other", "submit"]), max_size=8)
    | st.permutations(_ALL).map(list)
)
acts = st.builds(
    Act,
    line=lines,
    steps=steps,
    price=st.sampled_from([67000, 67400, 68000, 72000]),
    wait=st.sampled_from([0, 1, 5, 31, 70]),
)


async def _step(desk: Desk, ticket: OrderTicket, step: str, met: dict[int, set[str]]) -> None:
    """As far as it goes. What succeeded is written down in `met`."""
    now, said = desk.now(ticket), met.setdefault(ticket.id, set())
    right = pyotp.TOTP(TOTP_SECRET).at(desk.host_time())
    does: dict[str, Callable[[], Awaitable[object]]] = {
        "tap": lambda: desk.confirm(now),
        "sure": lambda: desk.confirm(now, aware=now.waiting.warned),
        "code": lambda: desk.trading.prove(ticket.id, ANNA, right),
        "wrong": lambda: desk.trading.prove(ticket.id, ANNA, "12345x"),
        "approve": lambda: desk.trading.approve(ticket.id, BEN),
        "own": lambda: desk.trading.approve(ticket.id, ANNA),
        "other": lambda: desk.confirm(now, BEN),
        "submit": lambda: desk.trading.submit(now),
    }
    await does[step]()
    said.add(step)


async def _live(desk: Desk, deeds: list[Act]) -> dict[int, set[str]]:
    met: dict[int, set[str]] = {}
    for deed in deeds:
        desk.price(str(deed.price))
        try:
            ticket = await desk.propose(deed.line)
        except ChatbotError:
            continue
        for step in deed.steps:
            try:
                await _step(desk, ticket, step, met)
            except ChatbotError:
                continue
        if desk.state(ticket) is TicketState.SUBMITTING:
            await desk.trading.submit(desk.now(ticket))
        desk.wait(deed.wait)
    return met


def _check(desk: Desk, met: dict[int, set[str]]) -> None:
    orders = desk.store.db.query("SELECT id FROM tickets WHERE submitted_at NOTNULL ORDER BY id")
    sent = [ticket for row in orders if (ticket := desk.store.orders.ticket(row["id"])) is not None]
    assert desk.posts <= len(sent)
    for ticket in sent:
        assert ticket.spec.symbol == "BTC-USDT"
        assert ticket.cost.notional <= RULES.max_notional
        reach = ticket.cost.reach
        assert reach is not None
        if reach.distance > FAR:
            assert ticket.waiting.warned is not None
            assert reach.distance <= ticket.waiting.warned + RULES.max_drift
        if ticket.cost.notional > Decimal(150):
            assert "code" in met[ticket.id]
        if ticket.cost.notional > Decimal(200):
            assert "approve" in met[ticket.id]
            assert ticket.waiting.approver_id == BEN.id
    assert desk.store.orders.spent_on_day_of(desk.host_time()) <= RULES.daily_max
    times = [ticket.submitted_at for ticket in sent if ticket.submitted_at is not None]
    for first in times:
        assert sum(first <= each < first + timedelta(seconds=60) for each in times) <= RULES.most_per_minute


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deeds=st.lists(acts, min_size=4, max_size=12))
def test_no_order_leaves_outside_the_list_the_band_and_the_caps(deeds: list[Act]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), rules=RULES)
        try:
            met = asyncio.run(_live(desk, deeds))
            _check(desk, met)
        finally:
            desk.stop()
