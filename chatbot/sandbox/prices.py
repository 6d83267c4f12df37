"""Where the sandbox's prices come from: the seam, and a seeded walk behind it.

Paper mode puts live KuCoin data behind the same seam.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Protocol

from chatbot.core.market import FundingRate, Instrument, Symbol, Venue
from chatbot.core.times import Now, from_millis, to_millis
from chatbot.core.values import frozen
from chatbot.sandbox.listing import FundingTerms, Listed, Listing
from chatbot.sandbox.walk import DAY_MINUTES, MINUTE, CoinPath, DayRange, Stretches


@frozen
class Quote:
    """The latest of one symbol. On spot `mark` and `index` are `last`; `open` is the price 24 hours ago.

    `volume` is in base coins, `turnover` in the quote currency, both over 24 hours.
    """

    symbol: Symbol
    time: datetime
    last: Decimal
    bid: Decimal
    ask: Decimal
    mark: Decimal
    index: Decimal
    open: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    turnover: Decimal


@frozen
class Candle:
    """`volume` in base coins, `turnover` in the quote currency."""

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    turnover: Decimal


@frozen
class Settlement:
    """A funding payment that was due at `time`."""

    time: datetime
    rate: Decimal


class Prices(Protocol):
    """Synchronous reads of the latest known values; nothing here waits."""

    def instruments(self) -> Mapping[Symbol, Instrument]: ...

    def quote(self, symbol: Symbol) -> Quote | None:
        """None when the symbol is unknown or has no price yet."""

    def funding(self, symbol: Symbol) -> FundingRate | None:
        """None for spot and for contracts without funding."""

    def settlements(self, symbol: Symbol, after: datetime, until: datetime) -> Sequence[Settlement]:
        """Those with after < time <= until, oldest first."""

    def candles(self, symbol: Symbol, step: timedelta, start: datetime, end: datetime) -> Sequence[Candle]:
        """Candles whose start lies in start <= time <= end, oldest first; the last may still be growing."""


HISTORY = timedelta(days=62)
"""How far back a walk tells candles."""


class SeededWalk:
    """Prices that depend on the seed, the moment the walk began and the time; and on every `move`.

    `volatility` scales every coin's own: at 0 prices stand still until moved.
    """

    def __init__(self, seed: int, now: Now, listing: Listing, *, volatility: float = 1.0) -> None:
        self._now = now
        self._seed = seed
        self._listing = listing
        origin = to_millis(now())
        self._paths = {
            coin.name: CoinPath(f"{seed}:{coin.name}", float(coin.price), float(coin.volatility) * volatility, origin)
            for coin in listing.coins.values()
        }
        self._instruments = {symbol: each.instrument for symbol, each in listing.listed.items()}
        self._funding = dict(listing.funding)
        self._ranges: dict[tuple[str, str], DayRange] = {}
        self._stretches: dict[tuple[str, str], Stretches] = {}

    def instruments(self) -> Mapping[Symbol, Instrument]:
        return self._instruments

    def quote(self, symbol: Symbol) -> Quote | None:
        listed = self._listing.listed.get(symbol)
        if listed is None:
            return None
        now = self._now()
        time = to_millis(now)
        scale = self._scale(symbol, listed)
        raw = self._raw(listed, time)
        high, low = self._extremes(listed, time)
        increment = listed.instrument.price_increment
        last = _rounded(raw * scale, increment)
        spread = max(increment, _rounded(raw * scale * 1e-5, increment))
        coins = self._daily_coins(listed)
        fine = increment / 100
        index = raw * float(listed.coins_per_unit)
        is_spot = listed.instrument.venue is Venue.SPOT
        return Quote(
            symbol=symbol,
            time=now,
            last=last,
            bid=max(last - spread, increment),
            ask=last + spread,
            mark=last if is_spot else _rounded((index + raw * scale) / 2, fine),
            index=last if is_spot else _rounded(index, fine),
            open=_rounded(self._raw(listed, time - DAY_MINUTES * MINUTE) * scale, increment),
            high=max(_rounded(high * scale, increment), last),
            low=min(_rounded(low * scale, increment), last),
            volume=coins,
            turnover=(coins * last).quantize(Decimal("0.0001")),
        )

    def move(self, symbol: Symbol, to: Decimal) -> None:
        """Let `symbol` trade at `to` from now on, and with it all that is made of the same coin."""
        listed = self._listing.listed[symbol]
        time = to_millis(self._now())
        units = float(to) / self._scale(symbol, listed)
        against = self._against(listed)
        self._paths[listed.base].jump(time, units * (against.at(time) if against else 1.0))

    def set_interval(self, symbol: Symbol, interval: timedelta) -> None:
        """Pay `symbol`'s funding every `interval`, as the exchange does when a rate meets its cap."""
        terms = self._funding[symbol]
        self._funding[symbol] = FundingTerms(
            rate=terms.rate, cap=terms.cap, interval=interval, predicted=terms.predicted
        )

    def funding(self, symbol: Symbol) -> FundingRate | None:
        terms = self._funding.get(symbol)
        if terms is None:
            return None
        cycle = to_millis(self._now()) // _millis(terms.interval) + 1
        return FundingRate(
            symbol=symbol,
            rate=self._rate(symbol, terms, cycle),
            predicted=self._rate(symbol, terms, cycle + 1) if terms.predicted else None,
            interval=terms.interval,
            next_at=from_millis(cycle * _millis(terms.interval)),
            cap=terms.cap,
            floor=-terms.cap,
        )

    def settlements(self, symbol: Symbol, after: datetime, until: datetime) -> Sequence[Settlement]:
        terms = self._funding.get(symbol)
        if terms is None:
            return ()
        span = _millis(terms.interval)
        cycles = range(to_millis(after) // span + 1, to_millis(until) // span + 1)
        return [Settlement(time=from_millis(c * span), rate=self._rate(symbol, terms, c)) for c in cycles]

    def candles(self, symbol: Symbol, step: timedelta, start: datetime, end: datetime) -> Sequence[Candle]:
        listed = self._listing.listed.get(symbol)
        if listed is None:
            return ()
        now = to_millis(self._now())
        span = _millis(step)
        first = -(-max(to_millis(start), now - _millis(HISTORY)) // span)
        last = min(to_millis(end), now) // span
        return [self._candle(symbol, listed, n * span, (n + 1) * span, now) for n in range(first, last + 1)]

    def _candle(self, symbol: Symbol, listed: Listed, start: int, end: int, now: int) -> Candle:
        first, last = start // MINUTE, min(end, now + MINUTE) // MINUTE
        opened, high, low, closed = self._stretches_of(listed).bar(first, last, now)
        scale = self._scale(symbol, listed)
        increment = listed.instrument.price_increment
        close = _rounded(closed * scale, increment)
        share = Decimal(80 + _dice(f"{self._seed}:{symbol}:{start}", 41)) / 100
        coins = self._daily_coins(listed) * share * (last - first) / DAY_MINUTES
        return Candle(
            start=from_millis(start),
            open=_rounded(opened * scale, increment),
            high=_rounded(high * scale, increment),
            low=_rounded(low * scale, increment),
            close=close,
            volume=coins.quantize(Decimal("0.0001")),
            turnover=(coins * close).quantize(Decimal("0.0001")),
        )

    def _stretches_of(self, listed: Listed) -> Stretches:
        against = self._against(listed)
        fresh = Stretches(self._paths[listed.base], against)
        return self._stretches.setdefault((listed.base, listed.quote if against else ""), fresh)

    def _scale(self, symbol: Symbol, listed: Listed) -> float:
        """What turns the coin's price into the symbol's: units, and the basis a perpetual trades at."""
        terms = self._listing.funding.get(symbol)
        return float(listed.coins_per_unit) * (1 + float(terms.rate) if terms else 1.0)

    def _against(self, listed: Listed) -> CoinPath | None:
        return None if listed.quote in ("USDT", "USD") else self._paths[listed.quote]

    def _raw(self, listed: Listed, time: int) -> float:
        against = self._against(listed)
        return self._paths[listed.base].at(time) / (against.at(time) if against else 1.0)

    def _extremes(self, listed: Listed, time: int) -> tuple[float, float]:
        against = self._against(listed)
        fresh = DayRange(self._paths[listed.base], against)
        return self._ranges.setdefault((listed.base, listed.quote if against else ""), fresh).until(time)

    def _daily_coins(self, listed: Listed) -> Decimal:
        coin = self._listing.coins[listed.base]
        return (coin.turnover / coin.price / listed.coins_per_unit).quantize(Decimal("0.0001"))

    def _rate(self, symbol: Symbol, terms: FundingTerms, cycle: int) -> Decimal:
        swing = min(max(abs(terms.rate) * Decimal("0.35"), Decimal("0.00003")), terms.cap - abs(terms.rate))
        part = Decimal(_dice(f"{self._seed}:{symbol}:funding:{cycle}", 2001) - 1000) / 1000
        return (terms.rate + swing * part).quantize(Decimal("0.000001"))


def _rounded(value: float, increment: Decimal) -> Decimal:
    return max(round(value / float(increment)), 1) * increment


def _millis(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def _dice(text: str, sides: int) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") % sides
