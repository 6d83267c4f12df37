"""Orders made elsewhere, as their owners read of their ends."""

from dataclasses import replace
from decimal import Decimal

from chatbot.chat.messages import Reply
from chatbot.chat.views.orders_elsewhere import ended
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import Order, OrderType
from tests.chat.shown import shown
from tests.store.test_store_elsewhere import ORDER

FILLED = replace(ORDER, active=False, filled_size=Decimal(1), filled_funds=Decimal(59_990))


def _read(order: Order) -> list[str]:
    return shown(Reply(text=ended(order))).split("\n")


def test_a_filled_order_says_what_was_paid() -> None:
    assert _read(FILLED) == ["BUY BTC-USDT filled, made elsewhere", "1 at 59,990, 59,990 in all"]


def test_a_cancelled_order_says_how_much_of_it_was_traded() -> None:
    assert _read(replace(ORDER, active=False, cancelled=True)) == [
        "BUY BTC-USDT cancelled, made elsewhere",
        "nothing of 1 at 60000",
    ]
    half = replace(FILLED, cancelled=True, filled_size=Decimal("0.5"), filled_funds=Decimal(30_000))
    assert _read(half)[1] == "0.5 of 1 at 60,000, 30,000 in all"


def test_a_contract_is_counted_in_lots() -> None:
    order = replace(
        FILLED, symbol=Symbol("XBTUSDTM"), venue=Venue.FUTURES, type=OrderType.MARKET, price=None, size=Decimal(1)
    )
    assert _read(order) == ["BUY BTC filled, made elsewhere", "1 lot at the market"]
