"""From a word somebody typed to an instrument: `btc`, `BTC/USDT`, `btcusdt`, `XBTUSDTM`."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from chatbot.core.errors import UnknownSymbol, UsageError
from chatbot.core.market import Instrument, Symbol, Venue

HOME_QUOTE = "USDT"
"""A lone base such as `BTC` means its pair with this currency."""

_WORD = re.compile(r"[A-Za-z0-9]{1,20}(?:[-/][A-Za-z0-9]{1,20})?", re.ASCII)
_NEAREST = 3
_ALIKE = 0.6

_CALLED = {
    "BITCOIN": "BTC", "ETHEREUM": "ETH", "ETHER": "ETH", "SOLANA": "SOL", "RIPPLE": "XRP", "DOGECOIN": "DOGE",
    "CARDANO": "ADA", "LITECOIN": "LTC", "TRON": "TRX", "CHAINLINK": "LINK", "AVALANCHE": "AVAX", "POLKADOT": "DOT",
    "STELLAR": "XLM", "MONERO": "XMR", "UNISWAP": "UNI", "TONCOIN": "TON",
}  # fmt: skip
"""As they are spoken. Only ever a suggestion: other coins have taken some of these for their names."""


def normal(word: str) -> str:
    """Upper case, one dash, no slash. Raises UsageError for anything but letters, digits and one divider.

    Look-alikes, zero-width and right-to-left signs end here: a card is only ever drawn from
    the exchange's own record of a symbol.
    """
    text = word.strip()
    if not _WORD.fullmatch(text):
        raise UsageError("That is not a symbol.", example="/price BTC")
    return text.upper().replace("/", "-")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All instruments, indexed once by every way people write them."""

    instruments: tuple[Instrument, ...]
    _by_symbol: dict[str, Instrument] = field(init=False, repr=False)
    _spot: dict[str, Instrument] = field(init=False, repr=False)
    _perpetual: dict[str, Instrument] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        spot = [i for i in self.instruments if i.venue is Venue.SPOT]
        perpetual = [i for i in self.instruments if i.perpetual]
        object.__setattr__(self, "_by_symbol", {i.symbol: i for i in self.instruments})
        object.__setattr__(self, "_spot", _index(spot))
        object.__setattr__(self, "_perpetual", _index(perpetual))

    def get(self, symbol: Symbol) -> Instrument | None:
        return self._by_symbol.get(symbol)

    def find(self, word: str) -> Instrument:
        """The instrument meant by `word`: a symbol as it stands, else the spot pair. Raises UnknownSymbol."""
        text = normal(word)
        found = self._by_symbol.get(text) or self._spot.get(text) or self._perpetual.get(text)
        if found is None:
            raise UnknownSymbol(text, self.nearest(text))
        return found

    def perpetual(self, word: str) -> Instrument:
        """The perpetual meant by `word`. Raises UnknownSymbol, also for coins that have none."""
        text = normal(word)
        listed = self._by_symbol.get(text)
        if listed is not None and listed.venue is Venue.SPOT:
            text = listed.base
        found = listed if listed is not None and listed.perpetual else self._perpetual.get(text)
        if found is None:
            raise UnknownSymbol(text, tuple(difflib.get_close_matches(text, _bases(self._perpetual), _NEAREST, 0.3)))
        return found

    def perpetual_of(self, instrument: Instrument) -> Instrument | None:
        """The USDT perpetual of the same coin, where there is one."""
        return instrument if instrument.perpetual else self._perpetual.get(instrument.base)

    def nearest(self, text: str) -> tuple[str, ...]:
        """At most three names that exist and look like `text`: coins for a coin, pairs for a pair."""
        if _CALLED.get(text) in self._spot:
            return (_CALLED[text],)
        names = [i.symbol for i in self.instruments] if "-" in text else _bases(self._spot)
        return tuple(difflib.get_close_matches(text, names, _NEAREST, 0.3))


def alike(name: str, word: str) -> bool:
    """Whether the word is most likely that name misspelt, and no word of some other matter: BCT, and not BERLIN."""
    return _CALLED.get(word) == name or difflib.SequenceMatcher(None, name, word).ratio() > _ALIKE


def _index(instruments: Iterable[Instrument]) -> dict[str, Instrument]:
    """`BTC`, `BTC-USDT` and `BTCUSDT` for each; a lone base goes to the USDT one alone."""
    index: dict[str, Instrument] = {}
    for instrument in instruments:
        bases = [instrument.base, "XBT"] if instrument.base == "BTC" else [instrument.base]
        for base in bases:
            index.setdefault(f"{base}-{instrument.quote}", instrument)
            index.setdefault(f"{base}{instrument.quote}", instrument)
            if instrument.quote == HOME_QUOTE:
                index[base] = instrument
    return index


def _bases(index: dict[str, Instrument]) -> list[str]:
    return sorted({i.base for i in index.values() if i.quote == HOME_QUOTE})
