"""Fills as people read them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.views import fills as views
from chatbot.core.market import Symbol, Venue
from chatbot.core.modes import TradingMode
from chatbot.core.numbers import plain
from chatbot.core.orders import Fill, Side
from tests.chat.desk import NOON
from tests.chat.shown import hostile, shown

FILL = Fill(
    trade_id="1", order_id="6520ad0fec2c1c0001ab3c45", symbol=Symbol("BTC-USDT"), venue=Venue.SPOT, side=Side.SELL,
    price=Decimal("68013.6"), size=Decimal("0.00147"), funds=Decimal("99.98"), fee=Decimal("0.09998"),
    fee_currency="USDT", taker=True, time=NOON,
)  # fmt: skip
LATER = NOON + timedelta(minutes=3)
LIVE, PAPER = TradingMode.LIVE, TradingMode.PAPER


def test_a_fill_tells_time_price_size_what_it_came_to_and_its_fee() -> None:
    assert shown(views.fills([FILL], PAPER, "BTC-USDT", LATER)).split("\n") == [
        "PAPER",
        "Fills BTC-USDT, the latest 3 m ago",
        "12:00 UTC BTC-USDT sold 0.00147 at 68,013.6 = 99.98 USDT, fee 0.10 USDT",
    ]


def test_several_are_added_up_currency_by_currency() -> None:
    bought = replace(FILL, side=Side.BUY, funds=Decimal(50), fee=Decimal("0.05"), time=NOON - timedelta(days=1))
    lots = replace(
        FILL, symbol=Symbol("XBTUSDM"), venue=Venue.FUTURES, size=Decimal(20), funds=Decimal("0.0003"),
        fee=Decimal("0.0000002"), fee_currency="BTC",
    )  # fmt: skip
    text = shown(views.fills([FILL, lots, bought], LIVE, "all", LATER)).split("\n")
    assert text[-4:] == [
        "12:00 UTC XBTUSDM sold 20 lots at 68,013.6 = 0.0003 BTC, fee 0.0000002 BTC",
        "2 Mar 12:00 UTC BTC-USDT bought 0.00147 at 68,013.6 = 50.00 USDT, fee 0.05 USDT",
        "together bought 50.00, sold 99.98, fees 0.15 USDT",
        "together sold 0.0003, fees 0.0000002 BTC",
    ]


def test_what_was_done_this_moment_is_not_so_many_tenths_old() -> None:
    assert "the latest just now" in shown(views.fills([FILL], LIVE, "BTC-USDT", NOON + timedelta(seconds=1)))


def test_no_fills_is_an_answer_too() -> None:
    assert shown(views.fills([], LIVE, "BTC-USDT", NOON)) == "No fills lately on BTC-USDT."


@given(
    words=hostile,
    price=st.decimals(min_value=Decimal("1e-9"), max_value=Decimal("1e6"), places=9),
    size=st.decimals(min_value=Decimal("1e-8"), max_value=Decimal("1e9"), places=8),
)
def test_whatever_the_exchange_says_is_shown_and_never_markup(words: str, price: Decimal, size: Decimal) -> None:
    fill = replace(FILL, price=price, size=size, fee_currency=words, symbol=Symbol(words))
    text = shown(views.fills([fill, fill], LIVE, words, NOON)).replace(",", "")
    assert plain(price) in text
    assert plain(size) in text
