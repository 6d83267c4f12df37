"""What a ticket waits for besides its tap, and how many were sent lately."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.core.market import Reach
from chatbot.core.orders import OrderTicket, TicketState
from chatbot.core.times import Uptime
from chatbot.core.waiting import Awaits, Waiting
from chatbot.store.store import Store, open_store

Propose = Callable[..., OrderTicket]
Bring = Callable[..., OrderTicket]

REACH = Reach(market=Decimal("68000.10"), distance=Decimal("-3.1234"), slippage=None)
CODE = Waiting(awaits=Awaits.CODE, warned=Decimal("3.1"))
APPROVED = Waiting(awaits=Awaits.APPROVAL, approver_id=8, approver="Ben")


def later(ticket: OrderTicket, waiting: Waiting) -> OrderTicket:
    until = Uptime(boot="b", awake=timedelta(seconds=999))
    cost = replace(ticket.cost, reach=REACH)
    expires = ticket.expires_at + timedelta(minutes=3)
    return replace(ticket, waiting=waiting, expires_at=expires, lasts_until=until, cost=cost)


@pytest.mark.parametrize("waiting", [CODE, APPROVED, Waiting(warned=Decimal("1000000000"))])
def test_what_a_ticket_waits_for_outlives_the_process(
    store: Store, propose: Propose, path: Path, clock: list[datetime], waiting: Waiting
) -> None:
    ticket = propose()
    assert ticket.waiting == Waiting()
    wanted = later(ticket, waiting)
    assert store.orders.wait(ticket, wanted, "Anna") == wanted
    store.close()
    again = open_store(path, lambda: clock[0])
    assert again.orders.ticket(ticket.id) == wanted
    again.close()


def test_of_two_who_read_the_same_step_one_takes_it(store: Store, propose: Propose) -> None:
    ticket = propose()
    assert store.orders.wait(ticket, later(ticket, CODE), "Anna") is not None
    assert store.orders.wait(ticket, later(ticket, APPROVED), "Anna") is None
    warned = propose()
    store.orders.wait(warned, later(warned, Waiting(warned=Decimal(3))), "Anna")
    assert store.orders.wait(warned, later(warned, CODE), "Anna") is None, "the warning came in between"


@pytest.mark.parametrize("state", [TicketState.DECLINED, TicketState.EXPIRED, TicketState.SUBMITTING])
def test_what_moved_on_waits_for_nothing_any_more(
    store: Store, propose: Propose, bring: Bring, state: TicketState
) -> None:
    ticket = propose()
    moved = bring(ticket, state)
    assert store.orders.wait(ticket, later(ticket, CODE), "Anna") is None
    assert store.orders.ticket(ticket.id) == moved


def test_the_audit_tells_who_approved(store: Store, propose: Propose) -> None:
    ticket = propose()
    store.orders.wait(ticket, later(ticket, CODE), "Anna")
    store.orders.wait(replace(ticket, waiting=CODE), later(ticket, APPROVED), "Ben")
    told = [(r.person, r.what, r.detail) for r in store.audit.latest(2)]
    assert told == [("Ben", "approved", "T-1"), ("Anna", "awaits code", "T-1")]


def test_orders_of_the_last_minute_are_counted_whatever_became_of_them(
    store: Store, propose: Propose, bring: Bring, clock: list[datetime]
) -> None:
    began = clock[0]
    for state in (TicketState.SUBMITTING, TicketState.NOT_SENT, TicketState.FILLED, TicketState.DECLINED):
        bring(propose(), state)
        clock[0] += timedelta(seconds=1)
    assert store.orders.submitted_since(began) == 3
    assert store.orders.submitted_since(began + timedelta(microseconds=1)) == 2
