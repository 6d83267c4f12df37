"""How far from the market an order would trade: what its extra tap is asked by."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.book import UNBOUNDED, is_far, reach
from chatbot.core.market import Book, Offer, Symbol, Ticker, Venue
from chatbot.core.orders import OrderSpec, OrderType, Side

SYMBOL = Symbol("BTC-USDT")
TICKER = Ticker(
    symbol=SYMBOL, price=Decimal(100), bid=Decimal(99), ask=Decimal(101), time=datetime(2026, 3, 1, tzinfo=UTC)
)
BOOK = Book(
    bids=(Offer(price=Decimal(99), size=Decimal(1)), Offer(price=Decimal(90), size=Decimal(1))),
    asks=(Offer(price=Decimal(101), size=Decimal(1)), Offer(price=Decimal(111), size=Decimal(1))),
)
MARKET = OrderSpec(
    client_oid="cb1", symbol=SYMBOL, venue=Venue.SPOT, side=Side.BUY, type=OrderType.MARKET, size=Decimal(1),
    funds=None, price=None,
)  # fmt: skip

amounts = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(1000), places=2)
offers = st.lists(st.tuples(amounts, amounts), min_size=0, max_size=20)


def limit(side: Side, price: str) -> OrderSpec:
    return replace(MARKET, side=side, type=OrderType.LIMIT, price=Decimal(price))


@pytest.mark.parametrize(
    ("side", "price", "market", "distance"),
    [
        (Side.BUY, "100", "100", "0"),
        (Side.BUY, "103", "100", "3"),
        (Side.BUY, "90", "100", "-10"),
        (Side.SELL, "100", "100", "0"),
        (Side.SELL, "97", "100", "3"),
        (Side.SELL, "1000", "100", "-900"),
        (Side.BUY, "1e30", "100", "1000000000"),
        (Side.SELL, "1e30", "100", "-1000000000"),
    ],
)
def test_a_limit_price_is_measured_from_the_market_and_above_zero_is_worse(
    side: Side, price: str, market: str, distance: str
) -> None:
    found = reach(limit(side, price), TICKER, None)
    assert (found.market, found.distance, found.slippage) == (Decimal(market), Decimal(distance), None)


@pytest.mark.parametrize(
    ("side", "ticker", "market"),
    [
        (Side.BUY, replace(TICKER, price=Decimal(105)), "101"),
        (Side.BUY, replace(TICKER, price=Decimal(80)), "80"),
        (Side.SELL, replace(TICKER, price=Decimal(80)), "99"),
        (Side.SELL, replace(TICKER, price=Decimal(130)), "130"),
    ],
)
def test_the_market_is_the_better_of_the_best_offer_and_the_last_trade(side: Side, ticker: Ticker, market: str) -> None:
    assert reach(limit(side, "100"), ticker, None).market == Decimal(market)


@pytest.mark.parametrize(
    ("change", "distance", "slippage"),
    [
        ({}, "1", "0"),
        ({"size": Decimal(2)}, "6", "4.9505"),
        ({"size": None, "funds": Decimal(101)}, "1", "0"),
        ({"size": None, "funds": Decimal(212)}, "6", "4.9505"),
        ({"side": Side.SELL}, "1", "0"),
        ({"side": Side.SELL, "size": Decimal(2)}, "5.5", "4.5455"),
    ],
)
def test_a_market_order_is_reckoned_through_the_book(change: dict[str, object], distance: str, slippage: str) -> None:
    found = reach(replace(MARKET, **change), TICKER, BOOK)  # type: ignore[arg-type]
    assert (found.distance, found.slippage) == (Decimal(distance), Decimal(slippage))


@pytest.mark.parametrize("book", [None, replace(BOOK, asks=()), BOOK])
@pytest.mark.parametrize("amount", [{"size": Decimal("2.01")}, {"size": None, "funds": Decimal("212.01")}])
def test_nothing_bounds_a_market_order_that_the_shown_book_cannot_fill(
    book: Book | None, amount: dict[str, Decimal | None]
) -> None:
    found = reach(replace(MARKET, **amount), TICKER, book)  # type: ignore[arg-type]
    assert (found.distance, found.slippage) == (UNBOUNDED, None)
    assert is_far(found)


@pytest.mark.parametrize(("price", "far"), [("102", False), ("102.01", True), ("1", False)])
def test_more_than_two_percent_beyond_the_market_is_far(price: str, far: bool) -> None:
    assert is_far(reach(limit(Side.BUY, price), TICKER, None)) == far


def test_a_market_without_a_price_bounds_nothing() -> None:
    nothing = replace(TICKER, price=Decimal(0), bid=Decimal(0), ask=Decimal(0))
    assert is_far(reach(limit(Side.BUY, "100"), nothing, None))
    assert is_far(reach(MARKET, nothing, BOOK))


@given(side=st.sampled_from(Side), rows=offers, amount=amounts, by_funds=st.booleans())
def test_no_market_order_does_better_than_the_best_offer(
    side: Side, rows: list[tuple[Decimal, Decimal]], amount: Decimal, by_funds: bool
) -> None:
    ordered = sorted(rows, reverse=side is Side.SELL)
    levels = tuple(Offer(price=price, size=size) for price, size in ordered)
    book = Book(bids=levels, asks=levels)
    size, funds = (None, amount) if by_funds else (amount, None)
    found = reach(replace(MARKET, side=side, size=size, funds=funds), TICKER, book)
    held = sum((o.price * o.size if by_funds else o.size for o in levels), Decimal(0))
    assert (found.slippage is not None) == (held >= amount and bool(levels))
    if found.slippage is not None:
        assert not found.slippage.is_signed(), "nor is there a zero below zero, which nothing would take for a number"
        assert found.slippage >= 0
        worst = abs(levels[-1].price - levels[0].price) / levels[0].price * 100
        assert found.slippage <= worst + Decimal("0.0001")
