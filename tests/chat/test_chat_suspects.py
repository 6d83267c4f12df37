"""Which letters are at fault when Telegram fails, told from Telegram being out of order."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.suspects import Suspects
from tests.chat.desk import Clock

A, B, C = 1, 2, 3


def _suspects() -> tuple[Suspects, Clock]:
    clock = Clock()
    return Suspects(clock), clock


@given(silent=st.booleans(), times=st.integers(1, 200))
def test_while_telegram_fails_on_everything_nothing_is_given_up(*, silent: bool, times: int) -> None:
    suspects, clock = _suspects()
    for n in range(times):
        assert not suspects.failed([A + n % 3], silent=False)
        assert not suspects.failed([A, B, C], silent=silent)
        clock.advance(30)


def test_a_letter_that_fails_while_others_pass_rests_longer_each_time_and_is_given_up() -> None:
    suspects, clock = _suspects()
    rests = []
    began = clock()
    assert not suspects.failed([A], silent=False)
    while True:
        suspects.taken([B])
        if suspects.failed([A], silent=False):
            break
        until = suspects.resting()[A]
        rests.append(until - clock())
        clock.time = until
    assert len(rests) == 6
    assert rests == sorted(rests)
    assert timedelta(hours=1.5) < clock() - began < timedelta(hours=2)


def test_a_letter_that_is_never_acknowledged_leaves_eight_times_at_most() -> None:
    suspects, _ = _suspects()
    sendings = 1
    while not suspects.failed([A], silent=True):
        sendings += 1
    assert sendings == 8


def test_what_others_pass_does_not_shorten_the_rest_of_one_at_fault() -> None:
    suspects, clock = _suspects()
    suspects.failed([A], silent=False)
    suspects.taken([B])
    suspects.failed([A], silent=False)
    rest = suspects.resting()[A]
    suspects.taken([C])
    assert suspects.resting() == {A: rest}
    clock.time = rest
    assert suspects.resting() == {}
    assert suspects.apart() == [A]


@pytest.mark.parametrize("silent", [False, True])
def test_a_first_failure_proves_nothing(*, silent: bool) -> None:
    suspects, _ = _suspects()
    suspects.taken([B])
    suspects.failed([A], silent=silent)
    assert suspects.resting() == {}
    assert suspects.apart() == []


def test_a_letter_that_fails_thrice_lets_others_try_and_is_tried_again_when_one_passes() -> None:
    suspects, clock = _suspects()
    for _ in range(3):
        assert suspects.resting() == {}
        suspects.failed([A], silent=False)
    clock.advance(30)  # as long as the sender ever waits
    assert list(suspects.resting()) == [A]
    suspects.taken([B])
    assert suspects.resting() == {}
    assert suspects.apart() == []


def test_letters_that_fail_thrice_together_are_tried_alone_at_once() -> None:
    suspects, _ = _suspects()
    for _ in range(3):
        assert suspects.apart() == []
        suspects.failed([A, B], silent=False)
    assert suspects.apart() == [A, B]
    assert suspects.resting() == {}


def test_letters_that_were_parted_stay_parted_until_they_have_left() -> None:
    suspects, _ = _suspects()
    suspects.part([A, B])
    suspects.taken([C])
    assert suspects.apart() == [A, B]
    suspects.taken([A])
    assert suspects.apart() == [B]
    suspects.dropped(B)
    assert suspects.apart() == []


def test_a_letter_that_passed_after_all_is_like_any_other() -> None:
    suspects, _ = _suspects()
    for _ in range(5):
        suspects.failed([A], silent=True)
    suspects.taken([A])
    assert not suspects.failed([A], silent=True)
    assert (suspects.resting(), suspects.apart()) == ({}, [])
