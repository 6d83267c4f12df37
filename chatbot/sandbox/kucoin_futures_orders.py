"""The futures host's private trading endpoints: place, cancel, look up."""

from collections.abc import Iterable
from datetime import timedelta

from chatbot.core.market import Symbol, Venue
from chatbot.core.numbers import plain
from chatbot.core.orders import Side
from chatbot.core.times import to_millis
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.kucoin_calls import Call, Row, decimal, text
from chatbot.sandbox.kucoin_calls import page as paged
from chatbot.sandbox.kucoin_futures_market import known, quote_of
from chatbot.sandbox.kucoin_futures_wire import futures_fill, futures_order, futures_request
from chatbot.sandbox.orders import ZERO, ExchangeFill, ExchangeOrder, OrderRequest
from chatbot.sandbox.positions import settle_currency, value
from chatbot.sandbox.refusals import Refusal

_RECENT = timedelta(hours=24)
_MAX_PAGE = 1000


def place(call: Call) -> Row:
    order = call.exchange.place(Venue.FUTURES, _request(call))
    return {"orderId": order.id, "clientOid": order.request.client_oid}


def place_test(call: Call) -> Row:
    request = _request(call)
    call.exchange.check(Venue.FUTURES, request)
    return {"orderId": str(to_millis(call.now) * 100_000), "clientOid": request.client_oid}


def _request(call: Call) -> OrderRequest:
    instrument = known(call, text(call.body, "symbol"))
    return futures_request(call.body, instrument, quote_of(call, instrument))


def cancel(call: Call) -> Row:
    order = call.exchange.find(Venue.FUTURES, call.path["orderId"])
    if order is None:
        raise Refusal("100004", "The order cannot be canceled.")
    return {"cancelledOrderIds": [call.cancel(order).id]}


def cancel_by_client_oid(call: Call) -> Row:
    symbol = call.need("symbol")
    order = call.exchange.find_by_client_oid(Venue.FUTURES, call.path["clientOid"])
    if order is None or order.request.symbol != symbol:
        raise Refusal("100004", "The order cannot be canceled.")
    return {"clientOid": call.cancel(order).request.client_oid}


def cancel_of_symbol(call: Call) -> Row:
    return _cancelled(call, Symbol(call.need("symbol")), parked=False)


def cancel_all(call: Call) -> Row:
    return _cancelled(call, call.symbol, parked=False)


def cancel_stops(call: Call) -> Row:
    return _cancelled(call, call.symbol, parked=True)


def _cancelled(call: Call, symbol: Symbol | None, *, parked: bool) -> Row:
    meant = [
        each
        for each in call.exchange.orders.values()
        if each.venue is Venue.FUTURES
        and (each.parked if parked else each.resting)
        and symbol in (None, each.request.symbol)
    ]
    return {"cancelledOrderIds": [call.cancel(each).id for each in meant]}


def orders(call: Call) -> Row:
    """Finished ones unless `status=active`; newest first. Untriggered stop orders have their own list."""
    active = call.query.get("status") == "active"
    found = [each for each in _asked(call) if each.active is active and not each.parked]
    return _page(call, [_row(call, each) for each in found])


def stop_orders(call: Call) -> Row:
    return _page(call, [_row(call, each) for each in _asked(call) if each.parked])


def recent_done(call: Call) -> list[Row]:
    since = call.exchange.now - _RECENT
    return [_row(call, each) for each in _asked(call) if not each.active and each.updated_at >= since]


def _asked(call: Call) -> Iterable[ExchangeOrder]:
    since, until = call.integer("startAt", 0), call.moment("endAt", call.exchange.now)
    for each in reversed(list(call.orders(Venue.FUTURES))):
        request = each.request
        if (
            call.symbol in (None, request.symbol)
            and call.query.get("side") in (None, "", request.side.value)
            and call.query.get("type") in (None, "", request.type.value)
            and since <= to_millis(each.created_at)
            and each.created_at <= until
        ):
            yield each


def _row(call: Call, order: ExchangeOrder) -> Row:
    return futures_order(order, known(call, order.request.symbol))


def _page(call: Call, rows: list[Row]) -> Row:
    return paged(rows, call.integer("currentPage", 1), min(call.integer("pageSize", 50), _MAX_PAGE))


def get_by_id(call: Call) -> Row:
    return _found(call, call.exchange.find(Venue.FUTURES, call.path["orderId"]))


def get_by_client_oid(call: Call) -> Row:
    return _found(call, call.exchange.find_by_client_oid(Venue.FUTURES, call.need("clientOid")))


def _found(call: Call, order: ExchangeOrder | None) -> Row:
    if order is None or not call.knows(order):
        raise Refusal("100001", "error.getOrder.orderNotExist")
    return _row(call, order)


def fills(call: Call) -> Row:
    order_id = call.query.get("orderId")
    since, until = call.integer("startAt", 0), call.moment("endAt", call.exchange.now)
    rows = [
        futures_fill(each)
        for each in _fills(call)
        if order_id in (None, "", each.order_id) and since <= to_millis(each.time) and each.time <= until
    ]
    return _page(call, rows)


def recent_fills(call: Call) -> list[Row]:
    since = call.exchange.now - _RECENT
    return [futures_fill(each) for each in _fills(call) if each.time >= since]


def _fills(call: Call) -> Iterable[ExchangeFill]:
    return (each for each in call.fills(Venue.FUTURES) if call.symbol in (None, each.symbol))


def open_order_statistics(call: Call) -> Row:
    instrument = known(call, call.need("symbol"))
    row: Row = {"settleCurrency": settle_currency(instrument)}
    for side in Side:
        resting = [
            each
            for each in call.orders(Venue.FUTURES)
            if each.resting and each.request.side is side and each.request.symbol == instrument.symbol
        ]
        name = side.value.capitalize()
        row[f"openOrder{name}Size"] = int(sum((each.remaining for each in resting), ZERO))
        costs = (value(instrument, each.remaining, each.request.price) for each in resting if each.request.price)
        row[f"openOrder{name}Cost"] = plain(sum(costs, ZERO))
    return row


def max_open_size(call: Call) -> Row:
    """Lots that the free margin opens at `price` and `leverage`."""
    instrument = known(call, call.need("symbol"))
    price, leverage = decimal({"price": call.need("price")}, "price"), call.integer("leverage", 1)
    if not price or price <= 0 or leverage <= 0:
        raise Refusal("100001", "price and leverage must be above zero.")
    free = call.exchange.accounts.available(Pocket.FUTURES, settle_currency(instrument))
    lots = int(free * leverage / value(instrument, instrument.size_increment, price))
    return {"symbol": instrument.symbol, "maxBuyOpenSize": max(lots, 0), "maxSellOpenSize": max(lots, 0)}
