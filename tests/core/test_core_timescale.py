"""The words under the time axis."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.charts import BARS, Timeframe
from chatbot.core.timescale import time_ticks

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _words(first: datetime, span: timedelta, slots: float, zone: str = "UTC") -> list[str]:
    return [words for _, words in time_ticks(first, span, slots, ZoneInfo(zone))]


def test_hours_of_one_day_are_told_by_the_readers_clock() -> None:
    assert _words(NOON, timedelta(minutes=5), 60) == ["13:00", "14:00", "15:00", "16:00"]
    assert _words(NOON, timedelta(minutes=5), 60, "Asia/Kolkata") == ["18:00", "19:00", "20:00", "21:00", "22:00"]


def test_midnight_shows_the_day() -> None:
    assert _words(NOON, HOUR, 24, "Europe/Berlin") == ["18:00", "4 Mar", "06:00", "12:00"]


def test_four_hours_in_a_zone_where_none_begins_at_midnight_still_show_days() -> None:
    assert _words(NOON, 4 * HOUR, 30, "Europe/Berlin") == ["4 Mar", "5 Mar", "6 Mar", "7 Mar", "8 Mar"]


def test_days_are_those_of_the_exchange_and_years_have_their_name() -> None:
    midnight = datetime(2026, 1, 1, tzinfo=UTC)
    assert _words(midnight, timedelta(days=1), 20, "America/New_York")[0] == _words(midnight, timedelta(days=1), 20)[0]
    assert _words(midnight, timedelta(weeks=1), 120)[:2] == ["Jul 2026", "Jan 2027"]


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001 - given their zone below
    st.sampled_from(Timeframe),
    st.floats(1, BARS + 1),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia"]),
)
def test_there_are_never_more_words_than_fit(moment: datetime, timeframe: Timeframe, slots: float, zone: str) -> None:
    ticks = time_ticks(moment.replace(tzinfo=UTC), timeframe.span, slots, ZoneInfo(zone))
    assert len(ticks) <= 7
    assert all(slots * 0.029 < at < slots for at, _ in ticks)
    assert len({at for at, _ in ticks}) == len(ticks)


@pytest.mark.parametrize("timeframe", Timeframe)
def test_a_whole_picture_has_a_few(timeframe: Timeframe) -> None:
    assert 2 <= len(time_ticks(NOON, timeframe.span, BARS, UTC)) <= 6


def test_few_candles_in_a_wide_picture_have_few_words() -> None:
    week = timedelta(weeks=1)
    assert len(time_ticks(NOON, week, 9, UTC)) == 4
    assert len(time_ticks(NOON, week, 9, UTC, width=24)) < 3
