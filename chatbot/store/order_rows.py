"""How a ticket stands in its row."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from chatbot.core.market import Reach, Symbol, Venue
from chatbot.core.orders import Estimate, Executed, OrderSpec, OrderTicket, OrderType, Side, TicketState, TimeInForce
from chatbot.core.times import Uptime
from chatbot.core.waiting import Awaits, Waiting
from chatbot.store.values import maybe_decimal, maybe_moment, maybe_money, maybe_stamp, moment, money, stamp

_MICROSECOND = timedelta(microseconds=1)

_COLUMNS = (
    "update_id", "client_oid", "state", "asked", "person_id", "person", "chat_id", "symbol", "venue", "side", "type",
    "size", "funds", "price", "notional", "shown_price", "about_size", "about_funds", "about_fee", "free_after",
    "budget_after", "proposed_at", "expires_at", "submitted_at", "ended_at", "order_id", "filled_size",
    "filled_funds", "fee", "fee_currency", "boot", "boot_expires", "market", "distance", "slippage", "trigger_price",
    "in_force", "post_only",
)  # fmt: skip

PUT = f"INSERT INTO tickets ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - of the names above


OVERRULE = (
    "UPDATE tickets SET state = ?, order_id = ?, filled_size = ?, filled_funds = ?, fee = ?, fee_currency = ?,"
    " submitted_at = ?, ended_at = ?, reason = '' WHERE client_oid = ?"
)
"""In place of what a row claims, what the exchange shows: the one change that no life cycle allows."""


def to_overrule(ticket: OrderTicket) -> list[Any]:
    done = ticket.executed
    return [
        ticket.state.value, ticket.order_id, money(done.size), money(done.funds), money(done.fee), done.fee_currency,
        maybe_stamp(ticket.submitted_at), maybe_stamp(ticket.ended_at), ticket.spec.client_oid,
    ]  # fmt: skip


def to_put(ticket: OrderTicket, update_id: int) -> list[Any]:
    """What PUT writes of a ticket that has no row yet."""
    spec, cost, done, mark = ticket.spec, ticket.cost, ticket.executed, ticket.lasts_until
    return [
        update_id, spec.client_oid, ticket.state.value, ticket.asked, ticket.person_id, ticket.person, ticket.chat_id,
        spec.symbol, spec.venue.value, spec.side.value, spec.type.value,
        maybe_money(spec.size), maybe_money(spec.funds), maybe_money(spec.price),
        money(cost.notional), money(cost.price), money(cost.size), money(cost.funds), money(cost.fee),
        money(cost.free_after), money(ticket.budget_after), stamp(ticket.proposed_at), stamp(ticket.expires_at),
        maybe_stamp(ticket.submitted_at), maybe_stamp(ticket.ended_at), ticket.order_id,
        money(done.size), money(done.funds), money(done.fee), done.fee_currency,
        *mark_to_put(mark), *reach_to_put(cost.reach),
        maybe_money(spec.trigger), spec.in_force.value, int(spec.post_only),
    ]  # fmt: skip


def mark_to_put(mark: Uptime | None) -> tuple[str | None, int | None]:
    return (None, None) if mark is None else (mark.boot, mark.awake // _MICROSECOND)


def reach_to_put(reach: Reach | None) -> tuple[str | None, str | None, str | None]:
    if reach is None:
        return None, None, None
    return money(reach.market), money(reach.distance), maybe_money(reach.slippage)


def ticket_of(row: dict[str, Any]) -> OrderTicket:
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
            reach=_reach(row),
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
        submitted_at=maybe_moment(row["submitted_at"]),
        ended_at=maybe_moment(row["ended_at"]),
        order_id=row["order_id"],
        executed=Executed(
            size=Decimal(row["filled_size"]),
            funds=Decimal(row["filled_funds"]),
            fee=Decimal(row["fee"]),
            fee_currency=row["fee_currency"],
        ),
        reason=row["reason"],
        lasts_until=_mark(row),
        missing_since=maybe_moment(row["missing_since"]),
        waiting=Waiting(
            awaits=Awaits(row["awaits"]),
            warned=maybe_decimal(row["warned"]),
            approver_id=row["approver_id"],
            approver=row["approver"],
        ),
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
        trigger=maybe_decimal(row["trigger_price"]),
        in_force=TimeInForce(row["in_force"]),
        post_only=bool(row["post_only"]),
    )


def _reach(row: dict[str, Any]) -> Reach | None:
    if row["market"] is None:
        return None
    market, distance = Decimal(row["market"]), Decimal(row["distance"])
    return Reach(market=market, distance=distance, slippage=maybe_decimal(row["slippage"]))


def _mark(row: dict[str, Any]) -> Uptime | None:
    if row["boot"] is None:
        return None
    return Uptime(boot=row["boot"], awake=row["boot_expires"] * _MICROSECOND)
