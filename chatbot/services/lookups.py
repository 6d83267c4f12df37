"""Where an order of ours can be seen at the exchange: by its own id, among the open and ended ones, in the fills."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.errors import KucoinError, Unavailable, UnknownOrder
from chatbot.core.orders import Executed, Order, OrderTicket
from chatbot.core.times import Now
from chatbot.services.exchange import Exchange

log = logging.getLogger(__name__)

SIGNED_AROUND = timedelta(seconds=10)
"""Ended orders are listed from this long before the tap on: the clocks may differ a little."""

_LISTED_FOR = timedelta(days=2)
"""What KuCoin surely still lists: it forgets cancelled orders after two days."""


NOT_PLACED_AFTER = timedelta(seconds=30)
"""Acceptance can be slow to show: not-founds must span this long, three at the least."""

LATEST_ACCEPTANCE = timedelta(seconds=7)
"""No not-found before this counts: a POST can be accepted 5 s after it was signed, by clocks that differ by 2 s."""

_MISSES = 3


class Doubts:
    """Not-founds of orders that may not exist, kept by a clock that nobody sets; a restart counts them anew."""

    def __init__(self, steady: Now) -> None:
        self._steady = steady
        self._began: dict[int, datetime] = {}
        self._misses: dict[int, list[datetime]] = {}

    def begin(self, ticket_id: int) -> None:
        """Called after its POST was signed, not before: until then nothing that is missed means anything."""
        self._began[ticket_id] = self._steady()

    def count(self, ticket_id: int) -> bool:
        """One more; True when they are enough to say that it was not placed."""
        now = self._steady()
        if now - self._began.setdefault(ticket_id, now) < LATEST_ACCEPTANCE:
            return False
        misses = self._misses.setdefault(ticket_id, [])
        misses.append(now)
        return len(misses) >= _MISSES and now - misses[0] >= NOT_PLACED_AFTER

    def end(self, ticket_id: int) -> None:
        """It was found."""
        self._began.pop(ticket_id, None)
        self._misses.pop(ticket_id, None)


class Lookups:
    def __init__(self, exchange: Exchange, now: Now) -> None:
        self._exchange = exchange
        self._now = now

    async def find(self, ticket: OrderTicket) -> Order:
        """A hit anywhere is the order.

        Raises UnknownOrder when it is nowhere, and KucoinError when a place could not be asked:
        one unread list is no proof.
        """
        spec, orders = ticket.spec, self._exchange.orders
        try:
            return await orders.find(spec.client_oid, spec.symbol, spec.venue)
        except UnknownOrder:
            pass
        if ticket.order_id:
            try:
                return await orders.by_id(ticket.order_id, spec.symbol, spec.venue)
            except UnknownOrder:
                pass
        return await self._listed(ticket)

    async def executed(self, order: Order) -> Executed:
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

    async def _listed(self, ticket: OrderTicket) -> Order:
        """Open orders are read before the ended ones: an order that ends in between is in one of the two."""
        spec, orders = ticket.spec, self._exchange.orders
        resting = await orders.open_orders(spec.venue)
        found = _of(ticket, resting)
        if found is not None:
            return found
        since = max((ticket.submitted_at or ticket.proposed_at) - SIGNED_AROUND, self._now() - _LISTED_FOR)
        ended = await orders.closed_orders(spec.symbol, spec.venue, since)
        return _of(ticket, ended) or await self._executed_under(ticket, since, (*resting, *ended))

    async def _executed_under(self, ticket: OrderTicket, since: datetime, listed: Sequence[Order]) -> Order:
        """Fills name their order by KuCoin's id alone: each that no list explains is asked about."""
        spec, orders = ticket.spec, self._exchange.orders
        explained = {o.order_id for o in listed}
        fills = await orders.recent_fills(spec.symbol, spec.venue, since)
        strange = {f.order_id: None for f in fills if f.side is spec.side and f.order_id not in explained}
        for order_id in strange:
            try:
                order = await orders.by_id(order_id, spec.symbol, spec.venue)
            except UnknownOrder:
                # raised out of here: it may be the one that is looked for
                raise Unavailable(f"KuCoin shows executions of {order_id} and does not know the order.") from None
            if order.client_oid == spec.client_oid:
                return order
        raise UnknownOrder("KuCoin shows no such order anywhere.")


def _of(ticket: OrderTicket, listed: Iterable[Order]) -> Order | None:
    return next((o for o in listed if o.client_oid == ticket.spec.client_oid), None)
