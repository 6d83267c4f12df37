"""No order leaves after a start before every order that may be alive was looked at once.

The exchange went on while the bot was away. Until what it shows is in the rows, the limits are counted wrong
and the same thing may be bought twice. This holds orders alone: commands are heard, and a kill acts, at once.
"""

import asyncio
import contextlib
import logging

from chatbot.core.errors import KucoinError, Refused
from chatbot.core.orders import Order, OrderTicket
from chatbot.core.times import Sleep
from chatbot.services.exchange import Exchange
from chatbot.services.reconcile import Look, Reconciler
from chatbot.services.strays import Strays
from chatbot.store.store import Store

log = logging.getLogger(__name__)

RETRY = 3.0
"""Seconds between one round of looks and the next, until all were answered."""

PATIENCE = 3.0
"""Seconds that who asks for an order right after a start waits before being refused."""

_NAMED = 3
"""How many tickets are named before the rest is a number."""


class Readiness:
    def __init__(
        self,
        *,
        exchange: Exchange,
        reconciler: Reconciler,
        strays: Strays,
        store: Store,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._exchange = exchange
        self._reconciler = reconciler
        self.strays = strays
        self._store = store
        self._sleep = sleep
        self._seen: set[int] = set()
        self._ready = asyncio.Event()
        self._looking = False

    @property
    def problem(self) -> str:
        """What is still to be found out, as a sentence; empty once all is."""
        if self._ready.is_set():
            return ""
        names = [t.name for t in self._owed()]
        if not names:
            return "I have just started and am still finding out what rests on KuCoin."
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return f"I have just started and am still finding out about {', '.join(names[:_NAMED])}{more}."

    def hold(self) -> None:
        """Raises Refused."""
        if not self._ready.is_set():
            raise Refused(f"{self.problem} Nothing is sent before that.")

    async def settled(self) -> None:
        """Comes back when all is known, or when that takes longer than somebody likes to wait."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._ready.wait()

    async def run(self) -> None:
        """Until all is known: a KuCoin that is away is asked again and again."""
        while not await self._round():
            await self._sleep(RETRY)
        log.info("every order that may be alive is accounted for")

    async def follow(self) -> None:
        """One look at every ticket whose order may be alive, unless a round is under way: it looks at them all."""
        if not self._looking:
            await self._reconciler.follow()

    async def _round(self) -> bool:
        self._looking = True
        try:
            return await self.account()
        finally:
            self._looking = False

    async def account(self) -> bool:
        """One round: lists tell of all that rests or ended lately, the others are looked up. True when all is known.

        Open orders are read before the ended ones: one that ends in between is in both, and what ended stays so.
        """
        try:
            resting = await self._exchange.open_orders()
            await self.strays.adopt(resting)
        except KucoinError as error:
            log.warning("what rests on KuCoin is not known yet: %s", error)
            return False
        ended = await self.strays.look_back(resting)
        shown = {order.client_oid: order for order in (*resting, *ended)}
        looks = await asyncio.gather(*(self._look(t, shown.get(t.spec.client_oid)) for t in self._owed()))
        if Look.UNANSWERED in looks:
            return False
        self._ready.set()
        return True

    async def _look(self, ticket: OrderTicket, shown: Order | None) -> Look:
        if shown is not None:
            look = await self._reconciler.see(ticket, shown)
        else:
            look = await self._reconciler.look(ticket)
        if look is not Look.UNANSWERED:
            self._seen.add(ticket.id)
        return look

    def _owed(self) -> list[OrderTicket]:
        return [t for t in self._store.orders.living() if t.id not in self._seen]
