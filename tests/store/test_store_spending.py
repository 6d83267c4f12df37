"""What counts against the day's limit."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chatbot.core.orders import Executed, OrderTicket, TicketState
from chatbot.store.orders import Step
from chatbot.store.store import Store

Propose = Callable[..., OrderTicket]
Bring = Callable[..., OrderTicket]

_NIGHT = datetime(2026, 3, 1, 23, 59, 59, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "counted"),
    [
        (TicketState.AWAIT_CONFIRM, 0),
        (TicketState.SUBMITTING, 100),
        (TicketState.UNKNOWN, 100),
        (TicketState.OPEN, 100),
        (TicketState.PARTIAL, 100),
        (TicketState.FILLED, 100),
        (TicketState.CANCELED, 0),
        (TicketState.REJECTED, 0),
        (TicketState.NOT_SENT, 0),
        (TicketState.NOT_PLACED, 0),
        (TicketState.FORGOTTEN, 0),
        (TicketState.DECLINED, 0),
        (TicketState.EXPIRED, 0),
    ],
)
def test_what_may_have_been_spent_counts_for_the_day(
    store: Store, propose: Propose, bring: Bring, clock: list[datetime], state: TicketState, counted: int
) -> None:
    bring(propose("100"), state)
    assert store.orders.spent_on_day_of(clock[0]) == counted


def test_a_day_is_one_of_utc_and_begins_at_midnight(
    store: Store, propose: Propose, bring: Bring, clock: list[datetime]
) -> None:
    clock[0] = _NIGHT
    ticket = propose("100")
    bring(propose("7"), TicketState.SUBMITTING)
    clock[0] = next_day = _NIGHT + timedelta(microseconds=1)
    bring(ticket, TicketState.SUBMITTING)
    for each in store.orders.living():
        store.orders.move(each, TicketState.OPEN, by="KuCoin")
    clock[0] = next_day + timedelta(days=2)
    for each in store.orders.living():
        store.orders.move(each, TicketState.FILLED, by="KuCoin")
    assert store.orders.spent_on_day_of(_NIGHT) == 7
    assert store.orders.spent_on_day_of(next_day) == 100
    assert store.orders.spent_on_day_of(next_day + timedelta(days=1)) == 0


def test_an_order_counts_on_the_day_it_was_sent_and_on_the_one_it_ended(
    store: Store, propose: Propose, bring: Bring, clock: list[datetime]
) -> None:
    clock[0] = _NIGHT
    doubtful = bring(propose("100"), TicketState.UNKNOWN)
    clock[0] += timedelta(hours=1)
    store.orders.move(doubtful, TicketState.FILLED, by="KuCoin")
    assert store.orders.spent_on_day_of(_NIGHT) == 100
    assert store.orders.spent_on_day_of(clock[0]) == 100
    assert store.orders.spent_on_day_of(clock[0] + timedelta(days=1)) == 0


def test_what_rests_over_night_still_counts_in_the_morning(
    store: Store, propose: Propose, bring: Bring, clock: list[datetime]
) -> None:
    clock[0] = _NIGHT
    resting = bring(propose("100"), TicketState.OPEN)
    assert store.orders.spent_on_day_of(_NIGHT + timedelta(days=3)) == 100
    store.orders.move(resting, TicketState.CANCELED, by="KuCoin")
    assert store.orders.spent_on_day_of(_NIGHT + timedelta(days=3)) == 0


@pytest.mark.parametrize(("filled", "counted"), [("0", "0"), ("25", "25"), ("100", "100"), ("100.01", "100")])
def test_of_a_cancelled_order_only_what_was_filled_counts(
    store: Store, propose: Propose, bring: Bring, clock: list[datetime], filled: str, counted: str
) -> None:
    executed = Executed(size=Decimal("0.001"), funds=Decimal(filled))
    bring(propose("100"), TicketState.CANCELED, Step(executed=executed))
    assert store.orders.spent_on_day_of(clock[0]) == Decimal(counted)


def test_what_the_tap_found_is_what_counts(store: Store, propose: Propose, clock: list[datetime]) -> None:
    ticket = propose("100")
    cost = replace(ticket.cost, notional=Decimal(104), funds=Decimal(104))
    sent = store.orders.move(ticket, TicketState.SUBMITTING, by="Anna", step=Step(cost=cost))
    assert store.orders.spent_on_day_of(clock[0]) == 104
    assert sent is not None
    half = Executed(size=Decimal("0.001"), funds=Decimal(52))
    store.orders.move(sent, TicketState.CANCELED, by="KuCoin", step=Step(executed=half))
    assert store.orders.spent_on_day_of(clock[0]) == 52
