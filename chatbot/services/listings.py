"""What the exchange lists, as far as its lists are believed: a short one proves nothing about what it lacks."""

from collections import Counter
from collections.abc import Mapping

from chatbot.core.market import Instrument, Symbol, Venue
from chatbot.core.symbols import Catalogue

WHOLE = 0.8
"""Of the longest list seen. A handful is delisted in a day; a list that lost a fifth of itself is half an answer."""


def whole(count: int, longest: int) -> bool:
    """Whether a list of so many may be believed. No exchange lists nothing, also where none was seen before."""
    return count > 0 and count >= WHOLE * longest


class Listings:
    """Hand it every catalogue, and what is watched."""

    def __init__(self) -> None:
        self._longest: Counter[Venue] = Counter()
        self._instruments: dict[Symbol, Instrument] = {}
        self._absent: dict[Symbol, Catalogue] = {}

    def instrument(self, symbol: Symbol) -> Instrument | None:
        """As it is listed, or was when it was the last time."""
        return self._instruments.get(symbol)

    def gone(self, watched: Mapping[Symbol, Venue], catalogue: Catalogue) -> list[Symbol]:
        """What two readings of a list that is whole do not have: catalogues are an hour apart, once may be a slip."""
        listed = {symbol: catalogue.get(symbol) for symbol in watched}
        self._instruments |= {symbol: its for symbol, its in listed.items() if its is not None}
        counts = Counter(i.venue for i in catalogue.instruments)
        self._longest |= counts
        absent = [
            s for s, its in listed.items() if its is None and whole(counts[watched[s]], self._longest[watched[s]])
        ]
        gone = [s for s in absent if self._absent.get(s, catalogue) is not catalogue]
        self._absent = {s: self._absent.get(s, catalogue) for s in absent}
        return gone
