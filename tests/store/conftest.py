"""A store on the disk, and a clock that stands until a test moves it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest

from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import Estimate, OrderSpec, OrderTicket, OrderType, Side, TicketState
from chatbot.store.orders import Step
from chatbot.store.store import Store, open_store

_WAYS = {
    TicketState.AWAIT_CONFIRM: (),
    TicketState.SUBMITTING: (TicketState.SUBMITTING,),
    TicketState.DECLINED: (TicketState.DECLINED,),
    TicketState.EXPIRED: (TicketState.EXPIRED,),
    TicketState.UNKNOWN: (TicketState.SUBMITTING, TicketState.UNKNOWN),
    TicketState.FORGOTTEN: (TicketState.SUBMITTING, TicketState.OPEN, TicketState.FORGOTTEN),
    TicketState.NOT_PLACED: (TicketState.SUBMITTING, TicketState.UNKNOWN, TicketState.NOT_PLACED),
}
"""How a ticket gets to a state; to the others it goes straight from SUBMITTING."""


@pytest.fixture
def clock() -> list[datetime]:
    """The time it is, as the only element."""
    return [datetime(2026, 3, 1, 11, 43, tzinfo=UTC)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chatbot.db"


@pytest.fixture
def store(path: Path, clock: list[datetime]) -> Iterator[Store]:
    store = open_store(path, lambda: clock[0])
    yield store
    store.close()


@pytest.fixture
def propose(store: Store, clock: list[datetime]) -> Callable[..., OrderTicket]:
    """Writes a ticket to buy for so many USDT, each from an update of its own."""
    numbers = count(1000)

    def propose(notional: str = "100", symbol: str = "BTC-USDT") -> OrderTicket:
        number = next(numbers)
        funds = Decimal(notional)
        ticket = OrderTicket(
            id=0,
            spec=OrderSpec(
                client_oid=f"b1f0c0de{number}",
                symbol=Symbol(symbol),
                venue=Venue.SPOT,
                side=Side.BUY,
                type=OrderType.MARKET,
                size=None,
                funds=funds,
                price=None,
            ),
            cost=Estimate(
                price=Decimal("68014.1"),
                size=Decimal("0.00147"),
                funds=funds,
                fee=Decimal("0.1"),
                notional=funds,
                free_after=Decimal("840.55"),
            ),
            asked="/buy btc 100",
            person_id=7,
            person="Anna",
            chat_id=70,
            card_id=0,
            state=TicketState.AWAIT_CONFIRM,
            budget_after=Decimal(400),
            proposed_at=clock[0],
            expires_at=clock[0] + timedelta(seconds=60),
        )
        return store.orders.propose(ticket, number)

    return propose


@pytest.fixture
def bring(store: Store) -> Callable[..., OrderTicket]:
    """Moves a ticket to a state, the last step of the way with what `step` says."""

    def bring(ticket: OrderTicket, to: TicketState, step: Step | None = None) -> OrderTicket:
        moved: OrderTicket | None = ticket
        for state in _WAYS.get(to, (TicketState.SUBMITTING, to)):
            assert moved is not None
            moved = store.orders.move(moved, state, by="Anna", step=step if state is to else None)
        assert moved is not None
        return moved

    return bring
