"""Closing positions, as people read it: what a tap would do, and what became of each order."""

from collections.abc import Sequence

from chatbot.chat.messages import Reply
from chatbot.chat.views.markup import REASON, Html, bold, code, html, lines, paper, short
from chatbot.core.account import Position
from chatbot.core.closing import CloseCard
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Button, Buttons, ButtonStyle, Subject
from chatbot.core.numbers import money, plain
from chatbot.core.orders import OrderTicket, Side, TicketState
from chatbot.core.people import Person

_MOST = 30
"""Positions listed by name; a tap closes the others as well, and the card says how many."""


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


def order(shown: OrderTicket, mode: TradingMode) -> Reply:
    """The card of one order that closes a position. Sizes are lots; what they are worth, /balance says."""
    buttons: Buttons = ()
    if shown.state in (TicketState.UNKNOWN, TicketState.NOT_PLACED):
        buttons = ((Button(text="Check again", action=f"check {shown.id}"),),)
    return Reply(
        text=lines(paper(mode), html("{} {}", bold(shown.name), _wish(shown)), *_fate(shown)),
        buttons=buttons,
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


def _fate(shown: OrderTicket) -> list[Html | None]:
    reason = html("{}", short(shown.reason, REASON)) if shown.reason else None
    number = html("KuCoin id {}", code(shown.order_id)) if shown.order_id else None
    done = plain(shown.executed.size)
    match shown.state:
        case TicketState.FILLED:
            return [bold(f"Filled: {done} lots"), number]
        case TicketState.PARTIAL | TicketState.CANCELED | TicketState.FORGOTTEN:
            return [html("<b>{} lots filled</b>, {}", done, shown.state.value), reason, number]
        case TicketState.UNKNOWN:
            asked = html("I have NOT sent it again and ask for it by its id.")
            return [bold("KuCoin gave no answer."), asked, reason]
        case TicketState.NOT_PLACED:
            return [bold("Not found on KuCoin."), html("The position is most likely still open.")]
        case TicketState.REJECTED:
            return [bold("KuCoin refused it."), reason]
        case TicketState.NOT_SENT | TicketState.EXPIRED | TicketState.DECLINED:
            return [bold("Nothing was sent."), reason]
        case TicketState.OPEN:
            return [html("Accepted."), number]
        case _:
            return [html("Sending…")]
