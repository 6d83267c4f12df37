from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.times import Uptime, from_millis, in_minutes, in_words, to_millis, utc_now


def test_the_time_read_is_utc() -> None:
    assert utc_now().tzinfo is UTC


def test_millis_become_a_moment_in_utc() -> None:
    assert from_millis(1760000000100) == datetime(2025, 10, 9, 8, 53, 20, 100_000, tzinfo=UTC)
    assert from_millis(0).tzinfo is UTC


@given(st.integers(0, 4_102_444_800_000))
def test_millis_come_back_exactly(millis: int) -> None:
    assert to_millis(from_millis(millis)) == millis


def test_part_of_a_millisecond_is_dropped() -> None:
    assert to_millis(datetime(1970, 1, 1, 0, 0, 1, 999_999, tzinfo=UTC)) == 1999


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    berlin = timezone(timedelta(hours=2))
    assert to_millis(datetime(1970, 1, 1, 2, 0, 0, 5000, tzinfo=berlin)) == 5


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(hours=4, minutes=56, seconds=59), "4 h 56 m"),
        (timedelta(minutes=1, seconds=51), "1 m 51 s"),
        (timedelta(minutes=2), "2 m"),
        (timedelta(seconds=9.9), "9 s"),
        (timedelta(milliseconds=400), "0.4 s"),
        (timedelta(0), "0.0 s"),
        (timedelta(seconds=-5), "0.0 s"),
        (timedelta(days=6, hours=1, minutes=59), "6 d 1 h"),
        (timedelta(days=1, minutes=59), "1 d"),
        (timedelta(hours=1), "1 h"),
    ],
)
def test_a_span_is_read_in_two_units_at_most(span: timedelta, words: str) -> None:
    assert in_words(span) == words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(minutes=22, seconds=59), "23 m"),
        (timedelta(minutes=22, seconds=29), "22 m"),
        (timedelta(hours=4, minutes=55, seconds=31), "4 h 56 m"),
        (timedelta(minutes=59, seconds=30), "1 h"),
        (timedelta(minutes=1), "1 m"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(seconds=-5), "0.0 s"),
    ],
)
def test_what_is_still_to_come_is_read_in_minutes_as_long_as_there_are_any(span: timedelta, words: str) -> None:
    assert in_minutes(span) == words


_MARK = Uptime(boot="a", awake=timedelta(seconds=100))


@pytest.mark.parametrize(
    ("now", "mark", "reached"),
    [
        (Uptime(boot="a", awake=timedelta(seconds=100, microseconds=-1)), _MARK, False),
        (Uptime(boot="a", awake=timedelta(seconds=100)), _MARK, True),
        (Uptime(boot="b", awake=timedelta(seconds=1)), _MARK, True),
        (Uptime(boot="a", awake=timedelta(seconds=1)), None, True),
    ],
)
def test_a_moment_ahead_comes_by_waiting_or_with_another_start_of_the_host(
    now: Uptime, mark: Uptime | None, reached: bool
) -> None:
    assert now.reached(mark) is reached
