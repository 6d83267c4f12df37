import itertools
from datetime import UTC, datetime, timedelta

import pytest

from chatbot.core.complaints import AGAIN, LONGEST, Complaint, told

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def _all_tellings(span: timedelta) -> list[timedelta]:
    """Of a trouble that is looked at every minute for so long."""
    known, found, passed = None, [], timedelta(0)
    while passed <= span:
        new = told(known, NOON, NOON + passed)
        if new is not None:
            known = new
            found.append(passed)
        passed += timedelta(minutes=1)
    return found


def test_a_trouble_is_told_at_once_and_then_after_twice_as_long_each_time() -> None:
    minutes = [each // timedelta(minutes=1) for each in _all_tellings(timedelta(hours=8))]
    assert minutes == [0, 15, 45, 105, 225, 465]


def test_however_long_it_stands_it_is_told_daily() -> None:
    tellings = _all_tellings(timedelta(days=9))
    assert [b - a for a, b in itertools.pairwise(tellings)][-3:] == [LONGEST] * 3


def test_it_stands_since_it_began_however_often_it_was_told() -> None:
    first = told(None, NOON, NOON + SECOND)
    assert first == Complaint(since=NOON, told_at=NOON + SECOND, times=1)
    again = told(first, NOON + AGAIN, NOON + SECOND + AGAIN)
    assert again == Complaint(since=NOON, told_at=NOON + SECOND + AGAIN, times=2)


@pytest.mark.parametrize(
    ("later", "heard"),
    [(AGAIN - SECOND, False), (AGAIN, True), (-SECOND, False), (-AGAIN, False), (-timedelta(days=1), True)],
)
def test_a_clock_that_was_set_back_far_silences_nobody(later: timedelta, *, heard: bool) -> None:
    known = Complaint(since=NOON, told_at=NOON, times=1)
    assert (told(known, NOON, NOON + later) is not None) is heard


def test_a_trouble_told_ever_so_often_breaks_nothing() -> None:
    assert Complaint(since=NOON, told_at=NOON, times=10_000).pause == LONGEST
