"""Which funding rules fire at which look, for which settlement; by tables, and by properties over many looks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.account import Position
from chatbot.core.alerts import AlertKind, AlertRule, AlertState, Direction, Question, Source, fired
from chatbot.core.feed import PredictedRate
from chatbot.core.funding import FundingSeen, noted
from chatbot.core.funding_alerts import (
    BEFORE_PAYMENT,
    FRESH,
    LAG,
    UNSETTLED,
    FundingView,
    completed,
    firing,
    lagging,
    occasions,
    on_the_minute,
    ready,
    settled,
    settling,
    smallest,
)
from chatbot.core.market import FundingRate, SettledRate, Symbol, Venue

PERP = Symbol("XBTUSDTM")
MADE = datetime(2026, 3, 1, 12, tzinfo=UTC)
NEXT = datetime(2026, 3, 1, 16, tzinfo=UTC)
AFTER = NEXT + timedelta(hours=8)
EIGHT = timedelta(hours=8)

ABOVE, BELOW = Direction.ABOVE, Direction.BELOW
LEVEL, FLIP, BOUND = AlertKind.FUNDING_LEVEL, AlertKind.FUNDING_FLIP, AlertKind.FUNDING_BOUND
INTERVAL, PAYMENT = AlertKind.FUNDING_INTERVAL, AlertKind.FUNDING_PAYMENT


def _rule(kind: AlertKind, level: Decimal | str = "0", direction: Direction | None = None) -> AlertRule:
    question = Question(kind=kind, symbol=PERP, venue=Venue.FUTURES, direction=direction, level=Decimal(level))
    return AlertRule(id=1, question=question, person_id=7, person="Anna", chat_id=7, armed_at=MADE, created_at=MADE)


def _rate(rate: Decimal | str, predicted: Decimal | str | None = None, *, interval: timedelta = EIGHT) -> FundingRate:
    return FundingRate(
        symbol=PERP,
        rate=Decimal(rate),
        predicted=None if predicted is None else Decimal(predicted),
        interval=interval,
        next_at=NEXT,
        cap=Decimal("0.003"),
        floor=Decimal("-0.003"),
    )


def _seen(rate: str, *, interval: timedelta = EIGHT, settles_at: datetime = NEXT) -> FundingSeen:
    return replace(noted(_rate(rate, interval=interval), None), settles_at=settles_at)


def _view(rate: FundingRate, seen: FundingSeen | None = None, position: Position | None = None) -> FundingView:
    return FundingView(rate=rate, seen=seen, position=position, at=NEXT - timedelta(minutes=20))


def _position(lots: str, value: str = "3370", currency: str = "USDT") -> Position:
    price = Decimal(67400)
    return Position(
        symbol=PERP,
        lots=Decimal(lots),
        entry_price=price,
        mark_price=price,
        liquidation_price=None,
        value=Decimal(value),
        unrealised_pnl=Decimal(0),
        currency=currency,
    )


def _found(rule: AlertRule, view: FundingView) -> list[tuple[datetime, str, str]]:
    return [(o.settles_at, str(o.value), o.detail) for o in occasions(rule, view)]


@pytest.mark.parametrize(
    ("direction", "level", "rate", "predicted", "expected"),
    [
        (ABOVE, "0.0005", "0.0005", None, [(NEXT, "0.0005", "current")]),
        (ABOVE, "0.0005", "0.00049999999999999999999999999", None, []),
        (ABOVE, "0.0005", "0.0001", "0.0006", [(AFTER, "0.0006", "predicted")]),
        (ABOVE, "0.0005", "0.0007", "0.0006", [(NEXT, "0.0007", "current"), (AFTER, "0.0006", "predicted")]),
        (ABOVE, "-0.0005", "-0.0004", None, [(NEXT, "-0.0004", "current")]),
        (ABOVE, "0", "0", None, [(NEXT, "0", "current")]),
        (BELOW, "0.0005", "0.0004", "0.0006", [(NEXT, "0.0004", "current")]),
        (BELOW, "-0.0005", "-0.0005", "0", [(NEXT, "-0.0005", "current")]),
        (BELOW, "-0.0005", "-0.0004", "0", []),
    ],
)
def test_a_level_is_met_at_it_or_beyond_by_the_current_rate_or_the_predicted_one(
    direction: Direction, level: str, rate: str, predicted: str | None, expected: list[tuple[datetime, str, str]]
) -> None:
    assert _found(_rule(LEVEL, level, direction), _view(_rate(rate, predicted))) == expected


@pytest.mark.parametrize(
    ("seen", "rate", "predicted", "expected"),
    [
        (None, "0.0001", None, []),
        (None, "0.0001", "-0.0002", [(AFTER, "-0.0002", "predicted")]),
        (None, "0.0001", "0", []),
        (None, "0", "-0.0001", []),
        ("0.0001", "-0.0001", None, [(NEXT, "-0.0001", "current")]),
        ("0.0001", "0", None, []),
        ("0.0001", "0", "-0.0001", [(AFTER, "-0.0001", "predicted")]),
        ("0.0001", "0", "0.0001", []),
        ("0.0001", "-0.0001", "0.0001", [(NEXT, "-0.0001", "current"), (AFTER, "0.0001", "predicted")]),
        ("-0.0001", "0.0001", "0.0001", [(NEXT, "0.0001", "current")]),
        ("0", "-0.0001", None, []),
    ],
)
def test_a_flip_is_a_sign_that_differs_from_the_last_one_there_was(
    seen: str | None, rate: str, predicted: str | None, expected: list[tuple[datetime, str, str]]
) -> None:
    view = _view(_rate(rate, predicted), None if seen is None else _seen(seen))
    assert _found(_rule(FLIP), view) == expected


def test_plus_zero_minus_is_one_flip_when_it_reaches_minus() -> None:
    seen = noted(_rate("0.0001"), None)
    found = []
    for cycle, rate in enumerate(("0", "0", "-0.0001", "-0.0002", "0", "-0.0001"), start=1):
        now = replace(_rate(rate), next_at=NEXT + cycle * EIGHT)
        found += _found(_rule(FLIP), _view(now, seen))
        seen = noted(now, seen)
    assert found == [(NEXT + 3 * EIGHT, "-0.0001", "current")]


def test_what_changed_before_there_was_the_rule_is_nothing_new_to_it() -> None:
    old = _seen("0.0001", interval=timedelta(hours=4), settles_at=MADE)
    view = _view(_rate("-0.0001"), old)
    for kind in (FLIP, INTERVAL):
        assert _found(_rule(kind), view) == []
        earlier = replace(_rule(kind), created_at=MADE - timedelta(seconds=1))
        assert len(_found(earlier, view)) == 1


@pytest.mark.parametrize(
    ("rate", "predicted", "expected"),
    [
        ("0.0027", None, [(NEXT, "0.0027", "cap")]),
        ("0.00269999", None, []),
        ("-0.0027", "0.003", [(NEXT, "-0.0027", "floor"), (AFTER, "0.003", "cap")]),
        ("0", "-0.0028", [(AFTER, "-0.0028", "floor")]),
    ],
)
def test_a_rate_is_near_a_bound_from_nine_tenths_of_it_on(
    rate: str, predicted: str | None, expected: list[tuple[datetime, str, str]]
) -> None:
    assert _found(_rule(BOUND), _view(_rate(rate, predicted))) == expected


def test_bounds_that_are_not_told_are_not_made_up() -> None:
    for rate in ("0.03", "-0.03", "0"):
        assert _found(_rule(BOUND), _view(replace(_rate(rate), cap=None, floor=None))) == []
        assert _found(_rule(BOUND), _view(replace(_rate(rate), cap=Decimal(0), floor=Decimal(0)))) == []
    assert _found(_rule(BOUND), _view(replace(_rate("0.03"), cap=None))) == []
    assert _found(_rule(BOUND), _view(replace(_rate("-0.03"), floor=None))) == []


def test_two_changes_of_the_interval_before_one_settlement_are_two_occasions() -> None:
    eight, four, one = (timedelta(hours=h) for h in (8, 4, 1))
    first = occasions(_rule(INTERVAL), _view(_rate("0", interval=four), _seen("0", interval=eight)))
    second = occasions(_rule(INTERVAL), _view(_rate("0", interval=one), _seen("0", interval=four)))
    assert [(o.detail, o.value, o.name) for o in (*first, *second)] == [
        ("28800>14400", Decimal(14400), "settles 2026-03-01T16:00Z 28800>14400"),
        ("14400>3600", Decimal(3600), "settles 2026-03-01T16:00Z 14400>3600"),
    ]


def test_an_interval_that_stays_or_is_first_seen_is_no_change() -> None:
    assert _found(_rule(INTERVAL), _view(_rate("0"), _seen("0"))) == []
    assert _found(_rule(INTERVAL), _view(_rate("0"))) == []


@pytest.mark.parametrize(
    ("lots", "rate", "level", "expected"),
    [
        ("50", "0.000145", "0", [(NEXT, "0.488650", "long USDT")]),
        ("50", "0.000145", "0.48865", [(NEXT, "0.488650", "long USDT")]),
        ("50", "0.000145", "0.48866", []),
        ("-50", "0.000145", "0", []),
        ("-50", "-0.000145", "0", [(NEXT, "0.488650", "short USDT")]),
        ("50", "0.000001", "0", []),
        ("50", "0", "0", []),
    ],
)
def test_what_a_position_would_pay_is_told_if_it_is_worth_it(
    lots: str, rate: str, level: str, expected: list[tuple[datetime, str, str]]
) -> None:
    assert _found(_rule(PAYMENT, level), _view(_rate(rate, "0.003"), position=_position(lots))) == expected


def test_a_coin_is_worth_telling_in_smaller_parts() -> None:
    assert (smallest("USDT"), smallest("USDC")) == (Decimal("0.01"), Decimal("0.01"))
    paid = _found(_rule(PAYMENT), _view(_rate("0.0001"), position=_position("50", "0.01", "XBT")))
    assert paid == [(NEXT, "0.000001", "long XBT")]


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (BEFORE_PAYMENT + timedelta(seconds=1), False),
        (BEFORE_PAYMENT, True),
        (timedelta(seconds=1), True),
        (timedelta(0), False),
        (-timedelta(minutes=1), False),
    ],
)
def test_a_payment_is_told_in_the_half_hour_before_it(before: timedelta, told: bool) -> None:
    view = replace(_view(_rate("0.001"), position=_position("50")), at=NEXT - before)
    assert bool(_found(_rule(PAYMENT), view)) is told


def test_without_a_position_nothing_is_paid() -> None:
    assert _found(_rule(PAYMENT), _view(_rate("0.003"))) == []


def test_a_settlement_keeps_its_name_however_its_moment_was_reckoned() -> None:
    names = set()
    for seconds in (-29.9, -0.2, 0, 0.3, 29.9):
        rate = on_the_minute(replace(_rate("0.001"), next_at=NEXT + timedelta(seconds=seconds)))
        names |= {o.name for o in occasions(_rule(LEVEL, "0", ABOVE), _view(rate))}
    assert names == {"settles 2026-03-01T16:00Z"}


def test_what_is_predicted_now_has_the_name_it_will_have_as_the_current_rate() -> None:
    rule = _rule(LEVEL, "0.001", ABOVE)
    before = occasions(rule, _view(_rate("0", "0.002")))
    after = occasions(rule, _view(replace(_rate("0.002"), next_at=AFTER)))
    assert [o.name for o in before] == [o.name for o in after] == ["settles 2026-03-02T00:00Z"]


@pytest.mark.parametrize(
    ("at", "uncertain"),
    [
        (NEXT - EIGHT - timedelta(hours=1), False),
        (NEXT - EIGHT, True),
        (NEXT - EIGHT + UNSETTLED - timedelta(seconds=1), True),
        (NEXT - EIGHT + UNSETTLED, False),
        (NEXT - timedelta(seconds=1), False),
        (NEXT, True),
        (NEXT + timedelta(hours=1), True),
    ],
)
def test_around_a_settlement_it_is_uncertain_whose_the_figures_are(at: datetime, uncertain: bool) -> None:
    assert settling(_rate("0.001"), at) is uncertain


def test_a_settled_rate_is_as_a_look_just_before_it_would_have_shown_it() -> None:
    row = SettledRate(symbol=PERP, rate=Decimal("0.002"), at=NEXT + timedelta(seconds=2))
    assert settled(row, _seen("0.001")) == replace(_rate("0.002"), cap=None, floor=None)


@pytest.mark.parametrize(
    ("passed", "since", "at", "lags"),
    [
        ([], NEXT - EIGHT, NEXT, True),
        ([], NEXT - EIGHT, NEXT + LAG - timedelta(seconds=1), True),
        ([], NEXT - EIGHT, NEXT + LAG, False),
        ([], NEXT, NEXT, True),
        ([], NEXT + timedelta(seconds=1), NEXT + timedelta(minutes=1), False),
        ([NEXT - EIGHT], NEXT - EIGHT, NEXT, True),
        ([NEXT - EIGHT, NEXT], NEXT - EIGHT, NEXT, False),
    ],
)
def test_a_history_without_the_latest_settlement_lags_for_a_while(
    passed: list[datetime], since: datetime, at: datetime, lags: bool
) -> None:
    looks = [replace(_rate("0"), next_at=each) for each in passed]
    assert lagging(looks, replace(_rate("0"), next_at=AFTER), since, at) is lags


def test_the_feeds_predicted_rate_stands_in_while_it_is_fresh_and_of_this_cycle() -> None:
    heard = PredictedRate(symbol=PERP, rate=Decimal("0.002"), at=NEXT - timedelta(hours=1))
    assert completed(_rate("0"), heard, heard.at + FRESH).predicted == heard.rate
    assert completed(_rate("0"), heard, heard.at + FRESH + timedelta(seconds=1)).predicted is None
    assert completed(_rate("0", "0.001"), heard, heard.at).predicted == Decimal("0.001")
    assert completed(_rate("0"), None, heard.at).predicted is None
    of_the_next = replace(_rate("0"), next_at=AFTER)
    late = replace(heard, at=NEXT - timedelta(seconds=1))
    assert completed(of_the_next, late, NEXT + timedelta(minutes=1)).predicted is None
    assert completed(of_the_next, replace(heard, at=NEXT), NEXT + timedelta(minutes=1)).predicted == heard.rate


def test_an_armed_rule_is_ready_from_its_arming_until_its_end() -> None:
    rule = replace(_rule(FLIP), until=NEXT)
    assert ready(rule, MADE - timedelta(seconds=1)) is None
    assert ready(rule, MADE) == rule
    assert ready(rule, NEXT - timedelta(seconds=1)) == rule
    assert ready(rule, NEXT) is None


def test_a_rule_that_rested_is_armed_from_the_end_of_its_rest() -> None:
    resting = fired(replace(_rule(FLIP), every=timedelta(hours=1)), MADE)
    due = MADE + timedelta(hours=1)
    assert ready(resting, due - timedelta(seconds=1)) is None
    again = ready(resting, NEXT)
    assert again is not None
    assert (again.state, again.armed_at, again.arms, again.eligible_at) == (AlertState.ARMED, due, 2, None)


@pytest.mark.parametrize(
    "state", [AlertState.PAUSED, AlertState.DONE, AlertState.ENDED, AlertState.DELETED, AlertState.GONE]
)
def test_a_rule_that_is_over_or_paused_is_never_ready(state: AlertState) -> None:
    assert ready(replace(_rule(FLIP), state=state), NEXT) is None


def test_a_funding_rule_never_waits_for_its_value_to_go_back() -> None:
    again = ready(replace(_rule(FLIP), state=AlertState.WAITING), NEXT)
    assert again is not None
    assert (again.state, again.armed_at) == (AlertState.ARMED, NEXT)


def test_the_record_tells_what_fired_and_for_which_settlement() -> None:
    rule = replace(_rule(LEVEL, "0.001", ABOVE), fired=2)
    (occasion,) = occasions(rule, _view(_rate("0.002")))
    record = firing(rule, occasion, source=Source.POLL, at=MADE, told_at=NEXT)
    assert (record.rule_id, record.occasion, record.number) == (1, "settles 2026-03-01T16:00Z", 3)
    assert (record.value, record.settles_at, record.detail) == (Decimal("0.002"), NEXT, "current above 0.001")
    assert (record.source, record.at, record.told_at) == (Source.POLL, MADE, NEXT)


_some = st.decimals(min_value=Decimal("-0.003"), max_value=Decimal("0.003"), places=4)
_maybe = st.none() | _some
_kinds = st.sampled_from([LEVEL, FLIP, BOUND, INTERVAL, PAYMENT])
_rules = st.builds(_rule, _kinds, _some, st.sampled_from(Direction))
_looks = st.lists(
    st.tuples(_some, _maybe, st.sampled_from([0, 0, 0, 1, 2]), st.sampled_from([EIGHT, EIGHT, timedelta(hours=4)])),
    max_size=25,
)
_positions = st.none() | st.builds(_position, st.sampled_from(["50", "-50"]))

Looks = Sequence[tuple[Decimal, Decimal | None, int, timedelta]]


def _views(looks: Looks, position: Position | None) -> list[FundingView]:
    """Look after look; some come in the next cycle, and some after one that nobody looked at."""
    views: list[FundingView] = []
    next_at, seen = NEXT, None
    for rate, predicted, cycles, interval in looks:
        next_at += cycles * interval
        now = replace(_rate(rate, predicted, interval=interval), next_at=next_at)
        views.append(FundingView(rate=now, seen=seen, position=position, at=next_at - timedelta(minutes=20)))
        seen = noted(now, seen)
    return views


def _mirrored(view: FundingView) -> FundingView:
    rate, seen, position = view.rate, view.seen, view.position
    predicted = None if rate.predicted is None else -rate.predicted
    cap, floor = (None if bound is None else -bound for bound in (rate.floor, rate.cap))
    return replace(
        view,
        rate=replace(rate, rate=-rate.rate, predicted=predicted, cap=cap, floor=floor),
        seen=None if seen is None else replace(seen, rate=-seen.rate),
        position=None if position is None else replace(position, lots=-position.lots),
    )


@given(_rules, _looks, _positions)
def test_negated_rates_swap_above_and_below_cap_and_floor_long_and_short(
    rule: AlertRule, looks: Looks, position: Position | None
) -> None:
    question, direction = rule.question, rule.question.direction
    level = question.level if question.kind is PAYMENT else -question.level
    mirror = replace(rule, question=replace(question, level=level, direction=direction and direction.other))
    swapped = {"cap": "floor", "floor": "cap", "long USDT": "short USDT", "short USDT": "long USDT"}
    sign = 1 if question.kind in (INTERVAL, PAYMENT) else -1
    for view in _views(looks, position):
        here, there = occasions(rule, view), occasions(mirror, _mirrored(view))
        assert [(o.name, o.value, o.detail) for o in here] == [
            (o.name, sign * o.value, swapped.get(o.detail, o.detail)) for o in there
        ]


def _true(rule: AlertRule, view: FundingView, rates: dict[datetime, set[int]]) -> bool:
    """Whether the view has what the rule asks for, said another way than the code says it."""
    question, rate = rule.question, view.rate
    told = [r for r in (rate.rate, rate.predicted) if r is not None]
    if question.kind is LEVEL:
        return any(r >= question.level if question.direction is ABOVE else r <= question.level for r in told)
    if question.kind is BOUND:
        return any(abs(r) >= Decimal("0.0027") for r in told)
    if question.kind is PAYMENT:
        position = view.position
        return position is not None and rate.rate * position.lots > 0
    if question.kind is INTERVAL:
        return view.seen is not None and view.seen.interval != rate.interval
    signs = {s for at, seen in rates.items() if at <= rate.next_at for s in seen}
    return {1, -1} <= signs | {(r > 0) - (r < 0) for r in told}


@given(_rules, _looks, _positions)
def test_nothing_fires_without_its_cause(rule: AlertRule, looks: Looks, position: Position | None) -> None:
    rates: dict[datetime, set[int]] = {}
    for view in _views(looks, position):
        found = occasions(rule, view)
        assert not found or _true(rule, view, rates)
        known = [view.rate.rate, view.rate.predicted]
        for occasion in found:
            assert occasion.settles_at in (view.rate.next_at, view.rate.next_at + view.rate.interval)
            assert rule.question.kind in (INTERVAL, PAYMENT) or occasion.value in known
        rates.setdefault(view.rate.next_at, set()).add((view.rate.rate > 0) - (view.rate.rate < 0))


@given(_rules, _looks, _positions, st.sampled_from([None, timedelta(0), timedelta(minutes=1), timedelta(days=1)]))
def test_a_rule_fires_at_most_once_for_a_settlement_however_often_it_is_looked_at(
    rule: AlertRule, looks: Looks, position: Position | None, every: timedelta | None
) -> None:
    now, told = replace(rule, every=every), list[str]()
    for view in _views(looks, position):
        for _ in range(3):
            armed = ready(now, view.at)
            found = [] if armed is None else [o for o in occasions(armed, view) if o.name not in told]
            if armed is not None and found:
                told.append(found[0].name)
                now = fired(armed, view.at)
    assert len(told) == len(set(told)) == now.fired
    assert every is not None or now.fired <= 1
    if rule.question.kind is not INTERVAL:
        assert len({name.split()[1] for name in told}) == len(told)


@given(_rules.filter(lambda r: r.question.kind in (LEVEL, BOUND)), _some, _maybe, st.permutations(range(3)))
def test_a_rate_known_early_late_or_both_fires_for_the_same_settlement(
    rule: AlertRule, rate: Decimal, predicted: Decimal | None, order: Sequence[int]
) -> None:
    alone, whole = _view(_rate(rate)), _view(_rate(rate, predicted))
    views = [alone, whole, whole]
    names = {o.name for i in order for o in occasions(rule, views[i])}
    assert names == {o.name for o in occasions(rule, whole)}
