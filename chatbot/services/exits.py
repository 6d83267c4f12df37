"""Orders that only make a futures position smaller, on their way out: one POST each, and what became of it."""

from chatbot.core.account import Position
from chatbot.core.errors import Killed, OutcomeUnknown, Refused, Rejected, TicketGone, Unavailable
from chatbot.core.orders import OrderTicket, TicketState
from chatbot.kucoin.trips import LastWord
from chatbot.services.exchange import Exchange
from chatbot.services.reconcile import Reconciler
from chatbot.services.tickets import Tickets
from chatbot.store.orders import Step

Sending = tuple[OrderTicket, Position]
"""A ticket that may be sent once, and the position it makes smaller."""


class Exits:
    """Shared by Close positions after a kill and by /close: they differ in what lets an order leave."""

    def __init__(self, *, exchange: Exchange, reconciler: Reconciler, tickets: Tickets) -> None:
        self._exchange = exchange
        self._reconciler = reconciler
        self._tickets = tickets

    async def send(self, sending: Sending, last_word: LastWord) -> None:
        """The one POST of a ticket that is being sent; a lost answer is looked up, never sent again.

        `last_word` is asked when the first byte is about to leave. Raises TicketGone when the ticket was
        sent, or given up, before.
        """
        ticket, position = sending
        if self._tickets.get(ticket.id).state is not TicketState.SUBMITTING:
            raise TicketGone(f"{ticket.name} was already sent, or given up.")
        try:
            order_id = await self._exchange.orders.reduce(ticket.spec, position, last_word=last_word)
        except Killed:
            self._tickets.step(ticket, TicketState.NOT_SENT, Step(reason="trading was stopped before it left"))
        except Rejected as error:
            self._tickets.step(ticket, TicketState.REJECTED, Step(reason=str(error), detail=error.code))
        except Refused as error:
            self._tickets.step(ticket, TicketState.NOT_SENT, Step(reason=str(error)))
        except Unavailable as error:
            self._tickets.step(ticket, TicketState.NOT_SENT, Step(reason=str(error), detail=error.code))
        except OutcomeUnknown as error:
            doubtful = self._tickets.step(ticket, TicketState.UNKNOWN, Step(reason=str(error), detail=error.code))
            await self._reconciler.search(doubtful)
        else:
            placed = self._tickets.step(ticket, TicketState.OPEN, Step(order_id=order_id, detail=order_id))
            await self._reconciler.watch(placed)
