"""Propose, confirm, submit: the one path by which an order can leave.

Write intent, then act, then write the outcome. A confirmed ticket leads to at most one
POST, ever: KuCoin's clientOid is a handle to look an order up, not a promise that a second
POST would be refused.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from chatbot.core import limits
from chatbot.core.errors import Killed, OutcomeUnknown, Refused, Rejected, TicketGone, Unavailable
from chatbot.core.limits import Limits
from chatbot.core.market import Instrument, Symbol
from chatbot.core.modes import TradingMode
from chatbot.core.numbers import plain
from chatbot.core.orders import OUR_PREFIX, Draft, Estimate, OrderSpec, OrderTicket, OrderType, TicketState
from chatbot.core.people import Person
from chatbot.services.exchange import Exchange
from chatbot.services.letters import card_edit
from chatbot.services.market import Markets
from chatbot.services.reconcile import Reconciler
from chatbot.services.terms import TermsReader
from chatbot.store.orders import Step
from chatbot.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asked for what, where, and the update it came in by."""

    person: Person
    chat_id: int
    update_id: int
    asked: str


class PriceMoved(Refused):
    """The market moved further than the settings allow between card and tap; the ticket is spent."""

    def __init__(self, shown: Decimal, now: Decimal) -> None:
        super().__init__(f"The price moved: was {plain(shown)}, now {plain(now)}. Nothing was sent.")
        self.shown = shown
        self.now = now


class Trading:
    """`holds` raise Refused while, for a reason of their own, no order may leave."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        markets: Markets,
        reconciler: Reconciler,
        store: Store,
        rules: Limits,
        holds: Sequence[Callable[[], None]] = (),
    ) -> None:
        self._exchange = exchange
        self._markets = markets
        self._terms = TermsReader(exchange, markets)
        self._reconciler = reconciler
        self._store = store
        self._rules = rules
        self._now = store.now
        self._holds = holds
        self._uptime = store.uptime

    async def check_draft(self, draft: Draft) -> None:
        """Long before it is proposed. Raises UsageError, Refused, KucoinError."""
        instrument = (await self._markets.catalogue()).find(draft.word)
        limits.check_draft(draft, instrument, self._rules)

    async def propose(self, draft: Draft, asking: Asking) -> OrderTicket:
        """A ticket that waits for its proposer's tap; nothing has left. Raises UsageError, Refused, KucoinError."""
        self._check_open()
        instrument = (await self._markets.catalogue()).find(draft.word)
        self._check_nothing_unknown(instrument.symbol)
        terms = await self._terms.read(instrument)
        spec = limits.fit(draft, terms, f"{OUR_PREFIX}{secrets.token_hex(16)}")
        cost = limits.estimate(spec, terms)
        spent = self._store.orders.spent_on_day_of(self._now())
        limits.check(spec, cost, terms, self._rules, spent)
        with self._store.atomic():
            self._check_open()
            return self._store.orders.propose(self._ticket(spec, cost, asking, spent), asking.update_id)

    async def confirm(self, ticket_id: int, person: Person, card_id: int) -> OrderTicket:
        """The tap: one compare-and-set to SUBMITTING, everything checked anew in the same transaction.

        Raises TicketGone, Killed, OverLimit, Refused, PriceMoved (then the ticket is spent) and
        KucoinError when the price cannot be read; in each case nothing has left.
        """
        ticket = self._tappable(ticket_id, person, card_id)
        terms = await self._terms.read(await self._instrument(ticket.spec.symbol))
        with self._store.atomic():
            ticket = self._tappable(ticket_id, person, card_id)
            self._check_open()
            self._check_nothing_unknown(ticket.spec.symbol)
            cost = limits.estimate(ticket.spec, terms)
            if not self._moved_too_far(ticket, cost):
                spent = self._store.orders.spent_on_day_of(self._now())
                limits.check(ticket.spec, cost, terms, self._rules, spent)
                return self._step(ticket, TicketState.SUBMITTING, Step(cost=cost))
            self._step(ticket, TicketState.EXPIRED, Step(reason="the price moved"))
        raise PriceMoved(ticket.cost.price, cost.price)

    async def submit(self, ticket: OrderTicket) -> None:
        """The one POST of a confirmed ticket, and its outcome written together with the letter that tells it.

        Raises TicketGone when the ticket was sent, or given up, before.
        """
        if self.ticket(ticket.id).state is not TicketState.SUBMITTING:
            raise TicketGone(f"{ticket.name} was already sent, or given up.")
        try:
            order_id = await self._exchange.orders.place(ticket.spec, last_word=self._check_open)
        except Killed:
            self._step(ticket, TicketState.NOT_SENT, Step(reason="trading was stopped before it left"))
        except Refused as error:
            self._step(ticket, TicketState.NOT_SENT, Step(reason=str(error)))
        except Rejected as error:
            self._step(ticket, TicketState.REJECTED, Step(reason=str(error), detail=error.code))
        except Unavailable as error:
            self._step(ticket, TicketState.NOT_SENT, Step(reason=str(error), detail=error.code))
        except OutcomeUnknown as error:
            doubtful = self._step(ticket, TicketState.UNKNOWN, Step(reason=str(error), detail=error.code))
            await self._reconciler.search(doubtful)
        else:
            placed = self._step(ticket, TicketState.OPEN, Step(order_id=order_id, detail=order_id))
            await self._reconciler.watch(placed)

    def decline(self, ticket_id: int, person: Person, card_id: int) -> OrderTicket:
        """Raises TicketGone."""
        with self._store.atomic():
            return self._step(self._tappable(ticket_id, person, card_id), TicketState.DECLINED, Step())

    async def check(self, ticket_id: int) -> OrderTicket:
        """One look at the exchange for this ticket's order, asked for by a person."""
        return await self._reconciler.check(self.ticket(ticket_id))

    def expire_overdue(self) -> None:
        with self._store.atomic():
            for ticket in self._store.orders.waiting():
                if self._is_over(ticket):
                    self._step(ticket, TicketState.EXPIRED, Step())

    def ticket(self, ticket_id: int) -> OrderTicket:
        """Raises TicketGone."""
        ticket = self._store.orders.ticket(ticket_id)
        if ticket is None:
            raise TicketGone("That ticket is gone. Nothing was sent.")
        return ticket

    def _tappable(self, ticket_id: int, person: Person, card_id: int) -> OrderTicket:
        """The ticket, if this person may still tap it on this card now."""
        ticket = self.ticket(ticket_id)
        if ticket.person_id != person.id:
            raise TicketGone(f"Only {ticket.person} can tap {ticket.name}.")
        if ticket.card_id != card_id:
            raise TicketGone(f"This is not the card of {ticket.name}. Nothing was sent.")
        if ticket.state is TicketState.EXPIRED or self._is_over(ticket):
            raise TicketGone(f"{ticket.name} expired, nothing was sent.")
        if ticket.state is TicketState.DECLINED:
            raise TicketGone(f"{ticket.name} was cancelled, nothing was sent.")
        if ticket.state is not TicketState.AWAIT_CONFIRM:
            raise TicketGone(f"{ticket.name} was already sent.")
        return ticket

    def _is_over(self, ticket: OrderTicket) -> bool:
        """By the stricter of two clocks: one may be set back, the other begins anew with the host."""
        return ticket.expires_at <= self._now() or self._uptime().reached(ticket.lasts_until)

    def _check_open(self) -> None:
        if self._rules.mode is TradingMode.OFF:  # known without a key, so said without asking KuCoin
            raise Refused("Trading is off (TRADING_MODE).")
        stop = self._store.stops.standing()
        if stop is not None:
            raise Killed(f"Trading was stopped by {stop.person}. An owner can /resume it.")
        for hold in self._holds:
            hold()

    def _check_nothing_unknown(self, symbol: Symbol) -> None:
        unknown = self._store.orders.unknown_on(symbol)
        if unknown is not None:
            raise Refused(f"{unknown.name} is still unknown. New {symbol} orders are held until it is found.")

    def _moved_too_far(self, ticket: OrderTicket, cost: Estimate) -> bool:
        """A limit order has its price already: only market orders can be surprised."""
        if ticket.spec.type is OrderType.LIMIT:
            return False
        return limits.drift(ticket.cost.price, cost.price) > self._rules.max_drift

    def _step(self, ticket: OrderTicket, to: TicketState, step: Step) -> OrderTicket:
        """One move and the letter that tells it, together. Raises TicketGone when somebody was quicker."""
        with self._store.atomic():
            moved = self._store.orders.move(ticket, to, by=ticket.person, step=step)
            if moved is None:
                raise TicketGone(f"{ticket.name} has moved on.")
            if moved.card_id:
                self._store.outbox.put(card_edit(moved))
            return moved

    async def _instrument(self, symbol: Symbol) -> Instrument:
        instrument = (await self._markets.catalogue()).get(symbol)
        if instrument is None:
            raise Refused(f"KuCoin no longer lists {symbol}. Nothing was sent.")
        return instrument

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
