"""Tickets, orders and fills, and the one life cycle a ticket may live.

    AWAIT_CONFIRM ──tap──► SUBMITTING ──► OPEN ──► PARTIAL ──► FILLED
        │    │                │   │         │  ╲        ╲──► CANCELED (fills kept)
        │    │                │   │         │   ╲──► CANCELED
        │    │                │   │         ╰──► FILLED
        │    │                │   ╰──► REJECTED     it said no, with a listed code
        │    │                │   ╰──► NOT_SENT     provably never left
        │    │                ╰──► UNKNOWN ──► (look-up) OPEN | PARTIAL | FILLED | CANCELED | NOT_PLACED
        │    ╰──► DECLINED    the person tapped Cancel
        ╰──► EXPIRED          nobody tapped in time, or a kill swept it

OPEN and PARTIAL end FORGOTTEN when KuCoin has known nothing of the order for days.

A state's rank never falls, filled sizes never shrink, and a final state stays final,
with one exception: NOT_PLACED and FORGOTTEN go on when the order turns up after all.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from chatbot.core.market import Reach, Symbol, Venue
from chatbot.core.times import Uptime
from chatbot.core.waiting import UNTAPPED, Waiting

OUR_PREFIX = "cb"
"""Every clientOid of ours begins so: an order at the exchange with it has a row here, or had one."""


class Side(Enum):
    BUY = "buy"
    SELL = "sell"


class OrderType(Enum):
    MARKET = "market"
    LIMIT = "limit"


class AmountKind(Enum):
    BASE = "base"
    QUOTE = "quote"
    PERCENT = "percent"
    IN_UNIT = "in unit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How much, as a person says it: `0.01` (base), `50%`, `max` (100 percent), `100usdt` (in a unit).

    A unit becomes base or quote once the instrument is known (`limits.in_terms_of`).
    """

    kind: AmountKind
    value: Decimal
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a person asked for, before any rule has looked at it. No `price` means a market order."""

    side: Side
    word: str
    amount: Amount
    price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSpec:
    """Exactly what one POST will carry: fixed when the card is shown, never changed after.

    A limit order has `price` and `size`; a market order has `size` or `funds`, never both.
    """

    client_oid: str
    symbol: Symbol
    venue: Venue
    side: Side
    type: OrderType
    size: Decimal | None
    funds: Decimal | None
    price: Decimal | None

    def __post_init__(self) -> None:
        if self.type is OrderType.LIMIT and (self.price is None or self.size is None or self.funds is not None):
            raise ValueError("a limit order has a price and a size, and no funds")
        if self.type is OrderType.MARKET and (self.price is not None or (self.size is None) == (self.funds is None)):
            raise ValueError("a market order has a size or funds, and no price")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What an order would come to. `notional` is in USDT, `free_after` in quote for a buy, base for a sell.

    `reach` is not known of tickets from before it was reckoned.
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
    OPEN = "open"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    NOT_PLACED = "not_placed"
    FORGOTTEN = "forgotten"
    DECLINED = "declined"
    EXPIRED = "expired"


_MOVING = frozenset({TicketState.PARTIAL, TicketState.FILLED, TicketState.CANCELED})
_FOUND = _MOVING | {TicketState.OPEN}

TRANSITIONS: dict[TicketState, frozenset[TicketState]] = {
    TicketState.AWAIT_CONFIRM: frozenset({TicketState.SUBMITTING, TicketState.DECLINED, TicketState.EXPIRED}),
    TicketState.SUBMITTING: _FOUND | {TicketState.UNKNOWN, TicketState.REJECTED, TicketState.NOT_SENT},
    TicketState.UNKNOWN: _FOUND | {TicketState.NOT_PLACED},
    TicketState.OPEN: _MOVING | {TicketState.FORGOTTEN},
    TicketState.PARTIAL: _MOVING | {TicketState.FORGOTTEN},
    TicketState.NOT_PLACED: _FOUND,
    TicketState.FORGOTTEN: frozenset({TicketState.FILLED, TicketState.CANCELED}),
}
TRANSITIONS |= {state: frozenset() for state in TicketState if state not in TRANSITIONS}

AT_THE_EXCHANGE = frozenset({TicketState.SUBMITTING, TicketState.UNKNOWN, TicketState.OPEN, TicketState.PARTIAL})
"""States in which an order may be living at the exchange: they are followed until they end."""

GIVEN_UP = frozenset({TicketState.NOT_PLACED, TicketState.FORGOTTEN})
"""States in which the order was looked for in vain: it may turn up after all."""


class OrderStatus(Enum):
    OPEN = "open"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the exchange knows. Sizes in the instrument's unit, funds and price in the quote currency."""

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

    @property
    def ours(self) -> bool:
        """Placed by this bot, whether or not a row tells of it; all others were made elsewhere."""
        return self.client_oid.startswith(OUR_PREFIX)

    @property
    def status(self) -> OrderStatus:
        if self.active:
            return OrderStatus.PARTIAL if self.filled_size else OrderStatus.OPEN
        return OrderStatus.CANCELED if self.cancelled else OrderStatus.FILLED


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """How far an order has come, as its fills say."""

    size: Decimal = Decimal(0)
    funds: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    fee_currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
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
