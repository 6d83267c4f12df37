"""Instruments, prices and funding, as the commands need them."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.errors import BadCredentials, KucoinError
from chatbot.core.feed import Tick
from chatbot.core.market import Candle, Contract, DayStats, FundingRate, Instrument, Symbol, Venue
from chatbot.core.symbols import HOME_QUOTE, Catalogue
from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.kucoin.market import Market

log = logging.getLogger(__name__)

CATALOGUE_LIFE = timedelta(hours=1)
PRICES_LIFE = timedelta(seconds=5)
TICK_LIFE = timedelta(seconds=5)


@frozen
class Look:
    """One instrument at a glance. `day` is the spot pair's, `contract` the coin's perpetual; either may be absent."""

    instrument: Instrument
    day: DayStats | None
    contract: Contract | None
    read_at: datetime


@frozen
class FundingLook:
    instrument: Instrument
    contract: Contract
    rate: FundingRate
    read_at: datetime


class Markets:
    """Reads of public data. Instruments are kept for an hour, all spot prices for some seconds."""

    def __init__(self, market: Market, now: Now) -> None:
        self._market = market
        self._now = now
        self._catalogue: tuple[datetime, Catalogue] | None = None
        self._prices: tuple[datetime, Mapping[str, Decimal]] | None = None
        self._reading_catalogue = asyncio.Lock()
        self._reading_prices = asyncio.Lock()

    async def catalogue(self) -> Catalogue:
        """Raises KucoinError only while there has never been one: an old one beats none."""
        async with self._reading_catalogue:
            if self._catalogue is not None and self._now() - self._catalogue[0] < CATALOGUE_LIFE:
                return self._catalogue[1]
            try:
                fresh = Catalogue(await self._market.instruments())
            except KucoinError:
                if self._catalogue is None:
                    raise
                log.warning("instruments could not be read; the ones of %s stay", self._catalogue[0])
                return self._catalogue[1]
            self._catalogue = (self._now(), fresh)
            return fresh

    def known(self, symbol: Symbol) -> Instrument | None:
        """As last read; None for a symbol that is not listed, and before anything was read."""
        return None if self._catalogue is None else self._catalogue[1].get(symbol)

    async def price_now(self, instrument: Instrument, tick: Tick | None) -> Decimal:
        """By the last tick while it is fresh, else by asking. Raises KucoinError."""
        if tick is not None and self._now() - tick.at < TICK_LIFE:
            return tick.price
        return (await self._market.ticker(instrument)).price

    async def candles(self, instrument: Instrument, start: datetime, end: datetime) -> tuple[Candle, ...]:
        """The one-minute candles that begin from `start` on and before `end`, oldest first. Raises KucoinError."""
        return await self._market.candles(instrument, start, end)

    async def usdt_prices(self) -> Mapping[str, Decimal]:
        """What one unit of each currency is worth in USDT, by its last trade."""
        async with self._reading_prices:
            if self._prices is None or self._now() - self._prices[0] >= PRICES_LIFE:
                stats = await self._market.all_stats()
                suffix = f"-{HOME_QUOTE}"
                prices = {s.symbol.removesuffix(suffix): s.last for s in stats if s.symbol.endswith(suffix)}
                self._prices = (self._now(), prices)
            return self._prices[1]

    async def in_usdt(self, currency: str) -> Decimal | None:
        """The USDT price of one unit; None where KuCoin has none."""
        if currency == HOME_QUOTE:
            return Decimal(1)
        return (await self.usdt_prices()).get(currency)

    async def look(self, word: str) -> Look:
        """Raises UsageError, KucoinError."""
        catalogue = await self.catalogue()
        return await self._look(catalogue, catalogue.find(word))

    async def looks(self, symbols: Sequence[Symbol]) -> tuple[Look, ...]:
        """One for each symbol that is still listed, in the order given."""
        catalogue = await self.catalogue()
        listed = [i for i in map(catalogue.get, symbols) if i is not None]
        stats, contracts = await asyncio.gather(self._market.all_stats(), self._market.contracts())
        days = {s.symbol: s for s in stats}
        states = {c.symbol: c for c in contracts}
        now = self._now()
        return tuple(
            Look(
                instrument=i,
                day=days.get(i.symbol),
                contract=states.get(_perpetual_symbol(catalogue, i)),
                read_at=now,
            )
            for i in listed
        )

    async def funding(self, word: str) -> FundingLook:
        """Raises UsageError, KucoinError. The settlement time comes from the funding endpoint, the rest from both."""
        instrument = (await self.catalogue()).perpetual(word)
        contract, rate = await asyncio.gather(
            self._market.contract(instrument.symbol), self._market.funding(instrument.symbol)
        )
        return FundingLook(instrument=instrument, contract=contract, rate=_merged(rate, contract), read_at=self._now())

    async def fundings(self) -> tuple[FundingLook, ...]:
        """Every perpetual with a funding rate, by one request, the highest rate first."""
        catalogue, contracts = await asyncio.gather(self.catalogue(), self._market.contracts())
        now = self._now()
        looks = [
            FundingLook(instrument=i, contract=c, rate=c.funding, read_at=now)
            for c in contracts
            if c.funding is not None and (i := catalogue.get(c.symbol)) is not None
        ]
        return tuple(sorted(looks, key=lambda look: look.rate.rate, reverse=True))

    async def _look(self, catalogue: Catalogue, instrument: Instrument) -> Look:
        spot = instrument if instrument.venue is Venue.SPOT else None
        perpetual = catalogue.perpetual_of(instrument) if spot else instrument
        day, contract = await asyncio.gather(self._day(spot), self._contract(perpetual, needed=spot is None))
        return Look(instrument=instrument, day=day, contract=contract, read_at=self._now())

    async def _day(self, spot: Instrument | None) -> DayStats | None:
        return None if spot is None else await self._market.stats(spot.symbol)

    async def _contract(self, perpetual: Instrument | None, *, needed: bool) -> Contract | None:
        """A price card is not lost because its futures half cannot be read."""
        if perpetual is None:
            return None
        try:
            return await self._market.contract(perpetual.symbol)
        except KucoinError as error:
            if needed or isinstance(error, BadCredentials):
                raise
            log.warning("no futures half for %s: %s", perpetual.symbol, error)
            return None


def _perpetual_symbol(catalogue: Catalogue, instrument: Instrument) -> Symbol:
    perpetual = catalogue.perpetual_of(instrument)
    return instrument.symbol if perpetual is None else perpetual.symbol


def _merged(rate: FundingRate, contract: Contract) -> FundingRate:
    """The predicted rate is missing from either answer now and then: take it from where it is."""
    listed = contract.funding
    if rate.predicted is not None or listed is None or listed.predicted is None:
        return rate
    return FundingRate(
        symbol=rate.symbol,
        rate=rate.rate,
        predicted=listed.predicted,
        interval=rate.interval,
        next_at=rate.next_at,
        cap=rate.cap,
        floor=rate.floor,
    )
