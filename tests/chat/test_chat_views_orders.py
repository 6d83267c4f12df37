"""Open orders and cancels as people read them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.views import orders as views
from chatbot.core.market import Symbol, Venue
from chatbot.core.modes import TradingMode
from chatbot.core.numbers import plain
from chatbot.core.orders import Order, OrderType, Side
from chatbot.services.cancelling import Cancelled
from tests.chat.desk import NOON
from tests.chat.shown import actions, hostile, labels, shown, visible
from tests.chat.test_chat_views_tickets import TICKET

ORDER = Order(
    order_id="6520ad0fec2c1c0001ab3c45", client_oid="", symbol=Symbol("BTC-USDT"), venue=Venue.SPOT, side=Side.BUY,
    type=OrderType.LIMIT, price=Decimal("60000.5"), size=Decimal("0.001"), funds=None, filled_size=Decimal(0),
    filled_funds=Decimal(0), fee=Decimal(0), fee_currency="USDT", active=True, cancelled=False, created_at=NOON,
)  # fmt: skip
LIVE, PAPER = TradingMode.LIVE, TradingMode.PAPER


def test_open_orders_name_ours_and_call_the_others_external() -> None:
    other = replace(ORDER, order_id="other", side=Side.SELL, filled_size=Decimal("0.0004"))
    reply = views.orders([ORDER, other], {ORDER.order_id: TICKET}, LIVE, may_cancel=True)
    assert shown(reply).split("\n") == [
        "2 open",
        "T-418  BTC-USDT buy 0.001 at 60,000.5",
        "external  BTC-USDT sell 0.001 at 60,000.5, 0.0004 filled",
    ]
    assert labels(reply) == ["Cancel T-418", "Cancel BTC-USDT sell", "Refresh"]
    assert actions(reply) == [f"cancel {ORDER.order_id}", "cancel other", "orders"]


def test_an_order_under_our_mark_is_not_called_external() -> None:
    text = shown(views.orders([replace(ORDER, client_oid="cb1")], {}, LIVE, may_cancel=True))
    assert "mine, without a ticket  BTC-USDT buy" in text
    assert "external" not in text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "KuCoin has not cancelled T-418 yet. Its card changes once it has; /orders shows what still rests."),
        ({"active": False, "cancelled": True}, "T-418 is cancelled."),
        ({"active": False, "filled_size": Decimal("0.001")}, "T-418 was filled before the cancel came."),
        ({"active": False, "parked": True}, "T-418 waits no more, and what became of it is being looked up."),
    ],
)
def test_the_button_of_a_card_says_no_more_than_kucoin_shows(changes: dict[str, Any], told: str) -> None:
    assert views.cancelled_in_short(replace(ORDER, **changes), "T-418") == told


def test_after_cancel_all_those_made_elsewhere_are_named_and_cost_a_tap_more() -> None:
    gone = replace(ORDER, active=False, cancelled=True)
    reply = views.all_cancelled(Cancelled(orders=(gone,), left=(ORDER, replace(ORDER, side=Side.SELL))), LIVE)
    assert shown(reply).split("\n") == [
        "BTC-USDT buy 0.001 at 60,000.5 cancelled.",
        "2 made elsewhere, left as they are:",
        "BTC-USDT buy 0.001 at 60,000.5",
        "BTC-USDT sell 0.001 at 60,000.5",
    ]
    assert (labels(reply), actions(reply)) == (["Cancel 2 made elsewhere too"], ["cancel elsewhere"])
    alone = views.all_cancelled(Cancelled(orders=(), left=(ORDER,)), PAPER)
    assert shown(alone).split("\n")[:3] == ["PAPER", "No open orders of mine.", "1 made elsewhere, left as it is:"]
    many = shown(views.all_cancelled(Cancelled(orders=(), left=(ORDER,) * 500), LIVE))
    assert many.endswith("more")
    assert len(many) < 4096
    assert views.all_cancelled(Cancelled(orders=(gone,)), LIVE).buttons == ()
    assert shown(views.all_cancelled(Cancelled(orders=()), LIVE)) == "No open orders."


def test_a_stray_is_told_with_its_ticket_and_its_number() -> None:
    text = str(views.stray(replace(TICKET, order_id="6700")))
    assert "T-418: BTC-USDT buy 100" in text
    assert "KuCoin id 6700" in text


def test_who_may_not_cancel_is_offered_no_cancel() -> None:
    assert labels(views.orders([ORDER], {}, LIVE, may_cancel=False)) == ["Refresh"]


def test_no_open_orders_is_an_answer_too() -> None:
    assert shown(views.orders([], {}, PAPER, may_cancel=True)) == "PAPER\nNo open orders."


@pytest.mark.parametrize("count", [30, 31, 99, 500])
def test_very_many_orders_stay_one_message(count: int) -> None:
    many = [replace(ORDER, order_id=f"{n:024x}") for n in range(count)]
    reply = views.orders(many, {}, LIVE, may_cancel=True)
    text = shown(reply)
    assert len(text) < 4096
    assert text.startswith(f"{count} open")
    assert labels(reply).count("Cancel BTC-USDT buy") == 30
    assert (f"and {count - 30} older ones" in text) == (count > 30)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"active": True}, "cancel requested; KuCoin still shows it open."),
        ({"active": True, "filled_size": Decimal("0.0004")}, "still shows it open, 0.0004 was filled."),
        ({"active": False, "cancelled": True}, "BTC-USDT buy 0.001 at 60,000.5 cancelled."),
        ({"active": False, "cancelled": True, "filled_size": Decimal("0.0004")}, "cancelled, 0.0004 was filled."),
        ({"active": False, "cancelled": False}, "was filled before the cancel came."),
    ],
)
def test_a_cancel_claims_no_more_than_the_exchange_says(changes: dict[str, object], words: str) -> None:
    assert words in visible(views.cancelled(replace(ORDER, **changes), LIVE))  # type: ignore[arg-type]


def test_a_market_order_by_funds_has_a_size_to_show() -> None:
    order = replace(ORDER, type=OrderType.MARKET, price=None, size=None, funds=Decimal(100))
    assert "BTC-USDT buy 100" in shown(views.orders([order], {}, LIVE, may_cancel=False))


@given(
    words=hostile,
    price=st.decimals(min_value=Decimal("1e-9"), max_value=Decimal("1e6"), places=9),
    size=st.decimals(min_value=Decimal("1e-8"), max_value=Decimal("1e9"), places=8),
)
def test_whatever_the_exchange_says_is_shown_and_never_markup(words: str, price: Decimal, size: Decimal) -> None:
    order = replace(ORDER, symbol=Symbol(words or "x"), price=price, size=size)
    text = shown(views.orders([order], {}, LIVE, may_cancel=True)).replace(",", "")
    assert plain(price) in text
    assert plain(size) in text


def test_a_stop_order_is_listed_with_its_trigger_and_its_cancel_told_as_it_was() -> None:
    waits = replace(ORDER, side=Side.SELL, parked=True, trigger=Decimal(61000))
    assert "T-418  BTC-USDT sell 0.001 at 60,000.5, stop 61,000" in shown(
        views.orders([waits], {ORDER.order_id: TICKET}, LIVE, may_cancel=True)
    )
    line = "BTC-USDT sell 0.001 at 60,000.5, stop 61,000"
    told, advice = views.cancelled(waits, LIVE).split("\n")
    assert told == f"{line} cancel requested; KuCoin still shows it waiting."
    assert advice == "Look at /orders in a moment, and cancel it again if it is still there."
    assert shown(views.all_cancelled(Cancelled(orders=(waits, waits)), LIVE)).split("\n") == [told, told, advice]
    unread = f"{line} cancel asked for; what became of it could not be read."
    assert shown(views.all_cancelled(Cancelled(orders=(), unread=(waits,)), LIVE)).split("\n") == [unread, advice]
    gone = replace(waits, active=False)
    assert views.cancelled(replace(gone, cancelled=True), LIVE) == f"{line} cancelled."
    assert "what became of it is being looked up" in views.cancelled(gone, LIVE)
    market = replace(waits, type=OrderType.MARKET, price=None)
    assert "BTC-USDT sell 0.001, stop 61,000 cancel" in views.cancelled(market, LIVE)
