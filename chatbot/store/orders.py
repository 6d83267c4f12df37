"""Tickets and their journal: every step of every order, written before it is told or sent."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from chatbot.core.life import AT_THE_EXCHANGE, GIVEN_UP, TRANSITIONS
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import Estimate, Executed, OrderTicket, TicketState
from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.store.audit import Audit
from chatbot.store.database import Database
from chatbot.store.order_rows import OVERRULE, PUT, mark_to_put, reach_to_put, ticket_of, to_overrule, to_put
from chatbot.store.values import maybe_money, maybe_stamp, money, stamp

_SPENDING = (*AT_THE_EXCHANGE, TicketState.FILLED, TicketState.CANCELED)

_NEVER_SENT = frozenset(TicketState).difference(_SPENDING, GIVEN_UP)
"""The exchange cannot have such an order, unless the database is older than what it says."""


@frozen
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
        with self._db.atomic():
            known = self._one("update_id = ?", [update_id])
            if known is not None:
                return known
            cursor = self._db.execute(PUT, to_put(ticket, update_id))
            written = replace(ticket, id=int(cursor.lastrowid or 0))
            self._audit.record(ticket.person, "proposed", f"{written.name} {ticket.asked}")
            return written

    def adopt(self, ticket: OrderTicket, detail: str) -> OrderTicket | None:
        """Writes an order of ours that the exchange shows and no row tells of, or one as never sent.

        A row that there is keeps its person, chat and card. None when it tells of the order already.
        """
        with self._db.atomic():
            known = self.by_client_oid(ticket.spec.client_oid)
            if known is None:
                (lowest,) = self._db.execute("SELECT min(update_id) FROM tickets").fetchone()
                # No update of Telegram's is below 0.
                self._db.execute(PUT, to_put(ticket, min(lowest or 0, 0) - 1))
            elif known.state in _NEVER_SENT:
                self._db.execute(OVERRULE, to_overrule(ticket))
            else:
                return None
            written = self.by_client_oid(ticket.spec.client_oid)
            assert written is not None, "the row was written a line above"  # noqa: S101 - for the type checker
            self._note(written, "" if known is None else known.state.value, ticket.state.value, detail)
            self._audit.record(ticket.person, "adopted", f"{written.name} {detail}")
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
            self._note(ticket, ticket.state.value, to.value, step.detail)
            self._audit.record(by, to.value, f"{ticket.name} {step.detail}".strip())
            return self.ticket(ticket.id)

    def wait(self, ticket: OrderTicket, now: OrderTicket, by: str) -> OrderTicket | None:
        """What `now` waits for, how long, and how far from the market it lies, in place of what `ticket` was read with.

        None when it has moved on since.
        """
        waiting = now.waiting
        with self._db.atomic():
            cursor = self._db.execute(
                "UPDATE tickets SET awaits = ?, warned = ?, approver_id = ?, approver = ?, expires_at = ?, boot = ?,"
                " boot_expires = ?, market = ?, distance = ?, slippage = ?"
                " WHERE id = ? AND state = ? AND awaits = ? AND warned IS ?",
                [
                    waiting.awaits.value, maybe_money(waiting.warned), waiting.approver_id, waiting.approver,
                    stamp(now.expires_at), *mark_to_put(now.lasts_until), *reach_to_put(now.cost.reach),
                    ticket.id, TicketState.AWAIT_CONFIRM.value, ticket.waiting.awaits.value,
                    maybe_money(ticket.waiting.warned),
                ],
            )  # fmt: skip
            if cursor.rowcount != 1:
                return None
            what = "approved" if waiting.approver_id else f"awaits {waiting.awaits.value}"
            self._audit.record(by, what, ticket.name)
            return self.ticket(ticket.id)

    def missing(self, ticket: OrderTicket, since: datetime | None) -> None:
        """Since when the exchange knows nothing of its order; None once it does."""
        self._db.execute("UPDATE tickets SET missing_since = ? WHERE id = ?", [maybe_stamp(since), ticket.id])

    def ticket(self, ticket_id: int) -> OrderTicket | None:
        return self._one("id = ?", [ticket_id])

    def waiting(self) -> tuple[OrderTicket, ...]:
        """Tickets that nobody has tapped yet, their time over or not."""
        return self._many("state = ?", [TicketState.AWAIT_CONFIRM.value])

    def living(self) -> tuple[OrderTicket, ...]:
        """Tickets whose order may be alive at the exchange."""
        return self._in(AT_THE_EXCHANGE)

    def unknown_on(self, symbol: Symbol) -> OrderTicket | None:
        """A ticket on this symbol of which nobody knows yet whether it became an order."""
        return self._one("symbol = ? AND state = ?", [symbol, TicketState.UNKNOWN.value])

    def lately_on(self, symbol: Symbol, since: datetime) -> tuple[OrderTicket, ...]:
        """Tickets on this symbol that wait for a tap or are being sent; of those sent since then, what rests or filled.

        Oldest first.
        """
        waiting = (TicketState.AWAIT_CONFIRM, TicketState.SUBMITTING, TicketState.UNKNOWN)
        sent = (TicketState.OPEN, TicketState.PARTIAL, TicketState.PARKED, TicketState.FILLED)
        names = [state.value for state in (*waiting, *sent)]
        return self._many(
            "symbol = ? AND (state IN (?, ?, ?) OR state IN (?, ?, ?, ?) AND submitted_at >= ?)",
            [symbol, *names, stamp(since)],
        )

    def by_client_oid(self, client_oid: str) -> OrderTicket | None:
        return self._one("client_oid = ?", [client_oid])

    def knows_of(self, client_oid: str) -> bool:
        """Whether a row tells that this order was sent."""
        known = self.by_client_oid(client_oid)
        return known is not None and known.state not in _NEVER_SENT

    def by_order(self, order_ids: Iterable[str]) -> dict[str, OrderTicket]:
        """Our tickets among these order ids."""
        wanted = list(order_ids)
        marks = ", ".join("?" * len(wanted))
        return {t.order_id: t for t in self._many(f"order_id IN ({marks})", wanted)} if wanted else {}

    def submitted_since(self, moment: datetime) -> int:
        """How many tickets were tapped to be sent from then on, whatever became of them."""
        (count,) = self._db.execute("SELECT count(*) FROM tickets WHERE submitted_at >= ?", [stamp(moment)]).fetchone()
        return int(count)

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
        """Tickets given up as not placed, submitted since then, or lapsed since then: they may turn up after all."""
        return self._many(
            "state = ? AND submitted_at >= ? OR state = ? AND missing_since >= ?",
            [TicketState.NOT_PLACED.value, stamp(since), TicketState.LAPSED.value, stamp(since)],
        )

    def markets_since(self, since: datetime) -> tuple[tuple[Symbol, Venue], ...]:
        """Where orders were sent to since then."""
        rows = self._db.query(
            "SELECT DISTINCT symbol, venue FROM tickets WHERE submitted_at >= ? ORDER BY symbol", [stamp(since)]
        )
        return tuple((Symbol(r["symbol"]), Venue(r["venue"])) for r in rows)

    def _note(self, ticket: OrderTicket, was: str, became: str, detail: str) -> None:
        self._db.execute(
            "INSERT INTO journal (ticket_id, at, was, became, detail) VALUES (?, ?, ?, ?, ?)",
            [ticket.id, stamp(self._now()), was, became, detail],
        )

    def _in(self, states: Iterable[TicketState], more: str = "", values: Iterable[str] = ()) -> tuple[OrderTicket, ...]:
        names = [s.value for s in states]
        marks = ", ".join("?" * len(names))
        return self._many(f"state IN ({marks}){more}", [*names, *values])

    def _one(self, where: str, values: list[Any]) -> OrderTicket | None:
        return next(iter(self._many(where, values)), None)

    def _many(self, where: str, values: list[Any]) -> tuple[OrderTicket, ...]:
        # `where` is one of the literals above, never anything a person typed.
        rows = self._db.query(f"SELECT * FROM tickets WHERE {where} ORDER BY id", values)  # noqa: S608
        return tuple(ticket_of(row) for row in rows)


def _counted(ticket: OrderTicket) -> Decimal:
    if ticket.state is not TicketState.CANCELED or not ticket.cost.funds:
        return ticket.cost.notional
    return ticket.cost.notional * min(ticket.executed.funds / ticket.cost.funds, Decimal(1))
