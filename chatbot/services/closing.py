"""Close positions after a kill: reduce-only at the market, after a confirmation of its own.

The one kind of order that a kill lets through. As with every order, a row stands before
its bytes leave, at most one POST leaves for each, and what came of it is looked up.
"""

import asyncio
import secrets
from datetime import timedelta
from decimal import Decimal

from chatbot.core.account import Position
from chatbot.core.closing import CloseCard, close_card
from chatbot.core.errors import NoPermission, OutcomeUnknown, Refused, Rejected, TicketGone, Unavailable
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Lane, Letter, Subject
from chatbot.core.orders import Estimate, OrderSpec, OrderTicket, TicketState
from chatbot.core.people import Person
from chatbot.services.exchange import Exchange
from chatbot.services.killswitch import KillSwitch
from chatbot.services.letters import card_edit
from chatbot.services.reconcile import Reconciler
from chatbot.store.orders import Step
from chatbot.store.store import Store

_NOTHING = Decimal(0)

Sending = tuple[OrderTicket, Position]
"""A ticket that may be sent once, and the position it makes smaller."""


class Closing:
    def __init__(
        self,
        *,
        exchange: Exchange,
        store: Store,
        killswitch: KillSwitch,
        reconciler: Reconciler,
        mode: TradingMode,
        life: timedelta,
    ) -> None:
        self._exchange = exchange
        self._store = store
        self._killswitch = killswitch
        self._reconciler = reconciler
        self._mode = mode
        self._life = life

    async def propose(self, person: Person) -> tuple[CloseCard, tuple[Position, ...]]:
        """What confirming would close, as it is now; nothing has left. Raises Refused, KucoinError."""
        self._check_open()
        positions = await self._positions()
        if not positions:
            raise Refused("No position is open.")
        return close_card(secrets.token_hex(12), person.id, self._store.now(), positions), positions

    async def confirm(self, card: CloseCard, person: Person, chat_id: int) -> tuple[Sending, ...]:
        """Writes a ticket for every position that is still there, all of them committed before any may leave.

        Raises TicketGone when the card is somebody else's, too old or spent, Refused, KucoinError; nothing has left.
        """
        self._check_open()
        card.check(person.id, self._store.now(), self._life)
        orders = card.orders(await self._positions())
        with self._store.atomic():
            self._check_open()
            card.check(person.id, self._store.now(), self._life)
            if any(self._store.orders.by_client_oid(spec.client_oid) for spec, _ in orders):
                raise TicketGone("That was confirmed already. Nothing more was sent.")
            if not orders:
                raise TicketGone("None of these positions is open any more. Nothing was sent.")
            return tuple((self._write(spec, person, chat_id), position) for spec, position in orders)

    async def send(self, sendings: tuple[Sending, ...]) -> None:
        """One POST each, at the same time, and what became of them; then the kill's card counts what is left."""
        await asyncio.gather(*(self._send(ticket, position) for ticket, position in sendings))
        await self._killswitch.recount()

    async def _send(self, ticket: OrderTicket, position: Position) -> None:
        try:
            order_id = await self._exchange.orders.reduce(ticket.spec, position, last_word=self._check_mode)
        except Rejected as error:
            self._step(ticket, TicketState.REJECTED, Step(reason=str(error), detail=error.code))
        except (Refused, Unavailable) as error:
            self._step(ticket, TicketState.NOT_SENT, Step(reason=str(error)))
        except OutcomeUnknown as error:
            doubtful = self._step(ticket, TicketState.UNKNOWN, Step(reason=str(error), detail=error.code))
            await self._reconciler.search(doubtful)
        else:
            placed = self._step(ticket, TicketState.OPEN, Step(order_id=order_id, detail=order_id))
            await self._reconciler.watch(placed)

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
            expires_at=now + self._life,
        )
        # Below zero there are no updates of Telegram's, and fifty bits of chance belong to nobody else.
        written = self._store.orders.propose(ticket, -int(spec.client_oid[2:15], 16) - int(spec.client_oid[-3:]))
        letter = Letter(chat_id=chat_id, lane=Lane.ANSWER, subject=Subject.TICKET, subject_id=written.id)
        self._store.orders.show_on(written.id, self._store.outbox.put(letter).id)
        return self._step(self._store.orders.ticket(written.id) or written, TicketState.SUBMITTING, Step())

    def _step(self, ticket: OrderTicket, to: TicketState, step: Step) -> OrderTicket:
        with self._store.atomic():
            moved = self._store.orders.move(ticket, to, by=ticket.person, step=step)
            if moved is None:
                raise TicketGone(f"{ticket.name} has moved on.")
            self._store.outbox.put(card_edit(moved))
            return moved

    async def _positions(self) -> tuple[Position, ...]:
        try:
            return await self._exchange.account.positions()
        except NoPermission as error:
            raise Refused("The key may not see futures positions.") from error

    def _check_open(self) -> None:
        self._check_mode()
        if self._killswitch.standing() is None:
            raise Refused("Trading is not stopped.")

    def _check_mode(self) -> None:
        if self._mode is TradingMode.OFF:
            raise Refused("Trading is off (TRADING_MODE).")
