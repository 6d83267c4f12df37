from dataclasses import replace
from decimal import Decimal

import pytest

from chatbot.core.market import Symbol, Venue
from tests.core.bounded import BTC

_BTC = replace(BTC, price_increment=Decimal("0.10"))  # a zero that stands for nothing


def test_each_quantity_is_cut_to_its_own_increment() -> None:
    assert _BTC.round_price(Decimal("68014.37")) == Decimal("68014.3")
    assert _BTC.round_size(Decimal("0.001470298")) == Decimal("0.00147029")
    assert _BTC.round_funds(Decimal("99.9999999")) == Decimal("99.999999")


@pytest.mark.parametrize(
    ("price", "text"), [("67412.3", "67,412.3"), ("67412", "67,412.0"), ("67412.35", "67,412.35"), ("0.1", "0.1")]
)
def test_a_price_has_the_digits_of_its_increment_and_more_only_if_it_has_more(price: str, text: str) -> None:
    assert _BTC.show_price(Decimal(price)) == text


@pytest.mark.parametrize(
    ("symbol", "quote", "perpetual"),
    [
        ("XBTUSDTM", "USDT", True),
        ("XBTUSDM", "USD", True),
        ("XBTUSDCM", "USDC", True),
        ("XBTMH26", "USD", False),
        ("XBTUSDTMH26", "USDT", False),
    ],
)
def test_a_future_is_perpetual_unless_it_ends_in_letter_and_year(symbol: str, quote: str, perpetual: bool) -> None:
    future = replace(_BTC, symbol=Symbol(symbol), venue=Venue.FUTURES, quote=quote)
    assert future.perpetual is perpetual


def test_nothing_on_spot_is_a_perpetual() -> None:
    assert not replace(_BTC, symbol=Symbol("ANY-USDTM"), quote="USDT").perpetual
