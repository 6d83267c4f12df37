"""The wire models of orders and fills, and their way into core."""

from datetime import datetime
from decimal import Decimal

from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import Fill, Order, OrderType, Side
from chatbot.kucoin.schemas import (
    BuyOrSell,
    Field,
    LimitOrMarket,
    MaybeMoment,
    MaybeNumber,
    Moment,
    Name,
    Number,
    Wire,
    spelled,
)

_ZERO = Decimal(0)


class Placed(Wire):
    order_id: Name


class DeadMan(Wire):
    """`trigger_time` in seconds, unlike all other times."""

    trigger_time: int


class SpotOrder(Wire):
    id: Name
    client_oid: str | None = None
    symbol: Name
    type: LimitOrMarket
    side: BuyOrSell
    price: MaybeNumber = None
    size: MaybeNumber = None
    funds: MaybeNumber = None
    deal_size: Number
    deal_funds: Number
    fee: MaybeNumber = None
    fee_currency: str | None = None
    cancel_exist: bool
    active: bool
    created_at: Moment
    remark: str | None = None

    def to_core(self) -> Order:
        """KuCoin writes "0" for a price, size or funds that was not given: None in core.

        Whether it was cancelled, `cancelExist` alone tells: a market order that filled leaves cancelled crumbs too.
        """
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
            filled_size=self.deal_size,
            filled_funds=self.deal_funds,
            fee=self.fee or _ZERO,
            fee_currency=self.fee_currency or "",
            active=self.active,
            cancelled=self.cancel_exist,
            created_at=self.created_at,
            remark=self.remark or "",
        )


class FuturesOrder(Wire):
    """Sizes are lots; values are in the quote currency, on inverse contracts in coins. Only fills tell the fee."""

    id: Name
    client_oid: str | None = None
    symbol: Name
    type: LimitOrMarket
    side: BuyOrSell
    price: MaybeNumber = None
    size: MaybeNumber = None
    filled_size: Number = Field(validation_alias=spelled("filledSize", "dealSize"))
    filled_value: Number = Field(validation_alias=spelled("filledValue", "dealValue"))
    is_active: bool
    cancel_exist: bool
    settle_currency: str = ""
    created_at: Moment

    def to_core(self) -> Order:
        return Order(
            order_id=self.id,
            client_oid=self.client_oid or "",
            symbol=Symbol(self.symbol),
            venue=Venue.FUTURES,
            side=Side(self.side),
            type=OrderType(self.type),
            price=self.price if self.type == "limit" else None,
            size=self.size or None,
            funds=None,
            filled_size=self.filled_size,
            filled_funds=self.filled_value,
            fee=_ZERO,
            fee_currency=self.settle_currency,
            active=self.is_active,
            cancelled=self.cancel_exist,
            created_at=self.created_at,
        )


class _Fill(Wire):
    """What a fill tells on both venues."""

    trade_id: Name
    order_id: Name
    symbol: Name
    side: BuyOrSell
    liquidity: str
    price: Number
    size: Number
    fee: Number
    fee_currency: str
    created_at: Moment

    def _to_core(self, venue: Venue, funds: Decimal, time: datetime) -> Fill:
        return Fill(
            trade_id=self.trade_id,
            order_id=self.order_id,
            symbol=Symbol(self.symbol),
            venue=venue,
            side=Side(self.side),
            price=self.price,
            size=self.size,
            funds=funds,
            fee=self.fee,
            fee_currency=self.fee_currency,
            taker=self.liquidity == "taker",
            time=time,
        )


class SpotFill(_Fill):
    funds: Number

    def to_core(self) -> Fill:
        return self._to_core(Venue.SPOT, self.funds, self.created_at)


class FuturesFill(_Fill):
    value: Number
    trade_time: MaybeMoment = None

    def to_core(self) -> Fill:
        return self._to_core(Venue.FUTURES, self.value, self.trade_time or self.created_at)


class Page(Wire):
    """Of spot lists, which go on at `lastId`, and of futures lists, which count their pages."""

    items: list[object]
    last_id: int | None = None
    total_page: int = 1


class OpenSymbols(Wire):
    symbols: tuple[Name, ...] | None = None


class CancelledIds(Wire):
    cancelled_order_ids: tuple[str, ...]


class FailedSymbol(Wire):
    symbol: Name


class CancelledSymbols(Wire):
    succeed_symbols: tuple[str, ...] | None
    failed_symbols: tuple[FailedSymbol, ...] | None
