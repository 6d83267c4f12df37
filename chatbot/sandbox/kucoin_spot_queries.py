"""Spot orders and fills, asked for: one by its id, those that are open, those that are done."""

from collections.abc import Iterator
from datetime import UTC, datetime

from chatbot.core.market import Symbol, Venue
from chatbot.sandbox.kucoin_calls import Call, Row
from chatbot.sandbox.kucoin_calls import page as paged
from chatbot.sandbox.kucoin_spot_wire import spot_fill, spot_order
from chatbot.sandbox.orders import ExchangeOrder
from chatbot.sandbox.refusals import Refusal

_MAX_ROWS = 100
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def _symbol(call: Call) -> Symbol:
    return Symbol(call.need("symbol"))


def by_id(call: Call, *, any_age: bool = False) -> ExchangeOrder | None:
    order = call.exchange.find(Venue.SPOT, call.path["orderId"])
    return _meant(call, order, any_age=any_age)


def by_client_oid(call: Call, *, any_age: bool = False) -> ExchangeOrder | None:
    order = call.exchange.find_by_client_oid(Venue.SPOT, call.path["clientOid"])
    return _meant(call, order, any_age=any_age)


def _meant(call: Call, order: ExchangeOrder | None, *, any_age: bool) -> ExchangeOrder | None:
    """An order of another symbol is not found; nor is one not shown yet, unless it is only to be cancelled."""
    if order is None or order.request.stop is not None or order.request.symbol != _symbol(call):
        return None
    return order if any_age or call.knows(order) else None


def get_by_id(call: Call) -> Row:
    return _found(by_id(call))


def get_by_client_oid(call: Call) -> Row:
    return _found(by_client_oid(call))


def _found(order: ExchangeOrder | None) -> Row:
    """The text seen in the wild; the code for an unknown HF order is not certain (102436 exists as well)."""
    if order is None:
        raise Refusal("400100", "The order does not exist.")
    return spot_order(order)


def _active(call: Call) -> list[Row]:
    return [spot_order(each) for each in _of_symbol(call) if each.resting]


def _of_symbol(call: Call) -> Iterator[ExchangeOrder]:
    symbol = _symbol(call)
    return (each for each in call.orders(Venue.SPOT) if each.request.symbol == symbol and each.request.stop is None)


def active(call: Call) -> list[Row]:
    return _active(call)


def active_page(call: Call) -> Row:
    return paged(_active(call), call.integer("pageNum", 1), min(call.integer("pageSize", 20), 50))


def active_symbols(call: Call) -> Row:
    return {"symbols": sorted({each.request.symbol for each in call.orders(Venue.SPOT) if each.resting})}


def done(call: Call) -> Row:
    """Newest change first; `lastId` goes back into the next call for what is older."""
    since, until = call.moment("startAt", _BEGINNING), call.moment("endAt", call.exchange.now)
    before = call.integer("lastId", 0)
    orders = [
        each
        for each in _of_symbol(call)
        if not each.active
        and since <= each.created_at <= until
        and _fits(call, each.request.side.value, each.request.type.value)
        and (not before or each.changed < before)
    ]
    orders.sort(key=lambda each: each.changed, reverse=True)
    orders = orders[: _limit(call)]
    return {"lastId": orders[-1].changed if orders else 0, "items": [spot_order(each) for each in orders]}


def _fits(call: Call, side: str, kind: str) -> bool:
    return call.query.get("side") in (None, "", side) and call.query.get("type") in (None, "", kind)


def _limit(call: Call) -> int:
    return max(1, min(call.integer("limit", 20), _MAX_ROWS))


def fills(call: Call) -> Row:
    """With `orderId` the other filters do not count."""
    symbol, order_id = _symbol(call), call.query.get("orderId")
    since, until = call.moment("startAt", _BEGINNING), call.moment("endAt", call.exchange.now)
    before = call.integer("lastId", 0)
    rows = [
        each
        for each in call.fills(Venue.SPOT)
        if each.symbol == symbol
        and (not before or each.id < before)
        and (each.order_id == order_id if order_id else since <= each.time <= until)
        and (order_id or _fits(call, each.side.value, each.type.value))
    ][: _limit(call)]
    return {"items": [spot_fill(each) for each in rows], "lastId": rows[-1].id if rows else 0}
