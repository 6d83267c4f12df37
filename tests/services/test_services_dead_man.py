from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from chatbot.core.market import Symbol
from chatbot.core.orders import OrderTicket
from chatbot.kucoin.dead_man import DeadMansSwitch
from chatbot.sandbox.faults import Fault
from chatbot.services.dead_man import RENEWALS, DeadManGuard
from tests.sandbox.worlds import BTC
from tests.services.desk import LIMITS, Desk, story

ETH = Symbol("ETH-USDT")
MINUTE_AND_A_HALF = timedelta(seconds=90)


def guard(desk: Desk, *symbols: Symbol) -> DeadManGuard:
    return DeadManGuard(switch=DeadMansSwitch(desk.hosts()[0]), symbols=symbols, timeout=MINUTE_AND_A_HALF)


def rests(desk: Desk, ticket: OrderTicket) -> bool:
    desk.exchange.advance()
    order = desk.at_kucoin(ticket)
    return order is not None and order.active


@pytest.fixture
def richer(desk: Desk) -> Desk:
    desk.restart(replace(LIMITS, daily_max=Decimal(10_000)))
    return desk


@story
async def test_while_the_bot_lives_nothing_falls_and_when_it_is_not_heard_only_what_was_named(richer: Desk) -> None:
    named, other = await richer.order("buy btc 0.001 @ 60000"), await richer.order("buy eth 0.02 @ 2000")
    switch = guard(richer, BTC)
    for _ in range(10):
        await switch.renew()
        richer.wait(switch.pause)
        assert rests(richer, named)
    left = switch.state.falls_at
    assert left is not None
    assert abs(left - richer.time() - MINUTE_AND_A_HALF + timedelta(seconds=switch.pause)) < timedelta(seconds=2)
    richer.wait(MINUTE_AND_A_HALF.total_seconds() + 11)
    assert (rests(richer, named), rests(richer, other)) == (False, True)


@story
async def test_two_renewals_may_be_lost_and_the_failure_shows_until_one_arrives(desk: Desk) -> None:
    ticket = await desk.order("buy btc 0.001 @ 60000")
    switch = guard(desk, BTC)
    await switch.renew()
    before = switch.state
    desk.switch(Fault.UNAVAILABLE)
    for _ in range(RENEWALS - 1):
        desk.wait(switch.pause)
        await switch.renew()
        assert switch.state.problem
        assert switch.state.falls_at == before.falls_at
    desk.faults.switch(Fault.UNAVAILABLE, on=False)
    desk.wait(switch.pause - 1)
    await switch.renew()
    assert (switch.state.problem, rests(desk, ticket)) == ("", True)


@story
async def test_a_clean_stop_switches_it_off(desk: Desk) -> None:
    ticket = await desk.order("buy btc 0.001 @ 60000")
    switch = guard(desk, BTC)
    await switch.renew()
    await switch.disarm()
    desk.wait(3600)
    assert rests(desk, ticket)


@story
async def test_a_stop_is_not_held_up_by_an_exchange_that_is_away(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    switch = guard(desk, BTC)
    await switch.renew()
    desk.switch(Fault.UNAVAILABLE)
    await switch.disarm()
    assert "may cancel what rests" in caplog.text
