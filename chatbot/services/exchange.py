"""The three halves of the signed service, handed around as one."""

import asyncio

from chatbot.core.errors import NoPermission
from chatbot.core.market import Venue
from chatbot.core.orders import Order
from chatbot.core.values import frozen
from chatbot.kucoin.account import Account
from chatbot.kucoin.market import Market
from chatbot.kucoin.orders import Orders


@frozen
class Exchange:
    """In paper mode `market` is the real KuCoin while `account` and `orders` are the sandbox's."""

    market: Market
    account: Account
    orders: Orders

    async def open_orders(self) -> tuple[Order, ...]:
        """What rests or waits for its trigger wherever the key may look; a spot-only key has nothing on futures.

        Raises KucoinError.
        """
        spot, futures = await asyncio.gather(self._spot_orders(), self._futures_orders())
        return spot + futures

    async def _spot_orders(self) -> tuple[Order, ...]:
        """Stop orders are read first: one that fires meanwhile is in both lists, and not in none; it is told once."""
        stops = await self.orders.stop_orders()
        resting = await self.orders.open_orders(Venue.SPOT)
        fired = {o.client_oid for o in resting if o.client_oid}
        return tuple(o for o in stops if o.client_oid not in fired) + resting

    async def _futures_orders(self) -> tuple[Order, ...]:
        try:
            return await self.orders.open_orders(Venue.FUTURES)
        except NoPermission:
            return ()
