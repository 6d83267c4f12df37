"""The lowest and the highest price of a rolling window, at a cost that does not grow with the window.

The window goes forward in steps of a sixtieth of its length. It covers between 59 sixtieths of it
and the whole, never more.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import ge, itemgetter, le

from chatbot.core.market import Candle

MINUTE = timedelta(minutes=1)
"""What a candle covers."""

_STEPS = 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Extreme:
    """The lowest (or highest) price, and those that will be when it has left: one a step at most.

    A price that outdoes earlier ones puts them out, for they will leave before it. So each goes in and out once.
    """

    __slots__ = ("outdoes", "steps")

    def __init__(self, outdoes: Callable[[Decimal, Decimal], bool]) -> None:
        self.outdoes = outdoes
        self.steps: deque[tuple[int, Decimal]] = deque()

    def push(self, step: int, price: Decimal) -> None:
        """Not before the last step."""
        steps = self.steps
        while steps and self.outdoes(price, steps[-1][1]):
            steps.pop()
        if not steps or steps[-1][0] != step:
            steps.append((step, price))

    def merge(self, others: Iterable[tuple[int, Decimal]]) -> None:
        merged = sorted([*self.steps, *others], key=itemgetter(0))
        self.steps.clear()
        for step, price in merged:
            self.push(step, price)

    def first(self, since: int = 0) -> tuple[Decimal, ...]:
        """Of the steps not before `since`; none where nothing was put into them."""
        return next(((price,) for step, price in self.steps if step >= since), ())

    def leave(self, before: int) -> None:
        steps = self.steps
        while steps and steps[0][0] < before:
            steps.popleft()


class Extremes:
    """Of the prices handed in; of a candle's prices only where it is certain that they belong to the window."""

    __slots__ = ("_highs", "_lows", "_newest", "_step")

    def __init__(self, length: timedelta) -> None:
        self._step = length // _STEPS
        self._lows, self._highs = _Extreme(le), _Extreme(ge)
        self._newest = 0

    @property
    def low(self) -> Decimal:
        """Of a window that something was put into."""
        return self._lows.steps[0][1]

    @property
    def high(self) -> Decimal:
        return self._highs.steps[0][1]

    def lowest(self, first: Decimal, second: Decimal) -> Decimal:
        """Of the window and these two."""
        return min(first, second, *self._lows.first())

    def highest(self, first: Decimal, second: Decimal) -> Decimal:
        return max(first, second, *self._highs.first())

    def goes_on_by(self, at: datetime) -> bool:
        """Whether the window has left its last step by then."""
        return (at - _EPOCH) // self._step > self._newest

    def span(self, at: datetime, stood: Decimal) -> tuple[Decimal, Decimal]:
        """The lowest and the highest of the window that ends at `at`, until which `stood` stood. Changes nothing."""
        since = (at - _EPOCH) // self._step - _STEPS + 1
        return min((stood, *self._lows.first(since))), max((stood, *self._highs.first(since)))

    def add(self, price: Decimal, at: datetime, stood: Decimal | None) -> None:
        """`stood`: the price that stood until `at`, where that is known. `at` is not before what was added already."""
        step = (at - _EPOCH) // self._step
        if step > self._newest:
            self._reach(step)
            if stood is not None:
                self._push(step, stood)
        self._push(step, price)

    def reach(self, candle: Candle) -> None:
        """What may have left the window by the end of this candle leaves."""
        self._reach(self._last_step(candle))

    def add_candle(self, candle: Candle, stood: Decimal | None) -> None:
        """Its low and high count from its beginning: they leave early rather than late."""
        first, last = self._first_step(candle), self._last_step(candle)
        if stood is not None:
            self._push(first, stood)
        self._lows.push(first, candle.low)
        self._highs.push(first, candle.high)
        self._push(last, candle.close)
        self._reach(last)

    def seed(self, candles: Sequence[Candle]) -> None:
        """What happened before what was added, or in between: oldest first. Each close stood until the next candle."""
        oldest = max(self._newest, self._last_step(candles[-1])) - _STEPS + 1
        lows, highs, closes = [], [], []
        for candle, following in zip(candles, (*candles[1:], None), strict=True):
            lows.append((self._first_step(candle), candle.low))
            highs.append((self._first_step(candle), candle.high))
            stood = self._last_step(candle) if following is None else self._first_step(following)
            closes.append((stood, candle.close))
        self._lows.merge(entry for entry in (*lows, *closes) if entry[0] >= oldest)
        self._highs.merge(entry for entry in (*highs, *closes) if entry[0] >= oldest)

    def _first_step(self, candle: Candle) -> int:
        return (candle.start - _EPOCH) // self._step

    def _last_step(self, candle: Candle) -> int:
        return (candle.start + MINUTE - timedelta.resolution - _EPOCH) // self._step

    def _reach(self, step: int) -> None:
        self._newest = step
        self._lows.leave(step - _STEPS + 1)
        self._highs.leave(step - _STEPS + 1)

    def _push(self, step: int, price: Decimal) -> None:
        self._lows.push(step, price)
        self._highs.push(step, price)
