"""Take resting orders out of the books, and say only what the exchange says of them afterwards."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import replace

from chatbot.core.errors import KucoinError, OutcomeUnknown, UnknownOrder, UsageError
from chatbot.core.orders import Order, OrderTicket, TicketState
from chatbot.core.times import Sleep
from chatbot.core.values import frozen
from chatbot.services.exchange import Exchange
from chatbot.services.reconcile import Reconciler
from chatbot.store.store import Store

log = logging.getLogger(__name__)

_LOOKS = (0.2, 0.5, 1.0, 2.0)
"""Seconds between looks after a cancel: the exchange only promised to try."""

_FIRED = frozenset({TicketState.OPEN, TicketState.PARTIAL, TicketState.FILLED, TicketState.CANCELED})

_SHOWS_AFTER = 0.5
"""Seconds until a stop order that fired just before its cancel shows among the orders."""


@frozen
class Cancelled:
    """`orders` as the exchange shows each after its cancel, all asked for at once; `left` were not touched.

    Of the `unread` nothing is known since: no look at them came through.
    """

    orders: tuple[Order, ...]
    unread: tuple[Order, ...] = ()
    left: tuple[Order, ...] = ()


class Cancelling:
    def __init__(
        self, *, exchange: Exchange, store: Store, reconciler: Reconciler, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._exchange = exchange
        self._store = store
        self._reconciler = reconciler
        self._sleep = sleep

    async def open_orders(self) -> tuple[Order, ...]:
        """Newest first, whoever placed them."""
        return tuple(sorted(await self._exchange.open_orders(), key=lambda o: o.created_at, reverse=True))

    def tickets_of(self, orders: Sequence[Order]) -> dict[str, OrderTicket]:
        """Our tickets by order id; orders made elsewhere have none.

        A stop order that fired has a new id, which its ticket may not know yet.
        """
        known = self._store.orders.by_order(o.order_id for o in orders)
        for order in orders:
            ticket = self._store.orders.by_client_oid(order.client_oid) if order.ours else None
            if ticket is not None:
                known.setdefault(order.order_id, ticket)
        return known

    async def cancel(self, reference: str) -> Order:
        """`T-12`, or KuCoin's order id. Raises UsageError when nothing open answers to it, KucoinError."""
        orders = await self.open_orders()
        tickets = self.tickets_of(orders)
        found = next((o for o in orders if self._answers_to(reference, o, tickets.get(o.order_id))), None)
        if found is None:
            raise UsageError(f"No open order {reference}.", example="/orders")
        return await self._cancel(found, tickets.get(found.order_id))

    async def cancel_all(self) -> Cancelled:
        """Every open order of ours. Raises KucoinError."""
        orders = await self.open_orders()
        tickets = self.tickets_of(orders)
        ours = [o for o in orders if o.ours or o.order_id in tickets]
        elsewhere = tuple(o for o in orders if o not in ours)
        return replace(await self._try_all(ours, tickets), left=elsewhere)

    async def cancel_elsewhere(self) -> Cancelled:
        """Every open order that somebody made elsewhere: for who was told of them and wants it. Raises KucoinError."""
        orders = await self.open_orders()
        tickets = self.tickets_of(orders)
        elsewhere = [o for o in orders if not o.ours and o.order_id not in tickets]
        return await self._try_all(elsewhere, {})

    async def _try_all(self, orders: Sequence[Order], tickets: dict[str, OrderTicket]) -> Cancelled:
        ends = await asyncio.gather(*(self._try(o, tickets.get(o.order_id)) for o in orders))
        return Cancelled(
            orders=tuple(end for end in ends if end is not None),
            unread=tuple(order for order, end in zip(orders, ends, strict=True) if end is None),
        )

    async def _try(self, order: Order, ticket: OrderTicket | None) -> Order | None:
        """One cancel that fails must not hide what became of the others. None where no look came through."""
        try:
            return await self._cancel(order, ticket)
        except KucoinError as error:
            log.warning("%s could not be cancelled: %s", order.order_id, error)
            return None if order.parked else await self._look(order)

    async def _cancel(self, order: Order, ticket: OrderTicket | None) -> Order:
        """Cancel and fill may cross: what is handed back is what the exchange shows, open if it still does.

        Raises OutcomeUnknown when no look came through after the cancel.
        """
        if order.parked:
            return await self._cancel_stop(order, ticket)
        with contextlib.suppress(UnknownOrder):  # it may have filled meanwhile: the look below tells
            await self._exchange.orders.cancel(order.order_id, order.symbol, order.venue)
        latest = None
        for delay in _LOOKS:
            latest = await self._look(order) or latest
            if latest is not None and not latest.active:
                break
            await self._sleep(delay)
        if ticket is not None:
            await self._reconciler.check(ticket)
        if latest is None:
            raise OutcomeUnknown("The cancel was asked for, and whether it still rests could not be read.")
        return latest

    async def _cancel_stop(self, order: Order, ticket: OrderTicket | None) -> Order:
        """A stop order that fires before its cancel comes is cancelled as the order that it became.

        What neither waits nor is an order, and was not promised to be cancelled, is handed back as not cancelled.
        """
        if ticket is not None:
            await self._reconciler.see(ticket, order)
            ticket = self._store.orders.ticket(ticket.id) or ticket  # one in doubt was found by that
        named = await self._exchange.orders.take_out(order)
        if await self._still_waits(order):
            return order
        gone = replace(order, active=False, cancelled=named)
        if ticket is None:
            return gone
        await self._sleep(_SHOWS_AFTER)
        now = await (self._reconciler.called_off(ticket) if named else self._reconciler.check(ticket))
        if now.state not in _FIRED:
            return gone
        fired = await self._exchange.orders.by_id(now.order_id, order.symbol, order.venue)
        return await self._cancel(fired, now) if fired.active else fired

    async def _still_waits(self, order: Order) -> bool:
        """Raises OutcomeUnknown when no list came after the cancel."""
        seen = False
        for delay in _LOOKS:
            try:
                if order.order_id not in {o.order_id for o in await self._exchange.orders.stop_orders()}:
                    return False
                seen = True
            except KucoinError as error:
                log.warning("whether %s still waits could not be read: %s", order.order_id, error)
            await self._sleep(delay)
        if not seen:
            raise OutcomeUnknown("The cancel was asked for, and whether it still waits could not be read.")
        return True

    async def _look(self, order: Order) -> Order | None:
        try:
            return await self._exchange.orders.by_id(order.order_id, order.symbol, order.venue)
        except KucoinError:
            return None

    @staticmethod
    def _answers_to(reference: str, order: Order, ticket: OrderTicket | None) -> bool:
        """By the number it had before it fired, too: that is the one on the card's button."""
        return reference == order.order_id or (
            ticket is not None and (reference.upper() == ticket.name or reference == ticket.order_id)
        )
