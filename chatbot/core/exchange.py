"""How the exchange itself is doing, and what became of cancelling everything."""

from decimal import Decimal
from enum import Enum

from chatbot.core.errors import KucoinError
from chatbot.core.market import Symbol
from chatbot.core.orders import OUR_PREFIX, Order, Side
from chatbot.core.values import frozen


class ServiceStatus(Enum):
    """What a venue allows at the moment."""

    OPEN = "open"
    CLOSED = "close"
    CANCEL_ONLY = "cancelonly"


class Resting(Enum):
    """The places where an order can rest. Each has a cancel of its own."""

    SPOT_ORDERS = "spot orders"
    SPOT_STOPS = "spot stop orders"
    SPOT_OCOS = "spot OCO orders"
    FUTURES_ORDERS = "futures orders"
    FUTURES_STOPS = "futures stop orders"


@frozen
class Sweep:
    """What one place answered to cancelling all it holds.

    `cancelled` are order ids, on SPOT_ORDERS the symbols that were emptied; `failed`
    the symbols KuCoin could not empty. `error` says why there may be more left than that.
    """

    place: Resting
    cancelled: tuple[str, ...] = ()
    failed: tuple[Symbol, ...] = ()
    error: KucoinError | None = None


@frozen
class AtRest:
    """An order that rests or waits for its trigger, as far as its list tells: that of OCO orders tells little."""

    place: Resting
    order_id: str
    client_oid: str
    symbol: Symbol
    side: Side | None = None
    size: Decimal | None = None
    price: Decimal | None = None
    trigger: Decimal | None = None

    @property
    def external(self) -> bool:
        """Whether somebody else than this bot placed it."""
        return not self.client_oid.startswith(OUR_PREFIX)


def at_rest(order: Order, place: Resting) -> AtRest:
    """An ordinary order. One by funds shows those as its size."""
    return AtRest(
        place=place,
        order_id=order.order_id,
        client_oid=order.client_oid,
        symbol=order.symbol,
        side=order.side,
        size=order.funds if order.size is None else order.size,
        price=order.price,
        trigger=order.trigger,
    )


@frozen
class Listed:
    """What one place showed. Without `orders` it could not be read, and `problem` says why; `barred`: it never can."""

    place: Resting
    orders: tuple[AtRest, ...] | None
    problem: str = ""
    barred: bool = False
