"""The sweep of a kill: list, cancel everywhere at once, list again until nothing rests; each step told on its cards.

KuCoin may be slow in every place: each step has a deadline of its own, and what did not
come by then is said to be not read.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

from chatbot.core.errors import KucoinError, NoPermission, OutcomeUnknown
from chatbot.core.exchange import AtRest, Listed, Resting, Sweep, at_rest
from chatbot.core.market import Symbol, Venue
from chatbot.core.notices import Subject
from chatbot.core.numbers import plain
from chatbot.core.orders import Order, OrderStatus, TicketState
from chatbot.core.stops import Line, OpenPosition, Result, Stop, StopReport
from chatbot.core.times import Now, Sleep
from chatbot.core.values import frozen
from chatbot.services.exchange import Exchange
from chatbot.services.letters import stop_edit
from chatbot.store.store import Store

log = logging.getLogger(__name__)

CHECK_DELAYS = (0.3, 0.7, 1.0, 2.0, 4.0)
"""Seconds between looks at what is left: a cancel is only a request until the order is gone."""

_FATES = 20
"""Orders whose end is looked up one by one; of more it is only said that they are gone."""

_ORDINARY = {Resting.SPOT_ORDERS.value: Venue.SPOT, Resting.FUTURES_ORDERS.value: Venue.FUTURES}


@frozen
class Pace:
    """Seconds. All of them and the first delay come to 6.8: what is left is told within ten, however slow KuCoin is."""

    first: float = 1.2
    """For listing what rests: then the cancels go out regardless."""

    cancels: float = 2.5
    look: float = 2.0
    ends: float = 0.8
    """For looking up how the orders ended that are gone."""


class Sweeping:
    def __init__(self, *, exchange: Exchange, store: Store, now: Now, sleep: Sleep, pace: Pace) -> None:
        self._exchange = exchange
        self._store = store
        self._now = now
        self._sleep = sleep
        self._pace = pace
        self._under_way = asyncio.Lock()

    async def sweep(self, stop: Stop) -> None:
        """While one is under way, another is not begun."""
        if self._under_way.locked():
            return
        async with self._under_way:
            await self._sweep(stop)

    async def _sweep(self, stop: Stop) -> None:
        lists = await self._lists(Resting, self._pace.first)
        report = self._tell(stop, stop.report.begun(lists, self._ours()))
        if self._over(stop):
            return
        report = self._tell(stop, report.asked(await self._cancel(Resting, lists)))
        for delay in CHECK_DELAYS:
            await self._sleep(delay)
            report = await self._look(stop, report)
            if report.clean or self._over(stop):
                return

    async def recount(self, stop: Stop) -> None:
        """Reads the positions anew."""
        positions = await self._positions()
        latest = self._store.stops.get(stop.id)
        if latest is not None:
            self._tell(stop, replace(latest.report, positions=positions))

    async def _look(self, stop: Stop, report: StopReport) -> StopReport:
        """One look everywhere, told at once; what has come since the last is cancelled, too."""
        lists, positions = await asyncio.gather(
            self._lists(Resting, self._pace.look), self._positions() if report.positions is None else _same(report)
        )
        before = {line.order_id for line in report.lines}
        looked = report.looked(lists, f"{self._now():%H:%M:%S}")
        looked = replace(looked, positions=positions, in_flight=self._in_flight())
        looked = looked.told(await self._fates(looked))
        looked = self._tell(stop, looked)
        arrived = {line.place for line in looked.resting if line.order_id not in before}
        if arrived and not self._over(stop):
            places = [place for place in Resting if place.value in arrived]
            looked = self._tell(stop, looked.asked(await self._cancel(places, lists)))
        return looked

    async def _lists(self, places: Iterable[Resting], seconds: float) -> tuple[Listed, ...]:
        return tuple(await asyncio.gather(*(self._list(place, seconds) for place in places)))

    async def _list(self, place: Resting, seconds: float) -> Listed:
        try:
            async with asyncio.timeout(seconds):
                return Listed(place=place, orders=await self._exchange.orders.resting(place))
        except TimeoutError:
            problem, barred = "KuCoin did not answer in time.", False
        except NoPermission as error:
            problem, barred = str(error), True
        except KucoinError as error:
            problem, barred = str(error), False
        log.warning("%s could not be listed: %s", place.value, problem)
        return Listed(place=place, orders=None, problem=problem, barred=barred)

    async def _cancel(self, places: Iterable[Resting], lists: Sequence[Listed]) -> list[Sweep]:
        contracts = next((_symbols(each) for each in lists if each.place is Resting.FUTURES_ORDERS), None)
        return list(await asyncio.gather(*(self._empty(place, contracts) for place in places)))

    async def _empty(self, place: Resting, contracts: Sequence[Symbol] | None) -> Sweep:
        try:
            async with asyncio.timeout(self._pace.cancels):
                return await self._exchange.orders.cancel_place(place, contracts)
        except TimeoutError:
            return Sweep(place=place, error=OutcomeUnknown("KuCoin did not answer in time."))

    async def _positions(self) -> tuple[OpenPosition, ...] | None:
        try:
            async with asyncio.timeout(self._pace.look):
                positions = await self._exchange.account.positions()
        except NoPermission:
            return ()
        except (TimeoutError, KucoinError) as error:
            log.warning("positions could not be listed: %s", error)
            return None
        return tuple(OpenPosition(symbol=p.symbol, lots=plain(p.lots)) for p in positions)

    async def _fates(self, report: StopReport) -> dict[str, Result]:
        """How the ordinary orders that are gone ended: a cancel and the last fill may have crossed."""
        gone = [line for line in report.lines if line.result is Result.GONE and line.place in _ORDINARY][:_FATES]
        ends = await asyncio.gather(*(self._end(line) for line in gone))
        return {line.order_id: end for line, end in zip(gone, ends, strict=True)}

    async def _end(self, line: Line) -> Result:
        try:
            async with asyncio.timeout(self._pace.ends):
                order = await self._exchange.orders.by_id(line.order_id, Symbol(line.symbol), _ORDINARY[line.place])
        except (TimeoutError, KucoinError):
            return Result.GONE
        if order.active:
            return Result.RESTING
        return Result.CANCELLED if order.status is OrderStatus.CANCELED else Result.FILLED

    def _ours(self) -> tuple[AtRest, ...]:
        """What rests of our own, as far as our rows know."""
        return tuple(
            AtRest(
                place=_place(t.spec.venue, parked=t.state is TicketState.PARKED),
                order_id=t.order_id,
                client_oid=t.spec.client_oid,
                symbol=t.spec.symbol,
                side=t.spec.side,
                size=t.spec.size,
                price=t.spec.price,
                trigger=t.spec.trigger if t.state is TicketState.PARKED else None,
            )
            for t in self._store.orders.living()
            if t.order_id
        )

    def _in_flight(self) -> tuple[str, ...]:
        living = self._store.orders.living()
        return tuple(t.name for t in living if t.state in (TicketState.SUBMITTING, TicketState.UNKNOWN))

    def _over(self, stop: Stop) -> bool:
        """Resumed meanwhile: what rests now is wanted."""
        standing = self._store.stops.standing()
        return standing is None or standing.id != stop.id

    def _tell(self, stop: Stop, report: StopReport) -> StopReport:
        """With what others found in the meantime."""
        latest = self._store.stops.get(stop.id)
        if latest is not None:
            report = report.joined(latest.report)
        tell(self._store, stop.id, report)
        return report


def note_arrival(store: Store, order: Order) -> None:
    """An order that turned up resting while trading is stopped gets a line on the kill's cards."""
    stop = store.stops.standing()
    if stop is None:
        return
    report = stop.report.arrived(at_rest(order, _place(order.venue, parked=order.parked)))
    if report is not stop.report:
        tell(store, stop.id, report)


def tell(store: Store, stop_id: int, report: StopReport) -> None:
    """Writes down what is known of a kill and redraws every card of it, in one transaction."""
    with store.atomic():
        store.stops.note(stop_id, report)
        redraw(store, stop_id)


def redraw(store: Store, stop_id: int) -> None:
    stop = store.stops.get(stop_id)
    if stop is None:
        return
    for card in store.outbox.cards(Subject.STOP, stop.id):
        store.outbox.put(stop_edit(replace(stop, chat_id=card.chat_id, card_id=card.id)))


def _place(venue: Venue, *, parked: bool) -> Resting:
    if venue is Venue.FUTURES:
        return Resting.FUTURES_ORDERS
    return Resting.SPOT_STOPS if parked else Resting.SPOT_ORDERS


def _symbols(listed: Listed) -> list[Symbol] | None:
    """None where the list did not come: then nobody knows."""
    return None if listed.orders is None else sorted({order.symbol for order in listed.orders})


async def _same(report: StopReport) -> tuple[OpenPosition, ...] | None:
    return report.positions
