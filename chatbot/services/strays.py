"""Orders under our mark that no row tells of: the database is older than they are.

It was restored, or its machine was set back. Such an order is the bot's own, so it gets a row, counts
against the day's limit and is followed like any other. Who asked for it went with the old rows: where
none is left, the first owner's chat gets the card. Every owner is told, once.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.account import AccountKind
from chatbot.core.errors import KucoinError
from chatbot.core.market import Symbol, Venue
from chatbot.core.notices import Lane, Letter, Subject
from chatbot.core.orders import Estimate, Executed, Order, OrderSpec, OrderTicket, OrderType, TicketState
from chatbot.core.preferences import Kind
from chatbot.core.symbols import HOME_QUOTE
from chatbot.core.values import frozen
from chatbot.services.exchange import Exchange
from chatbot.services.letters import card_edit
from chatbot.services.lookups import Lookups
from chatbot.services.market import Markets
from chatbot.services.routing import tell_desk
from chatbot.store.store import Store

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=2)
"""How far back ended orders are listed at a start: KuCoin forgets cancelled ones after two days."""

_AGAIN = timedelta(minutes=10)
"""How far a list goes back over what the one before it covered."""

_TRADED_IN = timedelta(days=30)
_NOBODY = "nobody known"
_ENDED = frozenset({TicketState.FILLED, TicketState.CANCELED})


@frozen
class Heirs:
    """The owners, who answer for what nobody else does, and how they are told."""

    owners: Collection[int]
    word: Callable[[OrderTicket], str]


class Strays:
    def __init__(self, *, exchange: Exchange, markets: Markets, store: Store, heirs: Heirs) -> None:
        self._exchange = exchange
        self._lookups = Lookups(exchange, store.now)
        self._markets = markets
        self._store = store
        self._heirs = heirs
        self._listed_until: dict[Symbol, datetime] = {}

    async def find(self) -> None:
        """Among all open orders, and the ended ones of wherever we traded or hold something. Raises KucoinError."""
        resting = await self._exchange.open_orders()
        await self.adopt(resting)
        await self.look_back(resting)

    async def adopt(self, orders: Iterable[Order]) -> None:
        """Raises KucoinError when one of them could not be priced."""
        for order in orders:
            if order.ours and not self._store.orders.knows_of(order.client_oid):
                executed = await self._lookups.executed(order)
                self._take(self._ticket(order, executed, await self._worth(order)))

    async def look_back(self, resting: Iterable[Order]) -> tuple[Order, ...]:
        """The ended orders that were listed: by symbol alone. A list that cannot be read is read the next time."""
        try:
            places = await self._places(resting)
        except KucoinError as error:
            log.warning("what was traded lately is not known: %s", error)
            return ()
        lists = await asyncio.gather(*(self._look_back_at(symbol, venue) for symbol, venue in places))
        return tuple(order for listed in lists for order in listed)

    async def _look_back_at(self, symbol: Symbol, venue: Venue) -> tuple[Order, ...]:
        now = self._store.now()
        since = max(self._listed_until.get(symbol, now - LOOK_BACK) - _AGAIN, now - LOOK_BACK)
        try:
            ended = await self._exchange.orders.closed_orders(symbol, venue, since)
            await self.adopt(ended)
        except KucoinError as error:
            log.warning("ended orders of %s could not be listed: %s", symbol, error)
            return ()
        self._listed_until[symbol] = now
        return ended

    async def _places(self, resting: Iterable[Order]) -> set[tuple[Symbol, Venue]]:
        places = {(o.symbol, o.venue) for o in resting}
        places.update(self._store.orders.markets_since(self._store.now() - _TRADED_IN))
        catalogue = await self._markets.catalogue()
        for balance in await self._exchange.account.balances():
            instrument = catalogue.get(Symbol(f"{balance.currency}-{HOME_QUOTE}"))
            if balance.kind is AccountKind.TRADE and balance.total and instrument is not None:
                places.add((instrument.symbol, instrument.venue))
        return places

    async def _worth(self, order: Order) -> Decimal:
        """What it counts for against the limits, in USDT. A contract counts for what was done: ours only close."""
        catalogue = await self._markets.catalogue()
        instrument = catalogue.get(order.symbol)
        quote = order.symbol.partition("-")[2] if instrument is None else instrument.quote
        return _funds(order) * (await self._markets.in_usdt(quote) or Decimal(1))

    def _ticket(self, order: Order, executed: Executed, worth: Decimal) -> OrderTicket:
        state = TicketState(order.status.value)
        owner = min(self._heirs.owners)
        # A market order ended when it was placed; a limit order may have ended just now, and counts for today.
        ended_at = order.created_at if order.type is OrderType.MARKET else self._store.now()
        return OrderTicket(
            id=0,
            spec=_spec(order),
            cost=Estimate(
                price=_price(order),
                size=order.size or order.filled_size,
                funds=_funds(order),
                fee=order.fee,
                notional=worth,
                free_after=Decimal(0),
            ),
            asked="",
            person_id=owner,
            person=_NOBODY,
            chat_id=owner,
            card_id=0,
            state=state,
            budget_after=Decimal(0),
            proposed_at=order.created_at,
            expires_at=order.created_at,
            submitted_at=order.created_at,
            ended_at=ended_at if state in _ENDED else None,
            order_id=order.order_id,
            executed=executed,
        )

    def _take(self, found: OrderTicket) -> None:
        outbox = self._store.outbox
        with self._store.atomic():
            ticket = self._store.orders.adopt(found, f"{found.order_id} had no row")
            if ticket is None:
                return
            log.warning("%s is order %s, which this database did not know", ticket.name, ticket.order_id)
            text = self._heirs.word(ticket)
            told = Letter(chat_id=0, lane=Lane.ANSWER, text=text, kind=Kind.ORDERS)
            tell_desk(self._store, self._heirs.owners, told)
            if ticket.card_id:
                outbox.put(card_edit(ticket))
                return
            card = Letter(chat_id=ticket.chat_id, lane=Lane.ORDER, subject=Subject.TICKET, subject_id=ticket.id)
            self._store.orders.show_on(ticket.id, outbox.put(card).id)


def _price(order: Order) -> Decimal:
    asked = order.price if order.price is not None else order.trigger
    if asked is not None:
        return asked
    return order.filled_funds / order.filled_size if order.filled_size else Decimal(0)


def _funds(order: Order) -> Decimal:
    asked = order.price if order.price is not None else order.trigger
    if order.venue is Venue.SPOT and asked is not None and order.size is not None:
        return asked * order.size
    return max(order.funds or Decimal(0), order.filled_funds)


def _spec(order: Order) -> OrderSpec:
    """A market order that KuCoin shows with a size and funds was placed for the funds."""
    limit = order.price is not None and order.size is not None
    by_funds = not limit and order.funds is not None
    return OrderSpec(
        client_oid=order.client_oid,
        symbol=order.symbol,
        venue=order.venue,
        side=order.side,
        type=OrderType.LIMIT if limit else OrderType.MARKET,
        size=None if by_funds else order.size or order.filled_size,
        funds=order.funds if by_funds else None,
        price=order.price if limit else None,
        trigger=order.trigger,
    )
