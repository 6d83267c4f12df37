"""The kill switch: durable before anything else, everywhere, and never done before the exchange shows it."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from starlette.responses import JSONResponse

from chatbot.core.errors import Killed, Refused, TicketGone
from chatbot.core.exchange import Resting
from chatbot.core.market import Symbol, Venue
from chatbot.core.notices import Subject
from chatbot.core.orders import OrderType, Side, TicketState
from chatbot.core.stops import Line, OpenPosition, Result
from chatbot.sandbox.faults import Fault
from chatbot.sandbox.oco import OcoRequest
from chatbot.sandbox.orders import ExchangeOrder, Stop, Trigger
from chatbot.services.sweeping import CHECK_DELAYS, Pace
from tests.sandbox.worlds import BTC
from tests.services.desk import ANNA, BEN, Desk, Told, story

Opened = Callable[..., Desk]

PERP = Symbol("XBTUSDTM")
_WEEK = 7 * 86_400
CANCEL_ALL = "DELETE /spot/api/v1/hf/orders/cancelAll"
LISTS = (
    "GET /spot/api/v1/hf/orders/active/symbols",
    "GET /spot/api/v1/stop-order",
    "GET /spot/api/v3/oco/orders",
    "GET /futures/api/v1/orders",
    "GET /futures/api/v1/stopOrders",
)
CANCELS = (
    CANCEL_ALL,
    "DELETE /spot/api/v1/stop-order/cancel",
    "DELETE /spot/api/v3/oco/orders",
    "DELETE /futures/api/v3/orders",
    "DELETE /futures/api/v1/stopOrders",
)
CLOCK = "GET /spot/api/v1/timestamp"
PRICE = "GET /spot/api/v1/market/orderbook/level1"
BRISK = Pace(first=0.4, cancels=0.6, look=0.5, ends=0.3)
"""For a KuCoin that does not answer, and a test that will not wait ten seconds."""

SYMBOLS = "GET /spot/api/v1/hf/orders/active/symbols"


def one_of_each(desk: Desk) -> list[ExchangeOrder]:
    """An order in each place where one can rest, none of them ours; of the OCO order both legs."""
    lots = {"venue": Venue.FUTURES, "symbol": PERP, "size": Decimal(10), "leverage": Decimal(5)}
    down = Stop(trigger=Trigger.DOWN, price=Decimal(50_000))
    marked = Stop(trigger=Trigger.DOWN, price=Decimal(50_000), price_type="MP")
    return [
        desk.elsewhere(),
        desk.elsewhere(stop=down, side=Side.SELL, price=Decimal(49_000)),
        desk.elsewhere(**lots),
        desk.elsewhere(**lots, stop=marked, side=Side.SELL, type=OrderType.MARKET, price=None),
        *pair(desk),
    ]


def pair(desk: Desk) -> list[ExchangeOrder]:
    """The legs of an OCO order."""
    oco = desk.exchange.place_oco(
        OcoRequest(
            client_oid=f"pair-{len(desk.exchange.ocos)}",
            symbol=BTC,
            side=Side.SELL,
            size=Decimal("0.1"),
            price=Decimal(70_000),
            stop_price=Decimal(60_000),
            limit_price=Decimal(59_900),
        )
    )
    return [desk.exchange.orders[leg] for leg in oco.legs]


def left(desk: Desk, orders: list[ExchangeOrder]) -> list[str]:
    return [o.id for o in orders if desk.exchange.orders[o.id].active]


def problems(desk: Desk) -> dict[str, str]:
    return {p.place: p.problem for p in desk.found().report.places if p.problem}


def resting(desk: Desk) -> set[str]:
    return {line.order_id for line in desk.found().report.resting}


def results(desk: Desk) -> dict[str, Result]:
    return {line.order_id: line.result for line in desk.found().report.lines}


@story
async def test_a_kill_needs_no_network_and_outlives_the_process(desk: Desk) -> None:
    desk.switch(Fault.UNAVAILABLE)
    asked = len(desk.wire.lines)
    desk.killswitch.kill("Anna", 7, 1)
    assert len(desk.wire.lines) == asked
    desk.faults.clear()
    desk.restart()
    assert desk.found().person == "Anna"
    with pytest.raises(Killed, match=r"stopped by Anna\. An owner can /resume"):
        await desk.propose("buy btc 100usdt")


@story
async def test_a_kill_expires_every_open_card_and_tells_each(desk: Desk) -> None:
    cards = [await desk.propose("buy btc 100usdt", who) for who in (ANNA, BEN, ANNA)]
    resting = await desk.order("buy btc 0.001 @ 60000")
    desk.forget_letters()
    stop = desk.kill()
    assert stop.report.tickets_expired == desk.found().report.tickets_expired == 3
    assert {desk.state(c) for c in cards} == {TicketState.EXPIRED}
    assert {desk.now(c).reason for c in cards} == {"trading was stopped"}
    assert desk.state(resting) is TicketState.OPEN
    assert desk.told() == [Told(subject=Subject.TICKET, id=c.id, rings=False) for c in cards]


@story
async def test_a_sweep_empties_all_five_places_and_names_the_positions(desk: Desk) -> None:
    orders = one_of_each(desk)
    desk.position()
    stop = desk.kill()
    desk.forget_letters()
    await desk.killswitch.sweep(stop)
    assert left(desk, orders) == []
    report = desk.found().report
    assert {p.place for p in report.places} == {place.value for place in Resting}
    assert problems(desk) == {}
    assert {id: result.over for id, result in results(desk).items()}.keys() >= {o.id for o in orders}
    assert (report.clean, report.left) == (True, ())
    assert [results(desk)[orders[n].id] for n in (0, 2)] == [Result.CANCELLED, Result.CANCELLED]
    assert all(line.external for line in report.lines)
    assert report.positions == (OpenPosition(symbol=PERP, lots="50"),)
    assert report.checked_at == f"{desk.time():%H:%M:%S}"
    assert desk.found().swept_at == desk.time()
    assert desk.slept[-1:] == [CHECK_DELAYS[0]]
    assert desk.told() == [Told(subject=Subject.STOP, id=stop.id, rings=False)]


@story
async def test_nothing_is_cancelled_before_the_kill_is_written(desk: Desk) -> None:
    one_of_each(desk)
    standing: list[bool] = []
    desk.wire.before(CANCEL_ALL, lambda: standing.append(desk.store.stops.standing() is not None))
    await desk.killswitch.sweep(desk.kill())
    assert standing == [True]


@story
async def test_every_step_is_on_the_card_while_it_happens(desk: Desk) -> None:
    one_of_each(desk)
    stop = desk.kill()
    desk.forget_letters()
    seen: list[tuple[int, int, str]] = []

    def look() -> None:
        report = desk.found().report
        seen.append((len(report.lines), len(report.places), report.checked_at))

    desk.wire.before(CANCEL_ALL, look)
    desk.wire.after(CANCEL_ALL, lambda: desk.wire.before(SYMBOLS, look))
    await desk.killswitch.sweep(stop)
    assert seen == [(7, 0, ""), (7, 5, "")]


@story
async def test_a_place_that_refuses_is_shown_and_swept_again_until_it_is_clean(desk: Desk) -> None:
    orders = one_of_each(desk)
    stop = desk.kill()
    desk.switch(Fault.MAINTENANCE)
    await desk.killswitch.sweep(stop)
    assert set(problems(desk)) == {place.value for place in Resting}
    assert all("suspended" in problem for problem in problems(desk).values())
    assert resting(desk) == {*(o.id for o in orders), *desk.exchange.ocos}
    assert desk.found().report.lines[0] == Line(
        order_id=orders[0].id, place="spot orders", symbol="BTC-USDT", side="buy", size="0.001", price="60000",
        external=True, result=Result.RESTING,
    )  # fmt: skip
    assert desk.found().swept_at is None
    assert tuple(desk.slept[-len(CHECK_DELAYS) :]) == CHECK_DELAYS
    desk.faults.clear()
    await desk.killswitch.sweep(desk.found())
    assert (problems(desk), left(desk, orders)) == ({}, [])
    assert desk.found().swept_at is not None


@story
async def test_a_kucoin_that_does_not_answer_is_never_called_clean(desk: Desk) -> None:
    orders = one_of_each(desk)
    stop = desk.kill()
    desk.switch(Fault.UNAVAILABLE)
    await desk.killswitch.sweep(stop)
    report = desk.found().report
    assert (report.lines, report.positions, report.read) == ((), None, False)
    assert {p.place for p in report.places if p.unread} == {place.value for place in Resting}
    assert set(problems(desk)) == {place.value for place in Resting}
    assert desk.found().swept_at is None
    desk.faults.clear()
    desk.restart()
    await desk.killswitch.finish_unfinished()
    assert left(desk, orders) == []
    assert desk.found().swept_at is not None


@story
async def test_a_key_without_futures_still_empties_spot_and_says_what_it_could_not(opened: Opened) -> None:
    desk = opened(permissions=frozenset({"General", "Spot"}))
    orders = one_of_each(desk)
    await desk.killswitch.sweep(desk.kill())
    futures = {orders[2].id, orders[3].id}
    assert set(left(desk, orders)) == futures
    barred = {p.place for p in desk.found().report.places if p.barred}
    assert barred == {Resting.FUTURES_ORDERS.value, Resting.FUTURES_STOPS.value}
    assert problems(desk) == {}
    assert desk.found().report.positions == ()
    assert resting(desk) == futures
    assert desk.found().swept_at is None
    assert desk.found().report.settled


@story
async def test_an_order_that_slips_in_after_the_cancels_is_cancelled_too_and_has_a_line(desk: Desk) -> None:
    late: list[ExchangeOrder] = []
    desk.wire.after(CANCEL_ALL, lambda: late.append(desk.elsewhere()))
    await desk.killswitch.sweep(desk.kill())
    assert desk.wire.lines.count(CANCEL_ALL) == 2
    assert results(desk) == {late[0].id: Result.CANCELLED}
    assert desk.found().swept_at is not None


@story
async def test_a_list_that_does_not_come_does_not_hold_the_cancels_up(desk: Desk) -> None:
    orders = one_of_each(desk)
    desk.wire.hold(SYMBOLS)
    began = asyncio.get_running_loop().time()
    await desk.killswitch.sweep(desk.kill())
    assert asyncio.get_running_loop().time() - began < desk.pace.first + 5
    assert left(desk, orders) == []
    assert desk.found().swept_at is not None


@story
async def test_a_swept_kill_is_not_swept_again_at_the_next_start(desk: Desk) -> None:
    await desk.killswitch.sweep(desk.kill())
    desk.restart()
    asked = len(desk.wire.lines)
    await desk.killswitch.finish_unfinished()
    assert len(desk.wire.lines) == asked


@story
async def test_a_sweep_cut_short_is_finished_at_the_next_start(desk: Desk) -> None:
    orders = one_of_each(desk)
    gate = desk.wire.hold(CANCEL_ALL)
    sweep = asyncio.create_task(desk.killswitch.sweep(desk.kill()))
    await gate.reached.wait()
    sweep.cancel()
    await asyncio.gather(sweep, return_exceptions=True)
    orders.append(desk.elsewhere())
    desk.restart()
    assert desk.found().swept_at is None
    await desk.killswitch.finish_unfinished()
    assert left(desk, orders) == []
    assert desk.found().swept_at is not None


@story
async def test_without_a_kill_a_start_sweeps_nothing(desk: Desk) -> None:
    order = desk.elsewhere()
    await desk.killswitch.finish_unfinished()
    desk.kill()
    desk.killswitch.resume("Anna", "never mind", 9_999)
    await desk.killswitch.finish_unfinished()
    assert desk.exchange.orders[order.id].active
    assert desk.wire.lines == []


@story
async def test_a_second_kill_is_the_first_one_told_anew(desk: Desk) -> None:
    await desk.propose("buy btc 100usdt")
    first = desk.kill(ANNA)
    await desk.killswitch.sweep(first)
    again = desk.kill(BEN)
    assert (again.id, again.person, again.chat_id) == (first.id, "Anna", BEN.id)
    assert again.report.tickets_expired == 1
    assert desk.found().swept_at is None
    await desk.killswitch.sweep(again)
    assert desk.found().swept_at is not None


@story
async def test_resuming_lets_orders_leave_again_and_is_written_down(desk: Desk) -> None:
    assert desk.killswitch.resume("Anna", "no reason", 9_997) is None
    stop = desk.kill(BEN)
    resumed = desk.killswitch.resume("Anna", "news are over", 9_998)
    assert resumed is not None
    assert (resumed.id, resumed.resumed_by, resumed.reason) == (stop.id, "Anna", "news are over")
    assert desk.killswitch.standing() is None
    assert desk.killswitch.resume("Anna", "again", 9_999) is None
    assert desk.killswitch.stop(stop.id) == resumed
    records = [(r.person, r.what, r.detail) for r in desk.store.audit.latest(2)]
    assert records == [("Anna", "resumed", "news are over"), ("Ben", "killed", "")]
    assert (await desk.order("buy btc 100usdt")).state is TicketState.FILLED


@story
async def test_a_kill_without_a_card_yet_still_sweeps(desk: Desk) -> None:
    orders = one_of_each(desk)
    await desk.killswitch.sweep(desk.killswitch.kill("Anna", 7, 1))
    assert left(desk, orders) == []
    assert desk.told() == []


@story
async def test_an_order_on_its_way_is_named_until_its_fate_is_known(desk: Desk) -> None:
    desk.switch(Fault.ERROR_AFTER_ACCEPT, Fault.HIDDEN_ORDERS)
    ticket = await desk.order("buy btc 0.001 @ 60000")
    await desk.killswitch.sweep(desk.kill())
    assert desk.found().report.in_flight == (ticket.name,)
    assert not desk.found().report.settled
    desk.faults.clear()
    await desk.reconciler.follow()
    await desk.killswitch.finish_unfinished()
    assert desk.found().report.in_flight == ()
    assert desk.found().swept_at is not None
    assert desk.state(ticket) is not TicketState.UNKNOWN


@story
async def test_a_resume_handled_again_after_a_crash_ends_no_later_kill(desk: Desk) -> None:
    desk.killswitch.kill("Ben", 8, 1)
    resumed = desk.killswitch.resume("Anna", "over", 2)
    assert desk.killswitch.resume("Anna", "over", 2) == resumed
    desk.killswitch.kill("Ben", 8, 3)
    desk.restart()
    with pytest.raises(Refused, match="stopped"):
        desk.killswitch.resume("Anna", "over", 2)
    desk.wait(_WEEK)
    with pytest.raises(Refused, match="stopped again since"):
        desk.killswitch.resume("Anna", "over", 2)
    assert desk.found().person == "Ben"


@story
async def test_a_kill_handled_again_after_a_crash_stops_nothing_that_was_resumed(desk: Desk) -> None:
    desk.killswitch.kill("Ben", 8, 1)
    resumed = desk.killswitch.resume("Anna", "over", 2)
    card = await desk.propose("buy btc 100usdt")
    assert desk.killswitch.kill("Ben", 8, 1) == resumed
    assert desk.killswitch.standing() is None
    assert desk.state(card) is TicketState.AWAIT_CONFIRM


@story
async def test_a_resume_sent_before_a_kill_does_not_end_it_though_it_is_heard_after(desk: Desk) -> None:
    desk.killswitch.kill("Ben", 8, 6)
    with pytest.raises(Refused, match="after you sent that"):
        desk.killswitch.resume("Anna", "over", 5)
    desk.clock_off = timedelta(hours=1)
    with pytest.raises(Refused, match="after you sent that"):
        desk.killswitch.resume("Anna", "the host's clock was set meanwhile", 5)
    assert desk.found().person == "Ben"
    desk.wait(_WEEK)
    assert desk.killswitch.resume("Anna", "a quiet week later the numbers begin anew", 4) is not None


@story
async def test_cancels_that_are_promised_and_not_done_are_never_called_done(desk: Desk) -> None:
    orders = one_of_each(desk)
    desk.switch(Fault.CANCEL_IGNORED)
    await desk.killswitch.sweep(desk.kill())
    assert problems(desk) == {}
    assert resting(desk) == {*(o.id for o in orders), *desk.exchange.ocos}
    assert (desk.found().swept_at, desk.found().report.settled) == (None, False)
    desk.faults.clear()
    await desk.killswitch.finish_unfinished()
    assert left(desk, orders) == []
    assert desk.found().swept_at is not None


@pytest.mark.parametrize("line", LISTS)
@story
async def test_one_list_that_does_not_come_leaves_the_kill_open(opened: Opened, line: str) -> None:
    desk = opened()
    desk.pace = BRISK
    desk.restart()
    orders = one_of_each(desk)
    desk.wire.broken.add(line)
    await desk.killswitch.sweep(desk.kill())
    assert left(desk, orders) == []
    unread = [p.place for p in desk.found().report.places if p.unread]
    assert (len(unread), desk.found().report.clean, desk.found().swept_at) == (1, False, None)
    desk.wire.broken.clear()
    await desk.killswitch.finish_unfinished()
    assert desk.found().swept_at is not None


@pytest.mark.parametrize("line", CANCELS)
@story
async def test_f19_a_cancel_that_is_refused_is_not_taken_for_one_and_the_next_look_decides(
    opened: Opened, line: str
) -> None:
    """Card F19 of the kill: "it does not exist or may not be cancelled" says nothing of the order."""
    desk = opened()
    orders = one_of_each(desk)
    desk.wire.instead[line] = JSONResponse({"code": "400100", "msg": "order_not_exist_or_not_allow_to_cancel"})
    await desk.killswitch.sweep(desk.kill())
    stays = left(desk, orders)
    assert stays
    assert set(stays) <= resting(desk)
    assert (len(problems(desk)), desk.found().swept_at) == (1, None)
    for order_id in stays:
        desk.exchange.cancel(desk.exchange.orders[order_id])
    await desk.killswitch.sweep(desk.found())
    assert (problems(desk), desk.found().report.clean) == ({}, True)


@story
async def test_f20_a_kill_waits_out_kucoins_pause_and_still_empties_everything(desk: Desk) -> None:
    """Card F20 of the kill: refused for the rate limit, which forbids nothing for long."""
    orders = one_of_each(desk)
    await desk.kucoin.orders.open_orders()
    stop = desk.kill()
    desk.switch(Fault.RATE_LIMITED)
    desk.moments = iter([lambda: None] * 2 + [desk.faults.clear])
    await desk.killswitch.sweep(stop)
    await desk.killswitch.finish_unfinished()
    assert left(desk, orders) == []
    assert desk.found().swept_at is not None


@story
async def test_an_order_that_filled_while_it_was_cancelled_is_said_to_be_filled(desk: Desk) -> None:
    order = desk.elsewhere(price=Decimal(67_000))
    desk.wire.before(CANCEL_ALL, lambda: desk.prices.move(BTC, Decimal(66_000)))
    await desk.killswitch.sweep(desk.kill())
    assert results(desk)[order.id] is Result.FILLED
    assert desk.found().report.clean


@story
async def test_however_slow_kucoin_is_cancels_are_asked_and_the_last_word_is_told_in_time(opened: Opened) -> None:
    desk = opened()
    desk.pace = BRISK
    desk.restart()
    orders = one_of_each(desk)
    await desk.kucoin.orders.open_orders()
    desk.switch(Fault.SLOW)
    loop, asked = asyncio.get_running_loop(), [0.0]
    desk.wire.before(CANCEL_ALL, lambda: asked.append(loop.time()))
    told: list[float] = []
    desk.moments = iter([lambda: None, lambda: told.append(loop.time())])
    began = loop.time()
    await desk.killswitch.sweep(desk.kill())
    assert asked[-1] - began < BRISK.first + 0.3
    assert told[0] - began < BRISK.first + BRISK.cancels + BRISK.look + BRISK.ends + 0.5
    assert left(desk, orders) == []
    report = desk.found().report
    assert {p.place for p in report.places if p.unread} == {place.value for place in Resting}
    assert (report.clean, bool(report.checked_at), report.positions) == (False, True, None)


def test_the_time_allowed_keeps_the_promise() -> None:
    pace = Pace()
    assert pace.first < 2
    assert pace.first + pace.cancels + CHECK_DELAYS[0] + pace.look + pace.ends < 10


@story
async def test_every_other_owner_hears_of_a_kill_and_of_its_end_and_once(desk: Desk) -> None:
    def cards() -> list[tuple[int, bool]]:
        found = desk.store.outbox.cards(Subject.STOP, 1)
        return [(card.chat_id, card.pinned) for card in found if card.chat_id == ANNA.id]

    desk.kill(BEN)
    assert cards() == [(ANNA.id, False)]
    desk.kill(BEN)
    assert cards() == [(ANNA.id, False)]
    desk.killswitch.resume("Olga", "over", 9_999, person_id=99)
    assert cards() == [(ANNA.id, False)] * 2
    desk.killswitch.resume("Olga", "over", 9_999, person_id=99)
    assert cards() == [(ANNA.id, False)] * 2


@story
async def test_who_kills_or_resumes_is_not_told_again(desk: Desk) -> None:
    desk.killswitch.kill("Anna", -100, 1, person_id=ANNA.id)
    desk.killswitch.resume("Anna", "over", 2, person_id=ANNA.id)
    assert desk.store.outbox.cards(Subject.STOP, 1) == ()


@story
async def test_when_the_bot_stops_itself_every_owner_is_told(desk: Desk) -> None:
    stop = desk.killswitch.kill("the bot", ANNA.id, None, "11 orders in a minute")
    assert [card.chat_id for card in desk.store.outbox.cards(Subject.STOP, stop.id)] == [ANNA.id]
    assert desk.killswitch.kill("the bot", ANNA.id, None, "and more").id == stop.id
    assert len(desk.store.outbox.cards(Subject.STOP, stop.id)) == 1


@story
async def test_the_cards_of_all_who_were_told_follow_the_sweep(desk: Desk) -> None:
    one_of_each(desk)
    stop = desk.kill(BEN)
    desk.forget_letters()
    await desk.killswitch.sweep(stop)
    edits = {r["chat_id"] for r in desk.store.db.query("SELECT chat_id FROM outbox WHERE edits NOTNULL")}
    assert edits == {ANNA.id, BEN.id}


@story
async def test_what_was_cancelled_before_anybody_could_look_is_not_called_nothing(opened: Opened) -> None:
    desk = opened()
    ticket = await desk.order("buy btc 0.001 @ 67000")
    desk.wire.broken.add(SYMBOLS)
    desk.wire.before(CANCEL_ALL, desk.wire.broken.clear)
    await desk.killswitch.sweep(desk.kill())
    report = desk.found().report
    assert (report.clean, report.unlisted) == (True, (Resting.SPOT_ORDERS.value,))
    assert results(desk) == {desk.now(ticket).order_id: Result.CANCELLED}


@story
async def test_an_order_that_turns_up_after_the_sweep_is_cancelled_and_gets_a_line(desk: Desk) -> None:
    desk.switch(Fault.ERROR_AFTER_ACCEPT, Fault.HIDDEN_ORDERS)
    ticket = await desk.order("buy btc 0.001 @ 67000")
    desk.kill()
    desk.faults.clear()
    await desk.reconciler.follow()
    order = desk.at_kucoin(ticket)
    assert order is not None
    assert not order.active
    assert results(desk) == {order.id: Result.RESTING}
    assert not desk.found().report.lines[0].external
    await desk.killswitch.finish_unfinished()
    assert results(desk) == {order.id: Result.CANCELLED}
    assert desk.found().swept_at is not None


@story
async def test_f14_a_tap_from_before_an_outage_is_too_late_and_its_kill_is_not(desk: Desk) -> None:
    """Card F14: six hours later the card is over, whatever was tapped; the kill of the same hours still acts."""
    card = await desk.propose("buy btc 100usdt")
    desk.stop()
    desk.wait(6 * 3600)
    desk.start()
    with pytest.raises(TicketGone, match="expired"):
        await desk.confirm(card)
    orders = one_of_each(desk)
    await desk.killswitch.sweep(desk.kill())
    assert (desk.posts, left(desk, orders)) == (0, [])


@pytest.mark.parametrize("moment", [CLOCK, PRICE])
@story
async def test_f15_no_byte_of_an_order_leaves_after_a_kill_whenever_it_comes(opened: Opened, moment: str) -> None:
    """Card F15: while the tap reads the price, and while the confirmed order is being sent."""
    desk = opened()
    card = await desk.propose("buy btc 100usdt")
    desk.clock.forget()
    desk.wire.before(moment, desk.kill)
    with contextlib.suppress(Killed, TicketGone):
        await desk.trading.submit(await desk.confirm(card))
    assert desk.posts == 0
    assert desk.state(card) in (TicketState.EXPIRED, TicketState.NOT_SENT)
