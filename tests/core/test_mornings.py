from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.mornings import believable, coming, due, held_leaves, latest
from chatbot.core.preferences import DEFAULT_VOLUMES, Kind, Preferences, Quiet, Volume

BERLIN, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati")]
DAY = timedelta(days=1)
NIGHT = Quiet(since=time(22), until=time(7))

_moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
_times = st.builds(time, st.integers(0, 23), st.integers(0, 59))


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@given(_times, _moments, st.sampled_from(ZONES))
def test_the_latest_hour_is_past_and_the_coming_one_is_not_yet(hour: time, now: datetime, zone: ZoneInfo) -> None:
    last, following = latest(hour, now, zone), coming(hour, now, zone)
    assert last <= now < following
    assert following - last in {timedelta(hours=h) for h in (23, 24, 25)}
    assert latest(hour, following - timedelta(microseconds=1), zone) == last
    assert latest(hour, following, zone) == following


@pytest.mark.parametrize(
    ("now", "expected"),
    [(at(3, 6, 59), at(2, 7)), (at(3, 7), at(3, 7)), (at(3, 23, 30), at(3, 7))],
    ids=["before it", "at it", "in the evening"],
)
def test_eight_in_berlin_is_seven_in_winter(now: datetime, expected: datetime) -> None:
    assert latest(time(8), now, BERLIN) == expected


def test_eight_in_berlin_stays_eight_when_the_clocks_change() -> None:
    assert latest(time(8), at(29, 12), BERLIN) == at(29, 6)
    assert latest(time(8), at(25, 12, month=10), BERLIN) == at(25, 7, month=10)


@pytest.mark.parametrize("day", [at(29, 0), at(25, 0, month=10)], ids=["an hour less", "an hour more"])
def test_an_hour_that_is_missing_or_comes_twice_is_due_once(day: datetime) -> None:
    hours = [latest(time(2, 30), day - DAY + timedelta(minutes=10 * n), BERLIN) for n in range(6 * 48)]
    settled, told = day - DAY, 0
    for n in range(6 * 48):
        moment = due(time(2, 30), settled, day - DAY + timedelta(minutes=10 * n), BERLIN)
        if moment is not None:
            settled, told = moment, told + 1
    assert told == 2
    assert hours == sorted(hours)


def test_of_several_days_that_were_missed_the_last_is_owed_alone() -> None:
    moment = due(time(8), at(1, 7), at(5, 12), BERLIN)
    assert moment == at(5, 7)
    assert due(time(8), at(5, 7), at(5, 12), BERLIN) is None


@pytest.mark.parametrize("hours", [1, 30, 24 * 40])
def test_a_clock_that_is_set_back_makes_nothing_due_again(hours: int) -> None:
    assert due(time(8), at(5, 7), at(5, 12) - timedelta(hours=hours), BERLIN) is None


def test_what_was_settled_far_ahead_is_not_believed() -> None:
    assert believable(at(5, 7), at(5, 6))
    assert not believable(at(9, 7), at(5, 6))
    assert not believable(None, at(5, 6))


ASLEEP = Preferences(quiet=NIGHT)


@pytest.mark.parametrize(
    ("preferences", "now", "leaves"),
    [
        (ASLEEP, at(3, 6, 59), False),
        (ASLEEP, at(3, 7), True),
        (replace(ASLEEP, digest_at=time(8)), at(3, 7), False),
        (replace(ASLEEP, digest_at=time(8)), at(3, 8), True),
        (replace(ASLEEP, digest_at=time(20)), at(3, 7), True),
        (replace(ASLEEP, digest_at=time(5)), at(3, 7), True),
        (replace(ASLEEP, digest_at=time(8), volumes={**DEFAULT_VOLUMES, Kind.DIGEST: Volume.OFF}), at(3, 7), True),
        (Preferences(), at(3, 3), True),
    ],
    ids=["asleep", "awake", "digest soon", "digest gone", "digest at night", "before the end", "off", "no quiet hours"],
)
def test_what_was_held_leaves_at_the_end_of_the_night_unless_a_digest_is_to_tell_it(
    preferences: Preferences, now: datetime, *, leaves: bool
) -> None:
    assert held_leaves(preferences, now, UTC_ZONE) is leaves
