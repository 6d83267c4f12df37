from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chatbot.core.feed import Said, Tick
from chatbot.core.market import Symbol, Ticker, Venue
from chatbot.core.times import to_millis
from chatbot.services.silence import GRACE, Listened, Pauses, Silence

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BTC, ETH = Symbol("BTC-USDT"), Symbol("ETH-USDT")


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


class Scene:
    """Streams that say what a test makes them say, and a market that answers when asked."""

    def __init__(self, *symbols: Symbol) -> None:
        self.now = NOON
        self.silence = Silence()
        self.opened: dict[Symbol, float] = dict.fromkeys(symbols, 0.0)
        self.ticks: dict[Symbol, Tick] = {}
        self.market: dict[Symbol, str] = dict.fromkeys(symbols, "100")
        self.refused: set[Symbol] = set()
        self.asked: list[Symbol] = []
        self.restarts: list[tuple[float, Symbol]] = []

    def listened(self) -> list[Listened]:
        return [self._one(symbol) for symbol in self.opened]

    def _one(self, symbol: Symbol) -> Listened:
        tick = self.ticks.get(symbol)
        said = Said(opened=self.opened[symbol], tick=tick)
        return Listened(
            symbol=symbol,
            venue=Venue.SPOT if "-" in symbol else Venue.FUTURES,
            said=None if symbol in self.refused else said,
            heard_at=tick.at if tick else None,
        )

    def tick(self, symbol: Symbol, price: str = "100") -> None:
        self.market[symbol] = price
        self.ticks[symbol] = Tick(symbol, price, to_millis(self.now))

    def look(self, step: float = 15.0, answered_late: float = 0.0) -> None:
        """A look after so many seconds, as the bot takes it. What begins anew has a new connection."""
        self.now += timedelta(seconds=step)
        listened = self.listened()
        chosen = self.silence.look(listened, self.now)
        for mute in self.silence.mute(listened, self.now):
            self.restarts.append(((self.now - NOON).total_seconds(), mute.symbol))
            for symbol in self.opened:
                if (("-" in symbol) is ("-" in mute.symbol)) and symbol not in self.refused:
                    self.opened[symbol] += 1
                    self.ticks.pop(symbol, None)
        self.now += timedelta(seconds=answered_late)
        self.asked += [each.symbol for each in chosen]
        for each in chosen:
            price = Decimal(self.market[each.symbol])
            answer = Ticker(symbol=each.symbol, price=price, bid=price, ask=price, time=self.now)
            self.silence.answered(self._one(each.symbol), answer, self.now)

    def times(self) -> list[float]:
        return [at for at, _ in self.restarts]


@pytest.mark.parametrize("step", [5.0, 14.9, 15.0, 15.1, 15.2, 16.0, 20.0])
@pytest.mark.parametrize("late", [0.0, 0.1])
@pytest.mark.parametrize("ticked", [True, False])
def test_a_mute_stream_begins_anew_within_a_minute_however_the_looks_fall(
    step: float, late: float, ticked: bool
) -> None:
    scene = Scene(BTC)
    if ticked:
        scene.tick(BTC)
    price = 100
    while not scene.restarts and scene.now < after(120):
        price += 1
        scene.market[BTC] = str(price)
        scene.look(step, late)
    assert scene.times()[0] <= 61


def test_looks_at_odd_times_find_it_too() -> None:
    scene = Scene(BTC)
    scene.tick(BTC)
    for price, step in enumerate((15.0, 0.2, 22.0, 3.0, 15.0), 101):
        scene.market[BTC] = str(price)
        scene.look(step)
    assert scene.times() == [37.2]


def test_a_tick_on_its_way_has_time_to_arrive() -> None:
    scene = Scene(BTC)
    scene.tick(BTC)
    scene.market[BTC] = "101"
    scene.look(16)
    scene.look(GRACE.total_seconds() - 0.1)
    assert scene.restarts == []
    scene.tick(BTC, "101")
    for _ in range(10):
        scene.look()
    assert scene.restarts == []


def test_a_price_that_moved_and_came_back_was_left_out_as_well() -> None:
    scene = Scene(BTC)
    scene.tick(BTC)
    scene.market[BTC] = "101"
    scene.look(16)
    scene.market[BTC] = "100"
    scene.look()
    assert scene.times() == [31.0]


def test_a_quiet_market_makes_nobody_begin_anew() -> None:
    scene = Scene(BTC, ETH)
    scene.tick(BTC)
    for _ in range(240):
        scene.look()
    assert scene.restarts == []


def test_what_moved_before_the_connection_was_opened_is_not_its_fault() -> None:
    scene = Scene(BTC)
    scene.tick(BTC, "90")
    for _ in range(240):
        scene.look(15)
        scene.opened[BTC] += 1
        scene.ticks.clear()
        scene.market[BTC] = str(int(scene.market[BTC]) + 1)
        scene.look(15)
    assert scene.restarts == []


def test_an_answer_older_than_the_tick_proves_nothing() -> None:
    scene = Scene(BTC)
    scene.tick(BTC)
    price = Decimal(99)
    for _ in range(5):
        scene.now += timedelta(seconds=16)
        (listened,) = scene.listened()
        assert scene.silence.look([listened], scene.now) == [listened]
        answer = Ticker(symbol=BTC, price=price, bid=price, ask=price, time=NOON)
        scene.silence.answered(listened, answer, scene.now)
        assert scene.silence.mute([listened], scene.now) == []


def test_a_symbol_that_is_mute_for_good_is_given_ever_more_time() -> None:
    scene = Scene(BTC, ETH)
    for price in range(101, 101 + 4 * 240):
        scene.market[BTC] = str(price)
        scene.tick(ETH, str(price))
        scene.look()
    assert {symbol for _, symbol in scene.restarts} == {BTC}
    assert scene.times()[0] <= 60
    waited = [b - a for a, b in zip(scene.times(), scene.times()[1:], strict=False)]
    assert waited == [60, 120, 240, 480, 960, 1920, 3600, 3600], "seconds between one new beginning and the next"


def test_a_stream_that_is_mute_as_a_whole_makes_no_storm_of_all_its_symbols() -> None:
    symbols = [Symbol(f"S{n}-USDT") for n in range(300)]
    scene = Scene(*symbols)
    for symbol in symbols:
        scene.tick(symbol)
    for price in range(101, 101 + 240):
        scene.market = dict.fromkeys(symbols, str(price))
        scene.look()
    assert scene.times()[0] <= 60
    assert len(scene.restarts) <= 10


def test_a_stream_that_says_one_word_and_no_more_makes_no_storm_either() -> None:
    symbols = [Symbol(f"S{n}-USDT") for n in range(30)]
    scene = Scene(*symbols)
    for price in range(101, 101 + 240):
        scene.market = dict.fromkeys(symbols, str(price))
        before = len(scene.restarts)
        scene.look()
        if len(scene.restarts) > before:
            for symbol in symbols:
                scene.tick(symbol, str(price))
    assert len(scene.restarts) <= 10


def test_what_was_mute_and_is_well_again_is_found_as_quickly_every_time() -> None:
    scene = Scene(BTC)
    for episode in range(1, 10):
        while scene.now < after(episode * 8 * 60):
            scene.tick(BTC)
            scene.look()
        for price in range(101, 104):
            scene.market[BTC] = str(price)
            scene.look()
        assert len(scene.restarts) == episode


def test_a_symbol_that_is_mute_for_good_takes_nobody_else_s_chances() -> None:
    """The stream is well while others speak: when all of it falls silent, that is found in time."""
    scene = Scene(BTC, ETH)
    for price in range(101, 101 + 4 * 180):
        scene.market[BTC] = str(price)
        scene.tick(ETH, str(price))
        scene.look()
    before, fell = len(scene.restarts), scene.now
    for price in range(2000, 2004):
        scene.market[ETH] = str(price)
        scene.look()
    assert [symbol for _, symbol in scene.restarts[before:]] == [ETH]
    assert scene.restarts[-1][0] - (fell - NOON).total_seconds() <= 60


def test_the_other_venue_is_not_to_blame() -> None:
    perpetual = Symbol("XBTUSDTM")
    scene = Scene(BTC, perpetual)
    for price in range(101, 104):
        scene.market[BTC] = scene.market[perpetual] = str(price)
        scene.look()
    assert sorted(symbol for _, symbol in scene.restarts) == [BTC, perpetual]


def test_a_refused_symbol_is_asked_about_each_time_and_never_blamed() -> None:
    scene = Scene(BTC, ETH)
    scene.refused = {BTC}
    for price in range(101, 111):
        scene.market[BTC] = str(price)
        scene.look()
    assert scene.asked.count(BTC) == 10
    assert scene.restarts == []


def test_the_last_heard_are_asked_about_first_and_every_other_gets_its_turn() -> None:
    symbols = [Symbol(f"S{n}-USDT") for n in range(20)]
    scene = Scene(*symbols)
    for n, symbol in enumerate(symbols):
        scene.now = after(n)
        scene.tick(symbol)
    scene.look(20)
    assert scene.asked == [symbols[19], symbols[18], symbols[17]]
    for _ in range(17):
        scene.look()
    assert len(scene.asked) == 18 * 3
    assert set(scene.asked) == set(symbols)


def test_what_is_no_longer_listened_to_is_forgotten() -> None:
    scene = Scene(BTC)
    scene.tick(BTC)
    scene.market[BTC] = "101"
    scene.look(16)
    assert scene.silence.look([], scene.now) == []
    scene.look(15)
    assert scene.restarts == []


def test_pauses_double_up_to_the_longest_and_end_with_a_word_after_them() -> None:
    pauses = Pauses[str](timedelta(minutes=3))
    now, lengths = NOON, []
    for _ in range(4):
        pauses.begin("x", now)
        began = now
        while pauses.last("x", now):
            now += timedelta(seconds=1)
        lengths.append((now - began).total_seconds())
    assert lengths == [60, 120, 180, 180]
    assert not pauses.last("y", now)
    pauses.heard("x", now)
    assert "x" in pauses
    pauses.heard("x", now + timedelta(seconds=1))
    pauses.heard("y", now)
    assert "x" not in pauses


def test_evidence_of_one_connection_says_nothing_of_the_next() -> None:
    scene = Scene(BTC)
    scene.tick(BTC)
    scene.market[BTC] = "101"
    scene.look(16)
    (listened,) = scene.listened()
    assert listened.said is not None
    later = scene.now + GRACE
    anew = replace(listened, said=replace(listened.said, opened=9.0))
    assert scene.silence.mute([anew], later) == []
    assert scene.silence.mute([listened], later) == [listened]
