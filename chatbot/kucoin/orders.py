"""Orders: placing one, looking up what became of it, listing, asking to cancel."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from chatbot.core.account import Position
from chatbot.core.errors import OutcomeUnknown, Unavailable, UnknownOrder
from chatbot.core.exchange import AtRest, Resting, Sweep, at_rest
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import Fill, Order, OrderSpec
from chatbot.core.times import to_millis
from chatbot.kucoin import endpoints
from chatbot.kucoin.order_bodies import futures_body, spot_body
from chatbot.kucoin.order_schemas import FuturesFill, FuturesOrder, OpenSymbols, Placed, SpotFill, SpotOrder
from chatbot.kucoin.pages import futures_rows, spot_rows
from chatbot.kucoin.parked import cancel_stop, find_stop, futures_stops, spot_ocos, spot_stops, waiting_stops
from chatbot.kucoin.rest import Rest
from chatbot.kucoin.schemas import every, one
from chatbot.kucoin.sweep import cancel_place
from chatbot.kucoin.together import together
from chatbot.kucoin.trips import LastWord, no_objection


class Orders:
    """Questions raise `Unavailable` when there is no answer, and never give a part of a list for the whole."""

    def __init__(self, spot: Rest, futures: Rest) -> None:
        self._spot = spot
        self._futures = futures

    async def place(
        self, spec: OrderSpec, last_word: LastWord = no_objection, *, leverage: int = 1, reduce_only: bool = False
    ) -> str:
        """Send `spec`, once; KuCoin's id of the order. `leverage` and `reduce_only` are for futures.

        `last_word` is asked when the first byte is about to leave: what it raises goes through, and nothing left.
        Raises `Unavailable` when it provably never left, `Rejected` when KuCoin refused it,
        `OutcomeUnknown` when it may exist: look it up by its `client_oid`, never send it again.
        """
        if spec.venue is Venue.SPOT:
            place = endpoints.SPOT_PLACE if spec.trigger is None else endpoints.SPOT_PLACE_STOP
            data = await self._spot.order(place, lambda stamp: spot_body(spec, stamp), last_word)
        else:
            body = futures_body(spec, leverage=leverage, reduce_only=reduce_only)
            data = await self._futures.order(endpoints.FUTURES_PLACE, lambda _: body, last_word)
        return _placed(data)

    async def reduce(self, spec: OrderSpec, position: Position, last_word: LastWord = no_objection) -> str:
        """Send `spec`, once, to make a futures position smaller and never larger or another. Raises as `place`."""
        body = futures_body(spec, leverage=None, reduce_only=True)
        # KuCoin refuses an order of another margin or position mode than the position's (330005, 330011).
        body |= {"marginMode": "CROSS"} if position.cross else {}
        body |= {"positionSide": "LONG" if position.lots > 0 else "SHORT"} if position.hedged else {}
        return _placed(await self._futures.order(endpoints.FUTURES_PLACE, lambda _: body, last_word))

    async def find(self, client_oid: str, symbol: Symbol, venue: Venue) -> Order:
        """Look an order up by our own id. `UnknownOrder` is not final right after placing, nor days after its end."""
        params = {"clientOid": client_oid, "symbol": str(symbol)}
        if venue is Venue.SPOT:
            data = await self._spot.call(endpoints.SPOT_BY_OID, params)
        else:
            data = await self._futures.call(endpoints.FUTURES_BY_OID, {"clientOid": client_oid})
        order = _order(data, venue)
        if (order.client_oid, order.symbol) != (client_oid, symbol):
            raise Unavailable("KuCoin answered with another order.")
        return order

    async def by_id(self, order_id: str, symbol: Symbol, venue: Venue) -> Order:
        params = {"orderId": order_id, "symbol": str(symbol)}
        if venue is Venue.SPOT:
            data = await self._spot.call(endpoints.SPOT_BY_ID, params)
        else:
            data = await self._futures.call(endpoints.FUTURES_BY_ID, {"orderId": order_id})
        order = _order(data, venue)
        if (order.order_id, order.symbol) != (order_id, symbol):
            raise Unavailable("KuCoin answered with another order.")
        return order

    async def cancel(self, order_id: str, symbol: Symbol, venue: Venue) -> None:
        """Ask for a cancel; whether it came before the last fill, a look-up tells.

        Raises `UnknownOrder` when there is nothing to cancel any more, `OutcomeUnknown` when it may have been done.
        """
        if venue is Venue.SPOT:
            await self._spot.call(endpoints.SPOT_CANCEL, {"orderId": order_id, "symbol": str(symbol)})
        else:
            await self._futures.call(endpoints.FUTURES_CANCEL, {"orderId": order_id})

    async def take_out(self, order: Order) -> bool:
        """As `cancel`, of a stop order as well; whether KuCoin says that it will.

        A stop order that has fired is not among those it names: it is an ordinary order by then.
        """
        if order.parked:
            return await cancel_stop(self._spot, order.order_id, order.symbol)
        await self.cancel(order.order_id, order.symbol, order.venue)
        return True

    async def find_stop(self, client_oid: str, symbol: Symbol) -> Order:
        """A stop order by our own id, `active` while it surely waits. Raises `UnknownOrder`.

        When it does not, it may have fired, and be known as an ordinary order, or be `cancelled`.
        """
        return await find_stop(self._spot, client_oid, symbol)

    async def stop_orders(self) -> tuple[Order, ...]:
        """All stop orders of spot that wait for their trigger, but for the legs of OCO orders."""
        return await waiting_stops(self._spot)

    async def cancel_place(self, place: Resting, contracts: Sequence[Symbol] | None = None) -> Sweep:
        """Ask one place where orders can rest to cancel all. Raises no `KucoinError`.

        On futures it is quicker and cheaper when the `contracts` are known that hold orders.
        """
        return await cancel_place(place, self._spot, self._futures, contracts)

    async def resting(self, place: Resting) -> tuple[AtRest, ...]:
        """What one place holds, stop and OCO orders included."""
        match place:
            case Resting.SPOT_ORDERS:
                return tuple(at_rest(order, place) for order in await self.open_orders(Venue.SPOT))
            case Resting.SPOT_STOPS:
                return await spot_stops(self._spot)
            case Resting.SPOT_OCOS:
                return await spot_ocos(self._spot)
            case Resting.FUTURES_ORDERS:
                return tuple(at_rest(order, place) for order in await self.open_orders(Venue.FUTURES))
            case Resting.FUTURES_STOPS:
                return await futures_stops(self._futures)

    async def open_orders(self, venue: Venue | None = None) -> tuple[Order, ...]:
        """What rests on one venue, or on both; stop orders that wait for their trigger are not among them."""
        if venue is Venue.SPOT:
            return await self._spot_open()
        if venue is Venue.FUTURES:
            return await self._futures_list({"status": "active"})
        spot, futures = await together((self.open_orders(Venue.SPOT), self.open_orders(Venue.FUTURES)))
        return spot + futures

    async def closed_orders(self, symbol: Symbol, venue: Venue, since: datetime) -> tuple[Order, ...]:
        """What ended. KuCoin forgets: cancelled spot orders after two days, filled ones after seven."""
        params = {"symbol": str(symbol), "startAt": str(to_millis(since))}
        if venue is Venue.FUTURES:
            return await self._futures_list({"status": "done", **params})
        rows = every(SpotOrder, await spot_rows(self._spot, endpoints.SPOT_DONE, params))
        return tuple(row.to_core() for row in rows)

    async def fills(self, order_id: str, symbol: Symbol, venue: Venue) -> tuple[Fill, ...]:
        """Every execution of one order, oldest first. May lag behind what the order itself says."""
        if venue is Venue.SPOT:
            params = {"symbol": str(symbol), "orderId": order_id}
            found = await self._spot_fills(params)
        else:
            found = await self._futures_fills({"orderId": order_id}, symbol)
        return _once_each(fill for fill in found if fill.order_id == order_id)

    async def recent_fills(self, symbol: Symbol, venue: Venue, since: datetime) -> tuple[Fill, ...]:
        """Every execution in one symbol since then (at most two days back), oldest first."""
        params = {"symbol": str(symbol), "startAt": str(to_millis(since))}
        found = await (self._spot_fills(params) if venue is Venue.SPOT else self._futures_fills(params, symbol))
        return _once_each(fill for fill in found if fill.time >= since)

    async def latest_futures_fills(self) -> tuple[Fill, ...]:
        """The last day's executions in all contracts, oldest first. Spot has no such list."""
        data = await self._futures.call(endpoints.FUTURES_RECENT_FILLS)
        return _once_each(row.to_core() for row in every(FuturesFill, _listed(data)))

    async def _spot_open(self) -> tuple[Order, ...]:
        """There is no list over all symbols: ask which have orders, then each."""
        data = await self._spot.call(endpoints.SPOT_OPEN_SYMBOLS)
        symbols = () if data is None else one(OpenSymbols, data).symbols or ()
        lists = await together(self._spot.call(endpoints.SPOT_OPEN, {"symbol": symbol}) for symbol in symbols)
        return tuple(row.to_core() for rows in lists for row in every(SpotOrder, _listed(rows)))

    async def _futures_list(self, params: dict[str, str]) -> tuple[Order, ...]:
        rows = every(FuturesOrder, await futures_rows(self._futures, endpoints.FUTURES_ORDERS, params))
        return tuple({row.id: row.to_core() for row in rows}.values())

    async def _spot_fills(self, params: dict[str, str]) -> list[Fill]:
        rows = await spot_rows(self._spot, endpoints.SPOT_FILLS, params)
        return [row.to_core() for row in every(SpotFill, rows)]

    async def _futures_fills(self, params: dict[str, str], symbol: Symbol) -> list[Fill]:
        """The long list lags behind, the short one knows the last day only: both."""
        long, short = await together(
            (
                futures_rows(self._futures, endpoints.FUTURES_FILLS, params),
                self._recent_rows(symbol),
            )
        )
        return [row.to_core() for row in every(FuturesFill, long + short)]

    async def _recent_rows(self, symbol: Symbol) -> list[object]:
        return _listed(await self._futures.call(endpoints.FUTURES_RECENT_FILLS, {"symbol": str(symbol)}))


def _placed(data: object) -> str:
    try:
        return one(Placed, data).order_id
    except Unavailable:
        pass
    raise OutcomeUnknown("KuCoin took the order but named no number for it.")


def _listed(data: object) -> list[object]:
    """KuCoin may answer null where a list is empty."""
    if data is None:
        return []
    if isinstance(data, list):
        return data
    raise Unavailable("KuCoin's answer makes no sense: no list.")


def _once_each(fills: Iterable[Fill]) -> tuple[Fill, ...]:
    """Lists overlap, and pages move while they are read."""
    return tuple(sorted({fill.trade_id: fill for fill in fills}.values(), key=lambda fill: fill.time))


def _order(data: object, venue: Venue) -> Order:
    if data is None:
        raise UnknownOrder("KuCoin knows no such order.")
    return (one(SpotOrder, data) if venue is Venue.SPOT else one(FuturesOrder, data)).to_core()
