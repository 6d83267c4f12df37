"""Find out what became of an order: after placing it, after a lost answer, after a restart.

The exchange is the truth; our row is a claim that is brought in line with it. What cannot
be found is looked for again, never sent again.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.errors import KucoinError, OutcomeUnknown, UnknownOrder
from chatbot.core.orders import AT_THE_EXCHANGE, Executed, Order, OrderStatus, OrderTicket, OrderType, TicketState
from chatbot.core.times import Now, Sleep
from chatbot.services.exchange import Exchange
from chatbot.services.letters import card_edit, card_news
from chatbot.store.orders import Step
from chatbot.store.store import Store

log = logging.getLogger(__name__)

WATCH_DELAYS = (0.1, 0.2, 0.4, 0.8, 1.5, 3.0)
"""Seconds between looks at an order just placed: a market order is done by the first or second."""

SEARCH_DELAYS = (0.5, 1.0, 2.0, 4.0)
"""Seconds between looks for an order whose answer was lost; after these the clock's job goes on."""

NOT_PLACED_AFTER = timedelta(seconds=30)
"""Acceptance can be slow to show: not-founds must span this long, three at the least."""

LATEST_ACCEPTANCE = timedelta(seconds=7)
"""From signing on, the time window a spot POST carries plus the clock's uncertainty, rounded up."""

SIGNED_AROUND = timedelta(seconds=10)
"""Ended orders are listed from this long before the tap on: the clocks may differ a little."""

LATE_ARRIVALS = timedelta(hours=24)
"""How long an order that was not found is looked for now and then."""

LOOKED_AWAY = timedelta(seconds=3)
"""What happens to an order within this of its tap is seen on its card; later it is told in a message that rings."""

ABANDONED_AFTER = timedelta(seconds=60)
"""From the tap on, longer than any submission takes: whoever sent the order is not there any more."""

_DOUBTFUL = frozenset({TicketState.UNKNOWN, TicketState.NOT_PLACED})
_MISSES = 3
_BY = "KuCoin"
_STATES = {
    OrderStatus.OPEN: TicketState.OPEN,
    OrderStatus.PARTIAL: TicketState.PARTIAL,
    OrderStatus.FILLED: TicketState.FILLED,
    OrderStatus.CANCELED: TicketState.CANCELED,
}


class Reconciler:
    def __init__(self, *, exchange: Exchange, store: Store, now: Now, sleep: Sleep = asyncio.sleep) -> None:
        self._exchange = exchange
        self._store = store
        self._now = now
        self._sleep = sleep
        self._busy: set[int] = set()
        self._misses: dict[int, list[datetime]] = {}

    def recover(self) -> None:
        """At a start: whatever was being sent may exist. It is looked for like any lost answer."""
        self._doubt_submissions(timedelta(0), "the bot stopped while it was being sent")

    async def watch(self, ticket: OrderTicket) -> None:
        """Keeps the card of an order just placed up to date until it ends or is seen to rest."""
        await self._look_repeatedly(ticket, WATCH_DELAYS)

    async def search(self, ticket: OrderTicket) -> None:
        """Looks for an order whose answer was lost."""
        await self._look_repeatedly(ticket, SEARCH_DELAYS)

    async def follow(self) -> None:
        """One look at every ticket whose order may be alive, those included whose submission broke off."""
        self._doubt_submissions(ABANDONED_AFTER, "sending it broke off")
        living = [t for t in self._store.orders.living() if t.state is not TicketState.SUBMITTING]
        await asyncio.gather(*(self._look(t) for t in living if t.id not in self._busy))

    async def watch_lost(self) -> None:
        """One look at every ticket of the last day that was given up as not placed: a late arrival reopens it."""
        lost = self._store.orders.lost(self._now() - LATE_ARRIVALS)
        await asyncio.gather(*(self._look(t) for t in lost))

    async def check(self, ticket: OrderTicket) -> OrderTicket:
        """One look, asked for by a person; the ticket as it stands afterwards."""
        await self._look(ticket, asked=True)
        return self._store.orders.ticket(ticket.id) or ticket

    async def hear(self, ticket: OrderTicket) -> None:
        """One look, because the exchange said that something happened to the order."""
        if ticket.state in AT_THE_EXCHANGE and ticket.state is not TicketState.SUBMITTING:
            await self._look(ticket)

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
                if await self._look(latest):
                    return
        finally:
            self._busy.discard(ticket.id)

    async def _look(self, ticket: OrderTicket, *, asked: bool = False) -> bool:
        """True when nothing more will happen at once. What cannot be asked now is asked again later."""
        try:
            order = await self._exchange.orders.find(ticket.spec.client_oid, ticket.spec.symbol, ticket.spec.venue)
        except UnknownOrder:
            await self._missed(ticket)
            return False
        except KucoinError as error:
            log.warning("%s could not be looked up: %s", ticket.name, error)
            return False
        self._misses.pop(ticket.id, None)
        self._adopt(ticket, order, await self._executed(order), asked=asked)
        if order.active and self._store.stops.standing() is not None:
            await self._cancel_after_kill(order)
        return not order.active or order.type is OrderType.LIMIT

    async def _executed(self, order: Order) -> Executed:
        """What the fills say, once the order has ended; they may lag, and then the order's own sums stand in."""
        own = Executed(size=order.filled_size, funds=order.filled_funds, fee=order.fee, fee_currency=order.fee_currency)
        if order.active or not order.filled_size:
            return own
        try:
            fills = await self._exchange.orders.fills(order.order_id, order.symbol, order.venue)
        except KucoinError as error:
            log.info("the fills of %s could not be read: %s", order.order_id, error)
            return own
        if sum((f.size for f in fills), Decimal(0)) != order.filled_size:
            return own
        return Executed(
            size=order.filled_size,
            funds=sum((f.funds for f in fills), Decimal(0)),
            fee=sum((f.fee for f in fills), Decimal(0)),
            fee_currency=fills[-1].fee_currency,
        )

    def _adopt(self, ticket: OrderTicket, order: Order, executed: Executed, *, asked: bool) -> None:
        """Brings the row in line with the exchange. Older news than what we hold is dropped."""
        state = _STATES[order.status]
        stale = executed.size < ticket.executed.size
        if stale or (state is ticket.state and executed.size == ticket.executed.size):
            return
        step = Step(order_id=order.order_id, executed=executed, reason="", detail=f"filled {executed.size}")
        rings = not asked and self._rings(ticket, order)
        self._move(ticket, state, step, rings=rings)

    def _rings(self, ticket: OrderTicket, order: Order) -> bool:
        """Ends and finds ring, unless the person still looks at the card or a kill tells it on its own."""
        tapped = ticket.submitted_at or ticket.proposed_at
        if self._now() - tapped < LOOKED_AWAY or (order.active and ticket.state not in _DOUBTFUL):
            return False
        return order.status is not OrderStatus.CANCELED or self._store.stops.standing() is None

    async def _missed(self, ticket: OrderTicket) -> None:
        """Counts a not-found of a doubtful order; enough of them, long enough apart, mean it was not placed."""
        if ticket.state is not TicketState.UNKNOWN:
            return
        now = self._now()
        misses = self._misses.setdefault(ticket.id, [])
        misses.append(now)
        signed = ticket.submitted_at or ticket.proposed_at
        settled = now - signed > LATEST_ACCEPTANCE and now - misses[0] >= NOT_PLACED_AFTER
        if len(misses) < _MISSES or not settled or await self._shows(ticket, signed - SIGNED_AROUND):
            return
        self._misses.pop(ticket.id, None)  # another look may have been quicker
        self._move(ticket, TicketState.NOT_PLACED, Step(detail=f"{len(misses)} look-ups found nothing"), rings=True)

    async def _shows(self, ticket: OrderTicket, since: datetime) -> bool:
        """Whether the lists of open or ended orders show it after all; an unanswered question counts as yes."""
        spec, orders = ticket.spec, self._exchange.orders
        try:
            lists = await asyncio.gather(
                orders.open_orders(spec.venue), orders.closed_orders(spec.symbol, spec.venue, since)
            )
        except KucoinError:
            return True
        return any(o.client_oid == spec.client_oid for listed in lists for o in listed)

    async def _cancel_after_kill(self, order: Order) -> None:
        try:
            await self._exchange.orders.cancel(order.order_id, order.symbol, order.venue)
        except (UnknownOrder, OutcomeUnknown):
            log.info("cancel of %s left open: the next look tells", order.order_id)
        except KucoinError as error:
            log.warning("%s could not be cancelled after the kill: %s", order.order_id, error)

    def _move(self, ticket: OrderTicket, to: TicketState, step: Step, *, rings: bool = False) -> None:
        with self._store.atomic():
            moved = self._store.orders.move(ticket, to, by=_BY, step=step)
            if moved is None or not moved.card_id:
                return
            self._store.outbox.put(card_edit(moved))
            if rings:
                self._store.outbox.put(card_news(moved))
