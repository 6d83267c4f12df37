"""Where an order of ours can be seen at the exchange: by its own id, among the open and ended ones, in the fills.

A stop order is looked for where such wait first, and then among the orders: it never goes the other way. Whether
what it becomes keeps its clientOid, its number, or only its remark, KuCoin does not say: each of them will do.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.errors import BadCredentials, ClockSkew, KucoinError, Rejected, Unavailable, UnknownOrder
from chatbot.core.orders import Executed, Order, OrderTicket, TicketState
from chatbot.core.times import Now
from chatbot.services.exchange import Exchange

log = logging.getLogger(__name__)

SIGNED_AROUND = timedelta(seconds=10)
"""Ended orders are listed from this long before the tap on: the clocks may differ a little."""

_LISTED_FOR = timedelta(days=2)
"""What KuCoin surely still lists: it forgets cancelled orders after two days."""

GONE = "It waits on KuCoin no more, and became no order that I can find: cancelled elsewhere, or refused as it fired."
CALLED_OFF = "Cancelled before it fired."
FIRED_FOR_NOTHING = "It fired, and became no order that I can find: KuCoin most likely refused it, for want of money."

_FIRED = frozenset({TicketState.OPEN, TicketState.PARTIAL, TicketState.FORGOTTEN})
_NEVER_SEEN = frozenset({TicketState.SUBMITTING, TicketState.UNKNOWN, TicketState.NOT_PLACED})

NOT_PLACED_AFTER = timedelta(seconds=30)
"""Acceptance can be slow to show: not-founds must span this long, three at the least."""

LATEST_ACCEPTANCE = timedelta(seconds=7)
"""No not-found before this counts: a POST can be accepted 5 s after it was signed, by clocks that differ by 2 s."""

LISTS_FROM = 5
"""Open orders. The lists take about as many questions: stop orders, symbols with orders, each of these, futures."""

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
        if ticket.spec.trigger is None or ticket.state in _FIRED:
            return await self._ordinary(ticket)
        return await self._stop(ticket)

    async def listed(self, tickets: Sequence[OrderTicket]) -> Mapping[str, Order]:
        """What rests, by our own ids; nothing where few tickets ask, or no list can be read. The rest is asked alone.

        A question for each of many would fill the way there, and a kill's cancels would wait behind them.
        """
        if len(tickets) < LISTS_FROM:
            return {}
        try:
            return {order.client_oid: order for order in await self._exchange.open_orders()}
        except KucoinError as error:
            log.warning("what rests on KuCoin could not be listed: %s", error)
            return {}

    async def _stop(self, ticket: OrderTicket) -> Order:
        """While it waits, or when it was cancelled, the stop order itself; else the order that it became.

        UnknownOrder says which of the two is missing.
        """
        spec, orders = ticket.spec, self._exchange.orders
        stop = await self._parked(ticket)
        if stop is not None and stop.active:
            return stop
        try:
            return await self._ordinary(ticket)
        except UnknownOrder:
            pass
        waiting = next((o for o in await orders.stop_orders() if o.client_oid == spec.client_oid), None)
        if waiting is not None:
            return waiting
        if stop is None:
            raise UnknownOrder(GONE)
        if stop.cancelled:
            return stop
        if ticket.state in _NEVER_SEEN:
            return replace(stop, active=True)  # it exists: what becomes of it, the next looks tell
        raise UnknownOrder(FIRED_FOR_NOTHING)

    async def _parked(self, ticket: OrderTicket) -> Order | None:
        """None also where KuCoin refuses the question: the list of all stop orders has the last word."""
        try:
            return await self._exchange.orders.find_stop(ticket.spec.client_oid, ticket.spec.symbol)
        except (BadCredentials, ClockSkew):
            raise
        except Rejected as error:
            log.info("%s is no known stop order: %s", ticket.name, error)
            return None

    async def _ordinary(self, ticket: OrderTicket) -> Order:
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
            if _is_of(ticket, order):
                return order
        raise UnknownOrder("KuCoin shows no such order anywhere.")


def _of(ticket: OrderTicket, listed: Iterable[Order]) -> Order | None:
    return next((o for o in listed if _is_of(ticket, o)), None)


def _is_of(ticket: OrderTicket, order: Order) -> bool:
    spec = ticket.spec
    return order.client_oid == spec.client_oid or (spec.trigger is not None and order.remark == spec.mark)
