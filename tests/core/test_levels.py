import sys
import tracemalloc
from math import inf, nan, nextafter

import pytest

from chatbot.core.levels import LevelBook


def _book(*watches: tuple[float, int, bool], key: str = "BTC-USDT") -> LevelBook[str]:
    book: LevelBook[str] = LevelBook()
    for level, rule_id, rising in watches:
        book.add(key, level, rule_id, rising=rising)
    return book


@pytest.mark.parametrize(
    ("value", "met"),
    [
        (nextafter(99.0, inf), []),
        (100.0, []),
        (nextafter(101.0, -inf), []),
        (101.0, [3]),
        (102.0, [3, 4]),
        (1e308, [3, 4]),
        (99.0, [2]),
        (nextafter(98.0, inf), [2]),
        (98.0, [2, 1]),
        (-5.0, [2, 1]),
    ],
)
def test_a_value_meets_what_it_reaches_and_passes_nearest_first(value: float, met: list[int]) -> None:
    book = _book((98.0, 1, False), (99.0, 2, False), (101.0, 3, True), (102.0, 4, True))
    assert list(book.passed("BTC-USDT", value)) == met
    assert len(book) == 4 - len(met)


def test_what_was_met_is_out_until_it_is_added_again() -> None:
    book = _book((101.0, 3, True))
    assert list(book.passed("BTC-USDT", 101.0)) == [3]
    assert not book.passed("BTC-USDT", 101.0)
    book.add("BTC-USDT", 101.0, 3, rising=True)
    assert list(book.passed("BTC-USDT", 101.0)) == [3]


def test_a_watch_that_is_met_already_is_met_by_the_same_value_again() -> None:
    book = _book((120.0, 1, True), (80.0, 2, False))
    assert not book.passed("BTC-USDT", 100.0)
    book.add("BTC-USDT", 95.0, 3, rising=True)
    book.add("BTC-USDT", 105.0, 4, rising=False)
    assert list(book.passed("BTC-USDT", 100.0)) == [3, 4]
    assert not book.passed("BTC-USDT", 100.0)


def test_watches_whose_ways_cross_are_all_judged_by_themselves() -> None:
    book = _book((90.0, 1, True), (100.0, 2, True), (100.0, 3, False), (110.0, 4, False), (95.0, 5, False))
    assert sorted(book.passed("BTC-USDT", 97.0)) == [1, 3, 4]
    assert list(book.passed("BTC-USDT", 100.0)) == [2]
    assert list(book.passed("BTC-USDT", 95.0)) == [5]


def test_both_ways_meet_at_one_level() -> None:
    book = _book((100.0, 1, True), (100.0, 2, False))
    assert sorted(book.passed("BTC-USDT", 100.0)) == [1, 2]


def test_nothing_met_is_always_the_same_nothing() -> None:
    book = _book((100.0, 1, True))
    assert book.passed("BTC-USDT", 1.0) is book.passed("BTC-USDT", 2.0) is book.passed("ETH-USDT", 3.0)


def test_a_value_meets_watches_of_its_own_key_only() -> None:
    book = _book((100.0, 1, True))
    book.add("ETH-USDT", 100.0, 2, rising=True)
    assert list(book.passed("ETH-USDT", 100.0)) == [2]
    assert list(book.keys()) == ["BTC-USDT"]


def test_keys_are_there_as_long_as_something_is_watched_of_them() -> None:
    book = _book((100.0, 1, True), (90.0, 2, False))
    assert list(book.keys()) == ["BTC-USDT"]
    book.passed("BTC-USDT", 100.0)
    assert list(book.keys()) == ["BTC-USDT"]
    assert book.remove("BTC-USDT", 90.0, 2, rising=False)
    assert (len(book), list(book.keys())) == (0, [])


def test_what_was_removed_is_not_met() -> None:
    book = _book((100.0, 1, True), (100.0, 2, True), (100.0, 3, True), (101.0, 2, True))
    assert book.remove("BTC-USDT", 100.0, 2, rising=True)
    assert list(book.passed("BTC-USDT", 100.0)) in ([1, 3], [3, 1])
    assert list(book.passed("BTC-USDT", 200.0)) == [2]


def test_removing_the_next_level_makes_the_one_behind_it_next() -> None:
    book = _book((100.0, 1, True), (101.0, 2, True), (90.0, 3, False), (89.0, 4, False))
    book.remove("BTC-USDT", 100.0, 1, rising=True)
    book.remove("BTC-USDT", 90.0, 3, rising=False)
    assert not book.passed("BTC-USDT", 100.0)
    assert not book.passed("BTC-USDT", 90.0)
    assert list(book.passed("BTC-USDT", 101.0)) == [2]
    assert list(book.passed("BTC-USDT", 89.0)) == [4]


@pytest.mark.parametrize(
    ("key", "level", "rule_id", "rising"),
    [
        ("ETH-USDT", 100.0, 1, True),
        ("BTC-USDT", 100.5, 1, True),
        ("BTC-USDT", 100.0, 2, True),
        ("BTC-USDT", 100.0, 1, False),
    ],
)
def test_what_is_not_there_cannot_be_removed(key: str, level: float, rule_id: int, rising: bool) -> None:
    book = _book((100.0, 1, True), (101.0, 2, True))
    assert not book.remove(key, level, rule_id, rising=rising)
    assert len(book) == 2


def test_a_watch_added_twice_is_met_twice_and_removed_once_at_a_time() -> None:
    book = _book((100.0, 1, True), (100.0, 1, True))
    assert book.remove("BTC-USDT", 100.0, 1, rising=True)
    assert list(book.passed("BTC-USDT", 100.0)) == [1]


@pytest.mark.parametrize("level", [nan, inf, -inf])
@pytest.mark.parametrize("rising", [True, False])
def test_a_level_that_is_no_number_is_refused(level: float, rising: bool) -> None:
    book: LevelBook[str] = LevelBook()
    with pytest.raises(ValueError, match="level"):
        book.add("BTC-USDT", level, 1, rising=rising)
    with pytest.raises(ValueError, match="after"):
        book.load([("BTC-USDT", level, 1, rising)])
    with pytest.raises(ValueError, match="level"):
        book.remove("BTC-USDT", level, 1, rising=rising)
    assert (len(book), list(book.keys())) == (0, [])


@pytest.mark.parametrize("value", [nan, inf, -inf])
@pytest.mark.parametrize("rising", [True, False])
def test_a_value_that_is_no_number_is_refused_and_takes_nothing(value: float, rising: bool) -> None:
    book = _book((100.0, 1, rising))
    with pytest.raises(ValueError, match="value"):
        book.passed("BTC-USDT", value)
    assert len(book) == 1


def test_levels_may_be_zero_and_below() -> None:
    book = _book((0.0, 1, False), (-0.0005, 2, False), (0.0, 3, True))
    assert list(book.passed("BTC-USDT", -0.0)) == [3, 1]
    assert list(book.passed("BTC-USDT", -0.0005)) == [2]


def test_keys_may_be_anything_that_can_be_looked_up() -> None:
    book: LevelBook[tuple[str, int]] = LevelBook()
    book.add(("BTC-USDT", 60), 0.05, 1, rising=True)
    assert list(book.passed(("BTC-USDT", 60), 0.05)) == [1]


def test_a_loaded_book_is_the_book_that_adding_makes() -> None:
    rows = [
        ("BTC-USDT", 90.0, 1, False),
        ("BTC-USDT", 95.0, 5, True),
        ("BTC-USDT", 100.0, 2, True),
        ("BTC-USDT", 100.0, 3, False),
        ("BTC-USDT", 110.0, 4, True),
        ("ETH-USDT", 1.0, 6, True),
    ]
    book: LevelBook[str] = LevelBook()
    book.load(rows)
    assert len(book) == 6
    assert not book.passed("ETH-USDT", 0.9)
    assert sorted(book.passed("BTC-USDT", 97.0)) == [3, 5]
    book.add("BTC-USDT", 105.0, 7, rising=True)
    assert list(book.passed("BTC-USDT", 110.0)) == [2, 7, 4]
    assert list(book.passed("BTC-USDT", 90.0)) == [1]
    assert list(book.keys()) == ["ETH-USDT"]


def test_nothing_can_be_loaded() -> None:
    book: LevelBook[str] = LevelBook()
    book.load([])
    assert len(book) == 0


@pytest.mark.parametrize(
    "rows",
    [
        [("ADA-USDT", 1.0, 1, True), ("BTC-USDT", 100.0, 2, True), ("BTC-USDT", 99.0, 3, False)],
        [("ADA-USDT", 1.0, 1, True), ("BTC-USDT", 100.0, 2, True), ("ADA-USDT", 2.0, 3, True)],
        [("ADA-USDT", 1.0, 1, True), ("ETH-USDT", 100.0, 2, True)],
        [("ADA-USDT", 1.0, 1, True), ("ADA-USDT", nan, 2, True), ("ADA-USDT", 1.0, 3, True)],
    ],
)
def test_rows_that_would_spoil_the_order_are_refused_whole(rows: list[tuple[str, float, int, bool]]) -> None:
    book = _book((50.0, 9, True), key="ETH-USDT")
    with pytest.raises(ValueError, match=r"after|twice"):
        book.load(rows)
    assert (len(book), list(book.keys())) == (1, ["ETH-USDT"])


def test_a_rule_takes_at_most_24_bytes() -> None:
    rows = [(f"COIN{n // 500:03}", 1.0 + n % 500, n, n % 500 >= 250) for n in range(50_000)]
    book: LevelBook[str] = LevelBook()
    tracemalloc.start()
    book.load(rows)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held / len(book) < 24


def test_memory_is_given_back_when_rules_fire() -> None:
    tracemalloc.start()
    book: LevelBook[str] = LevelBook()
    book.load(("BTC-USDT", float(n), n, True) for n in range(1, 20_001))
    full, _ = tracemalloc.get_traced_memory()
    assert len(book.passed("BTC-USDT", sys.float_info.max)) == 20_000
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert left < full / 10


def test_what_was_there_before_loading_stays() -> None:
    book = _book((50.0, 9, True), key="ETH-USDT")
    book.load([("BTC-USDT", 100.0, 1, True)])
    assert len(book) == 2
    assert list(book.passed("ETH-USDT", 50.0)) == [9]
    assert list(book.passed("BTC-USDT", 100.0)) == [1]
