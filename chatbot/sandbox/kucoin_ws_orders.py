"""Orders and spot balances as the websocket's private topics tell of them. Numbers are strings, but for times."""

from decimal import Decimal

from chatbot.core.numbers import plain
from chatbot.core.times import to_millis
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.journal import Cause, OrderStep, Step, WalletChange
from chatbot.sandbox.kucoin_account import account_id
from chatbot.sandbox.kucoin_calls import Row
from chatbot.sandbox.kucoin_spot_wire import cancelled_size, nanos
from chatbot.sandbox.orders import ZERO, ExchangeFill, ExchangeOrder

_STATUS = {Step.RECEIVED: "new", Step.OPEN: "open", Step.MATCH: "open", Step.FILLED: "done", Step.CANCELED: "done"}


def spot_order_row(step: OrderStep) -> Row:
    """`/spotMarket/tradeOrdersV2`. What has only just been received has not been filled, nor anything left."""
    order, request = step.order, step.order.request
    row: Row = {
        "symbol": request.symbol,
        "orderType": request.type.value,
        "side": request.side.value,
        "orderId": order.id,
        "clientOid": request.client_oid,
        "orderTime": to_millis(order.created_at),
        "type": step.step.value,
        "status": _status(step),
        "ts": nanos(step.at),
    }
    if request.price is not None:
        row["price"] = plain(request.price)
    row |= _asked(order)
    return row if step.step is Step.RECEIVED else row | _done(order) | _match(step.fill)


def _status(step: OrderStep) -> str:
    return "match" if step.fill is not None and step.fill.taker else _STATUS[step.step]


def _asked(order: ExchangeOrder) -> Row:
    request = order.request
    if request.funds is not None:
        return {"originFunds": plain(request.funds)}
    return {"originSize": plain(request.size or ZERO)}


def _done(order: ExchangeOrder) -> Row:
    request = order.request
    row: Row = {
        "filledSize": plain(order.deal_size),
        "remainSize": plain(order.remaining),
        "canceledSize": plain(cancelled_size(order)),
    }
    if request.funds is None:
        return row | {"size": plain(request.size or ZERO)}
    left = max(request.funds - order.deal_funds, ZERO)
    return row | {
        "remainFunds": plain(left if order.active else ZERO),
        "canceledFunds": plain(left if order.cancelled else ZERO),
    }


def _match(fill: ExchangeFill | None) -> Row:
    if fill is None:
        return {}
    return {
        "matchPrice": plain(fill.price),
        "matchSize": plain(fill.size),
        "tradeId": str(fill.trade_id),
        "liquidity": "taker" if fill.taker else "maker",
        "feeType": "takerFee" if fill.taker else "makerFee",
    }


def futures_order_row(step: OrderStep) -> Row:
    """`/contractMarket/tradeOrders`. Sizes in lots; both times in nanoseconds."""
    order, request = step.order, step.order.request
    liquidity = "taker" if step.fill is not None and step.fill.taker else "maker"
    return {
        "symbol": request.symbol,
        "orderType": request.type.value,
        "side": request.side.value,
        "orderId": order.id,
        "clientOid": request.client_oid,
        "marginMode": "ISOLATED",
        "tradeType": "liquid" if request.client_oid.startswith("liquidation-") else "trade",
        "type": step.step.value,
        "status": _status(step),
        "price": plain(request.price or ZERO),
        "size": plain(request.size or ZERO),
        "filledSize": plain(order.deal_size),
        "remainSize": plain(order.remaining),
        "canceledSize": plain(cancelled_size(order)),
        "liquidity": liquidity,
        "orderTime": nanos(order.created_at),
        "ts": nanos(step.at),
        **_match(step.fill),
    }


def balance_row(change: WalletChange, number: int) -> Row:
    """`/account/balance`; even its time is a string."""
    before, after = change.before, change.after
    return {
        "accountId": account_id(change.pocket, change.currency),
        "currency": change.currency,
        "total": plain(after.total),
        "available": plain(after.available),
        "hold": plain(after.held),
        "availableChange": plain(after.available - before.available),
        "holdChange": plain(after.held - before.held),
        "relationContext": _context(change),
        "relationEvent": _relation(change, after.total - before.total),
        "relationEventId": str(number),
        "time": str(to_millis(change.at)),
    }


def _context(change: WalletChange) -> Row:
    row: Row = {}
    if change.order is not None:
        row |= {"symbol": change.order.request.symbol, "orderId": change.order.id}
    if change.fill is not None:
        row["tradeId"] = str(change.fill.trade_id)
    return row


def _relation(change: WalletChange, gained: Decimal) -> str:
    """`setted` is KuCoin's spelling. What a cancelled order held comes back as it went: as a hold, below zero."""
    if change.cause is Cause.HELD:
        return f"{change.pocket.value}.hold"
    if change.cause is Cause.TRADED:
        return f"{change.pocket.value}.setted"
    if change.pocket is not Pocket.MAIN:
        return f"{change.pocket.value}.transfer"
    return "main.deposit" if gained > 0 else "main.withdraw_done"
