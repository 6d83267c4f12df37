from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.account import Position
from chatbot.core.funding import FundingSeen, Payer, annualised, noted, payer, payment
from chatbot.core.market import FundingRate, Symbol


def _position(lots: Decimal, value: Decimal) -> Position:
    return Position(
        symbol=Symbol("XBTUSDTM"),
        lots=lots,
        entry_price=Decimal(67000),
        mark_price=Decimal(67400),
        liquidation_price=None,
        value=value,
        unrealised_pnl=Decimal(0),
        currency="USDT",
    )


@pytest.mark.parametrize(
    ("rate", "who"), [("0.0001", Payer.LONGS), ("-0.0001", Payer.SHORTS), ("0", Payer.NOBODY), ("-0.00", Payer.NOBODY)]
)
def test_a_positive_rate_is_paid_by_the_longs(rate: str, who: Payer) -> None:
    assert payer(Decimal(rate)) is who


@pytest.mark.parametrize(
    ("lots", "rate", "received"),
    [("50", "0.000145", "-0.48865"), ("-50", "0.000145", "0.48865"), ("50", "-0.000145", "0.48865"), ("-50", "0", "0")],
)
def test_what_a_position_receives_or_pays(lots: str, rate: str, received: str) -> None:
    assert payment(_position(Decimal(lots), Decimal(3370)), Decimal(rate)) == Decimal(received)


_lots = st.decimals(min_value=1, max_value=1_000_000, places=0)
_values = st.decimals(min_value=0, max_value=Decimal("1e9"), places=4)
_rates = st.decimals(min_value=Decimal("-0.03"), max_value=Decimal("0.03"), places=6)


@given(_lots, _values, _rates)
def test_what_a_long_pays_the_same_short_receives(lots: Decimal, value: Decimal, rate: Decimal) -> None:
    long, short = payment(_position(lots, value), rate), payment(_position(-lots, value), rate)
    assert long + short == 0
    assert payment(_position(lots, value), -rate) == short


@given(_lots, _values.filter(bool), _rates.filter(bool))
def test_whoever_pays_is_the_one_that_receives_less_than_nothing(lots: Decimal, value: Decimal, rate: Decimal) -> None:
    assert (payment(_position(lots, value), rate) < 0) == (payer(rate) is Payer.LONGS)


@pytest.mark.parametrize(
    ("hours", "over_a_year"), [(8, Decimal("0.1095")), (4, Decimal("0.219")), (1, Decimal("0.876"))]
)
def test_a_rate_is_counted_over_the_settlements_of_a_year(hours: int, over_a_year: Decimal) -> None:
    assert annualised(Decimal("0.0001"), timedelta(hours=hours)) == over_a_year


@given(_rates)
def test_halving_the_interval_doubles_the_year(rate: Decimal) -> None:
    assert annualised(rate, timedelta(hours=4)) == 2 * annualised(rate, timedelta(hours=8))


def _rate(rate: str, predicted: str | None = None) -> FundingRate:
    return FundingRate(
        symbol=Symbol("XBTUSDTM"),
        rate=Decimal(rate),
        predicted=None if predicted is None else Decimal(predicted),
        interval=timedelta(hours=8),
        next_at=datetime(2026, 3, 1, 16, tzinfo=UTC),
    )


def test_of_a_look_is_kept_what_the_next_one_is_compared_with() -> None:
    assert noted(_rate("0.0001", "-0.0002"), None) == FundingSeen(
        symbol=Symbol("XBTUSDTM"),
        settles_at=datetime(2026, 3, 1, 16, tzinfo=UTC),
        rate=Decimal("0.0001"),
        predicted=Decimal("-0.0002"),
        interval=timedelta(hours=8),
    )


def test_a_rate_of_zero_leaves_the_one_before_it_standing() -> None:
    first = noted(_rate("0"), None)
    assert first.rate == 0
    plus = noted(_rate("0.0001"), first)
    assert noted(_rate("0", "0"), plus) == noted(_rate("0.0001", "0"), None)
    assert noted(_rate("-0.0003"), plus).rate == Decimal("-0.0003")
