"""What the feed says: prices, the account's news, and the stretches in which it said nothing."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from chatbot.core.market import Symbol, Venue
from chatbot.core.times import from_millis
from chatbot.core.values import frozen


class Tick(NamedTuple):
    """A trade's price, in the exchange's own digits: they are shown, stored and decided on as they came.

    A tuple, for thousands a second are made of which hardly one is looked at.
    """

    symbol: Symbol
    digits: str
    millis: int

    @property
    def price(self) -> Decimal:
        return Decimal(self.digits)

    @property
    def at(self) -> datetime:
        return from_millis(self.millis)


@frozen
class PredictedRate:
    """What a perpetual's next funding rate will be if nothing changes; told once a minute."""

    symbol: Symbol
    rate: Decimal
    at: datetime


@frozen
class OrderNews:
    """Something happened to an order of this account. What exactly, a look-up tells: news repeat and come late."""

    symbol: Symbol
    venue: Venue
    order_id: str
    client_oid: str
    at: datetime


@frozen
class MoneyMoved:
    """A deposit or a withdrawal: `change` of what is there, in `currency`."""

    currency: str
    change: Decimal
    at: datetime


@frozen
class FundingSettled:
    """A position's funding was paid: `fee` below zero is paid, above zero received. The symbol may not be told."""

    symbol: Symbol | None
    fee: Decimal
    rate: Decimal
    currency: str
    at: datetime


@frozen
class PositionNews:
    """A position of this account moved. Only the mark price is believed; `changed`: more than that may be different.

    The symbol may not be told.
    """

    symbol: Symbol | None
    mark: Decimal | None
    changed: bool


News = Tick | PredictedRate | OrderNews | MoneyMoved | FundingSettled | PositionNews


class Channel(Enum):
    """Prices are for everybody, orders and balances for who holds the key."""

    PUBLIC = "public"
    PRIVATE = "private"


@frozen
class Stream:
    """One of the feed's parts."""

    venue: Venue
    channel: Channel

    @property
    def name(self) -> str:
        return f"{self.venue.value} {'prices' if self.channel is Channel.PUBLIC else 'account'}"


@frozen
class Said:
    """The last tick that one connection brought of a symbol, if any. `opened` tells one connection from another."""

    opened: float
    tick: Tick | None


@frozen
class FeedGap:
    """The stream was not heard from `since` until now; what happened meanwhile is not repeated by the exchange."""

    stream: Stream
    since: datetime
    until: datetime
    reason: str


@frozen
class StreamState:
    """`down_since` is None while all of its sessions are up; `heard_at` the last word of any kind.

    A session that was ended for being mute is up again when it brings news, not before.
    """

    stream: Stream
    topics: int
    down_since: datetime | None
    heard_at: datetime | None
    garbage: int
    reconnects: int
    reason: str
