"""A coin's price through time: the same seed always walks the same way.

Every minute's moves are a hash of (seed, coin, minute), so the path depends on the
time alone and not on who asked before; what is kept is one opening price per minute.
Between nodes ten seconds apart the price runs straight, so a minute's extremes are
among its nodes.
"""

import struct
from hashlib import blake2b

MINUTE = 60_000
NODE = 10_000
NODES = MINUTE // NODE
DAY_MINUTES = 1440
HOUR_MINUTES = 60
_NODES_A_YEAR = 365 * DAY_MINUTES * NODES
_UNPACK = struct.Struct(f">{NODES}I").unpack


class CoinPath:
    """Prices in dollars as floats; times in milliseconds since the epoch. It passes `price` at `origin`'s minute."""

    def __init__(self, name: str, price: float, volatility: float, origin: int) -> None:
        self._hash = blake2b(name.encode(), digest_size=4 * NODES)
        self._swing = volatility * (3 / _NODES_A_YEAR) ** 0.5
        self._first = origin // MINUTE
        self._ahead = [price]
        self._behind: list[float] = []
        self._jumps: list[tuple[int, float]] = []
        self._latest: tuple[int, list[float]] = (-1, [])

    def at(self, time: int) -> float:
        minute, rest = divmod(time, MINUTE)
        node, passed = divmod(rest, NODE)
        nodes = self._bare_nodes(minute)
        bare = nodes[node] + (nodes[node + 1] - nodes[node]) * passed / NODE
        return bare * self._factor(time)

    def jump(self, time: int, to: float) -> None:
        """From `time` on the path runs `to / at(time)` times as high as it would have."""
        factor = self._factor(time) * to / self.at(time)
        self._jumps.append((time, factor))

    @property
    def still(self) -> bool:
        """It moves in jumps alone."""
        return not self._swing

    def jumps_between(self, start: int, end: int) -> list[int]:
        return [time for time, _ in self._jumps if start < time <= end]

    def jumps_within(self, minute: int) -> list[int]:
        return [time for time, _ in self._jumps if time // MINUTE == minute]

    def nodes(self, minute: int) -> list[float]:
        """The minute's opening price and the six nodes after it; only for a minute without a jump."""
        factor = self._factor(minute * MINUTE)
        bare = self._bare_nodes(minute)
        return bare if factor == 1.0 else [price * factor for price in bare]

    def _factor(self, time: int) -> float:
        for moment, factor in reversed(self._jumps):
            if moment <= time:
                return factor
        return 1.0

    def _bare_nodes(self, minute: int) -> list[float]:
        if self._latest[0] != minute:
            price = self._open(minute)
            nodes = [price]
            for move in self._moves(minute):
                price *= move
                nodes.append(price)
            self._latest = (minute, nodes)
        return self._latest[1]

    def _open(self, minute: int) -> float:
        if self.still:
            return self._ahead[0]
        offset = minute - self._first
        while offset >= len(self._ahead):
            self._ahead.append(self._ahead[-1] * self._total(self._first + len(self._ahead) - 1))
        while -offset > len(self._behind):
            later = self._behind[-1] if self._behind else self._ahead[0]
            self._behind.append(later / self._total(self._first - len(self._behind) - 1))
        return self._ahead[offset] if offset >= 0 else self._behind[-offset - 1]

    def _total(self, minute: int) -> float:
        total = 1.0
        for move in self._moves(minute):
            total *= move
        return total

    def _moves(self, minute: int) -> list[float]:
        dice = self._hash.copy()
        dice.update(minute.to_bytes(8, "big"))
        return [1 + self._swing * (number / 2**31 - 1) for number in _UNPACK(dice.digest())]


Bar = tuple[float, float, float, float]
"""Open, high, low, close."""


def bar(path: CoinPath, against: CoinPath | None, minute: int, until: int) -> Bar:
    """One minute of `path`, told in units of `against`, up to and including the moment `until`."""
    start, end = minute * MINUTE, (minute + 1) * MINUTE
    jumps = path.jumps_within(minute) + (against.jumps_within(minute) if against else [])
    if jumps or until < end:
        last = min(until, end)
        times = {start, last, *(start + NODE * n for n in range(NODES)), *jumps, *(max(j - 1, start) for j in jumps)}
        prices = [path.at(t) / (against.at(t) if against else 1.0) for t in sorted(times) if t <= last]
    elif against is None:
        prices = path.nodes(minute)
    else:
        prices = [ours / theirs for ours, theirs in zip(path.nodes(minute), against.nodes(minute), strict=True)]
    return prices[0], max(prices), min(prices), prices[-1]


def still_extremes(path: CoinPath, against: CoinPath | None, start: int, end: int) -> tuple[float, float] | None:
    """The highest and lowest price between two moments; None for what moves in between as well."""
    if not path.still or (against is not None and not against.still):
        return None
    jumps = path.jumps_between(start, end) + (against.jumps_between(start, end) if against else [])
    prices = [path.at(time) / (against.at(time) if against else 1.0) for time in (start, *jumps)]
    return max(prices), min(prices)


class Stretches:
    """Bars longer than a minute. Whole hours that have passed are kept: what lies behind never changes."""

    def __init__(self, path: CoinPath, against: CoinPath | None) -> None:
        self._path = path
        self._against = against
        self._hours: dict[int, Bar] = {}

    def bar(self, first: int, last: int, now: int) -> Bar:
        """From the one minute up to, and without, the other; up to the moment `now`."""
        bars: list[Bar] = []
        minute = first
        while minute < last:
            if minute % HOUR_MINUTES == 0 and minute + HOUR_MINUTES <= min(last, now // MINUTE):
                bars.append(self._hour(minute))
                minute += HOUR_MINUTES
            else:
                bars.append(bar(self._path, self._against, minute, now))
                minute += 1
        return _joined(bars)

    def _hour(self, first: int) -> Bar:
        if first not in self._hours:
            end = (first + HOUR_MINUTES) * MINUTE
            minutes = range(first, first + HOUR_MINUTES)
            self._hours[first] = _joined([bar(self._path, self._against, each, end) for each in minutes])
        return self._hours[first]


def _joined(bars: list[Bar]) -> Bar:
    return bars[0][0], max(each[1] for each in bars), min(each[2] for each in bars), bars[-1][3]


class DayRange:
    """The highest and lowest price of a day, in units of `against`. Each finished minute is looked at once."""

    def __init__(self, path: CoinPath, against: CoinPath | None) -> None:
        self._path = path
        self._against = against
        self._from = 0
        self._highs: list[float] = []
        self._lows: list[float] = []

    def until(self, now: int) -> tuple[float, float]:
        """Over the 1,440 finished minutes before the moment `now`, and the one it is in."""
        minute = now // MINUTE
        still = still_extremes(self._path, self._against, (minute - DAY_MINUTES) * MINUTE, now)
        if still is not None:
            return still
        self._read_up_to(minute)
        _, high, low, _ = bar(self._path, self._against, minute, now)
        return max(high, *self._highs), min(low, *self._lows)

    def _read_up_to(self, minute: int) -> None:
        first = minute - DAY_MINUTES
        if not self._from <= first <= self._from + len(self._highs):
            self._from, self._highs, self._lows = first, [], []
        gone = first - self._from
        del self._highs[:gone], self._lows[:gone]
        self._from = first
        for each in range(first + len(self._highs), minute):
            _, high, low, _ = bar(self._path, self._against, each, (each + 1) * MINUTE)
            self._highs.append(high)
            self._lows.append(low)
