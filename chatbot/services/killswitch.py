"""Kill and resume: a durable flag first, then everything that rests is cancelled, then what is left is listed."""

import asyncio
import logging
from dataclasses import replace

from chatbot.core.account import Position
from chatbot.core.errors import KucoinError, NoPermission, Refused
from chatbot.core.exchange import Sweep
from chatbot.core.notices import Subject
from chatbot.core.numbers import plain
from chatbot.core.orders import Order, OrderTicket, TicketState
from chatbot.core.stops import OpenPosition, PlaceSwept, StillOpen, Stop, StopReport
from chatbot.core.times import Now, Sleep
from chatbot.services.exchange import Exchange
from chatbot.services.letters import card_edit, stop_edit
from chatbot.store.orders import Step
from chatbot.store.store import Store

log = logging.getLogger(__name__)

LIST_FIRST = 1.5
"""Seconds given to listing what rests before the cancels go out regardless."""

CHECK_DELAYS = (0.3, 0.7, 1.0, 2.0, 4.0)
"""Seconds between looks at what is left: a cancel is only a request until the order is gone."""


class KillSwitch:
    def __init__(self, *, exchange: Exchange, store: Store, now: Now, sleep: Sleep = asyncio.sleep) -> None:
        self._exchange = exchange
        self._store = store
        self._now = now
        self._sleep = sleep
        self._sweeping = asyncio.Lock()

    def kill(self, person: str, chat_id: int, update_id: int | None, cause: str = "") -> Stop:
        """From the commit of this transaction on, no order leaves. Needs no network.

        The same update kills once, whatever was resumed since. The bot itself has no update, but a `cause`.
        """
        with self._store.atomic():
            stop = self._store.stops.kill(person, chat_id, update_id, cause)
            if stop.resumed_at is not None:
                return stop
            waiting = self._store.orders.waiting()
            for ticket in waiting:
                self._expire(ticket)
            report = StopReport(tickets_expired=stop.report.tickets_expired + len(waiting))
            self._store.stops.note(stop.id, report)
            return replace(stop, report=report)

    async def sweep(self, stop: Stop) -> None:
        """As `_sweep`; while one is under way, another is not begun."""
        if self._sweeping.locked():
            return
        async with self._sweeping:
            await self._sweep(stop)

    async def _sweep(self, stop: Stop) -> None:
        """Cancels wherever an order can rest and looks until nothing does; every step is told on the kill's card."""
        report = replace(stop.report, found=await self._count_resting())
        self._tell(stop, report)
        if self._over(stop):
            return
        answers = await self._exchange.orders.cancel_everything()
        places = tuple(map(_place, answers.sweeps))
        report = replace(report, places=places, positions=await self._positions())
        for delay in CHECK_DELAYS:
            await self._sleep(delay)
            if report.positions is None:
                report = replace(report, positions=await self._positions())
            resting = await self._resting()
            checked_at = f"{self._now():%H:%M:%S}"
            report = replace(report, resting=resting, in_flight=self._in_flight(), checked_at=checked_at)
            self._tell(stop, report)
            if resting == () and not report.in_flight:
                return

    async def finish_unfinished(self) -> None:
        """A kill whose sweep was cut short, or met a place that failed, is swept again; two sweeps never at once."""
        stop = self._store.stops.standing()
        if stop is not None and not stop.report.answered:
            await self.sweep(stop)

    def _in_flight(self) -> tuple[str, ...]:
        living = self._store.orders.living()
        return tuple(t.name for t in living if t.state in (TicketState.SUBMITTING, TicketState.UNKNOWN))

    def _over(self, stop: Stop) -> bool:
        """Resumed meanwhile: what rests now is wanted."""
        standing = self._store.stops.standing()
        return standing is None or standing.id != stop.id

    def standing(self) -> Stop | None:
        return self._store.stops.standing()

    def stop(self, stop_id: int) -> Stop | None:
        return self._store.stops.get(stop_id)

    def resume(self, person: str, reason: str, update_id: int) -> Stop | None:
        """None when nothing was stopped. Every card of the kill tells it, too.

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
            for card in self._store.outbox.cards(Subject.STOP, stop.id):
                self._store.outbox.put(stop_edit(replace(stop, chat_id=card.chat_id, card_id=card.id)))
        return stop

    def _expire(self, ticket: OrderTicket) -> None:
        step = Step(reason="trading was stopped")
        moved = self._store.orders.move(ticket, TicketState.EXPIRED, by=ticket.person, step=step)
        if moved is not None and moved.card_id:
            self._store.outbox.put(card_edit(moved))

    def _tell(self, stop: Stop, report: StopReport) -> None:
        with self._store.atomic():
            self._store.stops.note(stop.id, report)
            latest = self._store.stops.get(stop.id)
            if latest is not None and latest.card_id:
                self._store.outbox.put(stop_edit(latest))

    async def _count_resting(self) -> int | None:
        try:
            async with asyncio.timeout(LIST_FIRST):
                return len(await self._exchange.open_orders())
        except (TimeoutError, KucoinError) as error:
            log.warning("what rests could not be listed before the cancels: %s", error)
            return None

    async def _resting(self) -> tuple[StillOpen, ...] | None:
        try:
            return tuple(map(_still_open, await self._exchange.open_orders()))
        except KucoinError as error:
            log.warning("what is left could not be listed: %s", error)
            return None

    async def _positions(self) -> tuple[OpenPosition, ...] | None:
        try:
            return tuple(map(_position, await self._exchange.account.positions()))
        except NoPermission:
            return ()
        except KucoinError as error:
            log.warning("positions could not be listed: %s", error)
            return None


def _still_open(order: Order) -> StillOpen:
    size = order.size if order.size is not None else order.funds
    return StillOpen(
        order_id=order.order_id,
        symbol=order.symbol,
        side=order.side.value,
        size="" if size is None else plain(size),
        price="" if order.price is None else plain(order.price),
    )


def _position(position: Position) -> OpenPosition:
    return OpenPosition(symbol=position.symbol, lots=plain(position.lots))


def _place(sweep: Sweep) -> PlaceSwept:
    """A place the key may not touch is told apart: it cannot have put anything there, and asking again is no use."""
    if isinstance(sweep.error, NoPermission):
        return PlaceSwept(place=sweep.place.value, problem="", barred=True)
    problem = str(sweep.error) if sweep.error is not None else ", ".join(sweep.failed)
    return PlaceSwept(place=sweep.place.value, problem=problem)
