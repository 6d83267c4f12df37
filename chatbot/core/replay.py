"""What closed candles prove about a price rule: crossings that no tick showed.

A candle says how far the price went in its minute, not in which order. A minute in which the
rule itself changed counts by its closing price alone, which came after the change; so does the
second of two things in one candle; a minute in which the rule ends counts by its opening price.
What could be older than the rule's arming, or newer than its end, is not told. A rule that a tick armed
was armed earlier where these candles show it: before they were read, nobody knew.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.alerts import AlertRule, AlertState, armed, fired, rested, watch_of
from chatbot.core.market import Candle
from chatbot.core.values import frozen

MINUTE = timedelta(minutes=1)


@frozen
class Step:
    """`rule` became `then` by the price `value` in `candle`; `fires` when that is to be told."""

    rule: AlertRule
    then: AlertRule
    candle: Candle
    value: Decimal
    fires: bool


def replay(rule: AlertRule, candles: Sequence[Candle]) -> tuple[Step, ...]:
    """All that provably happened to a PRICE rule, in order. `candles` are closed, oldest first."""
    steps: list[Step] = []
    rule = _armed_as_proved(rule, candles)
    for candle in candles:
        while (step := _next_step(rule, candle)) is not None:
            steps.append(step)
            rule = step.then
    return tuple(steps)


def _armed_as_proved(rule: AlertRule, candles: Sequence[Candle]) -> AlertRule:
    if rule.state is not AlertState.ARMED or rule.eligible_at is None:
        return rule
    waiting = rested(rule)
    for candle in candles:
        if candle.start + MINUTE > rule.armed_at:
            break
        step = _next_step(waiting, candle)
        if step is not None:
            return replace(rule, armed_at=step.then.armed_at)
    return rule


def _next_step(rule: AlertRule, candle: Candle) -> Step | None:
    end = candle.start + MINUTE
    if rule.state is AlertState.COOLING and rule.eligible_at is not None and rule.eligible_at < end:
        return Step(rule=rule, then=rested(rule), candle=candle, value=candle.close, fires=False)
    since = rule.armed_at if rule.state is AlertState.ARMED else rule.eligible_at
    watch = watch_of(rule)
    if watch is None or since is None or since >= end:
        return None
    value = _proof(rule, since, candle, rising=watch.rising)
    if value is None or not watch.met_by(value):
        return None
    if rule.state is AlertState.WAITING:
        # From here on only what came last in this minute counts: the way back may have come first.
        last = end - timedelta(microseconds=1)
        return Step(rule=rule, then=armed(rule, last), candle=candle, value=value, fires=False)
    return Step(rule=rule, then=fired(rule, candle.start), candle=candle, value=value, fires=True)


def _proof(rule: AlertRule, since: datetime, candle: Candle, *, rising: bool) -> Decimal | None:
    """The furthest price that the candle had certainly while the rule could tell of it."""
    late = since > candle.start
    if rule.until is not None and rule.until < candle.start + MINUTE:
        return None if late or rule.until <= candle.start else candle.open
    if late:
        return candle.close
    return candle.high if rising else candle.low
