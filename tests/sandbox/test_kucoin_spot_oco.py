"""OCO orders: placed, listed, cancelled and woken as KuCoin's documents tell."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from chatbot.sandbox.exchange import Exchange
from chatbot.sandbox.faults import Fault
from tests.sandbox.kucoin_caller import Answer, World
from tests.sandbox.worlds import BTC, Json

ORDER, ORDERS, STOPS = "/spot/api/v3/oco/order", "/spot/api/v3/oco/orders", "/spot/api/v1/stop-order"


def place(world: World, **changes: object) -> Answer:
    body = {"clientOid": "pair", "symbol": BTC, "side": "sell", "size": "0.1"}
    return world.call(
        "POST",
        ORDER,
        body | {"price": "70000", "stopPrice": "60000", "limitPrice": "59900", "tradeType": "TRADE"} | changes,
    )


def placed(world: World, **changes: object) -> str:
    return str(place(world, **changes).data["orderId"])


def listed(world: World) -> list[Json]:
    rows: list[Json] = world.get(ORDERS)["items"]
    return rows


def test_a_pair_is_listed_under_its_own_id_and_its_legs_among_the_stop_orders() -> None:
    world = World()
    pair = placed(world)
    (row,) = listed(world)
    assert (row["orderId"], row["symbol"], row["clientOid"], row["status"]) == (pair, BTC, "pair", "NEW")
    legs = world.get(STOPS)["items"]
    assert [leg["stop"] for leg in legs] == ["oco", "oco"]
    assert [float(leg["price"]) for leg in legs] == [59_900, 70_000]
    assert [float(leg["stopPrice"]) for leg in legs] == [60_000, 70_000]
    assert pair not in [leg["id"] for leg in legs]


def test_only_its_own_cancel_ends_it_and_answers_with_the_legs() -> None:
    world = World()
    one, two = placed(world), placed(world, clientOid="two")
    legs = {leg["id"] for leg in world.get(STOPS)["items"]}
    assert world.call("DELETE", f"{STOPS}/cancel").data == {"cancelledOrderIds": []}
    assert world.call("DELETE", "/spot/api/v1/hf/orders/cancelAll").data["succeedSymbols"] == []
    first = world.call("DELETE", f"{ORDERS}?orderIds={one}").data["cancelledOrderIds"]
    assert [row["orderId"] for row in listed(world) if row["status"] == "NEW"] == [two]
    rest = world.call("DELETE", ORDERS).data["cancelledOrderIds"]
    assert ({*first, *rest}, len(first), len(rest)) == (legs, 2, 2)
    assert {row["status"] for row in listed(world)} == {"CANCELLED"}
    assert world.call("DELETE", ORDERS).data == {"cancelledOrderIds": []}


@pytest.mark.parametrize(("to", "price"), [("70010", "70000"), ("59990", "59900")])
def test_the_leg_that_the_market_reaches_goes_to_it_and_the_other_ends(to: str, price: str) -> None:
    world = World()
    placed(world)
    world.prices.move(BTC, Decimal(to))
    world.exchange.advance()
    assert listed(world)[0]["status"] == "TRIGGERED"
    assert world.get(STOPS)["items"] == []
    went = [o.request.price for o in world.exchange.orders.values() if o.request.stop is None]
    assert went == [Decimal(price)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"clientOid": ""}, "400100"),
        ({"clientOid": "no spaces"}, "400100"),
        ({"symbol": "NO-SUCH"}, "900001"),
        ({"side": "hold"}, "400100"),
        ({"tradeType": "MARGIN_TRADE"}, "400100"),
        ({"limitPrice": None}, "400100"),
        ({"size": "0.000000001"}, "400100"),
        ({"price": "70000.123456"}, "400100"),
        ({"price": "67000"}, "400100"),
        ({"stopPrice": "68000"}, "400100"),
        ({"side": "buy"}, "400100"),
    ],
)
def test_what_kucoin_would_refuse_is_refused_and_leaves_nothing(changes: dict[str, object], code: str) -> None:
    world = World()
    assert place(world, **changes).code == code
    assert (listed(world), list(world.exchange.orders)) == ([], [])


def test_a_client_oid_is_taken_while_its_pair_is_alive() -> None:
    world = World()
    placed(world)
    assert place(world).code == "102426"
    world.call("DELETE", ORDERS)
    assert place(world).code == "200000"


def test_pairs_outlive_a_restart_of_the_sandbox() -> None:
    world = World(visible_after=timedelta(0))
    pair = placed(world)
    again = Exchange(world.prices, world.clock)
    again.restore(json.loads(json.dumps(world.exchange.snapshot())))
    assert again.ocos == world.exchange.ocos
    assert list(again.ocos) == [pair]
    old = json.loads(json.dumps(world.exchange.snapshot()))
    del old["ocos"]
    older = Exchange(world.prices, world.clock)
    older.restore(old)
    assert dict(older.ocos) == {}


def test_a_cancel_may_be_promised_and_nothing_done() -> None:
    world = World()
    placed(world)
    stop = {"clientOid": "s", "symbol": BTC, "side": "sell", "type": "market", "size": "0.1", "stopPrice": "60000"}
    world.call("POST", STOPS, stop)
    order = world.place(type="limit", price="60000", size="0.01").data["orderId"]
    world.place_futures(clientOid="f", type="limit", price="66000", size=1)
    world.faults.switch(Fault.CANCEL_IGNORED, on=True)
    before = {id: o.active for id, o in world.exchange.orders.items()}
    for url in (
        ORDERS,
        f"{STOPS}/cancel",
        "/spot/api/v1/hf/orders/cancelAll",
        f"/spot/api/v1/hf/orders/{order}?symbol=BTC-USDT",
        "/futures/api/v3/orders?symbol=XBTUSDTM",
        "/futures/api/v1/stopOrders",
    ):
        assert world.call("DELETE", url).code == "200000"
    assert {id: o.active for id, o in world.exchange.orders.items()} == before
    assert all(before.values())
