"""The kill's card: what was done, what is left, never more than the exchange said."""

from decimal import Decimal

from chatbot.chat.messages import Reply
from chatbot.chat.views.markup import REASON, Html, clock, code, html, lines, paper, short
from chatbot.core.exchange import Resting
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Button, ButtonStyle, Subject
from chatbot.core.numbers import grouped, places
from chatbot.core.stops import Line, Result, Stop

_STANDING = {
    Result.FOUND: "not cancelled yet",
    Result.RESTING: "still resting",
    Result.NOT_READ: "not read",
}
_ROWS = 20
"""Orders, and positions, on one card; of more it says how many."""

_KIND = {Resting.SPOT_OCOS.value: "OCO"}


def stop(shown: Stop, mode: TradingMode) -> Reply:
    body = lines(paper(mode), *_stop_lines(shown))
    buttons = () if shown.resumed_at else ((Button(text="Resume (owner)", action="resume"),),)
    retry = ((Button(text="Cancel again", action="sweep", style=ButtonStyle.DANGER),),) if _wants_retry(shown) else ()
    close = ((Button(text="Close positions", action="close", style=ButtonStyle.DANGER),),) if _open(shown) else ()
    return Reply(
        text=body,
        buttons=(*buttons, *retry, *close),
        subject=Subject.STOP,
        subject_id=shown.id,
        pinned=shown.resumed_at is None,
    )


def _stop_lines(shown: Stop) -> list[str | None]:
    report = shown.report
    head = html("<b>STOPPED</b> by {} at {}. New orders are blocked.", shown.person, clock(shown.at))
    cause = html("Why: {}", short(shown.cause, REASON)) if shown.cause else None
    tickets = f"tickets expired {report.tickets_expired}" if report.tickets_expired else None
    reason = short(shown.reason, REASON)
    resumed = html("<b>Resumed</b> by {}: {}", shown.resumed_by, reason) if shown.resumed_at else None
    rest = [*_places(shown), _last_word(shown), *_on_the_way(shown), *_positions(shown)]
    return [head, cause, tickets, _cancel_line(shown), _unlisted(shown), *_orders(shown), *rest, resumed]


def _cancel_line(shown: Stop) -> str:
    """What was found and what of it is over. That it was cancelled is said only where KuCoin says so."""
    report = shown.report
    if not report.places:
        return f"cancelling {len(report.lines)}…" if report.lines else "cancelling what rests…"
    asked = "cancel asked everywhere"
    if not report.checked_at:
        return f"{asked}, {len(report.lines)} found before" if report.lines else asked
    if not report.lines:
        return "nothing was resting" if report.read and not report.unlisted else asked
    every = len(report.lines)
    over = [line.result for line in report.lines if line.result.over]
    word = "cancelled" if set(over) <= {Result.CANCELLED} else "gone"
    return f"{word} {len(over)} of {every}"


def _unlisted(shown: Stop) -> Html | None:
    """What was there before the cancels is said only where somebody looked."""
    places = shown.report.unlisted
    return html("not read before the cancels: {}", ", ".join(places)) if places else None


def _orders(shown: Stop) -> list[Html]:
    """What is left first: it must not be hidden by what is over."""
    report = shown.report
    rows = [*report.left, *(line for line in report.lines if line.result.over)]
    more = [html("  and {} more", len(rows) - _ROWS)] if len(rows) > _ROWS else []
    return [*map(_order, rows[:_ROWS]), *more]


def _order(line: Line) -> Html:
    kind = " (external)" if line.external else ""
    trigger = f" stop {_price(line.trigger)}" if line.trigger else ""
    at = f" at {_price(line.price)}" if line.price else ""
    what = " ".join(word for word in (line.side, line.size) if word) or _KIND.get(line.place, line.place)
    told = html("{} {}{}{}{}", line.symbol or "order", what, at, trigger, kind)
    if line.result.over:
        return html("  {}: {}", told, line.result.value)
    return html("  {}: <b>{}</b>, id {}", told, _STANDING[line.result], code(line.order_id))


def _price(told: str) -> str:
    """As KuCoin wrote it, thousands apart."""
    return grouped(Decimal(told), places(Decimal(told)))


def _places(shown: Stop) -> list[Html]:
    """Where a cancel failed, where nothing could be read, where the key may not go."""
    rows: list[Html] = []
    for place in shown.report.places:
        if place.problem:
            rows.append(html("{}: not cancelled. {}", place.place, short(place.problem, REASON)))
        if place.unread:
            rows.append(html("{}: <b>not read</b>. {}", place.place, short(place.unread, REASON)))
        if place.barred:
            rows.append(html("{}: the key may not cancel here", place.place))
    return rows


def _last_word(shown: Stop) -> Html | None:
    report = shown.report
    if not report.checked_at:
        return None
    if report.resting:
        return html("<b>{} still resting</b> at {} UTC", len(report.resting), report.checked_at)
    if not report.read or report.left:
        return html("what is left could not be read everywhere ({} UTC)", report.checked_at)
    where = "where the key may look" if any(p.barred for p in report.places) else "on KuCoin"
    return html("nothing is resting {} (checked {} UTC)", where, report.checked_at)


def _on_the_way(shown: Stop) -> list[Html]:
    names = shown.report.in_flight[:_ROWS]
    return [html("<b>{} was on its way</b>, its fate is not known yet", name) for name in names]


def _positions(shown: Stop) -> list[Html]:
    if shown.report.positions is None:
        return [html("open positions could not be read yet")] if shown.report.checked_at else []
    positions = shown.report.positions
    rows = [html("position {} {} lots is still open", p.symbol, p.lots) for p in positions[:_ROWS]]
    return [*rows, html("and {} more positions", len(positions) - _ROWS)] if len(positions) > _ROWS else rows


def _open(shown: Stop) -> bool:
    return shown.resumed_at is None and bool(shown.report.positions)


def _wants_retry(shown: Stop) -> bool:
    report = shown.report
    return shown.resumed_at is None and bool(report.checked_at) and not report.clean
