"""What must not be lost, checked over what is left: the database, the exchange's own ledger, what Telegram accepted.

One checker for every fault: N1 commands, N2 orders, N3 alerts, N4 fills, N5 words, N6 the audit. It reads a store
that is open, or the file that a killed process left behind, and writes nothing.
"""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from chatbot.chat.views import tickets
from chatbot.core.life import AT_THE_EXCHANGE, GIVEN_UP, TRANSITIONS
from chatbot.core.market import Venue
from chatbot.core.modes import TradingMode
from chatbot.core.orders import OUR_PREFIX, OrderSpec, OrderTicket, Side, TicketState
from chatbot.core.values import frozen
from chatbot.sandbox.exchange import Exchange
from chatbot.sandbox.orders import ExchangeOrder, Stop, Trigger
from chatbot.sandbox.telegram_html import parse_html
from chatbot.sandbox.telegram_refusals import TelegramRefusal
from chatbot.sandbox.telegram_server import TelegramServer
from chatbot.store import chain
from chatbot.store.order_rows import ticket_of
from chatbot.store.store import Store

Row = dict[str, Any]
Broken = Iterator[str]

_ENDED = frozenset({"done", "refused", "stale", "failed", "dropped"})
_IN_DOUBT = frozenset({TicketState.SUBMITTING, TicketState.UNKNOWN})
_NEVER_LEFT = frozenset(TicketState) - AT_THE_EXCHANGE - GIVEN_UP - {TicketState.FILLED, TicketState.CANCELED}
_WAITING = ("pending", "sending")
_PLACED = AT_THE_EXCHANGE - _IN_DOUBT | {TicketState.FILLED, TicketState.CANCELED}


@frozen
class Left:
    """What there is to read. `quiet`: no fault is on any more, and there was time enough to put everything right.

    `chain` says what is wrong with the audit's hashes, if anything is.
    """

    ask: Callable[[str], list[Row]]
    chain: str
    exchange: Exchange
    telegram: TelegramServer | None
    quiet: bool

    @property
    def tickets(self) -> list[OrderTicket]:
        return [ticket_of(row) for row in self.ask("SELECT * FROM tickets ORDER BY id")]

    def steps(self, ticket: OrderTicket) -> list[Row]:
        """What its journal tells of it, oldest first."""
        rows = self.ask("SELECT ticket_id, at, was, became FROM journal ORDER BY id")
        return [row for row in rows if row["ticket_id"] == ticket.id]

    @property
    def ours(self) -> list[ExchangeOrder]:
        """What the exchange accepted with an id of ours."""
        return [o for o in self.exchange.orders.values() if o.request.client_oid.startswith(OUR_PREFIX)]


def check_promises(
    left: Store | Path, exchange: Exchange, telegram: TelegramServer | None = None, *, quiet: bool = True
) -> None:
    assert broken_promises(left, exchange, telegram, quiet=quiet) == []


def broken_promises(
    left: Store | Path, exchange: Exchange, telegram: TelegramServer | None = None, *, quiet: bool = True
) -> list[str]:
    """A line for each, `N2 T-7: …`."""
    with _opened(left) as connection:

        def ask(query: str) -> list[Row]:
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

        seen = Left(ask=ask, chain=chain.broken(connection), exchange=exchange, telegram=telegram, quiet=quiet)
        return [f"{name} {what}" for name, look in _LOOKS for what in look(seen)]


@contextlib.contextmanager
def _opened(left: Store | Path) -> Iterator[sqlite3.Connection]:
    if isinstance(left, Store):
        yield left.db.conn
        return
    with contextlib.closing(sqlite3.connect(f"{left.absolute().as_uri()}?mode=ro", uri=True)) as reader:
        yield reader


def _commands(left: Left) -> Broken:
    """Each update that Telegram was told to forget was kept, and ended once: with its effect, or with a word."""
    kept = {row["update_id"]: row["state"] for row in left.ask("SELECT update_id, state FROM inbox")}
    confirmed = set() if left.telegram is None else set(left.telegram.updates._confirmed)
    yield from (f"update {lost}: confirmed, and not in the inbox" for lost in sorted(confirmed - set(kept)))
    for update_id, state in kept.items():
        if state not in _ENDED and (left.quiet or state != "pending"):
            yield f"update {update_id}: left {state}"
    if left.telegram is not None and left.quiet and left.telegram.updates.pending:
        yield f"{left.telegram.updates.pending} updates are still at Telegram"


def _one_post(left: Left) -> Broken:
    """At most one POST, and one order, for each tap; none without a row that was on its way to be sent."""
    known = {ticket.spec.client_oid: ticket for ticket in left.tickets}
    ids = [o.request.client_oid for o in left.ours]
    stops = [o.request.client_oid for o in left.ours if o.request.stop is not None]
    counts = {
        "POSTs": Counter(left.exchange.posts),
        "stop orders": Counter(stops),
        "orders": Counter(ids) - Counter(stops),  # what fired is a stop order and an order
    }
    for what, counted in counts.items():
        yield from (f"{client_oid}: {count} {what}" for client_oid, count in counted.items() if count > 1)
    for client_oid in {*left.exchange.posts, *ids}:
        if client_oid.startswith(OUR_PREFIX) and client_oid not in known:
            yield f"{client_oid}: sent, and no row tells of it"
    for client_oid in left.exchange.posts:
        ticket = known.get(client_oid)
        if ticket is not None and ticket.submitted_at is None:
            yield f"{ticket.name}: sent without a tap, is {ticket.state.value}"


def _orders(left: Left) -> Broken:
    """The row says what the exchange says, and the exchange was asked for what the card showed."""
    theirs = {o.request.client_oid: o for o in left.ours}  # of a stop order that fired, what it became
    waited = {o.request.client_oid for o in left.ours if o.request.stop is not None}
    for ticket in left.tickets:
        order = theirs.get(ticket.spec.client_oid)
        if order is not None:
            yield from (f"{ticket.name}: {what}" for what in _bound(ticket, order))
        if ticket.spec.trigger is not None and order is not None and ticket.spec.client_oid not in waited:
            yield f"{ticket.name}: was to wait for its trigger, and never did"
        if left.quiet:
            yield from (f"{ticket.name}: {what}" for what in _agreed(ticket, order))


def _closes(ticket: OrderTicket) -> bool:
    return ticket.asked == "Close positions" and ticket.spec.venue is Venue.FUTURES


def _bound(ticket: OrderTicket, order: ExchangeOrder) -> Broken:
    spec, asked = ticket.spec, order.request
    shown = (spec.symbol, spec.venue, spec.side, spec.type, spec.size, spec.funds, spec.price)
    sent = (asked.symbol, order.venue, asked.side, asked.type, asked.size, asked.funds, asked.price)
    if shown != sent:
        yield f"the card showed {shown}, {sent} was sent"
    if (spec.in_force.value, spec.post_only) != (asked.time_in_force.value, asked.post_only):
        yield f"the card showed {spec.in_force.value}, {asked.time_in_force.value} was sent"
    if asked.stop is not None and _stop_of(spec) != asked.stop:
        yield f"the card showed a trigger of {spec.trigger}, {asked.stop} was sent"
    if _closes(ticket) and not asked.reduce_only:
        yield "was to close a position, and may open one"


def _stop_of(spec: OrderSpec) -> Stop | None:
    if spec.trigger is None:
        return None
    return Stop(trigger=Trigger.DOWN if spec.side is Side.SELL else Trigger.UP, price=spec.trigger)


def _agreed(ticket: OrderTicket, order: ExchangeOrder | None) -> Broken:
    state, done = ticket.state, ticket.executed
    if state in _IN_DOUBT:
        yield f"still {state.value}"
    elif order is None:
        if state in _PLACED:
            yield f"is {state.value}, and the exchange has no such order"
    elif state in _NEVER_LEFT or state is TicketState.NOT_PLACED:
        yield f"is {state.value}, and the exchange has the order"
    elif state is not TicketState.FORGOTTEN:
        if (state, ticket.order_id) != (_state_of(order), order.id):
            yield f"is {state.value} {ticket.order_id}, the exchange says {_state_of(order).value} {order.id}"
        if done.size != order.deal_size or (order.venue is Venue.SPOT and done.funds != order.deal_funds):
            yield f"filled {done.size} for {done.funds}, the exchange says {order.deal_size} for {order.deal_funds}"


def _state_of(order: ExchangeOrder) -> TicketState:
    if order.request.stop is not None:
        return TicketState.PARKED if order.active else TicketState.LAPSED
    if order.active:
        return TicketState.PARTIAL if order.deal_size else TicketState.OPEN
    return TicketState.CANCELED if order.cancelled else TicketState.FILLED


def _histories(left: Left) -> Broken:
    """Every step of a ticket is one that its life has; only what the exchange shows overrules a row."""
    for ticket in left.tickets:
        at = TicketState.AWAIT_CONFIRM
        for row in left.steps(ticket):
            was, became = TicketState(row["was"] or at), TicketState(row["became"])
            overruled = not row["was"] or (was in _NEVER_LEFT and became in _PLACED)
            if was is not at or (became not in TRANSITIONS[was] and became is not was and not overruled):
                yield f"{ticket.name}: went from {was.value} to {became.value}, and was {at.value}"
            at = became
        if at is not ticket.state:
            yield f"{ticket.name}: is {ticket.state.value}, its journal ends with {at.value}"


def _stopped(left: Left) -> Broken:
    """From the commit of a kill until the resume, no tap sends anything but what closes a position.

    The audit has the order of all three.
    """
    killed, reducing = False, {ticket.name for ticket in left.tickets if _closes(ticket)}
    for row in left.ask("SELECT what, detail FROM audit ORDER BY id"):
        killed = row["what"] == "killed" or (killed and row["what"] != "resumed")
        sent = row["what"] == TicketState.SUBMITTING.value and row["detail"].partition(" ")[0] not in reducing
        if killed and sent:
            yield f"{row['detail']}: on its way while trading was stopped"


def _alerts(left: Left) -> Broken:
    """Each firing has its letter, and the letter left, or is known not to have."""
    letters = {row["id"]: row for row in left.ask("SELECT id, state, attempts FROM outbox WHERE subject = 'alert'")}
    firings = left.ask("SELECT id, rule_id, occasion, letter_id FROM firings")
    for (rule, occasion), count in Counter((row["rule_id"], row["occasion"]) for row in firings).items():
        if count > 1:
            yield f"alert {rule}: {count} firings of {occasion}"
    for row in firings:
        letter = letters.get(row["letter_id"])
        if letter is None:
            yield f"firing {row['id']}: nobody was told"
        elif left.quiet and left.telegram is not None and letter["state"] in _WAITING:
            yield f"firing {row['id']}: its letter is {letter['state']}"


def _fills(left: Left) -> Broken:
    """Each trade once, and their sum is what the order has, there and in our row."""
    fills = left.exchange.fills
    trades = Counter((f.symbol, f.trade_id) for f in fills)
    yield from (f"{symbol} {trade}: {count} times" for (symbol, trade), count in trades.items() if count > 1)
    for order in left.ours:
        filled = sum((f.size for f in fills if f.order_id == order.id), Decimal(0))
        if filled != order.deal_size:
            yield f"{order.id}: fills of {filled}, filled {order.deal_size}"
    for ticket in left.tickets:
        filled = sum((f.size for f in fills if f.order_id == ticket.order_id), Decimal(0))
        if ticket.executed.size > filled or (left.quiet and ticket.order_id and ticket.executed.size != filled):
            yield f"{ticket.name}: filled {ticket.executed.size}, its fills are {filled}"


def _words(left: Left) -> Broken:
    """The end of each confirmed order was told where it was confirmed; nothing waits that nobody knows of."""
    for ticket in left.tickets:
        if ticket.submitted_at is not None and ticket.card_id and left.quiet:
            yield from (f"{ticket.name}: {what}" for what in _told(left, ticket))
    if left.telegram is not None:
        yield from _messages(left, left.telegram)


def _told(left: Left, ticket: OrderTicket) -> Broken:
    mine = (ticket.id, ticket.chat_id)
    letters = left.ask("SELECT subject_id, chat_id, state, made_at FROM outbox WHERE subject = 'ticket'")
    about = [row for row in letters if (row["subject_id"], row["chat_id"]) == mine]
    last = max(row["at"] for row in left.steps(ticket))
    if not any(row["state"] in ("pending", "held") or row["made_at"] >= last for row in about):
        yield f"{ticket.state.value} was told nobody"
    if left.telegram is None or any(row["state"] in ("held", "dead") for row in about):
        return
    card = parse_html(tickets.ticket(ticket, TradingMode.LIVE).text).text.strip()
    if not any(card in message for message in _shown(left.telegram, ticket.chat_id)):
        yield f"{ticket.state.value} is not what the chat shows"


def _messages(left: Left, telegram: TelegramServer) -> Broken:
    """Telegram took no message that no letter tells of, and none more often than it was tried."""
    rows = left.ask("SELECT chat_id, state, attempts, message_id, edits FROM outbox")
    for chat_id in {row["chat_id"] for row in rows}:
        tried = sum(row["attempts"] for row in rows if row["chat_id"] == chat_id and row["edits"] is None)
        shown = len(_shown(telegram, chat_id))
        if shown > tried:
            yield f"chat {chat_id}: shows {shown} messages, {tried} were sent"
    if left.quiet:
        yield from (f"a letter to {row['chat_id']} is {row['state']}" for row in rows if row["state"] in _WAITING)


def _shown(telegram: TelegramServer, chat_id: int) -> list[str]:
    try:
        return [m.text for m in telegram.messages(chat_id) if m.sender.is_bot]
    except TelegramRefusal:
        return []


def _audit(left: Left) -> Broken:
    """Each step of the journal has its record, and each record its step: they were one transaction."""
    if left.chain:
        yield left.chain
    steps = Counter((f"T-{r['ticket_id']}", r["became"]) for r in left.ask("SELECT ticket_id, became FROM journal"))
    records = left.ask("SELECT what, detail FROM audit ORDER BY id")
    told = Counter((r["detail"].partition(" ")[0], r["what"]) for r in records)
    adopted = Counter({who: n for (who, what), n in told.items() if what == "adopted"})
    for ticket in left.tickets:
        if not told[ticket.name, "proposed"] and not adopted[ticket.name]:
            yield f"{ticket.name}: no record of its beginning"
    for (name, became), count in steps.items():
        if not told[name, became] <= count <= told[name, became] + adopted[name]:
            yield f"{name}: {count} steps to {became}, {told[name, became]} records"
    kills, resumes = (sum(r["what"] == what for r in records) for what in ("killed", "resumed"))
    (stops,) = left.ask("SELECT count(*) AS all_of_them, count(resumed_at) AS resumed FROM stops")
    if (stops["all_of_them"], stops["resumed"]) != (kills, resumes):
        yield f"{stops['all_of_them']} kills and {stops['resumed']} resumes, {kills} and {resumes} records"


_LOOKS: tuple[tuple[str, Callable[[Left], Iterable[str]]], ...] = (
    ("N1", _commands),
    ("N2", _one_post),
    ("N2", _orders),
    ("N2", _histories),
    ("N2", _stopped),
    ("N3", _alerts),
    ("N4", _fills),
    ("N5", _words),
    ("N6", _audit),
)
