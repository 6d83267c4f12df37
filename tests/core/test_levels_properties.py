"""What holds of the index for every series of values, against a scan of all rules."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import groupby, permutations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.alerts import Watch
from chatbot.core.levels import LevelBook

_KEYS = ("BTC-USDT", "XBTUSDTM")
_levels = st.integers(-6, 6).map(float)
_watches = st.lists(st.tuples(st.sampled_from(_KEYS), _levels, st.booleans()), max_size=25)
_values = st.lists(st.tuples(st.sampled_from(_KEYS), _levels), max_size=25)


class _Scan:
    """The index as one would write it first: every rule is looked at."""

    def __init__(self) -> None:
        self.watches: list[tuple[str, float, int, bool]] = []

    def passed(self, key: str, value: float) -> set[int]:
        met = [w for w in self.watches if w[0] == key and (value >= w[1] if w[3] else value <= w[1])]
        self.watches = [w for w in self.watches if w not in met]
        return {rule_id for _, _, rule_id, _ in met}


_Step = Callable[[LevelBook[str], _Scan, int], None]


def _add(key: str, level: float, rising: bool) -> _Step:
    def step(book: LevelBook[str], scan: _Scan, number: int) -> None:
        book.add(key, level, number, rising=rising)
        scan.watches.append((key, level, number, rising))

    return step


def _remove(pick: int) -> _Step:
    def step(book: LevelBook[str], scan: _Scan, number: int) -> None:
        if scan.watches:
            key, level, rule_id, rising = scan.watches.pop(pick % len(scan.watches))
            assert not book.remove(key, level, rule_id, rising=not rising)
            assert book.remove(key, level, rule_id, rising=rising)

    return step


def _pass(key: str, value: float) -> _Step:
    def step(book: LevelBook[str], scan: _Scan, number: int) -> None:
        met = book.passed(key, value)
        assert len(met) == len(set(met))
        assert set(met) == scan.passed(key, value)

    return step


_keys = st.sampled_from(_KEYS)
_steps = st.lists(
    st.one_of(
        st.builds(_add, _keys, _levels, st.booleans()),
        st.builds(_remove, st.integers(0, 99)),
        st.builds(_pass, _keys, _levels),
    ),
    max_size=60,
)


@given(_watches, _steps)
def test_the_index_and_a_scan_of_all_rules_never_differ(
    loaded: list[tuple[str, float, bool]], steps: list[_Step]
) -> None:
    book: LevelBook[str] = LevelBook()
    scan = _Scan()
    scan.watches = [(key, level, -n, rising) for n, (key, level, rising) in enumerate(sorted(loaded))]
    book.load(scan.watches)
    for number, step in enumerate(steps, start=1):
        step(book, scan, number)
        assert len(book) == len(scan.watches)
        assert set(book.keys()) == {watch[0] for watch in scan.watches}


def _told(watches: Iterable[tuple[str, float, bool]], values: Iterable[tuple[str, float]]) -> list[Sequence[int]]:
    book: LevelBook[str] = LevelBook()
    for number, (key, level, rising) in enumerate(watches):
        book.add(key, level, number, rising=rising)
    return [book.passed(key, value) for key, value in values]


@given(_watches, _values)
def test_in_a_mirror_rises_are_falls(watches: list[tuple[str, float, bool]], values: list[tuple[str, float]]) -> None:
    told = _told(watches, values)
    mirrored = _told([(k, -level, not up) for k, level, up in watches], [(k, -value) for k, value in values])
    assert [sorted(met) for met in told] == [sorted(met) for met in mirrored]


@given(_watches, _values)
def test_each_watch_is_met_at_most_once_and_by_the_first_value_that_meets_it(
    watches: list[tuple[str, float, bool]], values: list[tuple[str, float]]
) -> None:
    told = _told(watches, values)
    for number, (key, level, rising) in enumerate(watches):
        first = [i for i, (k, v) in enumerate(values) if k == key and (v >= level if rising else v <= level)][:1]
        assert [i for i, met in enumerate(told) for _ in range(list(met).count(number))] == first


@given(_watches, st.lists(_levels, max_size=4))
def test_the_order_of_values_does_not_change_who_is_told(
    watches: list[tuple[str, float, bool]], values: list[float]
) -> None:
    told = {
        frozenset(rule for met in _told(watches, [(_KEYS[0], v) for v in order]) for rule in met)
        for order in permutations(values)
    }
    assert len(told) == 1


@given(_watches, _values)
def test_the_order_of_adding_does_not_change_who_is_told(
    watches: list[tuple[str, float, bool]], values: list[tuple[str, float]]
) -> None:
    names = list(enumerate(watches))
    forth: LevelBook[str] = LevelBook()
    back: LevelBook[str] = LevelBook()
    for book, order in ((forth, names), (back, names[::-1])):
        for number, (key, level, rising) in order:
            book.add(key, level, number, rising=rising)
    for key, value in values:
        assert sorted(forth.passed(key, value)) == sorted(back.passed(key, value))


_digits = st.builds(
    lambda units, places: format(Decimal(units).scaleb(-places), "f"), st.integers(1, 10**15), st.integers(0, 12)
)


@given(_digits, st.booleans())
def test_a_price_exactly_at_the_level_meets_it_and_the_last_digit_decides(digits: str, rising: bool) -> None:
    level = Decimal(digits)
    unit = Decimal(1).scaleb(int(level.as_tuple().exponent))
    short = str(level - unit if rising else level + unit)
    book: LevelBook[str] = LevelBook()
    book.add("BTC-USDT", float(level), 7, rising=rising)
    assert not book.passed("BTC-USDT", float(short))
    assert list(book.passed("BTC-USDT", float(digits))) == [7]


_long = st.decimals(min_value=0, max_value=10**9, places=18)


@given(_long, st.integers(-3, 3), st.booleans())
def test_no_price_that_meets_a_level_in_decimals_is_lost_to_floats(level: Decimal, steps: int, rising: bool) -> None:
    price = level + Decimal(steps).scaleb(-18)
    book: LevelBook[str] = LevelBook()
    book.add("BTC-USDT", float(level), 7, rising=rising)
    found = list(book.passed("BTC-USDT", float(str(price))))
    if Watch(level=level, rising=rising).met_by(price):
        assert found == [7]


def test_a_long_walk_is_told_as_a_scan_in_decimals_tells_it() -> None:
    chance = Random(3)  # noqa: S311 - a market, no secret
    book: LevelBook[str] = LevelBook()
    watches: dict[int, Watch] = {}
    units = 100_000

    def arm(number: int) -> None:
        level = Decimal(units + chance.randint(-300, 300)).scaleb(-3)
        watches[number] = Watch(level=level, rising=chance.random() < 0.5)
        book.add("BTC-USDT", float(level), number, rising=watches[number].rising)

    for number in range(40):
        arm(number)
    fired = []
    for _ in range(20_000):
        units = max(units + chance.randint(-20, 20), 1)
        digits = f"{units / 1000:.3f}"
        scanned = sorted(n for n, watch in watches.items() if watch.met_by(Decimal(digits)))
        assert sorted(book.passed("BTC-USDT", float(digits))) == scanned
        fired += scanned
        for number in scanned:
            arm(number)
    assert len(fired) > 500


@given(st.lists(st.tuples(st.sampled_from(_KEYS), _levels, st.integers(1, 99), st.booleans()), max_size=40))
def test_rows_in_order_are_loaded_whatever_their_number(rows: list[tuple[str, float, int, bool]]) -> None:
    rows.sort(key=lambda row: row[:2])
    book: LevelBook[str] = LevelBook()
    book.load(rows)
    for key, group in groupby(rows, key=lambda row: row[0]):
        expected = sorted(rule_id for _, _, rule_id, _ in group)
        assert sorted([*book.passed(key, 7.0), *book.passed(key, -7.0)]) == expected
    assert len(book) == 0
