"""Alert rules as people make, list and question them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from decimal import Decimal

from chatbot.chat.messages import Reply
from chatbot.chat.parsing_alerts import EXAMPLE, written
from chatbot.chat.parsing_options import written_until
from chatbot.chat.views import alert_phrases as phrases
from chatbot.chat.views.markup import Html, age, bold, clock, example, html, lines, rate
from chatbot.core.alerts import AlertKind, AlertRule, AlertState, Direction
from chatbot.core.market import Instrument
from chatbot.core.notices import Button, Buttons, ButtonStyle
from chatbot.core.times import in_words
from chatbot.core.wishes import FeedHealth, Standing, Why, Wish

PAGE = 20
_A_ROW = 4

_ASKED = {
    "price": ("which price?", "> 68000", "Which coin, and at which price?", "BTC > 68000"),
    "move": ("which move, within how long?", "+5% 1h", "Which coin, which move, within how long?", "BTC +5% 1h"),
    "funding": (
        "which rate? Or flip, cap, interval, pay.", "> 0.05%",
        "Which coin, and which rate? Or flip, cap, interval, pay.", "BTC > 0.05%",
    ),
}  # fmt: skip
_ALL = Button(text="All alerts", action="alerts 1")
_NEW = Button(text="New alert", action="alert", style=ButtonStyle.PRIMARY)


def wizard() -> Reply:
    row = (
        Button(text="Price", action="alert price"),
        Button(text="% move", action="alert move"),
        Button(text="Funding", action="alert funding"),
    )
    return Reply(text=lines("What should I watch?", example(EXAMPLE)), buttons=(row,))


def ask(what: str, word: str) -> Reply:
    """Of `price`, `move` or `funding`, about a coin where one is known."""
    of_coin, hint, of_any, hint_of_any = _ASKED[what]
    head = "/alert funding" if what == "funding" else "/alert"
    if not word:
        return Reply(text=lines(of_any), asks=head, hint=hint_of_any)
    return Reply(text=lines(f"{word}: {of_coin}"), asks=f"{head} {word}", hint=hint)


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
        _question(standing),
        _repeats(shown),
        _until(shown.until, zone) if shown.until is not None else None,
        html("“{}”", shown.note) if shown.note else None,
        html("with it comes the ticket: {}", shown.order) if shown.order else None,
        _state(shown, standing.instrument, now) if shown.state is not AlertState.ARMED else None,
    )
    return Reply(text=body, buttons=_rule_buttons(shown, Button(text="Why not yet?", action=f"why {shown.id}")))


def rules(standings: Sequence[Standing], page: int) -> Reply:
    """A page, the nearest first; each opens its card."""
    if not standings:
        return Reply(text=lines("You have no alerts.", example(EXAMPLE)), buttons=((_NEW,),))
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
    return Reply(text=lines(bold(head), *map(_row, some)), buttons=(*rows, *([tuple(turns)] if turns else []), (_NEW,)))


def removed(standing: Standing) -> Reply:
    asked = phrases.asks(standing.rule.question, standing.instrument)
    return Reply(text=lines(html("{} {}: <b>deleted</b>.", standing.rule.name, asked)))


def all_removed(count: int) -> Reply:
    alerts = "1 alert" if count == 1 else f"{count:,} alerts"
    return Reply(text=lines(f"{alerts} deleted." if count else "You had no alerts."))


def why(seen: Why) -> Reply:
    standing = seen.standing
    shown, instrument = standing.rule, standing.instrument
    body = lines(
        _question(standing),
        _last(standing, seen.now),
        _state(shown, instrument, seen.now),
        _fired(seen),
        _source(seen) if shown.alive else None,
        bold(_verdict(seen)),
    )
    return Reply(text=body, buttons=_rule_buttons(shown, Button(text="Refresh", action=f"why {shown.id}")))


def _rule_buttons(shown: AlertRule, first: Button) -> Buttons:
    if not shown.alive:
        return ((_ALL,),)
    delete = Button(text="Delete", action=f"unalert {shown.id}", style=ButtonStyle.DANGER)
    return ((first, delete), (_ALL,))


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


def _question(standing: Standing) -> Html:
    """With the distance, where reaching it would do something."""
    shown, gap = standing.rule, phrases.away(standing)
    asked = phrases.asks(shown.question, standing.instrument)
    return html("<b>{} {}</b>{}", shown.name, asked, f" ({gap})" if gap and shown.state is AlertState.ARMED else "")


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
    elif shown.state is AlertState.COOLING and shown.eligible_at is not None:
        tail = html(", quiet until {}", clock(shown.eligible_at))
    return html("<b>{}</b> {}{}", shown.name, phrases.asks_briefly(shown.question, standing.instrument), tail)


def _state(shown: AlertRule, instrument: Instrument | None, now: datetime) -> Html | None:
    """What it is doing now, and what it waits for."""
    if shown.state is AlertState.ARMED:
        return html("armed since {}, for {}", clock(shown.armed_at), in_words(now - shown.armed_at))
    back = phrases.goes_back(shown, instrument)
    if shown.state is AlertState.WAITING:
        return html("waits until {}: then it is armed again", back)
    if shown.state is AlertState.COOLING and shown.eligible_at is not None:
        then = "" if shown.question.kind.funding else f"; armed again once {back}"
        return html("quiet until {}, for {} more{}", clock(shown.eligible_at), in_words(shown.eligible_at - now), then)
    return None


def _last(standing: Standing, now: datetime) -> Html:
    if standing.last is None:
        return html("no {} seen yet", "rate" if standing.rule.question.kind.funding else "price")
    if standing.rule.question.kind.funding:
        return html("rate {}", rate(standing.last))
    old = age(standing.last_at, now) if standing.last_at is not None else None
    return html("last {}{}", phrases.price(standing.last, standing.instrument), f", {old}" if old else ", just now")


def _fired(seen: Why) -> Html:
    shown, last = seen.standing.rule, seen.last_firing
    if last is None:
        return html("has not fired yet")
    times = "once" if shown.fired == 1 else f"{shown.fired:,} times"
    days = (seen.now - last.at).days
    ago = f", {days} d ago" if days else ""
    return html("fired {}, last at {}{}{}", times, clock(last.at), ago, ", told late" if last.late else "")


def _source(seen: Why) -> Html:
    if seen.standing.rule.question.kind.funding:
        return html("rates: asked for once a minute")
    if seen.feed is FeedHealth.BLIND:
        since = html(" since {}", clock(seen.blind_since)) if seen.blind_since is not None else ""
        return html("prices: none{}", since)
    return html("prices: {}", "live" if seen.feed is FeedHealth.LIVE else "asked for, as the feed is down")


_OVER = {
    AlertState.DONE: "It was to tell this once, and did.",
    AlertState.ENDED: "Its time is over.",
    AlertState.DELETED: "It was deleted.",
    AlertState.GONE: "It cannot fire any more: KuCoin no longer lists its symbol.",
}


def _verdict(seen: Why) -> str:
    """Is it working?"""
    shown = seen.standing.rule
    if not shown.alive:
        return _OVER[shown.state]
    if seen.feed is FeedHealth.BLIND:
        return "Not working now: what crosses meanwhile is found and told as soon as prices are back."
    if shown.state is AlertState.ARMED:
        return f"Working: it tells when {phrases.asks(shown.question, seen.standing.instrument)}."
    return "Working: it rests, as said above."
