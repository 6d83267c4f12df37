"""Futures over the wire: contracts, funding, positions, orders."""

from datetime import timedelta
from decimal import Decimal

import pytest

from chatbot.core.market import Symbol
from tests.sandbox.kucoin_caller import World
from tests.sandbox.worlds import PERP

ORDERS = "/futures/api/v1/orders"


def test_the_time_to_the_next_settlement_is_what_remains_and_not_a_moment() -> None:
    world = World()
    world.clock.advance(3600)
    for row in world.ask("GET", "/futures/api/v1/contracts/active").data:
        now = int(world.clock().timestamp() * 1000)
        assert 0 <= row["nextFundingRateTime"] <= row["fundingRateGranularity"]
        assert row["nextFundingRateDateTime"] == now + row["nextFundingRateTime"]


def test_the_multiplier_of_an_inverse_contract_is_negative() -> None:
    row = World().ask("GET", "/futures/api/v1/contracts/XBTUSDM").data
    assert (row["isInverse"], row["multiplier"], row["settleCurrency"]) == (True, -1, "XBT")


def test_the_predicted_rate_is_left_out_where_it_is_not_told() -> None:
    world = World()
    told = world.ask("GET", "/futures/api/v1/funding-rate/XBTUSDTM/current").data
    assert told["symbol"] == ".XBTUSDTMFPI8H"
    assert told["fundingTime"] - told["timePoint"] == told["granularity"] == 28_800_000
    assert "predictedValue" in told
    assert "predictedValue" not in world.ask("GET", "/futures/api/v1/funding-rate/ETHUSDTM/current").data
    assert world.ask("GET", "/futures/api/v1/contracts/ETHUSDTM").data["predictedFundingFeeRate"] is None
    assert world.ask("GET", "/futures/api/v1/funding-rate/NOPEUSDTM/current").data is None


def test_the_rate_history_is_newest_first_and_agrees_with_what_was_current() -> None:
    world = World()
    current = world.ask("GET", "/futures/api/v1/funding-rate/XBTUSDTM/current").data
    world.clock.advance(8 * 3600)
    now = int(world.clock().timestamp() * 1000)
    url = f"/futures/api/v1/contract/funding-rates?symbol=XBTUSDTM&from={now - 3 * 86_400_000}&to={now}"
    rows = world.ask("GET", url).data
    assert len(rows) == 9
    assert rows[0] == {"symbol": PERP, "fundingRate": current["value"], "timepoint": current["fundingTime"]}


def test_the_account_overview_is_in_xbt_unless_asked_otherwise() -> None:
    world = World()
    assert world.get("/futures/api/v1/account-overview")["currency"] == "XBT"
    assert world.get("/futures/api/v1/account-overview?currency=USDT")["accountEquity"] == 5_000


def test_a_position_is_told_with_sign_entry_mark_and_liquidation_price() -> None:
    world = World()
    assert world.call("GET", "/futures/api/v1/position?symbol=XBTUSDTM").body == {
        "code": "200000",
        "msg": "Position does not exist",
    }
    world.place_futures(side="sell", size=10)
    row = world.get("/futures/api/v1/position?symbol=XBTUSDTM")
    assert (row["currentQty"], row["isOpen"], row["leverage"]) == (-10, True, 5)
    assert row["avgEntryPrice"] < row["liquidationPrice"] < row["bankruptPrice"]
    assert row["unrealisedPnl"] == (row["avgEntryPrice"] - row["markPrice"]) * Decimal("0.01")
    assert world.get("/futures/api/v2/position?symbol=XBTUSDTM") == [row]
    assert world.get("/futures/api/v1/positions?currency=XBT") == []
    overview = world.get("/futures/api/v1/account-overview?currency=USDT")
    assert overview["positionMargin"] == row["posMargin"]
    assert overview["accountEquity"] == overview["marginBalance"] + row["unrealisedPnl"]


def test_funding_paid_is_told_with_its_sign() -> None:
    world = World()
    world.place_futures(size=10)
    world.clock.advance(24 * 3600)
    answer = world.get("/futures/api/v1/funding-history?symbol=XBTUSDTM&maxCount=2")
    assert answer["hasMore"] is True
    assert [row["positionQty"] for row in answer["dataList"]] == [10, 10]
    assert all(row["funding"] < 0 < row["fundingRate"] for row in answer["dataList"])
    assert answer["dataList"][0]["timePoint"] > answer["dataList"][1]["timePoint"]
    assert world.get("/futures/api/v1/funding-history?symbol=ETHUSDTM")["dataList"] == []


def test_a_shorter_interval_is_told_everywhere() -> None:
    world = World()
    for hours in (4, 1):
        world.prices.set_interval(PERP, timedelta(hours=hours))
        row = world.ask("GET", "/futures/api/v1/contracts/XBTUSDTM").data
        current = world.ask("GET", "/futures/api/v1/funding-rate/XBTUSDTM/current").data
        assert row["fundingRateGranularity"] == current["granularity"] == hours * 3_600_000


def test_sizes_may_be_lots_coins_or_value() -> None:
    world = World()
    sizes: list[dict[str, object]] = [{"size": 3}, {"qty": "0.003"}, {"valueQty": "210"}]
    for n, size in enumerate(sizes):
        order_id = world.place_futures(clientOid=f"o{n}", **size).data["orderId"]
        assert world.get(f"{ORDERS}/{order_id}")["size"] == 3
    assert world.place_futures(size=3, qty="0.003").code == "100001"
    assert world.place_futures().code == "100001"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"marginMode": "CROSS"}, "330005"),
        ({"positionSide": "LONG"}, "330011"),
        ({"clientOid": ""}, "100001"),
        ({"timeInForce": "FOK"}, "100001"),
        ({"side": ""}, "100001"),
        ({"leverage": 200}, "300016"),
        ({"symbol": "NOPEUSDTM"}, "200003"),
        ({"stop": "up"}, "100001"),
        ({"size": 5_000}, "300003"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_status_200(change: dict[str, object], code: str) -> None:
    world = World()
    answer = world.place_futures(**({"size": 1} | change))
    assert (answer.status, answer.code) == (200, code)
    assert not world.exchange.orders


def test_an_order_is_found_by_both_its_ids_listed_and_cancelled() -> None:
    world = World()
    order_id = world.place_futures(type="limit", price="66000", size=2).data["orderId"]
    assert world.get(f"{ORDERS}/{order_id}")["status"] == "open"
    assert world.get(f"{ORDERS}/byClientOid?clientOid=one")["id"] == order_id
    assert [row["id"] for row in world.get(f"{ORDERS}?status=active")["items"]] == [order_id]
    assert world.get(ORDERS)["items"] == []
    statistics = world.get("/futures/api/v1/openOrderStatistics?symbol=XBTUSDTM")
    assert (statistics["openOrderBuySize"], statistics["openOrderBuyCost"]) == (2, "132")
    assert world.call("DELETE", f"{ORDERS}/client-order/one?symbol=XBTUSDTM").data == {"clientOid": "one"}
    assert world.call("DELETE", f"{ORDERS}/{order_id}").code == "100004"
    assert world.call("GET", f"{ORDERS}/byClientOid?clientOid=two").code == "100001"
    assert [row["id"] for row in world.get("/futures/api/v1/recentDoneOrders")] == [order_id]


def test_cancelling_all_of_a_symbol_leaves_stop_orders_which_have_their_own_call() -> None:
    world = World()
    limit_id = world.place_futures(type="limit", price="66000", size=2).data["orderId"]
    stop: dict[str, object] = {"stop": "down", "stopPrice": "60000", "stopPriceType": "MP", "size": 1, "side": "sell"}
    stop_id = world.place_futures(clientOid="stop", **stop).data["orderId"]
    assert world.call("DELETE", "/futures/api/v3/orders?symbol=XBTUSDTM").data == {"cancelledOrderIds": [limit_id]}
    assert world.call("DELETE", "/futures/api/v3/orders").code == "400100"
    assert [row["id"] for row in world.get("/futures/api/v1/stopOrders")["items"]] == [stop_id]
    assert world.call("DELETE", "/futures/api/v1/stopOrders").data == {"cancelledOrderIds": [stop_id]}


def test_closing_a_position_needs_no_side_and_no_size() -> None:
    world = World()
    world.place_futures(size=10)
    body = {"clientOid": "close", "symbol": PERP, "type": "market", "closeOrder": True}
    order_id = world.call("POST", ORDERS, body).data["orderId"]
    order = world.get(f"{ORDERS}/{order_id}")
    assert (order["side"], order["size"], order["closeOrder"]) == ("sell", 10, True)
    assert world.get("/futures/api/v1/positions") == []
    fill = world.get(f"/futures/api/v1/fills?orderId={order_id}")["items"][0]
    assert (fill["openFeePay"], fill["closeFeePay"]) == ("0", fill["fee"])


def test_klines_are_oldest_first_and_high_before_low_before_close() -> None:
    world = World(volatility=1.0)
    now = int(world.clock().timestamp() * 1000)
    url = f"/futures/api/v1/kline/query?symbol=XBTUSDTM&granularity=1&from={now - 600_000}&to={now}"
    rows = world.ask("GET", url).data
    assert [row[0] for row in rows] == [now - 60_000 * n for n in range(10, -1, -1)]
    _, opened, high, low, closed, _ = rows[5]
    assert low <= min(opened, closed) <= max(opened, closed) <= high
    assert rows[6][1] == closed


def test_mark_and_index_stay_near_the_last_price() -> None:
    world = World()
    for symbol in (PERP, Symbol("1000BONKUSDTM")):
        mark = world.ask("GET", f"/futures/api/v1/mark-price/{symbol}/current").data
        last = Decimal(world.ask("GET", f"/futures/api/v1/ticker?symbol={symbol}").data["price"])
        assert abs(mark["value"] / last - 1) < Decimal("0.001")
        assert abs(mark["indexPrice"] / last - 1) < Decimal("0.001")
