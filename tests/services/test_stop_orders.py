"""Stop orders from the tap to their end: waiting, firing, cancelled, killed, and all that goes wrong on the way."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from starlette.responses import JSONResponse

from chatbot.core.errors import KucoinError, OutcomeUnknown, OverLimit, Refused, TicketGone, UsageError
from chatbot.core.exchange import Resting
from chatbot.core.orders import OrderStatus, OrderTicket, OrderType, Side, TicketState, TimeInForce
from chatbot.core.stops import Result
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.faults import Fault
from chatbot.sandbox.orders import ExchangeOrder, Stop, Trigger
from chatbot.services.lookups import CALLED_OFF, FIRED_FOR_NOTHING, GONE
from tests.ledger import check_promises
from tests.sandbox.worlds import BTC
from tests.services.desk import BRIEF, Desk, limits, story
from tests.services.starting import Starting

Opened = Callable[..., Desk]

STOP = "POST /spot/api/v1/stop-order"
CANCEL = "DELETE /spot/api/v1/stop-order/cancel"
BY_OID = "GET /spot/api/v1/stop-order/queryOrderByClientOid"

MARKET = "sell btc 0.01 stop 60000"
LIMIT = "sell btc 0.01 @ 59900 stop 60000"
BUY = "buy btc 100usdt stop 70000"
LINES = [MARKET, LIMIT, BUY]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Starting]:
    desk = Starting(tmp_path)
    asyncio.run(desk.opened())
    yield desk
    desk.stop()


def stop_at_kucoin(desk: Desk, ticket: OrderTicket) -> ExchangeOrder:
    orders = desk.exchange.orders.values()
    return next(o for o in orders if o.request.stop is not None and o.request.client_oid == ticket.spec.client_oid)


def fire(desk: Desk, ticket: OrderTicket) -> None:
    desk.price("59990" if ticket.spec.side is Side.SELL else "70010")
    desk.wait(1)


def ends(desk: Desk, ticket: OrderTicket) -> OrderTicket:
    """With every promise kept."""
    check_promises(desk.store, desk.exchange)
    return desk.now(ticket)


@pytest.mark.parametrize("line", LINES)
@story
async def test_a_stop_order_waits_where_stop_orders_wait(desk: Desk, line: str) -> None:
    ticket = await desk.order(line)
    stop = stop_at_kucoin(desk, ticket)
    assert (ticket.state, ticket.order_id, desk.posts) == (TicketState.PARKED, stop.id, 0)
    assert desk.wire.lines.count(STOP) == 1
    selling = ticket.spec.side is Side.SELL
    assert stop.request.stop == Stop(
        trigger=Trigger.DOWN if selling else Trigger.UP, price=ticket.spec.trigger or Decimal(0)
    )
    assert (stop.request.type, stop.request.price) == (ticket.spec.type, ticket.spec.price)
    assert stop.request.remark == ticket.spec.mark
    (waiting,) = await desk.kucoin.orders.resting(Resting.SPOT_STOPS)
    assert (waiting.order_id, waiting.trigger, waiting.external) == (stop.id, ticket.spec.trigger, False)
    await desk.follow()
    assert ends(desk, ticket).state is TicketState.PARKED


@pytest.mark.parametrize("line", [MARKET, BUY])
@story
async def test_when_it_fires_its_ticket_follows_the_order_that_it_became(desk: Desk, line: str) -> None:
    ticket = await desk.order(line)
    desk.forget_letters()
    desk.wait(60)
    fire(desk, ticket)
    await desk.reconciler.follow()
    filled = ends(desk, ticket)
    assert filled.state is TicketState.FILLED
    assert filled.order_id != ticket.order_id
    assert filled.executed.size > 0
    assert [told.rings for told in desk.told()] == [False, True]


@story
async def test_a_stop_limit_order_that_fired_rests_in_the_book_and_can_be_cancelled_there(desk: Desk) -> None:
    ticket = await desk.order("sell btc 0.01 @ 60500 stop 60000")
    desk.wait(60)
    desk.forget_letters()
    fire(desk, ticket)
    await desk.reconciler.follow()
    rests = ends(desk, ticket)
    assert rests.state is TicketState.OPEN
    assert [told.rings for told in desk.told()] == [False, True]
    done = await desk.cancelling.cancel(rests.name)
    assert done.status is OrderStatus.CANCELED
    assert ends(desk, ticket).state is TicketState.CANCELED


@story
async def test_a_stop_limit_order_that_may_not_wait_ends_where_it_fires(desk: Desk) -> None:
    ticket = await desk.order("sell btc 0.01 @ 60500 stop 60000 ioc")
    assert stop_at_kucoin(desk, ticket).request.time_in_force.value == TimeInForce.IOC.value
    fire(desk, ticket)
    await desk.reconciler.follow()
    assert ends(desk, ticket).state is TicketState.CANCELED


@story
async def test_what_it_becomes_is_known_by_its_number_alone(desk: Desk) -> None:
    """Whether the order keeps its clientOid or its number, KuCoin does not say."""
    ticket = await desk.order("sell btc 0.01 @ 60500 stop 60000")
    fire(desk, ticket)
    child = desk.at_kucoin(ticket)
    assert child is not None
    ledger = desk.exchange._ledger
    ledger.orders.pop(child.id)
    ledger.orders[ticket.order_id] = replace(
        child, id=ticket.order_id, request=replace(child.request, client_oid="other", remark=None)
    )
    await desk.reconciler.follow()
    assert (desk.state(ticket), desk.now(ticket).order_id) == (TicketState.OPEN, ticket.order_id)


@story
async def test_what_it_becomes_is_known_by_its_remark_alone(desk: Desk) -> None:
    ticket = await desk.order("sell btc 0.01 @ 60500 stop 60000")
    fire(desk, ticket)
    child = desk.at_kucoin(ticket)
    assert child is not None
    desk.exchange._ledger.orders[child.id] = replace(child, request=replace(child.request, client_oid="other"))
    await desk.reconciler.follow()
    assert (desk.state(ticket), desk.now(ticket).order_id) == (TicketState.OPEN, child.id)


@pytest.mark.parametrize(
    ("fault", "deadlines"), [(Fault.LOST_ANSWER, BRIEF), (Fault.ERROR_AFTER_ACCEPT, None), (Fault.GARBAGE, None)]
)
@pytest.mark.parametrize("line", LINES)
@story
async def test_one_whose_answer_was_lost_is_found_where_it_waits(
    opened: Opened, line: str, fault: Fault, deadlines: object
) -> None:
    desk = opened(**({} if deadlines is None else {"deadlines": deadlines}))
    ticket = await desk.confirm(await desk.propose(line))
    desk.switch(fault)
    desk.wire.after(STOP, desk.faults.clear)
    await desk.trading.submit(ticket)
    await desk.follow(10)
    assert desk.wire.lines.count(STOP) == 1
    parked = ends(desk, ticket)
    assert (parked.state, parked.order_id) == (TicketState.PARKED, stop_at_kucoin(desk, ticket).id)


@story
async def test_one_that_never_arrived_is_given_up_and_never_sent_again(opened: Opened) -> None:
    desk = opened(deadlines=BRIEF)
    desk.switch(Fault.LOST_REQUEST)
    ticket = await desk.order(MARKET)
    assert ticket.state is TicketState.UNKNOWN
    assert desk.store.orders.unknown_on(BTC) == ticket
    desk.faults.clear()
    await desk.follow(60)
    assert ends(desk, ticket).state is TicketState.NOT_PLACED
    assert desk.wire.lines.count(STOP) == 1


@pytest.mark.parametrize("line", LINES)
@story
async def test_one_that_shows_late_is_found_after_all(opened: Opened, line: str) -> None:
    desk = opened(visible_after=90)
    desk.switch(Fault.ERROR_AFTER_ACCEPT)
    ticket = await desk.order(line)
    desk.faults.clear()
    await desk.follow(80)
    assert desk.state(ticket) is TicketState.NOT_PLACED
    await desk.follow(120)
    assert ends(desk, ticket).state is TicketState.PARKED


@story
async def test_one_that_fires_while_nobody_knows_whether_it_exists_is_found_as_what_it_became(opened: Opened) -> None:
    desk = opened(visible_after=20)
    desk.switch(Fault.ERROR_AFTER_ACCEPT)
    ticket = await desk.order(MARKET)
    desk.faults.clear()
    assert desk.state(ticket) is TicketState.UNKNOWN
    fire(desk, ticket)
    await desk.follow(60)
    assert ends(desk, ticket).state is TicketState.FILLED


@pytest.mark.parametrize("state", ["", "TRIGGERED"])
@story
async def test_one_that_kucoin_refused_as_it_fired_lapses_and_says_why(desk: Desk, state: str) -> None:
    ticket = await desk.order(MARKET)
    desk.wait(60)
    desk.forget_letters()
    desk.exchange.deposit(Pocket.TRADE, "BTC", Decimal(-1))
    fire(desk, ticket)
    if state:
        gone = stop_at_kucoin(desk, ticket)
        desk.exchange._ledger.orders[gone.id] = replace(gone, cancelled=False)
    await desk.follow(30)
    assert desk.state(ticket) is TicketState.PARKED  # too early to say so
    await desk.follow(30)
    lapsed = desk.now(ticket)
    assert (lapsed.state, lapsed.reason) == (TicketState.LAPSED, FIRED_FOR_NOTHING if state else GONE)
    assert [told.rings for told in desk.told()] == [False, True]
    assert desk.store.orders.spent_on_day_of(desk.time()) == 0


@story
async def test_one_cancelled_in_the_app_lapses_and_one_that_comes_back_goes_on(desk: Desk) -> None:
    ticket = await desk.order(MARKET)
    stop = stop_at_kucoin(desk, ticket)
    desk.exchange._ledger.orders.pop(stop.id)
    await desk.follow(60)
    assert desk.now(ticket).reason == GONE
    desk.forget_letters()
    desk.exchange._ledger.orders[stop.id] = stop  # KuCoin's list had a hole
    await desk.follow(60)
    assert ends(desk, ticket).state is TicketState.PARKED
    assert True in [told.rings for told in desk.told()]
    fire(desk, ticket)
    await desk.follow(60)
    assert ends(desk, ticket).state is TicketState.FILLED


@story
async def test_what_kucoin_calls_cancelled_lapses_at_once(desk: Desk) -> None:
    ticket = await desk.order(MARKET)
    stop = stop_at_kucoin(desk, ticket)
    row = {
        "id": stop.id, "clientOid": ticket.spec.client_oid, "symbol": "BTC-USDT", "side": "sell", "type": "market",
        "status": "CANCELLED", "stopPrice": "60000.00000000000000000000", "createdAt": 1_760_000_000_000,
    }  # fmt: skip
    desk.exchange.cancel(stop)
    desk.wire.instead[f"{BY_OID}?"] = JSONResponse({"code": "200000", "data": [row]})
    await desk.reconciler.follow()
    lapsed = desk.now(ticket)
    assert (lapsed.state, lapsed.reason) == (TicketState.LAPSED, CALLED_OFF)


@story
async def test_a_question_that_kucoin_refuses_is_no_proof(desk: Desk) -> None:
    """The list of all that wait has the last word."""
    ticket = await desk.order(MARKET)
    desk.wire.instead[f"{BY_OID}?"] = JSONResponse({"code": "400100", "msg": "something"}, 200)
    await desk.follow(60)
    assert ends(desk, ticket).state is TicketState.PARKED


@story
async def test_lists_that_cannot_be_read_are_no_proof_either(desk: Desk) -> None:
    ticket = await desk.order(MARKET)
    desk.exchange._ledger.orders.pop(stop_at_kucoin(desk, ticket).id)
    desk.switch(Fault.UNAVAILABLE)
    await desk.follow(120)
    assert desk.state(ticket) is TicketState.PARKED


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("word", ["name", "id"])
@story
async def test_a_stop_order_can_be_cancelled_while_it_waits(desk: Desk, line: str, word: str) -> None:
    ticket = await desk.order(line)
    done = await desk.cancelling.cancel(ticket.name if word == "name" else ticket.order_id)
    assert (done.status, done.cancelled) == (OrderStatus.LAPSED, True)
    lapsed = ends(desk, ticket)
    assert (lapsed.state, lapsed.reason) == (TicketState.LAPSED, CALLED_OFF)
    assert stop_at_kucoin(desk, ticket).cancelled
    with pytest.raises(UsageError, match="No open order"):
        await desk.cancelling.cancel(ticket.name)


@story
async def test_cancelling_one_leaves_all_others(desk: Desk) -> None:
    first, second = await desk.order(MARKET), await desk.order("sell btc 0.01 stop 50000")
    theirs = desk.elsewhere(side=Side.SELL, price=Decimal(55_000), stop=Stop(trigger=Trigger.DOWN, price=Decimal(1)))
    await desk.cancelling.cancel(first.name)
    assert desk.state(second) is TicketState.PARKED
    assert desk.exchange.orders[theirs.id].active


@story
async def test_one_that_fires_before_its_cancel_comes_is_cancelled_as_what_it_became(desk: Desk) -> None:
    ticket = await desk.order("sell btc 0.01 @ 60500 stop 60000")
    desk.wire.before(CANCEL, lambda: fire(desk, ticket))
    done = await desk.cancelling.cancel(ticket.name)
    assert done.status is OrderStatus.CANCELED
    assert ends(desk, ticket).state is TicketState.CANCELED


@story
async def test_one_that_fires_and_fills_before_its_cancel_comes_is_told_as_filled(desk: Desk) -> None:
    ticket = await desk.order(MARKET)
    desk.wire.before(CANCEL, lambda: fire(desk, ticket))
    done = await desk.cancelling.cancel(ticket.name)
    assert done.status is OrderStatus.FILLED
    assert ends(desk, ticket).state is TicketState.FILLED


@story
async def test_the_button_of_a_card_that_does_not_know_yet_that_it_fired_still_cancels(desk: Desk) -> None:
    ticket = await desk.order("sell btc 0.01 @ 60500 stop 60000")
    fire(desk, ticket)
    assert desk.state(ticket) is TicketState.PARKED
    assert (await desk.cancelling.cancel(ticket.order_id)).status is OrderStatus.CANCELED
    assert ends(desk, ticket).state is TicketState.CANCELED


@story
async def test_a_cancel_whose_answer_is_lost_is_not_called_done(desk: Desk) -> None:
    ticket = await desk.order(MARKET)
    desk.wire.before(CANCEL, lambda: desk.switch(Fault.GARBAGE))
    with pytest.raises(KucoinError):
        await desk.cancelling.cancel(ticket.name)
    assert desk.state(ticket) is TicketState.PARKED
    desk.faults.clear()
    await desk.follow(60)
    assert ends(desk, ticket).state is TicketState.LAPSED


@story
async def test_a_cancel_that_overtakes_the_answer_to_the_order_is_told_to_who_waits_for_that(desk: Desk) -> None:
    ticket = await desk.confirm(await desk.propose(MARKET))
    gate = desk.wire.hold(STOP)
    sending = asyncio.create_task(desk.trading.submit(ticket))
    await gate.reached.wait()
    await desk.cancelling.cancel(ticket.name)
    gate.opened.set()
    with pytest.raises(TicketGone, match="T-1 has moved on meanwhile: it was cancelled before its stop fired"):
        await sending
    assert ends(desk, ticket).state is TicketState.LAPSED
    assert desk.wire.lines.count(STOP) == 1


@story
async def test_all_means_those_that_wait_as_well(desk: Desk) -> None:
    waits, rests = await desk.order(MARKET), await desk.order("buy btc 0.001 @ 60000")
    theirs = desk.elsewhere(side=Side.SELL, price=Decimal(55_000), stop=Stop(trigger=Trigger.DOWN, price=Decimal(1)))
    done = await desk.cancelling.cancel_all()
    assert {o.order_id for o in done.orders} == {waits.order_id, rests.order_id}
    assert [o.order_id for o in done.left] == [theirs.id]
    assert (desk.state(waits), desk.state(rests)) == (TicketState.LAPSED, TicketState.CANCELED)
    (gone,) = (await desk.cancelling.cancel_elsewhere()).orders
    assert (gone.order_id, gone.cancelled, desk.exchange.orders[theirs.id].active) == (theirs.id, True, False)
    check_promises(desk.store, desk.exchange)


@story
async def test_one_in_doubt_that_is_cancelled_where_it_waits_ends_at_once_and_as_that(opened: Opened) -> None:
    desk = opened(deadlines=BRIEF)
    ticket = await desk.confirm(await desk.propose(MARKET))
    desk.switch(Fault.LOST_ANSWER)
    desk.wire.after(STOP, desk.faults.clear)
    desk.wire.broken.add(BY_OID)
    await desk.trading.submit(ticket)
    assert desk.state(ticket) is TicketState.UNKNOWN
    desk.wire.broken.clear()
    desk.wait(10)
    assert (await desk.cancelling.cancel(ticket.name)).cancelled
    ended = ends(desk, ticket)
    assert (ended.state, ended.reason) == (TicketState.LAPSED, CALLED_OFF)


@story
async def test_a_cancel_after_which_no_list_could_be_read_does_not_say_that_it_waits(desk: Desk) -> None:
    ticket = await desk.order(MARKET)
    desk.wire.after(CANCEL, lambda: desk.wire.broken.add("GET /spot/api/v1/stop-order"))
    with pytest.raises(OutcomeUnknown, match="whether it still waits could not be read"):
        await desk.cancelling.cancel(ticket.name)
    desk.wire.broken.clear()
    await desk.follow()
    assert ends(desk, ticket).state is TicketState.LAPSED


@pytest.mark.parametrize("line", LINES)
@story
async def test_a_kill_ends_what_waits_and_its_ticket(desk: Desk, line: str) -> None:
    ticket = await desk.order(line)
    desk.wait(10)
    stop = desk.kill()
    await desk.killswitch.sweep(stop)
    (told,) = desk.found().report.lines
    assert (told.order_id, told.place, told.result) == (ticket.order_id, Resting.SPOT_STOPS.value, Result.GONE)
    assert told.trigger
    desk.forget_letters()
    await desk.follow(60)
    lapsed = ends(desk, ticket)
    assert (lapsed.state, lapsed.reason) == (TicketState.LAPSED, CALLED_OFF)
    assert not any(told.rings for told in desk.told())


@story
async def test_what_fires_in_the_middle_of_a_kill_is_cancelled_too(desk: Desk) -> None:
    ticket = await desk.order("sell btc 0.01 @ 60500 stop 60000")
    stop = desk.kill()
    desk.wire.before(CANCEL, lambda: fire(desk, ticket))
    await desk.killswitch.sweep(stop)
    await desk.follow(60)
    assert ends(desk, ticket).state is TicketState.CANCELED
    assert not [o for o in desk.exchange.orders.values() if o.active]


@story
async def test_one_whose_answer_was_lost_is_cancelled_where_it_waits_once_a_kill_finds_it(opened: Opened) -> None:
    desk = opened(visible_after=20)
    desk.switch(Fault.ERROR_AFTER_ACCEPT)
    ticket = await desk.order(MARKET)
    desk.faults.clear()
    desk.exchange._ledger.orders[stop_at_kucoin(desk, ticket).id]  # it is there, and shows later
    await desk.killswitch.sweep(desk.kill())
    desk.switch(Fault.CANCEL_ONLY)
    await desk.follow(90)
    assert not [o for o in desk.exchange.orders.values() if o.active]
    assert desk.state(ticket) in (TicketState.LAPSED, TicketState.NOT_PLACED)


@pytest.mark.parametrize("line", LINES)
@story
async def test_it_counts_against_the_day_for_as_long_as_it_waits(opened: Opened, line: str) -> None:
    desk = opened(rules=limits(max_notional=Decimal(1000), daily_max=Decimal(1050)))
    ticket = await desk.order(line)
    assert desk.store.orders.spent_on_day_of(desk.time()) == ticket.cost.notional
    desk.wait(3 * 24 * 3600)
    assert desk.store.orders.spent_on_day_of(desk.time()) == ticket.cost.notional
    if ticket.cost.notional > 500:
        with pytest.raises(OverLimit, match="DAILY_MAX_NOTIONAL"):
            await desk.propose("sell btc 0.01")
    await desk.cancelling.cancel(ticket.name)
    assert desk.store.orders.spent_on_day_of(desk.time()) == 0


@story
async def test_a_market_that_reached_the_trigger_before_the_tap_stops_it(desk: Desk) -> None:
    ticket = await desk.propose(MARKET)
    desk.price("59990")
    with pytest.raises(Refused, match="it would fire at once"):
        await desk.confirm(ticket)
    assert desk.wire.lines.count(STOP) == 0


@story
async def test_a_market_that_moved_is_no_reason_to_ask_anew(desk: Desk) -> None:
    ticket = await desk.propose(MARKET)
    desk.price("64000")
    assert (await desk.confirm(ticket)).state is TicketState.SUBMITTING


@story
async def test_a_limit_far_beyond_its_trigger_needs_the_far_tap(desk: Desk) -> None:
    ticket = await desk.propose("sell btc 0.01 @ 50000 stop 60000")
    waits = await desk.confirm(ticket)
    assert (waits.state, waits.waiting.warned) == (TicketState.AWAIT_CONFIRM, Decimal("16.6667"))
    assert (await desk.confirm(waits, aware=waits.waiting.warned)).state is TicketState.SUBMITTING


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("line", LINES)
@story
async def test_a_bot_that_dies_over_the_post_finds_out_at_its_next_start(
    started: Starting, line: str, when: str
) -> None:
    desk = started
    ticket = await desk.confirm(await desk.propose(line))

    class Died(BaseException):
        pass

    def die() -> None:
        raise Died

    (desk.wire.before if when == "before" else desk.wire.after)(STOP, die)
    with pytest.raises(Died):
        await desk.trading.submit(ticket)
    desk.stopped_and_started()
    await desk.readiness.account()
    if when == "after":
        assert ends(desk, ticket).state is TicketState.PARKED
    else:
        await desk.follow(60)
        assert ends(desk, ticket).state is TicketState.NOT_PLACED
    assert desk.wire.lines.count(STOP) == 1


@pytest.mark.parametrize("line", LINES)
@story
async def test_what_fires_while_the_bot_is_down_is_known_before_the_next_order_may_leave(
    started: Starting, line: str
) -> None:
    desk = started
    ticket = await desk.order(line)
    desk.forget_letters()
    fire(desk, ticket)
    desk.wait(300)
    desk.stopped_and_started()
    with pytest.raises(Refused, match="just started"):
        desk.readiness.hold()
    assert await desk.readiness.account()
    assert ends(desk, ticket).state is TicketState.FILLED
    assert True in [told.rings for told in desk.told()]


@story
async def test_one_that_an_older_database_does_not_know_is_adopted_as_it_waits(started: Starting) -> None:
    desk = started
    ticket = await desk.order(LIMIT)
    desk.store.db.execute("DELETE FROM journal")
    desk.store.db.execute("DELETE FROM tickets")
    desk.stopped_and_started()
    assert await desk.readiness.account()
    found = desk.store.orders.by_client_oid(ticket.spec.client_oid)
    assert found is not None
    assert (found.state, found.spec.trigger, found.spec.price) == (TicketState.PARKED, Decimal(60000), Decimal(59900))
    assert found.cost.notional == Decimal(599)


@story
async def test_news_of_what_it_became_are_heard(desk: Desk) -> None:
    ticket = await desk.order(MARKET)
    fire(desk, ticket)
    await desk.reconciler.hear(desk.now(ticket))
    assert desk.state(ticket) is TicketState.FILLED


@story
async def test_one_that_waits_costs_one_question_a_look(desk: Desk) -> None:
    before = len(desk.wire.lines)
    ticket = await desk.confirm(await desk.propose(MARKET))
    sent = len(desk.wire.lines)
    await desk.trading.submit(ticket)
    assert desk.wire.lines[sent:] == [STOP, BY_OID]
    assert before < sent
    await desk.reconciler.follow()
    assert desk.wire.lines[sent + 2 :] == [BY_OID]


@story
async def test_one_in_doubt_that_fired_waits_for_what_it_becomes_to_show(desk: Desk) -> None:
    ticket = await desk.confirm(await desk.propose("sell btc 0.01 @ 60500 stop 60000"))
    hidden: list[ExchangeOrder] = []

    def fires() -> None:
        fire(desk, ticket)
        hidden.append(taken_away(desk, ticket))

    desk.switch(Fault.ERROR_AFTER_ACCEPT)
    desk.wire.after(STOP, fires)
    await desk.trading.submit(ticket)
    desk.faults.clear()
    await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.PARKED
    desk.exchange._ledger.orders[hidden[0].id] = hidden[0]
    await desk.reconciler.follow()
    assert ends(desk, ticket).state is TicketState.OPEN


def taken_away(desk: Desk, ticket: OrderTicket) -> ExchangeOrder:
    """What it became, which does not show yet."""
    child = desk.at_kucoin(ticket)
    assert child is not None
    return desk.exchange._ledger.orders.pop(child.id)


@story
async def test_one_that_fires_while_the_lists_are_read_is_in_one_of_them_and_told_once(desk: Desk) -> None:
    ticket = await desk.order("sell btc 0.01 @ 60500 stop 60000")
    for line in ("GET /spot/api/v1/stop-order", "GET /spot/api/v1/hf/orders/active/symbols"):
        desk.wire.before(line, lambda: fire(desk, ticket))
        (found,) = await desk.cancelling.open_orders()
        assert found.client_oid == ticket.spec.client_oid
    await desk.cancelling.cancel(ticket.name)
    desk.price("67412.3")
    again = await desk.order("sell btc 0.01 @ 60500 stop 60000")
    desk.wire.after("GET /spot/api/v1/stop-order", lambda: fire(desk, again))
    (found,) = await desk.cancelling.open_orders()
    assert (found.client_oid, found.parked) == (again.spec.client_oid, False)


@story
async def test_where_the_list_did_not_come_a_kill_names_what_our_rows_know_to_wait(desk: Desk) -> None:
    ticket = await desk.order(MARKET)
    desk.wire.broken.add("GET /spot/api/v1/stop-order")
    await desk.killswitch.sweep(desk.kill())
    (line,) = desk.found().report.lines
    assert (line.order_id, line.place, line.trigger) == (ticket.order_id, Resting.SPOT_STOPS.value, "60000")


@story
async def test_one_that_turns_up_waiting_after_a_kill_is_named_where_it_waits_and_cancelled(opened: Opened) -> None:
    desk = opened(visible_after=60)
    desk.switch(Fault.ERROR_AFTER_ACCEPT)
    ticket = await desk.order(MARKET)
    desk.faults.clear()
    stop = desk.kill()
    desk.wait(61)
    await desk.reconciler.follow()
    assert stop_at_kucoin(desk, ticket).cancelled
    (line,) = desk.found().report.lines
    assert (line.place, stop.id) == (Resting.SPOT_STOPS.value, desk.found().id)


@story
async def test_two_looks_at_once_tell_it_once(desk: Desk) -> None:
    ticket = await desk.order(MARKET)
    desk.wait(60)
    fire(desk, ticket)
    desk.forget_letters()
    await asyncio.gather(*(desk.reconciler.follow() for _ in range(3)))
    assert [told.rings for told in desk.told()] == [False, True]


@story
async def test_post_only_and_orders_that_may_not_wait_are_sent_as_such_and_end_as_kucoin_says(desk: Desk) -> None:
    post = await desk.order("buy btc 0.001 @ 60000 post")
    assert post.state is TicketState.OPEN
    sent = desk.at_kucoin(post)
    assert sent is not None
    assert sent.request.post_only
    ioc = await desk.order("buy btc 0.001 @ 60000 ioc")
    fok = await desk.order("buy btc 0.001 @ 60000 fok")
    taken = await desk.order("buy btc 0.001 @ 68000 fok")
    assert [desk.state(t) for t in (ioc, fok, taken)] == [
        TicketState.CANCELED, TicketState.CANCELED, TicketState.FILLED,
    ]  # fmt: skip
    assert desk.at_kucoin(ioc).request.time_in_force.value == "IOC"  # type: ignore[union-attr]
    check_promises(desk.store, desk.exchange)


@story
async def test_post_only_that_crossed_on_its_way_ends_unfilled(desk: Desk) -> None:
    ticket = await desk.confirm(await desk.propose("buy btc 0.001 @ 67000 post"))
    desk.price("66000")
    await desk.trading.submit(ticket)
    ended = ends(desk, ticket)
    assert (ended.state, ended.executed.size) == (TicketState.CANCELED, Decimal(0))


@story
async def test_a_part_that_was_there_at_once_is_kept(opened: Opened) -> None:
    desk = opened(rules=limits(max_notional=Decimal(10**6), daily_max=Decimal(10**6)))
    ticket = await desk.order("sell btc 0.9 @ 67411 ioc")
    assert ends(desk, ticket).state in (TicketState.CANCELED, TicketState.FILLED)
    assert desk.now(ticket).spec.type is OrderType.LIMIT
    assert ticket.spec.symbol == BTC
