"""Many open orders are followed by lists: a question for each of them would leave no room for a kill's cancels."""

from collections.abc import Callable
from decimal import Decimal

from chatbot.core.orders import OrderTicket, TicketState
from chatbot.sandbox.faults import Fault
from tests.services.desk import Desk, limits, story

Opened = Callable[..., Desk]

BIG = limits(max_notional=Decimal(10**6), daily_max=Decimal(10**7), most_per_minute=100)
MANY = 12
ACTIVE = "GET /spot/api/v1/hf/orders/active"
BY_OID = "GET /spot/api/v1/hf/orders/client-order/"


async def resting(desk: Desk, count: int = MANY) -> list[OrderTicket]:
    tickets = [await desk.order(f"buy btc 0.0001 @ {60_000 - 10 * n}") for n in range(count)]
    assert {ticket.state for ticket in tickets} == {TicketState.OPEN}
    desk.wire.lines.clear()
    desk.forget_letters()
    return tickets


def asked_alone(desk: Desk) -> list[str]:
    return [line.removeprefix(BY_OID) for line in desk.wire.lines if line.startswith(BY_OID)]


@story
async def test_many_open_orders_are_followed_by_a_few_lists(opened: Opened) -> None:
    desk = opened(rules=BIG)
    await resting(desk)
    await desk.reconciler.follow()
    assert ACTIVE in desk.wire.lines
    assert len(desk.wire.lines) < MANY / 2
    assert desk.told() == []


@story
async def test_a_few_open_orders_are_asked_about_alone(opened: Opened) -> None:
    desk = opened(rules=BIG)
    tickets = await resting(desk, 2)
    await desk.reconciler.follow()
    assert sorted(asked_alone(desk)) == sorted(ticket.spec.client_oid for ticket in tickets)
    assert ACTIVE not in desk.wire.lines


@story
async def test_of_many_the_one_that_ended_is_asked_about_and_told(opened: Opened) -> None:
    desk = opened(rules=BIG)
    tickets = await resting(desk)
    desk.wait(60)
    desk.price("59995")
    await desk.reconciler.follow()
    assert asked_alone(desk) == [tickets[0].spec.client_oid]
    assert [desk.state(ticket) for ticket in tickets] == [TicketState.FILLED, *[TicketState.OPEN] * (MANY - 1)]
    assert [told.rings for told in desk.told()] == [False, True]


@story
async def test_of_many_one_whose_answer_was_lost_is_found_in_a_list(opened: Opened) -> None:
    desk = opened(rules=BIG)
    await resting(desk)
    desk.switch(Fault.ERROR_AFTER_ACCEPT, Fault.HIDDEN_ORDERS)
    lost = await desk.order("buy btc 0.0001 @ 50000")
    assert lost.state is TicketState.UNKNOWN
    desk.faults.clear()
    desk.wire.lines.clear()
    await desk.reconciler.follow()
    assert desk.state(lost) is TicketState.OPEN
    assert asked_alone(desk) == []


@story
async def test_where_no_list_can_be_read_each_is_asked_alone(opened: Opened) -> None:
    desk = opened(rules=BIG)
    tickets = await resting(desk)
    desk.wire.broken.add(ACTIVE)
    desk.wait(60)
    desk.price("59995")
    await desk.reconciler.follow()
    assert len(set(asked_alone(desk))) == MANY
    assert desk.state(tickets[0]) is TicketState.FILLED


@story
async def test_an_order_that_ends_while_the_lists_are_read_is_told_once_and_stays_ended(opened: Opened) -> None:
    desk = opened(rules=BIG)
    tickets = await resting(desk)
    desk.wait(60)
    desk.wire.after(ACTIVE, lambda: desk.price("59995"))
    await desk.reconciler.follow()
    await desk.reconciler.hear(desk.now(tickets[0]))
    assert desk.state(tickets[0]) is TicketState.FILLED
    await desk.reconciler.follow()
    assert desk.state(tickets[0]) is TicketState.FILLED
    assert [told.rings for told in desk.told()] == [False, True]


@story
async def test_what_rests_while_trading_is_stopped_is_cancelled_as_it_is_seen_in_a_list(opened: Opened) -> None:
    desk = opened(rules=BIG)
    tickets = await resting(desk)
    desk.kill()  # nothing was swept yet
    await desk.reconciler.follow()
    await desk.reconciler.follow()
    assert {desk.state(ticket) for ticket in tickets} == {TicketState.CANCELED}
