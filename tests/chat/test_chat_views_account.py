"""Balances as people read them."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.views import account as views
from chatbot.core.account import FuturesBalance, Valued
from chatbot.core.amounts import PLAIN, Amounts
from chatbot.core.modes import TradingMode
from chatbot.services.portfolio import Wealth
from tests.chat.desk import NOON
from tests.chat.shown import actions, hostile, labels, shown


def _held(currency: str, total: str, worth: str | None, held: str = "0") -> Valued:
    value = None if worth is None else Decimal(worth)
    return Valued(currency=currency, total=Decimal(total), held=Decimal(held), worth=value)


FUTURES = FuturesBalance(
    currency="USDT", equity=Decimal("2018.4"), available=Decimal("1681.24"), position_margin=Decimal("330.16"),
    order_margin=Decimal(7), unrealised_pnl=Decimal("1.2"),
)  # fmt: skip
WEALTH = Wealth(
    main=(_held("USDT", "412", "412"),),
    trade=(
        _held("BTC", "0.0421", "2838.06"),
        _held("USDT", "1240.55", "1240.55", held="300"),
        _held("KCS", "0.03", "0.5"),
        _held("DOGE", "2.61", "0.99"),
        _held("ODD", "12.5", None),
    ),
    futures=FUTURES,
    read_at=NOON,
)
LIVE = TradingMode.LIVE


def test_the_three_pockets_stand_apart_with_the_total_first() -> None:
    assert shown(views.balance(WEALTH, PLAIN, LIVE, NOON)).split("\n") == [
        "Total 6,510.50 USDT",
        "Trade 4,080.10 USDT",
        "  0.0421 BTC = 2,838.06",
        "  1,240.55 USDT (300 in orders)",
        "  12.5 ODD",
        "  2 small coins 1.49",
        "Main 412.00 USDT",
        "Futures 2,018.40 USDT (337.16 margin)",
        "not in the total, no USDT price: ODD",
    ]


def test_an_empty_pocket_says_so() -> None:
    text = shown(views.balance(replace(WEALTH, main=(), trade=()), PLAIN, LIVE, NOON))
    assert "Trade empty\nMain empty" in text
    assert text.startswith("Total 2,018.40 USDT")


def test_futures_that_may_not_be_seen_are_not_called_empty() -> None:
    text = shown(views.balance(replace(WEALTH, futures=None), PLAIN, LIVE, NOON))
    assert "Futures not visible: the key has no Futures permission" in text
    assert text.startswith("Total 4,492.10 USDT")


def test_one_small_coin_is_one_coin() -> None:
    wealth = replace(WEALTH, trade=(_held("BTC", "1", "60000"), _held("KCS", "0.03", "0.5")))
    assert "1 small coin 0.50" in shown(views.balance(wealth, PLAIN, LIVE, NOON))


def test_a_coin_of_exactly_the_limit_is_no_dust() -> None:
    wealth = replace(WEALTH, trade=(_held("BTC", "1", "60000"), _held("KCS", "0.03", "1")))
    assert "0.03 KCS = 1.00" in shown(views.balance(wealth, PLAIN, LIVE, NOON))


def test_dollars_in_orders_are_told_even_where_there_is_nothing_else() -> None:
    wealth = replace(WEALTH, main=(_held("USDT", "412", "412", held="12"),))
    assert "Main 412.00 USDT\n  412.00 USDT (12 in orders)" in shown(views.balance(wealth, PLAIN, LIVE, NOON))


def test_who_hides_amounts_sees_what_is_held_and_not_how_much() -> None:
    reply = views.balance(WEALTH, Amounts(hidden=True, currency="EUR", rate=Decimal("0.92")), LIVE, NOON)
    assert shown(reply).split("\n") == [
        "Total ••• USDT",
        "Trade ••• USDT",
        "  ••• BTC = •••",
        "  ••• USDT (••• in orders)",
        "  ••• ODD",
        "  2 small coins •••",
        "Main ••• USDT",
        "Futures ••• USDT (••• margin)",
        "not in the total, no USDT price: ODD",
    ]
    assert labels(reply) == ["Refresh", "Positions", "Peek", "Show amounts"]
    assert actions(reply)[2:] == ["peek balance", "hide off balance"]
    assert actions(views.balance(WEALTH, PLAIN, LIVE, NOON))[2:] == ["hide on balance"]


def test_the_total_is_told_in_the_persons_currency_too() -> None:
    euros = Amounts(currency="EUR", rate=Decimal("0.92"))
    assert shown(views.balance(WEALTH, euros, LIVE, NOON)).startswith("Total 6,510.50 USDT (5,989.66 EUR)\n")
    assert views.balance_in_short(WEALTH, euros, LIVE).startswith("Total 6,510.50 USDT (5,989.66 EUR)\n")


def test_money_that_no_order_can_spend_is_explained_where_there_is_no_other() -> None:
    hint = "Orders can spend Trade alone. To move money there, in KuCoin's app: Assets, Transfer,"
    dust = (_held("USDT", "0.4", "0.4"),)
    for trade, main, told in (((), WEALTH.main, True), (dust, WEALTH.main, True), (WEALTH.trade, WEALTH.main, False),
                              ((), dust, False)):  # fmt: skip
        assert (hint in shown(views.balance(replace(WEALTH, trade=trade, main=main), PLAIN, LIVE, NOON))) == told


def test_a_group_sees_no_amounts() -> None:
    reply = views.balance_in_group()
    text = shown(reply)
    assert not any(sign.isdigit() for sign in text)
    assert labels(reply) == ["Show to me only"]


@pytest.mark.parametrize("mode", TradingMode)
def test_the_pop_up_holds_the_sums_in_two_hundred_signs(mode: TradingMode) -> None:
    rich = replace(WEALTH, trade=(_held("BTC", "1", "123456789012.34"),))
    text = views.balance_in_short(rich, PLAIN, mode)
    assert len(text) <= 200
    assert text.startswith("PAPER\n") == (mode is TradingMode.PAPER)
    assert "Trade 123,456,789,012.34" in text
    assert "Futures 2,018.40" in text
    assert "Futures" not in views.balance_in_short(replace(WEALTH, futures=None), PLAIN, mode)


coins = st.builds(
    Valued,
    currency=hostile.filter(bool),
    total=st.decimals(min_value=Decimal("1e-8"), max_value=Decimal("1e12"), places=8),
    held=st.decimals(min_value=Decimal(0), max_value=Decimal("1e6"), places=8),
    worth=st.none() | st.decimals(min_value=Decimal(0), max_value=Decimal("1e9"), places=8),
)


@given(main=st.lists(coins, max_size=4), trade=st.lists(coins, max_size=60), mode=st.sampled_from(TradingMode))
def test_whatever_is_held_can_be_shown(main: list[Valued], trade: list[Valued], mode: TradingMode) -> None:
    wealth = replace(WEALTH, main=tuple(main), trade=tuple(trade))
    text = shown(views.balance(wealth, PLAIN, mode, NOON))
    assert ("PAPER" in text.split("\n")[0]) == (mode is TradingMode.PAPER)
    assert f"Total {wealth.total:,.2f} USDT" in text
    assert ("not in the total" in text) == any(v.worth is None for v in (*main, *trade))
