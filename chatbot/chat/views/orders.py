"""Open orders, cancels and fills, as people read them."""

from collections.abc import Iterable
from decimal import Decimal

from chatbot.chat.messages import Reply
from chatbot.chat.views.markup import ROWS, Html, bold, html, lines, paper
from chatbot.chat.views.state_words import STATE_WORDS
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Button, ButtonStyle
from chatbot.core.numbers import grouped, places, plain, tidy
from chatbot.core.orders import Order, OrderTicket
from chatbot.services.cancelling import Cancelled

ELSEWHERE = "elsewhere"
"""What a tap says that means the orders made elsewhere, all of them."""

_DIGITS = 8
_LOOK_AGAIN = "Look at /orders in a moment, and cancel it again if it is still there."


def orders(
    open_orders: Iterable[Order], names: dict[str, OrderTicket], mode: TradingMode, *, may_cancel: bool
) -> Reply:
    """Newest first, a Cancel button each; of very many the newest."""
    every = list(open_orders)
    shown = every[:ROWS]
    if not shown:
        return Reply(text=lines(paper(mode), "No open orders."), buttons=((Button(text="Refresh", action="orders"),),))
    rows = [_order_row(o, names.get(o.order_id)) for o in shown]
    more = f"and {len(every) - ROWS} older ones; /cancel all takes out those I placed" if len(every) > ROWS else None
    body = lines(paper(mode), bold(f"{len(every)} open"), *rows, more)
    cancels = [
        (Button(text=f"Cancel {_order_name(o, names.get(o.order_id))}", action=f"cancel {o.order_id}",
                style=ButtonStyle.DANGER),)
        for o in shown
    ]  # fmt: skip
    return Reply(text=body, buttons=(*(cancels if may_cancel else ()), (Button(text="Refresh", action="orders"),)))


def cancelled(order: Order, mode: TradingMode) -> Html:
    return lines(_told(order, mode), _LOOK_AGAIN if order.active else None)


def cancelled_in_short(order: Order, name: str) -> str:
    """For the pop-up of a card's button: as `cancelled`. `name` is its ticket's."""
    if order.active:
        return f"KuCoin has not cancelled {name} yet. Its card changes once it has; /orders shows what still rests."
    if order.cancelled:
        return f"{name} is cancelled."
    waited = f"{name} waits no more, and what became of it is being looked up."
    return waited if order.parked else f"{name} was filled before the cancel came."


def all_cancelled(done: Cancelled, mode: TradingMode) -> Reply:
    """Those left were made elsewhere: they are named, and cancelled by a tap of its own alone."""
    left = done.left
    told = [*(_told(o, mode) for o in done.orders), *(_untold(o, mode) for o in done.unread)]
    if done.unread or any(o.active for o in done.orders):
        told.append(lines(_LOOK_AGAIN))
    if not left:
        return Reply(text=lines(*told) or "No open orders.")
    those = f"{len(left)} made elsewhere"
    more = f"and {len(left) - ROWS} more" if len(left) > ROWS else None
    body = lines(
        *(told or [lines(paper(mode), "No open orders of mine.")]),
        bold(f"{those}, left as they are:" if len(left) > 1 else f"{those}, left as it is:"),
        *(_order_line(o) for o in left[:ROWS]),
        more,
    )
    button = Button(text=f"Cancel {those} too", action=f"cancel {ELSEWHERE}", style=ButtonStyle.DANGER)
    return Reply(text=body, buttons=((button,),))


def stray(ticket: OrderTicket) -> Html:
    """What owners read about an order of ours that the database did not know, once."""
    spec = ticket.spec
    size = spec.size if spec.size is not None else spec.funds
    at = f" at {grouped(spec.price, places(spec.price))}" if spec.price is not None else ""
    stop = f", stop {grouped(spec.trigger, places(spec.trigger))}" if spec.trigger is not None else ""
    line = f"{spec.symbol} {spec.side.value} {tidy(size or Decimal(0), _DIGITS)}{at}{stop}"
    return lines(
        bold("An order of mine that I did not know."),
        html("{}: {}, {}. KuCoin id {}", ticket.name, line, STATE_WORDS[ticket.state], ticket.order_id),
        "It bears my mark and my database is older than it: was a backup restored, or the machine set back?",
        "I did not place it again. I follow it from now on and count it against the day's limit.",
    )


def _told(order: Order, mode: TradingMode) -> Html:
    """What the exchange says after a cancel was asked for: never more than it says."""
    filled = f", {plain(order.filled_size)} was filled" if order.filled_size else ""
    if order.active:
        shows = "shows it waiting" if order.parked else "shows it open"
        return lines(paper(mode), html("{} cancel requested; KuCoin still {}{}.", _order_line(order), shows, filled))
    if order.parked and not order.cancelled:
        told = "cancel requested; it waits no more, and what became of it is being looked up"
        return lines(paper(mode), html("{} {}.", _order_line(order), told))
    if order.cancelled:
        return lines(paper(mode), html("{} cancelled{}.", _order_line(order), filled))
    return lines(paper(mode), html("{} was filled before the cancel came.", _order_line(order)))


def _untold(order: Order, mode: TradingMode) -> Html:
    return lines(paper(mode), html("{} cancel asked for; what became of it could not be read.", _order_line(order)))


def _order_name(order: Order, known: OrderTicket | None) -> str:
    return known.name if known is not None else f"{order.symbol} {order.side.value}"


def _order_line(order: Order) -> Html:
    size = order.size if order.size is not None else order.funds
    at = f" at {grouped(order.price, places(order.price))}" if order.price is not None else ""
    stop = f", stop {grouped(order.trigger, places(order.trigger))}" if order.trigger is not None else ""
    return html("{} {} {}{}{}", order.symbol, order.side.value, tidy(size or Decimal(0), _DIGITS), at, stop)


def _order_row(order: Order, known: OrderTicket | None) -> Html:
    who = (
        html("{}  ", bold(known.name))
        if known is not None
        else html("mine, without a ticket  " if order.ours else "external  ")
    )
    filled = f", {tidy(order.filled_size, _DIGITS)} filled" if order.filled_size else ""
    return html("{}{}{}", who, _order_line(order), filled)
