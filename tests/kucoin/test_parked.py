"""What rests in each place, against the sandbox's KuCoin, and answers of other shapes."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from chatbot.core.errors import OutcomeUnknown, Unavailable, UnknownOrder
from chatbot.core.exchange import AtRest, Resting
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import Order, OrderStatus, OrderType, Side
from chatbot.kucoin.orders import Orders
from chatbot.kucoin.rest import Rest
from chatbot.sandbox.oco import OcoRequest
from tests.kucoin.test_against_sandbox import bot_of
from tests.sandbox.kucoin_caller import World

BTC, PERP = Symbol("BTC-USDT"), Symbol("XBTUSDTM")
PAGE = '{{"code":"200000","data":{{"currentPage":1,"pageSize":500,"totalNum":1,"totalPage":1,"items":[{}]}}}}'


def test_an_order_is_found_in_the_place_where_it_rests() -> None:
    world = World()
    stop = {
        "clientOid": "cb-mine",
        "symbol": BTC,
        "side": "sell",
        "type": "market",
        "size": "0.1",
        "stopPrice": "60000",
    }
    stop_id = world.call("POST", "/spot/api/v1/stop-order", stop).data["orderId"]
    order_id = world.place(clientOid="cb1", type="limit", price="60000", size="0.01").data["orderId"]
    futures_id = world.place_futures(clientOid="f", type="limit", price="66000", size=1).data["orderId"]
    trigger = {"stop": "down", "stopPrice": "60000", "stopPriceType": "MP"}
    trap_id = world.place_futures(clientOid="t", side="sell", size=2, **trigger).data["orderId"]
    pair = world.exchange.place_oco(
        OcoRequest(
            client_oid="pair",
            symbol=BTC,
            side=Side.SELL,
            size=Decimal("0.1"),
            price=Decimal(70_000),
            stop_price=Decimal(60_000),
            limit_price=Decimal(59_900),
        )
    )
    orders = bot_of(world).orders
    found = {place: asyncio.run(orders.resting(place)) for place in Resting}
    assert found[Resting.SPOT_ORDERS] == (
        AtRest(
            place=Resting.SPOT_ORDERS,
            order_id=order_id,
            client_oid="cb1",
            symbol=BTC,
            side=Side.BUY,
            size=Decimal("0.01"),
            price=Decimal(60_000),
        ),
    )
    stops = {each.order_id: each for each in found[Resting.SPOT_STOPS]}
    assert stops.keys() == {stop_id, *pair.legs}
    assert stops[stop_id] == AtRest(
        place=Resting.SPOT_STOPS,
        order_id=stop_id,
        client_oid="cb-mine",
        symbol=BTC,
        side=Side.SELL,
        size=Decimal("0.1"),
        trigger=Decimal(60_000),
    )
    assert found[Resting.SPOT_OCOS] == (
        AtRest(place=Resting.SPOT_OCOS, order_id=pair.id, client_oid="pair", symbol=BTC),
    )
    assert [each.order_id for each in found[Resting.FUTURES_ORDERS]] == [futures_id]
    (trap,) = found[Resting.FUTURES_STOPS]
    assert (trap.order_id, trap.symbol, trap.size, trap.trigger) == (trap_id, PERP, Decimal(2), Decimal(60_000))
    assert [stops[stop_id].external, trap.external, found[Resting.SPOT_OCOS][0].external] == [False, True, True]


@pytest.mark.parametrize(
    ("status", "rests"),
    [("NEW", True), ("new", True), ("DONE", False), ("TRIGGERED", False), ("CANCELLED", False), ("CANCELED", False),
     ("FROZEN", True), ("", True)],
)  # fmt: skip
def test_an_oco_order_rests_until_it_is_known_to_be_over(served: Callable[..., Rest], status: str, rests: bool) -> None:
    row = f'{{"orderId":"1","symbol":"BTC-USDT","clientOid":"x","orderTime":1733049594803,"status":"{status}"}}'
    orders = Orders(served({"GET /api/v3/oco/orders": PAGE.format(row)}), served({}, Venue.FUTURES))
    assert bool(asyncio.run(orders.resting(Resting.SPOT_OCOS))) is rests


@pytest.mark.parametrize("row", ["{}", "7", '{"id":"1","symbol":"BTC-USDT","side":"hold"}'])
@pytest.mark.parametrize("place", [Resting.SPOT_STOPS, Resting.SPOT_OCOS])
def test_a_row_that_cannot_be_read_is_not_left_out(served: Callable[..., Rest], place: Resting, row: str) -> None:
    said = PAGE.format(row)
    spot = served({"GET /api/v1/stop-order": said, "GET /api/v3/oco/orders": said})
    with pytest.raises(Unavailable):
        asyncio.run(Orders(spot, served({}, Venue.FUTURES)).resting(place))


def test_places_without_anything_may_answer_null(served: Callable[..., Rest]) -> None:
    null = '{"code":"200000","data":null}'
    spot = served({"GET /api/v1/stop-order": null, "GET /api/v3/oco/orders": null})
    orders = Orders(spot, served({"GET /api/v1/stopOrders": null}, Venue.FUTURES))
    for place in (Resting.SPOT_STOPS, Resting.SPOT_OCOS, Resting.FUTURES_STOPS):
        assert asyncio.run(orders.resting(place)) == ()


ROW = (
    '{{"id":"vs1","clientOid":"cb1","symbol":"BTC-USDT","side":"sell","type":"limit","status":"{}","stop":"{}",'
    '"price":"59900.00000000000000000000","size":"0.01000000000000000000","funds":null,"remark":"cb1",'
    '"stopPrice":"60000.00000000000000000000","createdAt":1740626554884,"userId":"u","timeInForce":"GTC"}}'
)
BY_OID = "GET /api/v1/stop-order/queryOrderByClientOid"
CANCEL = "DELETE /api/v1/stop-order/cancel"


def answered(served: Callable[..., Rest], route: str, data: str, seen: list[httpx.Request] | None = None) -> Orders:
    said = f'{{"code":"200000","data":{data}}}'
    return Orders(served({route: said}, Venue.SPOT, seen), served({}, Venue.FUTURES))


@pytest.mark.parametrize(
    ("status", "waits", "cancelled"),
    [("NEW", True, False), ("new", True, False), ("TRIGGERED", False, False), ("CANCELLED", False, True),
     ("CANCELED", False, True), ("CANCEL", False, True), ("FROZEN", False, False)],
)  # fmt: skip
@pytest.mark.parametrize("shape", ["[{}]", "{}"])
def test_a_stop_order_found_by_our_id_surely_waits_or_does_not(
    served: Callable[..., Rest], status: str, waits: bool, cancelled: bool, shape: str
) -> None:
    orders = answered(served, BY_OID, shape.format(ROW.format(status, "loss")))
    found = asyncio.run(orders.find_stop("cb1", BTC))
    assert (found.active, found.cancelled, found.parked) == (waits, cancelled, True)
    assert found.status is (OrderStatus.PARKED if waits else OrderStatus.LAPSED)
    assert (found.order_id, found.client_oid, found.symbol, found.side) == ("vs1", "cb1", BTC, Side.SELL)
    assert (found.price, found.size, found.funds, found.trigger) == (
        Decimal(59_900), Decimal("0.01"), None, Decimal(60_000),
    )  # fmt: skip
    assert found.remark == "cb1"


@pytest.mark.parametrize("data", ["[]", "null", f"[{ROW.format('NEW', 'loss').replace('cb1', 'cb2')}]"])
def test_a_stop_order_that_is_not_there_is_unknown(served: Callable[..., Rest], data: str) -> None:
    with pytest.raises(UnknownOrder):
        asyncio.run(answered(served, BY_OID, data).find_stop("cb1", BTC))


def test_of_two_rows_under_one_id_the_one_that_waits_counts(served: Callable[..., Rest]) -> None:
    rows = f"[{ROW.format('NEW', 'loss')},{ROW.format('CANCELLED', 'loss')}]"
    assert asyncio.run(answered(served, BY_OID, rows).find_stop("cb1", BTC)).active


@pytest.mark.parametrize(
    ("status", "kind", "listed"),
    [("NEW", "loss", True), ("NEW", "entry", True), ("NEW", "oco", False), ("FROZEN", "loss", True),
     ("TRIGGERED", "loss", False), ("CANCELLED", "loss", False), ("NEW", "", True)],
)  # fmt: skip
def test_what_stands_in_the_list_waits_unless_it_is_known_to_be_over(
    served: Callable[..., Rest], status: str, kind: str, listed: bool
) -> None:
    spot = served({"GET /api/v1/stop-order": PAGE.format(ROW.format(status, kind))})
    found = asyncio.run(Orders(spot, served({}, Venue.FUTURES)).stop_orders())
    assert [each.active for each in found] == ([True] if listed else [])


def waiting() -> Order:
    return Order(
        order_id="vs1", client_oid="cb1", symbol=BTC, venue=Venue.SPOT, side=Side.SELL, type=OrderType.MARKET,
        price=None, size=Decimal(1), funds=None, filled_size=Decimal(0), filled_funds=Decimal(0), fee=Decimal(0),
        fee_currency="", active=True, cancelled=False, created_at=datetime(2026, 3, 1, tzinfo=UTC), parked=True,
        trigger=Decimal(60_000),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("data", "named"), [('{"cancelledOrderIds":["vs1"]}', True), ('{"cancelledOrderIds":[]}', False), ("null", False)]
)
def test_one_stop_order_is_cancelled_and_no_other(served: Callable[..., Rest], data: str, named: bool) -> None:
    seen: list[httpx.Request] = []
    assert asyncio.run(answered(served, CANCEL, data, seen).take_out(waiting())) is named
    assert dict(seen[0].url.params) == {"symbol": "BTC-USDT", "orderIds": "vs1"}


def test_without_its_id_no_stop_order_is_cancelled(served: Callable[..., Rest]) -> None:
    seen: list[httpx.Request] = []
    with pytest.raises(ValueError, match="cancel all"):
        asyncio.run(answered(served, CANCEL, "null", seen).take_out(replace(waiting(), order_id="")))
    assert seen == []


def test_a_cancel_whose_answer_makes_no_sense_may_have_been_done(served: Callable[..., Rest]) -> None:
    with pytest.raises(OutcomeUnknown):
        asyncio.run(answered(served, CANCEL, '{"cancelled":1}').take_out(waiting()))


def test_an_ordinary_order_is_taken_out_of_the_book(served: Callable[..., Rest]) -> None:
    orders = answered(served, "DELETE /api/v1/hf/orders/vs1", '{"orderId":"vs1"}')
    assert asyncio.run(orders.take_out(replace(waiting(), parked=False)))
