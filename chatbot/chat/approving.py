"""Handlers of what an order needs to leave: the tap, the tap that knows better, the code, another person's word."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial

from chatbot.chat import words
from chatbot.chat.messages import Message, Reply, Tap
from chatbot.chat.views.markup import lines
from chatbot.chat.views.ticket_lines import beyond
from chatbot.chat.views.tickets import again
from chatbot.core.errors import ChatbotError, NotAllowed, TicketGone, UsageError
from chatbot.core.notices import Subject
from chatbot.core.orders import OrderTicket, TicketState
from chatbot.core.people import Person, Role
from chatbot.core.stops import Stop
from chatbot.core.values import frozen
from chatbot.core.waiting import Awaits
from chatbot.services.factors import Factors
from chatbot.services.passing import PriceMoved, Tripped
from chatbot.services.trading import Trading

RESUME = "resume"
"""Stands in place of a ticket where a code is for /resume."""

_EXAMPLE = "/code T-12 123456"

Erase = Callable[[int, int], Awaitable[None]]
"""Takes a message (chat id, message id) out of the chat, if that can be done."""


@frozen
class Sequels:
    """What may follow an answer: a stop that has to be swept, a message that should not stay, a resume."""

    sweep: Callable[[Stop], Awaitable[None]]
    erase: Erase
    resume: Callable[[Person, str, int], Reply]


class Approving:
    """`again` draws a new card of the tapped ticket's line."""

    def __init__(
        self, *, trading: Trading, factors: Factors, again: Callable[[Tap], Awaitable[Reply]], sequels: Sequels
    ) -> None:
        self._trading = trading
        self._factors = factors
        self._again = again
        self._sequels = sequels

    async def confirm(self, tap: Tap) -> Reply:
        return await self._confirm(tap, int(tap.argument), None)

    async def far(self, tap: Tap) -> Reply:
        """The button that says how far from the market the order lies."""
        ticket_id, _, aware = tap.argument.partition(" ")
        return await self._confirm(tap, int(ticket_id), Decimal(aware))

    async def approve(self, tap: Tap) -> Reply:
        _check_own_chat(tap)
        try:
            return self._passed(await self._trading.approve(int(tap.argument), tap.person))
        except Tripped as tripped:
            return self._stopped(tripped)

    async def reject(self, tap: Tap) -> Reply:
        _check_own_chat(tap)
        ticket = self._trading.reject(int(tap.argument), tap.person)
        return Reply(toast=f"{ticket.name} rejected, nothing was sent.")

    async def code(self, message: Message) -> Reply:
        """`T-12 123456`, or `resume REASON 123456`. Whatever comes of it, the code does not stay in the chat."""
        try:
            reply = await self._proved(message)
        except Tripped as tripped:
            reply = self._stopped(tripped)
        except ChatbotError as error:
            reply = words.failure(error, aloud=not message.private)
        erase = partial(self._sequels.erase, message.chat_id, message.message_id)
        return replace(reply, then=_both(reply.then, erase))

    async def _confirm(self, tap: Tap, ticket_id: int, aware: Decimal | None) -> Reply:
        try:
            ticket = await self._trading.confirm(ticket_id, tap.person, tap.card_id, aware)
        except PriceMoved as moved:
            return await self._anew(tap, ticket_id, moved)
        except Tripped as tripped:
            return self._stopped(tripped)
        return self._passed(ticket)

    async def _anew(self, tap: Tap, ticket_id: int, moved: PriceMoved) -> Reply:
        """The spent card offers no other: where none can be drawn now, the answer does."""
        try:
            fresh = await self._again(tap)
        except ChatbotError as error:
            offered = ((again(self._trading.ticket(ticket_id)),),)
            return replace(words.failure(error, aloud=not tap.private), toast=str(moved), popup=True, buttons=offered)
        return replace(fresh, toast=f"{moved} Look at the new card T-{fresh.subject_id}.", popup=True)

    async def _proved(self, message: Message) -> Reply:
        what, _, code = message.text.strip().rpartition(" ")
        if what.split(" ")[0] == RESUME:
            return self._resumed(message, what.removeprefix(RESUME).strip(), code)
        number = what.strip().upper().removeprefix("T-")
        if not (number.isascii() and number.isdecimal() and len(number) < 16):
            raise UsageError("Say for which ticket the code is.", example=_EXAMPLE)
        reply = self._passed(await self._trading.prove(int(number), message.person, code))
        return reply if reply.text else replace(reply, text=lines(reply.toast))

    def _resumed(self, message: Message, reason: str, code: str) -> Reply:
        if message.person.role < Role.OWNER:
            raise NotAllowed("/resume is for owners.")
        if not reason:
            raise UsageError("Say why it is safe to trade again.", example="/resume news are over")
        self._factors.check(message.person, code)
        return self._sequels.resume(message.person, reason, message.update_id)

    def _passed(self, ticket: OrderTicket) -> Reply:
        if ticket.state is TicketState.SUBMITTING:
            return Reply(toast=f"Sending {ticket.name}…", then=partial(self._trading.submit, ticket))
        if ticket.waiting.awaits is Awaits.CODE:
            return Reply(text=f"The code for {ticket.name}?", asks=f"/code {ticket.name}", hint="123456")
        if ticket.waiting.awaits is Awaits.APPROVAL:
            return Reply(toast=f"{ticket.name} waits for a second person.")
        return Reply(toast=f"{ticket.name}: {beyond(ticket)}. Tap Confirm once more if you mean it.", popup=True)

    def _stopped(self, tripped: Tripped) -> Reply:
        return Reply(toast=str(tripped), popup=True, then=partial(self._sequels.sweep, tripped.stop))


def code_for_resume(reason: str) -> Reply:
    """The question that stands between an owner's reason and trading again."""
    return Reply(text="The code?", asks=f"/code {RESUME} {reason}", hint="123456")


def _check_own_chat(tap: Tap) -> None:
    """The buttons stand on cards that went to each in their own chat, and count nowhere else."""
    if tap.letter.subject is not Subject.APPROVAL or not tap.private or tap.chat_id != tap.person.id:
        raise TicketGone("That button is not yours. Nothing was sent.")


def _both(
    one: Callable[[], Awaitable[None]] | None, other: Callable[[], Awaitable[None]]
) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        """At the same time: an order does not wait for the chat to be tidied."""
        await asyncio.gather(*(do() for do in (one, other) if do is not None))

    return run
