import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise, permutations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from chatbot.core.alerts import Direction, Watch
from chatbot.core.feed import Tick
from chatbot.core.levels import LevelBook
from chatbot.core.market import Candle, Symbol
from chatbot.core.moves import Move, MoveKey, Moves, Windows
from chatbot.core.times import to_millis

_BTC, _ETH = Symbol("BTC-USDT"), Symbol("ETH-USDT")
_NOON = datetime(2026, 9, 14, 12, tzinfo=UTC)
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_WINDOWS = (_MINUTE, timedelta(seconds=61), timedelta(minutes=5), timedelta(minutes=7), _HOUR)
_UP, _DOWN = Direction.ABOVE, Direction.BELOW


def _windows(*lengths: timedelta) -> Windows:
    windows = Windows()
    for length in lengths or (_HOUR,):
        windows.follow(_BTC, length)
    return windows


def _tick(price: str | Decimal, seconds: float) -> Tick:
    return Tick(_BTC, str(price), to_millis(_NOON + timedelta(seconds=seconds)))


def _moment(seconds: float) -> datetime:
    return _NOON + timedelta(seconds=seconds)


def _candle(minute: int, prices: str) -> Candle:
    """`prices`: open, high, low and close."""
    first, high, low, last = map(Decimal, prices.split())
    return Candle(symbol=_BTC, start=_NOON + minute * _MINUTE, open=first, high=high, low=low, close=last)


def _after(windows: Windows, *ticks: tuple[str, float]) -> Moves:
    moves: Moves = ()
    for price, seconds in ticks:
        moves = windows.take(_BTC, _tick(price, seconds))
    return moves


def _sizes(moves: Moves) -> list[str]:
    return [f"{move.size:.4f}" for _, move in moves]


@pytest.mark.parametrize(
    ("ticks", "rise", "fall"),
    [
        ([("100", 0)], "0.0000", "0.0000"),
        ([("100", 0), ("105", 1)], "0.0500", "0.0000"),
        ([("100", 0), ("95", 1)], "0.0000", "0.0500"),
        ([("100", 0), ("90", 1), ("110", 2), ("99", 3)], "0.1000", "0.1000"),
        ([("90", 0), ("100", 0), ("105", 3599.999)], "0.1667", "0.0000"),
        ([("90", 0), ("100", 0), ("105", 3600)], "0.0500", "0.0000"),
        ([("110", 59), ("100", 59), ("95", 3599.999)], "0.0000", "0.1364"),
        ([("110", 59), ("100", 59), ("95", 3600)], "0.0000", "0.0500"),
        ([("110", 60), ("100", 60), ("95", 3600)], "0.0000", "0.1364"),
    ],
)
def test_a_move_is_held_against_the_furthest_price_of_the_window(
    ticks: list[tuple[str, float]], rise: str, fall: str
) -> None:
    assert _sizes(_after(_windows(), *ticks)) == [rise, fall]


def test_a_price_stands_until_the_next_one() -> None:
    windows = _windows(_MINUTE)
    assert _sizes(_after(windows, ("100", 0), ("110", 7200))) == ["0.1000", "0.0000"]
    assert _sizes(_after(windows, ("110", 7259.5))) == ["0.1000", "0.0000"]
    assert _sizes(_after(windows, ("110", 7260))) == ["0.0000", "0.0000"]


def test_nobody_knows_how_long_a_price_stood_that_was_followed_by_silence() -> None:
    windows = _windows(_MINUTE)
    _after(windows, ("100", 0))
    windows.interrupt(_BTC)
    assert _sizes(_after(windows, ("110", 7200))) == ["0.0000", "0.0000"]
    assert _sizes(_after(windows, ("121", 14400))) == ["0.1000", "0.0000"]


def test_what_was_seen_before_a_silence_still_counts_while_it_is_in_the_window() -> None:
    windows = _windows(_HOUR)
    _after(windows, ("100", 0))
    windows.interrupt(_BTC)
    assert _sizes(_after(windows, ("110", 1800))) == ["0.1000", "0.0000"]


def test_each_window_and_direction_is_told_by_its_name() -> None:
    windows = _windows(_MINUTE, _HOUR)
    moves = _after(windows, ("100", 0), ("120", 10), ("90", 300), ("99", 359))
    assert {key: (move.extreme, move.price) for key, move in moves} == {
        MoveKey(symbol=_BTC, window=_MINUTE, direction=_UP): (Decimal(90), Decimal(99)),
        MoveKey(symbol=_BTC, window=_MINUTE, direction=_DOWN): (Decimal(120), Decimal(99)),
        MoveKey(symbol=_BTC, window=_HOUR, direction=_UP): (Decimal(90), Decimal(99)),
        MoveKey(symbol=_BTC, window=_HOUR, direction=_DOWN): (Decimal(120), Decimal(99)),
    }


def test_the_same_price_again_changes_nothing() -> None:
    windows = _windows(*_WINDOWS)
    moves = _after(windows, ("100", 0), ("120", 10), ("90", 300), ("99", 359))
    assert windows.take(_BTC, _tick("99", 359)) == moves


def test_moves_stand_until_the_symbol_is_not_heard() -> None:
    windows = _windows(*_WINDOWS)
    rise = MoveKey(symbol=_BTC, window=_WINDOWS[0], direction=_UP)
    assert windows.standing(rise, _moment(0)) is None
    moves = _after(windows, ("100", 0), ("120", 10), ("90", 300), ("99", 359))
    assert {key: windows.standing(key, _moment(359)) for key, _ in moves} == dict(moves)
    assert windows.standing(rise, _moment(0)) == dict(moves)[rise]  # never earlier than the last price
    assert windows.standing(MoveKey(symbol=_BTC, window=timedelta(minutes=9), direction=_UP), _moment(359)) is None
    windows.interrupt(_BTC)
    assert windows.standing(rise, _moment(359)) is None
    windows.follow(_BTC, timedelta(minutes=9))
    assert windows.standing(rise, _moment(359)) is None


def test_in_silence_a_move_wears_off() -> None:
    windows = _windows(_MINUTE)
    rise = MoveKey(symbol=_BTC, window=_MINUTE, direction=_UP)
    _after(windows, ("100", 0), ("110", 30))
    assert _sizes(windows.worn(_BTC, _moment(30.9))) == []
    for seconds, size in ((59, "0.1000"), (60, "0.1000"), (89.9, "0.1000"), (90, "0.0000")):
        move = windows.standing(rise, _moment(seconds))
        assert move is not None
        assert f"{move.size:.4f}" == size
        assert _sizes(windows.worn(_BTC, _moment(seconds))) == [size, "0.0000"]
    assert _sizes(_after(windows, ("121", 95))) == ["0.1000", "0.0000"]
    assert windows.worn(_ETH, _moment(600)) == ()
    windows.interrupt(_BTC)
    assert _sizes(windows.worn(_BTC, _moment(600))) == []


def test_a_price_older_than_the_last_one_is_left_out() -> None:
    windows = _windows()
    _after(windows, ("100", 0), ("100", 10))
    assert windows.take(_BTC, _tick("10", 9.999)) == ()
    assert _sizes(_after(windows, ("101", 10))) == ["0.0100", "0.0000"]


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity"])
def test_what_is_no_price_is_refused(price: str) -> None:
    windows = _windows()
    _after(windows, ("100", 0))
    with pytest.raises(ValueError, match="no price"):
        windows.take(_BTC, _tick(price, 1))
    assert _sizes(_after(windows, ("101", 1))) == ["0.0100", "0.0000"]


def test_a_symbol_nobody_follows_has_no_moves() -> None:
    windows = _windows()
    assert windows.take(_ETH, _tick("100", 0)) == ()
    assert windows.moves_in(_ETH, _candle(0, "1 1 1 1")) == ()
    assert windows.followed(_ETH) == ()
    windows.seed(_ETH, [_candle(0, "1 1 1 1")])
    windows.interrupt(_ETH)
    windows.forget(_ETH, _HOUR)


def test_following_what_is_followed_keeps_what_it_holds() -> None:
    windows = _windows(_HOUR)
    _after(windows, ("100", 0), ("90", 1), ("100", 2))
    windows.follow(_BTC, _HOUR)
    assert _sizes(_after(windows, ("99", 3))) == ["0.1000", "0.0100"]


def test_a_window_that_is_new_begins_with_the_price_that_stands() -> None:
    windows = _windows(_HOUR)
    _after(windows, ("100", 0))
    windows.follow(_BTC, _MINUTE)
    assert _sizes(windows.worn(_BTC, _moment(0))) == []
    assert _sizes(windows.worn(_BTC, _moment(60))) == ["0.0000"] * 4
    assert _sizes(_after(windows, ("110", 600))) == ["0.1000", "0.0000", "0.1000", "0.0000"]


def test_a_window_is_forgotten_alone() -> None:
    windows = _windows(_MINUTE, _HOUR)
    _after(windows, ("100", 0))
    windows.forget(_BTC, _MINUTE)
    windows.forget(_BTC, timedelta(minutes=5))
    assert windows.followed(_BTC) == (_HOUR,)
    assert _sizes(_after(windows, ("110", 1))) == ["0.1000", "0.0000"]
    windows.forget(_BTC, _HOUR)
    assert windows.followed(_BTC) == ()
    assert windows.take(_BTC, _tick("100", 2)) == ()


@pytest.mark.parametrize("window", [_MINUTE, timedelta(hours=24)])
def test_the_shortest_and_the_longest_window_are_followed(window: timedelta) -> None:
    assert _windows(window).followed(_BTC) == (window,)


@pytest.mark.parametrize("window", [timedelta(0), timedelta(seconds=59), timedelta(hours=24, microseconds=1)])
def test_a_window_no_rule_can_have_is_refused(window: timedelta) -> None:
    windows = Windows()
    with pytest.raises(ValueError, match="no window"):
        windows.follow(_BTC, window)
    assert windows.followed(_BTC) == ()


def test_a_window_does_not_grow_with_the_prices_it_has_seen() -> None:
    windows = _windows(_HOUR)
    tracemalloc.start()
    for n in range(20_000):
        windows.take(_BTC, _tick(str(100_000 + n), n / 10))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 50_000


_prices = st.integers(90, 110).map(Decimal)
_pauses = st.one_of(st.integers(0, 3000), st.integers(0, 90_000), st.integers(0, 4_000_000))
_walks = st.lists(st.tuples(_prices, _pauses), min_size=1, max_size=40)


def _walk(steps: list[tuple[Decimal, int]]) -> list[Tick]:
    ticks, millis = [], to_millis(_NOON)
    for price, pause in steps:
        millis += pause
        ticks.append(Tick(_BTC, str(price), millis))
    return ticks


def _stood(ticks: Sequence[Tick], since: datetime, until: Tick) -> list[Decimal]:
    """Every price that stood at some moment from `since` until that tick."""
    upto = ticks[: ticks.index(until) + 1]
    return [one.price for one, then in pairwise(upto) if then.at >= since] + [until.price]


@given(_walks, st.sampled_from(_WINDOWS))
def test_a_window_covers_no_more_than_it_says_and_at_most_a_sixtieth_less(
    steps: list[tuple[Decimal, int]], length: timedelta
) -> None:
    windows = _windows(length)
    ticks = [Tick(_BTC, tick.digits, tick.millis + n) for n, tick in enumerate(_walk(steps))]
    for tick in ticks:
        (_, rise), (_, fall) = windows.take(_BTC, tick)
        whole, less = (_stood(ticks, tick.at - length * share / 60, tick) for share in (60, 59))
        assert min(whole) <= rise.extreme <= min(less)
        assert max(whole) >= fall.extreme >= max(less)
        assert rise.price == fall.price == tick.price


@given(st.lists(_prices, min_size=1, max_size=4), _prices)
def test_the_order_of_prices_of_one_moment_does_not_matter(prices: list[Decimal], last: Decimal) -> None:
    told = set()
    for order in permutations(prices):
        windows = _windows(*_WINDOWS)
        for price in order:
            windows.take(_BTC, _tick(price, 0))
        told.add(tuple(windows.take(_BTC, _tick(last, 0))))
    assert len(told) == 1


@given(st.lists(st.tuples(st.integers(-8, 8), _pauses), min_size=1, max_size=30))
def test_in_a_mirror_rises_are_falls(steps: list[tuple[int, int]]) -> None:
    """Powers of two, whose inverses are exact."""
    plain = _walk([(Decimal(2) ** power, pause) for power, pause in steps])
    inverse = _walk([(Decimal(2) ** -power, pause) for power, pause in steps])
    here, there = _windows(_HOUR), _windows(_HOUR)
    for one, other in zip(plain, inverse, strict=True):
        (_, rise), (_, fall) = here.take(_BTC, one)
        (_, mirrored_rise), (_, mirrored_fall) = there.take(_BTC, other)
        assert (1 / rise.extreme, 1 / rise.price) == (mirrored_fall.extreme, mirrored_fall.price)
        assert (1 / fall.extreme, 1 / fall.price) == (mirrored_rise.extreme, mirrored_rise.price)


_fractions = st.integers(1, 99_999).map(lambda n: Decimal(n).scaleb(-5))
_extremes = st.builds(lambda n, places: Decimal(n).scaleb(-places), st.integers(1, 10**24), st.integers(0, 12))


def _near(direction: Direction, extreme: Decimal, level: Decimal, units: int) -> Decimal:
    """The price at just the level, and so many units of its last digit further."""
    with localcontext(prec=100):
        exact = extreme * (1 + level if direction is _UP else 1 - level)
        unit = Decimal(1).scaleb(int(exact.as_tuple().exponent))
        return exact + (units if direction is _UP else -units) * unit


@given(st.sampled_from(Direction), _extremes, _fractions)
@example(Direction.ABOVE, Decimal("1234567890123456789012.345"), Decimal("0.12345"))
@example(Direction.BELOW, Decimal("1234567890123456789012.345"), Decimal("0.12345"))
def test_a_move_of_exactly_the_level_meets_it_and_the_last_digit_decides(
    direction: Direction, extreme: Decimal, level: Decimal
) -> None:
    fires, returns = Watch(level=level, rising=True), Watch(level=level, rising=False)
    less, same, more = (Move(direction, extreme, _near(direction, extreme, level, units)) for units in (-1, 0, 1))
    assert [move.meets(fires) for move in (less, same, more)] == [False, True, True]
    assert [move.meets(returns) for move in (less, same, more)] == [True, True, False]


@given(st.sampled_from(Direction), _extremes, _fractions, st.integers(-2, 2), st.booleans())
def test_the_index_finds_every_move_that_meets_a_level(
    direction: Direction, extreme: Decimal, level: Decimal, units: int, rising: bool
) -> None:
    price = _near(direction, extreme, level, units)
    assume(price > 0 and (price >= extreme if direction is _UP else price <= extreme))
    move, book = Move(direction, extreme, price), LevelBook[Direction]()
    book.add(direction, float(level), 7, rising=rising)
    found = list(book.passed(direction, float(move.size)))
    if move.meets(Watch(level=level, rising=rising)):
        assert found == [7]


@pytest.mark.parametrize(
    ("before", "candle", "told"),
    [
        # Of the first, nothing is known before its open: the high came after it, the low before the close.
        ([], "100 104 90 100", ["0.1111", "0.1000", "0.1111", "0.0385"]),
        ([], "100 104 90 91", ["0.0400", "0.1250", "0.0111", "0.1250"]),
        ([], "100 100 100 100", ["0.0000", "0.0000", "0.0000", "0.0000"]),
        # The close before it still stood when it began, also after minutes without a trade.
        ([(-1, "95 95 95 95")], "100 104 100 100", ["0.0947", "0.0385", "0.0526", "0.0385"]),
        ([(-9, "95 95 95 95")], "100 104 100 100", ["0.0947", "0.0385", "0.0526", "0.0385"]),
        ([(-1, "95 95 95 95")], "90 104 90 92", ["0.1556", "0.1154", "0.0222", "0.1154"]),
        ([(-1, "95 95 95 95")], "104 104 92 102", ["0.1087", "0.1154", "0.1087", "0.0192"]),
        # A low of the minute before may be more than a minute older than the high of this one.
        ([(-1, "100 100 50 100")], "100 104 100 104", ["0.0400", "0.0000", "0.0400", "0.0000"]),
    ],
)
def test_a_candle_tells_what_is_certain_within_a_minute(
    before: list[tuple[int, str]], candle: str, told: list[str]
) -> None:
    windows = _windows(_MINUTE)
    windows.seed(_BTC, [_candle(minute, prices) for minute, prices in before])
    moves = windows.moves_in(_BTC, _candle(0, candle))
    assert _sizes(moves) == told
    assert [key.direction for key, _ in moves] == [_UP, _DOWN, _UP, _DOWN]


@pytest.mark.parametrize(
    ("minutes_before", "rise", "fall"),
    [(1, "1.0800", "0.5200"), (59, "1.0800", "0.5200"), (60, "0.0417", "0.0400"), (61, "0.0417", "0.0400")],
)
def test_a_minute_counts_while_all_of_it_is_certainly_within_the_window(
    minutes_before: int, rise: str, fall: str
) -> None:
    windows = _windows(_HOUR)
    windows.seed(_BTC, [_candle(-minutes_before, "100 200 50 100")])
    assert _sizes(windows.moves_in(_BTC, _candle(0, "100 104 96 100")))[:2] == [rise, fall]
    windows = _windows(_HOUR)
    windows.moves_in(_BTC, _candle(-minutes_before, "100 200 50 100"))
    assert _sizes(windows.moves_in(_BTC, _candle(0, "100 104 96 100")))[:2] == [rise, fall]


@pytest.mark.parametrize("start", range(61))
def test_a_window_of_an_odd_length_covers_no_more_either(start: int) -> None:
    windows = _windows(timedelta(seconds=61))
    windows.moves_in(_BTC, _candle(start, "100 100 50 100"))
    assert _sizes(_after(windows, ("100", start * 60 + 61.001)))[0] == "0.0000"


def test_a_candle_that_began_before_what_is_known_tells_nothing() -> None:
    windows = _windows()
    _after(windows, ("100", 1))
    assert windows.moves_in(_BTC, _candle(0, "100 200 50 100")) == ()
    assert _sizes(_after(windows, ("100", 2))) == ["0.0000", "0.0000"]


def test_candles_that_are_replayed_fill_the_windows() -> None:
    windows = _windows(_HOUR)
    windows.moves_in(_BTC, _candle(0, "100 100 80 100"))
    windows.moves_in(_BTC, _candle(1, "100 125 100 100"))
    assert _sizes(_after(windows, ("100", 120))) == ["0.2500", "0.2000"]


def test_live_prices_newer_than_the_candles_stay() -> None:
    windows = _windows(_HOUR)
    _after(windows, ("80", 300), ("120", 301), ("100", 302))
    windows.seed(_BTC, [_candle(0, "100 125 70 100"), _candle(1, "100 100 100 60")])
    assert _sizes(_after(windows, ("90", 303))) == ["0.5000", "0.2800"]
    assert _sizes(_after(windows, ("90", 3660 - 0.001))) == ["0.5000", "0.2500"]
    assert _sizes(_after(windows, ("90", 3660))) == ["0.1250", "0.2500"]


def test_candles_older_than_the_window_change_nothing() -> None:
    windows = _windows(_MINUTE)
    _after(windows, ("100", 302))
    windows.seed(_BTC, [_candle(0, "100 125 70 100"), _candle(1, "100 100 60 60")])
    assert _sizes(_after(windows, ("100", 303))) == ["0.0000", "0.0000"]
    windows.seed(_BTC, [_candle(2, "100 125 70 70")])
    assert _sizes(_after(windows, ("110", 400))) == ["0.1000", "0.0000"]


def test_a_close_stands_until_the_next_candle() -> None:
    windows = _windows(timedelta(minutes=5))
    for minute, prices in ((0, "100 100 100 100"), (20, "110 110 110 110"), (60, "80 80 80 80")):
        windows.seed(_BTC, [_candle(minute, prices), _candle(minute + 17, "100 100 100 100")])
        low, high = sorted((Decimal(100), Decimal(prices.split()[0])))
        (_, rise), (_, fall) = _after(windows, ("100", (minute + 18) * 60))
        assert (rise.extreme, fall.extreme) == (low, high)


@pytest.mark.parametrize("replayed", [True, False])
def test_a_close_was_the_price_at_the_end_of_its_minute(replayed: bool) -> None:
    windows = _windows(_MINUTE)
    if replayed:
        windows.moves_in(_BTC, _candle(0, "90 110 90 100"))
    else:
        windows.seed(_BTC, [_candle(0, "90 110 90 100")])
    windows.interrupt(_BTC)
    assert _sizes(_after(windows, ("105", 90))) == ["0.0500", "0.0000"]
    windows.interrupt(_BTC)
    assert _sizes(_after(windows, ("95", 91))) == ["0.0000", "0.0952"]


def test_after_a_start_the_last_close_stands() -> None:
    windows = _windows(_MINUTE)
    windows.seed(_BTC, [_candle(0, "100 100 100 100")])
    assert _sizes(_after(windows, ("110", 7200))) == ["0.1000", "0.0000"]


def test_seeding_with_nothing_changes_nothing() -> None:
    windows = _windows()
    _after(windows, ("100", 0))
    windows.seed(_BTC, [])
    assert _sizes(_after(windows, ("110", 1))) == ["0.1000", "0.0000"]


def _candles(ticks: Sequence[Tick]) -> list[Candle]:
    minutes: dict[datetime, list[Decimal]] = {}
    for tick in ticks:
        minutes.setdefault(tick.at.replace(second=0, microsecond=0), []).append(tick.price)
    return [
        Candle(symbol=_BTC, start=start, open=prices[0], high=max(prices), low=min(prices), close=prices[-1])
        for start, prices in minutes.items()
    ]


@given(_walks, st.sampled_from(_WINDOWS), st.integers(0, 10))
def test_a_replay_tells_only_moves_that_happened(
    steps: list[tuple[Decimal, int]], length: timedelta, seeded: int
) -> None:
    ticks = [Tick(_BTC, tick.digits, tick.millis + n) for n, tick in enumerate(_walk(steps))]
    candles = _candles(ticks)
    windows = _windows(length)
    windows.seed(_BTC, candles[:seeded])
    for candle in candles[seeded:]:
        inside = [tick for tick in ticks if candle.start <= tick.at < candle.start + _MINUTE]
        for _, move in windows.moves_in(_BTC, candle):
            assert any(
                move.price == tick.price and move.extreme in _stood(ticks[: n + 1], tick.at - length, tick)
                for n, tick in enumerate(ticks)
                if tick in inside
            )


@given(_walks, st.sampled_from(_WINDOWS), st.integers(0, 10))
def test_live_prices_after_candles_tell_only_moves_that_happened(
    steps: list[tuple[Decimal, int]], length: timedelta, seeded: int
) -> None:
    ticks = [Tick(_BTC, tick.digits, tick.millis + n) for n, tick in enumerate(_walk(steps))]
    candles = _candles(ticks)[:seeded]
    windows = _windows(length)
    windows.seed(_BTC, candles)
    live_since = candles[-1].start + _MINUTE if candles else _NOON
    for tick in ticks:
        if tick.at >= live_since:
            for _, move in windows.take(_BTC, tick):
                assert move.extreme in _stood(ticks, tick.at - length, tick)


@given(_walks, st.sampled_from(_WINDOWS), st.integers(0, 10))
def test_seeding_and_replaying_leave_the_same_windows(
    steps: list[tuple[Decimal, int]], length: timedelta, seeded: int
) -> None:
    candles = _candles(_walk(steps))
    one, other = _windows(length), _windows(length)
    one.seed(_BTC, candles)
    other.seed(_BTC, candles[:seeded])
    for candle in candles[seeded:]:
        other.moves_in(_BTC, candle)
    then = Tick(_BTC, "100", to_millis(candles[-1].start + _MINUTE))
    assert tuple(one.take(_BTC, then)) == tuple(other.take(_BTC, then))
