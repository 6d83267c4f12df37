"""Cancels: asked for, looked at, and told only as the exchange shows them afterwards."""

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest

from chatbot.core.errors import KucoinError, OutcomeUnknown, UsageError
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import OrderStatus, Side, TicketState
from chatbot.sandbox.faults import Fault
from tests.services.desk import Desk, limits, story

Opened = Callable[..., Desk]

PERP = Symbol("XBTUSDTM")
SYMBOLS = "GET /spot/api/v1/hf/orders/active/symbols"


def in_lots(desk: Desk) -> str:
    """A futures order placed in KuCoin's own app: its id."""
    return desk.elsewhere(venue=Venue.FUTURES, symbol=PERP, size=Decimal(10), leverage=Decimal(5)).id


@pytest.mark.parametrize("word", ["T-1", "t-1", "id"])
@story
async def test_an_order_answers_to_its_ticket_and_to_kucoins_number(desk: Desk, word: str) -> None:
    ticket = await desk.order("buy btc 0.001 @ 60000")
    done = await desk.cancelling.cancel(ticket.order_id if word == "id" else word)
    assert (done.order_id, done.status) == (ticket.order_id, OrderStatus.CANCELED)
    assert desk.state(ticket) is TicketState.CANCELED
    assert desk.exchange.orders[ticket.order_id].cancelled


@pytest.mark.parametrize("word", ["T-2", "nothing", "", "T-", "btc-usdt"])
@story
async def test_what_no_open_order_answers_to_is_refused(desk: Desk, word: str) -> None:
    desk.elsewhere()
    ticket = await desk.order("buy btc 0.001 @ 60000")
    with pytest.raises(UsageError, match="No open order"):
        await desk.cancelling.cancel(word)
    assert desk.state(ticket) is TicketState.OPEN


@story
async def test_an_order_that_is_over_is_no_open_order(desk: Desk) -> None:
    ticket = await desk.order("buy btc 100usdt")
    for word in (ticket.name, ticket.order_id):
        with pytest.raises(UsageError, match="No open order"):
            await desk.cancelling.cancel(word)


@story
async def test_orders_made_elsewhere_are_listed_with_ours_and_can_be_cancelled(desk: Desk) -> None:
    theirs = desk.elsewhere().id
    desk.wait(1)
    ours = await desk.order("sell btc 0.001 @ 70000")
    desk.wait(1)
    lots = in_lots(desk)
    orders = await desk.cancelling.open_orders()
    assert [o.order_id for o in orders] == [lots, ours.order_id, theirs]
    assert {i: t.name for i, t in desk.cancelling.tickets_of(orders).items()} == {ours.order_id: "T-1"}
    assert desk.cancelling.tickets_of(()) == {}
    for order_id in (theirs, lots):
        assert (await desk.cancelling.cancel(order_id)).status is OrderStatus.CANCELED
    assert [o.order_id for o in await desk.cancelling.open_orders()] == [ours.order_id]


@story
async def test_a_fill_that_comes_before_the_cancel_wins(desk: Desk) -> None:
    ticket = await desk.order("buy btc 0.001 @ 60000")
    desk.wire.before(f"DELETE /spot/api/v1/hf/orders/{ticket.order_id}", lambda: _fill(desk))
    done = await desk.cancelling.cancel(ticket.name)
    assert done.status is OrderStatus.FILLED
    filled = desk.now(ticket)
    assert (filled.state, filled.executed.size) == (TicketState.FILLED, Decimal("0.001"))


def _fill(desk: Desk) -> None:
    desk.price("59990")
    desk.wait(1)


@story
async def test_what_was_filled_before_a_cancel_is_kept(opened: Opened) -> None:
    desk = opened(rules=limits(max_notional=Decimal(10**6), daily_max=Decimal(10**6)))
    ticket = await desk.order("sell btc 0.5 @ 68000")
    desk.price("68001")
    desk.wait(1)
    done = await desk.cancelling.cancel(ticket.name)
    assert done.status is OrderStatus.CANCELED
    assert 0 < done.filled_size < Decimal("0.5")
    ended = desk.now(ticket)
    assert (ended.state, ended.executed.size) == (TicketState.CANCELED, done.filled_size)


@pytest.mark.parametrize("fault", [Fault.MAINTENANCE])
@story
async def test_a_refused_cancel_is_an_error_and_the_order_stays(desk: Desk, fault: Fault) -> None:
    ticket = await desk.order("buy btc 0.001 @ 60000")
    desk.switch(fault)
    with pytest.raises(KucoinError, match="cancelling is suspended"):
        await desk.cancelling.cancel(ticket.name)
    assert desk.state(ticket) is TicketState.OPEN


@story
async def test_while_orders_can_only_be_cancelled_they_can_be_cancelled(desk: Desk) -> None:
    ticket = await desk.order("buy btc 0.001 @ 60000")
    desk.switch(Fault.CANCEL_ONLY)
    assert (await desk.cancelling.cancel(ticket.name)).status is OrderStatus.CANCELED
    assert desk.state(ticket) is TicketState.CANCELED


@story
async def test_a_cancel_whose_answer_is_lost_is_not_taken_for_one(desk: Desk) -> None:
    ticket = await desk.order("buy btc 0.001 @ 60000")
    line = f"DELETE /spot/api/v1/hf/orders/{ticket.order_id}"
    desk.wire.before(line, lambda: desk.switch(Fault.GARBAGE))
    with pytest.raises(OutcomeUnknown):
        await desk.cancelling.cancel(ticket.name)
    assert desk.state(ticket) is TicketState.OPEN
    desk.faults.clear()
    await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.CANCELED


@story
async def test_a_cancel_that_cannot_be_looked_at_is_not_called_done(desk: Desk) -> None:
    ticket = await desk.order("buy btc 0.001 @ 60000")
    desk.slept.clear()
    line = f"DELETE /spot/api/v1/hf/orders/{ticket.order_id}"
    desk.wire.after(line, lambda: desk.switch(Fault.UNAVAILABLE))
    with pytest.raises(OutcomeUnknown, match="whether it still rests could not be read"):
        await desk.cancelling.cancel(ticket.name)
    assert desk.state(ticket) is TicketState.OPEN
    assert sum(desk.slept) >= 3.7
    desk.faults.clear()
    await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.CANCELED


@story
async def test_of_all_those_that_no_look_came_through_for_nothing_is_claimed(desk: Desk) -> None:
    rests = await desk.order("buy btc 0.001 @ 60000")
    waits = await desk.order("sell btc 0.001 stop 60000")
    for verb in ("DELETE", "GET"):
        desk.wire.broken.add(f"{verb} /spot/api/v1/hf/orders/{rests.order_id}")
    done = await desk.cancelling.cancel_all()
    assert [o.order_id for o in done.orders] == [waits.order_id]
    assert [o.order_id for o in done.unread] == [rests.order_id]


@story
async def test_all_means_ours_and_names_those_made_elsewhere(desk: Desk) -> None:
    first = await desk.order("buy btc 0.001 @ 60000")
    second = await desk.order("sell btc 0.001 @ 70000")
    unknown = desk.elsewhere(client_oid="cb1").id
    theirs, lots = desk.elsewhere(side=Side.SELL, price=Decimal(71_000)).id, in_lots(desk)
    done = await desk.cancelling.cancel_all()
    assert {o.order_id for o in done.orders} == {first.order_id, second.order_id, unknown}
    assert {o.status for o in done.orders} == {OrderStatus.CANCELED}
    assert {o.order_id for o in done.left} == {theirs, lots}
    assert {desk.state(first), desk.state(second)} == {TicketState.CANCELED}
    assert {o.order_id for o in await desk.cancelling.open_orders()} == {theirs, lots}
    again = await desk.cancelling.cancel_all()
    assert (again.orders, len(again.left)) == ((), 2)


@story
async def test_those_made_elsewhere_are_cancelled_by_who_means_them(desk: Desk) -> None:
    ours = await desk.order("buy btc 0.001 @ 60000")
    theirs, lots = desk.elsewhere(side=Side.SELL, price=Decimal(71_000)).id, in_lots(desk)
    done = await desk.cancelling.cancel_elsewhere()
    assert {o.order_id: o.status for o in done.orders} == {theirs: OrderStatus.CANCELED, lots: OrderStatus.CANCELED}
    assert done.left == ()
    assert [o.order_id for o in await desk.cancelling.open_orders()] == [ours.order_id]


@story
async def test_a_position_is_not_touched_by_cancels(desk: Desk) -> None:
    desk.position(lots=10)
    await desk.cancelling.cancel_elsewhere()
    assert desk.exchange.positions[PERP].lots == 10


@story
async def test_two_cancels_of_one_order_agree(desk: Desk) -> None:
    ticket = await desk.order("buy btc 0.001 @ 60000")
    first, second = await asyncio.gather(desk.cancelling.cancel("T-1"), desk.cancelling.cancel("T-1"))
    assert (first.status, second.status) == (OrderStatus.CANCELED, OrderStatus.CANCELED)
    assert desk.state(ticket) is TicketState.CANCELED


@story
async def test_open_orders_that_cannot_be_read_are_no_empty_list(desk: Desk) -> None:
    await desk.order("buy btc 0.001 @ 60000")
    desk.switch(Fault.GARBAGE)
    for ask in (desk.cancelling.open_orders, desk.cancelling.cancel_all, desk.cancelling.cancel_elsewhere):
        with pytest.raises(KucoinError):
            await ask()
