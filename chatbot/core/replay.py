"""What closed candles prove about a price rule: crossings that no tick showed.

A candle says how far the price went in its minute, not in which order. A minute in which the
rule itself changed counts by its closing price alone, which came after the change; so does the
second of two things in one candle. What could be older than the rule's arming is not told.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from chatbot.core.alerts import AlertRule, AlertState, armed, fired, rested, watch_of
from chatbot.core.market import Candle

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`rule` became `then` by the price `value` in `candle`; `fires` when that is to be told."""

    rule: AlertRule
    then: AlertRule
    candle: Candle
    value: Decimal
    fires: bool


def replay(rule: AlertRule, candles: Iterable[Candle]) -> tuple[Step, ...]:
    """All that provably happened to a PRICE rule, in order. `candles` are closed, oldest first."""
    steps: list[Step] = []
    for candle in candles:
        while (step := _next_step(rule, candle)) is not None:
            steps.append(step)
            rule = step.then
    return tuple(steps)


def _next_step(rule: AlertRule, candle: Candle) -> Step | None:
    end = candle.start + MINUTE
    if rule.state is AlertState.COOLING and rule.eligible_at is not None and rule.eligible_at < end:
        return Step(rule=rule, then=rested(rule), candle=candle, value=candle.close, fires=False)
    since = rule.armed_at if rule.state is AlertState.ARMED else rule.eligible_at
    watch = watch_of(rule)
    if watch is None or since is None or since >= end or _over(rule, candle):
        return None
    extreme = candle.high if watch.rising else candle.low
    value = extreme if since <= candle.start else candle.close
    if not watch.met_by(value):
        return None
    if rule.state is AlertState.WAITING:
        # From here on only what came last in this minute counts: the way back may have come first.
        last = end - timedelta(microseconds=1)
        return Step(rule=rule, then=armed(rule, last), candle=candle, value=value, fires=False)
    return Step(rule=rule, then=fired(rule, candle.start), candle=candle, value=value, fires=True)


def _over(rule: AlertRule, candle: Candle) -> bool:
    return rule.until is not None and candle.start >= rule.until
