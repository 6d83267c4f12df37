"""Paper mode's prices: whatever the bot last read from the real market, behind the sandbox's own seam."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.market import FundingRate, Instrument, Symbol, Ticker
from chatbot.sandbox.prices import Candle, Quote, Settlement


class LivePrices:
    """Told by whoever reads the market. A symbol nobody has read yet has no price, so nothing fills on it."""

    def __init__(self) -> None:
        self._instruments: Mapping[Symbol, Instrument] = {}
        self._quotes: dict[Symbol, Quote] = {}

    def learn(self, instruments: Sequence[Instrument]) -> None:
        self._instruments = {i.symbol: i for i in instruments}

    def observe(self, ticker: Ticker) -> None:
        price = ticker.price
        self._quotes[ticker.symbol] = Quote(
            symbol=ticker.symbol,
            time=ticker.time,
            last=price,
            bid=ticker.bid,
            ask=ticker.ask,
            mark=price,
            index=price,
            open=price,
            high=price,
            low=price,
            volume=Decimal(0),
            turnover=Decimal(0),
        )

    def instruments(self) -> Mapping[Symbol, Instrument]:
        return self._instruments

    def quote(self, symbol: Symbol) -> Quote | None:
        return self._quotes.get(symbol)

    def funding(self, symbol: Symbol) -> FundingRate | None:
        """None: the paper account trades spot alone."""

    def settlements(self, symbol: Symbol, after: datetime, until: datetime) -> Sequence[Settlement]:
        return ()

    def candles(self, symbol: Symbol, step: timedelta, start: datetime, end: datetime) -> Sequence[Candle]:
        """None: candles are read from the real market."""
        return ()
