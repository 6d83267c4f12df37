import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.core.alerts import (
    AlertKind,
    AlertRule,
    AlertState,
    Direction,
    Question,
    Source,
    armed,
    ended,
    fired,
    moved,
    paused,
    rested,
    snoozed,
    watch_of,
)
from chatbot.core.levels import LevelBook
from chatbot.core.market import Symbol, Venue
from chatbot.store.store import Store, open_store
from chatbot.store.watches import TO_CHANGE
from tests.store.rules import MADE, asks, firing_of, funding, move, price

_HOUR = timedelta(hours=1)

_STEPS: tuple[Callable[[AlertRule], AlertRule], ...] = (
    lambda rule: replace(fired(replace(rule, every=_HOUR), MADE), every=_HOUR),
    lambda rule: fired(replace(rule, every=None), MADE),
    lambda rule: snoozed(rule, MADE + _HOUR),
    rested,
    lambda rule: armed(rule, MADE),
    lambda rule: paused(rule),
    lambda rule: moved(rule, rule.question.level + Decimal("0.000000001"), Direction.BELOW, MADE),
    lambda rule: moved(rule, rule.question.level, (rule.question.direction or Direction.BELOW).other, MADE),
    lambda rule: ended(rule, AlertState.DELETED),
)
"""What can become of a rule."""


def _add(store: Store, question: Question, until: datetime | None = None) -> AlertRule:
    return store.alerts.add(replace(asks(question), until=until))[0]


def _become(store: Store, old: AlertRule, new: AlertRule) -> AlertRule:
    assert store.alerts.change(old, new)
    return new


def _expected(rules: list[AlertRule], kind: AlertKind) -> list[tuple[object, ...]]:
    """What the book of this kind has to hold, from the rules themselves."""
    found: list[tuple[object, ...]] = []
    for rule in rules:
        question, watch = rule.question, watch_of(rule)
        if watch is None or question.kind is not kind:
            continue
        window = () if question.window is None else (question.window // timedelta(seconds=1), question.direction)
        found.append((question.symbol, *window, float(watch.level), rule.id, watch.rising))
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([price, move, lambda level: price(level, symbol="ETH-USDT"), funding]),
            st.integers(1, 10**12).map(str),
            st.lists(st.sampled_from(_STEPS), max_size=4),
        ),
        max_size=12,
    )
)
def test_the_books_are_what_the_rules_wait_for(
    store: Store, made: list[tuple[Callable[[str], Question], str, list[Callable[[AlertRule], AlertRule]]]]
) -> None:
    store.db.execute("DELETE FROM alerts")
    rules = []
    for number, (question, level, steps) in enumerate(made, start=1):
        rule = store.alerts.add(asks(question(level), person_id=number))[0]
        for step in steps:
            rule = _become(store, rule, step(rule))
        rules.append(rule)
    prices = list(store.alerts.price_watches())
    moves = list(store.alerts.move_watches())
    assert prices == sorted(prices, key=lambda row: row[:2])
    assert moves == sorted(moves, key=lambda row: (row[0], row[1], row[2].value, row[3]))
    assert set(prices) == set(_expected(rules, AlertKind.PRICE))
    assert set(moves) == set(_expected(rules, AlertKind.MOVE))
    assert len(prices) + len(moves) == sum(watch_of(rule) is not None for rule in rules)


def test_the_price_book_goes_into_memory_as_it_is_read(store: Store, path: Path) -> None:
    above, below = _add(store, price("68000")), _add(store, price("67000", Direction.BELOW))
    other = _add(store, price("0.00000123", symbol="ETH-USDT"))
    gone = _add(store, price("68001"))
    _become(store, gone, ended(gone, AlertState.DELETED))
    again = open_store(path, lambda: MADE)
    book = LevelBook[Symbol]()
    book.load(again.alerts.price_watches())
    again.close()
    assert len(book) == 3
    assert list(book.passed(Symbol("BTC-USDT"), 67500.0)) == []
    assert list(book.passed(Symbol("BTC-USDT"), 68000.0)) == [above.id]
    assert list(book.passed(Symbol("BTC-USDT"), 67000.0)) == [below.id]
    assert list(book.passed(Symbol("ETH-USDT"), 0.00000123)) == [other.id]


def test_symbols_are_watched_while_a_rule_on_them_lives(store: Store) -> None:
    assert store.alerts.watched_symbols() == ()
    assert store.alerts.funding_symbols() == ()
    rules = [
        _add(store, question)
        for question in (
            price("1", symbol="ETH-USDT"),
            price("1"),
            price("2"),
            replace(move(), symbol=Symbol("XBTUSDTM"), venue=Venue.FUTURES),
            replace(price("3"), symbol=Symbol("SOLUSDTM"), venue=Venue.FUTURES),
            funding(symbol="ADAUSDTM"),
            funding("0", AlertKind.FUNDING_FLIP, symbol="ADAUSDTM"),
            funding("0.1", AlertKind.FUNDING_PAYMENT, symbol="XBTUSDTM"),
        )
    ]
    spot = [("BTC-USDT", Venue.SPOT), ("ETH-USDT", Venue.SPOT)]
    assert list(store.alerts.watched_symbols()) == [*spot, ("SOLUSDTM", Venue.FUTURES), ("XBTUSDTM", Venue.FUTURES)]
    assert store.alerts.funding_symbols() == ("ADAUSDTM", "XBTUSDTM")
    _become(store, rules[1], snoozed(rules[1], MADE))
    for rule in rules[2:5]:
        _become(store, rule, ended(rule, AlertState.GONE))
    _become(store, rules[7], fired(rules[7], MADE))
    assert list(store.alerts.watched_symbols()) == spot
    assert store.alerts.funding_symbols() == ("ADAUSDTM",)
    assert list(store.alerts.funding_rules(Symbol("ADAUSDTM"))) == [rules[5], rules[6]]
    assert list(store.alerts.funding_rules(Symbol("XBTUSDTM"))) == []
    watched = [
        s for s in ("BTC-USDT", "ETH-USDT", "SOLUSDTM", "XBTUSDTM", "ADAUSDTM") if store.alerts.is_watched(Symbol(s))
    ]
    assert watched == ["BTC-USDT", "ETH-USDT"]


def test_the_chats_whose_rules_nobody_checks_are_known(store: Store) -> None:
    for chat, question in ((70, price("1")), (70, price("2")), (-80, move()), (-80, funding()), (90, price("3"))):
        store.alerts.add(replace(asks(question), chat_id=chat))
    gone = store.alerts.rules([5])[5]
    _become(store, gone, ended(gone, AlertState.ENDED))
    futures = replace(price("1"), symbol=Symbol("XBTUSDTM"), venue=Venue.FUTURES)
    store.alerts.add(replace(asks(futures), chat_id=71))
    assert store.alerts.chats_of(Venue.SPOT) == {70: 2, -80: 1}
    assert store.alerts.chats_of(Venue.FUTURES) == {71: 1}
    for number in (1, 6):
        rule = store.alerts.rules([number])[number]
        _become(store, rule, paused(rule))
    assert store.alerts.chats_of(Venue.SPOT) == {70: 1, -80: 1}, "a paused rule misses nothing"
    assert store.alerts.chats_of(Venue.FUTURES) == {}


def test_what_was_told_late_is_counted_by_chat(store: Store) -> None:
    for number, (chat, source, told_at) in enumerate(
        (
            (70, Source.CANDLE, MADE + _HOUR),
            (70, Source.CANDLE, MADE + 2 * _HOUR),
            (70, Source.CANDLE, MADE + _HOUR - timedelta(microseconds=1)),
            (70, Source.LIVE, MADE + _HOUR),
            (80, Source.POLL, MADE + _HOUR),
            (90, Source.CANDLE, MADE + _HOUR),
            (90, Source.HISTORY, MADE + _HOUR),
        ),
        start=1,
    ):
        rule = store.alerts.add(replace(asks(price(str(number))), chat_id=chat))[0]
        store.alerts.fire(rule, fired(rule, MADE), replace(firing_of(rule, told_at=told_at), source=source))
    assert store.alerts.late_since(MADE + _HOUR) == {70: 2, 90: 1}


def test_all_rules_on_a_symbol_are_read_while_they_change(store: Store) -> None:
    with store.atomic():
        mine = [store.alerts.add(asks(price(str(level)), person_id=level))[0] for level in range(1, 1200)]
        _add(store, price("1", symbol="ETH-USDT"))
        _add(store, replace(funding(), symbol=Symbol("BTC-USDT")))
        mine[3] = _become(store, mine[3], snoozed(mine[3], MADE))
        _become(store, mine[4], ended(mine[4], AlertState.DELETED))
    read = []
    for rule in store.alerts.on_symbol(Symbol("BTC-USDT")):
        read.append(rule)
        if rule.state is AlertState.ARMED:
            _become(store, rule, moved(rule, rule.question.level + 5000, Direction.ABOVE, MADE))
    assert read == [rule for rule in mine if rule is not mine[4]]
    assert list(store.alerts.on_symbol(Symbol("SOL-USDT"))) == []


def _changed(
    store: Store, wanted: Callable[[], tuple[AlertRule, ...]], change: Callable[[AlertRule], AlertRule]
) -> int:
    """How many rules were found, and changed, until none was left."""
    found = 0
    while page := wanted():
        found += len(page)
        for rule in page:
            _become(store, rule, change(rule))
    return found


def test_rules_are_due_when_their_rest_is_over(store: Store) -> None:
    late, early, waits = (_add(store, price(str(level))) for level in (1, 2, 3))
    _add(store, price("4"))
    late = _become(store, late, snoozed(late, MADE + 2 * _HOUR))
    early = _become(store, early, snoozed(early, MADE + _HOUR))
    waits = _become(store, waits, rested(snoozed(waits, MADE)))
    assert store.alerts.due(MADE + _HOUR - timedelta(microseconds=1)) == ()
    assert store.alerts.due(MADE + _HOUR) == (early,)
    assert store.alerts.due(MADE + 3 * _HOUR) == (early, late)
    _become(store, early, ended(early, AlertState.DELETED))
    assert store.alerts.due(MADE + 3 * _HOUR) == (late,)


def test_rules_are_over_when_their_time_has_passed(store: Store) -> None:
    late = _add(store, price("1"), until=MADE + 2 * _HOUR)
    early = _add(store, funding(), until=MADE + _HOUR)
    _add(store, price("2"))
    gone = _add(store, price("3"), until=MADE)
    _become(store, gone, fired(gone, MADE))
    late = _become(store, late, snoozed(late, MADE + 9 * _HOUR))
    assert store.alerts.over(MADE + _HOUR - timedelta(microseconds=1), funding=True) == ()
    assert store.alerts.over(MADE + _HOUR, funding=True) == (early,)
    assert store.alerts.over(MADE + 9 * _HOUR, funding=False) == (), "what happened before may still be told"
    store.alerts.mark_audited(late.question.symbol, late.question.venue, MADE + 2 * _HOUR - timedelta(minutes=1))
    assert store.alerts.over(MADE + 9 * _HOUR, funding=False) == ()
    store.alerts.mark_audited(late.question.symbol, late.question.venue, MADE + 2 * _HOUR)
    assert store.alerts.over(MADE + 2 * _HOUR - timedelta(microseconds=1), funding=False) == ()
    assert store.alerts.over(MADE + 2 * _HOUR, funding=False) == (late,)


def test_the_windows_are_those_that_a_rule_may_look_into(store: Store) -> None:
    five, ten = timedelta(minutes=5), timedelta(minutes=10)
    done = _add(store, move(minutes=5))
    _become(store, done, fired(done, MADE))
    twin = _add(store, move(minutes=5, direction=Direction.ABOVE))
    _become(store, twin, ended(twin, AlertState.DELETED))
    gone = _add(store, move(minutes=10))
    _add(store, price())
    assert set(store.alerts.windows()) == {(done.question.symbol, five), (done.question.symbol, ten)}
    _become(store, gone, ended(gone, AlertState.DELETED))
    assert store.alerts.windows() == ((done.question.symbol, five),)
    assert store.alerts.has_window(done.question.symbol, five)
    assert not store.alerts.has_window(done.question.symbol, ten)
    assert not store.alerts.has_window(Symbol("ETH-USDT"), five)


def test_many_rules_come_due_and_end_a_page_at_a_time(store: Store) -> None:
    numbers = count(1)
    with store.atomic():
        for _ in range(1201):
            rule = replace(asks(price(), person_id=next(numbers)), until=MADE)
            store.alerts.add(snoozed(rule, MADE))
        store.alerts.mark_audited(rule.question.symbol, rule.question.venue, MADE)
        assert len(store.alerts.due(MADE)) == len(store.alerts.over(MADE, funding=False)) == TO_CHANGE
        assert _changed(store, lambda: store.alerts.due(MADE), rested) == 1201
        assert (
            _changed(store, lambda: store.alerts.over(MADE, funding=False), lambda r: ended(r, AlertState.ENDED))
            == 1201
        )


@pytest.fixture
def statements(store: Store) -> Iterator[list[str]]:
    """Every statement, as SQLite runs it."""
    heard: list[str] = []
    store.db.conn.set_trace_callback(heard.append)
    yield heard
    store.db.conn.set_trace_callback(None)


def _ask_everything(store: Store) -> None:
    alerts, symbol = store.alerts, Symbol("BTC-USDT")
    rule = _add(store, price())
    cooling = _become(store, rule, snoozed(rule, MADE))
    firing = alerts.fire(cooling, armed(cooling, MADE), firing_of(cooling))
    assert firing is not None
    alerts.told_by([(1, firing.id)])
    alerts.ticket_made(firing.id, None)
    alerts.owed_tickets(), alerts.latest_firing(rule.id), alerts.count_today(rule.id, MADE), alerts.firing(1)
    alerts.rule(rule.id), alerts.rules([1, 2]), alerts.twin(rule), alerts.alive_of(7), alerts.count_of(7)
    (
        alerts.watched_symbols(),
        alerts.funding_symbols(),
        list(alerts.funding_rules(symbol)),
        list(alerts.on_symbol(symbol)),
    )
    alerts.history(7, 99, 10), alerts.sequel(firing.id), alerts.muted([rule])
    alerts.hush([firing.id])
    alerts.note_outcome(firing.id, "x")
    alerts.told_payment(7, symbol, "settles")
    alerts.has_window(symbol, timedelta(minutes=5))
    alerts.is_watched(symbol), alerts.chats_of(Venue.SPOT), alerts.late_since(MADE)
    alerts.due(MADE), alerts.over(MADE, funding=False), alerts.audited(symbol), alerts.seen_funding(symbol)
    store.clean(timedelta(days=7))


def test_no_question_looks_at_every_rule_or_firing(store: Store, statements: list[str]) -> None:
    _ask_everything(store)
    store.db.conn.set_trace_callback(None)
    plans = {
        statement: [row[3] for row in store.db.conn.execute(f"EXPLAIN QUERY PLAN {statement}")]
        for statement in statements
        if any(table in statement for table in ("alerts", "firings", "audited", "funding_seen"))
    }
    assert len(plans) > 20
    slow = re.compile("SCAN (alerts|firings|audited|funding_seen)(?! USING INDEX firings_owed)")
    assert {s: plan for s, plan in plans.items() if any(map(slow.match, plan))} == {}


def _steps(store: Store, ask: Callable[[], object]) -> int:
    """Of SQLite's machine."""
    steps = count()
    store.db.conn.set_progress_handler(lambda: next(steps) < 0, 1)
    ask()
    store.db.conn.set_progress_handler(None, 0)
    return next(steps)


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.alerts.due(MADE),
        lambda store: store.alerts.over(MADE, funding=False),
        lambda store: store.alerts.over(MADE, funding=True),
        lambda store: store.alerts.watched_symbols(),
        lambda store: store.alerts.funding_symbols(),
        lambda store: store.alerts.is_watched(Symbol("BTC-USDT")),
        lambda store: store.alerts.twin(asks(price())),
        lambda store: store.alerts.count_of(7),
    ],
)
def test_what_is_asked_all_the_time_costs_the_same_however_many_rules_there_are(
    store: Store, ask: Callable[[Store], object]
) -> None:
    def fill(people: range) -> None:
        for person in people:
            for rule in (asks(price(), person), asks(funding(), person), asks(move(), person)):
                store.alerts.add(rule)
                store.alerts.add(snoozed(asks(price("1"), person), MADE + _HOUR))

    fill(range(10, 15))
    few = _steps(store, lambda: ask(store))
    fill(range(15, 300))
    assert _steps(store, lambda: ask(store)) == few


def test_the_books_and_the_count_are_read_from_their_indexes_alone(store: Store, statements: list[str]) -> None:
    list(store.alerts.price_watches())
    list(store.alerts.move_watches())
    store.alerts.alive_count()
    store.db.conn.set_trace_callback(None)
    plans = [row[3] for s in statements for row in store.db.conn.execute(f"EXPLAIN QUERY PLAN {s}")]
    assert plans == [
        "SEARCH alerts USING COVERING INDEX alerts_price_book (kind=?)",
        "SEARCH alerts USING COVERING INDEX alerts_move_book (kind=?)",
        "SCAN alerts USING COVERING INDEX alerts_alive",
    ]
