"""Find out what became of an order: after placing it, after a lost answer, after a restart.

The exchange is the truth; our row is a claim that is brought in line with it. What cannot
be found is looked for again, never sent again.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from enum import Enum, auto

from chatbot.core.errors import KucoinError, OutcomeUnknown, UnknownOrder
from chatbot.core.life import AT_THE_EXCHANGE, GIVEN_UP, TRANSITIONS
from chatbot.core.notices import Lane
from chatbot.core.orders import Executed, Order, OrderStatus, OrderTicket, OrderType, TicketState
from chatbot.core.positions import only_closes
from chatbot.core.times import Now, Sleep, in_words, steady_now
from chatbot.services.exchange import Exchange
from chatbot.services.letters import tell_found
from chatbot.services.lookups import CALLED_OFF, GONE, Doubts, Lookups
from chatbot.services.sweeping import note_arrival
from chatbot.store.orders import Step
from chatbot.store.store import Store

log = logging.getLogger(__name__)

WATCH_DELAYS = (0.1, 0.2, 0.4, 0.8, 1.5, 3.0)
"""Seconds between looks at an order just placed: a market order is done by the first or second."""

SEARCH_DELAYS = (0.5, 1.0, 2.0, 4.0)
"""Seconds between looks for an order whose answer was lost; after these the clock's job goes on."""

MISSING_OFTEN = timedelta(minutes=5)
"""An order that was seen and is so long missing is looked for more rarely."""

FORGOTTEN_AFTER = timedelta(hours=48)
"""KuCoin knows a cancelled order for two days: one that is so long in no list will not come back."""

LATE_ARRIVALS = timedelta(hours=24)
"""How long an order that was not found is looked for now and then."""

LOOKED_AWAY = timedelta(seconds=3)
"""What happens to an order within this of its tap is seen on its card; later it is told in a message that rings."""

ABANDONED_AFTER = timedelta(seconds=60)
"""From the tap on, longer than any submission takes: whoever sent the order is not there any more."""

_DOUBTFUL = GIVEN_UP | {TicketState.UNKNOWN}
_HEARD = (AT_THE_EXCHANGE | GIVEN_UP) - {TicketState.SUBMITTING}
_TAKEN_OUT = frozenset({OrderStatus.CANCELED, OrderStatus.LAPSED})
_BY = "KuCoin"


class Look(Enum):
    """What one look at an order told. SETTLED: nothing more will happen at once."""

    UNANSWERED = auto()
    MISSING = auto()
    MOVING = auto()
    SETTLED = auto()


class Reconciler:
    """`steady` is the clock that not-founds are spaced by."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        store: Store,
        now: Now,
        sleep: Sleep = asyncio.sleep,
        steady: Now = steady_now,
    ) -> None:
        self._exchange = exchange
        self._lookups = Lookups(exchange, now)
        self._store = store
        self._now = now
        self._sleep = sleep
        self._busy: set[int] = set()
        self._doubts = Doubts(steady)

    def recover(self) -> None:
        """At a start: whatever was being sent may exist. It is looked for like any lost answer."""
        self._doubt_submissions(timedelta(0), "the bot stopped while it was being sent")
        for ticket in self._store.orders.living():
            if ticket.state is TicketState.UNKNOWN:
                self._doubts.begin(ticket.id)

    async def watch(self, ticket: OrderTicket) -> None:
        """Keeps the card of an order just placed up to date until it ends or is seen to rest."""
        await self._look_repeatedly(ticket, WATCH_DELAYS)

    async def search(self, ticket: OrderTicket) -> None:
        """Looks for an order whose answer was lost."""
        self._doubts.begin(ticket.id)
        await self._look_repeatedly(ticket, SEARCH_DELAYS)

    async def follow(self) -> None:
        """One look at every ticket whose order may be alive, those included whose submission broke off."""
        self._doubt_submissions(ABANDONED_AFTER, "sending it broke off")
        living = [t for t in self._store.orders.living() if t.state is not TicketState.SUBMITTING]
        theirs = [t for t in living if t.id not in self._busy and not self._long_missing(t)]
        shown = await self._lookups.listed(theirs)
        found = [(ticket, shown.get(ticket.spec.client_oid)) for ticket in theirs]
        await asyncio.gather(*(self.look(t) if order is None else self.see(t, order) for t, order in found))

    async def watch_lost(self) -> None:
        """One look at every order that has been missing for long, and at every ticket of the last day that was
        given up as not placed: a late arrival reopens it."""
        orders = self._store.orders
        missing = [t for t in orders.living() if self._long_missing(t)]
        await asyncio.gather(*(self.look(t) for t in (*missing, *orders.lost(self._now() - LATE_ARRIVALS))))

    async def check(self, ticket: OrderTicket) -> OrderTicket:
        """One look, asked for by a person; the ticket as it stands afterwards."""
        await self.look(ticket, asked=True)
        return self._store.orders.ticket(ticket.id) or ticket

    async def called_off(self, ticket: OrderTicket) -> OrderTicket:
        """One look after KuCoin named its stop order among the cancelled: what is nowhere now did not fire before."""
        await self.look(ticket, asked=True, named=True)
        return self._store.orders.ticket(ticket.id) or ticket

    async def hear(self, ticket: OrderTicket) -> None:
        """One look, because the exchange said that something happened to the order."""
        if ticket.state in _HEARD:
            await self.look(ticket)

    def _long_missing(self, ticket: OrderTicket) -> bool:
        return ticket.missing_since is not None and self._now() - ticket.missing_since >= MISSING_OFTEN

    def _doubt_submissions(self, age: timedelta, reason: str) -> None:
        for ticket in self._store.orders.living():
            tapped = ticket.submitted_at or ticket.proposed_at
            if ticket.state is TicketState.SUBMITTING and self._now() - tapped >= age:
                self._move(ticket, TicketState.UNKNOWN, Step(reason=reason))

    async def _look_repeatedly(self, ticket: OrderTicket, delays: Sequence[float]) -> None:
        self._busy.add(ticket.id)
        try:
            for delay in delays:
                await self._sleep(delay)
                latest = self._store.orders.ticket(ticket.id) or ticket
                if await self.look(latest) is Look.SETTLED:
                    return
        finally:
            self._busy.discard(ticket.id)

    async def look(self, ticket: OrderTicket, *, asked: bool = False, named: bool = False) -> Look:
        """What cannot be asked now is asked again later."""
        try:
            order = await self._lookups.find(ticket)
        except UnknownOrder as error:
            self._missed(ticket, str(error), named=named)
            return Look.MISSING
        except KucoinError as error:
            log.warning("%s could not be looked up: %s", ticket.name, error)
            return Look.UNANSWERED
        return await self.see(ticket, order, asked=asked)

    async def see(self, ticket: OrderTicket, order: Order, *, asked: bool = False) -> Look:
        """Brings the row in line with what the exchange just showed of its order."""
        self._doubts.end(ticket.id)
        if ticket.missing_since is not None:
            self._store.orders.missing(ticket, None)
        self._adopt(ticket, order, await self._lookups.executed(order), asked=asked)
        if order.active and not only_closes(order) and self._store.stops.standing() is not None:
            note_arrival(self._store, order)
            await self._cancel_after_kill(order)
        rests = order.parked or order.type is OrderType.LIMIT
        return Look.SETTLED if rests or not order.active else Look.MOVING

    def _adopt(self, ticket: OrderTicket, order: Order, executed: Executed, *, asked: bool) -> None:
        """Older news than what we hold is dropped."""
        state = TicketState(order.status.value)
        stale = executed.size < ticket.executed.size or state not in TRANSITIONS[ticket.state]
        if stale or (state is ticket.state and executed.size == ticket.executed.size):
            return
        rings = self._rings(ticket, order) and not asked
        if state is TicketState.LAPSED:
            self._lapse(ticket, CALLED_OFF, rings=rings)
            return
        step = Step(order_id=order.order_id, executed=executed, reason="", detail=f"filled {executed.size}")
        late = Lane.ANSWER if ticket.state in GIVEN_UP else Lane.ORDER
        self._move(ticket, state, step, rings=late if rings else None)

    def _rings(self, ticket: OrderTicket, order: Order) -> bool:
        """Ends, finds, what fired and the first fill of several ring.

        Not while the person still looks at the card, nor what a kill tells on its own.
        """
        tapped = ticket.submitted_at or ticket.proposed_at
        begun = order.status is OrderStatus.PARTIAL and ticket.state is TicketState.OPEN
        news = not order.active or begun or ticket.state in _DOUBTFUL or ticket.state is TicketState.PARKED
        if self._now() - tapped < LOOKED_AWAY or not news:
            return False
        return order.status not in _TAKEN_OUT or self._store.stops.standing() is None

    def _missed(self, ticket: OrderTicket, why: str, *, named: bool) -> None:
        """It is nowhere. Enough of that, long enough apart, end an order that is in doubt, and one that was seen."""
        if ticket.state is TicketState.PARKED:
            self._miss_stop(ticket, why, named=named)
            return
        if ticket.state is TicketState.UNKNOWN and self._doubts.count(ticket.id):
            step = Step(detail="look-ups found nothing")
            self._move(ticket, TicketState.NOT_PLACED, step, rings=Lane.ORDER)
        elif ticket.state in (TicketState.OPEN, TicketState.PARTIAL):
            self._miss(ticket)

    def _miss_stop(self, ticket: OrderTicket, why: str, *, named: bool) -> None:
        """What was promised to be cancelled and is gone was cancelled; else it needs as many looks as any doubt."""
        killed = self._store.stops.standing() is not None
        if named or self._doubts.count(ticket.id):
            called_off = named or (killed and why == GONE)
            self._lapse(ticket, CALLED_OFF if called_off else why, rings=not named and not killed)

    def _lapse(self, ticket: OrderTicket, why: str, *, rings: bool) -> None:
        with self._store.atomic():
            self._store.orders.missing(ticket, self._now())
            step = Step(reason=why, detail="waits no more")
            self._move(ticket, TicketState.LAPSED, step, rings=Lane.ORDER if rings else None)

    def _miss(self, ticket: OrderTicket) -> None:
        now = self._now()
        since = ticket.missing_since
        if since is None:
            self._store.orders.missing(ticket, now)
        elif now - since >= FORGOTTEN_AFTER:
            step = Step(reason=f"looked for in vain for {in_words(now - since)}", detail="in no list any more")
            self._move(ticket, TicketState.FORGOTTEN, step, rings=Lane.ORDER)

    async def _cancel_after_kill(self, order: Order) -> None:
        try:
            await self._exchange.orders.take_out(order)
        except (UnknownOrder, OutcomeUnknown):
            log.info("cancel of %s left open: the next look tells", order.order_id)
        except KucoinError as error:
            log.warning("%s could not be cancelled after the kill: %s", order.order_id, error)

    def _move(self, ticket: OrderTicket, to: TicketState, step: Step, *, rings: Lane | None = None) -> None:
        """`rings` is how urgently a message of its own tells it, None for the card alone."""
        with self._store.atomic():
            moved = self._store.orders.move(ticket, to, by=_BY, step=step)
            if moved is not None:
                tell_found(self._store.outbox, moved, rings)
