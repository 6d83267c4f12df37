"""What the exchange keeps of an order and of its fills."""

from datetime import datetime
from decimal import Decimal
from enum import Enum

from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import OrderType, Side
from chatbot.core.values import frozen

ZERO = Decimal(0)


class TimeInForce(Enum):
    GTC = "GTC"
    GTT = "GTT"
    IOC = "IOC"
    FOK = "FOK"


class Trigger(Enum):
    """Which way the price must go for a stop order to wake."""

    UP = "up"
    DOWN = "down"


@frozen
class Stop:
    trigger: Trigger
    price: Decimal
    price_type: str = ""

    def woken_by(self, price: Decimal) -> bool:
        return price >= self.price if self.trigger is Trigger.UP else price <= self.price


@frozen
class OrderRequest:
    """An order as it was asked for. On futures `size` is in lots; `cancel_after` is in seconds, 0 for never."""

    client_oid: str
    symbol: Symbol
    side: Side
    type: OrderType
    price: Decimal | None = None
    size: Decimal | None = None
    funds: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    cancel_after: int = 0
    stop: Stop | None = None
    leverage: Decimal = Decimal(1)
    reduce_only: bool = False
    close_order: bool = False
    remark: str | None = None
    tags: str | None = None
    stp: str | None = None


@frozen
class ExchangeOrder:
    """An accepted order. `deal_funds` is in the quote (spot) or settlement currency (futures).

    `changed` grows with every change at the exchange and orders lists. A stop order is
    active until it wakes or is cancelled; once woken it is `triggered`, and another order
    carries on.
    """

    id: str
    venue: Venue
    request: OrderRequest
    created_at: datetime
    updated_at: datetime
    visible_at: datetime
    changed: int
    deal_size: Decimal = ZERO
    deal_funds: Decimal = ZERO
    fee: Decimal = ZERO
    fee_currency: str = ""
    held: Decimal = ZERO
    held_currency: str = ""
    active: bool = True
    cancelled: bool = False
    triggered: bool = False

    @property
    def remaining(self) -> Decimal:
        """Of the size; zero for a market order by funds and for one that is over."""
        return (self.request.size or ZERO) - self.deal_size if self.active and self.request.size else ZERO

    @property
    def parked(self) -> bool:
        return self.active and self.request.stop is not None

    @property
    def resting(self) -> bool:
        return self.active and self.request.stop is None


@frozen
class ExchangeFill:
    """One execution. `id` grows; `closing` is the part of `fee` paid for closing a futures position."""

    id: int
    trade_id: int
    order_id: str
    symbol: Symbol
    venue: Venue
    side: Side
    type: OrderType
    price: Decimal
    size: Decimal
    funds: Decimal
    fee: Decimal
    fee_rate: Decimal
    fee_currency: str
    taker: bool
    time: datetime
    closing: Decimal = ZERO
    forced: bool = False
