from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chatbot.core.life import TRANSITIONS
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import Executed, OrderSpec, OrderTicket, OrderType, TicketState, TimeInForce
from chatbot.core.times import Uptime
from chatbot.store.orders import Step
from chatbot.store.store import Store

Propose = Callable[..., OrderTicket]
Bring = Callable[..., OrderTicket]

_LONG = Decimal("1234567890123456.7890123456789012345678901")
_TINY = Decimal("0.0000000000000000000000001")


def _journal(store: Store) -> list[tuple[str, str, str]]:
    return store.db.conn.execute("SELECT was, became, detail FROM journal ORDER BY id").fetchall()


def _whats(store: Store) -> list[str]:
    return [record.what for record in reversed(store.audit.latest(99))]


def test_a_ticket_gets_a_number_and_comes_back_as_it_was_written(store: Store, propose: Propose) -> None:
    first, second = propose("100"), propose("50", "ETH-USDT")
    assert (first.name, second.name) == ("T-1", "T-2")
    assert store.orders.ticket(first.id) == first
    assert store.orders.ticket(second.id) == second
    assert store.orders.ticket(99) is None
    assert _whats(store) == ["proposed", "proposed"]
    latest = store.audit.latest(1)[0]
    assert (latest.person, latest.detail) == ("Anna", "T-2 /buy btc 100")


@pytest.mark.parametrize(
    "changes",
    [
        {"trigger": Decimal("60000.10")},
        {"trigger": _TINY, "in_force": TimeInForce.FOK},
        {"in_force": TimeInForce.IOC},
        {"post_only": True},
    ],
)
def test_when_and_how_an_order_may_trade_is_kept(store: Store, propose: Propose, changes: dict[str, Any]) -> None:
    model = propose()
    spec = replace(model.spec, client_oid="x", type=OrderType.LIMIT, size=_LONG, funds=None, price=_TINY, **changes)
    written = store.orders.propose(replace(model, id=0, spec=spec), 5000)
    assert store.orders.ticket(written.id) == written
    assert written.spec == spec


def test_what_lapsed_lately_may_turn_up_after_all(
    store: Store, clock: list[datetime], propose: Propose, bring: Bring
) -> None:
    parked = bring(propose(), TicketState.PARKED)
    store.orders.missing(parked, clock[0])
    lapsed = store.orders.move(parked, TicketState.LAPSED, by="KuCoin")
    assert lapsed is not None
    assert store.orders.lost(clock[0]) == (lapsed,)
    assert store.orders.lost(clock[0] + timedelta(seconds=1)) == ()
    assert store.orders.spent_on_day_of(clock[0]) == 0
    assert store.orders.knows_of(lapsed.spec.client_oid)


def test_decimals_of_any_length_come_back_equal(store: Store, propose: Propose, bring: Bring) -> None:
    model = propose()
    spec = OrderSpec(
        client_oid="b1f0c0deffff",
        symbol=model.spec.symbol,
        venue=model.spec.venue,
        side=model.spec.side,
        type=OrderType.LIMIT,
        size=_LONG,
        funds=None,
        price=_TINY,
    )
    cost = replace(model.cost, price=_TINY, size=_LONG, funds=_LONG, fee=_TINY, notional=_LONG, free_after=-_LONG)
    written = store.orders.propose(replace(model, id=0, spec=spec, cost=cost, budget_after=-_TINY), 5000)
    executed = Executed(size=_LONG, funds=_LONG, fee=_TINY, fee_currency="USDT")
    moved = bring(written, TicketState.PARTIAL, Step(executed=executed))
    assert store.orders.ticket(written.id) == moved
    assert (moved.spec, moved.cost, moved.budget_after, moved.executed) == (spec, cost, -_TINY, executed)


def test_an_update_that_was_handled_before_keeps_its_first_ticket(store: Store, propose: Propose, bring: Bring) -> None:
    first = propose()
    again = store.orders.propose(replace(first, spec=replace(first.spec, client_oid="other")), 1000)
    assert again == first
    moved = bring(first, TicketState.SUBMITTING)
    assert store.orders.propose(replace(first, spec=replace(first.spec, client_oid="other")), 1000) == moved
    assert _whats(store) == ["proposed", "submitting"]


def test_of_two_taps_one_moves_the_ticket(store: Store, propose: Propose) -> None:
    ticket = propose()
    seen_by_first, seen_by_second = store.orders.ticket(ticket.id), store.orders.ticket(ticket.id)
    assert seen_by_first is not None
    assert seen_by_second is not None
    assert store.orders.move(seen_by_first, TicketState.SUBMITTING, by="Anna") is not None
    assert store.orders.move(seen_by_second, TicketState.SUBMITTING, by="Anna") is None
    assert len(_journal(store)) == 1


def test_of_fifty_movers_one_wins(store: Store, propose: Propose) -> None:
    ticket = propose()
    targets = [TicketState.SUBMITTING, TicketState.DECLINED, TicketState.EXPIRED] * 17
    moved = [store.orders.move(ticket, to, by=f"person {n}") for n, to in enumerate(targets[:50])]
    winners = [m for m in moved if m is not None]
    assert len(winners) == 1
    assert store.orders.ticket(ticket.id) == winners[0]
    assert len(_journal(store)) == 1
    assert _whats(store) == ["proposed", "submitting"]


def test_the_same_fill_told_twice_is_written_once(store: Store, propose: Propose, bring: Bring) -> None:
    partial = bring(propose(), TicketState.PARTIAL, Step(executed=Executed(size=Decimal(1))))
    more = Step(executed=Executed(size=Decimal(2)))
    assert store.orders.move(partial, TicketState.PARTIAL, by="KuCoin", step=more) is not None
    assert store.orders.move(partial, TicketState.PARTIAL, by="KuCoin", step=more) is None


@pytest.mark.parametrize("state", TicketState)
@pytest.mark.parametrize("to", TicketState)
def test_only_moves_of_the_life_cycle_are_made(
    store: Store, propose: Propose, bring: Bring, state: TicketState, to: TicketState
) -> None:
    ticket = bring(propose(), state)
    if to in TRANSITIONS[state]:
        moved = store.orders.move(ticket, to, by="Anna")
        assert moved is not None
        assert moved.state is to
        return
    with pytest.raises(ValueError, match="does not go from"):
        store.orders.move(ticket, to, by="Anna")
    assert store.orders.ticket(ticket.id) == ticket


def test_what_was_filled_never_becomes_less(store: Store, propose: Propose, bring: Bring) -> None:
    partial = bring(propose(), TicketState.PARTIAL, Step(executed=Executed(size=Decimal("0.5"))))
    with pytest.raises(ValueError, match="filled"):
        store.orders.move(partial, TicketState.CANCELED, by="KuCoin", step=Step(executed=Executed(size=Decimal("0.3"))))
    assert store.orders.ticket(partial.id) == partial


def test_a_move_is_written_with_its_step_and_its_record(
    store: Store, propose: Propose, bring: Bring, clock: list[datetime]
) -> None:
    ticket = propose()
    clock[0] += timedelta(seconds=9)
    sent = bring(ticket, TicketState.SUBMITTING)
    assert (sent.submitted_at, sent.ended_at) == (clock[0], None)
    clock[0] += timedelta(seconds=1)
    executed = Executed(size=Decimal("0.5"), funds=Decimal(50), fee=Decimal("0.05"), fee_currency="USDT")
    step = Step(detail="filled 0.5", order_id="6700", executed=executed, reason="self-trade")
    ended = store.orders.move(sent, TicketState.CANCELED, by="KuCoin", step=step)
    expected = replace(
        sent, state=TicketState.CANCELED, order_id="6700", executed=executed, reason="self-trade", ended_at=clock[0]
    )
    assert ended == expected
    assert _journal(store) == [("await_confirm", "submitting", ""), ("submitting", "canceled", "filled 0.5")]
    latest = store.audit.latest(1)[0]
    assert (latest.person, latest.what, latest.detail) == ("KuCoin", "canceled", "T-1 filled 0.5")


def test_a_step_leaves_alone_what_it_does_not_name(store: Store, propose: Propose, bring: Bring) -> None:
    step = Step(order_id="6700", executed=Executed(size=Decimal(1)), reason="said so")
    opened = bring(propose(), TicketState.PARTIAL, step)
    ended = store.orders.move(opened, TicketState.CANCELED, by="KuCoin")
    assert ended is not None
    assert (ended.order_id, ended.executed, ended.reason) == (opened.order_id, opened.executed, opened.reason)


def test_an_order_that_turns_up_after_all_has_not_ended(store: Store, propose: Propose, bring: Bring) -> None:
    gone = bring(propose(), TicketState.NOT_PLACED)
    found = store.orders.move(gone, TicketState.OPEN, by="KuCoin", step=Step(order_id="6700"))
    assert found is not None
    assert (found.ended_at, found.submitted_at) == (None, gone.submitted_at)


def test_a_move_its_journal_and_its_record_stand_or_fall_together(store: Store, propose: Propose) -> None:
    ticket = propose()

    def fail_after_moving() -> None:
        with store.atomic():
            store.orders.move(ticket, TicketState.SUBMITTING, by="Anna")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_moving()
    assert store.orders.ticket(ticket.id) == ticket
    assert (_journal(store), _whats(store)) == ([], ["proposed"])
    assert store.orders.move(ticket, TicketState.SUBMITTING, by="Anna") is not None


@pytest.mark.parametrize("table", ["journal", "audit"])
def test_a_move_whose_trace_cannot_be_written_is_not_made(store: Store, propose: Propose, table: str) -> None:
    ticket = propose()
    store.db.conn.execute(
        f"CREATE TRIGGER broken BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'disk trouble'); END"
    )
    with pytest.raises(Exception, match="disk trouble"):
        store.orders.move(ticket, TicketState.SUBMITTING, by="Anna")
    assert store.orders.ticket(ticket.id) == ticket


def test_a_ticket_whose_record_cannot_be_written_is_not_proposed(store: Store, propose: Propose) -> None:
    store.db.conn.execute("CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk trouble'); END")
    with pytest.raises(Exception, match="disk trouble"):
        propose()
    assert store.orders.waiting() == ()


def test_a_ticket_is_bound_to_the_card_that_shows_it(store: Store, propose: Propose) -> None:
    ticket = propose()
    store.orders.show_on(ticket.id, 55)
    assert store.orders.ticket(ticket.id) == replace(ticket, card_id=55)


def test_who_waits_for_a_tap_waits_until_somebody_ends_it(store: Store, propose: Propose, bring: Bring) -> None:
    ticket, sent = propose(), propose()
    bring(sent, TicketState.SUBMITTING)
    assert store.orders.waiting() == (ticket,)


def test_since_when_an_order_is_missing_is_kept(store: Store, propose: Propose, clock: list[datetime]) -> None:
    ticket = propose()
    store.orders.missing(ticket, clock[0])
    assert store.orders.ticket(ticket.id) == replace(ticket, missing_since=clock[0])
    store.orders.missing(ticket, None)
    assert store.orders.ticket(ticket.id) == ticket


def test_the_hosts_own_end_of_a_cards_time_is_kept_to_the_microsecond(store: Store, propose: Propose) -> None:
    mark = Uptime(boot="one", awake=timedelta(days=99, microseconds=123_457))
    spec = replace(propose().spec, client_oid="other")
    ticket = store.orders.propose(replace(propose(), spec=spec, lasts_until=mark), 5)
    found = store.orders.ticket(ticket.id)
    assert found is not None
    assert found.lasts_until == mark


def test_an_adopted_ticket_stands_as_it_was_found_with_a_journal_and_an_audit(
    store: Store, propose: Propose, clock: list[datetime]
) -> None:
    done = Executed(size=Decimal(1), funds=Decimal(60000), fee=Decimal(60), fee_currency="USDT")
    first = propose()
    found = replace(
        first, id=0, state=TicketState.FILLED, order_id="6700", executed=done, submitted_at=clock[0], ended_at=clock[0]
    )
    for number in (1, 2):
        written = store.orders.adopt(replace(found, spec=replace(found.spec, client_oid=f"cb{number}")), "seen")
        assert written is not None
        assert written == store.orders.ticket(written.id) == store.orders.by_client_oid(f"cb{number}")
        assert (written.state, written.executed, written.ended_at) == (TicketState.FILLED, done, clock[0])
        steps = store.db.query("SELECT was, became, detail FROM journal WHERE ticket_id = ?", [written.id])
        assert list(steps) == [{"was": "", "became": "filled", "detail": "seen"}]
        record = store.audit.latest(1)[0]
        assert (record.what, record.detail) == ("adopted", f"{written.name} seen")
    assert store.orders.adopt(replace(found, spec=replace(found.spec, client_oid="cb2")), "again") is None
    assert store.orders.spent_on_day_of(clock[0]) == 200
    assert store.orders.markets_since(clock[0]) == ((Symbol("BTC-USDT"), Venue.SPOT),)
    assert store.orders.markets_since(clock[0] + timedelta(seconds=1)) == ()


@pytest.mark.parametrize("state", TicketState)
def test_a_row_that_says_never_sent_is_overruled_by_the_exchange(
    store: Store, propose: Propose, bring: Bring, clock: list[datetime], state: TicketState
) -> None:
    known = bring(propose(), state) if state is not TicketState.AWAIT_CONFIRM else propose()
    seen = replace(
        known,
        person="somebody",
        chat_id=1,
        state=TicketState.OPEN,
        order_id="6700",
        submitted_at=clock[0],
        ended_at=None,
    )
    written = store.orders.adopt(seen, "seen")
    if state.value not in ["await_confirm", "declined", "expired", "not_sent", "rejected"]:
        assert written is None
        assert store.orders.ticket(known.id) == known
        return
    assert written == replace(seen, person=known.person, chat_id=known.chat_id, reason="")
    assert _journal(store)[-1] == (state.value, "open", "seen")
    assert store.orders.living() == (written,)


def test_the_living_are_those_the_exchange_may_know(store: Store, propose: Propose, bring: Bring) -> None:
    everyone = {state: bring(propose(), state) for state in TicketState}
    living = {
        *(TicketState.SUBMITTING, TicketState.UNKNOWN, TicketState.PARKED),
        *(TicketState.OPEN, TicketState.PARTIAL),
    }
    assert set(store.orders.living()) == {everyone[state] for state in living}


def test_doubt_is_known_per_symbol(store: Store, propose: Propose, bring: Bring) -> None:
    doubtful = bring(propose("100", "ETH-USDT"), TicketState.UNKNOWN)
    bring(propose(), TicketState.OPEN)
    assert store.orders.unknown_on(Symbol("ETH-USDT")) == doubtful
    assert store.orders.unknown_on(Symbol("BTC-USDT")) is None


def test_tickets_are_found_by_the_orders_they_became(store: Store, propose: Propose, bring: Bring) -> None:
    ours = bring(propose(), TicketState.OPEN, Step(order_id="6700"))
    bring(propose(), TicketState.OPEN, Step(order_id="6701"))
    assert store.orders.by_order(["6700", "somebody else's"]) == {"6700": ours}
    assert store.orders.by_order([]) == {}


def test_the_latest_symbols_are_those_of_tickets_that_were_sent(store: Store, propose: Propose, bring: Bring) -> None:
    for symbol in ("BTC-USDT", "ETH-USDT", "BTC-USDT", "SOL-USDT"):
        bring(propose("1", symbol), TicketState.FILLED)
    bring(propose("1", "KCS-USDT"), TicketState.DECLINED)
    assert store.orders.latest_symbols(2) == ("SOL-USDT", "BTC-USDT")
    assert store.orders.latest_symbols(9) == ("SOL-USDT", "BTC-USDT", "ETH-USDT")
