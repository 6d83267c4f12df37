"""Alert rules as people make, list and question them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from decimal import Decimal

from chatbot.chat.messages import Reply
from chatbot.chat.parsing_alerts import EXAMPLE, written
from chatbot.chat.parsing_options import written_until
from chatbot.chat.views import alert_phrases as phrases
from chatbot.chat.views.markup import Html, bold, clock, example, html, lines, rate
from chatbot.core.alerts import AlertKind, AlertRule, AlertState, Direction
from chatbot.core.market import Instrument, Symbol
from chatbot.core.notices import Button, Buttons, ButtonStyle
from chatbot.core.times import in_words
from chatbot.core.wishes import Standing, Wish

PAGE = 20
_MOST_MUTES = 20
_A_ROW = 4

_LEVELS = {
    AlertKind.PRICE: "68500 or +1%",
    AlertKind.MOVE: "+6%",
    AlertKind.FUNDING_LEVEL: "0.06%",
    AlertKind.FUNDING_PAYMENT: "1",
}
"""What asks at a level, and how another one may be said."""

ALL = Button(text="All alerts", action="alerts 1")
_HISTORY = Button(text="History", action="firings")
_NEW = Button(text="New alert", action="alert", style=ButtonStyle.PRIMARY)


def which_way(asked: Wish, instrument: Instrument, price: Decimal, zone: tzinfo) -> Reply:
    up, down = _ways(asked, instrument)
    level = asked.level or Decimal(0)
    ways = [(Direction.ABOVE, up)]
    if asked.kind is not AlertKind.MOVE or level < 1:
        ways.append((Direction.BELOW, down))
    now = html("{} is at {} now.", instrument.symbol, instrument.show_price(price))
    text = lines(bold("Which way?"), now if asked.kind is not AlertKind.FUNDING_LEVEL else None)
    return Reply(text=text, buttons=tuple((_way(asked, way, label, zone),) for way, label in ways))


def passed(asked: Wish, instrument: Instrument, price: Decimal, zone: tzinfo) -> Reply:
    """The level is behind the price: the other direction is what can still happen."""
    level, up = asked.level or Decimal(0), asked.direction is Direction.ABOVE
    shown = instrument.show_price(price)
    if price == level:
        return Reply(text=lines(f"{instrument.symbol} is at exactly {shown} now. Choose a level above or below it."))
    where = "above" if up else "below"
    text = html("{} is {} {} already: {} now.", instrument.symbol, where, phrases.level(level), shown)
    other = Direction.BELOW if up else Direction.ABOVE
    label = _ways(asked, instrument)[1 if up else 0]
    return Reply(text=lines(text, "Shall I tell you when it goes back?"), buttons=((_way(asked, other, label, zone),),))


def rule(standing: Standing, zone: tzinfo, now: datetime, *, known: bool = False) -> Reply:
    """`known`: it was asked for a second time."""
    shown = standing.rule
    body = lines(
        "You have that already, and it stays as it is:" if known else None,
        question_line(standing),
        _repeats(shown),
        _until(shown.until, zone) if shown.until is not None else None,
        html("“{}”", shown.note) if shown.note else None,
        html("with it comes the ticket: {}", shown.order) if shown.order else None,
        state_line(shown, standing.instrument, now) if shown.state is not AlertState.ARMED else None,
        muted_line(standing),
    )
    return Reply(text=body, buttons=_rule_buttons(shown))


def edit(shown: AlertRule, instrument: Instrument | None) -> Reply:
    """Asks for another level."""
    text = html("{} {}: at what instead?", shown.name, phrases.asks(shown.question, instrument))
    hint = _LEVELS.get(shown.question.kind, "")
    return Reply(text=lines(text), asks=f"/alerts edit {shown.id}", hint=hint, edit=True)


def note(shown: AlertRule, instrument: Instrument | None) -> Reply:
    """Asks for another note."""
    text = html("{} {}: what shall I note? A dash for nothing.", shown.name, phrases.asks(shown.question, instrument))
    return Reply(text=lines(text), asks=f"/alerts note {shown.id}", hint="resistance", edit=True)


def rules(standings: Sequence[Standing], page: int, muted: Sequence[Symbol]) -> Reply:
    """A page, the nearest first, paused ones last; each opens its card."""
    quiet = html("muted: {}", ", ".join(map(phrases.muted_name, muted))) if muted else None
    unmutes = [Button(text=f"Unmute {phrases.muted_name(s)}", action=f"unmute {s}") for s in muted[:_MOST_MUTES]]
    last = (*(tuple(unmutes[n : n + 2]) for n in range(0, len(unmutes), 2)), (_NEW, _HISTORY))
    if not standings:
        return Reply(text=lines("You have no alerts.", example(EXAMPLE), quiet), buttons=last)
    pages = -(-len(standings) // PAGE)
    page = min(max(page, 1), pages)
    some = standings[(page - 1) * PAGE : page * PAGE]
    count = "1 alert" if len(standings) == 1 else f"{len(standings):,} alerts"
    head = f"{count}, nearest first" + (f", page {page} of {pages}" if pages > 1 else "")
    opened = [Button(text=s.rule.name, action=f"rule {s.rule.id}") for s in some]
    rows = [tuple(opened[n : n + _A_ROW]) for n in range(0, len(opened), _A_ROW)]
    turns = [
        Button(text=text, action=f"alerts {to}")
        for text, to in (("« Nearer", page - 1), ("Further »", page + 1))
        if 1 <= to <= pages
    ]
    body = lines(bold(head), *map(_row, some), quiet)
    return Reply(text=body, buttons=(*rows, *([tuple(turns)] if turns else []), *last))


def removed(standing: Standing) -> Reply:
    asked = phrases.asks(standing.rule.question, standing.instrument)
    return Reply(text=lines(html("{} {}: <b>deleted</b>.", standing.rule.name, asked)))


def all_removed(count: int) -> Reply:
    alerts = "1 alert" if count == 1 else f"{count:,} alerts"
    return Reply(text=lines(f"{alerts} deleted." if count else "You had no alerts."))


def _rule_buttons(shown: AlertRule) -> Buttons:
    if not shown.alive:
        return ((ALL,),)
    change = [Button(text="Note", action=f"remark {shown.id}")]
    if shown.question.kind in _LEVELS:
        change.insert(0, Button(text="Edit level", action=f"relevel {shown.id}"))
    if shown.state is AlertState.PAUSED:
        rest = Button(text="Resume", action=f"wake {shown.id}", style=ButtonStyle.PRIMARY)
    else:
        rest = Button(text="Pause", action=f"pause {shown.id}")
    why = Button(text="Why not yet?", action=f"why {shown.id}")
    return (tuple(change), (rest, why), (delete(shown), ALL))


def delete(shown: AlertRule) -> Button:
    return Button(text="Delete", action=f"unalert {shown.id}", style=ButtonStyle.DANGER)


def _way(asked: Wish, way: Direction, label: str, zone: tzinfo) -> Button:
    return Button(text=label, action=f"run /alert {written(replace(asked, direction=way), zone)}")


def _ways(asked: Wish, instrument: Instrument) -> tuple[str, str]:
    """In words: up, down."""
    level = asked.level or Decimal(0)
    match asked.kind:
        case AlertKind.MOVE:
            return f"rises {phrases.size(level)}", f"falls {phrases.size(level)}"
        case AlertKind.FUNDING_LEVEL:
            return f"goes above {rate(level)}", f"goes below {rate(level)}"
    return f"rises to {phrases.level(level)}", f"falls to {phrases.level(level)}"


def question_line(standing: Standing) -> Html:
    """With the distance, where reaching it would do something."""
    shown, gap = standing.rule, phrases.away(standing)
    asked = phrases.asks(shown.question, standing.instrument)
    return html("<b>{} {}</b>{}", shown.name, asked, f" ({gap})" if gap and shown.state is AlertState.ARMED else "")


def muted_line(standing: Standing) -> Html | None:
    if not standing.muted or not standing.rule.alive:
        return None
    return html("<b>{} is muted</b>: what fires is not sent", phrases.muted_name(standing.rule.question.symbol))


def _repeats(shown: AlertRule) -> str:
    return f"repeats, at most every {in_words(shown.every)}" if shown.every is not None else "once"


def _until(until: datetime, zone: tzinfo) -> str:
    """An hour says whose it is; a day is the people's own."""
    text = written_until(until, zone)
    return f"until {text} {until.astimezone(zone):%Z}" if ":" in text else f"until {text}"


def _row(standing: Standing) -> Html:
    """In place of the distance: what it waits for, when it may not fire now."""
    shown, gap = standing.rule, phrases.away(standing)
    tail = html(", {}", gap) if gap else Html("")
    if shown.state is AlertState.WAITING:
        tail = Html(", waits")
    elif shown.state is AlertState.PAUSED:
        tail = Html(", paused")
    elif shown.state is AlertState.COOLING and shown.eligible_at is not None:
        tail = html(", quiet until {}", clock(shown.eligible_at))
    return html("<b>{}</b> {}{}", shown.name, phrases.asks_briefly(shown.question, standing.instrument), tail)


def state_line(shown: AlertRule, instrument: Instrument | None, now: datetime) -> Html | None:
    """What it is doing now, and what it waits for."""
    if shown.state is AlertState.ARMED:
        return html("armed since {}, for {}", clock(shown.armed_at), in_words(now - shown.armed_at))
    back = phrases.goes_back(shown, instrument)
    if shown.state is AlertState.PAUSED:
        return html("<b>paused</b>: it watches nothing until you resume it")
    if shown.state is AlertState.WAITING:
        return html("waits until {}: then it is armed again", back)
    if shown.state is AlertState.COOLING and shown.eligible_at is not None:
        then = "" if shown.question.kind.funding else f"; armed again once {back}"
        return html("quiet until {}, for {} more{}", clock(shown.eligible_at), in_words(shown.eligible_at - now), then)
    return None
