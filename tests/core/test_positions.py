"""What a position means in coins, in distance and in whole lots."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core import positions
from chatbot.core.account import Position
from chatbot.core.errors import Refused, UsageError
from chatbot.core.market import Instrument, Symbol, Ticker, Venue
from chatbot.core.orders import OrderType, Side
from chatbot.core.times import from_millis

BTC = Symbol("XBTUSDTM")
LONG = Position(
    symbol=BTC, lots=Decimal(51), entry_price=Decimal(60000), mark_price=Decimal(60000),
    liquidation_price=Decimal(57000), value=Decimal(3060), unrealised_pnl=Decimal(0), currency="USDT",
)  # fmt: skip
SHORT = replace(LONG, lots=Decimal(-3), liquidation_price=Decimal(63000))
PERPETUAL = Instrument(
    symbol=BTC, venue=Venue.FUTURES, base="BTC", quote="USDT", price_increment=Decimal("0.1"),
    size_increment=Decimal(1), min_size=Decimal(1), max_size=Decimal(1000), funds_increment=Decimal("0.01"),
    min_funds=Decimal(0), max_funds=Decimal(10**12), tradable=True, taker_fee_rate=Decimal("0.0006"),
    multiplier=Decimal("0.001"),
)  # fmt: skip
INVERSE = replace(PERPETUAL, symbol=Symbol("XBTUSDM"), quote="USD", multiplier=Decimal(1), inverse=True)
TICKER = Ticker(
    symbol=BTC, price=Decimal(60000), bid=Decimal(59990), ask=Decimal(60010), time=from_millis(0)
)  # fmt: skip


@pytest.mark.parametrize(
    ("symbol", "coin", "settles"),
    [
        ("XBTUSDTM", "BTC", "USDT"),
        ("ETHUSDCM", "ETH", "USDC"),
        ("XBTUSDM", "BTC", "BTC"),
        ("ETHUSDM", "ETH", "ETH"),
        ("1000BONKUSDTM", "1000BONK", "USDT"),
        ("XBTMZ25", "XBTMZ25", "XBTMZ25"),
        ("USDTM", "USDTM", "USDT"),
        ("", "", ""),
    ],
)
def test_a_contract_names_its_coin_and_its_currency(symbol: str, coin: str, settles: str) -> None:
    assert (positions.coin_of(Symbol(symbol)), positions.settled_in(Symbol(symbol))) == (coin, settles)


def test_coins_are_lots_times_their_worth_but_for_inverse_contracts() -> None:
    assert positions.coins(SHORT, PERPETUAL) == Decimal("0.003")
    assert positions.coins(SHORT, INVERSE) is None


def test_the_way_to_liquidation_counts_against_the_position() -> None:
    assert positions.to_liquidation(LONG) == positions.to_liquidation(SHORT) == Decimal("0.05")
    assert positions.to_liquidation(replace(LONG, mark_price=Decimal(56000))) < 0  # type: ignore[operator]
    assert positions.to_liquidation(replace(LONG, liquidation_price=None)) is None
    assert positions.to_liquidation(replace(LONG, mark_price=Decimal(0))) is None


@given(
    lots=st.integers(min_value=1, max_value=1000),
    percent=st.decimals(min_value=Decimal("0.001"), max_value=Decimal(100), places=3),
    short=st.booleans(),
)
def test_a_part_is_whole_lots_and_never_more_than_was_asked(lots: int, percent: Decimal, *, short: bool) -> None:
    held = replace(LONG, lots=Decimal(-lots if short else lots))
    try:
        part = positions.part(held, percent, PERPETUAL)
    except Refused:
        assert lots * percent < 100
        return
    assert part == part.to_integral_value()
    assert 0 < part <= lots * percent / 100
    assert part + 1 > lots * percent / 100
    spec = positions.order_out_of(held, part, "cb1")
    assert (spec.venue, spec.type, spec.size) == (Venue.FUTURES, OrderType.MARKET, part)
    assert spec.side is (Side.BUY if short else Side.SELL)


def test_too_many_lots_for_one_order_are_refused_before_they_are_shown() -> None:
    with pytest.raises(Refused, match="at most 1000 lots"):
        positions.part(replace(LONG, lots=Decimal(1001)), Decimal(100), PERPETUAL)


def test_a_close_costs_its_fee_in_the_contracts_currency_and_nothing_of_the_budget() -> None:
    spec = positions.order_out_of(LONG, Decimal(25), "cb1")
    cost = positions.cost_of(spec, LONG, PERPETUAL, TICKER, Decimal("0.0006"))
    assert (cost.price, cost.size, cost.funds, cost.fee) == (
        Decimal(59990), Decimal("0.025"), Decimal("1499.75"), Decimal("0.89985"),
    )  # fmt: skip
    assert (cost.notional, cost.free_after) == (Decimal(0), Decimal(26))
    back = positions.order_out_of(SHORT, Decimal(3), "cb1")
    inverse = positions.cost_of(back, SHORT, INVERSE, TICKER, Decimal(0))
    assert (inverse.price, inverse.funds, inverse.free_after) == (
        Decimal(60010), 3 / Decimal(60010), Decimal(0),
    )  # fmt: skip


def test_the_position_that_is_meant_is_picked_and_never_guessed() -> None:
    other = replace(LONG, symbol=Symbol("ETHUSDTM"))
    assert positions.picked([other, LONG], PERPETUAL, "") is LONG
    assert positions.picked([LONG, SHORT], PERPETUAL, "short") is SHORT
    with pytest.raises(UsageError, match="a long and a short") as refused:
        positions.picked([LONG, SHORT], PERPETUAL, "")
    assert refused.value.example == "/close XBTUSDTM long"
    with pytest.raises(Refused, match=r"No short position is open on XBTUSDTM\. Open: ETHUSDTM\."):
        positions.picked([LONG, other], PERPETUAL, "short")
    with pytest.raises(Refused, match=r"No position is open on XBTUSDTM\.$"):
        positions.picked([], PERPETUAL, "")
