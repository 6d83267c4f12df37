"""One order of two: whichever leg the market reaches first goes to it, and the other ends.

Both legs are stop orders; the pair has an id and a clientOid of its own, by which it is
listed and cancelled. That its prices must stand on either side of the market is what
KuCoin's app demands; its code for it is not documented.
"""

from datetime import datetime
from decimal import Decimal

from chatbot.core.market import Symbol
from chatbot.core.orders import OrderType, Side
from chatbot.core.values import frozen
from chatbot.sandbox.orders import OrderRequest, Stop, Trigger
from chatbot.sandbox.refusals import Refusal


@frozen
class OcoRequest:
    """`price` is the better one, of a limit order; beyond `stop_price`, the worse, one at `limit_price` goes out."""

    client_oid: str
    symbol: Symbol
    side: Side
    size: Decimal
    price: Decimal
    stop_price: Decimal
    limit_price: Decimal

    def legs(self, last: Decimal) -> tuple[OrderRequest, OrderRequest]:
        """Raises Refusal where the market stands on the wrong side of either price."""
        selling = self.side is Side.SELL
        if not (self.stop_price < last < self.price if selling else self.price < last < self.stop_price):
            raise Refusal("400100", "The prices of an OCO order must stand on either side of the market.")
        better, worse = (Trigger.UP, Trigger.DOWN) if selling else (Trigger.DOWN, Trigger.UP)
        return (
            self._leg(self.price, Stop(trigger=better, price=self.price)),
            self._leg(self.limit_price, Stop(trigger=worse, price=self.stop_price)),
        )

    def _leg(self, price: Decimal, stop: Stop) -> OrderRequest:
        return OrderRequest(
            client_oid="",
            symbol=self.symbol,
            side=self.side,
            type=OrderType.LIMIT,
            price=price,
            size=self.size,
            stop=stop,
        )


@frozen
class Oco:
    """`first` and `second` are ids of stop orders: what became of the pair, they tell."""

    id: str
    client_oid: str
    symbol: Symbol
    created_at: datetime
    first: str
    second: str

    @property
    def legs(self) -> tuple[str, str]:
        return self.first, self.second
