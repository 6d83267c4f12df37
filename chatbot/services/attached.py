"""Orders attached to alerts: the alert fires, the ticket comes with it and waits for the tap like any other."""

import asyncio
import logging
from collections.abc import Callable

from chatbot.core.alerts import AlertRule, Firing
from chatbot.core.errors import ChatbotError, NotAllowed
from chatbot.core.notices import Lane, Letter, Subject
from chatbot.core.orders import Draft, OrderTicket
from chatbot.core.people import Person, Role
from chatbot.core.preferences import Kind
from chatbot.services.trading import Asking, Trading
from chatbot.store.store import Store

log = logging.getLogger(__name__)


class Attached:
    """`parse` reads an order line. `refused` words why no ticket came of one."""

    def __init__(
        self,
        *,
        store: Store,
        trading: Trading,
        role_of: Callable[[int], Role | None],
        parse: Callable[[str], Draft],
        refused: Callable[[AlertRule, ChatbotError], str],
    ) -> None:
        self._store = store
        self._trading = trading
        self._role_of = role_of
        self._parse = parse
        self._refused = refused
        self._owed = asyncio.Event()
        self._owed.set()  # what was owed when the bot stopped

    def ring(self) -> None:
        """A firing brought an order line along."""
        self._owed.set()

    async def run(self) -> None:
        """Until cancelled: a ticket for each firing that owes one, after its alert."""
        while True:
            await self._owed.wait()
            self._owed.clear()
            for firing in self._store.alerts.owed_tickets():
                rule = self._store.alerts.rule(firing.rule_id)
                if rule is not None:
                    await self._make(rule, firing)

    async def _make(self, rule: AlertRule, firing: Firing) -> None:
        try:
            ticket = await self._propose(rule, firing)
        except ChatbotError as error:
            log.info("the order of %s came to no ticket: %s", rule.name, error)
            self._settle(rule, firing, None, self._refused(rule, error))
        else:
            self._settle(rule, firing, ticket, "")

    async def _propose(self, rule: AlertRule, firing: Firing) -> OrderTicket:
        """Raises what `Trading.propose` raises, and NotAllowed for who may not trade any more."""
        role = self._role_of(rule.person_id)
        if role is None or role < Role.TRADER:
            raise NotAllowed(f"{rule.person} may not trade.")
        asking = Asking(
            person=Person(id=rule.person_id, name=rule.person, role=role),
            chat_id=rule.chat_id,
            # No update asked for this: a number that none can have, the same if this is done over.
            update_id=-firing.id,
            asked=f"/{rule.order}",
        )
        return await self._trading.propose(self._parse(rule.order), asking)

    def _settle(self, rule: AlertRule, firing: Firing, ticket: OrderTicket | None, text: str) -> None:
        alert = self._store.alerts.letter_of(firing.id)
        with self._store.atomic():
            if not self._store.alerts.ticket_made(firing.id, ticket.id if ticket is not None else None):
                return
            letter = Letter(
                chat_id=rule.chat_id,
                thread_id=rule.thread_id,
                lane=Lane.ORDER,
                text=text,
                subject=Subject.TICKET if ticket is not None else None,
                subject_id=ticket.id if ticket is not None else 0,
                follows=alert,
                kind=Kind.ORDERS if ticket is None else None,
                protected=ticket is not None,
            )
            card = self._store.outbox.put(letter)
            if ticket is not None:
                self._store.orders.show_on(ticket.id, card.id)
