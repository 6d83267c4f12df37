"""What the POST of an order carries."""

from chatbot.core.numbers import plain
from chatbot.core.orders import OrderSpec, Side, TimeInForce

ORDER_WINDOW_MS = 3000
"""A spot order that reaches KuCoin later than this after its stamp is refused by it. Futures have no such guard."""


def spot_body(spec: OrderSpec, stamp: int) -> dict[str, object]:
    """A stop order has no window: KuCoin's documents of that endpoint know none."""
    amounts = {"size": spec.size, "funds": spec.funds, "price": spec.price}
    return {
        "clientOid": spec.client_oid,
        "side": spec.side.value,
        "symbol": spec.symbol,
        "type": spec.type.value,
        **{name: plain(value) for name, value in amounts.items() if value is not None},
        **({} if spec.in_force is TimeInForce.GTC else {"timeInForce": spec.in_force.value}),
        **({"postOnly": True} if spec.post_only else {}),
        **_when(spec, stamp),
    }


def _when(spec: OrderSpec, stamp: int) -> dict[str, object]:
    if spec.trigger is None:
        return {"clientTimestamp": stamp, "allowMaxTimeWindow": ORDER_WINDOW_MS}
    # `loss` fires when the last price falls to it, `entry` when it rises to it; KuCoin's default is loss, or its guess
    return {
        "stopPrice": plain(spec.trigger),
        "stop": "loss" if spec.side is Side.SELL else "entry",
        "tradeType": "TRADE",
        "remark": spec.mark,
    }


def futures_body(spec: OrderSpec, *, leverage: int | None, reduce_only: bool) -> dict[str, object]:
    if spec.size is None or spec.size != spec.size.to_integral_value():
        raise ValueError("a futures order has a whole number of lots")
    body: dict[str, object] = {
        "clientOid": spec.client_oid,
        "side": spec.side.value,
        "symbol": spec.symbol,
        "type": spec.type.value,
        "size": int(spec.size),
        "reduceOnly": reduce_only,
    }
    if leverage is not None:
        body["leverage"] = leverage
    if spec.price is not None:
        body["price"] = plain(spec.price)
    return body
