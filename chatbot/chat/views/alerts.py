"""Alerts that fired, and what is said of watching itself: cards that come unasked."""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from chatbot.chat.messages import Reply
from chatbot.chat.views import alert_buttons
from chatbot.chat.views import alert_phrases as phrases
from chatbot.chat.views.markup import (
    NOT_IN_GROUPS,
    TEXT_LIMIT,
    Html,
    bold,
    clock,
    day_clock,
    html,
    in_zone,
    lines,
    percent,
    plain_text,
    rate,
    short,
    units,
)
from chatbot.core.alerts import AlertKind, AlertRule, AlertState, Source
from chatbot.core.errors import ChatbotError, Refused
from chatbot.core.market import Instrument
from chatbot.core.notices import Button, Buttons, Subject
from chatbot.core.records import asked
from chatbot.core.times import in_minutes, in_words
from chatbot.core.wishes import Told

SNOOZE = timedelta(hours=1)

_OUTCOME = "<i>"
_HELD = "held in your quiet hours"
_ROW = 90
"""Visible characters of one alert in a list of many."""

_FRESH = timedelta(seconds=90)
"""A payment still to come is counted down to; later its time of day is told."""

_PROMPT = timedelta(minutes=2)
"""What is told later than this is not of now: it says its day."""


def fired(told: Told, now: datetime, *, may_trade: bool, charts: bool) -> Reply:
    """`may_trade`: the rule's person may, and trading is not off. `charts`: they can be drawn here."""
    rule, firing = told.rule, told.firing
    body = lines(
        bold(f"{_happened(told)}{_in_time(told, now)}"),
        _facts(told, now),
        _where_to_ask(rule),
        _late(told, now),
        _signature(told, now),
        html("order: {}", rule.order) if rule.order else None,
        _rests(rule, told.instrument),
    )
    return Reply(
        text=body,
        buttons=alert_buttons.under(told, may_trade=may_trade, charts=charts),
        subject=Subject.ALERT,
        subject_id=firing.id,
    )


def after(text: str, outcome: Html, buttons: Buttons, zone: tzinfo) -> Reply:
    """A fired card after a tap: its last line tells what was done, by whom. A toast is plain text: in `zone`."""
    toast = plain_text(in_zone(outcome, zone))
    kept = text.split("\n")
    while len(kept) > 1 and kept[-1].startswith(_OUTCOME):
        kept.pop()
    body = lines(*map(Html, kept), html("<i>{}</i>", outcome))
    return Reply(text=body, buttons=buttons, edit=True, toast=toast[:1].upper() + toast[1:])


def digest(tolds: Sequence[Told], now: datetime) -> tuple[Reply, int]:
    """Many in one message, oldest first: a line each, as many as fit. The second value is how many those are."""
    rows: list[Html] = []
    waited = _waited_together(tolds, now)
    room = TEXT_LIMIT - units(plain_text(lines(_headline(len(tolds)), waited)))
    for told in tolds:
        row = _row(told, now)
        room -= units(plain_text(row)) + 1
        if room < 0 and rows:
            break
        rows.append(row)
    buttons = ((Button(text="Alerts", action="alerts"),),)
    return Reply(text=lines(_headline(len(rows)), waited, *rows), buttons=buttons), len(rows)


def gone(rule: AlertRule) -> Html:
    """Its symbol is no longer listed."""
    return lines(
        bold(f"{rule.name} {phrases.asks(rule.question, None)}: it cannot fire any more."),
        html("KuCoin no longer lists {}. I have taken it off your alerts.", rule.question.symbol),
        _note(rule),
    )


def order_refused(rule: AlertRule, error: ChatbotError) -> Html:
    """Why no ticket came with an alert."""
    why = error.aloud if rule.chat_id < 0 and isinstance(error, Refused) else str(error)
    return lines(html("{} fired, and its order made no ticket: {}", rule.name, rule.order), bold(why))


def _in_time(told: Told, now: datetime) -> str:
    """Until a payment settles."""
    settles_at = told.firing.settles_at
    if told.rule.question.kind is not AlertKind.FUNDING_PAYMENT or settles_at is None:
        return ""
    return f" in {in_minutes(settles_at - now)}" if settles_at - now > _FRESH else ""


def _happened(told: Told) -> str:
    return phrases.happened(told.firing, told.rule.question, told.instrument, amounts=_private(told.rule))


def _by(rule: AlertRule) -> str:
    """Whose it is, where others read it."""
    return "" if _private(rule) else f", by {rule.person}"


def _private(rule: AlertRule) -> bool:
    """Whether its person alone reads what it tells."""
    return rule.chat_id == rule.person_id


def _where_to_ask(rule: AlertRule) -> Html | None:
    """For the amount that is not told in a group."""
    if rule.question.kind is not AlertKind.FUNDING_PAYMENT or _private(rule):
        return None
    return html("{}; in our own chat: /funding {}", NOT_IN_GROUPS.removesuffix("."), rule.question.symbol)


def _old(told: Told, now: datetime) -> bool:
    return now - told.firing.at > _PROMPT


def _when(moment: datetime, told: Told, now: datetime) -> Html:
    """Of something told at `now`."""
    return day_clock(moment) if _old(told, now) else clock(moment)


def _facts(told: Told, now: datetime) -> Html | None:
    """The value that fired it, and its moment."""
    firing, kind = told.firing, told.rule.question.kind
    at = _when(firing.at, told, now)
    if kind is AlertKind.PRICE and firing.source is not Source.CANDLE:
        moved = "" if told.hour is None else f", {percent(told.hour, 1)} in 1 h"
        return html("{} at {}{}", phrases.price(firing.value, told.instrument), at, moved)
    if kind is AlertKind.PRICE:
        return html("{} was traded", phrases.price(firing.value, told.instrument))
    if kind is AlertKind.MOVE:
        size = phrases.size(asked(firing, told.rule.question).level)
        return html("asked for {}", size) if firing.late else html("asked for {}, at {}", size, at)
    return _settling(told, now)


def _settling(told: Told, now: datetime) -> Html | None:
    firing, kind = told.firing, told.rule.question.kind
    settles_at = firing.settles_at
    when = _when(settles_at, told, now) if settles_at is not None else Html("the next settlement")
    if kind in (AlertKind.FUNDING_INTERVAL, AlertKind.FUNDING_PAYMENT):
        return html("settles at {}", when)
    if firing.late:
        return html("{} settled at {}", rate(firing.value), when)
    verb = "predicted for" if firing.detail.startswith("predicted") else "settles at"
    return html("{}, {} {}", rate(firing.value), verb, when)


def _late(told: Told, now: datetime) -> Html | None:
    """A candle knows its minute, not the moment."""
    firing = told.firing
    span = in_words(max(now, firing.told_at) - firing.at)
    if firing.late:
        minute = html("in the minute {}, ", _when(firing.at, told, now))
        return html("<b>late:</b> {}told {} later", minute if firing.source is Source.CANDLE else Html(""), span)
    why = _HELD if told.slept else "it could not be delivered before"
    return html("<b>told {} late:</b> {}", span, why) if _old(told, now) else None


def _waited_together(tolds: Sequence[Told], now: datetime) -> Html | None:
    """What is late by itself says so in its row."""
    old = [told for told in tolds if not told.firing.late and _old(told, now)]
    waited = [now - told.firing.at for told in old]
    if not waited:
        return None
    why = _HELD if all(told.slept for told in old) else "they could not be delivered before"
    return html("<b>told up to {} late:</b> {}", in_words(max(waited)), why)


def _signature(told: Told, now: datetime) -> Html:
    rule, firing = told.rule, told.firing
    note = html(" “{}”", rule.note) if rule.note else Html("")
    day = "that day" if _old(told, now) else "today"
    often = f", {_ordinal(told.today)} time {day}" if rule.every is not None or told.today > 1 else ""
    return html("{}·{}{}{}{}", rule.name, firing.number, note, often, _by(rule))


def _rests(rule: AlertRule, instrument: Instrument | None) -> Html | None:
    if rule.state is AlertState.DONE:
        return html("<i>told once, it will not tell again</i>")
    if rule.state is not AlertState.COOLING or rule.eligible_at is None:
        return None
    if rule.until is not None and rule.until <= rule.eligible_at:
        return html("<i>ends at {}, it will not tell again</i>", clock(rule.until))
    return html("<i>quiet until {}</i>", clock(rule.eligible_at))


def _note(rule: AlertRule) -> Html | None:
    return html("“{}”", rule.note) if rule.note else None


def _headline(count: int) -> Html:
    return bold("1 alert" if count == 1 else f"{count} alerts")


def _row(told: Told, now: datetime) -> Html:
    """`#12·3 BTC crossed above 68,000: 68,012.4, 11:42`, marked when late."""
    rule, firing = told.rule, told.firing
    what = _happened(told)
    value = value_of(told)
    tail = f": {value}" if value else ""
    moment = firing.settles_at if firing.settles_at is not None else firing.at
    mark = html(" <b>late</b>") if firing.late or _old(told, now) else Html("")
    # what is left beside the time, `12:34 UTC` at its longest `12:34 +0530`, and the mark
    beside = ", 31 Mar 12:34 +0530 late" if _old(told, now) else ", 12:34 +0530 late"
    text = short(f"{rule.name}·{firing.number} {what}{tail}{_by(rule)}", _ROW - len(beside))
    return html("{}, {}{}", text, _when(moment, told, now), mark)


def value_of(told: Told) -> str:
    """What fired it, where that says more than what happened."""
    kind, value = told.rule.question.kind, told.firing.value
    if kind is AlertKind.PRICE:
        return phrases.price(value, told.instrument)
    rates = (AlertKind.FUNDING_LEVEL, AlertKind.FUNDING_FLIP, AlertKind.FUNDING_BOUND)
    return rate(value) if kind in rates else ""


def _ordinal(number: int) -> str:
    teens = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
