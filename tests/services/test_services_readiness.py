"""After a start: nothing is sent before everything that may be alive was looked at once."""

import asyncio
import itertools
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.core.errors import Refused
from chatbot.core.market import Symbol
from chatbot.core.orders import OrderTicket, TicketState
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.faults import Fault
from chatbot.services.readiness import PATIENCE, RETRY
from tests.sandbox.worlds import BTC
from tests.services.desk import BRIEF, limits, story
from tests.services.starting import Starting
from tests.services.test_services_reconcile import look_up

OPEN_SYMBOLS = "GET /spot/api/v1/hf/orders/active/symbols"
DONE = "GET /spot/api/v1/hf/orders/done"
BIG = limits(max_notional=Decimal(10**6), daily_max=Decimal(10**6), most_per_minute=1000)


@pytest.fixture
def starting(tmp_path: Path) -> Iterator[Starting]:
    desk = Starting(tmp_path)
    yield desk
    desk.stop()


async def two_living(desk: Starting) -> tuple[OrderTicket, OrderTicket]:
    """One that rests and one whose answer was lost."""
    await desk.opened()
    resting = await desk.order("buy btc 0.001 @ 60000")
    desk.switch(Fault.ERROR_AFTER_ACCEPT, Fault.HIDDEN_ORDERS)
    lost = await desk.order("buy eth 100usdt")
    desk.faults.clear()
    assert (resting.state, lost.state) == (TicketState.OPEN, TicketState.UNKNOWN)
    return resting, lost


@story
async def test_a_bot_that_has_just_started_sends_nothing_and_says_about_what_it_is_unsure(starting: Starting) -> None:
    await two_living(starting)
    starting.stopped_and_started()
    with pytest.raises(Refused, match=r"still finding out about T-1, T-2\. Nothing is sent before that"):
        await starting.propose("buy sol 100usdt")
    await starting.readiness.account()
    assert starting.readiness.problem == ""
    assert (await starting.order("buy sol 100usdt")).state is TicketState.FILLED


@story
async def test_with_nothing_alive_it_still_asks_first(starting: Starting) -> None:
    with pytest.raises(Refused, match="what rests on KuCoin"):
        await starting.propose("buy btc 100usdt")
    assert await starting.readiness.account()
    await starting.propose("buy btc 100usdt")


@story
async def test_what_happened_meanwhile_is_in_the_rows_before_the_first_order(starting: Starting) -> None:
    resting, lost = await two_living(starting)
    starting.price("59990")
    starting.wait(1)
    starting.stopped_and_started()
    assert await starting.readiness.account()
    assert (starting.state(resting), starting.state(lost)) == (TicketState.FILLED, TicketState.FILLED)


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.GARBAGE, Fault.RATE_LIMITED])
@story
async def test_while_kucoin_is_away_nothing_is_ready_and_it_is_asked_again(starting: Starting, fault: Fault) -> None:
    await two_living(starting)
    starting.stopped_and_started()
    starting.switch(fault)
    problems = []

    def look() -> None:
        """At every sleep of the bot; after the second round KuCoin is back."""
        if starting.slept[-1] == RETRY:
            problems.append(starting.readiness.problem)
        if len(problems) == 2:
            starting.faults.clear()

    starting.moments = itertools.repeat(look)
    await starting.readiness.run()
    assert problems == ["I have just started and am still finding out about T-1, T-2."] * 2
    starting.readiness.hold()


@story
async def test_one_order_that_cannot_be_looked_up_keeps_the_gate_shut_and_is_named_alone(starting: Starting) -> None:
    resting, lost = await two_living(starting)
    starting.stopped_and_started()
    starting.wire.broken.update({look_up(lost), DONE})
    assert not await starting.readiness.account()
    assert starting.readiness.problem.endswith(f"about {lost.name}.")
    assert starting.state(resting) is TicketState.OPEN
    starting.wire.broken.clear()
    assert await starting.readiness.account()


@story
async def test_what_a_list_of_ended_orders_shows_is_not_looked_up(starting: Starting) -> None:
    resting, lost = await two_living(starting)
    starting.exchange.cancel(starting.exchange.orders[resting.order_id])
    starting.stopped_and_started()
    starting.wire.broken.update({look_up(resting), look_up(lost)})
    assert await starting.readiness.account()
    assert (starting.state(resting), starting.state(lost)) == (TicketState.CANCELED, TicketState.FILLED)


@story
async def test_an_order_that_ends_between_the_two_lists_has_ended(starting: Starting) -> None:
    resting, lost = await two_living(starting)
    starting.stopped_and_started()
    starting.wire.before(DONE, lambda: starting.exchange.cancel(starting.exchange.orders[resting.order_id]))
    assert await starting.readiness.account()
    assert (starting.state(resting), starting.state(lost)) == (TicketState.CANCELED, TicketState.FILLED)


@story
async def test_while_a_round_looks_at_all_nothing_is_followed_beside_it(starting: Starting) -> None:
    resting, _ = await two_living(starting)
    starting.stopped_and_started()
    starting.wire.lines.clear()
    gate = starting.wire.hold(OPEN_SYMBOLS)
    running = asyncio.create_task(starting.readiness.run())
    await gate.reached.wait()
    await starting.readiness.follow()
    gate.opened.set()
    await running
    assert look_up(resting) not in starting.wire.lines
    await starting.readiness.follow()
    assert look_up(resting) in starting.wire.lines


@story
async def test_between_two_rounds_orders_are_followed(starting: Starting) -> None:
    resting, _ = await two_living(starting)
    starting.stopped_and_started()
    starting.wire.lines.clear()
    starting.wire.broken.add(OPEN_SYMBOLS)
    following: list[asyncio.Task[None]] = []

    def look() -> None:
        if starting.slept[-1] == RETRY:
            following.append(asyncio.create_task(starting.readiness.follow()))
            starting.wire.broken.clear()

    starting.moments = itertools.repeat(look)
    await starting.readiness.run()
    await following[0]
    assert look_up(resting) in starting.wire.lines


@story
async def test_an_order_that_is_not_found_was_looked_at_and_holds_its_own_symbol_only(starting: Starting) -> None:
    await starting.opened()
    ticket = await starting.confirm(await starting.propose("buy btc 100usdt"))
    starting.stopped_and_started()
    assert starting.state(ticket) is TicketState.UNKNOWN
    assert await starting.readiness.account()
    with pytest.raises(Refused, match="T-1 is still unknown"):
        await starting.propose("buy btc 100usdt")
    await starting.propose("buy eth 100usdt")


@story
async def test_the_gate_is_asked_at_the_tap_and_at_the_last_moment_too(starting: Starting) -> None:
    await starting.opened()
    tapped = await starting.confirm(await starting.propose("buy btc 100usdt"))
    waiting = await starting.propose("buy eth 100usdt")
    starting.restart()
    with pytest.raises(Refused, match="still finding out"):
        await starting.confirm(waiting)
    await starting.trading.submit(tapped)
    sent = starting.now(tapped)
    assert (sent.state, "still finding out" in sent.reason) == (TicketState.NOT_SENT, True)
    assert starting.posts == 0


@story
async def test_who_asks_right_after_a_start_waits_a_moment_instead_of_being_refused(starting: Starting) -> None:
    waiting = asyncio.create_task(starting.readiness.settled())
    await asyncio.sleep(0)
    assert not waiting.done()
    await starting.opened()
    await waiting
    await starting.readiness.settled()
    starting.restart()
    began = asyncio.get_running_loop().time()
    await starting.readiness.settled()
    assert PATIENCE <= asyncio.get_running_loop().time() - began < PATIENCE + 1
    assert starting.readiness.problem


@story
async def test_the_gate_does_not_shut_again(starting: Starting) -> None:
    await starting.opened()
    starting.switch(Fault.LOST_REQUEST)
    starting._deadlines = BRIEF
    starting.stopped_and_started()
    starting.faults.clear()
    await starting.opened()
    starting.switch(Fault.LOST_REQUEST)
    assert (await starting.order("buy eth 100usdt")).state is TicketState.UNKNOWN
    starting.faults.clear()
    assert (await starting.order("buy btc 100usdt")).state is TicketState.FILLED


async def a_hundred(desk: Starting) -> None:
    """Tickets whose orders rest, on three symbols."""
    for number in range(100):
        symbol, price = (("BTC-USDT", 60_000), ("ETH-USDT", 1_500), ("SOL-USDT", 50))[number % 3]
        desk.elsewhere(client_oid=f"cb{number}", symbol=Symbol(symbol), price=Decimal(price), size=Decimal("0.1"))
    await desk.strays.find()
    assert len(desk.store.orders.living()) == 100
    desk.restart(BIG)
    desk.reconciler.recover()
    desk.wire.lines.clear()


@story
async def test_a_hundred_open_orders_cost_a_handful_of_questions(tmp_path: Path) -> None:
    desk = Starting(tmp_path, rules=BIG)
    desk.exchange.deposit(*_MONEY)
    await a_hundred(desk)
    before = desk.time()
    assert await desk.readiness.account()
    assert len(desk.wire.lines) < 25
    assert desk.time() == before  # no budget was waited for
    await desk.propose("buy btc 20usdt")
    desk.stop()


@story
async def test_a_hundred_orders_that_ended_meanwhile_fit_the_budget(tmp_path: Path) -> None:
    desk = Starting(tmp_path, rules=BIG)
    desk.exchange.deposit(*_MONEY)
    await a_hundred(desk)
    for symbol, price in ((BTC, 50_000), (Symbol("ETH-USDT"), 1_000), (Symbol("SOL-USDT"), 10)):
        desk.prices.move(symbol, Decimal(price))
    desk.wait(1)
    before = desk.time()
    assert await desk.readiness.account()
    assert (desk.time() - before).total_seconds() < 10
    assert desk.store.orders.living() == ()
    assert not any("/client-order/" in line for line in desk.wire.lines)
    desk.stop()


_MONEY = (Pocket.TRADE, "USDT", Decimal(10**6))


@story
async def test_a_key_for_spot_alone_gets_ready_too(tmp_path: Path) -> None:
    desk = Starting(tmp_path, permissions=frozenset({"General", "Spot"}))
    assert await desk.readiness.account()
    ticket = await desk.order("buy btc 100usdt")
    assert ticket.state is TicketState.FILLED
