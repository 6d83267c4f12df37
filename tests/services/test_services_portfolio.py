"""What is held and worth, what was executed; and what a key without futures still sees."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from chatbot.core.errors import KucoinError
from chatbot.core.market import Symbol
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.faults import Fault
from chatbot.services.portfolio import FILLS_SINCE, LATELY_TRADED
from tests.services.desk import Desk, story

Opened = Callable[..., Desk]

BTC, PERP = Symbol("BTC-USDT"), Symbol("XBTUSDTM")
SPOT_ONLY = frozenset({"General", "Spot"})


@story
async def test_the_three_pockets_are_valued_dearest_first(desk: Desk) -> None:
    desk.exchange.deposit(Pocket.TRADE, "NOSUCH", Decimal(5))
    desk.exchange.deposit(Pocket.TRADE, "SOL", Decimal(0))
    wealth = await desk.portfolio.wealth()
    bitcoin = desk.prices.quote(BTC)
    assert bitcoin is not None
    trade = [(v.currency, v.total, v.worth) for v in wealth.trade]
    assert trade == [
        ("BTC", Decimal(1), bitcoin.last),
        ("USDT", Decimal(10_000), Decimal(10_000)),
        ("NOSUCH", Decimal(5), None),
    ]
    assert [(v.currency, v.worth) for v in wealth.main] == [("USDT", Decimal(500))]
    assert wealth.futures is not None
    assert wealth.total == bitcoin.last + 10_000 + 500 + 5_000
    assert wealth.read_at == desk.time()


@story
async def test_what_a_resting_order_holds_is_shown_as_held(desk: Desk) -> None:
    await desk.order("sell btc 0.001 @ 70000")
    wealth = await desk.portfolio.wealth()
    assert [v.held for v in wealth.trade if v.currency == "BTC"] == [Decimal("0.001")]


@story
async def test_a_key_that_may_not_see_futures_sees_the_rest(opened: Opened) -> None:
    desk = opened(permissions=SPOT_ONLY)
    wealth = await desk.portfolio.wealth()
    assert (wealth.futures, wealth.total > 10_000) == (None, True)
    assert await desk.portfolio.positions() == ()


@story
async def test_positions_are_the_open_ones(desk: Desk) -> None:
    assert await desk.portfolio.positions() == ()
    desk.position()
    (position,) = await desk.portfolio.positions()
    assert (position.symbol, position.lots) == (PERP, Decimal(50))


@story
async def test_an_exchange_that_does_not_answer_is_no_empty_account(desk: Desk) -> None:
    desk.switch(Fault.GARBAGE)
    for ask in (desk.portfolio.wealth, desk.portfolio.positions):
        with pytest.raises(KucoinError):
            await ask()


@story
async def test_fills_of_several_instruments_newest_first_and_not_too_old(desk: Desk) -> None:
    await desk.order("buy btc 10usdt")
    desk.wait(FILLS_SINCE.total_seconds())
    for line in ("buy btc 20usdt", "buy eth 30usdt", "sell btc 0.001"):
        desk.wait(60)
        await desk.order(line)
    catalogue = await desk.markets.catalogue()
    fills = await desk.portfolio.fills([catalogue.find("btc"), catalogue.find("eth")])
    assert [f.symbol for f in fills] == [BTC, "ETH-USDT", BTC]
    assert [f.time for f in fills] == sorted((f.time for f in fills), reverse=True)
    assert await desk.portfolio.fills([]) == ()


@story
async def test_lately_traded_is_what_left_newest_first_each_once(desk: Desk) -> None:
    for line in ("buy btc 10usdt", "buy eth 10usdt", "buy sol 10usdt", "buy btc 10usdt"):
        await desk.order(line)
    await desk.propose("buy eth-btc 0.001btc")
    assert desk.portfolio.lately_traded() == (BTC, "SOL-USDT", "ETH-USDT")
    assert LATELY_TRADED == 5
