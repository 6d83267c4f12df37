"""Pacing: bursts pass, floods do not, and what Telegram asked for is kept."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.pacing import Pacer
from tests.chat.desk import Clock

STEPS = st.lists(st.tuples(st.integers(0, 3), st.floats(0, 2)), min_size=1, max_size=150)


def _sent(chats: list[int], steps: list[tuple[int, float]]) -> list[tuple[int, datetime]]:
    """Tries to send at each step, after its pause; who left when."""
    clock = Clock()
    pacer = Pacer(clock)
    left = []
    for which, pause in steps:
        clock.advance(pause)
        chat = chats[which % len(chats)]
        if pacer.may_send(chat):
            pacer.spent(chat)
            left.append((chat, clock()))
    return left


def _never_more(moments: list[datetime], burst: int, pace: float) -> None:
    """In any window: the burst, one that was due as it began, and one a pace."""
    for first, begin in enumerate(moments):
        for last in range(first, len(moments)):
            window = (moments[last] - begin).total_seconds()
            assert last - first + 1 <= burst + 1 + window / pace + 1e-6


@given(steps=STEPS)
def test_a_chat_never_gets_more_than_a_burst_and_one_a_second(steps: list[tuple[int, float]]) -> None:
    _never_more([at for _, at in _sent([7], steps)], burst=5, pace=1)


@given(steps=STEPS)
def test_a_group_never_gets_more_than_a_burst_and_twenty_a_minute(steps: list[tuple[int, float]]) -> None:
    _never_more([at for _, at in _sent([-7], steps)], burst=10, pace=3)


@given(steps=st.lists(st.tuples(st.integers(0, 99), st.floats(0, 0.1)), min_size=1, max_size=200))
def test_all_chats_together_never_get_more_than_a_burst_and_twenty_five_a_second(
    steps: list[tuple[int, float]],
) -> None:
    _never_more([at for _, at in _sent(list(range(1, 101)), steps)], burst=25, pace=1 / 25)


@given(steps=STEPS)
def test_a_chat_is_open_again_at_the_moment_that_was_named(steps: list[tuple[int, float]]) -> None:
    clock = Clock()
    pacer = Pacer(clock)
    for _, pause in steps:
        clock.advance(pause)
        opening = pacer.next_opening([7])
        assert opening is not None
        if opening > clock():
            assert not pacer.may_send(7)
            clock.time = opening
        assert pacer.may_send(7)
        pacer.spent(7)


@given(chat=st.sampled_from([7, -7]), pause=st.integers(1, 600), late=st.integers(0, 700))
def test_a_pause_is_kept_to_the_second(chat: int, pause: int, late: int) -> None:
    clock = Clock()
    pacer = Pacer(clock)
    pacer.refused(chat, timedelta(seconds=pause))
    clock.advance(late)
    assert pacer.may_send(chat) == (late >= pause)
    assert pacer.may_send(8)


@pytest.mark.parametrize(("apart", "second", "everybody"), [(0, 2, True), (4.9, 2, True), (5, 2, False), (1, 1, False)])
def test_two_chats_refused_close_together_close_all(apart: float, second: int, *, everybody: bool) -> None:
    clock = Clock()
    pacer = Pacer(clock)
    pacer.refused(1, timedelta(seconds=60))
    clock.advance(apart)
    pacer.refused(second, timedelta(seconds=30))
    assert pacer.may_send(3) != everybody
    clock.advance(30)
    assert pacer.may_send(3)


def test_a_held_sender_holds_everybody() -> None:
    clock = Clock()
    pacer = Pacer(clock)
    pacer.hold_all(timedelta(seconds=10))
    assert not pacer.may_send(1)
    clock.advance(10)
    assert pacer.may_send(1)


def test_nobody_waiting_opens_never() -> None:
    assert Pacer(Clock()).next_opening([]) is None


def test_a_burst_of_five_passes_at_once() -> None:
    assert len(_sent([7], [(0, 0)] * 5)) == 5
