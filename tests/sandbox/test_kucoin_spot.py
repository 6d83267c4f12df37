"""Spot over the wire: placing, looking up, cancelling, listing."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.sandbox.kucoin_caller import World
from tests.sandbox.worlds import BTC

ORDERS = "/spot/api/v1/hf/orders"


def limit(world: World, **change: object) -> str:
    answer = world.place(**({"price": "60000", "size": "0.01"} | change))
    assert answer.code == "200000", answer.body
    return str(answer.data["orderId"])


def test_an_order_is_found_by_both_its_ids_and_only_under_its_symbol() -> None:
    world = World()
    order_id = limit(world)
    assert world.get(f"{ORDERS}/{order_id}?symbol=BTC-USDT")["clientOid"] == "one"
    assert world.get(f"{ORDERS}/client-order/one?symbol=BTC-USDT")["id"] == order_id
    for url in (f"{ORDERS}/{order_id}?symbol=ETH-USDT", f"{ORDERS}/client-order/two?symbol=BTC-USDT"):
        answer = world.call("GET", url)
        assert (answer.status, answer.code) == (200, "400100")
    assert world.call("GET", f"{ORDERS}/{order_id}").code == "400100"


def test_an_accepted_order_cannot_be_looked_up_at_once() -> None:
    world = World(visible_after=timedelta(seconds=2))
    order_id = limit(world)
    assert world.call("GET", f"{ORDERS}/{order_id}?symbol=BTC-USDT").code == "400100"
    assert world.get(f"{ORDERS}/active?symbol=BTC-USDT") == []
    world.clock.advance(2)
    assert world.get(f"{ORDERS}/{order_id}?symbol=BTC-USDT")["active"] is True


def test_an_order_not_shown_yet_can_be_cancelled() -> None:
    world = World(visible_after=timedelta(seconds=60))
    assert world.call("DELETE", f"{ORDERS}/{limit(world)}?symbol=BTC-USDT").code == "200000"
    limit(world)
    assert world.call("DELETE", f"{ORDERS}/cancelAll").data["succeedSymbols"] == ["BTC-USDT"]


def test_a_market_order_by_funds_tells_its_fills() -> None:
    world = World()
    sync = world.call(
        "POST",
        f"{ORDERS}/sync",
        {"clientOid": "one", "symbol": BTC, "side": "buy", "type": "market", "funds": "9000"},
    ).data
    assert sync["status"] == "done"
    fills = world.get(f"/spot/api/v1/hf/fills?symbol=BTC-USDT&orderId={sync['orderId']}")["items"]
    assert len(fills) == 2
    assert sum(Decimal(each["size"]) for each in fills) == Decimal(sync["dealSize"])
    order = world.get(f"{ORDERS}/{sync['orderId']}?symbol=BTC-USDT")
    assert sum(Decimal(each["funds"]) for each in fills) == Decimal(order["dealFunds"])
    assert (order["active"], order["cancelExist"]) == (False, False)


def test_a_partial_fill_then_a_cancel_keeps_the_part() -> None:
    world = World()
    order_id = limit(world, side="sell", price="70000", size="0.9")
    world.prices.move(BTC, Decimal(70_010))
    partly = world.get(f"{ORDERS}/{order_id}?symbol=BTC-USDT")
    assert partly["active"] is True
    assert 0 < Decimal(partly["dealSize"]) < Decimal("0.9")
    outcome = world.call("DELETE", f"{ORDERS}/sync/{order_id}?symbol=BTC-USDT").data
    assert outcome["status"] == "done"
    assert Decimal(outcome["dealSize"]) + Decimal(outcome["canceledSize"]) == Decimal("0.9")
    done = world.get(f"{ORDERS}/{order_id}?symbol=BTC-USDT")
    assert done["cancelExist"] is True
    assert Decimal(done["cancelledSize"]) == Decimal(outcome["canceledSize"])


@pytest.mark.parametrize("path", ["{id}", "client-order/one", "sync/{id}", "sync/client-order/one"])
def test_each_way_to_cancel_cancels_once(path: str) -> None:
    world = World()
    url = f"{ORDERS}/{path.format(id=limit(world))}?symbol=BTC-USDT"
    assert world.call("DELETE", url).code == "200000"
    again = world.call("DELETE", url)
    assert (again.status, again.code) == (200, "400100")
    assert again.body["msg"] == "order_not_exist_or_not_allow_to_cancel"


def test_cancelling_by_symbol_says_success_and_leaves_other_symbols_and_stop_orders() -> None:
    world = World()
    limit(world)
    limit(world, clientOid="eth", symbol="ETH-USDT", price="2000")
    stop = {"clientOid": "stop", "symbol": BTC, "side": "sell", "type": "market", "size": "0.1", "stopPrice": "60000"}
    stop_id = world.call("POST", "/spot/api/v1/stop-order", stop).data["orderId"]
    assert stop_id.startswith("vs")
    assert world.call("DELETE", f"{ORDERS}?symbol=BTC-USDT").data == "success"
    assert world.get(f"{ORDERS}/active/symbols") == {"symbols": ["ETH-USDT"]}
    assert [row["id"] for row in world.get("/spot/api/v1/stop-order")["items"]] == [stop_id]
    assert world.call("DELETE", "/spot/api/v1/stop-order/cancel").data == {"cancelledOrderIds": [stop_id]}
    assert world.get("/spot/api/v1/stop-order")["totalNum"] == 0


def test_a_stop_order_is_found_by_its_client_oid_while_it_waits_and_when_it_fired() -> None:
    world = World()
    by_oid = "/spot/api/v1/stop-order/queryOrderByClientOid?symbol=BTC-USDT&clientOid="
    stop = {"symbol": BTC, "side": "sell", "type": "market", "size": "0.1", "stopPrice": "60000"}
    ids = {
        oid: world.call("POST", "/spot/api/v1/stop-order", {"clientOid": oid, **stop}).data["orderId"]
        for oid in ("one", "two")
    }
    assert [(row["id"], row["status"]) for row in world.get(f"{by_oid}one")] == [(ids["one"], "NEW")]
    assert world.get(f"{by_oid}none") == []
    assert world.get("/spot/api/v1/stop-order/queryOrderByClientOid?symbol=ETH-USDT&clientOid=one") == []
    cancelled = world.call("DELETE", f"/spot/api/v1/stop-order/cancel?symbol=BTC-USDT&orderIds={ids['two']}")
    assert cancelled.data == {"cancelledOrderIds": [ids["two"]]}
    assert world.get(f"{by_oid}two") == []
    world.prices.move(BTC, Decimal(59_990))
    world.exchange.advance()
    assert [row["status"] for row in world.get(f"{by_oid}one")] == ["TRIGGERED"]
    became = world.get(f"{ORDERS}/client-order/one?symbol=BTC-USDT")
    assert (became["clientOid"], became["active"], became["id"] != ids["one"]) == ("one", False, True)


def test_open_orders_are_listed_by_symbol_and_page() -> None:
    world = World()
    ids = [limit(world, clientOid=f"o{n}", price=str(60_000 + n)) for n in range(5)]
    assert [row["id"] for row in world.get(f"{ORDERS}/active?symbol=BTC-USDT")] == ids
    page = world.get(f"{ORDERS}/active/page?symbol=BTC-USDT&pageNum=2&pageSize=2")
    assert [row["id"] for row in page["items"]] == ids[2:4]
    assert (page["totalNum"], page["totalPage"]) == (5, 3)


def test_done_orders_and_fills_are_paged_backwards_by_the_last_id() -> None:
    world = World()
    for n in range(5):
        world.place(clientOid=f"o{n}", type="market", funds="20")
        world.clock.advance(1)
    for url in (f"{ORDERS}/done", "/spot/api/v1/hf/fills"):
        seen: list[str] = []
        last = ""
        while rows := world.get(f"{url}?symbol=BTC-USDT&limit=2{last}")["items"]:
            seen += [str(row["createdAt"]) for row in rows]
            last = f"&lastId={world.get(f'{url}?symbol=BTC-USDT&limit=2{last}')['lastId']}"
        assert len(seen) == 5
        assert seen == sorted(seen, reverse=True)


def test_done_orders_can_be_narrowed() -> None:
    world = World()
    world.place(clientOid="buy", type="market", funds="20")
    world.clock.advance(60)
    world.place(clientOid="sell", side="sell", type="market", size="0.001")
    url = f"{ORDERS}/done?symbol=BTC-USDT"
    assert [row["clientOid"] for row in world.get(f"{url}&side=sell")["items"]] == ["sell"]
    assert world.get(f"{url}&type=limit")["items"] == []
    end = int(world.clock().timestamp() * 1000) - 1000
    assert [row["clientOid"] for row in world.get(f"{url}&endAt={end}")["items"]] == ["buy"]


def test_a_test_order_is_judged_but_never_placed() -> None:
    world = World()
    body = {"clientOid": "t", "symbol": BTC, "side": "buy", "type": "limit", "price": "60000", "size": "0.01"}
    assert world.call("POST", f"{ORDERS}/test", body).data["clientOid"] == "t"
    assert world.call("POST", f"{ORDERS}/test", body | {"price": "60000.05"}).code == "400100"
    assert not world.exchange.orders


def test_the_dead_mans_switch_is_told_in_seconds_and_null_when_unset() -> None:
    world = World()
    url = f"{ORDERS}/dead-cancel-all"
    assert world.get(f"{url}/query") is None
    now = int(world.clock().timestamp())
    armed = world.call("POST", url, {"timeout": 60, "symbols": "BTC-USDT,ETH-USDT"}).data
    assert armed == {"currentTime": now, "triggerTime": now + 60}
    assert world.get(f"{url}/query")["symbols"] == "BTC-USDT,ETH-USDT"
    assert world.call("POST", url, {"timeout": 4}).code == "400100"
    assert world.call("POST", url, {"timeout": -1}).code == "200000"
    assert world.get(f"{url}/query") is None


def test_every_order_post_is_counted_even_when_refused() -> None:
    world = World()
    limit(world)
    assert world.place(price="60000", size="0.01").code == "102426"
    assert world.exchange.posts == ["one", "one"]


@pytest.mark.parametrize(
    "change",
    [{"side": "hold"}, {"type": "stop"}, {"price": "NaN"}, {"size": True}, {"timeInForce": "X"}, {"symbol": 7}],
)
def test_what_is_no_order_is_refused(change: dict[str, object]) -> None:
    answer = World().place(**({"price": "60000", "size": "0.01"} | change))
    assert (answer.status, answer.code) == (200, "400100")


def test_unknown_symbols() -> None:
    world = World()
    assert world.get("/spot/api/v1/market/orderbook/level1?symbol=NOPE-USDT") is None
    assert world.get("/spot/api/v1/market/orderbook/level2_20?symbol=NOPE-USDT") is None
    assert world.call("GET", "/spot/api/v1/market/stats?symbol=NOPE-USDT").code == "900001"
    assert world.call("GET", "/spot/api/v2/symbols/NOPE-USDT").code == "900001"
    assert world.call("GET", "/spot/api/v1/market/candles?symbol=NOPE-USDT&type=1min").code == "400100"


def test_candles_come_newest_first_and_no_more_than_asked_for() -> None:
    world = World(volatility=1.0)
    end = int(world.clock().timestamp())
    url = f"/spot/api/v1/market/candles?symbol=BTC-USDT&type=1min&startAt={end - 600}&endAt={end}"
    rows = world.get(url)
    assert [int(row[0]) for row in rows] == [end - 60 * n for n in range(11)]
    _, opened, closed, high, low, *_ = map(Decimal, rows[5])
    assert low <= min(opened, closed) <= max(opened, closed) <= high
    assert rows[5][2] == rows[4][1]
    assert len(world.get(f"/spot/api/v1/market/candles?symbol=BTC-USDT&type=1min&startAt=1&endAt={end}")) == 1500


def test_an_account_is_found_by_its_id() -> None:
    world = World()
    for row in world.get("/spot/api/v1/accounts"):
        detail = world.get(f"/spot/api/v1/accounts/{row['id']}")
        assert detail == {name: row[name] for name in ("currency", "balance", "available", "holds")}
    assert [row["type"] for row in world.get("/spot/api/v1/accounts?currency=USDT&type=main")] == ["main"]


def test_the_account_mode_can_be_unified() -> None:
    world = World()
    assert world.get("/spot/api/ua/v1/account/mode")["selfAccountMode"] == "CLASSIC"
    world.exchange.unified = True
    assert world.get("/spot/api/ua/v1/account/mode")["selfAccountMode"] == "UNIFIED"


def test_fiat_prices_are_those_of_the_base_and_an_unknown_base_has_none() -> None:
    prices = "/spot/api/v1/prices?currencies=USDT,BTC"
    world = World()
    dollars, euros = world.get(prices), world.get(f"{prices}&base=EUR")
    assert dollars["USDT"] == "0.9995"
    assert euros["USDT"] == "0.92"
    assert Decimal(euros["BTC"]) / Decimal(euros["USDT"]) == Decimal("67412.3")
    assert sorted(euros) == ["BTC", "USDT"]
    assert world.get(f"{prices}&base=XYZ") == {}
