"""The round sums that are offered for an order; the walks through all its steps are played in test_chat_guide."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.order_steps import round_sums


@pytest.mark.parametrize(
    ("most", "sums"),
    [
        ("100", ["50", "100"]), ("250", ["100", "200"]), ("99", ["20", "50"]), ("1", ["0.5", "1"]),
        ("0.3", ["0.1", "0.2"]), ("5000", ["2000", "5000"]), ("1E+3", ["500", "1000"]),
    ],
)  # fmt: skip
def test_the_sums_on_offer_are_the_largest_round_ones(most: str, sums: list[str]) -> None:
    assert round_sums(Decimal(most)) == [Decimal(each) for each in sums]


@given(most=st.decimals("0.01", "1e9", allow_nan=False, allow_infinity=False, places=2))
def test_no_sum_on_offer_is_above_the_limit(most: Decimal) -> None:
    small, large = round_sums(most)
    assert 0 < small < large <= most < large * 3
