"""What a price was an hour ago, from the closed one-minute candles that are read anyway.

A price stands until the next one: where nothing was traded in a minute, the one before stood through it.
"""

from collections import deque
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.extremes import MINUTE
from chatbot.core.market import Candle, Symbol

HOUR = timedelta(hours=1)

_KEPT = 75
"""Candles of a symbol: an hour, and what a message may be late."""


class _Trail:
    """A symbol's closes with their moments, all of them up to `until`."""

    __slots__ = ("closes", "until")

    def __init__(self, until: datetime) -> None:
        self.closes: deque[tuple[datetime, Decimal]] = deque(maxlen=_KEPT)
        self.until = until


class Trails:
    def __init__(self) -> None:
        self._trails: dict[Symbol, _Trail] = {}

    def reaches(self, symbol: Symbol, moment: datetime) -> bool:
        """Whether what is known of it goes on without a gap when it is read from this moment on."""
        trail = self._trails.get(symbol)
        return trail is not None and trail.until >= moment

    def learn(self, symbol: Symbol, candles: Iterable[Candle], since: datetime, until: datetime) -> None:
        """All that were closed between these, oldest first. After a gap nothing older is believed."""
        if not self.reaches(symbol, since):
            self._trails[symbol] = _Trail(since)
        trail = self._trails[symbol]
        trail.closes.extend((c.start + MINUTE, c.close) for c in candles if trail.until <= c.start < until)
        trail.until = max(trail.until, until)

    def keep(self, symbols: Collection[Symbol]) -> None:
        """The others are forgotten."""
        for symbol in self._trails.keys() - set(symbols):
            del self._trails[symbol]

    def change(self, symbol: Symbol, price: Decimal, at: datetime) -> Decimal | None:
        """How far `price` at that moment lies from what stood an hour before, as a fraction; None if not known."""
        trail, before = self._trails.get(symbol), at - HOUR
        closes = () if trail is None else reversed(trail.closes)
        stood = next((close for end, close in closes if end <= before), None)
        return None if not stood else price / stood - 1
