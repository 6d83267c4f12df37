"""What became of an order: the exchange is the truth, the row is brought in line with it and never back."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from chatbot.core.errors import Rejected
from chatbot.core.market import Venue
from chatbot.core.notices import Lane, Subject
from chatbot.core.orders import Executed, OrderTicket, OrderType, Side, TicketState
from chatbot.sandbox.faults import Fault, Faults
from chatbot.sandbox.kucoin_answers import unavailable
from chatbot.sandbox.kucoin_rest import KucoinFace
from chatbot.services.lookups import LATEST_ACCEPTANCE, NOT_PLACED_AFTER
from chatbot.services.reconcile import (
    ABANDONED_AFTER,
    FORGOTTEN_AFTER,
    LOOKED_AWAY,
    MISSING_OFTEN,
    SEARCH_DELAYS,
    WATCH_DELAYS,
)
from chatbot.store.orders import Step
from tests.services.desk import BRIEF, PLACE, Desk, Told, limits, story

Opened = Callable[..., Desk]

EDIT = Told(subject=Subject.TICKET, id=1, rings=False)
RING = Told(subject=Subject.TICKET, id=1, rings=True)
BIG = limits(max_notional=Decimal(10**6), daily_max=Decimal(10**6))


def look_up(ticket: OrderTicket) -> str:
    return f"GET /spot/api/v1/hf/orders/client-order/{ticket.spec.client_oid}"


async def lost(desk: Desk, line: str = "buy btc 100usdt", *faults: Fault) -> OrderTicket:
    """An order whose answer was lost and that no look-up has found so far."""
    desk.switch(Fault.ERROR_AFTER_ACCEPT, Fault.HIDDEN_ORDERS, *faults)
    ticket = await desk.order(line)
    assert ticket.state is TicketState.UNKNOWN
    desk.faults.clear()
    desk.forget_letters()
    return ticket


async def never_arrived(desk: Desk) -> OrderTicket:
    """An order that vanished on the way, when the looks right after it are over."""
    desk.switch(Fault.LOST_REQUEST)
    ticket = await desk.order("buy btc 100usdt")
    assert ticket.state is TicketState.UNKNOWN
    desk.faults.clear()
    desk.forget_letters()
    return ticket


async def half_filled(desk: Desk) -> OrderTicket:
    """A sale of 0.5 BTC at 68,000 of which the market has taken a part."""
    ticket = await desk.order("sell btc 0.5 @ 68000")
    desk.price("68001")
    desk.wait(1)
    await desk.reconciler.follow()
    part = desk.now(ticket)
    assert part.state is TicketState.PARTIAL
    assert 0 < part.executed.size < Decimal("0.5")
    return part


@story
async def test_a_market_order_is_seen_done_by_the_first_look(desk: Desk) -> None:
    await desk.order("buy btc 100usdt")
    assert desk.slept == [WATCH_DELAYS[0]]


@story
async def test_an_order_that_shows_late_is_watched_until_it_shows(opened: Opened) -> None:
    desk = opened(visible_after=2)
    ticket = await desk.order("buy btc 100usdt")
    assert ticket.state is TicketState.FILLED
    assert tuple(desk.slept) == WATCH_DELAYS[: len(desk.slept)]
    assert sum(desk.slept) >= 2


@story
async def test_a_lost_order_found_while_the_person_looks_does_not_ring(opened: Opened) -> None:
    desk = opened(visible_after=1)
    desk.switch(Fault.ERROR_AFTER_ACCEPT)
    assert (await desk.order("buy btc 100usdt")).state is TicketState.FILLED
    assert sum(desk.slept) < LOOKED_AWAY.total_seconds()
    assert set(desk.told()) == {EDIT}


@story
async def test_a_lost_order_found_later_rings_once(desk: Desk) -> None:
    ticket = await lost(desk)
    assert tuple(desk.slept) == SEARCH_DELAYS
    await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.FILLED
    assert desk.told() == [EDIT, RING]
    await desk.reconciler.follow()
    await desk.reconciler.follow()
    assert desk.told() == [EDIT, RING]


@story
async def test_a_lost_order_found_resting_rings_too(desk: Desk) -> None:
    ticket = await lost(desk, "buy btc 0.001 @ 60000")
    await desk.reconciler.follow()
    found = desk.now(ticket)
    assert (found.state, bool(found.order_id)) == (TicketState.OPEN, True)
    assert desk.told() == [EDIT, RING]


@story
async def test_whoever_asks_for_the_look_is_told_on_the_card_alone(desk: Desk) -> None:
    ticket = await lost(desk)
    assert (await desk.reconciler.check(ticket)).state is TicketState.FILLED
    assert desk.told() == [EDIT]


@story
async def test_fills_are_told_on_the_card_and_the_end_rings(opened: Opened) -> None:
    desk = opened(rules=BIG)
    part = await half_filled(desk)
    assert set(desk.told()) == {EDIT}
    order = desk.at_kucoin(part)
    assert order is not None
    assert (part.executed.size, part.executed.funds, part.executed.fee) == (
        order.deal_size,
        order.deal_funds,
        order.fee,
    )
    for _ in range(40):
        desk.wait(5)
        await desk.reconciler.follow()
    assert desk.now(part).state is TicketState.FILLED
    assert desk.now(part).executed.size == Decimal("0.5")
    record = desk.store.audit.latest(1)[0]
    assert (record.person, record.what, record.detail) == ("KuCoin", "filled", "T-1 filled 0.5")
    assert desk.told() == [EDIT, RING]


@story
async def test_the_first_part_of_an_order_rings_and_further_ones_do_not(opened: Opened) -> None:
    desk = opened(rules=BIG)
    ticket = await desk.order("sell btc 0.5 @ 68000")
    desk.wait(60)
    before = desk.told().count(RING)
    desk.price("68001")
    desk.wait(1)
    await desk.reconciler.follow()
    part = desk.now(ticket)
    assert part.state is TicketState.PARTIAL
    assert desk.told().count(RING) == before + 1
    desk.price("68002")
    desk.wait(1)
    await desk.reconciler.follow()
    assert desk.told().count(RING) == before + (1 if desk.state(ticket) is TicketState.PARTIAL else 2)


@story
async def test_a_part_kept_by_a_cancel_is_told_as_it_is(opened: Opened) -> None:
    desk = opened(rules=BIG)
    part = await half_filled(desk)
    order = desk.at_kucoin(part)
    assert order is not None
    desk.exchange.cancel(order)
    desk.wait(5)
    await desk.reconciler.follow()
    ended = desk.now(part)
    assert (ended.state, ended.executed) == (TicketState.CANCELED, part.executed)
    assert desk.told()[-1] == RING
    spent = desk.store.orders.spent_on_day_of(desk.time())
    assert abs(spent - part.executed.funds) < Decimal("0.0001")


@story
async def test_an_answer_that_is_older_than_what_is_known_takes_nothing_back(opened: Opened) -> None:
    desk = opened(rules=BIG)
    ticket = await desk.order("sell btc 0.5 @ 68000")
    line = look_up(ticket)
    gate = desk.wire.hold(line)
    slow = asyncio.create_task(desk.reconciler.check(ticket))
    await gate.reached.wait()
    desk.price("68001")
    desk.wait(1)
    part = await desk.reconciler.check(ticket)
    assert part.state is TicketState.PARTIAL
    gate.opened.set()
    assert (await slow) == part
    gate = desk.wire.hold(line)
    slow = asyncio.create_task(desk.reconciler.check(part))
    await gate.reached.wait()
    order = desk.at_kucoin(part)
    assert order is not None
    desk.exchange.cancel(order)
    ended = await desk.reconciler.check(part)
    gate.opened.set()
    assert (await slow) == ended
    assert ended.state is TicketState.CANCELED


@story
async def test_an_exchange_that_knows_less_than_it_told_before_changes_nothing(desk: Desk) -> None:
    ticket = await desk.order("sell btc 0.01 @ 68000")
    half = Executed(size=Decimal("0.005"), funds=Decimal(340), fee=Decimal("0.34"), fee_currency="USDT")
    desk.store.orders.move(ticket, TicketState.PARTIAL, by="KuCoin", step=Step(executed=half))
    desk.forget_letters()
    ahead = desk.now(ticket)
    assert await desk.reconciler.check(ahead) == ahead
    assert desk.told() == []


@story
async def test_an_order_under_watch_is_not_asked_about_twice(desk: Desk) -> None:
    ticket = await desk.confirm(await desk.propose("buy btc 100usdt"))
    gate = desk.wire.hold(look_up(ticket))
    watching = asyncio.create_task(desk.trading.submit(ticket))
    await gate.reached.wait()
    await desk.reconciler.follow()
    assert desk.wire.lines.count(look_up(ticket)) == 1
    gate.opened.set()
    await watching
    assert desk.state(ticket) is TicketState.FILLED


@story
async def test_two_looks_in_a_row_change_nothing(opened: Opened) -> None:
    desk = opened(rules=BIG)
    part = await half_filled(desk)
    letters = desk.told()
    rows = list(desk.store.db.query("SELECT * FROM journal"))
    await desk.reconciler.check(part)
    await asyncio.gather(*(desk.reconciler.follow() for _ in range(5)))
    assert desk.now(part) == part
    assert desk.told() == letters
    assert list(desk.store.db.query("SELECT * FROM journal")) == rows


@story
async def test_not_placed_needs_three_misses_over_half_a_minute(opened: Opened) -> None:
    """Counted from when the gateway can accept it no more, which the last of the first looks is late enough for."""
    desk = opened(deadlines=BRIEF)
    doubted = desk.time()
    ticket = await never_arrived(desk)
    first_miss = desk.time()
    assert first_miss - doubted >= LATEST_ACCEPTANCE > timedelta(seconds=sum(SEARCH_DELAYS[:-1]))
    desk.time.time = first_miss + NOT_PLACED_AFTER - timedelta(milliseconds=1)
    for _ in range(3):
        await desk.reconciler.follow()
        assert desk.state(ticket) is TicketState.UNKNOWN
    assert desk.told() == []
    desk.wait(0.001)
    await desk.reconciler.follow()
    given_up = desk.now(ticket)
    assert (given_up.state, given_up.ended_at is None) == (TicketState.NOT_PLACED, True)
    assert desk.told() == [EDIT, RING]
    assert desk.posts == 1
    assert desk.store.orders.spent_on_day_of(desk.time()) == 0


@pytest.mark.parametrize("hours", [-1, 1])
@story
async def test_f32_a_clock_that_is_set_makes_no_order_be_given_up_sooner_or_never(opened: Opened, hours: int) -> None:
    desk = opened(deadlines=BRIEF)
    ticket = await never_arrived(desk)
    desk.clock_off = timedelta(hours=hours)
    for _ in range(5):
        await desk.reconciler.follow()
        desk.wait(5)
    assert desk.state(ticket) is TicketState.UNKNOWN
    desk.wait(5)
    await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.NOT_PLACED


@story
async def test_after_a_restart_the_misses_are_counted_anew(opened: Opened) -> None:
    desk = opened(deadlines=BRIEF)
    ticket = await never_arrived(desk)
    desk.wait(3600)
    desk.restart()
    desk.reconciler.recover()
    for _ in range(3):
        await desk.reconciler.follow()
    for seconds in (7, 15):
        desk.wait(seconds)
        await desk.reconciler.follow()
        assert desk.state(ticket) is TicketState.UNKNOWN
    desk.wait(15)
    await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.NOT_PLACED


@story
async def test_two_misses_are_not_enough_however_far_apart(desk: Desk) -> None:
    ticket = await desk.confirm(await desk.propose("buy btc 100usdt"))
    desk.restart()
    desk.reconciler.recover()
    for state in (TicketState.UNKNOWN, TicketState.UNKNOWN, TicketState.NOT_PLACED):
        desk.wait(3600)
        await desk.reconciler.follow()
        assert desk.state(ticket) is state


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.GARBAGE, Fault.RATE_LIMITED])
@story
async def test_a_question_without_an_answer_is_no_miss(opened: Opened, fault: Fault) -> None:
    desk = opened(deadlines=BRIEF)
    ticket = await never_arrived(desk)
    desk.switch(fault)
    for _ in range(5):
        desk.wait(60)
        await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.UNKNOWN
    assert desk.told() == []


def _answering(desk: Desk, *parts: str) -> None:
    """KuCoin shows nothing of orders, but where the question has one of `parts` in it."""
    shown = KucoinFace(desk.exchange, [desk.key], Faults()).app
    desk.switch(Fault.HIDDEN_ORDERS)
    for part in parts:
        desk.wire.instead[part] = shown


@pytest.mark.parametrize(
    ("line", "state"), [("buy btc 0.001 @ 60000", TicketState.OPEN), ("buy btc 100usdt", TicketState.FILLED)]
)
@story
async def test_an_order_that_only_a_list_shows_is_adopted(opened: Opened, line: str, state: TicketState) -> None:
    desk = opened()
    ticket = await lost(desk, line)
    _answering(desk, "/orders/active", "/orders/done")
    await desk.reconciler.follow()
    found = desk.now(ticket)
    assert (found.state, found.order_id) == (state, getattr(desk.at_kucoin(ticket), "id", ""))
    assert desk.told() == [EDIT, RING]


@story
async def test_an_order_that_only_its_fills_show_is_adopted(opened: Opened) -> None:
    desk = opened()
    desk.elsewhere(type=OrderType.MARKET, price=None)
    ticket = await lost(desk)
    desk.elsewhere(type=OrderType.MARKET, price=None)
    order = desk.at_kucoin(ticket)
    assert order is not None
    _answering(desk, "/hf/fills", f"/hf/orders/{order.id}", "/hf/orders/active")
    for number in desk.exchange.orders:
        desk.wire.instead[f"/hf/orders/{number}"] = desk.wire.instead[f"/hf/orders/{order.id}"]
    await desk.reconciler.follow()
    found = desk.now(ticket)
    assert (found.state, found.order_id, found.executed.size) == (TicketState.FILLED, order.id, order.deal_size)
    assert desk.posts == 1


@story
async def test_executions_of_an_order_that_cannot_be_looked_up_are_no_proof(opened: Opened) -> None:
    desk = opened()
    ticket = await lost(desk)
    _answering(desk, "/hf/fills")
    for _ in range(20):
        desk.wait(5)
        await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.UNKNOWN


@story
async def test_executions_made_elsewhere_keep_nothing_in_doubt(opened: Opened) -> None:
    desk = opened(deadlines=BRIEF)
    ticket = await never_arrived(desk)
    for side in Side:
        desk.elsewhere(type=OrderType.MARKET, price=None, side=side)
    for _ in range(8):
        desk.wait(5)
        await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.NOT_PLACED


@pytest.mark.parametrize("place", ["/orders/active", "/orders/done", "/hf/fills"])
@story
async def test_a_place_that_could_not_be_read_is_no_proof(opened: Opened, place: str) -> None:
    desk = opened(deadlines=BRIEF)
    ticket = await never_arrived(desk)
    desk.wire.instead[place] = unavailable()
    for _ in range(20):
        desk.wait(5)
        await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.UNKNOWN


@story
async def test_open_orders_that_cannot_be_read_count_as_not_gone(opened: Opened) -> None:
    desk = opened(deadlines=BRIEF)
    ticket = await never_arrived(desk)
    for _ in range(10):
        desk.wire.after(look_up(ticket), lambda: desk.switch(Fault.GARBAGE))
        desk.wait(10)
        await desk.reconciler.follow()
        desk.faults.clear()
        assert desk.state(ticket) is TicketState.UNKNOWN


@story
async def test_a_key_that_may_not_see_futures_can_still_give_an_order_up(opened: Opened) -> None:
    desk = opened(deadlines=BRIEF, permissions=frozenset({"General", "Spot"}))
    ticket = await never_arrived(desk)
    for _ in range(10):
        desk.wait(10)
        await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.NOT_PLACED


@story
async def test_two_who_give_up_at_once_do_not_trip_over_each_other(opened: Opened) -> None:
    desk = opened(deadlines=BRIEF)
    ticket = await never_arrived(desk)
    desk.wait(60)
    await asyncio.gather(desk.reconciler.follow(), desk.reconciler.check(ticket), desk.reconciler.follow())
    assert desk.state(ticket) is TicketState.NOT_PLACED
    assert desk.told() == [EDIT, RING]


@story
async def test_an_order_that_shows_after_it_was_given_up_reopens_when_looked_for(opened: Opened) -> None:
    desk = opened(visible_after=90)
    desk.switch(Fault.ERROR_AFTER_ACCEPT)
    ticket = await desk.order("buy btc 100usdt")
    for _ in range(10):
        desk.wait(5)
        await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.NOT_PLACED
    desk.wait(60)
    found = await desk.trading.check(ticket.id)
    assert (found.state, desk.posts) == (TicketState.FILLED, 1)


@pytest.mark.parametrize("line", ["buy btc 100usdt", "buy btc 0.001 @ 60000"])
@story
async def test_f04_a_crash_after_kucoin_took_the_order_ends_with_the_order_in_the_book(desk: Desk, line: str) -> None:
    ticket = await desk.confirm(await desk.propose(line))
    gate = desk.wire.hold(PLACE)
    sending = asyncio.create_task(desk.trading.submit(ticket))
    await gate.reached.wait()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    desk.restart()
    desk.forget_letters()
    desk.reconciler.recover()
    doubted = desk.now(ticket)
    assert (doubted.state, doubted.reason) == (TicketState.UNKNOWN, "the bot stopped while it was being sent")
    assert desk.told() == [EDIT]
    with pytest.raises(Exception, match="still unknown"):
        await desk.propose("buy btc 10usdt")
    await desk.reconciler.follow()
    order = desk.at_kucoin(ticket)
    assert order is not None
    assert desk.now(ticket).order_id == order.id
    assert desk.state(ticket) is (TicketState.OPEN if order.active else TicketState.FILLED)
    assert desk.posts == 1


@story
async def test_f02_a_crash_before_anything_left_ends_not_placed_and_nothing_is_sent(desk: Desk) -> None:
    ticket = await desk.confirm(await desk.propose("buy btc 100usdt"))
    desk.restart()
    desk.reconciler.recover()
    for _ in range(9):
        desk.wait(5)
        await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.NOT_PLACED
    assert desk.posts == 0


@story
async def test_recovery_touches_nothing_but_what_was_being_sent(opened: Opened) -> None:
    desk = opened(rules=BIG)
    waiting = await desk.propose("buy btc 100usdt")
    open_one = await desk.order("buy btc 0.001 @ 60000")
    filled = await desk.order("buy btc 100usdt")
    before = [desk.now(t) for t in (waiting, open_one, filled)]
    desk.restart()
    desk.reconciler.recover()
    assert [desk.now(t) for t in (waiting, open_one, filled)] == before


@story
async def test_a_submission_is_doubted_only_when_nobody_can_be_sending_it_any_more(desk: Desk) -> None:
    ticket = await desk.confirm(await desk.propose("buy btc 100usdt"))
    desk.wait(ABANDONED_AFTER.total_seconds() - 1)
    await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.SUBMITTING
    desk.wait(1)
    await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.UNKNOWN


@story
async def test_an_order_found_resting_after_a_kill_is_cancelled(desk: Desk) -> None:
    ticket = await lost(desk, "buy btc 0.001 @ 60000")
    desk.kill()
    desk.forget_letters()
    await desk.reconciler.follow()
    await desk.reconciler.follow()
    order = desk.at_kucoin(ticket)
    assert order is not None
    assert order.cancelled
    assert desk.state(ticket) is TicketState.CANCELED
    assert desk.told()[-1] == EDIT


@story
async def test_a_cancel_by_the_kill_is_told_on_the_card_and_does_not_ring(desk: Desk) -> None:
    ticket = await desk.order("buy btc 0.001 @ 60000")
    stop = desk.kill()
    desk.forget_letters()
    await desk.killswitch.sweep(stop)
    await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.CANCELED
    assert [t for t in desk.told() if t.subject is Subject.TICKET] == [EDIT]


@pytest.mark.parametrize("fault", [Fault.MAINTENANCE, Fault.UNAVAILABLE])
@story
async def test_a_cancel_after_the_kill_that_fails_is_tried_again(desk: Desk, fault: Fault) -> None:
    ticket = await lost(desk, "buy btc 0.001 @ 60000")
    desk.kill()
    desk.switch(fault)
    await desk.reconciler.follow()
    desk.faults.clear()
    await desk.reconciler.follow()
    await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.CANCELED


@story
async def test_what_is_over_is_not_asked_about_any_more(desk: Desk) -> None:
    await desk.order("buy btc 100usdt")
    desk.switch(Fault.MAINTENANCE)
    before = len(desk.wire.lines)
    await desk.reconciler.follow()
    assert len(desk.wire.lines) == before


@story
async def test_a_cancelled_elsewhere_order_ends_here_too(desk: Desk) -> None:
    ticket = await desk.order("buy btc 0.001 @ 60000")
    order = desk.at_kucoin(ticket)
    assert order is not None
    desk.exchange.cancel(order)
    desk.wait(10)
    await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.CANCELED
    assert desk.told()[-1] == RING
    with pytest.raises(Rejected):
        await desk.kucoin.orders.cancel(order.id, ticket.spec.symbol, Venue.SPOT)


@story
async def test_an_order_given_up_is_found_when_it_shows_after_all_and_rings(desk: Desk) -> None:
    desk.switch(Fault.ERROR_AFTER_ACCEPT, Fault.HIDDEN_ORDERS)
    ticket = await desk.order("buy btc 100usdt")
    for _ in range(20):
        desk.wait(5)
        await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.NOT_PLACED
    desk.forget_letters()
    desk.faults.clear()
    desk.wait(3600)
    await desk.reconciler.watch_lost()
    assert desk.state(ticket) is TicketState.FILLED
    assert any(told.rings for told in desk.told())


async def forgotten(desk: Desk, line: str = "buy btc 0.001 @ 60000") -> OrderTicket:
    """An order that rested, and of which KuCoin shows nothing from now on."""
    ticket = await desk.order(line)
    desk.switch(Fault.HIDDEN_ORDERS)
    desk.forget_letters()
    return ticket


async def pass_days(desk: Desk, hours: float) -> None:
    """By the jobs that the clock runs, an hour at a time."""
    for _ in range(int(hours)):
        desk.wait(3600)
        await desk.reconciler.follow()
        await desk.reconciler.watch_lost()


@story
async def test_an_order_that_kucoin_forgot_ends_after_two_days_and_says_so(desk: Desk) -> None:
    ticket = await forgotten(desk)
    await desk.reconciler.follow()
    assert desk.now(ticket).missing_since == desk.time()
    await pass_days(desk, 47)
    assert desk.state(ticket) is TicketState.OPEN
    assert desk.store.orders.spent_on_day_of(desk.time()) == 60
    assert desk.told() == []
    desk.restart()  # since when it is missing outlives the process
    await pass_days(desk, 1)
    ended = desk.now(ticket)
    assert (ended.state, ended.reason) == (TicketState.FORGOTTEN, "looked for in vain for 2 d")
    assert desk.told() == [EDIT, RING]
    assert desk.store.orders.spent_on_day_of(desk.time()) == 0
    await pass_days(desk, 3)
    assert desk.told() == [EDIT, RING]


@story
async def test_what_was_filled_of_a_forgotten_order_is_kept(opened: Opened) -> None:
    desk = opened(rules=BIG)
    part = await half_filled(desk)
    desk.switch(Fault.HIDDEN_ORDERS)
    for _ in range(2):
        desk.wait(FORGOTTEN_AFTER.total_seconds())
        await desk.reconciler.watch_lost()
        await desk.reconciler.follow()
    ended = desk.now(part)
    assert (ended.state, ended.executed) == (TicketState.FORGOTTEN, part.executed)


@story
async def test_an_order_that_shows_again_is_missing_no_more(desk: Desk) -> None:
    ticket = await forgotten(desk)
    await pass_days(desk, 40)
    desk.faults.clear()
    await pass_days(desk, 1)
    assert (desk.state(ticket), desk.now(ticket).missing_since) == (TicketState.OPEN, None)
    desk.switch(Fault.HIDDEN_ORDERS)
    await pass_days(desk, 40)
    assert desk.state(ticket) is TicketState.OPEN


@story
async def test_a_kucoin_that_does_not_answer_has_forgotten_nothing(desk: Desk) -> None:
    ticket = await forgotten(desk)
    await desk.reconciler.follow()
    desk.switch(Fault.UNAVAILABLE)
    await pass_days(desk, 60)
    assert desk.state(ticket) is TicketState.OPEN


@story
async def test_what_is_long_missing_is_asked_for_once_a_minute_and_not_every_five_seconds(desk: Desk) -> None:
    ticket = await forgotten(desk)
    await desk.reconciler.follow()
    desk.wait(MISSING_OFTEN.total_seconds() - 1)
    await desk.reconciler.follow()
    before = desk.wire.lines.count(look_up(ticket))
    desk.wait(1)
    await desk.reconciler.follow()
    assert desk.wire.lines.count(look_up(ticket)) == before
    await desk.reconciler.watch_lost()
    assert desk.wire.lines.count(look_up(ticket)) == before + 1


@story
async def test_an_order_that_is_known_by_kucoins_number_alone_is_not_missing(desk: Desk) -> None:
    ticket = await forgotten(desk)
    _answering(desk, f"/hf/orders/{ticket.order_id}")
    await desk.reconciler.follow()
    assert desk.now(ticket).missing_since is None


@story
async def test_f06_a_late_arrival_is_told_before_everything_else(desk: Desk) -> None:
    desk.switch(Fault.ERROR_AFTER_ACCEPT, Fault.HIDDEN_ORDERS)
    ticket = await desk.order("buy btc 100usdt")
    for _ in range(20):
        desk.wait(5)
        await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.NOT_PLACED
    desk.forget_letters()
    desk.faults.clear()
    desk.wait(60)
    await desk.reconciler.watch_lost()
    (lane,) = (
        r["lane"] for r in desk.store.db.query("SELECT lane FROM outbox WHERE follows NOTNULL AND state='pending'")
    )
    assert (desk.state(ticket), lane) == (TicketState.FILLED, Lane.ANSWER)
    assert desk.posts == 1
