"""How far a price has moved within a while: rises and falls over rolling windows.

A rise of X % within W: the latest price stands at least X % above the lowest price of the last W; a fall: at
least X % below the highest. A price stands until the next one, so what stood when the window began belongs to it: a
coin that trades once an hour and jumps is not missed. The window goes forward in steps of a sixtieth of W and
covers between 59 sixtieths of W and W, never more. Where the order of events is not known, as within a
candle, only what is certain counts.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from operator import attrgetter
from typing import NamedTuple

from chatbot.core.alerts import LONGEST_WINDOW, SHORTEST_WINDOW, AlertRule, Direction, Watch
from chatbot.core.extremes import MINUTE, Extremes
from chatbot.core.feed import Tick
from chatbot.core.market import Candle, Symbol

_SIZE = attrgetter("size")
_EVER = datetime.min.replace(tzinfo=UTC)
_DIGITS = 100
"""More than a price times a percentage can have: the usual 28 would round."""


class MoveKey(NamedTuple):
    """What a move rule watches. A tuple, for it is looked up at every price."""

    symbol: Symbol
    window: timedelta
    direction: Direction


def move_key(rule: AlertRule) -> MoveKey:
    """Of a MOVE rule."""
    question = rule.question
    if question.window is None or question.direction is None:
        raise ValueError(f"{rule.name} watches no move")
    return MoveKey(symbol=question.symbol, window=question.window, direction=question.direction)


class Move(NamedTuple):
    """From a window's lowest price up to `price` (ABOVE), or from its highest down to it (BELOW)."""

    direction: Direction
    extreme: Decimal
    price: Decimal

    @property
    def size(self) -> Decimal:
        """A fraction, zero or more, 0.05 for 5 %: rounded, but never to the other side of a level.

        Division keeps order: a move that has reached a level of up to 27 digits has a size that is at
        least the level, also once both are floats. So this finds every candidate; `meets` decides.
        """
        ratio = self.price / self.extreme
        return ratio - 1 if self.direction is Direction.ABOVE else 1 - ratio

    def meets(self, watch: Watch) -> bool:
        """Exactly, by multiplying: a move of just the level meets it."""
        up = self.direction is Direction.ABOVE
        with localcontext(prec=_DIGITS):
            bound = self.extreme * (1 + watch.level if up else 1 - watch.level)
        return self.price >= bound if up is watch.rising else self.price <= bound


Moves = Sequence[tuple[MoveKey, Move]]


class _Window:
    """One symbol's window of one length."""

    __slots__ = ("extremes", "fall", "rise")

    def __init__(self, symbol: Symbol, length: timedelta) -> None:
        self.rise = MoveKey(symbol, length, Direction.ABOVE)
        self.fall = MoveKey(symbol, length, Direction.BELOW)
        self.extremes = Extremes(length)

    def take(self, stood: Decimal | None, price: Decimal, at: datetime) -> Moves:
        self.extremes.add(price, at, stood)
        return self.moves(price)

    def within(self, stood: Decimal | None, candle: Candle) -> Moves:
        """The open came before the high, and the low before the close or as the close; all within a minute."""
        self.extremes.reach(candle)
        before = candle.open if stood is None else stood
        low, high = self.extremes.lowest(before, candle.open), self.extremes.highest(before, candle.open)
        rises = Move(Direction.ABOVE, low, candle.high), Move(Direction.ABOVE, candle.low, candle.close)
        falls = Move(Direction.BELOW, high, candle.low), Move(Direction.BELOW, candle.high, candle.close)
        self.extremes.add_candle(candle, stood)
        largest = ((self.rise, max(rises, key=_SIZE)), (self.fall, max(falls, key=_SIZE)))
        return (*largest, *self.moves(candle.close))

    def standing(self, price: Decimal, at: datetime) -> Moves:
        """As they are at `at`, when `price` has stood since the last one."""
        low, high = self.extremes.span(at, price)
        return ((self.rise, Move(Direction.ABOVE, low, price)), (self.fall, Move(Direction.BELOW, high, price)))

    def moves(self, price: Decimal) -> Moves:
        rise = Move(Direction.ABOVE, self.extremes.low, price)
        fall = Move(Direction.BELOW, self.extremes.high, price)
        return ((self.rise, rise), (self.fall, fall))


class _Track:
    """One symbol's windows, the price that stands, and the moment up to which all is known."""

    __slots__ = ("at", "stands", "windows")

    def __init__(self) -> None:
        self.windows: dict[timedelta, _Window] = {}
        self.stands: Decimal | None = None
        self.at = _EVER

    def set(self, price: Decimal, at: datetime) -> None:
        self.stands, self.at = price, at


class Windows:
    """The rolling windows of the symbols that are followed."""

    def __init__(self) -> None:
        self._tracks: dict[Symbol, _Track] = {}

    def __contains__(self, symbol: Symbol) -> bool:
        """Whether a window of this symbol is followed."""
        return symbol in self._tracks

    def follow(self, symbol: Symbol, window: timedelta) -> None:
        """One that is followed already keeps what it holds. ValueError for a window rules cannot have."""
        if not SHORTEST_WINDOW <= window <= LONGEST_WINDOW:
            raise ValueError(f"no window: {window}")
        track = self._tracks.setdefault(symbol, _Track())
        if window in track.windows:
            return
        new = track.windows[window] = _Window(symbol, window)
        if track.stands is not None:
            new.take(None, track.stands, track.at)

    def forget(self, symbol: Symbol, window: timedelta) -> None:
        track = self._tracks.get(symbol)
        if track is not None:
            track.windows.pop(window, None)
            if not track.windows:
                del self._tracks[symbol]

    def followed(self, symbol: Symbol) -> tuple[timedelta, ...]:
        track = self._tracks.get(symbol)
        return () if track is None else tuple(track.windows)

    def interrupt(self, symbol: Symbol) -> None:
        """The symbol is not heard: nobody knows how long its last price stands from here on."""
        track = self._tracks.get(symbol)
        if track is not None:
            track.stands = None

    def take(self, symbol: Symbol, tick: Tick) -> Moves:
        """The moves as they stand after this price; the same price again changes nothing.

        None after a price that is older than the last one. ValueError for a price that is not above zero.
        """
        track = self._tracks.get(symbol)
        if track is None:
            return ()
        price, at = tick.price, tick.at
        if not price.is_finite() or price <= 0:
            raise ValueError(f"no price: {price}")
        if at < track.at:
            return ()
        moves: list[tuple[MoveKey, Move]] = []
        for window in track.windows.values():
            moves += window.take(track.stands, price, at)
        track.set(price, at)
        return moves

    def worn(self, symbol: Symbol, at: datetime) -> Moves:
        """The moves as they are at `at`, before any price of then: in silence, too, they leave their windows.

        None while nothing can have left.
        """
        track = self._tracks.get(symbol)
        if track is None or track.stands is None:
            return ()
        stood, windows = track.stands, track.windows.values()
        return [move for w in windows if w.extremes.goes_on_by(at) for move in w.standing(stood, at)]

    def standing(self, key: MoveKey, at: datetime) -> Move | None:
        """The move as it is at `at`, the last price having stood until then; None where nobody knows one."""
        track = self._tracks.get(key.symbol)
        window = track.windows.get(key.window) if track is not None else None
        if track is None or window is None or track.stands is None:
            return None
        return dict(window.standing(track.stands, max(at, track.at)))[key]

    def seed(self, symbol: Symbol, candles: Sequence[Candle]) -> None:
        """Fills the windows from closed one-minute candles, oldest first; live prices newer than these stay.

        A minute that is left out had no trade: the close before it stood.
        """
        track = self._tracks.get(symbol)
        if track is None or not candles:
            return
        for window in track.windows.values():
            window.extremes.seed(candles)
        end = candles[-1].start + MINUTE
        if track.at < end:
            track.set(candles[-1].close, end)

    def moves_in(self, symbol: Symbol, candle: Candle) -> Moves:
        """What certainly happened in a closed one-minute candle, after all that came before, in order of time.

        For each window and direction the largest move and the one left at the end. The candle is part of
        the windows afterwards. None of a candle that began before what is known already: a
        stretch is replayed in windows that have seen nothing newer.
        """
        track = self._tracks.get(symbol)
        if track is None or candle.start < track.at:
            return ()
        moves = [move for window in track.windows.values() for move in window.within(track.stands, candle)]
        track.set(candle.close, candle.start + MINUTE)
        return moves
