"""The kill's card: what was done, what is left, never more than the exchange said."""

from chatbot.chat.messages import Reply
from chatbot.chat.views.markup import REASON, ROWS, Html, clock, code, html, lines, paper, short
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Button, ButtonStyle, Subject
from chatbot.core.stops import StillOpen, Stop


def stop(shown: Stop, mode: TradingMode) -> Reply:
    body = lines(paper(mode), *_stop_lines(shown))
    buttons = () if shown.resumed_at else ((Button(text="Resume (owner)", action="resume"),),)
    retry = ((Button(text="Cancel again", action="sweep", style=ButtonStyle.DANGER),),) if _wants_retry(shown) else ()
    return Reply(
        text=body,
        buttons=(*buttons, *retry),
        subject=Subject.STOP,
        subject_id=shown.id,
        pinned=shown.resumed_at is None,
    )


def _stop_lines(shown: Stop) -> list[str | None]:
    report = shown.report
    head = html("<b>STOPPED</b> by {} at {}. New orders are blocked.", shown.person, clock(shown.at))
    tickets = f"tickets expired {report.tickets_expired}" if report.tickets_expired else None
    problems = [html("{}: not cancelled. {}", p.place, short(p.problem, REASON)) for p in report.places if p.problem]
    reason = short(shown.reason, REASON)
    resumed = html("<b>Resumed</b> by {}: {}", shown.resumed_by, reason) if shown.resumed_at else None
    barred = [html("{}: the key may not cancel here", p.place) for p in report.places if p.barred]
    rest = [*_left(shown), *_on_the_way(shown), *_positions(shown)]
    return [head, tickets, _cancel_line(shown), *problems, *barred, *rest, resumed]


def _cancel_line(shown: Stop) -> str:
    report = shown.report
    if not report.places:
        return "cancelling what rests…"
    if report.found is None or report.resting is None:
        return "cancel asked everywhere"
    if not report.found:
        return "nothing was resting"
    return f"cancelled {max(report.found - len(report.resting), 0)} of {report.found}"


def _left(shown: Stop) -> list[Html]:
    report = shown.report
    if report.resting is None:
        return [html("what is left could not be read yet")] if report.checked_at else []
    if not report.resting:
        where = "where the key may look" if any(p.barred for p in report.places) else "on KuCoin"
        return [html("nothing is resting {} (checked {} UTC)", where, report.checked_at)]
    left = len(report.resting)
    more = [html("  and {} more", left - ROWS)] if left > ROWS else []
    head = html("<b>{} still resting</b> at {} UTC:", left, report.checked_at)
    return [head, *map(_resting_row, report.resting[:ROWS]), *more]


def _on_the_way(shown: Stop) -> list[Html]:
    return [html("<b>{} was on its way</b>, its fate is not known yet", name) for name in shown.report.in_flight[:ROWS]]


def _resting_row(order: StillOpen) -> Html:
    at = f" at {order.price}" if order.price else ""
    return html("  {} {} {}{}, id {}", order.symbol, order.side, order.size, at, code(order.order_id))


def _positions(shown: Stop) -> list[Html]:
    if shown.report.positions is None:
        return [html("open positions could not be read yet")] if shown.report.checked_at else []
    positions = shown.report.positions
    rows = [html("position {} {} lots is still open", p.symbol, p.lots) for p in positions[:ROWS]]
    return [*rows, html("and {} more positions", len(positions) - ROWS)] if len(positions) > ROWS else rows


def _wants_retry(shown: Stop) -> bool:
    report = shown.report
    return shown.resumed_at is None and bool(report.checked_at) and not report.clean
