"""A ticket's card in every state of its life."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from chatbot.chat.messages import Reply
from chatbot.chat.views import closing, stop_lines
from chatbot.chat.views.desk_lines import others, who
from chatbot.chat.views.markup import REASON, Html, bold, code, html, lines, short
from chatbot.chat.views.ticket_figures import DIGITS, pair, price
from chatbot.chat.views.ticket_lines import awaiting, beyond, superseded, title, wish
from chatbot.core.amounts import PLAIN, Amounts
from chatbot.core.market import Venue
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Button, Buttons, ButtonStyle, Subject
from chatbot.core.numbers import money, plain, tidy
from chatbot.core.orders import OrderTicket, OrderType, TicketState, TimeInForce
from chatbot.core.waiting import Awaits

_AT_ONCE = timedelta(seconds=5)


def ticket(
    shown: OrderTicket, mode: TradingMode, amounts: Amounts = PLAIN, beside: Sequence[OrderTicket] = ()
) -> Reply:
    """`beside` is what other people have under way on the same symbol."""
    if shown.spec.venue is Venue.FUTURES:
        return closing.order(shown, mode, amounts, beside)
    asked = shown.state is TicketState.AWAIT_CONFIRM
    rows = [*awaiting(shown, amounts), *others(shown, beside)] if asked else [*fate(shown), who(shown)]
    return Reply(
        text=lines(title(shown, mode), *rows),
        buttons=_ticket_buttons(shown),
        subject=Subject.TICKET,
        subject_id=shown.id,
        protected=True,
    )


def outcome(
    shown: OrderTicket, mode: TradingMode, amounts: Amounts = PLAIN, beside: Sequence[OrderTicket] = ()
) -> Reply:
    """For those who only hear of it: nothing to tap."""
    card = ticket(shown, mode, amounts, beside)
    return replace(card, buttons=(), subject=Subject.OUTCOME, protected=False)


def _submitting(shown: OrderTicket) -> list[Html | None]:
    return [wish(shown), html("Sending…")]


def _open(shown: OrderTicket) -> list[Html | None]:
    accepted = html("Accepted, in the order book.") if _rests(shown) else html("Accepted.")
    return [wish(shown), stop_lines.fired(shown), accepted, _id(shown)]


def _parked(shown: OrderTicket) -> list[Html | None]:
    return [wish(shown), *stop_lines.waiting(shown), _id(shown)]


def _lapsed(shown: OrderTicket) -> list[Html | None]:
    return [wish(shown), html("{} Nothing was filled.", short(shown.reason, REASON)), _id(shown)]


def _partial(shown: OrderTicket) -> list[Html | None]:
    return [wish(shown), stop_lines.fired(shown), html("Partly filled: {}", _done(shown)), _id(shown)]


def _filled(shown: OrderTicket) -> list[Html | None]:
    return [stop_lines.fired(shown), bold(html("Filled {}", _done(shown))), _id(shown)]


def _canceled(shown: OrderTicket) -> list[Html | None]:
    fired, in_force = stop_lines.fired(shown), shown.spec.in_force
    if shown.executed.size:
        rest = "was not there at once and was cancelled" if in_force is TimeInForce.IOC else "was cancelled"
        return [fired, html("Filled {}; the rest {}.", _done(shown), rest), _id(shown)]
    return [wish(shown), fired, html("{}, nothing was filled.", _ended(shown)), _id(shown)]


def _ended(shown: OrderTicket) -> str:
    """Why an order that was cancelled ended, where its own words tell it."""
    match shown.spec.in_force:
        case TimeInForce.IOC:
            return "Nobody offered that price, so it ended (IOC)"
        case TimeInForce.FOK:
            return "Not all of it was to be had at that price, so it ended (FOK)"
        case TimeInForce.GTC:
            return "Cancelled at once: post-only, and it would have traded" if _took_none(shown) else "Cancelled"


def _took_none(shown: OrderTicket) -> bool:
    """Post-only, and over as soon as it was there."""
    sent, ended = shown.submitted_at, shown.ended_at
    return shown.spec.post_only and sent is not None and ended is not None and ended - sent < _AT_ONCE


def _unknown(shown: OrderTicket) -> list[Html | None]:
    return [
        wish(shown),
        bold("KuCoin gave no answer."),
        html("I have NOT sent it again and ask for it by its id."),
        html("New {} orders are held until it is found.", shown.spec.symbol),
        html("({})", short(shown.reason, REASON)) if shown.reason else None,
    ]


def _not_placed(shown: OrderTicket) -> list[Html | None]:
    return [
        wish(shown),
        bold("Not found on KuCoin."),
        html("It was looked up again and again and is not among the open orders. Nothing was sent twice."),
    ]


def _forgotten(shown: OrderTicket) -> list[Html | None]:
    filled = html("Filled before that: {}", _done(shown)) if shown.executed.size else None
    return [
        wish(shown),
        bold("KuCoin no longer knows this order."),
        filled,
        html("It neither rests nor is it in any list; KuCoin forgets cancelled orders after two days."),
        html("({})", short(shown.reason, REASON)) if shown.reason else None,
        _id(shown),
    ]


def _rejected(shown: OrderTicket) -> list[Html | None]:
    return [wish(shown), bold("KuCoin refused it."), html("{}", short(shown.reason, REASON))]


def _not_sent(shown: OrderTicket) -> list[Html | None]:
    return [wish(shown), bold("Nothing was sent."), html("{}", short(shown.reason, REASON))]


def _declined(shown: OrderTicket) -> list[Html | None]:
    if shown.reason:
        return [wish(shown), html("{}. Nothing was sent.", short(shown.reason, REASON))]
    return [wish(shown), html("Cancelled by {}, nothing was sent.", shown.person)]


def _expired(shown: OrderTicket) -> list[Html | None]:
    why = f"Expired: {shown.reason}. Nothing was sent." if shown.reason else "Expired, nothing was sent."
    return [wish(shown), html("{}", why)]


_STATES: dict[TicketState, Callable[[OrderTicket], list[Html | None]]] = {
    TicketState.SUBMITTING: _submitting,
    TicketState.PARKED: _parked,
    TicketState.LAPSED: _lapsed,
    TicketState.OPEN: _open,
    TicketState.PARTIAL: _partial,
    TicketState.FILLED: _filled,
    TicketState.CANCELED: _canceled,
    TicketState.UNKNOWN: _unknown,
    TicketState.NOT_PLACED: _not_placed,
    TicketState.FORGOTTEN: _forgotten,
    TicketState.REJECTED: _rejected,
    TicketState.NOT_SENT: _not_sent,
    TicketState.DECLINED: _declined,
    TicketState.EXPIRED: _expired,
}


def fate(shown: OrderTicket) -> list[Html | None]:
    """What became of a ticket that no longer waits."""
    return _STATES[shown.state](shown)


def _rests(shown: OrderTicket) -> bool:
    return shown.spec.type is OrderType.LIMIT and shown.spec.in_force is TimeInForce.GTC


def _done(shown: OrderTicket) -> Html:
    """`0.001470 BTC at 68,013.6 = 99.98 USDT, fee 0.10 USDT`, as the fills say."""
    done, (base, quote) = shown.executed, pair(shown)
    average = done.funds / done.size if done.size else Decimal(0)
    size, funds = tidy(done.size, DIGITS), money(done.funds, quote)
    fee = html(", fee {} {}", money(done.fee, done.fee_currency), done.fee_currency) if done.fee else Html("")
    return html("{} {} at {} = {} {}{}", size, base, price(shown, average), funds, quote, fee)


def _id(shown: OrderTicket) -> Html | None:
    return html("KuCoin id {}", code(shown.order_id)) if shown.order_id else None


def again(shown: OrderTicket) -> Button:
    return Button(text="Quote again", action=f"requote {shown.id}")


def _ticket_buttons(shown: OrderTicket) -> Buttons:
    if shown.state is TicketState.AWAIT_CONFIRM:
        return (_steps(shown),)
    if shown.state is TicketState.NOT_PLACED:
        return ((Button(text="Check again", action=f"check {shown.id}"), again(shown)),)
    if shown.state in (TicketState.EXPIRED, TicketState.NOT_SENT, TicketState.LAPSED):
        return () if superseded(shown) else ((again(shown),),)
    if shown.state is TicketState.UNKNOWN:
        return ((Button(text="Check again", action=f"check {shown.id}"), Button(text="Open orders", action="orders")),)
    rests = shown.state in (TicketState.OPEN, TicketState.PARTIAL) and _rests(shown)
    if rests or shown.state is TicketState.PARKED:
        return ((Button(text="Cancel order", action=f"cancel {shown.order_id}", style=ButtonStyle.DANGER),),)
    return ()


def _steps(shown: OrderTicket) -> tuple[Button, ...]:
    """Of a ticket far from the market, the button that counts is another one than the card had at first.

    There it is the only red one: of two, in the dark, one would send money.
    """
    cancel = Button(text="Cancel", action=f"decline {shown.id}", style=ButtonStyle.DANGER)
    if shown.waiting.awaits is Awaits.APPROVAL:
        return (cancel,)
    warning, warned = beyond(shown), shown.waiting.warned
    if warning and warned is not None:
        far = Button(text=f"Confirm, {warning}", action=f"far {shown.id} {plain(warned)}", style=ButtonStyle.DANGER)
        return (far, replace(cancel, style=None))
    verb = shown.spec.side.value
    return (Button(text=f"Confirm {verb}", action=f"confirm {shown.id}", style=ButtonStyle.SUCCESS), cancel)
