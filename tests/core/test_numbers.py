from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.numbers import ceil_to, floor_to, grouped, is_multiple, money, places, plain, signed, tidy

_values = st.decimals(min_value=0, max_value=Decimal("1e15"), places=12)
_increments = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent), st.sampled_from([1, 2, 5, 25, 3]), st.integers(-10, 3)
)
_any_size = st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1e20"), max_value=Decimal("1e20"))


@pytest.mark.parametrize(
    ("value", "increment", "down", "up"),
    [
        ("100", "0.01", "100", "100"),
        ("0.019", "0.01", "0.01", "0.02"),
        ("0.009", "0.01", "0", "0.01"),
        ("68014.37", "0.1", "68014.3", "68014.4"),
        ("7", "2", "6", "8"),
        ("0.0000000019", "0.0000000001", "0.0000000019", "0.0000000019"),
        ("0", "0.01", "0", "0"),
        ("1499", "100", "1400", "1500"),
    ],
)
def test_a_value_goes_to_the_nearest_step_below_or_above(value: str, increment: str, down: str, up: str) -> None:
    assert floor_to(Decimal(value), Decimal(increment)) == Decimal(down)
    assert ceil_to(Decimal(value), Decimal(increment)) == Decimal(up)


@given(_values, _increments)
def test_a_floor_is_the_largest_multiple_that_is_not_above(value: Decimal, increment: Decimal) -> None:
    floor = floor_to(value, increment)
    assert is_multiple(floor, increment)
    assert floor <= value < floor + increment


@given(_values, _increments)
def test_a_ceiling_is_the_smallest_multiple_that_is_not_below(value: Decimal, increment: Decimal) -> None:
    ceiling = ceil_to(value, increment)
    assert is_multiple(ceiling, increment)
    assert ceiling - increment < value <= ceiling


@given(_values, _increments)
def test_rounding_twice_is_rounding_once(value: Decimal, increment: Decimal) -> None:
    once = floor_to(value, increment)
    assert floor_to(once, increment) == once == ceil_to(once, increment)


@pytest.mark.parametrize("value", ["0.99999999999999999999999999999999", "12345678901234567890123456789.9"])
def test_a_floor_is_not_above_even_where_a_quotient_would_be_rounded(value: str) -> None:
    assert floor_to(Decimal(value), Decimal(1)) <= Decimal(value)
    assert ceil_to(Decimal(value), Decimal(1)) >= Decimal(value)


def test_a_multiple_is_one_however_many_steps_it_has() -> None:
    assert is_multiple(Decimal("1e40"), Decimal("0.00000001"))
    assert not is_multiple(Decimal("10000000000000000000000000000000.005"), Decimal("0.01"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0.00000610", "0.0000061"),
        ("100", "100"),
        ("100.00", "100"),
        ("1E+5", "100000"),
        ("6.1E-6", "0.0000061"),
        ("0E-8", "0"),
        ("0E+3", "0"),
        ("-0.50", "-0.5"),
        ("1234567890123456789012345.6789", "1234567890123456789012345.6789"),
    ],
)
def test_plain_writes_digits_only(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


@given(_any_size)
def test_plain_can_be_read_back_without_loss(value: Decimal) -> None:
    text = plain(value)
    assert Decimal(text) == value
    assert set(text) <= set("0123456789.-")


@given(_any_size)
def test_equal_values_are_written_alike(value: Decimal) -> None:
    assert plain(value) == plain(value.normalize()) or value != value.normalize()


@pytest.mark.parametrize(
    ("increment", "digits"), [("0.0100", 2), ("0.01", 2), ("1", 0), ("100", 0), ("1E-8", 8), ("0.00025", 5)]
)
def test_an_increment_says_how_many_digits_it_needs(increment: str, digits: int) -> None:
    assert places(Decimal(increment)) == digits


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        ("67412.3", 1, "67,412.3"),
        ("67412.3", 3, "67,412.300"),
        ("0", 2, "0.00"),
        ("1234567.895", 0, "1,234,568"),
    ],
)
def test_grouped_keeps_every_digit_it_was_asked_for(value: str, digits: int, text: str) -> None:
    assert grouped(Decimal(value), digits) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        ("1240.5500", 2, "1,240.55"),
        ("100.00", 2, "100"),
        ("1000", 2, "1,000"),
        ("0.001470", 8, "0.00147"),
        ("0.000001", 2, "0.000001"),
        ("-0.000001", 2, "-0.000001"),
        ("0", 2, "0"),
        ("0.4", 0, "0.4"),
    ],
)
def test_tidy_leaves_out_what_says_nothing(value: str, digits: int, text: str) -> None:
    assert tidy(Decimal(value), digits) == text


@given(_any_size.filter(bool), st.integers(0, 8))
def test_tidy_never_shows_nothing_for_something(value: Decimal, digits: int) -> None:
    assert Decimal(tidy(value, digits).replace(",", "")) != 0


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("1240.5", "USDT", "1,240.50"),
        ("100", "USDC", "100.00"),
        ("0", "USDT", "0.00"),
        ("0.01", "USD", "0.01"),
        ("0.004321", "USDT", "0.004321"),
        ("-0.004", "USDT", "-0.004"),
        ("0.0147000", "BTC", "0.0147"),
        ("1234.5", "KCS", "1,234.5"),
        ("0.00000000123", "BTC", "0.00000000123"),
    ],
)
def test_dollars_are_shown_to_the_cent_and_coins_as_fine_as_they_are(value: str, currency: str, text: str) -> None:
    assert money(Decimal(value), currency) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2.14", "+2.14"),
        ("-0.5", "-0.50"),
        ("0", "0.00"),
        ("0E-8", "0.00"),
        ("1234.5", "+1,234.50"),
        ("0.001", "0.00"),
        ("-0.001", "0.00"),
    ],
)
def test_a_change_shows_its_sign(value: str, text: str) -> None:
    assert signed(Decimal(value), 2) == text


@pytest.mark.parametrize("show", [grouped, tidy, signed])
def test_nothing_has_no_sign(show: Callable[[Decimal, int], str]) -> None:
    assert show(Decimal("-0.00"), 2).strip("0.") == ""
