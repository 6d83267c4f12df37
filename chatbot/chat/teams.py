"""Handlers of what a desk of several people sees of one another's tickets."""

from collections.abc import Callable

from chatbot.chat.messages import Reply, Tap
from chatbot.chat.views.desk_lines import after_in_short
from chatbot.core.errors import NotAllowed
from chatbot.core.orders import OrderTicket


class TeamHandlers:
    """`ticket` reads one by its number. Raises TicketGone."""

    def __init__(self, ticket: Callable[[int], OrderTicket]) -> None:
        self._ticket = ticket

    async def after_tap(self, tap: Tap) -> Reply:
        """What a ticket would leave of the account, in a pop-up that nobody but its asker gets to see."""
        ticket = self._ticket(int(tap.argument))
        if ticket.person_id != tap.person.id:
            raise NotAllowed(f"Only {ticket.person} can look at what {ticket.name} leaves.")
        return Reply(toast=after_in_short(ticket), popup=True)
