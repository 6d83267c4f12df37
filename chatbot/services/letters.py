"""The letters that tell of a ticket or a kill: drawn when they leave, so they always tell the latest."""

from dataclasses import replace

from chatbot.core.notices import Lane, Letter, Subject
from chatbot.core.orders import OrderTicket, TicketState
from chatbot.core.preferences import Kind
from chatbot.core.routes import Route
from chatbot.core.stops import Stop
from chatbot.store.mail import Outbox

_NO_NEWS = frozenset({TicketState.SUBMITTING, TicketState.NOT_SENT})


def tell_found(outbox: Outbox, ticket: OrderTicket, rings: Lane | None) -> None:
    """What a look at the exchange changed; `rings` is how urgently it is told in a message of its own besides."""
    tell_groups(outbox, ticket, rings=rings is not None)
    _tell_approvers(outbox, ticket)
    if ticket.card_id:
        outbox.put(card_edit(ticket))
        if rings is not None:
            outbox.put(replace(card_news(ticket), lane=rings))


def card_edit(ticket: OrderTicket) -> Letter:
    """Redraws the ticket's card in place; an edit never rings."""
    return Letter(
        chat_id=ticket.chat_id,
        lane=Lane.ORDER,
        subject=Subject.TICKET,
        subject_id=ticket.id,
        edits=ticket.card_id,
    )


def tell_ticket(outbox: Outbox, ticket: OrderTicket) -> None:
    """Redraws the ticket's card, and all that tell of it elsewhere. Joins the open transaction."""
    tell_groups(outbox, ticket)
    if ticket.card_id:
        outbox.put(card_edit(ticket))
    _tell_approvers(outbox, ticket)


def _tell_approvers(outbox: Outbox, ticket: OrderTicket) -> None:
    for card in outbox.cards(Subject.APPROVAL, ticket.id):
        outbox.put(replace(card_edit(ticket), chat_id=card.chat_id, subject=Subject.APPROVAL, edits=card.id))


def tell_groups(outbox: Outbox, ticket: OrderTicket, *, rings: bool = False) -> None:
    """What becomes of an order, in the groups that asked for such news: a message each that is kept up to date.

    What `rings` is told in one of its own besides. An order that was never sent is no news.
    """
    if ticket.submitted_at is None or ticket.state in _NO_NEWS:
        return
    for place in outbox.routes.places(Route.ORDERS):
        card = outbox.letter(ticket.card_id)
        if card is not None and (card.chat_id, card.thread_id) == (place.chat_id, place.thread_id):
            continue  # it stands there already
        told = [each for each in outbox.cards(Subject.OUTCOME, ticket.id) if each.chat_id == place.chat_id]
        letter = Letter(
            chat_id=place.chat_id,
            thread_id=place.thread_id,
            lane=Lane.ORDER,
            subject=Subject.OUTCOME,
            subject_id=ticket.id,
            kind=Kind.ORDERS,
        )
        first = min((each.id for each in told), default=None)
        outbox.put(replace(letter, edits=first))
        if rings and first is not None:
            outbox.put(replace(letter, follows=first))


def card_news(ticket: OrderTicket) -> Letter:
    """A message of its own, in reply to the card: this one may ring."""
    return Letter(
        chat_id=ticket.chat_id,
        lane=Lane.ORDER,
        subject=Subject.TICKET,
        subject_id=ticket.id,
        follows=ticket.card_id,
        kind=Kind.ORDERS,
    )


def stop_edit(stop: Stop) -> Letter:
    return Letter(
        chat_id=stop.chat_id,
        lane=Lane.STOP,
        subject=Subject.STOP,
        subject_id=stop.id,
        edits=stop.card_id,
    )
