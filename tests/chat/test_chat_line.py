"""What an unanswered message means, and how long is waited before the next."""

from datetime import timedelta

import httpx
import pytest
from telegram.error import NetworkError, TelegramError, TimedOut

from chatbot.chat.line import Fate, Line
from tests.chat.desk import Clock


def _caused(cause: Exception | None) -> TelegramError:
    error = NetworkError("no answer")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "fate"),
    [
        (httpx.ConnectError("refused"), Fate.NEVER_LEFT),
        (httpx.ConnectTimeout("slow"), Fate.NEVER_LEFT),
        (httpx.PoolTimeout("busy"), Fate.NEVER_LEFT),
        (httpx.ReadTimeout("slow"), Fate.MAYBE_ARRIVED),
        (httpx.WriteTimeout("slow"), Fate.MAYBE_ARRIVED),
        (httpx.ReadError("reset"), Fate.MAYBE_ARRIVED),
        (httpx.RemoteProtocolError("closed"), Fate.MAYBE_ARRIVED),
        (None, Fate.MAYBE_ARRIVED),
    ],
    ids=str,
)
def test_only_what_had_no_connection_is_known_not_to_have_arrived(cause: Exception | None, fate: Fate) -> None:
    assert Line(Clock()).failed([1], _caused(cause), silent=cause is not None) is fate


def test_the_first_failure_costs_no_time_and_those_that_follow_more_and_more_up_to_half_a_minute() -> None:
    clock = Clock()
    line = Line(clock)
    pauses = []
    for n in range(12):
        line.failed([n], TimedOut(), silent=True)
        pauses.append((line.pacer.all_open_at(urgent=True) - clock()).total_seconds())
        clock.advance(max(pauses[-1], 0))
    assert pauses[0] <= 0
    assert 0.5 <= pauses[1] <= 1
    assert all(15 <= pause <= 30 for pause in pauses[7:])


def test_what_fails_at_the_same_time_counts_once() -> None:
    clock = Clock()
    line = Line(clock)
    line.failed([1], TimedOut(), silent=True)
    for letter in (2, 3, 4, 5):
        line.failed([letter], TimedOut(), silent=True)
    assert line.pacer.all_open_at(urgent=True) - clock() <= timedelta(seconds=1)


def test_one_message_that_is_taken_ends_the_doubt() -> None:
    line = Line(Clock())
    line.failed([1], TimedOut(), silent=True)
    assert line.doubtful
    line.taken([2])
    assert not line.doubtful
