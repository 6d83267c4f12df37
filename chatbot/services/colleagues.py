"""What others have under way on the same symbol: two people shall not do the same thing without knowing."""

from datetime import timedelta

from chatbot.core.orders import OrderTicket, TicketState
from chatbot.services.letters import tell_ticket
from chatbot.store.store import Store

LATELY = timedelta(minutes=5)
"""How long an order that was sent is still worth a word on somebody else's ticket."""


class Colleagues:
    def __init__(self, store: Store) -> None:
        self._store = store

    def beside(self, ticket: OrderTicket) -> tuple[OrderTicket, ...]:
        """Other people's, oldest first, as long as `ticket` waits: what waits for a tap, is being sent, or was sent
        lately and rests or was filled."""
        if ticket.state is not TicketState.AWAIT_CONFIRM:
            return ()
        now = self._store.now()
        found = self._store.orders.lately_on(ticket.spec.symbol, now - LATELY)
        others = (other for other in found if other.person_id != ticket.person_id)
        return tuple(o for o in others if o.state is not TicketState.AWAIT_CONFIRM or o.expires_at > now)

    def tell(self, ticket: OrderTicket) -> None:
        """Others whose tickets still wait read on their cards that this one has come. Joins the open transaction."""
        for other in self.beside(ticket):
            if other.state is TicketState.AWAIT_CONFIRM:
                tell_ticket(self._store.outbox, other)
