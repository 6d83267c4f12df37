"""Handlers of Close positions: the button on a kill's card, and the card that asks once more."""

from functools import partial

from chatbot.chat.messages import Reply, Tap
from chatbot.chat.views import closing as views
from chatbot.core.closing import read
from chatbot.core.errors import TicketGone
from chatbot.core.modes import TradingMode
from chatbot.services.closing import Closing


class ClosingHandlers:
    def __init__(self, *, closing: Closing, mode: TradingMode) -> None:
        self._closing = closing
        self._mode = mode

    async def close_tap(self, tap: Tap) -> Reply:
        card, positions = await self._closing.propose(tap.person)
        return views.asks(card, positions, self._mode)

    async def confirm_tap(self, tap: Tap) -> Reply:
        sendings = await self._closing.confirm(read(tap.argument), tap.person, tap.chat_id)
        reply = views.confirmed([ticket for ticket, _ in sendings], self._mode)
        return Reply(text=reply.text, edit=True, toast="Closing…", then=partial(self._closing.send, sendings))

    async def decline_tap(self, tap: Tap) -> Reply:
        if read(tap.argument).person_id != tap.person.id:
            raise TicketGone("Only who asked for it can cancel this.")
        return Reply(text=views.declined(tap.person, self._mode), edit=True, toast="Nothing was sent.")
