"""The one path by which an order can leave, tried over the real store and the sandbox's KuCoin."""

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from chatbot.chat import parsing
from chatbot.core.errors import (
    BadCredentials,
    Killed,
    OverLimit,
    Refused,
    TicketGone,
    UnknownSymbol,
    UsageError,
)
from chatbot.core.market import Symbol
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Subject
from chatbot.core.orders import OUR_PREFIX, OrderTicket, Side, TicketState
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.faults import Fault
from chatbot.services.passing import PriceMoved
from chatbot.services.trading import Asking
from tests.services.desk import ANNA, BEN, BRIEF, PLACE, Desk, Told, limits, story

Opened = Callable[..., Desk]

EDIT = Told(subject=Subject.TICKET, id=1, rings=False)
RING = Told(subject=Subject.TICKET, id=1, rings=True)
BALANCES = "GET /spot/api/v1/accounts"
TIME = "GET /spot/api/v1/timestamp"

MARKET_ORDERS = [
    "buy btc 0.001",
    "buy btc 0.001btc",
    "buy btc 100usdt",
    "buy btc $100",
    "buy btc 5%",
    "buy btc max",
    "sell btc 0.001",
    "sell btc 0.001btc",
    "sell btc 100usdt",
    "sell btc $100",
    "sell btc 1%",
    "sell btc max",
]
RESTING_ORDERS = [
    "buy btc 0.001 @ 60000",
    "buy btc 100usdt @ 60000",
    "buy btc 5% @ 60000",
    "sell btc 0.001 @ 70000",
    "sell btc 100usdt @ 70000",
    "sell btc 1% @ 70000",
]


def check_ledger(desk: Desk, ticket: OrderTicket, state: TicketState) -> None:
    """One POST of exactly what the card showed, and a row that says what the exchange says."""
    order = desk.at_kucoin(ticket)
    assert order is not None
    spec, asked, done = ticket.spec, order.request, ticket.executed
    assert desk.posts == 1
    assert (asked.symbol, asked.side, asked.type) == (spec.symbol, spec.side, spec.type)
    assert (asked.size, asked.funds, asked.price) == (spec.size, spec.funds, spec.price)
    assert (ticket.state, ticket.order_id) == (state, order.id)
    assert (done.size, done.funds, done.fee) == (order.deal_size, order.deal_funds, order.fee)
    fills = [fill for fill in desk.exchange.fills if fill.order_id == order.id]
    assert done.size == sum(fill.size for fill in fills)
    if fills:
        assert done.fee_currency == order.fee_currency == "USDT"
        assert done.funds / done.size == sum(f.size * f.price for f in fills) / sum(f.size for f in fills)


@pytest.mark.parametrize("line", MARKET_ORDERS)
@story
async def test_a_market_order_ends_as_the_exchanges_ledger_says(opened: Opened, line: str) -> None:
    big = limits(max_notional=Decimal(10**6), daily_max=Decimal(10**6))
    desk = opened(rules=big)
    ticket = await desk.order(line)
    check_ledger(desk, ticket, TicketState.FILLED)
    assert ticket.spec.client_oid.startswith(OUR_PREFIX)
    assert ticket.cost.free_after >= 0
    assert desk.exchange.accounts.available(Pocket.TRADE, "USDT") >= 0
    assert set(desk.told()) == {EDIT}


@pytest.mark.parametrize("line", RESTING_ORDERS)
@story
async def test_a_limit_order_rests_and_fills_as_the_exchanges_ledger_says(desk: Desk, line: str) -> None:
    ticket = await desk.order(line)
    check_ledger(desk, ticket, TicketState.OPEN)
    assert ticket.ended_at is None
    desk.price("59990" if line.startswith("buy") else "70010")
    desk.wait(5)
    await desk.reconciler.follow()
    filled = desk.now(ticket)
    check_ledger(desk, filled, TicketState.FILLED)
    assert filled.executed.funds / filled.executed.size == ticket.spec.price
    assert desk.told()[-1] == RING


@story
async def test_a_limit_order_the_market_has_passed_already_fills_at_once(desk: Desk) -> None:
    check_ledger(desk, await desk.order("buy btc 0.001 @ 68000"), TicketState.FILLED)


@story
async def test_an_order_in_another_quote_is_counted_in_dollars(desk: Desk) -> None:
    desk.exchange.deposit(Pocket.TRADE, "BTC", Decimal(1))
    ticket = await desk.propose("buy eth-btc 0.001btc")
    bitcoin = desk.prices.quote(Symbol("BTC-USDT"))
    assert bitcoin is not None
    assert ticket.cost.notional == Decimal("0.001") * bitcoin.last


@pytest.mark.parametrize(
    ("line", "rules", "kind", "words"),
    [
        ("buy btc 100usdt", {"max_notional": Decimal(99)}, OverLimit, "ORDER_MAX_NOTIONAL"),
        ("sell btc 0.001", {"max_notional": Decimal(67)}, OverLimit, "ORDER_MAX_NOTIONAL"),
        ("buy btc 100usdt", {"daily_max": Decimal(99)}, OverLimit, "DAILY_MAX_NOTIONAL"),
        ("buy btc 100usdt", {"symbols": frozenset({"ETH-USDT"})}, OverLimit, "ORDER_SYMBOLS"),
        ("buy btc 100usdt", {"mode": TradingMode.OFF}, Refused, "TRADING_MODE"),
        ("buy xbtusdtm 1", {}, Refused, "futures contract"),
        ("buy alpaca 100usdt", {}, Refused, "closed ALPACA-USDT"),
        ("buy btc 0.05usdt", {}, Refused, "start at 0.1 USDT"),
        ("buy btc 0.000000001", {}, Refused, "steps of 0.00000001 BTC"),
        ("buy btc 0.000002 @ 60000", {}, Refused, "orders are 0.00001 to"),
        ("buy btc 11000usdt", {"max_notional": Decimal(10**6)}, Refused, "Main has 500 USDT: move it to Trade"),
        ("sell btc 2", {"max_notional": Decimal(10**6)}, Refused, "needs 2 BTC; Trade has 1 free"),
        ("buy nosuchcoin 100usdt", {}, UnknownSymbol, "No NOSUCHCOIN"),
        ("buy btc 100eur", {}, UsageError, "EUR is neither"),
    ],
)
@story
async def test_what_the_rules_forbid_gets_no_card(
    opened: Opened, line: str, rules: dict[str, object], kind: type[Exception], words: str
) -> None:
    desk = opened(rules=limits(**rules))
    with pytest.raises(kind, match=words):
        await desk.propose(line)
    assert desk.store.orders.waiting() == ()
    assert desk.posts == 0


@story
async def test_money_that_lies_in_main_is_named(desk: Desk) -> None:
    desk.exchange.deposit(Pocket.MAIN, "ETH", Decimal(2))
    for line in ("sell eth 1", "sell eth max"):
        with pytest.raises(Refused, match="Main has 2 ETH: move it to Trade"):
            await desk.propose(line)


@pytest.mark.parametrize(
    ("fault", "told"), [(Fault.MAINTENANCE, "closed for maintenance"), (Fault.CANCEL_ONLY, "takes only cancels")]
)
@story
async def test_while_the_exchange_is_closed_nothing_is_proposed_or_confirmed(
    desk: Desk, fault: Fault, told: str
) -> None:
    ticket = await desk.propose("buy btc 100usdt")
    desk.switch(fault)
    with pytest.raises(Refused, match=told):
        await desk.propose("buy btc 100usdt")
    with pytest.raises(Refused, match=told):
        await desk.confirm(ticket)
    assert desk.state(ticket) is TicketState.AWAIT_CONFIRM
    assert desk.posts == 0


@story
async def test_with_trading_off_and_no_key_the_reason_is_that_trading_is_off(desk: Desk) -> None:
    desk.asks_by = None
    desk.restart(limits(mode=TradingMode.OFF))
    with pytest.raises(Refused, match="TRADING_MODE"):
        await desk.propose("buy btc 100usdt")
    desk.restart(limits())
    with pytest.raises(BadCredentials, match="No KuCoin API key"):
        await desk.propose("buy btc 100usdt")


@story
async def test_the_days_limit_is_shared_by_all_people_until_midnight(opened: Opened) -> None:
    desk = opened(rules=limits(daily_max=Decimal(250)))
    await desk.order("buy btc 150usdt", ANNA)
    with pytest.raises(OverLimit, match="100 of today's 250 is left"):
        await desk.propose("buy btc 150usdt", BEN)
    late = await desk.order("buy btc 100usdt", BEN)
    assert late.state is TicketState.FILLED
    with pytest.raises(OverLimit, match="; 0 of today's"):
        await desk.propose("buy btc 1usdt")
    desk.time.time = desk.time.time.replace(hour=23, minute=59, second=59)
    with pytest.raises(OverLimit):
        await desk.propose("buy btc 1usdt")
    desk.wait(1)
    assert (await desk.order("buy btc 250usdt")).state is TicketState.FILLED


@story
async def test_of_two_cards_within_the_limit_the_second_tap_is_over_it(opened: Opened) -> None:
    desk = opened(rules=limits(daily_max=Decimal(150)))
    first, second = await desk.propose("buy btc 100usdt", ANNA), await desk.propose("buy btc 100usdt", BEN)
    answers = await asyncio.gather(desk.confirm(first), desk.confirm(second), return_exceptions=True)
    assert sum(isinstance(a, OverLimit) for a in answers) == 1
    assert sorted(t.state.value for t in map(desk.now, (first, second))) == ["await_confirm", "submitting"]


@story
async def test_a_tap_before_midnight_counts_on_the_day_it_was_made(opened: Opened) -> None:
    desk = opened(rules=limits(daily_max=Decimal(100)))
    desk.time.time = desk.time.time.replace(hour=23, minute=59, second=30)
    card = await desk.propose("buy btc 100usdt")
    desk.wait(31)
    await desk.trading.submit(await desk.confirm(card))
    with pytest.raises(OverLimit):
        await desk.propose("buy btc 1usdt")


@story
async def test_what_was_cancelled_unfilled_frees_the_days_limit(opened: Opened) -> None:
    desk = opened(rules=limits(daily_max=Decimal(100)))
    ticket = await desk.order("buy btc 100usdt @ 60000")
    with pytest.raises(OverLimit):
        await desk.propose("buy btc 100usdt")
    await desk.cancelling.cancel(ticket.name)
    assert (await desk.order("buy btc 100usdt")).state is TicketState.FILLED


@story
async def test_fifty_taps_at_once_place_one_order(desk: Desk) -> None:
    card = await desk.propose("buy btc 100usdt")

    async def tap() -> bool:
        try:
            ticket = await desk.confirm(card)
        except TicketGone:
            return False
        await desk.trading.submit(ticket)
        return True

    assert sum(await asyncio.gather(*(tap() for _ in range(50)))) == 1
    check_ledger(desk, desk.now(card), TicketState.FILLED)


@story
async def test_a_ticket_that_was_sent_is_not_sent_again_by_whoever_still_holds_it(desk: Desk) -> None:
    ticket = await desk.confirm(await desk.propose("buy btc 100usdt"))
    await desk.trading.submit(ticket)
    with pytest.raises(TicketGone):
        await desk.trading.submit(ticket)
    assert desk.posts == 1


@story
async def test_a_decline_that_came_first_wins_over_a_tap_still_reading_the_price(desk: Desk) -> None:
    card = await desk.propose("buy btc 100usdt")
    gate = desk.wire.hold(BALANCES)
    tap = asyncio.create_task(desk.confirm(card))
    await gate.reached.wait()
    declined = desk.trading.decline(card.id, ANNA, card.card_id)
    gate.opened.set()
    with pytest.raises(TicketGone, match="T-1 was cancelled, nothing was sent"):
        await tap
    assert (declined.state, desk.state(card)) == (TicketState.DECLINED, TicketState.DECLINED)
    assert desk.told() == [EDIT]


@story
async def test_after_the_tap_there_is_nothing_to_decline(desk: Desk) -> None:
    card = await desk.propose("buy btc 100usdt")
    await desk.confirm(card)
    with pytest.raises(TicketGone, match="already sent"):
        desk.trading.decline(card.id, ANNA, card.card_id)
    assert desk.state(card) is TicketState.SUBMITTING


@pytest.mark.parametrize(("millis", "taken"), [(-1, True), (0, False), (1, False)])
@story
async def test_a_ticket_lives_to_the_millisecond(desk: Desk, millis: int, taken: bool) -> None:
    card = await desk.propose("buy btc 100usdt")
    desk.time.time = card.expires_at + timedelta(milliseconds=millis)
    if taken:
        assert (await desk.confirm(card)).state is TicketState.SUBMITTING
        return
    with pytest.raises(TicketGone, match="T-1 expired, nothing was sent"):
        await desk.confirm(card)
    assert desk.state(card) is TicketState.AWAIT_CONFIRM
    desk.trading.expire_overdue()
    desk.trading.expire_overdue()
    assert desk.state(card) is TicketState.EXPIRED
    assert desk.told() == [EDIT]
    with pytest.raises(TicketGone, match="expired"):
        await desk.confirm(card)


@story
async def test_a_tap_that_waits_for_the_price_past_the_end_is_too_late(desk: Desk) -> None:
    card = await desk.propose("buy btc 100usdt")
    desk.time.time = card.expires_at - timedelta(milliseconds=1)
    desk.wire.after(BALANCES, lambda: desk.wait(0.001))
    with pytest.raises(TicketGone, match="expired"):
        await desk.confirm(card)


@story
async def test_only_the_proposer_and_only_on_the_card_itself(desk: Desk) -> None:
    card, other = await desk.propose("buy btc 100usdt"), await desk.propose("buy btc 50usdt")
    with pytest.raises(TicketGone, match="Only Anna can tap T-1"):
        await desk.confirm(card, BEN)
    with pytest.raises(TicketGone, match="Only Anna"):
        desk.trading.decline(card.id, BEN, card.card_id)
    for wrong in (other.card_id, 0, 99):
        with pytest.raises(TicketGone, match="not the card of T-1"):
            await desk.trading.confirm(card.id, ANNA, wrong)
    with pytest.raises(TicketGone, match="gone"):
        await desk.trading.confirm(77, ANNA, card.card_id)
    assert desk.state(card) is TicketState.AWAIT_CONFIRM
    assert desk.posts == 0


@story
async def test_a_ticket_without_a_card_cannot_be_tapped(desk: Desk) -> None:
    card = await desk.propose("buy btc 100usdt")
    desk.store.db.execute("UPDATE tickets SET card_id = NULL")
    with pytest.raises(TicketGone):
        await desk.confirm(card)


@story
async def test_the_card_drawn_last_is_the_one_that_counts(desk: Desk) -> None:
    card = await desk.propose("buy btc 100usdt")
    desk.store.orders.show_on(card.id, card.card_id + 100)
    with pytest.raises(TicketGone, match="not the card"):
        await desk.confirm(card)


@story
async def test_while_something_holds_orders_back_none_is_proposed_or_tapped(desk: Desk) -> None:
    card = await desk.propose("buy btc 100usdt")
    desk.held = "I am still finding out about T-7."
    with pytest.raises(Refused, match="finding out"):
        await desk.propose("buy btc 100usdt")
    with pytest.raises(Refused, match="finding out"):
        await desk.confirm(card)
    assert desk.state(card) is TicketState.AWAIT_CONFIRM
    desk.held = ""
    assert (await desk.confirm(card)).state is TicketState.SUBMITTING


@story
async def test_what_is_held_back_at_the_last_moment_has_not_left_and_says_why(desk: Desk) -> None:
    ticket = await desk.confirm(await desk.propose("buy btc 100usdt"))
    desk.held = "I am still finding out about T-7."
    await desk.trading.submit(ticket)
    assert desk.state(ticket) is TicketState.NOT_SENT
    assert desk.now(ticket).reason == desk.held
    assert desk.posts == 0


@pytest.mark.parametrize("resumed", [False, True])
@story
async def test_a_kill_between_card_and_tap_spends_the_card_for_good(desk: Desk, resumed: bool) -> None:
    card = await desk.propose("buy btc 100usdt")
    desk.kill()
    if resumed:
        desk.killswitch.resume("Anna", "over", 9_999)
    with pytest.raises(TicketGone, match="expired"):
        await desk.confirm(card)
    assert desk.state(card) is TicketState.EXPIRED


@story
async def test_a_kill_while_the_tap_reads_the_price_wins(desk: Desk) -> None:
    card = await desk.propose("buy btc 100usdt")
    desk.wire.after(BALANCES, desk.kill)
    with pytest.raises(TicketGone, match="expired"):
        await desk.confirm(card)
    assert desk.posts == 0


@story
async def test_a_kill_while_a_card_is_drawn_leaves_no_card(desk: Desk) -> None:
    desk.wire.after(BALANCES, desk.kill)
    with pytest.raises(Killed, match="stopped by Anna"):
        await desk.propose("buy btc 100usdt")
    with pytest.raises(Killed):
        await desk.propose("buy btc 100usdt")
    assert desk.store.orders.waiting() == ()


@story
async def test_a_kill_between_tap_and_sending_lets_nothing_leave(desk: Desk) -> None:
    ticket = await desk.confirm(await desk.propose("buy btc 100usdt"))
    desk.kill()
    await desk.trading.submit(ticket)
    assert desk.state(ticket) is TicketState.NOT_SENT
    assert "stopped before it left" in desk.now(ticket).reason
    assert desk.posts == 0


@story
async def test_a_kill_while_the_clock_is_read_for_signing_lets_nothing_leave(desk: Desk) -> None:
    ticket = await desk.confirm(await desk.propose("buy btc 100usdt"))
    desk.clock.forget()
    desk.wire.before("GET /spot/api/v1/timestamp", desk.kill)
    await desk.trading.submit(ticket)
    assert desk.state(ticket) is TicketState.NOT_SENT
    assert desk.posts == 0


@story
async def test_a_limit_sale_below_the_bid_counts_as_what_it_will_bring(desk: Desk) -> None:
    with pytest.raises(OverLimit, match="ORDER_MAX_NOTIONAL"):
        await desk.propose("sell btc 0.5 @ 50")
    ticket = await desk.order("sell btc 50usdt @ 50")
    assert ticket.executed.funds <= 51


@story
async def test_an_order_in_flight_when_the_kill_comes_is_cancelled_when_it_is_seen(desk: Desk) -> None:
    ticket = await desk.confirm(await desk.propose("buy btc 0.001 @ 60000"))
    desk.wire.before(PLACE, desk.kill)
    await desk.trading.submit(ticket)
    await desk.reconciler.follow()
    check_ledger(desk, desk.now(ticket), TicketState.CANCELED)


@story
async def test_a_balance_gone_between_card_and_tap_is_noticed(desk: Desk) -> None:
    card = await desk.propose("buy btc 100usdt")
    desk.exchange.accounts.add(Pocket.TRADE, "USDT", Decimal(-9950))
    with pytest.raises(Refused, match=r"needs 100\.1 USDT; Trade has 50 free"):
        await desk.confirm(card)
    assert desk.state(card) is TicketState.AWAIT_CONFIRM
    desk.exchange.accounts.add(Pocket.TRADE, "USDT", Decimal(9950))
    assert (await desk.confirm(card)).state is TicketState.SUBMITTING


@pytest.mark.parametrize("line", ["buy btc 100usdt", "sell btc 0.001"])
@pytest.mark.parametrize("to", ["67075", "67750"])
@story
async def test_a_price_that_ran_away_either_way_spends_the_card(desk: Desk, line: str, to: str) -> None:
    card = await desk.propose(line)
    desk.price(to)
    with pytest.raises(PriceMoved) as moved:
        await desk.confirm(card)
    assert moved.value.shown == card.cost.price
    assert abs(moved.value.now - Decimal(to)) < 2
    assert (desk.state(card), desk.now(card).reason) == (TicketState.EXPIRED, "the price moved")
    assert desk.told() == [EDIT]
    assert desk.posts == 0


@pytest.mark.parametrize("to", ["67080", "67745"])
@story
async def test_a_price_that_moved_less_is_taken_and_counted_as_it_is_at_the_tap(desk: Desk, to: str) -> None:
    card = await desk.propose("buy btc 0.001")
    desk.price(to)
    ticket = await desk.confirm(card)
    assert abs(ticket.cost.notional - Decimal(to) / 1000) < Decimal("0.01")
    assert ticket.spec == card.spec


@story
async def test_a_limit_orders_price_is_its_own_and_does_not_run_away(desk: Desk) -> None:
    card = await desk.propose("buy btc 0.001 @ 60000")
    desk.price("75000")
    await desk.trading.submit(await desk.confirm(card))
    check_ledger(desk, desk.now(card), TicketState.OPEN)


@story
async def test_an_order_that_grew_over_the_limit_by_the_price_is_refused_at_the_tap(opened: Opened) -> None:
    desk = opened(rules=limits(max_notional=Decimal("67.5")))
    card = await desk.propose("buy btc 0.001")
    desk.price("67650")
    with pytest.raises(OverLimit):
        await desk.confirm(card)
    assert desk.state(card) is TicketState.AWAIT_CONFIRM


@story
async def test_an_instrument_that_is_gone_at_the_tap_is_refused(desk: Desk) -> None:
    card = await desk.propose("buy btc 100usdt")
    desk.store.db.execute("UPDATE tickets SET symbol = 'GONE-USDT'")
    with pytest.raises(Refused, match="no longer lists GONE-USDT"):
        await desk.confirm(card)


@story
async def test_an_update_handled_twice_has_one_ticket(desk: Desk) -> None:
    asking = Asking(person=ANNA, chat_id=7, update_id=5, asked="/buy btc 100usdt")
    draft = parsing.order(Side.BUY, "btc 100usdt")
    tickets = await asyncio.gather(*(desk.trading.propose(draft, asking) for _ in range(3)))
    assert len({t.id for t in tickets}) == 1
    assert len(desk.store.orders.waiting()) == 1


_LOST = {"deadlines": BRIEF}


@pytest.mark.parametrize(
    ("fault", "settings", "state"),
    [
        (Fault.LOST_ANSWER, _LOST, TicketState.FILLED),
        (Fault.ERROR_AFTER_ACCEPT, {}, TicketState.FILLED),
        (Fault.LOST_REQUEST, _LOST, TicketState.UNKNOWN),
        (Fault.UNAVAILABLE, {}, TicketState.UNKNOWN),
        (Fault.GARBAGE, {}, TicketState.UNKNOWN),
        (Fault.TRUNCATED, {}, TicketState.UNKNOWN),
        (Fault.HUGE, {}, TicketState.UNKNOWN),
        (Fault.RATE_LIMITED, {}, TicketState.NOT_SENT),
        (Fault.MAINTENANCE, {}, TicketState.REJECTED),
        (Fault.CANCEL_ONLY, {}, TicketState.REJECTED),
        (Fault.CLOCK_AHEAD, {}, TicketState.REJECTED),
    ],
)
@story
async def test_whatever_fails_one_post_leaves_and_its_fate_is_told(
    opened: Opened, fault: Fault, settings: dict[str, object], state: TicketState
) -> None:
    desk = opened(**settings)
    ticket = await desk.confirm(await desk.propose("buy btc 100usdt"))
    desk.forget_letters()
    desk.switch(fault)
    await desk.trading.submit(ticket)
    assert desk.state(ticket) is state
    assert desk.posts == 1
    assert EDIT in desk.told()
    desk.faults.clear()
    desk.wait(30)
    await desk.reconciler.follow()
    assert desk.posts == 1
    if desk.at_kucoin(ticket) is not None:
        check_ledger(desk, desk.now(ticket), TicketState.FILLED)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.RATE_LIMITED, "asks for a pause"),
        (Fault.MAINTENANCE, "new orders are suspended"),
        (Fault.CLOCK_AHEAD, "clock is more than five seconds"),
    ],
)
@story
async def test_what_did_not_become_an_order_says_why_and_counts_for_nothing(
    desk: Desk, fault: Fault, words: str
) -> None:
    ticket = await desk.confirm(await desk.propose("buy btc 100usdt"))
    desk.switch(fault)
    await desk.trading.submit(ticket)
    assert words in desk.now(ticket).reason
    assert desk.now(ticket).ended_at is not None
    assert desk.store.orders.spent_on_day_of(desk.time()) == 0


@story
async def test_money_spent_elsewhere_at_the_last_moment_is_kucoins_refusal(desk: Desk) -> None:
    ticket = await desk.confirm(await desk.propose("buy btc 100usdt"))
    desk.exchange.accounts.add(Pocket.TRADE, "USDT", Decimal(-9950))
    await desk.trading.submit(ticket)
    refused = desk.now(ticket)
    assert (refused.state, refused.order_id) == (TicketState.REJECTED, "")
    assert "balance in Trade is not enough" in refused.reason


@story
async def test_a_lost_answer_is_told_before_it_is_looked_for(opened: Opened) -> None:
    desk = opened(deadlines=BRIEF)
    desk.switch(Fault.LOST_ANSWER)
    ticket = await desk.confirm(await desk.propose("buy btc 100usdt"))
    seen: list[TicketState] = []
    desk.moments = iter([lambda: seen.append(desk.state(ticket))])
    await desk.trading.submit(ticket)
    assert seen == [TicketState.UNKNOWN]
    steps = desk.store.db.conn.execute("SELECT became FROM journal ORDER BY id").fetchall()
    assert [became for (became,) in steps] == ["submitting", "unknown", "filled"]


@story
async def test_while_one_is_unknown_new_orders_wait_on_that_symbol_alone(desk: Desk) -> None:
    waiting = await desk.propose("buy btc 10usdt")
    desk.switch(Fault.ERROR_AFTER_ACCEPT, Fault.HIDDEN_ORDERS)
    lost = await desk.order("buy btc 100usdt")
    assert lost.state is TicketState.UNKNOWN
    desk.faults.clear()
    with pytest.raises(Refused, match=r"T-2 is still unknown\. New BTC-USDT orders are held"):
        await desk.propose("sell btc 0.001")
    with pytest.raises(Refused, match="T-2 is still unknown"):
        await desk.confirm(waiting)
    assert (await desk.order("buy eth 10usdt", BEN)).state is TicketState.FILLED
    assert (await desk.trading.check(lost.id)).state is TicketState.FILLED
    assert (await desk.confirm(waiting)).state is TicketState.SUBMITTING


@story
async def test_what_is_unknown_counts_against_the_day(opened: Opened) -> None:
    desk = opened(rules=limits(daily_max=Decimal(150)))
    desk.switch(Fault.ERROR_AFTER_ACCEPT, Fault.HIDDEN_ORDERS)
    await desk.order("buy btc 100usdt")
    desk.faults.clear()
    with pytest.raises(OverLimit):
        await desk.propose("buy eth 100usdt")


@pytest.mark.parametrize(
    ("fault", "row"),
    [
        (None, TicketState.FILLED),
        (Fault.ERROR_AFTER_ACCEPT, TicketState.FILLED),
        (Fault.MAINTENANCE, TicketState.NOT_PLACED),
    ],
)
@story
async def test_an_outcome_that_cannot_be_written_is_found_out_later(
    desk: Desk, fault: Fault | None, row: TicketState
) -> None:
    """The letter and the outcome stand or fall together; here they fall, after the order has left."""
    ticket = await desk.confirm(await desk.propose("buy btc 100usdt"))
    desk.forget_letters()
    if fault is not None:
        desk.switch(fault)
    desk.store.db.execute(
        "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
    )
    with pytest.raises(sqlite3.IntegrityError):
        await desk.trading.submit(ticket)
    assert desk.state(ticket) is TicketState.SUBMITTING
    desk.store.db.execute("DROP TRIGGER full")
    desk.faults.clear()
    for _ in range(30):
        desk.wait(5)
        await desk.reconciler.follow()
    assert desk.state(ticket) is row
    assert desk.posts == 1
    assert EDIT in desk.told()
    assert desk.told()[-1] == RING


@story
async def test_a_tap_that_never_came_to_sending_is_given_up_and_cannot_be_sent_late(desk: Desk) -> None:
    ticket = await desk.confirm(await desk.propose("buy btc 100usdt"))
    for _ in range(30):
        desk.wait(5)
        await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.NOT_PLACED
    with pytest.raises(TicketGone):
        await desk.trading.submit(ticket)
    assert desk.posts == 0


@story
async def test_a_submission_under_way_is_left_alone(desk: Desk) -> None:
    ticket = await desk.confirm(await desk.propose("buy btc 100usdt"))
    gate = desk.wire.hold(PLACE)
    sending = asyncio.create_task(desk.trading.submit(ticket))
    await gate.reached.wait()
    desk.wait(8)
    await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.SUBMITTING
    gate.opened.set()
    await sending
    check_ledger(desk, desk.now(ticket), TicketState.FILLED)


@story
async def test_declining_spends_the_card_and_tells_it(desk: Desk) -> None:
    card = await desk.propose("buy btc 100usdt")
    desk.trading.decline(card.id, ANNA, card.card_id)
    assert (desk.state(card), desk.told()) == (TicketState.DECLINED, [EDIT])
    with pytest.raises(TicketGone, match="was cancelled"):
        await desk.confirm(card)
    with pytest.raises(TicketGone, match="was cancelled"):
        desk.trading.decline(card.id, ANNA, card.card_id)


@story
async def test_a_ticket_nobody_made_cannot_be_looked_up(desk: Desk) -> None:
    with pytest.raises(TicketGone):
        await desk.trading.check(5)


@pytest.mark.parametrize("hours", [-1, 1])
@story
async def test_f32_a_card_lives_no_longer_whichever_way_the_clock_is_set(desk: Desk, hours: int) -> None:
    ticket = await desk.propose("buy btc 100usdt")
    desk.clock_off = timedelta(hours=hours)
    if hours < 0:
        desk.wait(60 - 0.001)
        desk.trading.expire_overdue()
        assert desk.state(ticket) is TicketState.AWAIT_CONFIRM
        desk.wait(0.001)
    with pytest.raises(TicketGone, match="expired"):
        await desk.confirm(ticket)
    desk.trading.expire_overdue()
    assert desk.state(ticket) is TicketState.EXPIRED
    assert desk.posts == 0


@story
async def test_f55_a_sleep_of_eight_hours_counts_against_a_card_though_the_clock_stood(desk: Desk) -> None:
    ticket = await desk.propose("buy btc 100usdt")
    desk.wait(8 * 3600)
    desk.clock_off = timedelta(hours=-8)
    with pytest.raises(TicketGone, match="expired"):
        await desk.confirm(ticket)
    desk.trading.expire_overdue()
    assert (desk.state(ticket), desk.posts) == (TicketState.EXPIRED, 0)


@story
async def test_a_card_does_not_outlive_a_start_of_the_host(desk: Desk) -> None:
    ticket = await desk.propose("buy btc 100usdt")
    desk.boot = "second"
    desk.restart()
    with pytest.raises(TicketGone, match="expired"):
        await desk.confirm(ticket)


@pytest.mark.parametrize("hours", [-1, 1])
@story
async def test_f32_a_clock_set_while_an_order_is_out_costs_no_look_at_it(desk: Desk, hours: int) -> None:
    ticket = await desk.confirm(await desk.propose("buy btc 100usdt"))

    def set_clock() -> None:
        desk.clock_off = timedelta(hours=hours)

    desk.wire.after(PLACE, set_clock)
    await desk.trading.submit(ticket)
    assert (desk.state(ticket), desk.posts) == (TicketState.FILLED, 1)


@pytest.mark.parametrize("minutes", [-2, 2])
@story
async def test_f31_with_a_clock_two_minutes_off_orders_go_through(opened: Callable[..., Desk], minutes: int) -> None:
    desk = opened()
    desk.clock_off = timedelta(minutes=minutes)
    desk.restart()
    ticket = await desk.order("buy btc 100usdt")
    check_ledger(desk, ticket, TicketState.FILLED)
