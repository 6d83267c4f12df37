"""From a price on the wire to a `Tick`: the exchange's own digits, in the order in which they came to be.

A line remembers where its topic stands: what is older than its last word is refused, what is the
same is dropped. Its time outlives the connection, its sequence does not.
"""

from chatbot.core.feed import PredictedRate, Tick
from chatbot.core.market import Symbol
from chatbot.core.times import to_millis
from chatbot.kucoin.feed_schemas import Forecast, Message
from chatbot.kucoin.schemas import price_digits
from chatbot.kucoin.topics import FUTURES_TICKS, RATES, parts


def millis_of(stamp: object) -> int:
    """Of a moment in milliseconds, as spot tells it, or in nanoseconds, as futures do. Raises ValueError."""
    if type(stamp) is int:
        if 10**12 <= stamp < 10**13:
            return stamp
        if 10**18 <= stamp < 10**19:
            return stamp // 10**6
    raise ValueError("not a moment")


class TickLine:
    """One symbol's ticks."""

    __slots__ = ("_millis", "_sequence", "_stamp", "_symbol")

    def __init__(self, symbol: Symbol, stamp: str) -> None:
        """`stamp` is the field that holds the time."""
        self._symbol = symbol
        self._stamp = stamp
        self._sequence = -1
        self._millis = 0

    def begin(self, latest: int) -> None:
        """A new connection, which may count anew. A line that was led beyond `latest` forgets its time, too."""
        self._sequence = -1
        if self._millis > latest:
            self._millis = 0

    def read(self, message: Message, latest: int) -> Tick | None:
        """None for a repeated word. Raises KeyError, TypeError or ValueError for any that is of no use.

        `latest` is the last millisecond that can be believed.
        """
        data = message["data"]
        sequence = int(data["sequence"])
        if sequence <= self._sequence:
            if sequence == self._sequence:
                return None
            raise ValueError("a step back")
        digits = price_digits(data["price"])
        # KuCoin's own sample spells it `Time`
        millis = millis_of(data.get(self._stamp) or data["Time"])
        if not self._millis <= millis <= latest:
            raise ValueError("out of its time")
        self._sequence = sequence
        self._millis = millis
        return Tick(self._symbol, digits, millis)


class RateLine:
    """One perpetual's predicted rates; the mark prices of the same topic are passed over."""

    __slots__ = ("_millis", "_symbol")

    def __init__(self, symbol: Symbol) -> None:
        self._symbol = symbol
        self._millis = 0

    def begin(self, latest: int) -> None:
        """A new connection. A line that was led beyond `latest` forgets its time."""
        if self._millis > latest:
            self._millis = 0

    def read(self, message: Message, latest: int) -> PredictedRate | None:
        """None for a repeated word, and for other subjects. Raises like `TickLine.read`."""
        if message["subject"] != "funding.rate":
            return None
        rate = Forecast.model_validate(message["data"]).to_core(self._symbol)
        millis = to_millis(rate.at) if rate else self._millis
        if millis == self._millis:
            return None
        if not self._millis < millis <= latest:
            raise ValueError("out of its time")
        self._millis = millis
        return rate


Line = TickLine | RateLine


def line_of(topic: str) -> Line:
    prefix, symbol = parts(topic)
    if prefix == RATES:
        return RateLine(Symbol(symbol))
    return TickLine(Symbol(symbol), "ts" if prefix == FUTURES_TICKS else "time")
