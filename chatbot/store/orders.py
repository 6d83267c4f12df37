"""Tickets and their journal: every step of every order, written before it is told or sent."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import (
    AT_THE_EXCHANGE,
    TRANSITIONS,
    Estimate,
    Executed,
    OrderSpec,
    OrderTicket,
    OrderType,
    Side,
    TicketState,
)
from chatbot.core.times import Now
from chatbot.store.audit import Audit
from chatbot.store.database import Database
from chatbot.store.values import maybe_decimal, maybe_money, moment, money, stamp

_SPENDING = (*AT_THE_EXCHANGE, TicketState.FILLED, TicketState.CANCELED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a move writes beside the new state. None leaves a column as it is."""

    detail: str = ""
    order_id: str | None = None
    executed: Executed | None = None
    reason: str | None = None
    cost: Estimate | None = None


class Orders:
    def __init__(self, db: Database, audit: Audit, now: Now) -> None:
        self._db = db
        self._audit = audit
        self._now = now

    def propose(self, ticket: OrderTicket, update_id: int) -> OrderTicket:
        """Writes the ticket and gives it its number. An update that was handled before keeps its first ticket."""
        spec, cost = ticket.spec, ticket.cost
        with self._db.atomic():
            known = self._one("update_id = ?", [update_id])
            if known is not None:
                return known
            cursor = self._db.execute(
                "INSERT INTO tickets (update_id, client_oid, state, asked, person_id, person, chat_id, symbol, venue,"
                " side, type, size, funds, price, notional, shown_price, about_size, about_funds, about_fee,"
                " free_after, budget_after, proposed_at, expires_at, filled_size, filled_funds, fee)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '0', '0', '0')",
                [
                    update_id, spec.client_oid, ticket.state.value, ticket.asked, ticket.person_id, ticket.person,
                    ticket.chat_id, spec.symbol, spec.venue.value, spec.side.value, spec.type.value,
                    maybe_money(spec.size), maybe_money(spec.funds), maybe_money(spec.price), money(cost.notional),
                    money(cost.price), money(cost.size), money(cost.funds), money(cost.fee), money(cost.free_after),
                    money(ticket.budget_after), stamp(ticket.proposed_at), stamp(ticket.expires_at),
                ],
            )  # fmt: skip
            written = replace(ticket, id=int(cursor.lastrowid or 0))
            self._audit.record(ticket.person, "proposed", f"{written.name} {ticket.asked}")
            return written

    def show_on(self, ticket_id: int, letter_id: int) -> None:
        """Binds the ticket to the card that shows it: only taps on that card count."""
        self._db.execute("UPDATE tickets SET card_id = ? WHERE id = ?", [letter_id, ticket_id])

    def move(self, ticket: OrderTicket, to: TicketState, by: str, step: Step | None = None) -> OrderTicket | None:
        """One compare-and-set from the state `ticket` was read in. None when it has moved on since.

        Raises ValueError for a move that the life cycle does not have, or that would take a fill back.
        """
        if to not in TRANSITIONS[ticket.state]:
            raise ValueError(f"a ticket does not go from {ticket.state} to {to}")
        step = step or Step()
        now = stamp(self._now())
        done, cost = step.executed or ticket.executed, step.cost or ticket.cost
        if done.size < ticket.executed.size:
            raise ValueError(f"{ticket.executed.size} were filled already, not {done.size}")
        with self._db.atomic():
            cursor = self._db.execute(
                "UPDATE tickets SET state = ?, order_id = ?, filled_size = ?, filled_funds = ?, fee = ?,"
                " fee_currency = ?, reason = ?, notional = ?, about_funds = ?,"
                " submitted_at = coalesce(submitted_at, ?), ended_at = ?"
                " WHERE id = ? AND state = ? AND filled_size = ?",
                [
                    to.value, ticket.order_id if step.order_id is None else step.order_id, money(done.size),
                    money(done.funds), money(done.fee), done.fee_currency,
                    ticket.reason if step.reason is None else step.reason,
                    money(cost.notional), money(cost.funds),
                    now if to is TicketState.SUBMITTING else None, None if TRANSITIONS[to] else now,
                    ticket.id, ticket.state.value, money(ticket.executed.size),
                ],
            )  # fmt: skip
            if cursor.rowcount != 1:
                return None
            self._db.execute(
                "INSERT INTO journal (ticket_id, at, was, became, detail) VALUES (?, ?, ?, ?, ?)",
                [ticket.id, now, ticket.state.value, to.value, step.detail],
            )
            self._audit.record(by, to.value, f"{ticket.name} {step.detail}".strip())
            return self.ticket(ticket.id)

    def ticket(self, ticket_id: int) -> OrderTicket | None:
        return self._one("id = ?", [ticket_id])

    def overdue(self) -> tuple[OrderTicket, ...]:
        """Tickets whose time to be tapped is over."""
        return self._many("state = ? AND expires_at <= ?", [TicketState.AWAIT_CONFIRM.value, stamp(self._now())])

    def waiting(self) -> tuple[OrderTicket, ...]:
        return self._many("state = ?", [TicketState.AWAIT_CONFIRM.value])

    def living(self) -> tuple[OrderTicket, ...]:
        """Tickets whose order may be alive at the exchange."""
        return self._in(AT_THE_EXCHANGE)

    def unknown_on(self, symbol: Symbol) -> OrderTicket | None:
        """A ticket on this symbol of which nobody knows yet whether it became an order."""
        return self._one("symbol = ? AND state = ?", [symbol, TicketState.UNKNOWN.value])

    def by_client_oid(self, client_oid: str) -> OrderTicket | None:
        return self._one("client_oid = ?", [client_oid])

    def by_order(self, order_ids: Iterable[str]) -> dict[str, OrderTicket]:
        """Our tickets among these order ids."""
        wanted = list(order_ids)
        marks = ", ".join("?" * len(wanted))
        return {t.order_id: t for t in self._many(f"order_id IN ({marks})", wanted)} if wanted else {}

    def latest_symbols(self, count: int) -> tuple[Symbol, ...]:
        """Of tickets that were sent, the latest first, each once."""
        rows = self._db.query(
            "SELECT symbol, max(id) AS last FROM tickets WHERE submitted_at IS NOT NULL"
            " GROUP BY symbol ORDER BY last DESC LIMIT ?",
            [count],
        )
        return tuple(Symbol(r["symbol"]) for r in rows)

    def spent_on_day_of(self, now: datetime) -> Decimal:
        """The UTC day's notional of all people: what was sent on it, what ended on it, and what lives still.

        Of a cancelled order only the part that filled.
        """
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        span = [stamp(day), stamp(day + timedelta(days=1))]
        tickets = self._in(
            _SPENDING,
            " AND (submitted_at >= ? AND submitted_at < ? OR ended_at >= ? AND ended_at < ? OR ended_at IS NULL)",
            [*span, *span],
        )
        return sum((_counted(t) for t in tickets), Decimal(0))

    def lost(self, since: datetime) -> tuple[OrderTicket, ...]:
        """Tickets given up as not placed, submitted since then: they may turn up after all."""
        return self._many("state = ? AND submitted_at >= ?", [TicketState.NOT_PLACED.value, stamp(since)])

    def _in(self, states: Iterable[TicketState], more: str = "", values: Iterable[str] = ()) -> tuple[OrderTicket, ...]:
        names = [s.value for s in states]
        marks = ", ".join("?" * len(names))
        return self._many(f"state IN ({marks}){more}", [*names, *values])

    def _one(self, where: str, values: list[Any]) -> OrderTicket | None:
        return next(iter(self._many(where, values)), None)

    def _many(self, where: str, values: list[Any]) -> tuple[OrderTicket, ...]:
        # `where` is one of the literals above, never anything a person typed.
        rows = self._db.query(f"SELECT * FROM tickets WHERE {where} ORDER BY id", values)  # noqa: S608
        return tuple(_ticket(row) for row in rows)


def _counted(ticket: OrderTicket) -> Decimal:
    if ticket.state is not TicketState.CANCELED or not ticket.cost.funds:
        return ticket.cost.notional
    return ticket.cost.notional * min(ticket.executed.funds / ticket.cost.funds, Decimal(1))


def _ticket(row: dict[str, Any]) -> OrderTicket:
    return OrderTicket(
        id=row["id"],
        spec=_spec(row),
        cost=Estimate(
            price=Decimal(row["shown_price"]),
            size=Decimal(row["about_size"]),
            funds=Decimal(row["about_funds"]),
            fee=Decimal(row["about_fee"]),
            notional=Decimal(row["notional"]),
            free_after=Decimal(row["free_after"]),
        ),
        asked=row["asked"],
        person_id=row["person_id"],
        person=row["person"],
        chat_id=row["chat_id"],
        card_id=row["card_id"] or 0,
        state=TicketState(row["state"]),
        budget_after=Decimal(row["budget_after"]),
        proposed_at=moment(row["proposed_at"]),
        expires_at=moment(row["expires_at"]),
        submitted_at=moment(row["submitted_at"]) if row["submitted_at"] else None,
        ended_at=moment(row["ended_at"]) if row["ended_at"] else None,
        order_id=row["order_id"],
        executed=Executed(
            size=Decimal(row["filled_size"]),
            funds=Decimal(row["filled_funds"]),
            fee=Decimal(row["fee"]),
            fee_currency=row["fee_currency"],
        ),
        reason=row["reason"],
    )


def _spec(row: dict[str, Any]) -> OrderSpec:
    return OrderSpec(
        client_oid=row["client_oid"],
        symbol=Symbol(row["symbol"]),
        venue=Venue(row["venue"]),
        side=Side(row["side"]),
        type=OrderType(row["type"]),
        size=maybe_decimal(row["size"]),
        funds=maybe_decimal(row["funds"]),
        price=maybe_decimal(row["price"]),
    )
