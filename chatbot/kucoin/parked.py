"""What rests in one place, stop and OCO orders included. Each place has a list of its own."""

from collections.abc import Iterable

from chatbot.core.exchange import AtRest, Resting
from chatbot.core.market import Symbol
from chatbot.core.orders import Side
from chatbot.kucoin import endpoints
from chatbot.kucoin.pages import futures_rows
from chatbot.kucoin.rest import Rest
from chatbot.kucoin.schemas import BuyOrSell, MaybePrice, Name, Wire, every

_PAGE = 500
"""The longest page of spot's stop and OCO orders."""

_OVER = frozenset({"DONE", "TRIGGERED", "CANCELLED", "CANCELED"})
"""Of an OCO order. KuCoin writes one word in two ways; what was triggered is an ordinary order by then."""


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
