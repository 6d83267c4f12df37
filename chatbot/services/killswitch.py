"""Kill and resume: a durable flag first, then everything that rests is cancelled, then what is left is listed."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from chatbot.core.errors import Refused
from chatbot.core.notices import Lane, Letter, Subject
from chatbot.core.orders import OrderTicket, TicketState
from chatbot.core.stops import Stop, StopReport
from chatbot.core.times import Now, Sleep
from chatbot.services.exchange import Exchange
from chatbot.services.letters import tell_ticket
from chatbot.services.sweeping import Pace, Sweeping, redraw
from chatbot.store.orders import Step
from chatbot.store.store import Store

_NOBODY = 0
"""No chat has this number."""


class KillSwitch:
    """Every one of the `owners` hears of each kill and resume, whoever did it."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        store: Store,
        owners: Iterable[int],
        now: Now,
        sleep: Sleep = asyncio.sleep,
        pace: Pace | None = None,
    ) -> None:
        self._store = store
        self._owners = tuple(owners)
        self._sweeping = Sweeping(exchange=exchange, store=store, now=now, sleep=sleep, pace=pace or Pace())

    def kill(self, person: str, chat_id: int, update_id: int | None, cause: str = "", *, person_id: int = 0) -> Stop:
        """From the commit of this transaction on, no order leaves. Needs no network.

        The same update kills once, whatever was resumed since. The bot itself has no update, but
        a `cause`. Whoever is answered in `chat_id` is not told once more in a message of their own.
        """
        with self._store.atomic():
            standing = self._store.stops.standing()
            stop = self._store.stops.kill(person, chat_id, update_id, cause)
            if stop.resumed_at is not None:
                return stop
            waiting = self._store.orders.waiting()
            for ticket in waiting:
                self._expire(ticket)
            report = StopReport(tickets_expired=stop.report.tickets_expired + len(waiting), lines=stop.report.lines)
            self._store.stops.note(stop.id, report)
            if standing is None:
                self._tell_owners(stop, {chat_id, person_id} if update_id is not None else set())
            return replace(stop, report=report)

    def halt(self, cause: str) -> Stop:
        """A kill that nobody asked for; every owner is told, each in their own chat. One that stands already stays."""
        return self.kill("the bot", _NOBODY, None, cause)

    async def sweep(self, stop: Stop) -> None:
        """Cancels wherever an order can rest and looks until nothing does; every step is told on the kill's cards."""
        await self._sweeping.sweep(stop)

    async def recount(self) -> None:
        """After positions were closed: what is left of them, on the kill's cards."""
        stop = self._store.stops.standing()
        if stop is not None:
            await self._sweeping.recount(stop)

    async def finish_unfinished(self) -> None:
        """A kill whose sweep was cut short, or met a place that failed, is swept again; two sweeps never at once."""
        stop = self._store.stops.standing()
        if stop is not None and not stop.report.settled:
            await self.sweep(stop)

    def standing(self) -> Stop | None:
        return self._store.stops.standing()

    def stop(self, stop_id: int) -> Stop | None:
        return self._store.stops.get(stop_id)

    def resume(self, person: str, reason: str, update_id: int, *, person_id: int = 0) -> Stop | None:
        """None when nothing was stopped. Every card of the kill tells it, and every other owner hears it.

        Raises Refused where the kill came after this update, or after what this update ended already.
        """
        with self._store.atomic():
            standing = self._store.stops.standing()
            if standing is not None and self._store.stops.killed_after(standing.id, update_id):
                raise Refused(
                    "Trading was stopped after you sent that, so it stays stopped. Send it again if it is safe."
                )
            stop = self._store.stops.resume(person, reason, update_id)
            if stop is None or standing is None:
                return stop
            if stop.id != standing.id:
                raise Refused("That ended an earlier stop. Trading was stopped again since.")
            redraw(self._store, stop.id)
            self._tell_owners(stop, {person_id})
        return stop

    def _tell_owners(self, stop: Stop, but: set[int]) -> None:
        """A card of the kill each: it rings, it is kept up to date, and it has the kill's buttons."""
        for owner in self._owners:
            if owner not in but:
                letter = Letter(chat_id=owner, lane=Lane.STOP, subject=Subject.STOP, subject_id=stop.id)
                self._store.outbox.put(letter)

    def _expire(self, ticket: OrderTicket) -> None:
        step = Step(reason="trading was stopped")
        moved = self._store.orders.move(ticket, TicketState.EXPIRED, by=ticket.person, step=step)
        if moved is not None:
            tell_ticket(self._store.outbox, moved)
