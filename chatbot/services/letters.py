"""The letters that tell of a ticket or a kill: drawn when they leave, so they always tell the latest."""

from dataclasses import replace

from chatbot.core.notices import Lane, Letter, Subject
from chatbot.core.orders import OrderTicket
from chatbot.core.preferences import Kind
from chatbot.core.stops import Stop
from chatbot.store.mail import Outbox


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
    """Redraws the ticket's card, and those of whoever was asked to agree. Joins the open transaction."""
    if ticket.card_id:
        outbox.put(card_edit(ticket))
    for card in outbox.cards(Subject.APPROVAL, ticket.id):
        outbox.put(replace(card_edit(ticket), chat_id=card.chat_id, subject=Subject.APPROVAL, edits=card.id))


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
