"""What the account holds and is worth, what rests in the books, what was executed."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.account import AccountKind, FuturesBalance, Position, Valued, valued
from chatbot.core.errors import NoPermission
from chatbot.core.market import Instrument, Symbol
from chatbot.core.orders import Fill
from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.services.exchange import Exchange
from chatbot.services.market import Markets
from chatbot.store.store import Store

FILLS_SINCE = timedelta(days=2)
"""KuCoin keeps spot executions for some days; two are safe to ask for."""

LATELY_TRADED = 5


@frozen
class Wealth:
    """The three pockets, valued in USDT. `futures` is None when the key may not see it."""

    main: tuple[Valued, ...]
    trade: tuple[Valued, ...]
    futures: FuturesBalance | None
    read_at: datetime

    @property
    def total(self) -> Decimal:
        """What has a price; the rest is listed without one."""
        spot = sum((v.worth for v in (*self.main, *self.trade) if v.worth is not None), Decimal(0))
        return spot + (self.futures.equity if self.futures else Decimal(0))


class Portfolio:
    def __init__(self, *, exchange: Exchange, markets: Markets, store: Store, now: Now) -> None:
        self._account = exchange.account
        self._orders = exchange.orders
        self._markets = markets
        self._store = store
        self._now = now

    async def wealth(self) -> Wealth:
        balances, futures, prices = await asyncio.gather(
            self._account.balances(), self._futures(), self._markets.usdt_prices()
        )
        return Wealth(
            main=valued(balances, AccountKind.MAIN, prices),
            trade=valued(balances, AccountKind.TRADE, prices),
            futures=futures,
            read_at=self._now(),
        )

    def lately_traded(self) -> tuple[Symbol, ...]:
        """Symbols of the latest tickets that left, newest first."""
        return self._store.orders.latest_symbols(LATELY_TRADED)

    async def positions(self) -> tuple[Position, ...]:
        """Empty, too, when the key may not see futures."""
        try:
            return await self._account.positions()
        except NoPermission:
            return ()

    async def fills(self, instruments: Sequence[Instrument]) -> tuple[Fill, ...]:
        """Latest executions of these instruments, newest first."""
        since = self._now() - FILLS_SINCE
        found = await asyncio.gather(*(self._orders.recent_fills(i.symbol, i.venue, since) for i in instruments))
        return tuple(sorted((f for fills in found for f in fills), key=lambda f: f.time, reverse=True))

    async def futures_fills(self) -> tuple[Fill, ...]:
        """The last day's executions in all contracts, newest first; empty when the key may not see futures."""
        try:
            return tuple(reversed(await self._orders.latest_futures_fills()))
        except NoPermission:
            return ()

    async def _futures(self) -> FuturesBalance | None:
        try:
            return await self._account.futures_balance()
        except NoPermission:
            return None
