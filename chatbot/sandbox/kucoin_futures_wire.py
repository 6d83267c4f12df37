"""Futures orders, fills and positions as KuCoin writes them, and as it reads them: strings and bare numbers mixed."""

from collections.abc import Mapping
from decimal import Decimal

from chatbot.core.market import Instrument, Symbol
from chatbot.core.numbers import plain
from chatbot.core.orders import OrderType, Side
from chatbot.core.times import to_millis
from chatbot.sandbox.kucoin_calls import Row, decimal, flag, text
from chatbot.sandbox.kucoin_spot_wire import nanos
from chatbot.sandbox.orders import ZERO, ExchangeFill, ExchangeOrder, OrderRequest, Stop, TimeInForce, Trigger
from chatbot.sandbox.positions import FundingPayment, settle_currency, value
from chatbot.sandbox.prices import Quote
from chatbot.sandbox.refusals import Refusal


def futures_request(body: Mapping[str, object], instrument: Instrument, quote: Quote) -> OrderRequest:
    """Raises Refusal on what is not an order at all; the exchange judges the rest."""
    closing = flag(body, "closeOrder")
    kind, side = text(body, "type") or "limit", text(body, "side") or ("sell" if closing else "")
    if kind not in ("limit", "market") or side not in ("buy", "sell"):
        raise Refusal("100001", "type must be limit or market, side buy or sell.")
    if not text(body, "clientOid"):
        raise Refusal("100001", "clientOid is required.")
    _check_modes(body)
    price = decimal(body, "price")
    return OrderRequest(
        client_oid=text(body, "clientOid"),
        symbol=Symbol(text(body, "symbol")),
        side=Side(side),
        type=OrderType(kind),
        price=price if kind == "limit" else None,
        size=_lots(body, instrument, price or quote.last),
        time_in_force=TimeInForce.IOC if text(body, "timeInForce") == "IOC" else TimeInForce.GTC,
        post_only=flag(body, "postOnly"),
        stop=_stop(body),
        leverage=decimal(body, "leverage") or ZERO,
        reduce_only=flag(body, "reduceOnly"),
        close_order=closing,
        remark=text(body, "remark") or None,
        stp=text(body, "stp") or None,
    )


def _check_modes(body: Mapping[str, object]) -> None:
    """This account keeps every symbol isolated and one-way."""
    if text(body, "marginMode") not in ("", "ISOLATED"):
        raise Refusal("330005", "The order's margin mode does not match the selected one.")
    if text(body, "positionSide") not in ("", "BOTH"):
        raise Refusal("330011", "The order's position side does not match the one-way mode.")
    if text(body, "timeInForce") not in ("", "GTC", "IOC"):
        raise Refusal("100001", "timeInForce must be GTC or IOC.")


def _lots(body: Mapping[str, object], instrument: Instrument, price: Decimal) -> Decimal | None:
    """One of size (lots), qty (coins) and valueQty (quote value); none of them only to close a position."""
    given = [name for name in ("size", "qty", "valueQty") if decimal(body, name) is not None]
    if len(given) > 1 or (not given and not flag(body, "closeOrder")):
        raise Refusal("100001", "Exactly one of size, qty and valueQty is needed.")
    if not given:
        return None
    number = decimal(body, given[0]) or ZERO
    if given[0] == "size":
        return number
    if instrument.inverse:
        raise Refusal("100001", "An inverse contract takes size only.")
    if given[0] == "qty":
        return number / instrument.multiplier
    return instrument.round_size(number / (price * instrument.multiplier))


def _stop(body: Mapping[str, object]) -> Stop | None:
    way, price = text(body, "stop"), decimal(body, "stopPrice")
    if not way:
        return None
    if way not in ("up", "down") or price is None or text(body, "stopPriceType") not in ("TP", "MP", "IP"):
        raise Refusal("100001", "stop needs up or down, a stopPrice, and TP, MP or IP.")
    return Stop(trigger=Trigger(way), price=price, price_type=text(body, "stopPriceType"))


def futures_order(order: ExchangeOrder, instrument: Instrument) -> Row:
    request = order.request
    size, price = request.size or ZERO, request.price or ZERO
    lots_price = order.deal_size * abs(instrument.multiplier)
    average = lots_price / order.deal_funds if instrument.inverse and order.deal_funds else None
    if average is None:
        average = order.deal_funds / lots_price if lots_price else ZERO
    worth = value(instrument, size, price) if price else order.deal_funds
    return {
        "id": order.id,
        "symbol": request.symbol,
        "type": request.type.value,
        "side": request.side.value,
        "price": plain(price),
        "size": int(size),
        "value": plain(worth),
        "dealValue": plain(order.deal_funds),
        "dealSize": int(order.deal_size),
        "stp": request.stp or "",
        "stop": request.stop.trigger.value if request.stop else "",
        "stopPriceType": request.stop.price_type if request.stop else "",
        "stopTriggered": order.triggered,
        "stopPrice": request.stop.price if request.stop else None,
        "timeInForce": request.time_in_force.value,
        "postOnly": request.post_only,
        "hidden": False,
        "iceberg": False,
        "leverage": plain(request.leverage),
        "forceHold": False,
        "closeOrder": request.close_order,
        "visibleSize": 0,
        "clientOid": request.client_oid,
        "remark": request.remark,
        "tags": "",
        "isActive": order.active,
        "cancelExist": order.cancelled,
        "createdAt": to_millis(order.created_at),
        "updatedAt": to_millis(order.updated_at),
        "endAt": None if order.active else to_millis(order.updated_at),
        "orderTime": nanos(order.created_at),
        "settleCurrency": settle_currency(instrument),
        "marginMode": "ISOLATED",
        "avgDealPrice": plain(average.quantize(instrument.price_increment / 100)),
        "filledSize": int(order.deal_size),
        "filledValue": plain(order.deal_funds),
        "status": "open" if order.active else "done",
        "reduceOnly": request.reduce_only,
    }


def futures_fill(fill: ExchangeFill) -> Row:
    return {
        "symbol": fill.symbol,
        "tradeId": str(fill.trade_id),
        "orderId": fill.order_id,
        "side": fill.side.value,
        "liquidity": "taker" if fill.taker else "maker",
        "forceTaker": fill.forced,
        "price": plain(fill.price),
        "size": int(fill.size),
        "value": plain(fill.funds),
        "openFeePay": plain(fill.fee - fill.closing),
        "closeFeePay": plain(fill.closing),
        "stop": "",
        "feeRate": plain(fill.fee_rate),
        "fixFee": "0",
        "feeCurrency": fill.fee_currency,
        "subTradeType": None,
        "marginMode": "ISOLATED",
        "openFeeTaxPay": "0",
        "closeFeeTaxPay": "0",
        "displayType": fill.type.value,
        "fee": plain(fill.fee),
        "settleCurrency": fill.fee_currency,
        "orderType": fill.type.value,
        "tradeType": "liquid" if fill.forced else "trade",
        "tradeTime": nanos(fill.time),
        "createdAt": to_millis(fill.time),
    }


def funding_payment(payment: FundingPayment) -> Row:
    return {
        "id": payment.id,
        "symbol": payment.symbol,
        "timePoint": to_millis(payment.time),
        "fundingRate": payment.rate,
        "markPrice": payment.mark,
        "positionQty": int(payment.lots),
        "positionCost": payment.cost,
        "funding": payment.amount,
        "settleCurrency": payment.currency,
        "context": '{"marginMode": "ISOLATED", "positionSide": "BOTH"}',
        "marginMode": "ISOLATED",
    }
