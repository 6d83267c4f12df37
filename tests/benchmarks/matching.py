"""What a price costs the index of alert levels, against looking its symbol up and comparing it twice.

    python -m tests.benchmarks.matching

Goals: a tick at most 2 times that floor at 100,000 rules and 3.5 times at 1,000,000; arming and disarming
p99 below 100 us; a jump that fires 14,000 rules at most 5 ms; at most 24 bytes a rule of a million, and those loaded
within 3 s; no difference from a scan of every rule in a million ticks.

1,500 symbols, the k-th busiest with a k-th of the busiest one's rules and ticks; levels 0.5 % to 50 % off. What fires
is armed again at another level, off the clock, so the book keeps its size. The floor is a call as well: an
index nobody calls finds nothing. Ticks of the two alternate in the same run, in the same order.
"""

import gc
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import accumulate, count

from chatbot.core.alerts import Watch
from chatbot.core.levels import LevelBook

SYMBOLS = [f"COIN{number}-USDT" for number in range(1500)]
ACTIVITY = list(accumulate(1 / place for place in range(1, len(SYMBOLS) + 1)))
SIZES = (1_000, 100_000, 1_000_000)
GOALS = {1_000: "", 100_000: "(goal 2)", 1_000_000: "(goal 3.5)"}
BATCH, BATCHES = 1_000, 400
SINGLES = 100_000
ARMINGS = 20_000
JUMP = 1.05
REPLAYED = 1_000_000

Rule = tuple[str, float, int, bool]
Ticks = list[tuple[str, float]]
Passed = Callable[[str, float], Sequence[int]]


class Floor:
    """The least there is to do: find the symbol, compare twice."""

    def __init__(self) -> None:
        self.bounds = dict.fromkeys(SYMBOLS, (0.0, 1e12))

    def passed(self, key: str, value: float) -> Sequence[int]:
        low, high = self.bounds[key]
        if low < value < high:
            return ()
        return (1,)


class Market:
    """Prices that walk, with a jump now and then, and the rules people would set beside them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a market, no secret
        self.prices = {symbol: self.chance.uniform(0.01, 50_000) for symbol in SYMBOLS}
        self.ids = count(1)

    def symbols(self, number: int) -> list[str]:
        return self.chance.choices(SYMBOLS, cum_weights=ACTIVITY, k=number)

    def rule(self, symbol: str) -> Rule:
        off = 0.005 + 0.495 * self.chance.random() ** 1.6
        rising = self.chance.random() < 0.5
        return symbol, self.prices[symbol] * (1 + off if rising else 1 - off), next(self.ids), rising

    def rules(self, number: int) -> list[Rule]:
        return sorted(self.rule(symbol) for symbol in self.symbols(number))

    def ticks(self, number: int) -> Ticks:
        ticks = []
        for symbol in self.symbols(number):
            jump = self.chance.choice((-0.02, 0.02)) if self.chance.random() < 0.0005 else 0
            self.prices[symbol] *= 1 + self.chance.gauss(0, 0.0005) + jump
            ticks.append((symbol, self.prices[symbol]))
        return ticks


def batch_time(passed: Passed, ticks: Ticks) -> tuple[float, list[tuple[str, int]]]:
    """Nanoseconds a tick, and how many fired of which symbol."""
    fired = []
    began = time.perf_counter_ns()
    for symbol, price in ticks:
        ids = passed(symbol, price)
        if ids:
            fired.append((symbol, len(ids)))
    return (time.perf_counter_ns() - began) / len(ticks), fired


def single_times(passed: Passed, ticks: Ticks) -> tuple[list[int], list[tuple[str, int]]]:
    """Nanoseconds of each tick, the clock's own taken off, shortest first; and how many fired of which symbol."""
    clock = time.perf_counter_ns
    clock_itself = min(-clock() + clock() for _ in range(1000))
    times, fired = [], []
    for symbol, price in ticks:
        began = clock()
        ids = passed(symbol, price)
        times.append(clock() - began - clock_itself)
        if ids:
            fired.append((symbol, len(ids)))
    return sorted(times), fired


def arm_again(market: Market, book: LevelBook[str], fired: list[tuple[str, int]]) -> int:
    for symbol, number in fired:
        for _ in range(number):
            key, level, rule_id, rising = market.rule(symbol)
            book.add(key, level, rule_id, rising=rising)
    return sum(number for _, number in fired)


def tick_cost(market: Market, book: LevelBook[str]) -> float:
    """In times the floor."""
    rules, fired = len(book), 0
    floor = Floor()
    floors, ours = [], []
    for _ in range(BATCHES):
        ticks = market.ticks(BATCH)
        floors.append(batch_time(floor.passed, ticks)[0])
        taken, met = batch_time(book.passed, ticks)
        ours.append(taken)
        fired += arm_again(market, book, met)
    ratio = statistics.fmean(ours) / statistics.fmean(floors)
    middle = statistics.median(mine / least for mine, least in zip(ours, floors, strict=True))
    print(f"{rules:>9,} rules: a tick {ratio:.2f} times the floor {GOALS[rules]}, median of batches {middle:.2f}")
    print(f"           mean {statistics.fmean(ours):.0f} ns, floor {statistics.fmean(floors):.0f} ns, {fired:,} fired")
    ticks = market.ticks(SINGLES)
    least, _ = single_times(floor.passed, ticks)
    mine, met = single_times(book.passed, ticks)
    arm_again(market, book, met)
    for name, place in (("p50", SINGLES // 2), ("p99", SINGLES * 99 // 100)):
        print(
            f"           {name} {mine[place]} ns, {mine[place] / least[place]:.2f} times the floor's {least[place]} ns"
        )
    return ratio


def arming(market: Market, book: LevelBook[str]) -> None:
    clock = time.perf_counter_ns
    armed, disarmed = [], []
    rules = [market.rule(symbol) for symbol in market.symbols(ARMINGS)]
    for key, level, rule_id, rising in rules:
        began = clock()
        book.add(key, level, rule_id, rising=rising)
        armed.append(clock() - began)
    market.chance.shuffle(rules)
    for key, level, rule_id, rising in rules:
        began = clock()
        there = book.remove(key, level, rule_id, rising=rising)
        disarmed.append(clock() - began)
        assert there
    for name, times in (("arm", sorted(armed)), ("disarm", sorted(disarmed))):
        p50, p99 = times[ARMINGS // 2] / 1000, times[ARMINGS * 99 // 100] / 1000
        print(f"{len(book):>9,} rules: {name} p50 {p50:.1f} us (goal 15), p99 {p99:.1f} us (goal 100)")


def jump(market: Market, book: LevelBook[str]) -> None:
    price = market.prices[SYMBOLS[0]] * JUMP
    began = time.perf_counter()
    ids = book.passed(SYMBOLS[0], price)
    taken = (time.perf_counter() - began) * 1000
    arm_again(market, book, [(SYMBOLS[0], len(ids))])
    print(f"{len(book):>9,} rules: a jump of 5 % fires {len(ids):,} in {taken:.2f} ms (goal 5)")


def memory(rules: list[Rule]) -> None:
    tracemalloc.start()
    book: LevelBook[str] = LevelBook()
    book.load(rules)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"{len(book):>9,} rules: {held / len(book):.1f} bytes each {'(goal 24)' if len(book) == SIZES[-1] else ''}")


def loaded(rules: list[Rule]) -> LevelBook[str]:
    book: LevelBook[str] = LevelBook()
    began = time.perf_counter()
    book.load(rules)
    taken = time.perf_counter() - began
    print(f"{len(book):>9,} rules: loaded in {taken:.2f} s {'(goal 3)' if len(book) == SIZES[-1] else ''}")
    return book


def differences(ticks: int) -> tuple[int, int]:
    """How many rules fired, and how many of them in the index alone or in a scan of all alone, in decimals."""
    chance = random.Random(5)  # noqa: S311 - a market, no secret
    symbols = SYMBOLS[:20]
    units = dict.fromkeys(symbols, 100_000)
    book: LevelBook[str] = LevelBook()
    watches: dict[str, dict[int, Watch]] = {symbol: {} for symbol in symbols}
    ids = count(1)

    def arm(symbol: str) -> None:
        level = Decimal(units[symbol] + chance.randint(-400, 400)).scaleb(-3)
        watch, rule_id = Watch(level=level, rising=chance.random() < 0.5), next(ids)
        watches[symbol][rule_id] = watch
        book.add(symbol, float(level), rule_id, rising=watch.rising)

    for symbol in symbols * 40:
        arm(symbol)
    wrong = 0
    for _ in range(ticks):
        symbol = chance.choice(symbols)
        units[symbol] = max(units[symbol] + chance.randint(-30, 30), 1)
        digits = f"{units[symbol] / 1000:.3f}"
        price = Decimal(digits)
        found = {i for i in book.passed(symbol, float(digits)) if watches[symbol][i].met_by(price)}
        scanned = {i for i, watch in watches[symbol].items() if watch.met_by(price)}
        wrong += len(found ^ scanned)
        for rule_id in scanned:
            del watches[symbol][rule_id]
            arm(symbol)
    return next(ids) - 1 - len(book), wrong


def main() -> None:
    costs = []
    for size in SIZES:
        market = Market(size)
        rules = market.rules(size)
        memory(rules)
        book = loaded(rules)
        del rules
        gc.collect()
        if size == SIZES[-1]:
            jump(market, book)
            arming(market, book)
        costs.append(tick_cost(market, book))
    print(f"a tick at {SIZES[-1]:,} rules costs {costs[-1] / costs[0]:.2f} times one at {SIZES[0]:,} (goal 3)")
    fired, wrong = differences(REPLAYED)
    print(f"{REPLAYED:,} ticks against a scan of every rule: {fired:,} fired, {wrong} differences (goal 0)")


if __name__ == "__main__":
    main()
