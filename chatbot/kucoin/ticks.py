"""From a price on the wire to a `Tick`: the exchange's own digits, in the order in which they came to be.

A line remembers where its topic stands: what is older than its last word is refused, what is the
same is dropped. Its time outlives the connection, its sequence does not.

A date ahead of our measure of the exchange's clock is not believed, but the price is: it was pushed just
now. Refusing it would leave a bot deaf whose own clock is late; believing it would make all that follows old.
"""

from dataclasses import replace

from chatbot.core.feed import PredictedRate, Tick
from chatbot.core.market import Symbol
from chatbot.core.times import from_millis, to_millis
from chatbot.kucoin.feed_schemas import Forecast, Message
from chatbot.kucoin.schemas import price_digits
from chatbot.kucoin.topics import FUTURES_TICKS, RATES, parts

_AHEAD = 5_000
"""Milliseconds by which our measure may be late."""

_NONSENSE = 86_400_000
"""No clock is a day late: what is dated further ahead is no word of KuCoin's."""


def millis_of(stamp: object) -> int:
    """Of a moment in milliseconds, as spot tells it, or in nanoseconds, as futures do. Raises ValueError."""
    if type(stamp) is int:
        if 10**12 <= stamp < 10**13:
            return stamp
        if 10**18 <= stamp < 10**19:
            return stamp // 10**6
    raise ValueError("not a moment")


class TickLine:
    """One symbol's ticks. `last` is the one that its connection brought last."""

    __slots__ = ("_millis", "_sequence", "_stamp", "_symbol", "last")

    def __init__(self, symbol: Symbol, stamp: str) -> None:
        """`stamp` is the field that holds the time."""
        self._symbol = symbol
        self._stamp = stamp
        self._sequence = -1
        self._millis = 0
        self.last: Tick | None = None

    def begin(self) -> None:
        """A new connection, which may count anew."""
        self._sequence = -1
        self.last = None

    def read(self, message: Message, now: int) -> Tick | None:
        """None for a repeated word. Raises KeyError, TypeError or ValueError for any that is of no use.

        `now` is in milliseconds of the exchange's clock, as far as we know it.
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
        if millis > now + _AHEAD:
            millis = max(_dated_anew(millis, now), self._millis)
        elif millis < self._millis:
            raise ValueError("out of its time")
        else:
            self._millis = millis
        self._sequence = sequence
        self.last = Tick(self._symbol, digits, millis)
        return self.last


class RateLine:
    """One perpetual's predicted rates; the mark prices of the same topic are passed over."""

    __slots__ = ("_millis", "_symbol")

    def __init__(self, symbol: Symbol) -> None:
        self._symbol = symbol
        self._millis = 0

    def begin(self) -> None:
        """A new connection. These are told by time alone."""

    def read(self, message: Message, now: int) -> PredictedRate | None:
        """None for a repeated word, and for other subjects. Raises like `TickLine.read`."""
        if message["subject"] != "funding.rate":
            return None
        rate = Forecast.model_validate(message["data"]).to_core(self._symbol)
        if rate is None:
            return None
        millis = to_millis(rate.at)
        if millis > now + _AHEAD:
            return replace(rate, at=from_millis(_dated_anew(millis, now)))
        if millis < self._millis:
            raise ValueError("out of its time")
        if millis == self._millis:
            return None
        self._millis = millis
        return rate


def _dated_anew(millis: int, now: int) -> int:
    if millis > now + _NONSENSE:
        raise ValueError("out of its time")
    return now


Line = TickLine | RateLine


def line_of(topic: str) -> Line:
    prefix, symbol = parts(topic)
    if prefix == RATES:
        return RateLine(Symbol(symbol))
    return TickLine(Symbol(symbol), "ts" if prefix == FUTURES_TICKS else "time")
