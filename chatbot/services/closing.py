"""Close positions after a kill: reduce-only at the market, after a confirmation of its own.

The one kind of order that a kill lets through. As with every order, a row stands before
its bytes leave, at most one POST leaves for each, and what came of it is looked up.

Of what else holds orders, only one thing holds these: a key of another account, or one that KuCoin was not
asked about yet, would close positions that nobody here asked to close. A key with a right too many, or too few,
does not: after a kill the way out matters more, and it leads to no address; KuCoin refuses what a key may not do.
What rests unseen after a start does not either, for no order here can do more than close what is open now.
"""

import asyncio
import secrets
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from chatbot.core.account import Position
from chatbot.core.closing import CloseCard, close_card
from chatbot.core.errors import Refused, TicketGone
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Lane, Letter, Subject
from chatbot.core.orders import Estimate, OrderSpec, OrderTicket, TicketState
from chatbot.core.people import Person
from chatbot.core.values import frozen
from chatbot.services.exchange import Exchange
from chatbot.services.exits import Exits, Sending
from chatbot.services.killswitch import KillSwitch
from chatbot.services.positions import open_positions
from chatbot.services.reconcile import Reconciler
from chatbot.services.tickets import Tickets
from chatbot.store.orders import Step
from chatbot.store.store import Store

_NOTHING = Decimal(0)


@frozen
class ClosingRules:
    """`life` is that of the card that asks; `hold` raises Refused where the key may be another account's."""

    mode: TradingMode
    life: timedelta
    hold: Callable[[], None]


class Closing:
    def __init__(
        self,
        *,
        exchange: Exchange,
        store: Store,
        killswitch: KillSwitch,
        reconciler: Reconciler,
        rules: ClosingRules,
    ) -> None:
        self._exchange = exchange
        self._store = store
        self._killswitch = killswitch
        self._tickets = Tickets(store=store, approvers=())
        self._exits = Exits(exchange=exchange, reconciler=reconciler, tickets=self._tickets)
        self._rules = rules

    async def propose(self, person: Person) -> tuple[CloseCard, tuple[Position, ...]]:
        """What confirming would close, as it is now; nothing has left. Raises Refused, KucoinError."""
        self._check_open()
        positions = await open_positions(self._exchange)
        if not positions:
            raise Refused("No position is open.")
        return close_card(secrets.token_hex(12), person.id, self._store.now(), positions), positions

    async def confirm(self, card: CloseCard, person: Person, chat_id: int) -> tuple[Sending, ...]:
        """Writes a ticket for every position that is still there, all of them committed before any may leave.

        Raises TicketGone when the card is somebody else's, too old or spent, Refused, KucoinError; nothing has left.
        """
        self._check_open()
        card.check(person.id, self._store.now(), self._rules.life)
        orders = card.orders(await open_positions(self._exchange))
        with self._store.atomic():
            self._check_open()
            card.check(person.id, self._store.now(), self._rules.life)
            if any(self._store.orders.by_client_oid(spec.client_oid) for spec, _ in orders):
                raise TicketGone("That was confirmed already. Nothing more was sent.")
            if not orders:
                raise TicketGone("None of these positions is open any more. Nothing was sent.")
            return tuple((self._write(spec, person, chat_id), position) for spec, position in orders)

    async def send(self, sendings: tuple[Sending, ...]) -> None:
        """One POST each, at the same time, and what became of them; then the kill's card counts what is left."""
        await asyncio.gather(*(self._exits.send(sending, last_word=self._check_may_leave) for sending in sendings))
        await self._killswitch.recount()

    def _write(self, spec: OrderSpec, person: Person, chat_id: int) -> OrderTicket:
        """A ticket that is being sent, with a card of its own. What only reduces counts against no limit."""
        now = self._store.now()
        cost = Estimate(
            price=_NOTHING,
            size=spec.size or _NOTHING,
            funds=_NOTHING,
            fee=_NOTHING,
            notional=_NOTHING,
            free_after=_NOTHING,
        )
        ticket = OrderTicket(
            id=0,
            spec=spec,
            cost=cost,
            asked="Close positions",
            person_id=person.id,
            person=person.name,
            chat_id=chat_id,
            card_id=0,
            state=TicketState.AWAIT_CONFIRM,
            budget_after=_NOTHING,
            proposed_at=now,
            expires_at=now + self._rules.life,
        )
        # Below zero there are no updates of Telegram's, and fifty bits of chance belong to nobody else.
        written = self._store.orders.propose(ticket, -int(spec.client_oid[2:15], 16) - int(spec.client_oid[-3:]))
        letter = Letter(chat_id=chat_id, lane=Lane.ANSWER, subject=Subject.TICKET, subject_id=written.id)
        self._store.orders.show_on(written.id, self._store.outbox.put(letter).id)
        return self._tickets.step(self._tickets.get(written.id), TicketState.SUBMITTING, Step())

    def _check_open(self) -> None:
        self._check_may_leave()
        if self._killswitch.standing() is None:
            raise Refused("Trading is not stopped.")

    def _check_may_leave(self) -> None:
        if self._rules.mode is TradingMode.OFF:
            raise Refused("Trading is off (TRADING_MODE).")
        self._rules.hold()
