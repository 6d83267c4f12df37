from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from chatbot.store.values import maybe_decimal, maybe_money, moment, money, stamp

_zones = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
_moments = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1), timezones=_zones)  # noqa: DTZ001
_decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1e25"), max_value=Decimal("1e25"))


def test_a_moment_is_written_in_utc_with_all_its_digits() -> None:
    assert stamp(datetime(2026, 3, 1, 12, 43, tzinfo=UTC)) == "2026-03-01T12:43:00.000000+00:00"
    berlin = timezone(timedelta(hours=1))
    assert stamp(datetime(2026, 3, 1, 13, 43, 0, 999_999, tzinfo=berlin)) == "2026-03-01T12:43:00.999999+00:00"


@given(_moments)
def test_a_moment_comes_back_the_same_and_in_utc(when: datetime) -> None:
    assert moment(stamp(when)) == when
    assert moment(stamp(when)).utcoffset() == timedelta(0)


@given(_moments, _moments)
def test_the_order_of_texts_is_the_order_of_time(one: datetime, other: datetime) -> None:
    assert (stamp(one) < stamp(other)) == (one < other)


@given(_decimals)
def test_money_comes_back_equal(value: Decimal) -> None:
    assert Decimal(money(value)) == value
    assert maybe_decimal(maybe_money(value)) == value


def test_money_that_is_not_there_stays_away() -> None:
    assert maybe_money(None) is None
    assert maybe_decimal(None) is None
    assert maybe_money(Decimal("0.0")) == "0"
