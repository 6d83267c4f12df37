"""Tickets, orders and fills. How a ticket may move from state to state, `core.life` says."""

from datetime import datetime
from decimal import Decimal
from enum import Enum

from chatbot.core.market import Reach, Symbol, Venue
from chatbot.core.times import Uptime
from chatbot.core.values import frozen
from chatbot.core.waiting import UNTAPPED, Waiting

OUR_PREFIX = "cb"
"""Every clientOid of ours begins so: an order at the exchange with it has a row here, or had one."""


class Side(Enum):
    BUY = "buy"
    SELL = "sell"


class OrderType(Enum):
    MARKET = "market"
    LIMIT = "limit"


class TimeInForce(Enum):
    """How long an order may wait. IOC: what is not there at once is cancelled. FOK: all of it at once, or nothing."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class AmountKind(Enum):
    BASE = "base"
    QUOTE = "quote"
    PERCENT = "percent"
    IN_UNIT = "in unit"


@frozen
class Amount:
    """How much, as a person says it: `0.01` (base), `50%`, `max` (100 percent), `100usdt` (in a unit).

    A unit becomes base or quote once the instrument is known (`limits.in_terms_of`).
    """

    kind: AmountKind
    value: Decimal
    unit: str = ""


@frozen
class Draft:
    """What a person asked for, before any rule has looked at it. No `price` means a market order."""

    side: Side
    word: str
    amount: Amount
    price: Decimal | None = None
    trigger: Decimal | None = None
    in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False


@frozen
class OrderSpec:
    """Exactly what one POST will carry: fixed when the card is shown, never changed after.

    A limit order has `price` and `size`; a market order has `size` or `funds`, never both. With a `trigger` it is a
    stop order, which is sent off by the exchange when the last price falls to it (a sale) or rises to it (a buy).
    """

    client_oid: str
    symbol: Symbol
    venue: Venue
    side: Side
    type: OrderType
    size: Decimal | None
    funds: Decimal | None
    price: Decimal | None
    trigger: Decimal | None = None
    in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False

    @property
    def mark(self) -> str:
        """A stop order's remark, at most 20 signs: by it we know what it becomes, should KuCoin change all ids."""
        return self.client_oid[:20]

    def __post_init__(self) -> None:
        if self.type is OrderType.LIMIT and (self.price is None or self.size is None or self.funds is not None):
            raise ValueError("a limit order has a price and a size, and no funds")
        if self.type is OrderType.MARKET and (self.price is not None or (self.size is None) == (self.funds is None)):
            raise ValueError("a market order has a size or funds, and no price")
        rests = self.type is OrderType.LIMIT and self.in_force is TimeInForce.GTC
        if self.post_only and (not rests or self.trigger is not None):
            raise ValueError("a post-only order waits in the book from the start")


@frozen
class Estimate:
    """What an order would come to. `notional` is in USDT, `free_after` in quote for a buy, base for a sell,
    lots for what closes. `reach` is not known of tickets from before it was reckoned.
    """

    price: Decimal
    size: Decimal
    funds: Decimal
    fee: Decimal
    notional: Decimal
    free_after: Decimal
    reach: Reach | None = None


class TicketState(Enum):
    AWAIT_CONFIRM = "await_confirm"
    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    PARKED = "parked"
    OPEN = "open"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    NOT_PLACED = "not_placed"
    FORGOTTEN = "forgotten"
    LAPSED = "lapsed"
    DECLINED = "declined"
    EXPIRED = "expired"


class OrderStatus(Enum):
    """PARKED: a stop order that waits for its trigger. LAPSED: one that no longer does, and became no order."""

    PARKED = "parked"
    LAPSED = "lapsed"
    OPEN = "open"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELED = "canceled"


@frozen
class Order:
    """What the exchange knows. Sizes in the instrument's unit, funds and price in the quote currency.

    Only what is `parked` has a `trigger`: a stop order that fired goes on as an ordinary one.
    """

    order_id: str
    client_oid: str
    symbol: Symbol
    venue: Venue
    side: Side
    type: OrderType
    price: Decimal | None
    size: Decimal | None
    funds: Decimal | None
    filled_size: Decimal
    filled_funds: Decimal
    fee: Decimal
    fee_currency: str
    active: bool
    cancelled: bool
    created_at: datetime
    parked: bool = False
    trigger: Decimal | None = None
    remark: str = ""

    @property
    def ours(self) -> bool:
        """Placed by this bot, whether or not a row tells of it; all others were made elsewhere."""
        return self.client_oid.startswith(OUR_PREFIX)

    @property
    def status(self) -> OrderStatus:
        if self.parked:
            return OrderStatus.PARKED if self.active else OrderStatus.LAPSED
        if self.active:
            return OrderStatus.PARTIAL if self.filled_size else OrderStatus.OPEN
        return OrderStatus.CANCELED if self.cancelled else OrderStatus.FILLED


@frozen
class Fill:
    """One execution of part of an order. `trade_id` is unique within a symbol."""

    trade_id: str
    order_id: str
    symbol: Symbol
    venue: Venue
    side: Side
    price: Decimal
    size: Decimal
    funds: Decimal
    fee: Decimal
    fee_currency: str
    taker: bool
    time: datetime


@frozen
class Executed:
    """How far an order has come, as its fills say."""

    size: Decimal = Decimal(0)
    funds: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    fee_currency: str = ""


@frozen
class OrderTicket:
    """A proposed order, bound to one person, chat and card, and what became of it.

    `asked` is the line the person typed; `cost` is what the card showed and what counts
    against the limits; `budget_after` is what of the day's USDT limit it would leave.
    `card_id` is the letter that showed the card, 0 until there is one. `lasts_until` ends its time to
    be tapped by the host's own clock, whatever `expires_at` says; `missing_since` is when the exchange
    began to know nothing of its order. `waiting` is what it waits for before it is sent.
    """

    id: int
    spec: OrderSpec
    cost: Estimate
    asked: str
    person_id: int
    person: str
    chat_id: int
    card_id: int
    state: TicketState
    budget_after: Decimal
    proposed_at: datetime
    expires_at: datetime
    submitted_at: datetime | None = None
    ended_at: datetime | None = None
    order_id: str = ""
    executed: Executed = Executed()
    reason: str = ""
    lasts_until: Uptime | None = None
    missing_since: datetime | None = None
    waiting: Waiting = UNTAPPED

    @property
    def name(self) -> str:
        """`T-418`: what people call it."""
        return f"T-{self.id}"
