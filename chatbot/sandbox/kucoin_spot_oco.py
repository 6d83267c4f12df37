"""Spot's OCO endpoints: place, list, cancel in a batch. KuCoin's documents call them abandoned, its tools use them."""

from collections.abc import Iterator
from decimal import Decimal

from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import Side
from chatbot.core.times import to_millis
from chatbot.sandbox.kucoin_calls import Call, Row, decimal, text
from chatbot.sandbox.kucoin_calls import page as paged
from chatbot.sandbox.oco import Oco, OcoRequest
from chatbot.sandbox.refusals import Refusal

_SMALLEST_PAGE, _LARGEST_PAGE = 10, 500


def place(call: Call) -> Row:
    body = call.body
    symbol = text(body, "symbol")
    if text(body, "side") not in ("buy", "sell") or text(body, "tradeType") not in ("", "TRADE"):
        raise Refusal("400100", "side must be buy or sell, tradeType TRADE.")
    if call.instrument(Venue.SPOT, symbol) is None:
        raise Refusal("900001", "symbol not exists")
    request = OcoRequest(
        client_oid=text(body, "clientOid"),
        symbol=Symbol(symbol),
        side=Side(text(body, "side")),
        size=_needed(call, "size"),
        price=_needed(call, "price"),
        stop_price=_needed(call, "stopPrice"),
        limit_price=_needed(call, "limitPrice"),
    )
    return {"orderId": call.exchange.place_oco(request).id}


def _needed(call: Call, name: str) -> Decimal:
    number = decimal(call.body, name)
    if number is None or number <= 0:
        raise Refusal("400100", f"{name} must be above zero.")
    return number


def orders(call: Call) -> Row:
    """Newest first."""
    size = min(max(call.integer("pageSize", 50), _SMALLEST_PAGE), _LARGEST_PAGE)
    rows = [_row(call, oco) for oco in reversed(list(_asked(call))) if _shown(call, oco)]
    return paged(rows, call.integer("currentPage", 1), size)


def cancel(call: Call) -> Row:
    """The ids are those of the legs."""
    legs = [call.exchange.orders[leg] for oco in _asked(call) for leg in oco.legs]
    return {"cancelledOrderIds": [call.cancel(leg).id for leg in legs if leg.active]}


def _asked(call: Call) -> Iterator[Oco]:
    ids = {each for each in call.query.get("orderIds", "").split(",") if each}
    for oco in call.exchange.ocos.values():
        if call.symbol in (None, oco.symbol) and (not ids or oco.id in ids):
            yield oco


def _shown(call: Call, oco: Oco) -> bool:
    return all(call.knows(call.exchange.orders[leg]) for leg in oco.legs)


def _row(call: Call, oco: Oco) -> Row:
    return {
        "orderId": oco.id,
        "symbol": oco.symbol,
        "clientOid": oco.client_oid,
        "orderTime": to_millis(oco.created_at),
        "status": _status(call, oco),
    }


def _status(call: Call, oco: Oco) -> str:
    legs = [call.exchange.orders[leg] for leg in oco.legs]
    if any(leg.triggered for leg in legs):
        return "TRIGGERED"
    return "NEW" if any(leg.active for leg in legs) else "CANCELLED"
