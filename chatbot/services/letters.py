"""The letters that tell of a ticket or a kill: drawn when they leave, so they always tell the latest."""

from chatbot.core.notices import Lane, Letter, Subject
from chatbot.core.orders import OrderTicket
from chatbot.core.stops import Stop


def card_edit(ticket: OrderTicket) -> Letter:
    """Redraws the ticket's card in place; an edit never rings."""
    return Letter(
        chat_id=ticket.chat_id,
        lane=Lane.ORDER,
        subject=Subject.TICKET,
        subject_id=ticket.id,
        edits=ticket.card_id,
    )


def card_news(ticket: OrderTicket) -> Letter:
    """A message of its own, in reply to the card: this one may ring."""
    return Letter(
        chat_id=ticket.chat_id,
        lane=Lane.ORDER,
        subject=Subject.TICKET,
        subject_id=ticket.id,
        follows=ticket.card_id,
    )


def stop_edit(stop: Stop) -> Letter:
    return Letter(
        chat_id=stop.chat_id,
        lane=Lane.ANSWER,
        subject=Subject.STOP,
        subject_id=stop.id,
        edits=stop.card_id,
    )
