"""Public data of both venues: what can be traded, prices, funding, and whether the exchange is open."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from chatbot.core.charts import Bar, Timeframe
from chatbot.core.errors import Rejected, Unavailable
from chatbot.core.exchange import ServiceStatus
from chatbot.core.feed import Tick
from chatbot.core.market import (
    Book,
    Candle,
    Contract,
    DayStats,
    FundingRate,
    Instrument,
    SettledRate,
    Symbol,
    Ticker,
    Venue,
)
from chatbot.kucoin import endpoints
from chatbot.kucoin.history import futures_candles, settled_rates, spot_candles
from chatbot.kucoin.klines import futures_bars, spot_bars
from chatbot.kucoin.last_prices import futures_last_prices, spot_last_prices
from chatbot.kucoin.market_schemas import (
    AllTickers,
    CurrentFunding,
    FiatPrices,
    FuturesContract,
    FuturesTicker,
    SpotBook,
    SpotStats,
    SpotSymbol,
    SpotTicker,
    Status,
)
from chatbot.kucoin.rest import Rest
from chatbot.kucoin.schemas import many, one
from chatbot.kucoin.together import together


class Market:
    """Every method raises `Unavailable`; those that take a symbol `Rejected` when KuCoin does not know it."""

    def __init__(self, spot: Rest, futures: Rest) -> None:
        self._spot = spot
        self._futures = futures

    async def instruments(self) -> tuple[Instrument, ...]:
        """All spot pairs and futures contracts, tradable now or not."""
        spot, futures = await together((self._spot_instruments(), self._futures_instruments()))
        return spot + futures

    async def _spot_instruments(self) -> tuple[Instrument, ...]:
        data = await self._spot.call(endpoints.SPOT_SYMBOLS)
        return tuple(row.to_core() for row in many(SpotSymbol, data))

    async def _futures_instruments(self) -> tuple[Instrument, ...]:
        data = await self._futures.call(endpoints.CONTRACTS)
        return tuple(row.to_instrument() for row in many(FuturesContract, data))

    async def ticker(self, instrument: Instrument) -> Ticker:
        params = {"symbol": str(instrument.symbol)}
        if instrument.venue is Venue.SPOT:
            data = _known(instrument.symbol, await self._spot.call(endpoints.SPOT_TICKER, params))
            return one(SpotTicker, data).to_core(instrument.symbol)
        data = _known(instrument.symbol, await self._futures.call(endpoints.FUTURES_TICKER, params))
        return one(FuturesTicker, data).to_core(instrument.symbol)

    async def book(self, symbol: Symbol) -> Book:
        """The twenty best offers of each side of a spot symbol."""
        data = await self._spot.call(endpoints.SPOT_BOOK, {"symbol": str(symbol)})
        return one(SpotBook, _known(symbol, data)).to_core()

    async def stats(self, symbol: Symbol) -> DayStats:
        """The last day of a spot symbol."""
        data = await self._spot.call(endpoints.SPOT_STATS, {"symbol": str(symbol)})
        stats = one(SpotStats, _known(symbol, data)).to_core(self._spot.clock.now())
        if stats is None:
            raise Rejected(f"{symbol} has no price now.")
        return stats

    async def all_stats(self) -> tuple[DayStats, ...]:
        """The last day of every spot symbol that has a price, in one call."""
        page = one(AllTickers, await self._spot.call(endpoints.SPOT_TICKERS))
        rows = (row.to_core(page.time) for row in many(SpotStats, page.ticker))
        return tuple(row for row in rows if row is not None)

    async def last_prices(self, venue: Venue) -> Mapping[Symbol, Tick]:
        """The last trade of every symbol that has one, in one call. Spot tells the time of its answer, not the trade's.

        It weighs a lot: 15 on spot.
        """
        if venue is Venue.SPOT:
            return await spot_last_prices(self._spot)
        return await futures_last_prices(self._futures)

    async def candles(self, instrument: Instrument, start: datetime, end: datetime) -> tuple[Candle, ...]:
        """From the minute that `start` is in to the last that begins before `end`, oldest first; it may still grow.

        Minutes without a trade are not among them.
        """
        if instrument.venue is Venue.SPOT:
            return await spot_candles(self._spot, instrument.symbol, start, end)
        return await futures_candles(self._futures, instrument.symbol, start, end)

    async def bars(self, instrument: Instrument, timeframe: Timeframe, now: datetime) -> tuple[Bar, ...]:
        """For a picture: the latest candles of any timeframe, oldest first; see `klines`."""
        if instrument.venue is Venue.SPOT:
            return await spot_bars(self._spot, instrument.symbol, timeframe, now)
        return await futures_bars(self._futures, instrument.symbol, timeframe, now)

    async def funding_history(self, symbol: Symbol, start: datetime, end: datetime) -> tuple[SettledRate, ...]:
        """The settlements from `start` to `end`, both included, oldest first."""
        return await settled_rates(self._futures, symbol, start, end)

    async def contracts(self) -> tuple[Contract, ...]:
        """Prices and funding of every futures contract, in one call."""
        data = await self._futures.call(endpoints.CONTRACTS)
        now = self._futures.clock.now()
        return tuple(row.to_core(now) for row in many(FuturesContract, data))

    async def contract(self, symbol: Symbol) -> Contract:
        data = await self._futures.call(endpoints.CONTRACT, {"symbol": str(symbol)})
        return one(FuturesContract, _known(symbol, data)).to_core(self._futures.clock.now())

    async def funding(self, symbol: Symbol) -> FundingRate:
        """The rate of the current cycle of a perpetual. `Rejected` for a contract that pays none."""
        data = await self._futures.call(endpoints.FUNDING_RATE, {"symbol": str(symbol)})
        if data is None:
            raise Rejected(f"{symbol} pays no funding.")
        return one(CurrentFunding, data).to_core(symbol)

    async def fiat_price(self, currency: str, of: str) -> Decimal | None:
        """What one unit of the coin `of` costs in a fiat currency; None where KuCoin names no price."""
        data = await self._spot.call(endpoints.FIAT_PRICES, {"base": currency, "currencies": of})
        return one(FiatPrices, {"prices": data or {}}).prices.get(of)

    async def service(self, venue: Venue) -> ServiceStatus:
        host = self._spot if venue is Venue.SPOT else self._futures
        return one(Status, await host.call(endpoints.STATUS)).status

    async def own_address(self) -> str:
        """The internet address KuCoin sees us at, partly masked by it."""
        address = await self._spot.call(endpoints.MY_ADDRESS)
        if isinstance(address, str) and len(address) < 64:
            return address
        raise Unavailable("KuCoin's answer makes no sense: no address.")


def _known(symbol: Symbol, data: object) -> object:
    if data is None:
        raise Rejected(f"KuCoin knows no {symbol}.")
    return data
