"""Tickets, orders, fills and the kill, as people read them."""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal

from chatbot.chat.messages import Reply
from chatbot.chat.views.markup import Html, bold, clock, code, html, lines
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Button, Buttons, ButtonStyle, Subject
from chatbot.core.numbers import grouped, places, plain, tidy
from chatbot.core.orders import Fill, Order, OrderTicket, OrderType, Side, TicketState
from chatbot.core.stops import StillOpen, Stop
from chatbot.core.times import in_words

_DIGITS = 8


def paper(mode: TradingMode) -> Html | None:
    """Every answer about orders and balances says when the money is not real."""
    return bold("PAPER") if mode is TradingMode.PAPER else None


def ticket(shown: OrderTicket, mode: TradingMode) -> Reply:
    body = lines(_title(shown, mode), *_STATES[shown.state](shown))
    return Reply(
        text=body,
        buttons=_ticket_buttons(shown),
        subject=Subject.TICKET,
        subject_id=shown.id,
        protected=True,
    )


def orders(
    open_orders: Iterable[Order], names: dict[str, OrderTicket], mode: TradingMode, *, may_cancel: bool
) -> Reply:
    """Newest first, a Cancel button each."""
    shown = list(open_orders)
    if not shown:
        return Reply(text=lines(paper(mode), "No open orders."), buttons=((Button(text="Refresh", action="orders"),),))
    rows = [_order_row(o, names.get(o.order_id)) for o in shown]
    body = lines(paper(mode), bold(f"{len(shown)} open"), *rows)
    cancels = [
        (Button(text=f"Cancel {_order_name(o, names.get(o.order_id))}", action=f"cancel {o.order_id}",
                style=ButtonStyle.DANGER),)
        for o in shown
    ]  # fmt: skip
    return Reply(text=body, buttons=(*(cancels if may_cancel else ()), (Button(text="Refresh", action="orders"),)))


def cancelled(order: Order, mode: TradingMode) -> Html:
    """What the exchange says after a cancel was asked for: never more than it says."""
    filled = f", {plain(order.filled_size)} was filled" if order.filled_size else ""
    if order.active:
        return lines(
            paper(mode), html("{} cancel requested; KuCoin still shows it open{}.", _order_line(order), filled)
        )
    if order.cancelled:
        return lines(paper(mode), html("{} cancelled{}.", _order_line(order), filled))
    return lines(paper(mode), html("{} was filled before the cancel came.", _order_line(order)))


def fills(executed: Iterable[Fill], mode: TradingMode, where: str) -> Reply:
    rows = [_fill_row(f) for f in executed]
    if not rows:
        return Reply(text=lines(paper(mode), f"No executions lately on {where}."))
    return Reply(text=lines(paper(mode), bold(f"Latest executions, {where}"), *rows))


def stop(shown: Stop, mode: TradingMode) -> Reply:
    body = lines(paper(mode), *_stop_lines(shown))
    buttons = () if shown.resumed_at else ((Button(text="Resume (owner)", action="resume"),),)
    retry = ((Button(text="Cancel again", action="sweep", style=ButtonStyle.DANGER),),) if _wants_retry(shown) else ()
    return Reply(
        text=body,
        buttons=(*retry, *buttons),
        subject=Subject.STOP,
        subject_id=shown.id,
        pinned=True,
    )


def _title(shown: OrderTicket, mode: TradingMode) -> Html:
    spec = shown.spec
    kind = "market" if spec.type is OrderType.MARKET else "limit"
    tag = html("  {}", bold("PAPER")) if mode is TradingMode.PAPER else Html("")
    return html("Ticket {}{}\n<b>{} {}</b>, {}", shown.name, tag, spec.side.value.upper(), spec.symbol, kind)


def _pair(shown: OrderTicket) -> tuple[str, str]:
    base, _, quote = shown.spec.symbol.partition("-")
    return base, quote


def _price(shown: OrderTicket, value: Decimal) -> str:
    """As many digits as the card's own price, so that the two can be compared."""
    return grouped(value, max(places(shown.cost.price), 1))


def _wish(shown: OrderTicket) -> Html:
    spec, (base, quote) = shown.spec, _pair(shown)
    if spec.funds is not None:
        about = tidy(shown.cost.size, _DIGITS)
        return html("Spend {} {}, about {} {}", tidy(spec.funds, _DIGITS), quote, about, base)
    size = tidy(spec.size or Decimal(0), _DIGITS)
    verb = "Buy" if spec.side is Side.BUY else "Sell"
    if spec.price is not None:
        worth = tidy(shown.cost.funds, 2)
        return html("{} {} {} at {}, {} {} in all", verb, size, base, _price(shown, spec.price), worth, quote)
    return html("{} {} {}, about {} {}", verb, size, base, tidy(shown.cost.funds, 2), quote)


def _awaiting(shown: OrderTicket) -> list[Html | None]:
    spec, cost, (base, quote) = shown.spec, shown.cost, _pair(shown)
    side = "Ask" if spec.side is Side.BUY else "Bid"
    spent = quote if spec.side is Side.BUY else base
    return [
        _wish(shown),
        html("{} {}, fee about {} {}", side, _price(shown, cost.price), tidy(cost.fee, 4), quote)
        if spec.type is OrderType.MARKET
        else html("fee at most {} {}", tidy(cost.fee, 4), quote),
        html("After: {} {} free", tidy(cost.free_after, _DIGITS if spent == base else 2), spent),
        html("{} USDT of today's budget left", tidy(shown.budget_after, 2)),
        html("Valid {}, asked by {}", in_words(shown.expires_at - shown.proposed_at), shown.person),
    ]


def _submitting(shown: OrderTicket) -> list[Html | None]:
    return [_wish(shown), html("Sending…")]


def _open(shown: OrderTicket) -> list[Html | None]:
    return [_wish(shown), html("Accepted, in the order book.") if _is_limit(shown) else html("Accepted."), _id(shown)]


def _partial(shown: OrderTicket) -> list[Html | None]:
    return [_wish(shown), html("Partly filled: {}", _done(shown)), _id(shown)]


def _filled(shown: OrderTicket) -> list[Html | None]:
    return [bold(html("Filled {}", _done(shown))), _id(shown)]


def _canceled(shown: OrderTicket) -> list[Html | None]:
    if shown.executed.size:
        return [html("Filled {}; the rest was cancelled.", _done(shown)), _id(shown)]
    return [_wish(shown), html("Cancelled, nothing was filled."), _id(shown)]


def _unknown(shown: OrderTicket) -> list[Html | None]:
    base, _ = _pair(shown)
    return [
        _wish(shown),
        bold("KuCoin gave no answer."),
        html("I have NOT sent it again and ask for it by its id."),
        html("New {} orders are held until it is found.", base),
        html("({})", shown.reason) if shown.reason else None,
    ]


def _not_placed(shown: OrderTicket) -> list[Html | None]:
    return [
        _wish(shown),
        bold("Not found on KuCoin."),
        html("It was looked up again and again and is not among the open orders. Nothing was sent twice."),
    ]


def _rejected(shown: OrderTicket) -> list[Html | None]:
    return [_wish(shown), bold("KuCoin refused it."), html("{}", shown.reason)]


def _not_sent(shown: OrderTicket) -> list[Html | None]:
    return [_wish(shown), bold("Nothing was sent."), html("{}", shown.reason)]


def _declined(shown: OrderTicket) -> list[Html | None]:
    return [_wish(shown), html("Cancelled by {}, nothing was sent.", shown.person)]


def _expired(shown: OrderTicket) -> list[Html | None]:
    why = f"Expired: {shown.reason}. Nothing was sent." if shown.reason else "Expired, nothing was sent."
    return [_wish(shown), html("{}", why)]


_STATES: dict[TicketState, Callable[[OrderTicket], list[Html | None]]] = {
    TicketState.AWAIT_CONFIRM: _awaiting,
    TicketState.SUBMITTING: _submitting,
    TicketState.OPEN: _open,
    TicketState.PARTIAL: _partial,
    TicketState.FILLED: _filled,
    TicketState.CANCELED: _canceled,
    TicketState.UNKNOWN: _unknown,
    TicketState.NOT_PLACED: _not_placed,
    TicketState.REJECTED: _rejected,
    TicketState.NOT_SENT: _not_sent,
    TicketState.DECLINED: _declined,
    TicketState.EXPIRED: _expired,
}


def _is_limit(shown: OrderTicket) -> bool:
    return shown.spec.type is OrderType.LIMIT


def _done(shown: OrderTicket) -> Html:
    """`0.001470 BTC at 68,013.6 = 99.98 USDT, fee 0.10 USDT`, as the fills say."""
    done, (base, quote) = shown.executed, _pair(shown)
    average = done.funds / done.size if done.size else Decimal(0)
    size, funds = tidy(done.size, _DIGITS), tidy(done.funds, 4)
    fee = html(", fee {} {}", tidy(done.fee, 6), done.fee_currency) if done.fee else Html("")
    return html("{} {} at {} = {} {}{}", size, base, _price(shown, average), funds, quote, fee)


def _id(shown: OrderTicket) -> Html | None:
    return html("KuCoin id {}", code(shown.order_id)) if shown.order_id else None


def _ticket_buttons(shown: OrderTicket) -> Buttons:
    verb = shown.spec.side.value
    if shown.state is TicketState.AWAIT_CONFIRM:
        return (
            (
                Button(text=f"Confirm {verb}", action=f"confirm {shown.id}", style=ButtonStyle.SUCCESS),
                Button(text="Cancel", action=f"decline {shown.id}", style=ButtonStyle.DANGER),
            ),
        )
    if shown.state in (TicketState.EXPIRED, TicketState.NOT_SENT, TicketState.NOT_PLACED):
        return ((Button(text="Quote again", action=f"requote {shown.id}"),),)
    if shown.state is TicketState.UNKNOWN:
        return ((Button(text="Check again", action=f"check {shown.id}"), Button(text="Open orders", action="orders")),)
    if shown.state in (TicketState.OPEN, TicketState.PARTIAL) and _is_limit(shown):
        return ((Button(text="Cancel order", action=f"cancel {shown.order_id}", style=ButtonStyle.DANGER),),)
    return ()


def _order_name(order: Order, known: OrderTicket | None) -> str:
    return known.name if known is not None else f"{order.symbol} {order.side.value}"


def _order_line(order: Order) -> Html:
    size = order.size if order.size is not None else order.funds
    at = f" at {tidy(order.price, _DIGITS)}" if order.price is not None else ""
    return html("{} {} {}{}", order.symbol, order.side.value, tidy(size or Decimal(0), _DIGITS), at)


def _order_row(order: Order, known: OrderTicket | None) -> Html:
    who = html("{}  ", bold(known.name)) if known is not None else html("external  ")
    filled = f", {tidy(order.filled_size, _DIGITS)} filled" if order.filled_size else ""
    return html("{}{}{}", who, _order_line(order), filled)


def _fill_row(fill: Fill) -> Html:
    price, size = tidy(fill.price, _DIGITS), tidy(fill.size, _DIGITS)
    fee = f"fee {tidy(fill.fee, 6)} {fill.fee_currency}"
    return html("{} {} {} {} at {}, {}", clock(fill.time), fill.symbol, fill.side.value, size, price, fee)


def _stop_lines(shown: Stop) -> list[str | None]:
    report = shown.report
    head = html("<b>STOPPED</b> by {} at {}. New orders are blocked.", shown.person, clock(shown.at))
    tickets = f"tickets expired {report.tickets_expired}" if report.tickets_expired else None
    problems = [html("{}: not cancelled. {}", p.place, p.problem) for p in report.places if p.problem]
    resumed = html("<b>Resumed</b> by {}: {}", shown.resumed_by, shown.reason) if shown.resumed_at else None
    return [head, tickets, _cancel_line(shown), *problems, *_left(shown), *_positions(shown), resumed]


def _cancel_line(shown: Stop) -> str:
    report = shown.report
    if not report.places:
        return "cancelling what rests…"
    if report.found is None or report.resting is None:
        return "cancel asked everywhere"
    return f"cancelled {max(report.found - len(report.resting), 0)} of {report.found}"


def _left(shown: Stop) -> list[Html]:
    report = shown.report
    if report.resting is None:
        return [html("what is left could not be read yet")] if report.checked_at else []
    if not report.resting:
        return [html("nothing is resting on KuCoin (checked {} UTC)", report.checked_at)]
    return [html("still resting at {} UTC:", report.checked_at), *map(_resting_row, report.resting)]


def _resting_row(order: StillOpen) -> Html:
    at = f" at {order.price}" if order.price else ""
    return html("  {} {} {}{}, id {}", order.symbol, order.side, order.size, at, code(order.order_id))


def _positions(shown: Stop) -> list[Html]:
    return [
        html("position {} {} lots is still open", position.symbol, position.lots)
        for position in shown.report.positions or ()
    ]


def _wants_retry(shown: Stop) -> bool:
    report = shown.report
    return shown.resumed_at is None and bool(report.checked_at) and not report.clean


def received(at: datetime) -> Html:
    return html("Asked at {}; too late to act on by itself.", clock(at))
