"""Propose, confirm, submit: the one path by which an order can leave.

Write intent, then act, then write the outcome. A confirmed ticket leads to at most one
POST, ever: KuCoin's clientOid is a handle to look an order up, not a promise that a second
POST would be refused.
"""

import secrets
from dataclasses import replace
from decimal import Decimal

from chatbot.core import limits
from chatbot.core.errors import Killed, OutcomeUnknown, Refused, Rejected, TicketGone, Unavailable
from chatbot.core.limits import Limits
from chatbot.core.orders import OUR_PREFIX, Draft, Estimate, OrderSpec, OrderTicket, TicketState
from chatbot.core.people import Person
from chatbot.core.values import frozen
from chatbot.core.waiting import Awaits
from chatbot.services.colleagues import Colleagues
from chatbot.services.exchange import Exchange
from chatbot.services.market import Markets
from chatbot.services.passing import Guards, Passage
from chatbot.services.reconcile import Reconciler
from chatbot.services.terms import TermsReader
from chatbot.services.tickets import Tickets
from chatbot.store.orders import Step
from chatbot.store.store import Store


@frozen
class Asking:
    """Who asked for what, where, and the update it came in by."""

    person: Person
    chat_id: int
    update_id: int
    asked: str


class Trading:
    def __init__(
        self,
        *,
        exchange: Exchange,
        markets: Markets,
        reconciler: Reconciler,
        store: Store,
        rules: Limits,
        guards: Guards,
    ) -> None:
        self._exchange = exchange
        self._markets = markets
        self._terms = TermsReader(exchange, markets)
        self._reconciler = reconciler
        self._store = store
        self._rules = rules
        self._now = store.now
        self._guards = guards
        self._tickets = Tickets(store=store, approvers=guards.approvers)
        self._passage = Passage(
            markets=markets, terms=self._terms, tickets=self._tickets, store=store, rules=rules, guards=guards
        )
        self._uptime = store.uptime
        self._colleagues = Colleagues(store)

    async def check_draft(self, draft: Draft) -> None:
        """Long before it is proposed. Raises UsageError, Refused, KucoinError."""
        instrument = (await self._markets.catalogue()).find(draft.word)
        limits.check_draft(draft, instrument, self._rules)

    async def propose(self, draft: Draft, asking: Asking) -> OrderTicket:
        """A ticket that waits for its proposer's tap; nothing has left. Raises UsageError, Refused, KucoinError."""
        await self._guards.settled()
        self._passage.check_open()
        instrument = (await self._markets.catalogue()).find(draft.word)
        self._passage.check_nothing_unknown(instrument.symbol)
        terms = await self._terms.read(instrument, at_market=draft.price is None and draft.trigger is None)
        spec = limits.fit(draft, terms, f"{OUR_PREFIX}{secrets.token_hex(16)}")
        cost = limits.estimate(spec, terms)
        spent = self._store.orders.spent_on_day_of(self._now())
        limits.check(spec, cost, terms, self._rules, spent)
        with self._store.atomic():
            self._passage.check_open()
            ticket = self._store.orders.propose(self._ticket(spec, cost, asking, spent), asking.update_id)
            self._colleagues.tell(ticket)
            return ticket

    async def confirm(self, ticket_id: int, person: Person, card_id: int, aware: Decimal | None = None) -> OrderTicket:
        """The tap: one compare-and-set to SUBMITTING, everything checked anew in the same transaction.

        Where the order needs more than the tap, it waits on instead, as the ticket that comes back says.
        `aware` is the distance from the market that the tapped button named. Raises TicketGone, Killed,
        OverLimit, Refused, PriceMoved (then the ticket is spent) and KucoinError when the price cannot be
        read; in each case nothing has left.
        """

        def taken() -> OrderTicket:
            return self._tickets.confirmable(ticket_id, person, card_id)

        ticket = taken()
        return ticket if ticket.waiting.awaits is Awaits.CODE else await self._passage.go_on(taken, person, aware)

    async def prove(self, ticket_id: int, person: Person, code: str) -> OrderTicket:
        """The code that a confirmed ticket waits for. It is spent, whatever comes of it. Raises as `confirm`."""

        def taken() -> OrderTicket:
            return self._tickets.provable(ticket_id, person)

        taken()
        self._guards.factors.check(person, code)
        return await self._passage.go_on(taken, person)

    async def approve(self, ticket_id: int, person: Person) -> OrderTicket:
        """Another person's word for a confirmed ticket. Raises as `confirm`, and NotAllowed."""

        def taken() -> OrderTicket:
            return self._tickets.approvable(ticket_id, person)

        return await self._passage.go_on(taken, person)

    def reject(self, ticket_id: int, person: Person) -> OrderTicket:
        """Raises TicketGone, NotAllowed."""
        with self._store.atomic():
            ticket = self._tickets.approvable(ticket_id, person)
            step = Step(reason=f"{person.name} rejected it")
            return self._tickets.step(ticket, TicketState.DECLINED, step, by=person.name)

    async def submit(self, ticket: OrderTicket) -> None:
        """The one POST of a confirmed ticket, and its outcome written together with the letter that tells it.

        Raises TicketGone when the ticket was sent, or given up, before.
        """
        if self.ticket(ticket.id).state is not TicketState.SUBMITTING:
            raise TicketGone(f"{ticket.name} was already sent, or given up.")
        try:
            order_id = await self._exchange.orders.place(ticket.spec, last_word=self._passage.check_open)
        except Killed:
            self._tickets.step(ticket, TicketState.NOT_SENT, Step(reason="trading was stopped before it left"))
        except Refused as error:
            self._tickets.step(ticket, TicketState.NOT_SENT, Step(reason=str(error)))
        except Rejected as error:
            self._tickets.step(ticket, TicketState.REJECTED, Step(reason=str(error), detail=error.code))
        except Unavailable as error:
            self._tickets.step(ticket, TicketState.NOT_SENT, Step(reason=str(error), detail=error.code))
        except OutcomeUnknown as error:
            doubtful = self._tickets.step(ticket, TicketState.UNKNOWN, Step(reason=str(error), detail=error.code))
            await self._reconciler.search(doubtful)
        else:
            taken = TicketState.OPEN if ticket.spec.trigger is None else TicketState.PARKED
            placed = self._tickets.step(ticket, taken, Step(order_id=order_id, detail=order_id))
            await self._reconciler.watch(placed)

    def decline(self, ticket_id: int, person: Person, card_id: int) -> OrderTicket:
        """Raises TicketGone."""
        with self._store.atomic():
            return self._tickets.step(self._tickets.tapped(ticket_id, person, card_id), TicketState.DECLINED, Step())

    async def check(self, ticket_id: int) -> OrderTicket:
        """One look at the exchange for this ticket's order, asked for by a person."""
        return await self._reconciler.check(self.ticket(ticket_id))

    def expire_overdue(self) -> None:
        self._tickets.expire_overdue()

    def ticket(self, ticket_id: int) -> OrderTicket:
        """Raises TicketGone."""
        return self._tickets.get(ticket_id)

    def _ticket(self, spec: OrderSpec, cost: Estimate, asking: Asking, spent: Decimal) -> OrderTicket:
        now, uptime = self._now(), self._uptime()
        return OrderTicket(
            id=0,
            spec=spec,
            cost=cost,
            asked=asking.asked,
            person_id=asking.person.id,
            person=asking.person.name,
            chat_id=asking.chat_id,
            card_id=0,
            state=TicketState.AWAIT_CONFIRM,
            budget_after=self._rules.daily_max - spent - cost.notional,
            proposed_at=now,
            expires_at=now + self._rules.confirm,
            lasts_until=replace(uptime, awake=uptime.awake + self._rules.confirm),
        )
