"""Closing positions while trading is stopped: reduce-only, once, and every outcome found and told."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from starlette.responses import JSONResponse

from chatbot.core.closing import CloseCard
from chatbot.core.errors import Refused, TicketGone, Unavailable
from chatbot.core.market import Symbol, Venue
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Subject
from chatbot.core.orders import OrderTicket, Side, TicketState
from chatbot.core.stops import OpenPosition
from chatbot.sandbox.faults import Fault
from chatbot.services.closing import Closing, ClosingRules
from chatbot.services.exits import Sending
from tests.services.desk import ANNA, BEN, BRIEF, Desk, story

Opened = Callable[..., Desk]

BTC, ETH = Symbol("XBTUSDTM"), Symbol("ETHUSDTM")
PLACE = "POST /futures/api/v1/orders"


def _free() -> None:
    pass


def closing(desk: Desk, mode: TradingMode = TradingMode.LIVE, hold: Callable[[], None] = _free) -> Closing:
    return Closing(
        exchange=desk.kucoin,
        store=desk.store,
        killswitch=desk.killswitch,
        reconciler=desk.reconciler,
        rules=ClosingRules(mode=mode, life=timedelta(seconds=60), hold=hold),
    )


async def tapped(close: Closing) -> tuple[Sending, ...]:
    """What the tap on a new card is about to send."""
    card, _ = await close.propose(ANNA)
    return await close.confirm(card, ANNA, ANNA.id)


async def confirmed(desk: Desk) -> list[OrderTicket]:
    close = closing(desk)
    sendings = await tapped(close)
    await close.send(sendings)
    return [desk.now(ticket) for ticket, _ in sendings]


@story
async def test_a_long_is_sold_and_a_short_bought_back_while_trading_is_stopped(desk: Desk) -> None:
    desk.position()
    desk.position(ETH, Side.SELL, 3)
    desk.kill()
    tickets = await confirmed(desk)
    assert desk.exchange.positions == {}
    assert desk.wire.lines.count(PLACE) == 2
    assert {(t.spec.symbol, t.spec.side, t.state, t.executed.size) for t in tickets} == {
        (BTC, Side.SELL, TicketState.FILLED, Decimal(50)),
        (ETH, Side.BUY, TicketState.FILLED, Decimal(3)),
    }
    orders = [desk.exchange.find_by_client_oid(Venue.FUTURES, t.spec.client_oid) for t in tickets]
    assert all(order is not None and order.request.reduce_only for order in orders)
    assert desk.found().report.positions == ()
    assert desk.store.orders.spent_on_day_of(desk.time()) == 0


@story
async def test_every_order_has_a_row_and_a_card_before_its_bytes_leave(desk: Desk) -> None:
    desk.position()
    desk.position(ETH, Side.SELL, 3)
    desk.kill()
    seen: list[list[TicketState]] = []
    desk.wire.before(PLACE, lambda: seen.append([t.state for t in desk.store.orders.living()]))
    tickets = await confirmed(desk)
    assert seen == [[TicketState.SUBMITTING, TicketState.SUBMITTING]]
    for ticket in tickets:
        (card,) = desk.store.outbox.cards(Subject.TICKET, ticket.id)
        assert (card.id, card.chat_id) == (ticket.card_id, ANNA.id)


@story
async def test_one_card_closes_once(desk: Desk) -> None:
    desk.position()
    desk.kill()
    close = closing(desk)
    card, _ = await close.propose(ANNA)
    await close.confirm(card, ANNA, ANNA.id)
    with pytest.raises(TicketGone, match="confirmed already"):
        await close.confirm(card, ANNA, ANNA.id)
    assert len(desk.store.orders.living()) == 1
    assert desk.wire.lines.count(PLACE) == 0


@pytest.mark.parametrize("who", ["somebody else", "too late"])
@story
async def test_a_card_of_somebody_else_or_of_long_ago_closes_nothing(opened: Opened, who: str) -> None:
    desk = opened()
    desk.position()
    desk.kill()
    close = closing(desk)
    card, _ = await close.propose(ANNA)
    if who == "too late":
        desk.wait(60)
    with pytest.raises(TicketGone):
        await close.confirm(card, ANNA if who == "too late" else BEN, ANNA.id)
    assert (desk.store.orders.living(), desk.wire.lines.count(PLACE)) == ((), 0)


@story
async def test_a_position_that_is_gone_or_turned_round_is_left_alone(desk: Desk) -> None:
    desk.position()
    desk.kill()
    close = closing(desk)
    card, _ = await close.propose(ANNA)
    desk.position(side=Side.SELL, lots=80)
    with pytest.raises(TicketGone, match="None of these"):
        await close.confirm(card, ANNA, ANNA.id)
    assert desk.exchange.positions[BTC].lots == -30


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.ERROR_AFTER_ACCEPT])
@story
async def test_a_lost_answer_is_looked_up_and_never_sent_again(opened: Opened, fault: Fault) -> None:
    desk = opened(deadlines=BRIEF)
    desk.position()
    desk.kill()
    await desk.kucoin.orders.open_orders()
    close = closing(desk)
    sendings = await tapped(close)
    desk.switch(fault)
    await close.send(sendings)
    assert desk.wire.lines.count(PLACE) == 1
    assert desk.state(sendings[0][0]) is TicketState.FILLED
    assert desk.exchange.positions == {}


@story
async def test_a_close_that_never_arrived_is_found_out_and_told(desk: Desk) -> None:
    desk.position()
    desk.kill()
    close = closing(desk)
    sendings = await tapped(close)
    desk.restart()
    desk.reconciler.recover()
    assert desk.state(sendings[0][0]) is TicketState.UNKNOWN
    for _ in range(5):
        desk.wait(20)
        await desk.reconciler.follow()
    assert desk.state(sendings[0][0]) is TicketState.NOT_PLACED
    assert desk.wire.lines.count(PLACE) == 0
    assert desk.exchange.positions[BTC].lots == 50


@story
async def test_what_kucoin_refuses_is_told_and_the_others_go_on(desk: Desk) -> None:
    desk.position()
    desk.position(ETH, Side.SELL, 3)
    desk.kill()
    close = closing(desk)
    sendings = await tapped(close)
    desk.position(side=Side.SELL, lots=50)
    await close.send(sendings)
    states = {ticket.spec.symbol: desk.now(ticket) for ticket, _ in sendings}
    assert (states[BTC].state, states[ETH].state) == (TicketState.REJECTED, TicketState.FILLED)
    assert "no position to close" in states[BTC].reason


@story
async def test_without_a_kill_a_position_or_a_key_for_futures_nothing_is_offered(opened: Opened) -> None:
    desk = opened()
    with pytest.raises(Refused, match="not stopped"):
        await closing(desk).propose(ANNA)
    desk.kill()
    with pytest.raises(Refused, match="No position"):
        await closing(desk).propose(ANNA)
    with pytest.raises(Refused, match="TRADING_MODE"):
        await closing(desk, TradingMode.OFF).propose(ANNA)
    spot = opened(permissions=frozenset({"General", "Spot"}))
    spot.kill()
    with pytest.raises(Refused, match="may not see"):
        await closing(spot).propose(ANNA)


@story
async def test_positions_that_cannot_be_read_close_nothing(desk: Desk) -> None:
    desk.position()
    desk.kill()
    card = (await closing(desk).propose(ANNA))[0]
    desk.switch(Fault.UNAVAILABLE)
    with pytest.raises(Unavailable):
        await closing(desk).confirm(card, ANNA, ANNA.id)
    assert desk.store.orders.living() == ()


@story
async def test_a_way_out_that_takes_its_time_is_not_cancelled_by_the_kill_it_was_asked_for_after(desk: Desk) -> None:
    desk.position()
    desk.kill()
    close = closing(desk)
    sendings = await tapped(close)
    half_done = {
        "id": "5c35c02703aa673ceec2a168", "clientOid": sendings[0][0].spec.client_oid, "symbol": str(BTC),
        "type": "market", "side": "sell", "size": 50, "filledSize": 20, "filledValue": "1348.2", "isActive": True,
        "cancelExist": False, "settleCurrency": "USDT", "createdAt": 1790000000000,
    }  # fmt: skip
    desk.wire.instead["orders/byClientOid"] = JSONResponse({"code": "200000", "data": half_done})
    await close.send(sendings)
    assert desk.state(sendings[0][0]) is TicketState.PARTIAL
    assert not [line for line in desk.wire.lines if line.startswith("DELETE")]
    assert desk.found().report.lines == ()
    desk.wire.instead.clear()
    await desk.reconciler.follow()
    assert desk.state(sendings[0][0]) is TicketState.FILLED


@story
async def test_after_a_resume_the_card_closes_nothing(desk: Desk) -> None:
    desk.position()
    desk.kill()
    card: CloseCard = (await closing(desk).propose(ANNA))[0]
    desk.killswitch.resume("Anna", "over", 9_999)
    with pytest.raises(Refused, match="not stopped"):
        await closing(desk).confirm(card, ANNA, ANNA.id)
    assert desk.exchange.positions[BTC].lots == 50


@story
async def test_the_kills_card_counts_what_is_left_afterwards(desk: Desk) -> None:
    desk.position()
    stop = desk.kill()
    await desk.killswitch.sweep(stop)
    assert desk.found().report.positions == (OpenPosition(symbol="XBTUSDTM", lots="50"),)
    await confirmed(desk)
    assert desk.found().report.positions == ()


@story
async def test_a_key_of_another_account_closes_nothing_whenever_that_is_seen(desk: Desk) -> None:
    """The card, its tap and the last moment before the bytes leave: each asks."""

    def foreign() -> None:
        raise Refused("the key belongs to another account")

    desk.position()
    desk.kill()
    with pytest.raises(Refused, match="another account"):
        await closing(desk, hold=foreign).propose(ANNA)
    card, _ = await closing(desk).propose(ANNA)
    with pytest.raises(Refused, match="another account"):
        await closing(desk, hold=foreign).confirm(card, ANNA, ANNA.id)
    sendings = await closing(desk).confirm(card, ANNA, ANNA.id)
    await closing(desk, hold=foreign).send(sendings)
    assert desk.now(sendings[0][0]).state is TicketState.NOT_SENT
    assert "another account" in desk.now(sendings[0][0]).reason
    assert desk.wire.lines.count(PLACE) == 0


@story
async def test_what_is_sent_a_second_time_does_not_leave(desk: Desk) -> None:
    desk.position()
    desk.kill()
    close = closing(desk)
    sendings = await tapped(close)
    await close.send(sendings)
    with pytest.raises(TicketGone, match="already sent"):
        await close.send(sendings)
    assert desk.wire.lines.count(PLACE) == 1
