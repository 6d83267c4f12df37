"""Spot orders and fills as KuCoin writes them, and as it reads them. Numbers are strings."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from chatbot.core.market import Symbol
from chatbot.core.numbers import plain
from chatbot.core.orders import OrderType, Side
from chatbot.core.times import to_millis
from chatbot.sandbox.kucoin_calls import Row, decimal, flag, text, whole
from chatbot.sandbox.orders import ZERO, ExchangeFill, ExchangeOrder, OrderRequest, Stop, TimeInForce, Trigger
from chatbot.sandbox.refusals import Refusal


def spot_request(body: Mapping[str, object], stop: Stop | None = None) -> OrderRequest:
    """Raises Refusal on what is not an order at all; the exchange judges the rest."""
    kind = OrderType.MARKET if text(body, "type") == "market" else OrderType.LIMIT
    if text(body, "type") not in ("limit", "market") or text(body, "side") not in ("buy", "sell"):
        raise Refusal("400100", "type must be limit or market, side buy or sell.")
    in_force = text(body, "timeInForce") or "GTC"
    if in_force not in TimeInForce.__members__:
        raise Refusal("400100", "timeInForce must be GTC, GTT, IOC or FOK.")
    return OrderRequest(
        client_oid=text(body, "clientOid"),
        symbol=Symbol(text(body, "symbol")),
        side=Side(text(body, "side")),
        type=kind,
        price=decimal(body, "price"),
        size=decimal(body, "size"),
        funds=decimal(body, "funds"),
        time_in_force=TimeInForce[in_force] if kind is OrderType.LIMIT else TimeInForce.GTC,
        post_only=flag(body, "postOnly"),
        cancel_after=max(whole(body, "cancelAfter") or 0, 0),
        stop=stop,
        remark=text(body, "remark") or None,
        tags=text(body, "tags") or None,
        stp=text(body, "stp") or None,
    )


def spot_stop(body: Mapping[str, object], last: Decimal) -> Stop:
    """`stop` entry waits for a rise, loss for a fall; left out, the side of the price says which."""
    price = decimal(body, "stopPrice")
    if price is None:
        raise Refusal("400100", "stopPrice is required.")
    rises = text(body, "stop") == "entry" or (not text(body, "stop") and price > last)
    return Stop(trigger=Trigger.UP if rises else Trigger.DOWN, price=price)


def spot_order(order: ExchangeOrder) -> Row:
    request = order.request
    size = request.size or ZERO
    funds = request.funds if request.funds is not None else size * (request.price or ZERO)
    remain_size, remain_funds = order.remaining, _remaining_funds(order, funds)
    return {
        "id": order.id,
        "clientOid": request.client_oid,
        "symbol": request.symbol,
        "opType": "DEAL",
        "type": request.type.value,
        "side": request.side.value,
        "price": plain(request.price or ZERO),
        "size": plain(size),
        "funds": plain(funds),
        "dealSize": plain(order.deal_size),
        "dealFunds": plain(order.deal_funds),
        "remainSize": plain(remain_size),
        "remainFunds": plain(remain_funds),
        "cancelledSize": plain(cancelled_size(order)),
        "cancelledFunds": plain(max(funds - order.deal_funds, ZERO) if order.cancelled else ZERO),
        "fee": plain(order.fee),
        "feeCurrency": order.fee_currency or request.symbol.partition("-")[2],
        "stp": request.stp,
        "timeInForce": request.time_in_force.value,
        "postOnly": request.post_only,
        "hidden": False,
        "iceberg": False,
        "visibleSize": "0",
        "cancelAfter": request.cancel_after,
        "channel": "API",
        "remark": request.remark,
        "tags": request.tags,
        "cancelExist": order.cancelled,
        "tradeType": "TRADE",
        "inOrderBook": order.resting,
        "active": order.active,
        "tax": "0",
        "createdAt": to_millis(order.created_at),
        "lastUpdatedAt": to_millis(order.updated_at),
    }


def _remaining_funds(order: ExchangeOrder, funds: Decimal) -> Decimal:
    return ZERO if order.cancelled else max(funds - order.deal_funds, ZERO)


def cancelled_size(order: ExchangeOrder) -> Decimal:
    return (order.request.size or order.deal_size) - order.deal_size if order.cancelled else ZERO


def synced(order: ExchangeOrder) -> Row:
    """The outcome part of a sync answer; note the one l in `canceledSize`."""
    return {
        "originSize": plain(order.request.size or ZERO),
        "dealSize": plain(order.deal_size),
        "remainSize": plain(order.remaining),
        "canceledSize": plain(cancelled_size(order)),
        "status": "open" if order.active else "done",
    }


def spot_fill(fill: ExchangeFill) -> Row:
    return {
        "id": fill.id,
        "orderId": fill.order_id,
        "counterOrderId": f"c{fill.trade_id:023x}",
        "tradeId": fill.trade_id,
        "symbol": fill.symbol,
        "side": fill.side.value,
        "liquidity": "taker" if fill.taker else "maker",
        "type": fill.type.value,
        "forceTaker": False,
        "price": plain(fill.price),
        "size": plain(fill.size),
        "funds": plain(fill.funds),
        "fee": plain(fill.fee),
        "feeRate": plain(fill.fee_rate),
        "feeCurrency": fill.fee_currency,
        "stop": "",
        "tradeType": "TRADE",
        "taxRate": "0",
        "tax": "0",
        "createdAt": to_millis(fill.time),
    }


def stop_order(order: ExchangeOrder) -> Row:
    """Its prices and sizes carry twenty decimals, as in KuCoin's list of stop orders."""
    request = order.request
    stop = request.stop
    return {
        "id": order.id,
        "symbol": request.symbol,
        "userId": "sandbox",
        "status": "TRIGGERED" if order.triggered else "NEW",
        "type": request.type.value,
        "side": request.side.value,
        "price": _padded(request.price),
        "size": _padded(request.size),
        "funds": _padded(request.funds),
        "stp": request.stp,
        "timeInForce": request.time_in_force.value,
        "cancelAfter": request.cancel_after or -1,
        "postOnly": request.post_only,
        "hidden": False,
        "iceberg": False,
        "visibleSize": None,
        "channel": "API",
        "clientOid": request.client_oid,
        "remark": request.remark,
        "tags": request.tags,
        "relatedNo": None,
        "orderTime": nanos(order.created_at),
        "domainId": "kucoin",
        "tradeSource": "USER",
        "tradeType": "TRADE",
        "feeCurrency": request.symbol.partition("-")[2],
        "takerFeeRate": _padded(Decimal("0.001")),
        "makerFeeRate": _padded(Decimal("0.001")),
        "createdAt": to_millis(order.created_at),
        "stop": "entry" if stop is not None and stop.trigger is Trigger.UP else "loss",
        "stopTriggerTime": to_millis(order.updated_at) if order.triggered else None,
        "stopPrice": _padded(stop.price if stop else None),
        "limitPrice": None,
        "pop": None,
        "activateCondition": None,
    }


def _padded(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:.20f}"


def nanos(moment: datetime) -> int:
    return to_millis(moment) * 1_000_000
