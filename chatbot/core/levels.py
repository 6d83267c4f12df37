"""Which alert rules a value meets, found without looking at the others.

For each key the levels waiting for a rise and those waiting for a fall stand apart, both sorted so that the
next one to be met comes last, and the two next ones are at hand: a value that meets nothing costs one look-up and
two comparisons however many rules there are, one that meets some takes them off the end in one slice. Nothing
depends on earlier values: a watch that is met already when it is added, the very next value meets.

Floats are for this index alone. Digits become floats without changing places (equal digits equal floats), so
whatever is met in `Decimal` is met here too. Beyond some 16 digits the reverse may fail: the caller decides
on the exchange's own digits, and adds again what was not met after all.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, KeysView, Sequence
from itertools import groupby
from math import inf, isfinite
from operator import itemgetter
from sys import float_info
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

_NOTHING: Sequence[int] = ()
_MOST = float_info.max


def _check(number: float) -> None:
    if not isfinite(number):
        raise ValueError(f"no level and no value: {number}")


class _Side:
    """The watches of one direction, ordered so that a value which meets one meets all after it."""

    __slots__ = ("bounds", "ids")

    def __init__(self) -> None:
        self.bounds: array[float] = array("d")
        self.ids: array[int] = array("q")

    def add(self, bound: float, rule_id: int) -> None:
        at = bisect_right(self.bounds, bound)
        self.ids.insert(at, rule_id)
        self.bounds.insert(at, bound)

    def remove(self, bound: float, rule_id: int) -> bool:
        start = bisect_left(self.bounds, bound)
        stop = bisect_right(self.bounds, bound, start)
        try:
            at = self.ids.index(rule_id, start, stop)
        except ValueError:
            return False
        del self.ids[at], self.bounds[at]
        return True

    def reached(self, bound: float) -> Sequence[int]:
        """Those at `bound` or after it, in no order; they stay."""
        return self.ids[bisect_left(self.bounds, bound) :]

    def take(self, bound: float) -> Sequence[int]:
        """Those at `bound` or after it, the next one first; there is at least one."""
        bounds = self.bounds
        if len(bounds) == 1 or bounds[-2] < bound:
            bounds.pop()
            return (self.ids.pop(),)
        at = bisect_left(self.bounds, bound)
        ids = self.ids[at:]
        del self.ids[at:], self.bounds[at:]
        ids.reverse()
        return ids


class _Levels:
    """One key's. The levels of `rising` are kept negated: it is a falling side seen in a mirror.

    A value between `low` and `high` meets nothing; where `low` is not below `high`, every value meets something.
    """

    __slots__ = ("falling", "high", "low", "rising")

    def __init__(self) -> None:
        self.falling, self.rising = _Side(), _Side()
        self.low, self.high = -inf, inf

    def fill(self, rows: Iterable[tuple[object, float, int, bool]]) -> int:
        """Takes rows ordered by level into what is empty, and tells how many there were."""
        falling, rising, last = self.falling, self.rising, -_MOST
        for _, level, rule_id, up in rows:
            if not last <= level <= _MOST:
                raise ValueError(f"{level} after {last}")
            last = level
            if up:
                rising.bounds.append(-level)
                rising.ids.append(rule_id)
            else:
                falling.bounds.append(level)
                falling.ids.append(rule_id)
        # Copies have no room to spare, unlike what grew.
        falling.bounds, falling.ids = falling.bounds[:], falling.ids[:]
        rising.bounds, rising.ids = rising.bounds[::-1], rising.ids[::-1]
        self.look()
        return len(falling.ids) + len(rising.ids)

    def look(self) -> None:
        falling, rising = self.falling.bounds, self.rising.bounds
        self.low = falling[-1] if falling else -inf
        self.high = -rising[-1] if rising else inf


class LevelBook(Generic[Key]):
    """Watches by key: a rule's id and the level at which a value meets it.

    A watch that is added twice is met twice. Levels and values are finite: ValueError for others.
    """

    __slots__ = ("_count", "_levels")

    def __init__(self) -> None:
        self._levels: dict[Key, _Levels] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def keys(self) -> KeysView[Key]:
        """The keys something is watched of; the view follows what is added and taken."""
        return self._levels.keys()

    def add(self, key: Key, level: float, rule_id: int, *, rising: bool) -> None:
        """Watches for `level` or more when `rising`, else for `level` or less."""
        _check(level)
        levels = self._levels.get(key)
        if levels is None:
            levels = self._levels[key] = _Levels()
        if rising:
            levels.rising.add(-level, rule_id)
        else:
            levels.falling.add(level, rule_id)
        levels.look()
        self._count += 1

    def remove(self, key: Key, level: float, rule_id: int, *, rising: bool) -> bool:
        """False where there is no such watch (any more)."""
        _check(level)
        levels = self._levels.get(key)
        if levels is None:
            return False
        gone = levels.rising.remove(-level, rule_id) if rising else levels.falling.remove(level, rule_id)
        if gone:
            self._shrunk(key, levels, 1)
        return gone

    def passed(self, key: Key, value: float) -> Sequence[int]:
        """The rules `value` meets, nearest level first. They are out of the book until they are added again."""
        levels = self._levels.get(key)
        if levels is None or levels.low < value < levels.high:
            return _NOTHING
        return self._taken(key, levels, value)

    def reached(self, key: Key, value: float) -> Sequence[int]:
        """The rules `value` meets, in no order. They stay in the book."""
        _check(value)
        levels = self._levels.get(key)
        return [] if levels is None else [*levels.rising.reached(-value), *levels.falling.reached(value)]

    def _taken(self, key: Key, levels: _Levels, value: float) -> Sequence[int]:
        _check(value)
        ids = levels.rising.take(-value) if value >= levels.high else _NOTHING
        if value <= levels.low:
            falling = levels.falling.take(value)
            ids = [*ids, *falling] if ids else falling
        self._shrunk(key, levels, len(ids))
        return ids

    def _shrunk(self, key: Key, levels: _Levels, by: int) -> None:
        self._count -= by
        levels.look()
        if not levels.falling.ids and not levels.rising.ids:
            del self._levels[key]

    def load(self, rows: Iterable[tuple[Key, float, int, bool]]) -> None:
        """Adds many watches at once: (key, level, rule id, rising), ordered by key and level.

        All or none: ValueError for rows out of order and for a key that is in the book already.
        """
        loaded: dict[Key, _Levels] = {}
        count = 0
        for key, group in groupby(rows, itemgetter(0)):
            if key in loaded or key in self._levels:
                raise ValueError(f"{key} comes twice")
            levels = loaded[key] = _Levels()
            count += levels.fill(group)
        self._levels |= loaded
        self._count += count
