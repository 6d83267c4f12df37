"""Triggers and post-only, judged against the market of now."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chatbot.core.conditions import check_conditions, finds_an_offer
from chatbot.core.errors import Refused
from chatbot.core.market import Symbol, Ticker, Venue
from chatbot.core.orders import OrderSpec, OrderType, Side, TimeInForce

TICKER = Ticker(
    symbol=Symbol("BTC-USDT"),
    price=Decimal(68000),
    bid=Decimal(67990),
    ask=Decimal(68010),
    time=datetime(2026, 3, 1, tzinfo=UTC),
)
LIMIT = OrderSpec(
    client_oid="cb1",
    symbol=TICKER.symbol,
    venue=Venue.SPOT,
    side=Side.SELL,
    type=OrderType.LIMIT,
    size=Decimal("0.010"),
    funds=None,
    price=Decimal(70000),
)


def stop(side: Side, trigger: str) -> OrderSpec:
    return replace(LIMIT, side=side, trigger=Decimal(trigger))


@pytest.mark.parametrize(("side", "trigger"), [(Side.SELL, "67999.9"), (Side.BUY, "68000.1")])
def test_a_stop_order_waits_on_the_far_side_of_the_market(side: Side, trigger: str) -> None:
    check_conditions(stop(side, trigger), TICKER)


@pytest.mark.parametrize(
    ("side", "trigger", "way", "instead"),
    [
        (Side.SELL, "68000", "falls to", "/sell BTC-USDT 0.01 @ 68000"),
        (Side.SELL, "70000", "not below the market of 68000", "70000 or for more"),
        (Side.BUY, "68000", "rises to", "/buy BTC-USDT 0.01 @ 68000"),
        (Side.BUY, "60000", "not above the market of 68000", "60000 or for less"),
    ],
)
def test_one_that_would_fire_at_once_is_refused_with_a_line_that_may_be_meant(
    side: Side, trigger: str, way: str, instead: str
) -> None:
    with pytest.raises(Refused) as refused:
        check_conditions(stop(side, trigger), TICKER)
    assert way in str(refused.value)
    assert instead in str(refused.value)


@pytest.mark.parametrize(
    ("side", "price", "crosses"),
    [
        (Side.SELL, "67990", True),
        (Side.SELL, "67990.1", False),
        (Side.BUY, "68010", True),
        (Side.BUY, "68009.9", False),
        (Side.SELL, "1", True),
    ],
)
def test_a_post_only_order_may_not_meet_an_offer(side: Side, price: str, crosses: bool) -> None:
    spec = replace(LIMIT, side=side, price=Decimal(price), post_only=True)
    assert finds_an_offer(spec, TICKER) is crosses
    check_conditions(replace(spec, post_only=False), TICKER)
    if not crosses:
        check_conditions(spec, TICKER)
        return
    with pytest.raises(Refused, match="would trade at once") as refused:
        check_conditions(spec, TICKER)
    assert str(refused.value).endswith(f"/{side.value} BTC-USDT 0.01 @ {price}")


def test_where_nobody_offers_nothing_is_met() -> None:
    spec = replace(LIMIT, side=Side.BUY, post_only=True)
    check_conditions(spec, replace(TICKER, ask=Decimal(0)))


def test_an_order_that_may_not_wait_is_nobodys_business_here() -> None:
    check_conditions(replace(LIMIT, in_force=TimeInForce.FOK), TICKER)
    market = replace(LIMIT, type=OrderType.MARKET, price=None, size=None, funds=Decimal(100))
    check_conditions(market, TICKER)
    assert finds_an_offer(market, TICKER)


def test_a_stop_order_by_funds_is_named_by_its_funds() -> None:
    market = replace(stop(Side.BUY, "60000"), type=OrderType.MARKET, price=None, size=None, funds=Decimal("100.50"))
    with pytest.raises(Refused, match=r"/buy BTC-USDT 100\.5usdt @ 60000"):
        check_conditions(market, TICKER)
