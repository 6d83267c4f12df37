"""Who may do what to a ticket, and each of its moves written together with the letters that tell it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from chatbot.core.errors import NotAllowed, TicketGone
from chatbot.core.notices import Lane, Letter, Subject
from chatbot.core.orders import Estimate, OrderTicket, TicketState
from chatbot.core.people import Person, Role
from chatbot.core.waiting import Awaits, Waiting
from chatbot.services.letters import tell_ticket
from chatbot.store.orders import Step
from chatbot.store.store import Store

APPROVAL_LIFE = timedelta(minutes=3)
"""How long a second person has, from the proposer's own last step on."""

_BECAME = {
    TicketState.AWAIT_CONFIRM: "its card says what it waits for",
    TicketState.SUBMITTING: "it is being sent",
    TicketState.UNKNOWN: "KuCoin's answer was lost, and it is being looked up",
    TicketState.PARKED: "it waits on KuCoin for its stop",
    TicketState.OPEN: "KuCoin has accepted it",
    TicketState.PARTIAL: "it is filled in part",
    TicketState.FILLED: "it was filled",
    TicketState.CANCELED: "it was cancelled on KuCoin",
    TicketState.LAPSED: "it was cancelled before its stop fired",
    TicketState.REJECTED: "KuCoin refused it",
    TicketState.NOT_SENT: "it was not sent",
    TicketState.NOT_PLACED: "it was not found on KuCoin",
    TicketState.FORGOTTEN: "KuCoin no longer knows it",
    TicketState.DECLINED: "it was declined, nothing was sent",
    TicketState.EXPIRED: "it expired, nothing was sent",
}


class Tickets:
    """`approvers` may agree to what others proposed: everybody who may trade."""

    def __init__(self, *, store: Store, approvers: Iterable[int]) -> None:
        self._store = store
        self._approvers = sorted(approvers)

    def get(self, ticket_id: int) -> OrderTicket:
        """Raises TicketGone."""
        ticket = self._store.orders.ticket(ticket_id)
        if ticket is None:
            raise TicketGone("That ticket is gone. Nothing was sent.")
        return ticket

    def tapped(self, ticket_id: int, person: Person, card_id: int) -> OrderTicket:
        """The ticket, if this person may still tap it on this card now. Raises TicketGone."""
        ticket = self._own(ticket_id, person)
        if ticket.card_id != card_id:
            raise TicketGone(f"This is not the card of {ticket.name}. Nothing was sent.")
        return self._still_waiting(ticket)

    def confirmable(self, ticket_id: int, person: Person, card_id: int) -> OrderTicket:
        """As `tapped`, unless its proposer has done all that it takes of them. Raises TicketGone."""
        ticket = self.tapped(ticket_id, person, card_id)
        if ticket.waiting.awaits is Awaits.APPROVAL:
            raise TicketGone(f"{ticket.name} is confirmed and waits for another person's Approve.")
        return ticket

    def provable(self, ticket_id: int, person: Person) -> OrderTicket:
        """The ticket, if it waits for a code of this person, who has tapped Confirm on its card. Raises TicketGone."""
        ticket = self._still_waiting(self._own(ticket_id, person))
        if ticket.waiting.awaits is not Awaits.CODE:
            raise TicketGone(f"{ticket.name} waits for no code. Tap Confirm on its card first.")
        return ticket

    def approvable(self, ticket_id: int, person: Person) -> OrderTicket:
        """The ticket, if this person may agree to it now. Raises TicketGone, NotAllowed."""
        ticket = self.get(ticket_id)
        if person.role < Role.TRADER or person.id not in self._approvers:
            raise NotAllowed(f"You may not approve {ticket.name}.")
        if person.id == ticket.person_id:
            raise TicketGone(f"{ticket.name} is your own: another person has to approve it.")
        self._still_waiting(ticket)
        if ticket.waiting.awaits is not Awaits.APPROVAL:
            raise TicketGone(f"{ticket.person} has to confirm {ticket.name} first.")
        return ticket

    def step(self, ticket: OrderTicket, to: TicketState, step: Step, by: str = "") -> OrderTicket:
        """One move and the letters that tell it, together. Raises TicketGone when somebody was quicker."""
        with self._store.atomic():
            moved = self._store.orders.move(ticket, to, by=by or ticket.person, step=step)
            return self._told(ticket, moved)

    def wait(self, ticket: OrderTicket, waiting: Waiting, cost: Estimate, by: str) -> OrderTicket:
        """Not sent yet: what it waits for now, told. Raises TicketGone when somebody was quicker."""
        then = replace(ticket, waiting=waiting, cost=replace(ticket.cost, reach=cost.reach))
        asks_others = waiting.awaits is Awaits.APPROVAL and not waiting.approver_id
        if asks_others:
            uptime = self._store.uptime()
            until = replace(uptime, awake=uptime.awake + APPROVAL_LIFE)
            then = replace(then, expires_at=self._store.now() + APPROVAL_LIFE, lasts_until=until)
        with self._store.atomic():
            moved = self._told(ticket, self._store.orders.wait(ticket, then, by))
            if asks_others:
                self._ask_others(moved)
            return moved

    def expire_overdue(self) -> None:
        with self._store.atomic():
            for ticket in self._store.orders.waiting():
                if self._is_over(ticket):
                    self.step(ticket, TicketState.EXPIRED, Step())

    def _ask_others(self, ticket: OrderTicket) -> None:
        for person_id in self._approvers:
            if person_id != ticket.person_id:
                letter = Letter(
                    chat_id=person_id,
                    lane=Lane.ORDER,
                    subject=Subject.APPROVAL,
                    subject_id=ticket.id,
                    protected=True,
                )
                self._store.outbox.put(letter)

    def _told(self, ticket: OrderTicket, moved: OrderTicket | None) -> OrderTicket:
        if moved is None:
            raise moved_on(self.get(ticket.id))
        tell_ticket(self._store.outbox, moved)
        return moved

    def _own(self, ticket_id: int, person: Person) -> OrderTicket:
        ticket = self.get(ticket_id)
        if ticket.person_id != person.id:
            raise TicketGone(f"Only {ticket.person} can tap {ticket.name}.")
        return ticket

    def _still_waiting(self, ticket: OrderTicket) -> OrderTicket:
        if ticket.state is TicketState.EXPIRED or self._is_over(ticket):
            raise TicketGone(f"{ticket.name} expired, nothing was sent.")
        if ticket.state is TicketState.DECLINED:
            raise TicketGone(f"{ticket.name} was cancelled, nothing was sent.")
        if ticket.state is not TicketState.AWAIT_CONFIRM:
            raise TicketGone(f"{ticket.name} was already sent.")
        return ticket

    def _is_over(self, ticket: OrderTicket) -> bool:
        """By the stricter of two clocks: one may be set back, the other begins anew with the host."""
        return ticket.expires_at <= self._store.now() or self._store.uptime().reached(ticket.lasts_until)


def moved_on(ticket: OrderTicket) -> TicketGone:
    """Somebody, or KuCoin's own news of it, was quicker: what became of the ticket, as it stands in its row now."""
    return TicketGone(f"{ticket.name} has moved on meanwhile: {_BECAME[ticket.state]}.")
