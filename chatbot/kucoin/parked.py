"""What rests in one place, stop and OCO orders included. Each place has a list of its own."""

from collections.abc import Iterable
from decimal import Decimal

from chatbot.core.errors import OutcomeUnknown, Unavailable, UnknownOrder
from chatbot.core.exchange import AtRest, Resting
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import Order, OrderType, Side
from chatbot.kucoin import endpoints
from chatbot.kucoin.order_schemas import CancelledIds
from chatbot.kucoin.pages import futures_rows
from chatbot.kucoin.rest import Rest
from chatbot.kucoin.schemas import BuyOrSell, LimitOrMarket, MaybePrice, Moment, Name, Wire, every, one

_PAGE = 500
"""The longest page of spot's stop and OCO orders."""

_CANCELLED = frozenset({"CANCELLED", "CANCELED", "CANCEL"})
"""KuCoin writes one word in several ways."""

_OVER = _CANCELLED | {"DONE", "TRIGGERED"}
"""Of OCO and stop orders. What was triggered is an ordinary order by then."""


class _Parked(Wire):
    """A stop order. Spot writes twenty decimals, futures bare numbers."""

    id: Name
    client_oid: str | None = None
    symbol: Name
    side: BuyOrSell
    price: MaybePrice = None
    size: MaybePrice = None
    stop_price: MaybePrice = None

    def to_core(self, place: Resting) -> AtRest:
        return AtRest(
            place=place,
            order_id=self.id,
            client_oid=self.client_oid or "",
            symbol=Symbol(self.symbol),
            side=Side(self.side),
            size=self.size,
            price=self.price,
            trigger=self.stop_price,
        )


class _SpotStop(_Parked):
    """All that KuCoin tells of a stop order of spot. `stop` is loss, entry, or oco for a leg of a pair."""

    type: LimitOrMarket
    funds: MaybePrice = None
    status: str
    stop: str = ""
    remark: str | None = None
    created_at: Moment

    @property
    def waits(self) -> bool:
        return self.status.upper() == "NEW"

    @property
    def listed(self) -> bool:
        """For one that stands in the list of those that wait: a status we do not know counts as waiting."""
        return self.status.upper() not in _OVER and self.stop.lower() != "oco"

    def to_order(self, *, waits: bool) -> Order:
        limit = self.type == "limit"
        return Order(
            order_id=self.id,
            client_oid=self.client_oid or "",
            symbol=Symbol(self.symbol),
            venue=Venue.SPOT,
            side=Side(self.side),
            type=OrderType(self.type),
            price=self.price if limit else None,
            size=self.size or None,
            funds=None if limit else self.funds or None,
            filled_size=Decimal(0),
            filled_funds=Decimal(0),
            fee=Decimal(0),
            fee_currency="",
            active=waits,
            cancelled=self.status.upper() in _CANCELLED,
            created_at=self.created_at,
            parked=True,
            trigger=self.stop_price,
            remark=self.remark or "",
        )


class _Pair(Wire):
    """An OCO order. The list names neither side nor price: those are its legs'."""

    order_id: Name
    client_oid: str | None = None
    symbol: Name
    status: str = ""

    def to_core(self) -> AtRest:
        return AtRest(
            place=Resting.SPOT_OCOS,
            order_id=self.order_id,
            client_oid=self.client_oid or "",
            symbol=Symbol(self.symbol),
        )


async def find_stop(spot: Rest, client_oid: str, symbol: Symbol) -> Order:
    """Raises `UnknownOrder`. That it does not wait is not proven by a status we do not know: the list tells."""
    data = await spot.call(endpoints.SPOT_STOP_BY_OID, {"clientOid": client_oid, "symbol": str(symbol)})
    rows = every(_SpotStop, data if isinstance(data, list) else [] if data is None else [data])
    mine = [row for row in rows if (row.client_oid, row.symbol) == (client_oid, symbol)]
    if not mine:
        raise UnknownOrder("KuCoin knows no such stop order.")
    best = next((row for row in mine if row.waits), mine[-1])
    return best.to_order(waits=best.waits)


async def waiting_stops(spot: Rest) -> tuple[Order, ...]:
    rows = every(_SpotStop, await futures_rows(spot, endpoints.SPOT_STOPS, {}, size=_PAGE))
    return tuple({row.id: row.to_order(waits=True) for row in rows if row.listed}.values())


async def cancel_stop(spot: Rest, order_id: str, symbol: Symbol) -> bool:
    """By the cancel of many, given one: the cancel of a single one is called abandoned."""
    if not order_id:
        raise ValueError("without an id it would cancel all")
    data = await spot.call(endpoints.SPOT_CANCEL_STOPS, {"symbol": str(symbol), "orderIds": order_id})
    if data is None:
        return False
    try:
        return order_id in one(CancelledIds, data).cancelled_order_ids
    except Unavailable:
        pass
    raise OutcomeUnknown("KuCoin's answer to the cancel makes no sense.")


async def spot_stops(spot: Rest) -> tuple[AtRest, ...]:
    """KuCoin may list the legs of OCO orders here, too. They rest, whoever's cancel ends them."""
    rows = every(_Parked, await futures_rows(spot, endpoints.SPOT_STOPS, {}, size=_PAGE))
    return _once(row.to_core(Resting.SPOT_STOPS) for row in rows)


async def spot_ocos(spot: Rest) -> tuple[AtRest, ...]:
    """Those that are not over. A status we do not know counts as resting."""
    rows = every(_Pair, await futures_rows(spot, endpoints.SPOT_OCOS, {}, size=_PAGE))
    return _once(row.to_core() for row in rows if row.status.upper() not in _OVER)


async def futures_stops(futures: Rest) -> tuple[AtRest, ...]:
    rows = every(_Parked, await futures_rows(futures, endpoints.FUTURES_STOPS, {}))
    return _once(row.to_core(Resting.FUTURES_STOPS) for row in rows)


def _once(orders: Iterable[AtRest]) -> tuple[AtRest, ...]:
    """Pages move while they are read."""
    return tuple({order.order_id: order for order in orders}.values())
