"""Fills and cancels as they happen: news of an order of ours make its ticket be looked up at once.

What the news say is not believed, only that there are any: they repeat, come late, and may be missed. The
look-up is the one that follows every order, so a gap of the feed costs some seconds and nothing else.
"""

import asyncio

from chatbot.core.feed import OrderNews
from chatbot.core.orders import OUR_PREFIX
from chatbot.services.reconcile import Reconciler
from chatbot.store.store import Store


class Fills:
    def __init__(self, *, store: Store, reconciler: Reconciler) -> None:
        self._store = store
        self._reconciler = reconciler
        self._news: dict[str, None] = {}
        self._missed = False
        self._bell = asyncio.Event()

    def hear(self, news: OrderNews) -> None:
        if news.client_oid.startswith(OUR_PREFIX):
            self._news[news.client_oid] = None
            self._bell.set()

    def missed(self) -> None:
        """There was a gap: every order that may be alive is looked up."""
        self._missed = True
        self._bell.set()

    async def run(self) -> None:
        """Until cancelled. Several news of one order that came meanwhile are one look-up."""
        while True:
            await self._bell.wait()
            self._bell.clear()
            news, self._news = self._news, {}
            missed, self._missed = self._missed, False
            if missed:
                await self._reconciler.follow()
            for client_oid in news:
                ticket = self._store.orders.by_client_oid(client_oid)
                if ticket is not None:
                    await self._reconciler.hear(ticket)
