"""The wire models of the feed's rarer words, and their way into core: tokens, orders, money, funding.

Prices come by the thousand and are read without a model, in `ticks`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from chatbot.core.feed import FundingSettled, MoneyMoved, News, OrderNews, PositionNews, PredictedRate
from chatbot.core.market import Symbol, Venue
from chatbot.kucoin.market_schemas import shown_currency
from chatbot.kucoin.schemas import Field, MaybeNumber, MaybePrice, Moment, Name, Number, Wire, spelled

Message = Mapping[str, Any]
"""A frame of the feed: whatever JSON holds."""

_MINUTE = 60_000
"""The granularity of a rate that is told each minute; with the interval's own it is the one that was settled."""


class InstanceServer(Wire):
    """`pingInterval` and `pingTimeout` in milliseconds."""

    endpoint: str = Field(max_length=256)
    ping_interval: Number = Field(ge=100, le=600_000)
    ping_timeout: Number = Field(ge=100, le=600_000)


class Token(Wire):
    """Good for one connection within a day. Whoever holds it may listen as we do: it is never shown."""

    token: str = Field(min_length=1, max_length=4096, repr=False)
    instance_servers: list[InstanceServer] = Field(min_length=1)


class Forecast(Wire):
    """`/contract/instrument`, subject `funding.rate`."""

    funding_rate: Number = Field(gt=-1, lt=1)
    granularity: Number
    timestamp: Moment

    def to_core(self, symbol: Symbol) -> PredictedRate | None:
        if self.granularity != _MINUTE:
            return None
        return PredictedRate(symbol=symbol, rate=self.funding_rate, at=self.timestamp)


class OrderChange(Wire):
    """Both venues' order topics. Orders placed by hand have no `clientOid`."""

    symbol: Name
    order_id: Name
    client_oid: str | None = None
    at: Moment = Field(validation_alias=spelled("ts", "orderTime"))

    def to_core(self, venue: Venue) -> OrderNews:
        return OrderNews(
            symbol=Symbol(self.symbol),
            venue=venue,
            order_id=self.order_id,
            client_oid=self.client_oid or "",
            at=self.at,
        )


class BalanceChange(Wire):
    """`relationEvent` names the pocket and, after the dot, what happened."""

    currency: Name
    available_change: Number
    hold_change: Number
    relation_event: str
    time: Moment

    def to_core(self) -> MoneyMoved | None:
        """None for trades, transfers between pockets, and money that is only set aside so far."""
        if self.relation_event.rpartition(".")[2] not in ("deposit", "withdraw_done"):
            return None
        return MoneyMoved(currency=self.currency, change=self.available_change + self.hold_change, at=self.time)


class Settlement(Wire):
    """`/contract/positionAll`, subject `position.settlement`. Only since 2026 it may name the symbol itself."""

    symbol: Name | None = None
    funding_fee: Number
    funding_rate: Number
    settle_currency: Name
    funding_time: Moment

    def to_core(self, symbol: str) -> FundingSettled:
        """`symbol` of the topic, or nothing, stands in where the message has none."""
        known = self.symbol or symbol
        return FundingSettled(
            symbol=Symbol(known) if known else None,
            fee=self.funding_fee,
            rate=self.funding_rate,
            currency=shown_currency(self.settle_currency),
            at=self.funding_time,
        )


class PositionChange(Wire):
    """The same topic, subject `position.change`: all of a position, or what moves with the mark price alone."""

    symbol: Name | None = None
    mark_price: MaybePrice = None
    current_qty: MaybeNumber = None

    def to_core(self, symbol: str) -> PositionNews:
        """`symbol` as for a settlement."""
        known = self.symbol or symbol
        return PositionNews(
            symbol=Symbol(known) if known else None, mark=self.mark_price, changed=self.current_qty is not None
        )


def _spot_order(message: Message) -> News:
    return OrderChange.model_validate(message["data"]).to_core(Venue.SPOT)


def _futures_order(message: Message) -> News:
    return OrderChange.model_validate(message["data"]).to_core(Venue.FUTURES)


def _balance(message: Message) -> News | None:
    return BalanceChange.model_validate(message["data"]).to_core()


def _position(message: Message) -> News | None:
    symbol = str(message["topic"]).partition(":")[2]
    if message["subject"] == "position.settlement":
        return Settlement.model_validate(message["data"]).to_core(symbol)
    if message["subject"] == "position.change":
        return PositionChange.model_validate(message["data"]).to_core(symbol)
    return None


ACCOUNT_READERS: Mapping[str, Callable[[Message], News | None]] = {
    "/spotMarket/tradeOrdersV2": _spot_order,
    "/account/balance": _balance,
    "/contractMarket/tradeOrders": _futures_order,
    "/contract/positionAll": _position,
    "/contract/position": _position,
}
"""By the topic before its colon. They raise KeyError, TypeError or ValueError for what cannot be read.

What was subscribed as `/contract/positionAll` may come as `/contract/position:XBTUSDTM`.
"""
