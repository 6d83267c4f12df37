"""The wire models of public data, and their way into core."""

from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.errors import Rejected, Unavailable
from chatbot.core.exchange import ServiceStatus
from chatbot.core.market import Book, Contract, DayStats, FundingRate, Instrument, Offer, Symbol, Ticker, Venue
from chatbot.kucoin.schemas import Field, MaybeMoment, MaybeNumber, MaybePrice, Moment, Name, Number, Wire, spelled

_SPOT_TAKER_FEE = Decimal("0.001")
"""KuCoin's rate for an account without a level; each symbol multiplies it by its coefficient."""

_FUTURES_TAKER_FEE = Decimal("0.0006")

_ZERO = Decimal(0)
_UNBOUNDED = Decimal(10**12)
"""Where KuCoin names no maximum; it still judges the order itself."""


def shown_currency(code: str) -> str:
    """KuCoin's futures say XBT where everyone says BTC."""
    return "BTC" if code == "XBT" else code


class SpotSymbol(Wire):
    symbol: Name
    base_currency: Name
    quote_currency: Name
    base_min_size: Number
    base_max_size: Number
    base_increment: Number = Field(gt=0)
    quote_min_size: Number
    quote_max_size: Number
    quote_increment: Number = Field(gt=0)
    price_increment: Number = Field(gt=0)
    min_funds: MaybeNumber = None
    enable_trading: bool
    taker_fee_coefficient: MaybeNumber = None

    def to_core(self) -> Instrument:
        coefficient = self.taker_fee_coefficient
        return Instrument(
            symbol=Symbol(self.symbol),
            venue=Venue.SPOT,
            base=self.base_currency,
            quote=self.quote_currency,
            price_increment=self.price_increment,
            size_increment=self.base_increment,
            min_size=self.base_min_size,
            max_size=self.base_max_size,
            funds_increment=self.quote_increment,
            min_funds=max(self.quote_min_size, self.min_funds or _ZERO),
            max_funds=self.quote_max_size,
            tradable=self.enable_trading,
            taker_fee_rate=_SPOT_TAKER_FEE * (Decimal(1) if coefficient is None else coefficient),
        )


class SpotTicker(Wire):
    """`/market/orderbook/level1`. A pair nobody trades may lack a price or an offer."""

    time: Moment = Field(validation_alias=spelled("time", "Time"))
    price: MaybePrice = None
    best_bid: MaybePrice = None
    best_ask: MaybePrice = None

    def to_core(self, symbol: Symbol) -> Ticker:
        return _ticker(symbol, (self.price, self.best_bid, self.best_ask), self.time)


class FuturesTicker(Wire):
    price: MaybePrice = None
    best_bid_price: MaybePrice = None
    best_ask_price: MaybePrice = None
    ts: Moment

    def to_core(self, symbol: Symbol) -> Ticker:
        return _ticker(symbol, (self.price, self.best_bid_price, self.best_ask_price), self.ts)


def _ticker(symbol: Symbol, prices: tuple[Decimal | None, Decimal | None, Decimal | None], time: datetime) -> Ticker:
    price, bid, ask = prices
    if price is None or bid is None or ask is None:
        raise Rejected(f"{symbol} has no price or no offers now.")
    return Ticker(symbol=symbol, price=price, bid=bid, ask=ask, time=time)


class SpotBook(Wire):
    """`/market/orderbook/level2_20`: rows of price and size, the best first; a side may be empty."""

    bids: tuple[tuple[Number, Number], ...]
    asks: tuple[tuple[Number, Number], ...]

    def to_core(self) -> Book:
        """Whatever order the rows came in. Raises Unavailable for a row that nobody could trade by."""
        return Book(bids=_offers(self.bids)[::-1], asks=_offers(self.asks))


def _offers(rows: tuple[tuple[Decimal, Decimal], ...]) -> tuple[Offer, ...]:
    """The cheapest first."""
    if any(price <= 0 or size < 0 for price, size in rows):
        raise Unavailable("KuCoin's answer makes no sense: an offer at no price.")
    return tuple(Offer(price=price, size=size) for price, size in sorted(rows) if size)


class SpotStats(Wire):
    """`/market/stats`, and a row of `/market/allTickers`, which has no time of its own. Dead pairs have nulls."""

    symbol: Name
    last: MaybePrice = None
    high: MaybePrice = None
    low: MaybePrice = None
    change_rate: MaybeNumber = None
    time: MaybeMoment = None

    def to_core(self, time: datetime) -> DayStats | None:
        """`time` stands in where the row has none. None for a pair without a last price."""
        if self.last is None:
            return None
        return DayStats(
            symbol=Symbol(self.symbol),
            last=self.last,
            high=self.last if self.high is None else self.high,
            low=self.last if self.low is None else self.low,
            change_rate=_ZERO if self.change_rate is None else self.change_rate,
            time=self.time or time,
        )


class AllTickers(Wire):
    time: Moment
    ticker: list[object]


class Status(Wire):
    status: ServiceStatus


class FuturesContract(Wire):
    """`nextFundingRateTime` is what REMAINS until settlement, in ms; `nextFundingRateDateTime` (2026) the moment."""

    symbol: Name
    status: str
    base_currency: Name
    quote_currency: Name
    lot_size: Number = Field(gt=0)
    multiplier: Number
    tick_size: Number = Field(gt=0)
    max_order_qty: MaybeNumber = None
    taker_fee_rate: MaybeNumber = None
    is_inverse: bool = False
    last_trade_price: MaybePrice = None
    mark_price: MaybePrice = None
    index_price: MaybePrice = None
    price_chg_pct: MaybeNumber = None
    high_price: MaybePrice = None
    low_price: MaybePrice = None
    funding_fee_rate: MaybeNumber = None
    predicted_funding_fee_rate: MaybeNumber = None
    funding_rate_granularity: MaybeNumber = None
    current_funding_rate_granularity: MaybeNumber = None
    next_funding_rate_time: MaybeNumber = None
    next_funding_rate_date_time: MaybeMoment = None
    funding_rate_cap: MaybeNumber = None
    funding_rate_floor: MaybeNumber = None

    def to_instrument(self) -> Instrument:
        """Futures take market orders by lots only, so their bounds of funds bound nothing."""
        return Instrument(
            symbol=Symbol(self.symbol),
            venue=Venue.FUTURES,
            base=shown_currency(self.base_currency),
            quote=self.quote_currency,
            price_increment=self.tick_size,
            size_increment=self.lot_size,
            min_size=self.lot_size,
            max_size=_UNBOUNDED if self.max_order_qty is None else self.max_order_qty,
            funds_increment=self.tick_size,
            min_funds=_ZERO,
            max_funds=_UNBOUNDED,
            tradable=self.status == "Open",
            taker_fee_rate=_FUTURES_TAKER_FEE if self.taker_fee_rate is None else self.taker_fee_rate,
            multiplier=abs(self.multiplier),
            inverse=self.is_inverse,
        )

    def to_core(self, now: datetime) -> Contract:
        return Contract(
            symbol=Symbol(self.symbol),
            last=self.last_trade_price,
            mark=self.mark_price,
            index=self.index_price,
            change_rate=_ZERO if self.price_chg_pct is None else self.price_chg_pct,
            high=self.high_price,
            low=self.low_price,
            funding=self._funding(now),
            time=now,
        )

    def _funding(self, now: datetime) -> FundingRate | None:
        interval = self.current_funding_rate_granularity or self.funding_rate_granularity
        next_at = self.next_funding_rate_date_time
        if next_at is None and self.next_funding_rate_time is not None:
            next_at = now + _span(self.next_funding_rate_time)
        if self.funding_fee_rate is None or not interval or next_at is None:
            return None
        return FundingRate(
            symbol=Symbol(self.symbol),
            rate=self.funding_fee_rate,
            predicted=self.predicted_funding_fee_rate,
            interval=_span(interval),
            next_at=next_at,
            cap=self.funding_rate_cap,
            floor=self.funding_rate_floor,
        )


class CurrentFunding(Wire):
    """`symbol` is here that of the funding index, `.XBTUSDTMFPI8H`, so the contract's is handed in."""

    value: Number
    predicted_value: MaybeNumber = None
    granularity: Number = Field(gt=0)
    funding_time: Moment
    funding_rate_cap: MaybeNumber = None
    funding_rate_floor: MaybeNumber = None

    def to_core(self, symbol: Symbol) -> FundingRate:
        return FundingRate(
            symbol=symbol,
            rate=self.value,
            predicted=self.predicted_value,
            interval=_span(self.granularity),
            next_at=self.funding_time,
            cap=self.funding_rate_cap,
            floor=self.funding_rate_floor,
        )


class FiatPrices(Wire):
    prices: dict[str, MaybePrice]


def _span(millis: Decimal) -> timedelta:
    return timedelta(milliseconds=int(millis))
