"""What a day cost, from the sandbox's fills and settlements."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.core.digests import Paid
from chatbot.sandbox.faults import Fault
from chatbot.services.yesterday import Yesterday
from tests.services.desk import Desk, story

DAY = timedelta(days=1)


def yesterday(desk: Desk) -> Yesterday:
    return Yesterday(exchange=desk.kucoin, markets=desk.markets, store=desk.store)


@story
async def test_a_day_without_trades_cost_nothing(desk: Desk) -> None:
    assert await yesterday(desk).paid(desk.time() - DAY, desk.time()) == Paid(funding=Decimal(0), fees=Decimal(0))


@story
async def test_fees_of_the_day_are_counted_and_no_others(desk: Desk) -> None:
    began = desk.time()
    await desk.order("buy btc 1000usdt")
    desk.wait(60)
    first = desk.time()
    await desk.order("sell btc 0.01")
    desk.wait(60)
    reader = yesterday(desk)
    bought = (await reader.paid(began, first)).fees
    both = (await reader.paid(began, desk.time())).fees
    assert bought is not None
    assert both is not None
    assert Decimal("0.9") < bought < Decimal("1.1")
    assert both > bought + Decimal("0.6")
    assert (await reader.paid(desk.time(), desk.time() + DAY)).fees == 0


@story
async def test_funding_of_positions_we_hold_is_counted(desk: Desk) -> None:
    began = desk.time()
    desk.position(lots=10)
    for _ in range(9):
        desk.wait(3600)
    paid = await yesterday(desk).paid(began, desk.time())
    expected = sum((each.amount for each in desk.exchange.payments), Decimal(0))
    assert expected
    assert paid.funding == expected


@story
@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE])
async def test_what_kucoin_does_not_tell_is_not_known_instead_of_nothing(tmp_path: Path, fault: Fault) -> None:
    desk = Desk(tmp_path)
    await desk.order("buy btc 1000usdt")
    desk.switch(fault)
    assert await yesterday(desk).paid(desk.time() - DAY, desk.time()) == Paid(funding=None, fees=None)
    desk.stop()
