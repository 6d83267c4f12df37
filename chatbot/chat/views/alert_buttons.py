"""The buttons under an alert that fired."""

from decimal import Decimal

from chatbot.chat.views.alert_phrases import level, muted_name
from chatbot.core.alerts import AlertKind, AlertState, Direction
from chatbot.core.market import Symbol, Venue
from chatbot.core.notices import Button, Buttons, ButtonStyle
from chatbot.core.numbers import ceil_to, floor_to, plain
from chatbot.core.wishes import Told

_FURTHER = Decimal("0.0075")
"""Of the price: how much further on the next level is looked for."""

_TIDY = (Decimal(5), Decimal(2), Decimal(1))


def under(told: Told, *, may_trade: bool, charts: bool) -> Buttons:
    """Those of a rule that is gone are gone, too. `charts`: they can be drawn here."""
    rule, firing = told.rule, told.firing
    if not (rule.alive or rule.state is AlertState.DONE):
        return ()
    first = [] if rule.state is AlertState.PAUSED else [Button(text="Snooze 1h", action=f"snooze {firing.id}")]
    if rule.state is AlertState.DONE:
        first.append(Button(text="Again", action=f"again {firing.id}"))
    first.append(_mute(told))
    second = [Button(text="Delete", action=f"drop {firing.id}", style=ButtonStyle.DANGER)]
    further = next_level(told)
    if further is not None:
        text = f"Move to {level(further)}"
        second.insert(0, Button(text=text, action=f"move {firing.id} {plain(further)}", style=ButtonStyle.PRIMARY))
    third = _trades(rule.question.symbol) if may_trade and rule.question.venue is Venue.SPOT else []
    if charts:
        third.append(Button(text="Chart", action=f"chart {rule.question.symbol}"))
    return tuple(tuple(row) for row in (first, second, third) if row)


def _mute(told: Told) -> Button:
    name = muted_name(told.rule.question.symbol)
    if told.muted:
        return Button(text=f"Unmute {name}", action=f"mute {told.firing.id} off")
    return Button(text=f"Mute {name}", action=f"mute {told.firing.id}")


def _trades(symbol: Symbol) -> list[Button]:
    return [
        Button(text="Buy", action=f"buy {symbol}", style=ButtonStyle.SUCCESS),
        Button(text="Sell", action=f"sell {symbol}", style=ButtonStyle.DANGER),
    ]


def next_level(told: Told) -> Decimal | None:
    """A round price about 0.75 % further on, and one step at least; None where there is none."""
    question, value, instrument = told.rule.question, told.firing.value, told.instrument
    if question.kind is not AlertKind.PRICE or instrument is None:
        return None
    up = question.direction is Direction.ABOVE
    base = max(question.level, value) if up else min(question.level, value)
    reach = base * _FURTHER
    power = Decimal(1).scaleb(reach.adjusted())
    step = max(next(power * n for n in _TIDY if power * n <= reach), instrument.price_increment)
    about = ((base + reach if up else base - reach) / step).quantize(Decimal(1)) * step
    increment = instrument.price_increment
    if up:
        return ceil_to(max(about, base + increment), increment)
    further = floor_to(min(about, base - increment), increment)
    return further if further > 0 else None
