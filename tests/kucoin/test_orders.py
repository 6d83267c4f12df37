import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from chatbot.core.account import Position
from chatbot.core.errors import OutcomeUnknown, Rejected, Unavailable, UnknownOrder
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import Order, OrderSpec, OrderStatus, OrderType, Side, TimeInForce
from chatbot.core.times import Now, to_millis
from chatbot.kucoin.orders import Orders
from chatbot.kucoin.rest import Rest

SOL, XBT = Symbol("SOL-USDT"), Symbol("XBTUSDTM")
SPOT_ID, FUTURES_ID = "69aa00000000000000000001", "300000000000000001"
SPOT_OID = "t418aaaabbbbccccddddeeeeffff0001"

SPOT = {
    "POST /api/v1/hf/orders": "spot-placed",
    f"GET /api/v1/hf/orders/{SPOT_ID}": "spot-order",
    f"GET /api/v1/hf/orders/client-order/{SPOT_OID}": "spot-order",
    "GET /api/v1/hf/orders/client-order/t419": "spot-order-market-filled",
    "GET /api/v1/hf/orders/active/symbols": "spot-open-symbols",
    "GET /api/v1/hf/orders/active": "spot-open",
    "GET /api/v1/hf/orders/done": "spot-done",
    "GET /api/v1/hf/fills": "spot-fills",
    f"DELETE /api/v1/hf/orders/{SPOT_ID}": "spot-cancelled",
}
FUTURES = {
    "POST /api/v1/orders": "spot-placed",
    f"GET /api/v1/orders/{FUTURES_ID}": "futures-order",
    "GET /api/v1/orders/byClientOid": "futures-order",
    "GET /api/v1/orders": "futures-orders",
    "GET /api/v1/fills": "futures-fills",
    "GET /api/v1/recentFills": "futures-recent-fills",
    f"DELETE /api/v1/orders/{FUTURES_ID}": "cancelled-ids",
}


@pytest.fixture
def seen() -> list[httpx.Request]:
    return []


@pytest.fixture
def orders(served: Callable[..., Rest], seen: list[httpx.Request]) -> Orders:
    return Orders(served(SPOT, Venue.SPOT, seen), served(FUTURES, Venue.FUTURES, seen))


def answering(served: Callable[..., Rest], route: str, said: str) -> Orders:
    return Orders(served({route: said}), served({route: said}, Venue.FUTURES))


def limit(venue: Venue = Venue.SPOT, *, size: str = "2.50", price: str = "140.500") -> OrderSpec:
    return OrderSpec(
        client_oid="t418",
        symbol=SOL if venue is Venue.SPOT else XBT,
        venue=venue,
        side=Side.BUY,
        type=OrderType.LIMIT,
        size=Decimal(size),
        funds=None,
        price=Decimal(price),
    )


def market(*, size: Decimal | None = None, funds: Decimal | None = None) -> OrderSpec:
    return OrderSpec(
        client_oid="t419",
        symbol=SOL,
        venue=Venue.SPOT,
        side=Side.SELL,
        type=OrderType.MARKET,
        size=size,
        funds=funds,
        price=None,
    )


def test_a_limit_order_carries_what_the_card_showed_and_a_window_bound_to_its_stamp(
    orders: Orders, seen: list[httpx.Request], now: Now
) -> None:
    assert asyncio.run(orders.place(limit())) == SPOT_ID
    assert json.loads(seen[0].content) == {
        "clientOid": "t418",
        "side": "buy",
        "symbol": "SOL-USDT",
        "type": "limit",
        "size": "2.5",
        "price": "140.5",
        "clientTimestamp": int(seen[0].headers["KC-API-TIMESTAMP"]),
        "allowMaxTimeWindow": 3000,
    }
    assert seen[0].content.isascii()
    assert b" " not in seen[0].content


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"in_force": TimeInForce.IOC}, {"timeInForce": "IOC"}),
        ({"in_force": TimeInForce.FOK}, {"timeInForce": "FOK"}),
        ({"post_only": True}, {"postOnly": True}),
        ({}, {}),
    ],
)
def test_how_an_order_may_trade_goes_along(
    orders: Orders, seen: list[httpx.Request], changes: dict[str, Any], fields: dict[str, object]
) -> None:
    asyncio.run(orders.place(replace(limit(), **changes)))
    body = json.loads(seen[0].content)
    assert {name: body[name] for name in ("timeInForce", "postOnly") if name in body} == fields
    assert "stopPrice" not in body


@pytest.mark.parametrize(("side", "waits_for"), [(Side.SELL, "loss"), (Side.BUY, "entry")])
@pytest.mark.parametrize("kind", ["limit", "market"])
def test_a_stop_order_goes_to_its_own_place_and_says_which_way_it_waits(
    served: Callable[..., Rest], side: Side, waits_for: str, kind: str
) -> None:
    seen: list[httpx.Request] = []
    said = '{"code":"200000","data":{"orderId":"vs1"}}'
    spot = served({"POST /api/v1/stop-order": said}, Venue.SPOT, seen)
    spec = limit() if kind == "limit" else market(size=Decimal("2.5"))
    spec = replace(spec, client_oid="cb" + "0" * 32, side=side, trigger=Decimal("141.0"))
    assert asyncio.run(Orders(spot, served({}, Venue.FUTURES)).place(spec)) == "vs1"
    assert json.loads(seen[0].content) == {
        "clientOid": spec.client_oid,
        "side": side.value,
        "symbol": "SOL-USDT",
        "type": kind,
        "size": "2.5",
        **({"price": "140.5"} if kind == "limit" else {}),
        "stopPrice": "141",
        "stop": waits_for,
        "tradeType": "TRADE",
        "remark": "cb" + "0" * 18,
    }


@pytest.mark.parametrize(
    ("spec", "field", "wire"),
    [
        (market(size=Decimal("0.00000100")), "size", "0.000001"),
        (market(size=Decimal("1E+2")), "size", "100"),
        (market(funds=Decimal("99.990")), "funds", "99.99"),
    ],
)
def test_a_market_order_carries_its_size_or_its_funds_in_plain_digits(
    orders: Orders, seen: list[httpx.Request], spec: OrderSpec, field: str, wire: str
) -> None:
    asyncio.run(orders.place(spec))
    sent = json.loads(seen[0].content)
    assert sent[field] == wire
    assert {"size", "funds", "price"} & sent.keys() == {field}


def test_a_futures_order_is_a_whole_number_of_lots_with_a_leverage(orders: Orders, seen: list[httpx.Request]) -> None:
    asyncio.run(orders.place(limit(Venue.FUTURES, size="12", price="99000.0"), leverage=5, reduce_only=True))
    assert json.loads(seen[0].content) == {
        "clientOid": "t418",
        "side": "buy",
        "symbol": "XBTUSDTM",
        "type": "limit",
        "size": 12,
        "leverage": 5,
        "reduceOnly": True,
        "price": "99000",
    }


@pytest.mark.parametrize(
    ("held", "modes"),
    [
        ({}, {}),
        ({"cross": True}, {"marginMode": "CROSS"}),
        ({"hedged": True}, {"positionSide": "SHORT"}),
        ({"hedged": True, "lots": Decimal(12)}, {"positionSide": "LONG"}),
    ],
)
def test_an_order_that_reduces_says_so_and_names_the_modes_of_its_position(
    orders: Orders, seen: list[httpx.Request], held: dict[str, Any], modes: dict[str, str]
) -> None:
    zero = Decimal(0)
    fields: dict[str, Any] = {"symbol": Symbol("XBTUSDTM"), "lots": Decimal(-12), "currency": "USDT"}
    fields |= dict.fromkeys(("entry_price", "mark_price", "value", "unrealised_pnl"), zero)
    position = Position(**(fields | {"liquidation_price": None} | held))
    spec = replace(limit(Venue.FUTURES, size="12"), type=OrderType.MARKET, price=None)
    asyncio.run(orders.reduce(spec, position))
    (sent,) = seen
    assert json.loads(sent.content) == {
        "clientOid": "t418",
        "side": "buy",
        "symbol": "XBTUSDTM",
        "type": "market",
        "size": 12,
        "reduceOnly": True,
        **modes,
    }


def test_a_part_of_a_lot_is_never_sent(orders: Orders, seen: list[httpx.Request]) -> None:
    with pytest.raises(ValueError, match="whole number of lots"):
        asyncio.run(orders.place(limit(Venue.FUTURES, size="1.5")))
    assert seen == []


@pytest.mark.parametrize("data", ["null", "{}", '{"orderId":""}', '{"orderId":null}', "[]", '"ok"'])
def test_an_accepted_order_without_a_number_is_in_doubt(served: Callable[..., Rest], data: str) -> None:
    said = f'{{"code":"200000","data":{data}}}'
    with pytest.raises(OutcomeUnknown) as doubt:
        asyncio.run(answering(served, "POST /api/v1/hf/orders", said).place(limit()))
    assert doubt.value.__context__ is None


def test_an_order_is_found_by_our_own_id(orders: Orders, seen: list[httpx.Request]) -> None:
    assert asyncio.run(orders.find(SPOT_OID, SOL, Venue.SPOT)) == Order(
        order_id=SPOT_ID,
        client_oid=SPOT_OID,
        symbol=SOL,
        venue=Venue.SPOT,
        side=Side.BUY,
        type=OrderType.LIMIT,
        price=Decimal("140.5"),
        size=Decimal("2.5"),
        funds=None,
        filled_size=Decimal(1),
        filled_funds=Decimal("140.2"),
        fee=Decimal("0.1402"),
        fee_currency="USDT",
        active=True,
        cancelled=False,
        created_at=datetime(2026, 2, 16, 9, 35, 0, 111000, tzinfo=UTC),
    )
    assert dict(seen[0].url.params) == {"symbol": "SOL-USDT"}


def test_a_market_order_has_no_price_and_no_size_and_crumbs_do_not_make_it_cancelled(orders: Orders) -> None:
    found = asyncio.run(orders.find("t419", SOL, Venue.SPOT))
    assert (found.price, found.size, found.funds) == (None, None, Decimal(100))
    assert found.status is OrderStatus.FILLED


def test_a_futures_order_is_found_in_lots(orders: Orders, seen: list[httpx.Request]) -> None:
    for question in (orders.find("t420", XBT, Venue.FUTURES), orders.by_id(FUTURES_ID, XBT, Venue.FUTURES)):
        found = asyncio.run(question)
        assert (found.size, found.filled_size, found.filled_funds) == (Decimal(12), Decimal(3), Decimal(297))
        assert found.status is OrderStatus.PARTIAL
    assert dict(seen[0].url.params) == {"clientOid": "t420"}


def test_an_order_is_found_by_kucoins_id(orders: Orders) -> None:
    assert asyncio.run(orders.by_id(SPOT_ID, SOL, Venue.SPOT)).order_id == SPOT_ID


@pytest.mark.parametrize(
    "said",
    [
        '{"code":"200000","data":null}',
        '{"code":"200000","msg":"order does not exist"}',
        '{"code":"400100","msg":"order_not_exist_or_not_allow_to_cancel"}',
        '{"code":"102436","msg":"?"}',
    ],
)
def test_an_order_kucoin_does_not_know(served: Callable[..., Rest], said: str) -> None:
    with pytest.raises(UnknownOrder):
        asyncio.run(answering(served, "GET /api/v1/hf/orders/client-order/x", said).find("x", SOL, Venue.SPOT))


def test_another_order_than_the_one_asked_for_is_no_answer(served: Callable[..., Rest]) -> None:
    spot = answering(served, "GET /api/v1/hf/orders/client-order/x", "spot-order")
    futures = answering(served, "GET /api/v1/orders/x", "futures-order")
    for question in (spot.find("x", SOL, Venue.SPOT), futures.by_id("x", XBT, Venue.FUTURES)):
        with pytest.raises(Unavailable, match="another order"):
            asyncio.run(question)


def test_open_orders_are_gathered_from_every_symbol_of_both_venues(orders: Orders, seen: list[httpx.Request]) -> None:
    found = asyncio.run(orders.open_orders())
    assert [(order.venue, order.order_id) for order in found] == [
        (Venue.SPOT, SPOT_ID),
        (Venue.SPOT, SPOT_ID),
        (Venue.FUTURES, FUTURES_ID),
        (Venue.FUTURES, "300000000000000002"),
    ]
    asked = {str(request.url.params) for request in seen}
    assert {"symbol=SOL-USDT", "symbol=WIF-BTC", "status=active&currentPage=1&pageSize=1000"} <= asked


@pytest.mark.parametrize("data", ["null", '{"symbols":null}', '{"symbols":[]}'])
def test_no_open_orders_may_be_said_in_three_ways(served: Callable[..., Rest], data: str) -> None:
    route, said = "GET /api/v1/hf/orders/active/symbols", f'{{"code":"200000","data":{data}}}'
    assert asyncio.run(answering(served, route, said).open_orders(Venue.SPOT)) == ()


@pytest.mark.parametrize("data", ["[]", '"none"', '{"symbols":"none"}'])
def test_an_answer_that_makes_no_sense_is_not_taken_for_no_open_orders(served: Callable[..., Rest], data: str) -> None:
    route, said = "GET /api/v1/hf/orders/active/symbols", f'{{"code":"200000","data":{data}}}'
    with pytest.raises(Unavailable):
        asyncio.run(answering(served, route, said).open_orders(Venue.SPOT))


def test_closed_orders_since_a_moment(orders: Orders, seen: list[httpx.Request], now: Now) -> None:
    spot = asyncio.run(orders.closed_orders(SOL, Venue.SPOT, now()))
    assert [order.status for order in spot] == [OrderStatus.CANCELED]
    assert dict(seen[-1].url.params) == {"symbol": "SOL-USDT", "startAt": str(to_millis(now())), "limit": "100"}
    asyncio.run(orders.closed_orders(XBT, Venue.FUTURES, now()))
    assert dict(seen[-1].url.params)["status"] == "done"


def test_the_fills_of_a_spot_order_come_oldest_first(orders: Orders) -> None:
    first, second = asyncio.run(orders.fills(SPOT_ID, SOL, Venue.SPOT))
    assert (first.trade_id, second.trade_id) == ("15000000000000001", "15000000000000002")
    assert (first.taker, second.taker) == (False, True)
    assert sum((first.fee, second.fee)) == Decimal("0.1402")


def test_futures_fills_of_both_lists_are_counted_once(orders: Orders) -> None:
    fills = asyncio.run(orders.fills(FUTURES_ID, XBT, Venue.FUTURES))
    assert [(fill.trade_id, fill.size) for fill in fills] == [
        ("1771234400001", Decimal(1)),
        ("1771234401002", Decimal(2)),
    ]
    assert fills[0].time == datetime(2026, 2, 16, 9, 33, 20, 456000, tzinfo=UTC)


def test_fills_of_other_orders_are_left_out(orders: Orders) -> None:
    assert asyncio.run(orders.fills("somebody-elses", XBT, Venue.FUTURES)) == ()


def test_recent_fills_begin_where_they_were_asked_to(orders: Orders) -> None:
    since = datetime(2026, 2, 16, 9, 33, 21, tzinfo=UTC)
    assert [fill.trade_id for fill in asyncio.run(orders.recent_fills(XBT, Venue.FUTURES, since))] == ["1771234401002"]
    assert len(asyncio.run(orders.recent_fills(SOL, Venue.SPOT, since))) == 2
    assert len(asyncio.run(orders.latest_futures_fills())) == 2


def test_a_fill_that_cannot_be_read_makes_the_list_no_answer(served: Callable[..., Rest]) -> None:
    said = '{"code":"200000","data":{"items":[{"orderId":"1"}],"lastId":1}}'
    with pytest.raises(Unavailable):
        asyncio.run(answering(served, "GET /api/v1/hf/fills", said).fills("1", SOL, Venue.SPOT))


def test_a_cancel_is_asked_of_its_venue(orders: Orders, seen: list[httpx.Request]) -> None:
    asyncio.run(orders.cancel(SPOT_ID, SOL, Venue.SPOT))
    asyncio.run(orders.cancel(FUTURES_ID, XBT, Venue.FUTURES))
    assert [(request.method, str(request.url.query, "ascii")) for request in seen] == [
        ("DELETE", "symbol=SOL-USDT"),
        ("DELETE", ""),
    ]


@pytest.mark.parametrize("code", ["400100", "102436"])
def test_a_cancel_too_late_says_that_there_is_nothing_to_cancel(served: Callable[..., Rest], code: str) -> None:
    said = f'{{"code":"{code}","msg":"order_not_exist_or_not_allow_to_cancel"}}'
    with pytest.raises(UnknownOrder):
        asyncio.run(answering(served, "DELETE /api/v1/hf/orders/1", said).cancel("1", SOL, Venue.SPOT))


def test_a_cancel_with_an_answer_nobody_knows_is_in_doubt(served: Callable[..., Rest]) -> None:
    said = '{"code":"777777","msg":"hm"}'
    with pytest.raises(OutcomeUnknown):
        asyncio.run(answering(served, "DELETE /api/v1/hf/orders/1", said).cancel("1", SOL, Venue.SPOT))


def test_a_refused_order_is_final(served: Callable[..., Rest]) -> None:
    said = '{"code":"600101","msg":"too little"}'
    with pytest.raises(Rejected, match="funds are below the minimum"):
        asyncio.run(answering(served, "POST /api/v1/hf/orders", said).place(limit()))
