"""Orders made elsewhere: an end is news once, whatever is seen of the order before and after."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import Order, OrderType, Side
from chatbot.store.store import Store
from tests.store.rules import MADE

ORDER = Order(
    order_id="a1",
    client_oid="",
    symbol=Symbol("BTC-USDT"),
    venue=Venue.SPOT,
    side=Side.BUY,
    type=OrderType.LIMIT,
    price=Decimal(60_000),
    size=Decimal(1),
    funds=None,
    filled_size=Decimal(0),
    filled_funds=Decimal(0),
    fee=Decimal(0),
    fee_currency="USDT",
    active=True,
    cancelled=False,
    created_at=MADE,
)


def test_an_end_is_news_once(store: Store) -> None:
    store.elsewhere.see(ORDER)
    store.elsewhere.see(ORDER)
    assert store.elsewhere.resting() == {"a1": (Symbol("BTC-USDT"), Venue.SPOT)}
    assert store.elsewhere.end(ORDER)
    assert not store.elsewhere.end(ORDER)
    assert store.elsewhere.resting() == {}


def test_an_older_word_does_not_bring_an_order_back(store: Store) -> None:
    assert store.elsewhere.end(ORDER), "nobody saw it rest"
    store.elsewhere.see(ORDER)
    assert store.elsewhere.resting() == {}
    assert not store.elsewhere.end(ORDER)


def test_what_ended_is_forgotten_after_a_while_and_what_rests_is_not(store: Store) -> None:
    store.elsewhere.see(replace(ORDER, order_id="b2"))
    store.elsewhere.end(ORDER)
    store.elsewhere.clean(store.now() - timedelta(seconds=1))
    assert not store.elsewhere.end(ORDER)
    store.elsewhere.clean(store.now() + timedelta(seconds=1))
    assert store.elsewhere.end(ORDER)
    assert list(store.elsewhere.resting()) == ["b2"]
    store.elsewhere.forget("b2")
    assert store.elsewhere.resting() == {}
