"""Closing positions, as people read it: what a tap would do, and what became of each order."""

from collections.abc import Sequence
from decimal import Decimal

from chatbot.chat.messages import Reply
from chatbot.chat.views.desk_lines import others, who
from chatbot.chat.views.markup import REASON, Html, bold, code, html, lines, paper, short
from chatbot.chat.views.ticket_figures import price
from chatbot.chat.views.ticket_lines import number, superseded, title
from chatbot.core.account import Position
from chatbot.core.amounts import PLAIN, Amounts
from chatbot.core.closing import CloseCard
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Button, Buttons, ButtonStyle, Subject
from chatbot.core.numbers import grouped, money, places, plain, tidy
from chatbot.core.orders import OrderTicket, Side, TicketState
from chatbot.core.people import Person
from chatbot.core.positions import coin_of, settled_in
from chatbot.core.times import in_words

_MOST = 30
"""Positions listed by name; a tap closes the others as well, and the card says how many."""


_NOTHING_SENT = {
    TicketState.NOT_SENT: "Nothing was sent.",
    TicketState.EXPIRED: "Expired, nothing was sent.",
    TicketState.DECLINED: "Cancelled, nothing was sent.",
}


def asks(card: CloseCard, positions: Sequence[Position], mode: TradingMode) -> Reply:
    rows = [_position(p) for p in positions[:_MOST]]
    more = html("and {} more positions", len(positions) - _MOST) if len(positions) > _MOST else None
    body = lines(
        paper(mode),
        bold(f"Close {len(positions)} position{'s' if len(positions) > 1 else ''}?"),
        *rows,
        more,
        "Reduce-only, at the market, whatever the price is then.",
    )
    confirm = Button(text="Confirm close", action=f"close_now {card.written()}", style=ButtonStyle.DANGER)
    cancel = Button(text="Cancel", action=f"close_not {card.written()}")
    return Reply(text=body, buttons=((confirm, cancel),), protected=True)


def confirmed(tickets: Sequence[OrderTicket], mode: TradingMode) -> Reply:
    rows = [html("  {} {}", ticket.name, _wish(ticket)) for ticket in tickets[:_MOST]]
    more = html("  and {} more", len(tickets) - _MOST) if len(tickets) > _MOST else None
    return Reply(
        text=lines(paper(mode), html("<b>Closing {}</b>, each on a card of its own:", len(tickets)), *rows, more)
    )


def declined(person: Person, mode: TradingMode) -> Html:
    return lines(paper(mode), html("Cancelled by {}, no position was closed.", person.name))


def order(shown: OrderTicket, mode: TradingMode, amounts: Amounts = PLAIN, beside: Sequence[OrderTicket] = ()) -> Reply:
    """The card of one order that closes a position, or part of it. Sizes are lots."""
    if shown.state is TicketState.AWAIT_CONFIRM:
        head = html("<b>CLOSE {}</b>, market", shown.spec.symbol)
        body = [number(shown, mode), head, *_awaiting(shown, amounts), *others(shown, beside)]
    else:
        body = [title(shown, mode), *_fate(shown), who(shown)]
    return Reply(
        text=lines(*body),
        buttons=_buttons(shown),
        subject=Subject.TICKET,
        subject_id=shown.id,
        protected=True,
    )


def _position(position: Position) -> Html:
    side = "Sell" if position.lots > 0 else "Buy back"
    worth = money(position.value, position.currency)
    return html(
        "{} {} {} lots, about {} {}", side, position.symbol, plain(abs(position.lots)), worth, position.currency
    )


def _wish(shown: OrderTicket) -> Html:
    side = "sell" if shown.spec.side is Side.SELL else "buy back"
    lots = "" if shown.spec.size is None else plain(shown.spec.size)
    return html("{} {} {} lots, reduce-only", side, shown.spec.symbol, lots)


def _lots(shown: OrderTicket) -> Html:
    side = "Sell" if shown.spec.side is Side.SELL else "Buy back"
    return html("{} {} lots, reduce-only", side, plain(shown.spec.size or shown.cost.size))


def _awaiting(shown: OrderTicket, amounts: Amounts) -> list[Html | None]:
    """All that is known before anything was sent. What stays open is the account's, and hidden with it."""
    cost, spec, currency = shown.cost, shown.spec, settled_in(shown.spec.symbol)
    side = "Bid" if spec.side is Side.SELL else "Ask"
    left = f"After: {amounts.of(plain(cost.free_after))} lots stay open" if cost.free_after else "After: it is closed"
    fee = f"{money(cost.fee, currency)} {currency}"
    coin = coin_of(spec.symbol)
    size = "" if coin == currency else f" = {tidy(cost.size, 8)} {coin}"  # an inverse contract counts no coins
    verb = "Sell" if spec.side is Side.SELL else "Buy back"
    return [
        html("{} {} lots{}, reduce-only", verb, plain(spec.size or cost.size), size),
        html("about {} {}, fee {}", money(cost.funds, currency), currency, fee),
        html("{} {}", side, grouped(cost.price, max(places(cost.price), 1))),
        html("{}", left),
        html("Valid {}, asked by {}", in_words(shown.expires_at - shown.proposed_at), shown.person),
    ]


def _buttons(shown: OrderTicket) -> Buttons:
    offered = again(shown)
    check = Button(text="Check again", action=f"check {shown.id}")
    match shown.state:
        case TicketState.AWAIT_CONFIRM:
            confirm = Button(text="Confirm close", action=f"reduce_now {shown.id}", style=ButtonStyle.DANGER)
            return ((confirm, Button(text="Cancel", action=f"decline {shown.id}")),)
        case TicketState.UNKNOWN:
            return ((check,),)
        case TicketState.NOT_PLACED:
            return ((check, *offered),)
        case TicketState.EXPIRED | TicketState.NOT_SENT:
            return (offered,) if offered and not superseded(shown) else ()
        case _:
            return ()


def again(shown: OrderTicket) -> tuple[Button, ...]:
    """What came of the kill's Close positions is asked for again on the kill's own card."""
    command, _, wanted = shown.asked.partition(" ")
    if command != "/close":
        return ()
    return (Button(text="Quote again", action=f"reduce {wanted.replace('%', '')}"),)


def _fate(shown: OrderTicket) -> list[Html | None]:
    rows = _outcome(shown)
    return rows if shown.state is TicketState.FILLED else [_lots(shown), *rows]


def _outcome(shown: OrderTicket) -> list[Html | None]:
    reason = html("{}", short(shown.reason, REASON)) if shown.reason else None
    placed = html("KuCoin id {}", code(shown.order_id)) if shown.order_id else None
    match shown.state:
        case TicketState.FILLED:
            return [bold(html("Filled {}", _done(shown))), placed]
        case TicketState.PARTIAL | TicketState.CANCELED | TicketState.FORGOTTEN:
            return [_partly(shown), reason, placed]
        case TicketState.UNKNOWN:
            asked = html("I have NOT sent it again and ask for it by its id.")
            return [bold("KuCoin gave no answer."), asked, reason]
        case TicketState.NOT_PLACED:
            return [bold("Not found on KuCoin."), html("The position is most likely still open.")]
        case TicketState.REJECTED:
            return [bold("KuCoin refused it."), reason]
        case TicketState.NOT_SENT | TicketState.EXPIRED | TicketState.DECLINED:
            return [bold(_NOTHING_SENT[shown.state]), reason]
        case TicketState.OPEN:
            return [html("Accepted."), placed]
        case _:
            return [html("Sending…")]


def _partly(shown: OrderTicket) -> Html:
    if shown.state is TicketState.PARTIAL:
        return html("Partly filled: {}", _done(shown))
    if shown.state is TicketState.FORGOTTEN:
        return html("KuCoin no longer knows this order. Filled before that: {}", _done(shown))
    if not shown.executed.size:
        return html("Cancelled, nothing was filled.")
    return html("Filled {}; the rest was cancelled.", _done(shown))


def _done(shown: OrderTicket) -> Html:
    """`25 lots at 67,412.2 = 1,685.31 USDT, fee 1.01 USDT`, as far as the fills tell it."""
    done, currency = shown.executed, settled_in(shown.spec.symbol)
    average = _average(shown)
    at = f" at {price(shown, average)}" if average else ""
    funds = f" = {money(done.funds, currency)} {currency}" if done.funds else ""
    fee = f", fee {money(done.fee, done.fee_currency)} {done.fee_currency}" if done.funds and done.fee else ""
    return html("{} lots{}{}{}", plain(done.size), at, funds, fee)


def _average(shown: OrderTicket) -> Decimal | None:
    """What a lot is worth at a price is known from the card; of an order that a kill asked for it is not."""
    cost, done = shown.cost, shown.executed
    if not (cost.price and cost.funds and done.funds and done.size and shown.spec.size):
        return None
    ratio = (done.funds / done.size) / (cost.funds / shown.spec.size)
    inverse = coin_of(shown.spec.symbol) == settled_in(shown.spec.symbol)
    return cost.price / ratio if inverse else cost.price * ratio
