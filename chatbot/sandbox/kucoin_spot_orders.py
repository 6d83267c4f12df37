"""Spot's private trading endpoints: place, cancel, look up, the dead man's switch, stop orders."""

from chatbot.core.market import Symbol, Venue
from chatbot.core.times import to_millis
from chatbot.sandbox import rules
from chatbot.sandbox.kucoin_calls import Call, Row, text, whole
from chatbot.sandbox.kucoin_calls import page as paged
from chatbot.sandbox.kucoin_spot_queries import by_client_oid, by_id
from chatbot.sandbox.kucoin_spot_wire import spot_request, spot_stop, stop_order, synced
from chatbot.sandbox.orders import ExchangeOrder
from chatbot.sandbox.refusals import Refusal

_DCP_TIMEOUTS = range(5, 86_401)
_DCP_SYMBOLS = 50
_UNKNOWN = "order_not_exist_or_not_allow_to_cancel"


def place(call: Call) -> Row:
    order = _placed(call)
    return {"orderId": order.id, "clientOid": order.request.client_oid}


def place_sync(call: Call) -> Row:
    order = _placed(call)
    return {
        "orderId": order.id,
        "clientOid": order.request.client_oid,
        "orderTime": to_millis(order.created_at),
        **synced(order),
        "matchTime": to_millis(order.updated_at),
    }


def _placed(call: Call) -> ExchangeOrder:
    _check_window(call)
    return call.exchange.place(Venue.SPOT, spot_request(call.body))


def _check_window(call: Call) -> None:
    sent, window = whole(call.body, "clientTimestamp"), whole(call.body, "allowMaxTimeWindow")
    rules.check_time_window(sent, window, to_millis(call.now))


def place_test(call: Call) -> Row:
    _check_window(call)
    request = spot_request(call.body)
    call.exchange.check(Venue.SPOT, request)
    return {"orderId": f"{to_millis(call.now):024x}", "clientOid": request.client_oid}


def cancel(call: Call) -> Row:
    return {"orderId": _cancelled(call, by_id(call, any_age=True)).id}


def cancel_by_client_oid(call: Call) -> Row:
    return {"clientOid": _cancelled(call, by_client_oid(call, any_age=True)).request.client_oid}


def cancel_sync(call: Call) -> Row:
    order = _cancelled(call, by_id(call, any_age=True))
    return {"orderId": order.id, **synced(order)}


def cancel_sync_by_client_oid(call: Call) -> Row:
    order = _cancelled(call, by_client_oid(call, any_age=True))
    return {"clientOid": order.request.client_oid, **synced(order)}


def _cancelled(call: Call, order: ExchangeOrder | None) -> ExchangeOrder:
    if order is None:
        raise Refusal("400100", _UNKNOWN)
    return call.cancel(order)


def cancel_all_of_symbol(call: Call) -> str:
    _cancel_resting(call, Symbol(call.need("symbol")))
    return "success"


def cancel_all(call: Call) -> Row:
    symbols = _cancel_resting(call, None)
    return {"succeedSymbols": symbols, "failedSymbols": []}


def _cancel_resting(call: Call, symbol: Symbol | None) -> list[str]:
    """The matching engine knows its orders even while queries do not show them."""
    open_orders = [
        order
        for order in call.exchange.orders.values()
        if order.venue is Venue.SPOT and order.resting and symbol in (None, order.request.symbol)
    ]
    for order in open_orders:
        call.cancel(order)
    return sorted({order.request.symbol for order in open_orders})


def set_dead_man(call: Call) -> Row:
    timeout = whole(call.body, "timeout")
    symbols = tuple(each for each in text(call.body, "symbols").split(",") if each)
    if timeout is None or (timeout != -1 and timeout not in _DCP_TIMEOUTS) or len(symbols) > _DCP_SYMBOLS:
        raise Refusal("400100", "timeout must be -1 or 5 to 86400, symbols at most 50.")
    switch = call.exchange.arm_dead_man(timeout, symbols)
    return {
        "currentTime": to_millis(call.exchange.now) // 1000,
        "triggerTime": to_millis(switch.trigger_at) // 1000,
    }


def get_dead_man(call: Call) -> Row | None:
    """Null when unset."""
    switch = call.exchange.dead_man
    if switch is None:
        return None
    return {
        "timeout": switch.timeout,
        "symbols": ",".join(switch.symbols),
        "currentTime": to_millis(call.exchange.now) // 1000,
        "triggerTime": to_millis(switch.trigger_at) // 1000,
    }


def place_stop(call: Call) -> Row:
    instrument = call.instrument(Venue.SPOT, text(call.body, "symbol"))
    quote = call.exchange.prices.quote(instrument.symbol) if instrument else None
    if quote is None:
        raise Refusal("900001", "symbol not exists")
    request = spot_request(call.body, spot_stop(call.body, quote.last))
    return {"orderId": call.exchange.place(Venue.SPOT, request).id}


def _parked(call: Call, *, legs: bool) -> list[ExchangeOrder]:
    """With or without those that belong to an OCO order."""
    ids = {each for each in call.query.get("orderIds", "").split(",") if each}
    return [
        each
        for each in call.exchange.orders.values()
        if each.venue is Venue.SPOT
        and each.parked
        and call.symbol in (None, each.request.symbol)
        and (not ids or each.id in ids)
        and (legs or not call.exchange.in_pair(each))
    ]


def stop_orders(call: Call) -> Row:
    """The legs of OCO orders stand among them, as `oco`."""
    shown = [each for each in reversed(_parked(call, legs=True)) if call.knows(each)]
    rows = [stop_order(each) | ({"stop": "oco"} if call.exchange.in_pair(each) else {}) for each in shown]
    return paged(rows, call.integer("currentPage", 1), call.integer("pageSize", 50))


def stop_orders_by_client_oid(call: Call) -> list[Row]:
    """Those that wait, and those that fired. Whether KuCoin goes on to show cancelled ones is not known: not here."""
    client_oid = call.need("clientOid")
    return [
        stop_order(each)
        for each in call.exchange.orders.values()
        if each.venue is Venue.SPOT
        and each.request.stop is not None
        and each.request.client_oid == client_oid
        and call.symbol in (None, each.request.symbol)
        and not each.cancelled
        and call.knows(each)
    ]


def cancel_stop_orders(call: Call) -> Row:
    """Not of OCO orders, which have a cancel of their own: KuCoin does not say, and this is the stricter reading."""
    return {"cancelledOrderIds": [call.cancel(each).id for each in _parked(call, legs=False)]}
