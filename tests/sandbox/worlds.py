"""Exchanges on a clock of our own, with still prices: BTC stands at 67,412.3 until moved."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import OrderType, Side
from chatbot.sandbox import listing
from chatbot.sandbox.accounts import Pocket, Wallet
from chatbot.sandbox.exchange import Exchange
from chatbot.sandbox.orders import ExchangeOrder, OrderRequest
from chatbot.sandbox.positions import Position
from chatbot.sandbox.prices import SeededWalk

BTC = Symbol("BTC-USDT")
PERP = Symbol("XBTUSDTM")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

Json = Any
"""Whatever JSON or an order's field holds."""


class Clock:
    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class SpotWorld:
    """The trade pocket holds 100,000 USDT and 2 BTC."""

    def __init__(self, **settings: Json) -> None:
        self.clock = Clock()
        self.prices = SeededWalk(7, self.clock, listing.load(), volatility=0)
        self.exchange = Exchange(self.prices, self.clock, **settings)
        self.exchange.deposit(Pocket.TRADE, "USDT", Decimal(100_000))
        self.exchange.deposit(Pocket.TRADE, "BTC", Decimal(2))

    def place(self, **order: Json) -> ExchangeOrder:
        fields: Json = {"client_oid": "one", "symbol": BTC, "side": Side.BUY, "type": OrderType.LIMIT}
        return self.exchange.place(Venue.SPOT, OrderRequest(**(fields | order)))

    def market(self, **order: Json) -> ExchangeOrder:
        return self.place(type=OrderType.MARKET, **order)

    def pass_time(self, seconds: float) -> None:
        self.clock.time += timedelta(seconds=seconds)
        self.exchange.advance()

    def move(self, to: str) -> None:
        self.prices.move(BTC, Decimal(to))
        self.pass_time(1)

    def now(self, order: ExchangeOrder) -> ExchangeOrder:
        return self.exchange.orders[order.id]

    def wallet(self, currency: str) -> tuple[Decimal, Decimal]:
        wallet = self.exchange.accounts.wallet(Pocket.TRADE, currency)
        return wallet.total, wallet.held


class FuturesWorld:
    """The futures pocket holds 5,000 USDT."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.prices = SeededWalk(7, self.clock, listing.load(), volatility=0)
        self.exchange = Exchange(self.prices, self.clock)
        self.exchange.deposit(Pocket.FUTURES, "USDT", Decimal(5_000))

    def place(self, **order: Json) -> ExchangeOrder:
        fields: Json = {"client_oid": "one", "symbol": PERP, "side": Side.BUY, "type": OrderType.MARKET}
        fields |= {"size": Decimal(10), "leverage": Decimal(5)}
        return self.exchange.place(Venue.FUTURES, OrderRequest(**(fields | order)))

    def limit(self, price: str, **order: Json) -> ExchangeOrder:
        return self.place(type=OrderType.LIMIT, price=Decimal(price), **order)

    def move(self, to: str) -> None:
        self.prices.move(PERP, Decimal(to))
        self.pass_time(1)

    def pass_time(self, seconds: float) -> None:
        self.clock.time += timedelta(seconds=seconds)
        self.exchange.advance()

    @property
    def wallet(self) -> Wallet:
        return self.exchange.accounts.wallet(Pocket.FUTURES, "USDT")

    @property
    def position(self) -> Position | None:
        return self.exchange.positions.get(PERP)
