"""What the market says: instruments, prices, funding."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import NewType

from chatbot.core.numbers import floor_to, grouped, places
from chatbot.core.values import frozen

Symbol = NewType("Symbol", str)
"""The venue's own name for what is traded: `BTC-USDT` (spot), `XBTUSDTM` (futures)."""


class Venue(Enum):
    SPOT = "spot"
    FUTURES = "futures"


@frozen
class Instrument:
    """A symbol's trading rules.

    Sizes are base coins on spot and whole lots on futures, where one lot is
    `multiplier` coins (or one quote unit when `inverse`). `funds_increment` and
    `min_funds` bound market orders by funds and are in the quote currency.
    """

    symbol: Symbol
    venue: Venue
    base: str
    quote: str
    price_increment: Decimal
    size_increment: Decimal
    min_size: Decimal
    max_size: Decimal
    funds_increment: Decimal
    min_funds: Decimal
    max_funds: Decimal
    tradable: bool
    taker_fee_rate: Decimal
    multiplier: Decimal = Decimal(1)
    inverse: bool = False

    @property
    def perpetual(self) -> bool:
        """A future without an end: the only kind that pays funding. Dated ones end in letter and year."""
        return self.venue is Venue.FUTURES and self.symbol.endswith(f"{self.quote}M")

    def round_price(self, price: Decimal) -> Decimal:
        return floor_to(price, self.price_increment)

    def round_size(self, size: Decimal) -> Decimal:
        return floor_to(size, self.size_increment)

    def round_funds(self, funds: Decimal) -> Decimal:
        return floor_to(funds, self.funds_increment)

    def show_price(self, price: Decimal) -> str:
        """`67,412.3`: as many digits as the price increment has, more only if the price itself has more."""
        return grouped(price, max(places(self.price_increment), places(price)))


@frozen
class Ticker:
    """The latest trade and the best offers of one symbol, at `time`."""

    symbol: Symbol
    price: Decimal
    bid: Decimal
    ask: Decimal
    time: datetime


@frozen
class Offer:
    """A level of the book: so much is offered, or asked for, at this price."""

    price: Decimal
    size: Decimal


@frozen
class Book:
    """The best offers of each side, best first: only the first few of perhaps many."""

    bids: tuple[Offer, ...]
    asks: tuple[Offer, ...]


@frozen
class Reach:
    """How far from the market an order would trade, in percent.

    `distance` is above zero where it is worse for the person than `market`, below where it is better; that of a
    stop order counts from its trigger.
    `slippage` is what a market order would pay beyond the best offer on average; None for a limit
    order, and for a market order that the shown book cannot fill.
    """

    market: Decimal
    distance: Decimal
    slippage: Decimal | None


@frozen
class Candle:
    """What was traded in the minute that begins at `start`. Minutes without a trade have none."""

    symbol: Symbol
    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


@frozen
class DayStats:
    """The last 24 hours. `change_rate` is a fraction: 0.0214 is +2.14 %."""

    symbol: Symbol
    last: Decimal
    high: Decimal
    low: Decimal
    change_rate: Decimal
    time: datetime


@frozen
class FundingRate:
    """A perpetual's periodic payment: positive means longs pay shorts.

    `predicted` is the rate of the cycle after this one and may be absent; the interval
    is whatever the exchange says now, never assumed.
    """

    symbol: Symbol
    rate: Decimal
    predicted: Decimal | None
    interval: timedelta
    next_at: datetime
    cap: Decimal | None = None
    floor: Decimal | None = None


@frozen
class SettledRate:
    """What was paid: the funding rate of the cycle that ended at `at`."""

    symbol: Symbol
    rate: Decimal
    at: datetime


@frozen
class Contract:
    """The state of one futures contract: prices and, for perpetuals, funding."""

    symbol: Symbol
    last: Decimal | None
    mark: Decimal | None
    index: Decimal | None
    change_rate: Decimal
    high: Decimal | None
    low: Decimal | None
    funding: FundingRate | None
    time: datetime
