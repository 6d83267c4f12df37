"""Handlers of /close, of the buttons that close a position or half of it, and of their ticket's Confirm."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from chatbot.chat import parsing, words
from chatbot.chat.messages import Message, Reply, Tap
from chatbot.chat.views import closing
from chatbot.chat.views import positions as views
from chatbot.core.errors import ChatbotError, UsageError
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Subject
from chatbot.core.orders import OrderTicket
from chatbot.core.stops import Stop
from chatbot.services.passing import PriceMoved, Tripped
from chatbot.services.positions import Positions
from chatbot.services.reducing import PositionChanged, Reducing, Reduction
from chatbot.services.trading import Asking

_EXAMPLE = "/close BTC 50%"
_SIDES = frozenset({"long", "short"})
_PARTS = {"half": "50%", "all": "100%", "max": "100%"}


class ReducingHandlers:
    """`sweep` cancels what rests after a stop."""

    def __init__(
        self,
        *,
        reducing: Reducing,
        positions: Positions,
        sweep: Callable[[Stop], Awaitable[None]],
        mode: TradingMode,
    ) -> None:
        self._reducing = reducing
        self._positions = positions
        self._sweep = sweep
        self._mode = mode

    async def close(self, message: Message) -> Reply:
        if not message.text:
            held = [each.position for each in (await self._positions.holdings()).held]
            return views.which(held, self._mode)
        wanted = reduction(message.text)
        asking = Asking(person=message.person, chat_id=message.chat_id, update_id=message.update_id, asked="")
        return _card(await self._reducing.propose(wanted, asking))

    async def reduce_tap(self, tap: Tap) -> Reply:
        """`SYMBOL PERCENT`, and in hedge mode the side."""
        return _card(await self._propose(tap, tap.argument))

    async def confirm_tap(self, tap: Tap) -> Reply:
        ticket_id = int(tap.argument)
        try:
            sending = await self._reducing.confirm(ticket_id, tap.person, tap.card_id)
        except (PriceMoved, PositionChanged) as changed:
            return await self._anew(tap, self._reducing.ticket(ticket_id), changed)
        except Tripped as tripped:
            return Reply(toast=str(tripped), popup=True, then=partial(self._sweep, tripped.stop))
        return Reply(toast=f"Sending {sending[0].name}…", then=partial(self._reducing.send, sending))

    async def _anew(self, tap: Tap, spent: OrderTicket, changed: PriceMoved | PositionChanged) -> Reply:
        """The spent card offers no other: where none can be drawn now, the answer does."""
        try:
            fresh = await self._propose(tap, spent.asked.partition(" ")[2])
        except ChatbotError as error:
            said = words.failure(error, aloud=not tap.private)
            return replace(said, toast=str(changed), popup=True, buttons=(closing.again(spent),))
        return replace(_card(fresh), toast=f"{changed} Look at the new card {fresh.name}.", popup=True)

    async def _propose(self, tap: Tap, text: str) -> OrderTicket:
        asking = Asking(person=tap.person, chat_id=tap.chat_id, update_id=tap.update_id, asked="")
        return await self._reducing.propose(reduction(text), asking)


def reduction(text: str) -> Reduction:
    """`BTC`, `btc 50%`, `XBTUSDTM 50 long`, `BTC half`. Raises UsageError."""
    word, *rest = text.split()
    sides = [each.lower() for each in rest if each.lower() in _SIDES]
    parts = [each for each in rest if each.lower() not in _SIDES]
    if len(parts) > 1 and parts[1] == "%":
        parts = [f"{parts[0]}%", *parts[2:]]
    if len(sides) > 1 or len(parts) > 1:
        raise UsageError("Say what to close, and how much of it.", example=_EXAMPLE)
    if not parts:
        return Reduction(word=word, side="".join(sides))
    percent = parsing.amount(_PARTS.get(parts[0].lower(), f"{parts[0].removesuffix('%')}%"), _EXAMPLE).value
    return Reduction(word=word, percent=percent, side="".join(sides))


def _card(ticket: OrderTicket) -> Reply:
    return Reply(subject=Subject.TICKET, subject_id=ticket.id, protected=True)
