from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.alerts import (
    ALIVE,
    HYSTERESIS,
    AlertKind,
    AlertRule,
    AlertState,
    Direction,
    Firing,
    Question,
    Source,
    Watch,
    armed,
    distance,
    ended,
    fired,
    moved,
    occasion,
    paused,
    rested,
    snoozed,
    watch_of,
)
from chatbot.core.market import Symbol, Venue

_NOON = datetime(2026, 9, 14, 12, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_UP, _DOWN = Direction.ABOVE, Direction.BELOW


def _rule(
    kind: AlertKind = AlertKind.PRICE,
    direction: Direction | None = _UP,
    level: str = "68000",
    every: timedelta | None = _HOUR,
) -> AlertRule:
    question = Question(
        kind=kind,
        symbol=Symbol("BTC-USDT"),
        venue=Venue.SPOT,
        direction=direction,
        level=Decimal(level),
        window=_HOUR if kind is AlertKind.MOVE else None,
    )
    return AlertRule(
        id=12,
        question=question,
        person_id=7,
        person="Anna",
        chat_id=7,
        every=every,
        note="resistance",
        armed_at=_NOON,
        created_at=_NOON,
    )


def _waiting(rule: AlertRule) -> AlertRule:
    return rested(fired(rule, _NOON))


@pytest.mark.parametrize(
    ("value", "rising", "falling"),
    [("67999.9", False, True), ("68000", True, True), ("68000.00", True, True), ("68000.0000000000001", True, False)],
)
def test_a_value_at_the_level_meets_it_from_both_sides(value: str, rising: bool, falling: bool) -> None:
    level = Decimal("68000.0")
    assert Watch(level=level, rising=True).met_by(Decimal(value)) is rising
    assert Watch(level=level, rising=False).met_by(Decimal(value)) is falling


@pytest.mark.parametrize(
    ("kind", "direction", "level", "fires_at", "returns_at"),
    [
        (AlertKind.PRICE, _UP, "68000", (Decimal(68000), True), (Decimal(67932), False)),
        (AlertKind.PRICE, _DOWN, "68000", (Decimal(68000), False), (Decimal(68068), True)),
        (AlertKind.PRICE, _UP, "0.00000612", (Decimal("0.00000612"), True), (Decimal("0.00000611388"), False)),
        (AlertKind.MOVE, _UP, "0.05", (Decimal("0.05"), True), (Decimal("0.045"), False)),
        (AlertKind.MOVE, _DOWN, "0.05", (Decimal("0.05"), True), (Decimal("0.045"), False)),
    ],
)
def test_a_rule_fires_at_its_level_and_is_armed_again_a_little_before_it(
    kind: AlertKind, direction: Direction, level: str, fires_at: tuple[Decimal, bool], returns_at: tuple[Decimal, bool]
) -> None:
    rule = _rule(kind, direction, level)
    assert watch_of(rule) == Watch(level=fires_at[0], rising=fires_at[1])
    assert watch_of(_waiting(rule)) == Watch(level=returns_at[0], rising=returns_at[1])


@pytest.mark.parametrize("kind", [AlertKind.PRICE, AlertKind.MOVE])
@pytest.mark.parametrize("state", [s for s in AlertState if s not in (AlertState.ARMED, AlertState.WAITING)])
def test_only_armed_and_waiting_rules_watch_a_value(kind: AlertKind, state: AlertState) -> None:
    assert watch_of(replace(_rule(kind, level="0.05"), state=state)) is None


@pytest.mark.parametrize("kind", [kind for kind in AlertKind if kind.funding])
@pytest.mark.parametrize("state", AlertState)
def test_rules_of_funding_watch_no_price(kind: AlertKind, state: AlertState) -> None:
    assert watch_of(replace(_rule(kind, None, "0.0005"), state=state)) is None


def test_prices_and_moves_are_no_funding() -> None:
    assert {kind for kind in AlertKind if not kind.funding} == {AlertKind.PRICE, AlertKind.MOVE}


def test_each_direction_is_the_others_other() -> None:
    assert (_UP.other, _DOWN.other) == (_DOWN, _UP)


def test_a_rule_that_fires_once_is_done() -> None:
    rule = fired(_rule(every=None), _NOON)
    assert (rule.state, rule.fired, rule.fired_at, rule.eligible_at) == (AlertState.DONE, 1, _NOON, None)
    assert not rule.alive


def test_a_rule_that_fires_again_rests_waits_and_is_armed() -> None:
    cooling = fired(_rule(), _NOON)
    assert (cooling.state, cooling.eligible_at) == (AlertState.COOLING, _NOON + _HOUR)
    waiting = rested(cooling)
    assert (waiting.state, waiting.eligible_at) == (AlertState.WAITING, _NOON + _HOUR)
    again = armed(waiting, _NOON + 2 * _HOUR)
    assert (again.state, again.armed_at, again.eligible_at) == (AlertState.ARMED, _NOON + 2 * _HOUR, None)
    assert (again.arms, again.fired) == (2, 1)
    assert {rule.alive for rule in (cooling, waiting, again)} == {True}


def test_snoozing_gives_even_a_rule_that_was_done_another_turn() -> None:
    rule = snoozed(fired(_rule(every=None), _NOON), _NOON + _HOUR)
    assert (rule.state, rule.eligible_at, rule.fired) == (AlertState.COOLING, _NOON + _HOUR, 1)


def test_a_rule_at_another_level_keeps_all_else_and_is_armed_anew() -> None:
    old = fired(_rule(), _NOON)
    new = moved(old, Decimal(66000), _DOWN, _NOON + _HOUR)
    assert watch_of(new) == Watch(level=Decimal(66000), rising=False)
    question = replace(old.question, level=Decimal(66000), direction=_DOWN)
    since = _NOON + _HOUR
    assert new == replace(old, question=question, state=AlertState.ARMED, arms=2, armed_at=since, eligible_at=None)


def test_a_paused_rule_lives_and_waits_for_nothing() -> None:
    resting = paused(fired(_rule(), _NOON))
    assert (resting.state, resting.eligible_at, resting.alive, watch_of(resting)) == (
        AlertState.PAUSED,
        None,
        True,
        None,
    )


@pytest.mark.parametrize("state", [AlertState.ENDED, AlertState.DELETED, AlertState.GONE])
def test_a_rule_that_ended_waits_for_nothing(state: AlertState) -> None:
    rule = ended(fired(_rule(), _NOON), state)
    assert (rule.state, rule.eligible_at, rule.alive, watch_of(rule)) == (state, None, False, None)


def test_the_living_states_are_those_that_can_come_to_fire() -> None:
    assert {AlertState.ARMED, AlertState.COOLING, AlertState.WAITING, AlertState.PAUSED} == ALIVE


def test_a_rule_is_called_by_its_number() -> None:
    assert _rule().name == "#12"


@pytest.mark.parametrize(
    ("source", "late"), [(Source.LIVE, False), (Source.POLL, False), (Source.CANDLE, True), (Source.HISTORY, True)]
)
def test_what_was_found_afterwards_is_late(source: Source, late: bool) -> None:
    firing = Firing(
        rule_id=12, occasion="arm 1", number=1, source=source, value=Decimal(68000), at=_NOON, told_at=_NOON
    )
    assert firing.late is late


@pytest.mark.parametrize(
    ("kind", "direction", "level", "value", "far"),
    [
        (AlertKind.PRICE, _UP, "110", "100", "0.1"),
        (AlertKind.PRICE, _UP, "110", "120", "0"),
        (AlertKind.PRICE, _DOWN, "90", "100", "0.1"),
        (AlertKind.PRICE, _DOWN, "90", "80", "0"),
        (AlertKind.PRICE, _UP, "110", "110", "0"),
        (AlertKind.PRICE, _UP, "110", "0", "110"),
        (AlertKind.MOVE, _UP, "0.05", "0.02", "0.03"),
        (AlertKind.MOVE, _DOWN, "0.05", "0.02", "0.03"),
        (AlertKind.MOVE, _DOWN, "0.05", "0.07", "0"),
        (AlertKind.FUNDING_LEVEL, _UP, "0.0005", "-0.0001", "0.0006"),
        (AlertKind.FUNDING_LEVEL, _DOWN, "-0.0005", "-0.0001", "0.0004"),
    ],
)
def test_how_far_a_value_is_from_what_is_asked(
    kind: AlertKind, direction: Direction, level: str, value: str, far: str
) -> None:
    assert distance(_rule(kind, direction, level).question, Decimal(value)) == Decimal(far)


def test_nobody_knows_how_far_an_unknown_value_is_or_one_without_a_way() -> None:
    assert distance(_rule().question, None) is None
    assert distance(_rule(AlertKind.FUNDING_FLIP, None, "0").question, Decimal(1)) is None


def _run(rule: AlertRule, prices: list[Decimal]) -> tuple[AlertRule, list[str]]:
    """The occasions on which it fires when each price comes an hour after the last."""
    told = []
    for hour, price in enumerate(prices):
        at = _NOON + hour * _HOUR
        if rule.state is AlertState.COOLING:
            rule = rested(rule)
        watch = watch_of(rule)
        if watch is None or not watch.met_by(price):
            continue
        if rule.state is AlertState.WAITING:
            rule = armed(rule, at)
        else:
            told.append(occasion(rule))
            rule = fired(rule, at)
    return rule, told


_prices = st.lists(st.integers(67_900, 68_100).map(Decimal), max_size=40)


@given(_prices, st.sampled_from(Direction), st.sampled_from([None, _HOUR]))
def test_no_rule_fires_twice_for_one_arming(
    prices: list[Decimal], direction: Direction, every: timedelta | None
) -> None:
    rule, told = _run(_rule(direction=direction, every=every), prices)
    assert len(set(told)) == len(told) == rule.fired
    assert every is not None or rule.fired <= 1


@given(_prices, st.sampled_from(Direction))
def test_between_two_firings_the_price_went_back_by_the_hysteresis_or_more(
    prices: list[Decimal], direction: Direction
) -> None:
    level = Decimal(68000)
    back = [p <= level * (1 - HYSTERESIS) if direction is _UP else p >= level * (1 + HYSTERESIS) for p in prices]
    _, told = _run(_rule(direction=direction), prices)
    assert len(told) <= 1 + sum(back)


@given(st.lists(st.integers(-67, 67).map(Decimal), max_size=40), st.sampled_from(Direction))
def test_a_price_that_trembles_at_the_level_tells_it_once(steps: list[Decimal], direction: Direction) -> None:
    _, told = _run(_rule(direction=direction), [Decimal(68000), *(68000 + step for step in steps)])
    assert told == ["arm 1"]


@given(st.integers(1, 10**20), st.integers(0, 12), st.sampled_from(Direction))
def test_the_way_back_of_any_price_is_exact(units: int, places: int, direction: Direction) -> None:
    level = Decimal(units).scaleb(-places)
    watch = watch_of(_waiting(_rule(direction=direction, level=str(level))))
    assert watch is not None
    assert watch.level * 1000 == level * (999 if direction is _UP else 1001)
    assert watch.rising is (direction is _DOWN)
