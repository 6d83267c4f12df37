"""What goes wrong between a tap and the answer, card by card; each ends with all promises checked."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from starlette.responses import HTMLResponse, JSONResponse

from chatbot.core.feed import OrderNews
from chatbot.core.market import Venue
from chatbot.core.orders import OrderStatus, OrderTicket, TicketState
from chatbot.kucoin.rest import App
from chatbot.sandbox.faults import Fault, Faults
from chatbot.sandbox.kucoin_rest import KucoinFace
from chatbot.services.fills import Fills
from tests.ledger import check_promises
from tests.sandbox.worlds import BTC
from tests.services.desk import BRIEF, PLACE, Desk, limits, story
from tests.services.test_services_reconcile import half_filled, look_up

Opened = Callable[..., Desk]
BIG = limits(max_notional=Decimal(10**6), daily_max=Decimal(10**6))
LINES = ["buy btc 100usdt", "buy btc 0.001 @ 60000"]


def done_but_answered_by(desk: Desk, status: int) -> App:
    """KuCoin carries the request out; what comes back is a page of something in front of it."""
    kucoin = KucoinFace(desk.exchange, [desk.key], Faults()).app

    async def answer(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        async def swallow(_: object) -> None:
            return None

        await kucoin(scope, receive, swallow)
        await HTMLResponse(f"<h1>{status}</h1>", status)(scope, receive, send)

    return answer


def ends(desk: Desk, ticket: OrderTicket) -> TicketState:
    """With every promise kept."""
    check_promises(desk.store, desk.exchange)
    return desk.state(ticket)


@pytest.mark.parametrize("line", LINES)
@story
async def test_f05_an_order_whose_answer_never_comes_is_told_as_unknown_and_then_found(
    opened: Opened, line: str
) -> None:
    desk = opened(deadlines=BRIEF)
    seen: list[TicketState] = []
    ticket = await desk.confirm(await desk.propose(line))
    desk.moments = iter([lambda: seen.append(desk.state(ticket))])
    desk.switch(Fault.LOST_ANSWER)
    await desk.trading.submit(ticket)
    assert seen == [TicketState.UNKNOWN]
    assert desk.posts == 1
    assert ends(desk, ticket) in (TicketState.FILLED, TicketState.OPEN)


@pytest.mark.parametrize("line", LINES)
@story
async def test_f06_an_order_that_shows_after_ninety_seconds_is_found_and_never_doubled(
    opened: Opened, line: str
) -> None:
    desk = opened(visible_after=90)
    desk.switch(Fault.ERROR_AFTER_ACCEPT)
    ticket = await desk.order(line)
    desk.faults.clear()
    await desk.follow(80)
    assert desk.state(ticket) in (TicketState.UNKNOWN, TicketState.NOT_PLACED)
    await desk.follow(120)
    assert desk.posts == 1
    assert ends(desk, ticket) in (TicketState.FILLED, TicketState.OPEN)


@pytest.mark.parametrize("status", [404, 500, 502, 504])
@pytest.mark.parametrize("line", LINES)
@story
async def test_f07_an_order_that_was_taken_behind_an_error_page_is_found(desk: Desk, line: str, status: int) -> None:
    desk.wire.instead[f"{PLACE}?"] = done_but_answered_by(desk, status)
    ticket = await desk.order(line)
    await desk.follow()
    assert desk.posts == 1
    assert len(desk.exchange.orders) == 1
    assert ends(desk, ticket) in (TicketState.FILLED, TicketState.OPEN)


@pytest.mark.parametrize("when", ["before", "after"])
@story
async def test_f17_what_fills_while_a_cancel_is_on_its_way_is_kept(opened: Opened, when: str) -> None:
    desk = opened(rules=BIG)
    part = await half_filled(desk)
    line = f"DELETE /spot/api/v1/hf/orders/{part.order_id}"

    def fill_more() -> None:
        desk.wait(1)

    (desk.wire.before if when == "before" else desk.wire.after)(line, fill_more)
    done = await desk.cancelling.cancel(part.name)
    await desk.follow(10)
    ended = desk.now(part)
    assert ended.executed.size == done.filled_size >= part.executed.size > 0
    assert (done.status, ends(desk, part)) == (OrderStatus.CANCELED, TicketState.CANCELED)


@story
async def test_f18_news_of_fills_that_come_twice_too_early_and_out_of_order_count_once(opened: Opened) -> None:
    desk = opened(rules=BIG)
    ticket = await desk.confirm(await desk.propose("sell btc 0.5 @ 68000"))
    fills = Fills(store=desk.store, reconciler=desk.reconciler)
    oid = ticket.spec.client_oid

    async def hear() -> None:
        for _ in range(3):
            fills.hear(OrderNews(symbol=BTC, venue=Venue.SPOT, order_id="x", client_oid=oid, at=desk.time()))
            await asyncio.sleep(0)

    work = asyncio.create_task(fills.run())
    gate = desk.wire.hold(PLACE)
    sending = asyncio.create_task(desk.trading.submit(ticket))
    await gate.reached.wait()
    desk.price("68001")
    desk.wait(1)
    await hear()  # of a part that filled before the order's own answer came
    assert desk.state(ticket) is TicketState.SUBMITTING
    gate.opened.set()
    await sending
    slow = desk.wire.hold(look_up(ticket))
    await hear()
    await slow.reached.wait()
    desk.wait(1)
    newer = await desk.reconciler.check(desk.now(ticket))
    slow.opened.set()  # an answer of before comes after
    await hear()
    await asyncio.sleep(0.05)
    assert desk.now(ticket).executed.size >= newer.executed.size > 0
    work.cancel()
    await desk.follow(300)
    assert ends(desk, ticket) is TicketState.FILLED


@story
async def test_f19_a_cancel_of_what_is_not_there_any_more_tells_what_became_of_it(desk: Desk) -> None:
    ticket = await desk.order("buy btc 0.001 @ 60000")
    line = f"DELETE /spot/api/v1/hf/orders/{ticket.order_id}"

    def fill() -> None:
        desk.price("59990")
        desk.wait(1)

    desk.wire.before(line, fill)
    assert (await desk.cancelling.cancel(ticket.name)).status is OrderStatus.FILLED
    assert ends(desk, ticket) is TicketState.FILLED


@story
async def test_f19_a_cancel_refused_as_unknown_of_an_order_that_rests_is_not_called_done(desk: Desk) -> None:
    ticket = await desk.order("buy btc 0.001 @ 60000")
    unknown = JSONResponse({"code": "400100", "msg": "order_not_exist_or_not_allow_to_cancel"}, 200)
    desk.wire.instead[f"DELETE /spot/api/v1/hf/orders/{ticket.order_id}?"] = unknown
    assert (await desk.cancelling.cancel(ticket.name)).active
    await desk.follow(10)
    assert ends(desk, ticket) is TicketState.OPEN
