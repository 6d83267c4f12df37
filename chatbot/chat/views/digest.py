"""The daily digest, and the notices that were held for it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from chatbot.chat.messages import Reply
from chatbot.chat.views import alert_phrases as phrases
from chatbot.chat.views.markup import Html, bold, day_clock, html, lines, paper, percent, when
from chatbot.core.alerts import AlertKind
from chatbot.core.amounts import HIDDEN
from chatbot.core.digests import Digest, Under, Wellness
from chatbot.core.notices import Button, Buttons, Letter
from chatbot.core.numbers import grouped, signed
from chatbot.core.times import in_words
from chatbot.core.wishes import Standing, Told

HELD_PAGE = 15
TURNS = ("◀", "▶")

_NOON, _EVENING = 12, 18
_CENT = Decimal("0.01")
_ABOUT_A_DAY = timedelta(hours=26)


def digest(told: Digest, *, hidden: bool) -> Html:
    """`hidden`: what the account holds and pays is left out, its change in percent stays."""
    return lines(
        paper(told.mode),
        bold(_greeting(told)),
        _late(told),
        _equity(told, hidden=hidden),
        _paid(told, hidden=hidden),
        _happened(told),
        _armed(told),
        _wellness(told.wellness),
    )


def buttons(under: Under) -> Buttons:
    row = [
        Button(text="Positions", action="run /positions"),
        Button(text="Show amounts" if under.hidden else "Hide amounts", action=f"hide_digest {under.number}"),
    ]
    if under.held:
        row.insert(0, Button(text="Held alerts", action=f"held {under.number if under.came else 0} 1"))
    return (tuple(row),)


def held(letters: Sequence[Letter | Told], total: int, place: tuple[int, int]) -> Reply:
    """A page of what was held, oldest first. `place` is the digest that told of it, 0 for none yet, and the page."""
    digest_id, page = place
    if not letters:
        return Reply(text="Nothing is held for you." if not digest_id else "What was held is no longer kept.")
    pages = -(-total // HELD_PAGE)
    head = bold("1 notice was held" if total == 1 else f"{total:,} notices were held")
    rows = [_alert(each) if isinstance(each, Told) else html("• {}", Html(each.text)) for each in letters]
    turns = [
        Button(text=text, action=f"held {digest_id} {to}")
        for text, to in zip(TURNS, (page - 1, page + 1), strict=True)
        if 1 <= to <= pages
    ]
    pager = html("page {} of {}", page, pages) if pages > 1 else None
    last = (Button(text="Alerts", action="alerts"),)
    return Reply(text=lines(head, *rows, pager), buttons=(*((tuple(turns),) if turns else ()), last))


def _alert(told: Told) -> Html:
    firing, question = told.firing, told.rule.question
    what = phrases.happened(firing, question, told.instrument, amounts=True)
    value = f": {phrases.price(firing.value, told.instrument)}" if question.kind is AlertKind.PRICE else ""
    note = f" “{told.rule.note}”" if told.rule.note else ""
    return html("• {} {}{} ({}{})", day_clock(firing.at), what, value, told.rule.name, note)


def _greeting(told: Digest) -> str:
    hour = told.at.hour
    day = "Morning" if hour < _NOON else "Afternoon" if hour < _EVENING else "Evening"
    name = f", {told.person}" if told.person else ""
    return f"{day}{name}. {told.at:%A}"


def _late(told: Digest) -> Html | None:
    if told.late is None or told.due_at is None:
        return None
    return html("<b>late</b>: this was due at {}, {} ago", when(told.due_at, told.at), in_words(told.late))


def _equity(told: Digest, *, hidden: bool) -> Html:
    if told.equity is None:
        return html("Equity not known: KuCoin did not tell")
    change, before = told.change, told.before
    amounts = replace(told.amounts, hidden=hidden)
    shown = html("<b>{} USDT</b>{}", amounts.of(grouped(told.equity, 2)), amounts.beside(told.equity))
    if change is None or before is None:
        return html("Equity {}", shown)
    share = [percent(change / before)] if before > 0 else []
    parts = ([] if hidden else [signed(change, 2) if abs(change) >= _CENT else "no change"]) + share
    return html("Equity {} ({}{})", shown, ", ".join(parts), _since(told))


def _since(told: Digest) -> Html:
    """Said where the digest before was not that of yesterday."""
    if told.since is None or told.at - told.since < _ABOUT_A_DAY:
        return Html("")
    return html(" since {}", when(told.since, told.at))


def _paid(told: Digest, *, hidden: bool) -> Html | None:
    """Nothing of a day that cost nothing."""
    funding, fees = told.yesterday.funding, told.yesterday.fees
    if funding is None and fees is None:
        return None if told.equity is None else html("Funding and fees of yesterday not known")
    if not funding and not fees and None not in (funding, fees):
        return None
    fees = None if fees is None else -fees
    return html("Funding yesterday {}   fees {}", _money(funding, hidden=hidden), _money(fees, hidden=hidden))


def _money(amount: Decimal | None, *, hidden: bool) -> str:
    if amount is None:
        return "not known"
    if hidden:
        return HIDDEN
    return signed(amount, 2 if not amount or abs(amount) >= _CENT else 4)


def _happened(told: Digest) -> Html | None:
    alerts = ["1 alert held" if told.held == 1 else f"{told.held:,} alerts held"] if told.held else []
    orders = ["1 order filled" if told.filled == 1 else f"{told.filled:,} orders filled"] if told.filled else []
    when = "Overnight" if told.at.hour < _NOON else "Since the last one"
    return html("{}: {}", when, ", ".join(alerts + orders)) if alerts or orders else None


def _armed(told: Digest) -> str:
    if not told.armed:
        return "No alerts"
    count = "1 alert" if told.armed == 1 else f"{told.armed:,} alerts"
    return f"Alerts: {count}{_nearest(told.nearest)}"


def _nearest(standing: Standing | None) -> str:
    if standing is None:
        return ""
    gap = phrases.away(standing)
    return f", nearest {phrases.asks_briefly(standing.rule.question, standing.instrument)}{f' ({gap})' if gap else ''}"


def _wellness(seen: Wellness) -> Html:
    feed = "feed ok" if not seen.feeds_down else f"{', '.join(seen.feeds_down)} down"
    kucoin = "" if not seen.problem else ", KuCoin does not answer"
    key = "key ok" if not seen.held else "orders are held: see /status"
    line = f"{feed[0].upper()}{feed[1:]}{kucoin}, {key}, {seen.unsent} unsent"
    well = not (seen.feeds_down or seen.problem or seen.held)
    health = html("{}", line) if well else bold(line)
    return lines(html("<b>STOPPED</b> by {}", seen.stopped_by), health) if seen.stopped_by else health
