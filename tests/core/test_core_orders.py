import graphlib
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chatbot.core.life import AT_THE_EXCHANGE, GIVEN_UP, TRANSITIONS
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import Order, OrderSpec, OrderStatus, OrderType, Side, TicketState, TimeInForce


def _spec(kind: OrderType, size: str | None, funds: str | None, price: str | None) -> OrderSpec:
    return OrderSpec(
        client_oid="b1f0c0de",
        symbol=Symbol("BTC-USDT"),
        venue=Venue.SPOT,
        side=Side.BUY,
        type=kind,
        size=None if size is None else Decimal(size),
        funds=None if funds is None else Decimal(funds),
        price=None if price is None else Decimal(price),
    )


@pytest.mark.parametrize(
    ("kind", "size", "funds", "price"),
    [
        (OrderType.LIMIT, "1", None, "5"),
        (OrderType.MARKET, "1", None, None),
        (OrderType.MARKET, None, "5", None),
    ],
)
def test_the_three_shapes_an_order_can_have(
    kind: OrderType, size: str | None, funds: str | None, price: str | None
) -> None:
    assert _spec(kind, size, funds, price).type is kind


@pytest.mark.parametrize(
    ("kind", "size", "funds", "price"),
    [
        (OrderType.LIMIT, None, None, None),
        (OrderType.LIMIT, "1", None, None),
        (OrderType.LIMIT, None, None, "5"),
        (OrderType.LIMIT, None, "5", None),
        (OrderType.LIMIT, None, "5", "5"),
        (OrderType.LIMIT, "1", "5", None),
        (OrderType.LIMIT, "1", "5", "5"),
        (OrderType.MARKET, None, None, None),
        (OrderType.MARKET, "1", "5", None),
        (OrderType.MARKET, "1", None, "5"),
        (OrderType.MARKET, None, "5", "5"),
        (OrderType.MARKET, None, None, "5"),
        (OrderType.MARKET, "1", "5", "5"),
    ],
)
def test_any_other_shape_cannot_be_made(
    kind: OrderType, size: str | None, funds: str | None, price: str | None
) -> None:
    with pytest.raises(ValueError, match="order has"):
        _spec(kind, size, funds, price)


_LIFE = {
    "await_confirm": "submitting declined expired",
    "submitting": "parked lapsed open partial filled canceled unknown rejected not_sent",
    "unknown": "parked lapsed open partial filled canceled not_placed",
    "parked": "open partial filled canceled lapsed",
    "open": "partial filled canceled forgotten",
    "partial": "partial filled canceled forgotten",
    "not_placed": "parked lapsed open partial filled canceled",
    "lapsed": "parked open partial filled canceled",
    "forgotten": "filled canceled",
}


@pytest.mark.parametrize("state", TicketState)
def test_a_ticket_moves_only_as_the_drawing_shows(state: TicketState) -> None:
    assert {to.value for to in TRANSITIONS[state]} == set(_LIFE.get(state.value, "").split())


def test_every_state_can_be_reached_from_the_card() -> None:
    reached = {TicketState.AWAIT_CONFIRM}
    while more := {to for state in reached for to in TRANSITIONS[state]} - reached:
        reached |= more
    assert reached == set(TicketState)


def test_no_ticket_ever_comes_back_to_a_state_it_has_left_but_a_stop_order_that_was_not_seen_for_a_while() -> None:
    sorter: graphlib.TopologicalSorter[TicketState] = graphlib.TopologicalSorter()
    for state, targets in TRANSITIONS.items():
        back = {TicketState.PARKED} if state is TicketState.LAPSED else set()
        sorter.add(state, *(targets - {state} - back))
    assert set(sorter.static_order()) == set(TicketState)


def test_only_a_partly_filled_order_can_stay_what_it_is() -> None:
    assert [state for state, targets in TRANSITIONS.items() if state in targets] == [TicketState.PARTIAL]


def test_an_ended_ticket_stays_ended_unless_its_order_turns_up_after_all() -> None:
    living = {TicketState.AWAIT_CONFIRM, *AT_THE_EXCHANGE}
    assert {state for state in TicketState if TRANSITIONS[state]} == living | GIVEN_UP


def test_nothing_is_sent_without_a_tap() -> None:
    before = {state for state, targets in TRANSITIONS.items() if TicketState.SUBMITTING in targets}
    assert before == {TicketState.AWAIT_CONFIRM}
    assert not TRANSITIONS[TicketState.AWAIT_CONFIRM] & (AT_THE_EXCHANGE - {TicketState.SUBMITTING})


def _order(*, active: bool, cancelled: bool, filled: str) -> Order:
    return Order(
        order_id="6700",
        client_oid="b1f0c0de",
        symbol=Symbol("BTC-USDT"),
        venue=Venue.SPOT,
        side=Side.BUY,
        type=OrderType.LIMIT,
        price=Decimal(60000),
        size=Decimal(2),
        funds=None,
        filled_size=Decimal(filled),
        filled_funds=Decimal(filled) * 60000,
        fee=Decimal(0),
        fee_currency="USDT",
        active=active,
        cancelled=cancelled,
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("active", "cancelled", "filled", "status"),
    [
        (True, False, "0", OrderStatus.OPEN),
        (True, False, "1", OrderStatus.PARTIAL),
        (True, True, "1", OrderStatus.PARTIAL),
        (False, False, "2", OrderStatus.FILLED),
        (False, True, "1", OrderStatus.CANCELED),
        (False, True, "0", OrderStatus.CANCELED),
    ],
)
def test_an_order_is_what_the_exchange_says_of_it(
    active: bool, cancelled: bool, filled: str, status: OrderStatus
) -> None:
    assert _order(active=active, cancelled=cancelled, filled=filled).status is status


@pytest.mark.parametrize(("active", "status"), [(True, OrderStatus.PARKED), (False, OrderStatus.LAPSED)])
def test_a_stop_order_waits_or_does_not(active: bool, status: OrderStatus) -> None:
    stop = replace(_order(active=active, cancelled=not active, filled="0"), parked=True, trigger=Decimal(61000))
    assert stop.status is status


@pytest.mark.parametrize("status", OrderStatus)
def test_what_the_exchange_says_is_a_state_of_a_ticket(status: OrderStatus) -> None:
    assert TicketState(status.value) in AT_THE_EXCHANGE | GIVEN_UP | {TicketState.FILLED, TicketState.CANCELED}


def test_post_only_goes_with_an_order_that_waits_in_the_book() -> None:
    limit, market = _spec(OrderType.LIMIT, "1", None, "5"), _spec(OrderType.MARKET, "1", None, None)
    assert replace(limit, post_only=True).post_only
    for spec, more in (
        (market, {}),
        (limit, {"in_force": TimeInForce.IOC}),
        (limit, {"in_force": TimeInForce.FOK}),
        (limit, {"trigger": Decimal(4)}),
    ):
        with pytest.raises(ValueError, match="post-only"):
            replace(spec, post_only=True, **more)


def test_the_mark_of_a_stop_order_fits_into_a_remark() -> None:
    spec = replace(_spec(OrderType.LIMIT, "1", None, "5"), client_oid="cb" + "0123456789abcdef" * 2)
    assert (spec.mark, len(spec.mark)) == ("cb0123456789abcdef01", 20)


@pytest.mark.parametrize(("client_oid", "ours"), [("cb0123", True), ("app-1", False), ("", False), ("CB01", False)])
def test_an_order_is_ours_by_its_mark(client_oid: str, ours: bool) -> None:
    assert replace(_order(active=True, cancelled=False, filled="0"), client_oid=client_oid).ours is ours
