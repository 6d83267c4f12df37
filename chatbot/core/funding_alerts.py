"""When a funding rule fires, and for which settlement.

A rate belongs to a settlement: the current one to the next, the predicted one to the one after
that. A rule fires at most once for each settlement; its `occasion` is that settlement's name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.account import Position
from chatbot.core.alerts import AlertKind, AlertRule, AlertState, Direction, Firing, Source, Watch, armed
from chatbot.core.feed import PredictedRate
from chatbot.core.funding import FundingSeen, payment
from chatbot.core.market import FundingRate, SettledRate
from chatbot.core.records import kept
from chatbot.core.values import frozen

NEAR = Decimal("0.9")
"""Of the cap or the floor: from there on a rate is near it."""

BEFORE_PAYMENT = timedelta(minutes=30)
"""How long before a settlement its cost is told."""

UNSETTLED = timedelta(minutes=1)
"""After a settlement. Rate and settlement may then belong to different cycles: they are not set at one stroke."""

FRESH = timedelta(minutes=5)
"""How old the feed's predicted rate may be."""

LAG = timedelta(minutes=10)
"""How long a settlement may take to appear in the history."""

IN_HISTORY = frozenset({AlertKind.FUNDING_LEVEL, AlertKind.FUNDING_FLIP})
"""What can be judged by settled rates alone."""


@frozen
class FundingView:
    """What a rule is judged by: a perpetual at the moment `at`, and what was kept of the look before.

    `seen` None: nothing is known of before, so nothing can have changed.
    """

    rate: FundingRate
    seen: FundingSeen | None = None
    position: Position | None = None
    at: datetime


@frozen
class Occasion:
    """What a rule fires for. `change` sets two things apart that happen before the same settlement."""

    settles_at: datetime
    value: Decimal
    detail: str
    change: str = ""

    @property
    def name(self) -> str:
        return f"settles {self.settles_at:%Y-%m-%dT%H:%MZ} {self.change}".rstrip()


@frozen
class _Due:
    detail: str
    rate: Decimal
    settles_at: datetime


def on_the_minute(rate: FundingRate) -> FundingRate:
    """KuCoin may tell what remains until the settlement, so its moment comes out some seconds off, each time others."""
    return replace(rate, next_at=(rate.next_at + timedelta(seconds=30)).replace(second=0, microsecond=0))


def settling(rate: FundingRate, at: datetime) -> bool:
    """Whether it is uncertain which settlement the figures belong to."""
    return at >= rate.next_at or timedelta(0) <= at - (rate.next_at - rate.interval) < UNSETTLED


def completed(rate: FundingRate, heard: PredictedRate | None, at: datetime) -> FundingRate:
    """With the feed's predicted rate where there is none, if that is fresh and of this cycle."""
    if heard is None or rate.predicted is not None:
        return rate
    usable = at - heard.at <= FRESH and rate.next_at - rate.interval <= heard.at < rate.next_at
    return replace(rate, predicted=heard.rate) if usable else rate


def settled(row: SettledRate, known: FundingRate | FundingSeen) -> FundingRate:
    """A settlement as a look just before it would have shown it; the interval is not told, so it is the known one's."""
    rate = FundingRate(symbol=row.symbol, rate=row.rate, predicted=None, interval=known.interval, next_at=row.at)
    return on_the_minute(rate)


def lagging(passed: Sequence[FundingRate], rate: FundingRate, since: datetime, at: datetime) -> bool:
    """Whether the latest settlement is missing from those that `passed` and may still appear there."""
    latest = rate.next_at - rate.interval
    return since <= latest and at - latest < LAG and all(look.next_at < latest for look in passed)


def ready(rule: AlertRule, at: datetime) -> AlertRule | None:
    """The rule as it may fire at `at`, armed again if its rest is over; None when it may not.

    There is no waiting for the value to go back: the settlement is what keeps it from repeating itself.
    """
    if not rule.alive or rule.state is AlertState.PAUSED or (rule.until is not None and at >= rule.until):
        return None
    if rule.state is AlertState.ARMED:
        return rule if rule.armed_at <= at else None
    since = at if rule.eligible_at is None else rule.eligible_at
    return armed(rule, since) if since <= at else None


def occasions(rule: AlertRule, view: FundingView) -> tuple[Occasion, ...]:
    """All that an armed rule could fire for now, the nearest settlement first; those it has fired for among them."""
    return tuple(_JUDGES[rule.question.kind](rule, view))


def firing(rule: AlertRule, occasion: Occasion, *, source: Source, at: datetime, told_at: datetime) -> Firing:
    return Firing(
        rule_id=rule.id,
        occasion=occasion.name,
        number=rule.fired + 1,
        source=source,
        value=occasion.value,
        at=at,
        told_at=told_at,
        settles_at=occasion.settles_at,
        detail=f"{occasion.detail} {kept(rule.question)}".rstrip(),
    )


def smallest(currency: str) -> Decimal:
    """The least payment that is worth a message to anybody."""
    return Decimal("0.01") if currency.startswith("USD") else Decimal("0.000001")


def _dues(rate: FundingRate) -> Iterator[_Due]:
    yield _Due(detail="current", rate=rate.rate, settles_at=rate.next_at)
    if rate.predicted is not None:
        yield _Due(detail="predicted", rate=rate.predicted, settles_at=rate.next_at + rate.interval)


def _levels(rule: AlertRule, view: FundingView) -> Iterator[Occasion]:
    question = rule.question
    watch = Watch(level=question.level, rising=question.direction is Direction.ABOVE)
    for due in _dues(view.rate):
        if watch.met_by(due.rate):
            yield Occasion(settles_at=due.settles_at, value=due.rate, detail=due.detail)


def _flips(rule: AlertRule, view: FundingView) -> Iterator[Occasion]:
    seen = _seen_by(rule, view)
    last = Decimal(0) if seen is None else seen.rate
    for due in _dues(view.rate):
        if last * due.rate < 0:
            yield Occasion(settles_at=due.settles_at, value=due.rate, detail=due.detail)
        last = due.rate or last


def _bounds(rule: AlertRule, view: FundingView) -> Iterator[Occasion]:
    cap, floor = view.rate.cap, view.rate.floor
    for due in _dues(view.rate):
        if cap is not None and 0 < cap * NEAR <= due.rate:
            yield Occasion(settles_at=due.settles_at, value=due.rate, detail="cap")
        elif floor is not None and due.rate <= floor * NEAR < 0:
            yield Occasion(settles_at=due.settles_at, value=due.rate, detail="floor")


def _intervals(rule: AlertRule, view: FundingView) -> Iterator[Occasion]:
    seen = _seen_by(rule, view)
    if seen is None or seen.interval == view.rate.interval:
        return
    was, now = (span // timedelta(seconds=1) for span in (seen.interval, view.rate.interval))
    change = f"{was}>{now}"
    yield Occasion(settles_at=view.rate.next_at, value=Decimal(now), detail=change, change=change)


def _payments(rule: AlertRule, view: FundingView) -> Iterator[Occasion]:
    position, settles_at = view.position, view.rate.next_at
    if position is None or not timedelta(0) < settles_at - view.at <= BEFORE_PAYMENT:
        return
    paid = -payment(position, view.rate.rate)
    if paid >= max(rule.question.level, smallest(position.currency)):
        side = "long" if position.lots > 0 else "short"
        yield Occasion(settles_at=settles_at, value=paid, detail=f"{side} {position.currency}")


def _seen_by(rule: AlertRule, view: FundingView) -> FundingSeen | None:
    """What was kept of before, unless that settled before there was the rule: it asks for what changes from then on."""
    seen = view.seen
    return seen if seen is not None and rule.created_at < seen.settles_at else None


_JUDGES: Mapping[AlertKind, Callable[[AlertRule, FundingView], Iterator[Occasion]]] = {
    AlertKind.FUNDING_LEVEL: _levels,
    AlertKind.FUNDING_FLIP: _flips,
    AlertKind.FUNDING_BOUND: _bounds,
    AlertKind.FUNDING_INTERVAL: _intervals,
    AlertKind.FUNDING_PAYMENT: _payments,
}
