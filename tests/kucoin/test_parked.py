"""What rests in each place, against the sandbox's KuCoin, and answers of other shapes."""

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest

from chatbot.core.errors import Unavailable
from chatbot.core.exchange import AtRest, Resting
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import Side
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
