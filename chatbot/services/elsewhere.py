"""Orders that were made elsewhere, in KuCoin's app say: their owners hear how each ended, once.

The feed's news of an order make it be looked up. What rests is listed once a minute, and what ended while nobody
listened is looked for among the ended orders: a gap costs time and no notice, a repetition tells nothing twice.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from chatbot.core.account import AccountKind
from chatbot.core.errors import KucoinError, NoPermission, UnknownOrder
from chatbot.core.feed import OrderNews
from chatbot.core.market import Symbol, Venue
from chatbot.core.notices import Lane, Letter
from chatbot.core.orders import OUR_PREFIX, Order, OrderStatus
from chatbot.core.preferences import Kind
from chatbot.core.symbols import HOME_QUOTE
from chatbot.core.times import Now
from chatbot.services.exchange import Exchange
from chatbot.services.routing import tell_desk
from chatbot.store.store import Store

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=1)
"""How far back ended orders are looked for."""

_TRADED_IN = timedelta(days=30)
_MOST_PLACES = 20
_SINCE = "orders elsewhere since"

Place = tuple[Symbol, Venue]


class OrdersElsewhere:
    """`word` says how one ended."""

    def __init__(
        self, *, exchange: Exchange, store: Store, owners: Collection[int], word: Callable[[Order], str], now: Now
    ) -> None:
        self._exchange = exchange
        self._store = store
        self._owners = sorted(owners)
        self._word = word
        self._now = now
        self._news: dict[str, Place] = {}
        self._unseen: set[str] = set()  # news that a look has not found an order for
        self._missed = True
        self._bell = asyncio.Event()

    def hear(self, news: OrderNews) -> None:
        if not news.client_oid.startswith(OUR_PREFIX):
            self._news[news.order_id] = news.symbol, news.venue
            self._bell.set()

    def missed(self) -> None:
        """There was a gap: what ended in it is looked for with the next look."""
        self._missed = True

    async def run(self) -> None:
        """Until cancelled. Several news of one order that came meanwhile are one look-up."""
        while True:
            await self._bell.wait()
            self._bell.clear()
            await self._look_up(self._news, spared=self._news.keys())

    async def look(self) -> None:
        """Called once a minute. Raises KucoinError; what was not read is read by the next."""
        since = self._since()
        await self._look_up(self._news, spared=self._news.keys() - self._unseen)
        self._unseen = set(self._news)
        resting = [order for order in await self._exchange.open_orders() if foreign(order)]
        for order in resting:
            self._store.elsewhere.see(order)
        open_ids = {order.order_id for order in resting}
        await self._look_up({i: at for i, at in self._store.elsewhere.resting().items() if i not in open_ids})
        if self._missed:
            self._missed = False
            try:
                await self._look_back(max(since, self._now() - LOOK_BACK))
            except KucoinError:
                self._missed = True
                raise

    async def _look_up(self, orders: dict[str, Place], *, spared: Collection[str] = ()) -> None:
        """Takes out of `orders` what was answered, and what nobody knows: but `spared` ones may be seen later."""
        for order_id, (symbol, venue) in list(orders.items()):
            try:
                order = await self._exchange.orders.by_id(order_id, symbol, venue)
            except UnknownOrder:
                if order_id in spared:
                    continue
                self._store.elsewhere.forget(order_id)
            except KucoinError as error:
                log.info("order %s could not be looked up: %s", order_id, error)
                continue
            else:
                self._see(order)
            orders.pop(order_id, None)

    async def _look_back(self, since: datetime) -> None:
        """What ended since then and was made since then, wherever somebody trades or holds something."""
        for symbol, venue in await self._places():
            for order in await self._exchange.orders.closed_orders(symbol, venue, since):
                if order.created_at >= since:
                    self._see(order)

    async def _places(self) -> list[Place]:
        """Ended orders are listed by symbol alone."""
        found: dict[Place, None] = dict.fromkeys(self._store.elsewhere.resting().values())
        found |= dict.fromkeys(self._store.orders.markets_since(self._now() - _TRADED_IN))
        try:
            fills = await self._exchange.orders.latest_futures_fills()
        except NoPermission:
            fills = ()
        found |= dict.fromkeys((fill.symbol, fill.venue) for fill in fills)
        found |= dict.fromkeys(await self._held())
        return list(found)[:_MOST_PLACES]

    async def _held(self) -> Iterable[Place]:
        balances = await self._exchange.account.balances()
        held = (b.currency for b in balances if b.kind is AccountKind.TRADE and b.total and b.currency != HOME_QUOTE)
        return ((Symbol(f"{currency}-{HOME_QUOTE}"), Venue.SPOT) for currency in held)

    def _see(self, order: Order) -> None:
        if not foreign(order):
            return
        if order.active:
            self._store.elsewhere.see(order)
            return
        with self._store.atomic():
            if self._store.elsewhere.end(order) and self._worth_telling(order):
                told = Letter(chat_id=0, lane=Lane.ORDER, text=self._word(order), kind=Kind.ORDERS)
                tell_desk(self._store, self._owners, told)

    def _worth_telling(self, order: Order) -> bool:
        """What a kill cancels stands on its own card."""
        return order.status is not OrderStatus.CANCELED or self._store.stops.standing() is None

    def _since(self) -> datetime:
        """When these orders were first looked at: what had ended before is no news."""
        known = self._store.facts.get(_SINCE)
        if known is not None:
            return datetime.fromisoformat(known)
        now = self._now()
        self._store.facts.set(_SINCE, now.isoformat())
        return now


def foreign(order: Order) -> bool:
    """Made elsewhere, and not what became of a stop order of ours, should KuCoin change all its numbers."""
    return not order.ours and not order.remark.startswith(OUR_PREFIX)
