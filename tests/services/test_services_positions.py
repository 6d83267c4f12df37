"""The open positions with their funding, and what is missing when KuCoin tells less."""

from collections.abc import Callable

import pytest

from chatbot.core.errors import Refused, Unavailable
from chatbot.core.market import Symbol
from chatbot.core.orders import Side
from chatbot.sandbox.faults import Fault
from chatbot.services.positions import WEEK, Positions
from tests.services.desk import Desk, story

Opened = Callable[..., Desk]

BTC, ETH = Symbol("XBTUSDTM"), Symbol("ETHUSDTM")
HISTORY, CONTRACTS = "GET /futures/api/v1/funding-history", "GET /futures/api/v1/contracts/active"


def positions(desk: Desk) -> Positions:
    return Positions(exchange=desk.kucoin, markets=desk.markets, now=desk.time)


@story
async def test_each_position_comes_with_its_rate_and_the_week_dearest_first(desk: Desk) -> None:
    desk.position(ETH, Side.SELL, 1)
    desk.position(BTC, Side.BUY, 50)
    desk.wait(9 * 3600)
    paid = [p.amount for p in desk.exchange.payments if p.symbol == BTC]
    holdings = await positions(desk).holdings()
    assert [h.position.symbol for h in holdings.held] == [BTC, ETH]
    btc = holdings.held[0]
    assert btc.instrument is not None
    assert btc.instrument.base == "BTC"
    assert btc.funding is not None
    assert btc.funding.symbol == BTC
    assert paid
    assert btc.week == sum(paid)
    assert btc.position.leverage == 5


@story
async def test_what_is_older_than_a_week_is_not_counted(desk: Desk) -> None:
    desk.position(BTC, Side.BUY, 50)
    desk.wait(8 * 86400)
    paid = desk.exchange.payments
    week = [p.amount for p in paid if p.time >= desk.time() - WEEK]
    assert 0 < len(week) < len(paid)
    assert await positions(desk).week_of(BTC) == sum(week)


@story
async def test_positions_are_shown_without_the_funding_that_cannot_be_read(desk: Desk) -> None:
    desk.position(BTC, Side.BUY, 50)
    await desk.markets.catalogue()
    desk.wire.broken |= {HISTORY, CONTRACTS}
    (held,) = (await positions(desk).holdings()).held
    assert (held.funding, held.week) == (None, None)
    assert held.position.lots == 50


@story
async def test_without_positions_nothing_more_is_asked(desk: Desk) -> None:
    await desk.markets.catalogue()
    asked = desk.wire.lines.count(CONTRACTS)
    assert (await positions(desk).holdings()).held == ()
    assert (desk.wire.lines.count(CONTRACTS), desk.wire.lines.count(HISTORY)) == (asked, 0)


@story
async def test_a_key_that_may_not_look_and_a_kucoin_that_is_away_are_no_empty_account(opened: Opened) -> None:
    with pytest.raises(Refused, match="may not see futures"):
        await positions(opened(permissions=frozenset({"General", "Spot"}))).holdings()
    desk = opened()
    desk.switch(Fault.UNAVAILABLE)
    with pytest.raises(Unavailable):
        await positions(desk).holdings()
