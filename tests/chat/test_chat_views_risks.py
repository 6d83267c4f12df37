"""What a position is about to cost, in words that a person woken by it understands."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.messages import Reply
from chatbot.chat.views import risks
from chatbot.core.account import Position
from chatbot.core.liquidation import RUNGS, Danger
from chatbot.core.market import Symbol
from chatbot.services.funding_pushes import Cost
from tests.chat.desk import NOON
from tests.chat.shown import actions, shown
from tests.chat.test_chat_views_market import PERPETUAL

HELD = Position(
    symbol=Symbol("XBTUSDTM"),
    lots=Decimal(50),
    entry_price=Decimal(67000),
    mark_price=Decimal("62431.123"),
    liquidation_price=Decimal("53900.5"),
    value=Decimal(3120),
    unrealised_pnl=Decimal(-228),
    currency="USDT",
)
NEAR = Danger(position=HELD, distance=Decimal("0.1367"))
COST = Cost(
    position=HELD,
    instrument=PERPETUAL,
    rate=Decimal("0.000145"),
    settles_at=NOON + timedelta(minutes=22),
    paid=Decimal("0.49"),
    worth=Decimal("0.49"),
    week=Decimal("-3.1"),
)


def _danger(found: Danger, rung: str, *, may_trade: bool = True) -> Reply:
    text, buttons = risks.danger(found, Decimal(rung), NOON, may_trade=may_trade)
    return Reply(text=text, buttons=buttons)


def _cost(told: Cost, *, may_trade: bool = True) -> Reply:
    text, buttons = risks.cost(told, NOON, may_trade=may_trade)
    return Reply(text=text, buttons=buttons)


def test_a_liquidation_that_comes_near_says_how_near_and_where() -> None:
    reply = _danger(NEAR, "0.15")
    assert shown(reply).split("\n") == [
        "Liquidation comes near: BTC long, 13.7 % away",
        "mark 62,431.1, liquidation at 53,900.5, 12:00 UTC",
    ]
    assert actions(reply) == ["reduce XBTUSDTM 50", "reduce XBTUSDTM 100", "positions"]
    assert actions(_danger(NEAR, "0.15", may_trade=False)) == ["positions"]


def test_every_rung_has_louder_words() -> None:
    heads = [shown(_danger(NEAR, str(rung))).split(":")[0] for rung in RUNGS]
    assert len(set(heads)) == len(RUNGS)
    assert heads[-1].isupper()


def test_in_hedge_mode_the_buttons_say_which_side() -> None:
    short = replace(HELD, lots=Decimal(-1), hedged=True)
    assert actions(_danger(replace(NEAR, position=short), "0.05")) == ["reduce XBTUSDTM 100 short", "positions"]


def test_cross_margin_is_told_by_its_risk_rate() -> None:
    cross = Danger(
        position=replace(HELD, cross=True, liquidation_price=None), distance=Decimal("0.08"), risk=Decimal("0.92")
    )
    assert shown(_danger(cross, "0.10")).split("\n") == [
        "DANGER, liquidation is near: BTC long, 8.0 % of its margin left",
        "risk rate 92.0 % at 12:00 UTC; at 100 % cross margin is liquidated",
    ]


def test_what_is_not_known_is_said() -> None:
    assert shown(Reply(text=risks.unknown(HELD))).startswith("BTC long: I cannot warn you of its liquidation.")


def test_a_coming_payment_says_the_sum_first() -> None:
    reply = _cost(COST)
    assert shown(reply).split("\n") == [
        "BTC long pays 0.49 USDT in 22 m",
        "0.05 BTC, +0.0145 %. Last 7 days -3.10",
        "settles at 12:22 UTC",
    ]
    assert actions(reply) == ["reduce XBTUSDTM 50", "reduce XBTUSDTM 100", "above 0.5", "seen"]
    assert actions(_cost(replace(COST, week=None, instrument=None), may_trade=False)) == ["above 0.5", "seen"]
    assert "50 lots, +0.0145 %" in shown(_cost(replace(COST, week=None, instrument=None)))


def test_a_payment_comes_in_minutes_as_long_as_there_are_any() -> None:
    for seconds, words in ((22 * 60 + 59, "in 23 m"), (60, "in 1 m"), (42, "in 42 s")):
        told = replace(COST, settles_at=NOON + timedelta(seconds=seconds))
        assert shown(_cost(told)).split("\n")[0] == f"BTC long pays 0.49 USDT {words}"


@pytest.mark.parametrize(
    ("worth", "more"),
    [("0.49", "0.5"), ("0.5", "1"), ("1", "2"), ("2.3", "5"), ("7", "10"), ("10", "20"), ("999", "1000")],
)
def test_the_next_sum_is_a_round_one(worth: str, more: str) -> None:
    assert risks.next_sum(Decimal(worth)) == Decimal(more)


@given(st.decimals(min_value=Decimal("0.000001"), max_value=Decimal(10**9), places=6))
def test_the_next_sum_is_above_and_not_far(worth: Decimal) -> None:
    assert worth < risks.next_sum(worth) <= worth * Decimal("2.5")
