"""Pacing: bursts for what is urgent, the letter of the limits for the rest, and for all what Telegram asked for."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.pacing import Pacer
from chatbot.sandbox.telegram_limits import Flood, FloodLimits
from chatbot.sandbox.telegram_values import ChatKind, TelegramChat
from tests.chat.desk import Clock

STEPS = st.lists(st.tuples(st.integers(0, 99), st.floats(0, 2), st.booleans()), min_size=1, max_size=150)
STRICT = FloodLimits(private_burst=1)

Sent = list[tuple[int, datetime]]


def _open(pacer: Pacer, chat: int, *, urgent: bool, now: datetime) -> bool:
    return pacer.all_open_at(urgent=urgent) <= now and chat not in pacer.shut(urgent=urgent)


def _sent(chats: list[int], steps: Sequence[tuple[int, float, bool]]) -> Sent:
    """Tries to send at each step, after its pause; who left when. The third of a step says whether it was urgent."""
    clock = Clock()
    pacer = Pacer(clock)
    left = []
    for which, pause, urgent in steps:
        clock.advance(pause)
        chat = chats[which % len(chats)]
        if _open(pacer, chat, urgent=urgent, now=clock()):
            pacer.spent(chat)
            left.append((chat, clock()))
    return left


def _patient(steps: list[tuple[int, float, bool]]) -> list[tuple[int, float, bool]]:
    return [(which, pause, False) for which, pause, _ in steps]


def _most_in(moments: list[datetime], window: float) -> int:
    """In any stretch of so many seconds, its end not counted."""
    return max(
        (sum(1 for other in moments if 0 <= (other - begin).total_seconds() < window) for begin in moments), default=0
    )


def _private_or_group(chat: int) -> TelegramChat:
    return TelegramChat(id=chat, kind=ChatKind.PRIVATE if chat > 0 else ChatKind.SUPERGROUP, title="")


@given(steps=STEPS, chat=st.sampled_from([7, -7]))
def test_what_is_urgent_never_makes_more_than_a_burst_and_one_a_second(
    steps: list[tuple[int, float, bool]], chat: int
) -> None:
    moments = [at for _, at in _sent([chat], steps)]
    for first, begin in enumerate(moments):
        for last in range(first, len(moments)):
            assert last - first + 1 <= 6 + (moments[last] - begin).total_seconds() + 1e-6


@given(steps=STEPS)
def test_a_group_never_gets_more_than_twenty_in_any_minute(steps: list[tuple[int, float, bool]]) -> None:
    assert _most_in([at for _, at in _sent([-7], steps)], 60) <= 20


@given(steps=st.lists(st.tuples(st.integers(0, 99), st.floats(0, 0.1), st.booleans()), min_size=1, max_size=200))
def test_all_chats_together_never_get_more_than_thirty_in_any_second(steps: list[tuple[int, float, bool]]) -> None:
    moments = [at for _, at in _sent(list(range(1, 101)), steps)]
    assert _most_in(moments, 1) <= 30
    moments = [at for _, at in _sent(list(range(1, 101)), _patient(steps))]
    assert _most_in(moments, 1) <= 28


@given(steps=STEPS)
def test_what_is_not_urgent_meets_no_refusal_where_the_limits_are_enforced(
    steps: list[tuple[int, float, bool]],
) -> None:
    clock = Clock()
    flood = Flood(STRICT, clock)
    for chat, at in _sent([1, 2, 3, -1, -2], _patient(steps)):
        clock.time = at
        flood.spend(_private_or_group(chat))  # raises when it is too many


def test_the_whole_pace_of_a_group_meets_no_refusal_either() -> None:
    clock = Clock()
    flood = Flood(STRICT, clock)
    sent = _sent([-1], [(0, 0.5, urgent) for urgent in [True] * 20 + [False] * 1000])
    for chat, at in sent:
        clock.time = at
        flood.spend(_private_or_group(chat))
    assert len(sent) > 100


@given(steps=STEPS, chat=st.sampled_from([7, -7]), urgent=st.booleans())
def test_a_chat_is_open_again_at_the_moment_that_was_named(
    steps: list[tuple[int, float, bool]], chat: int, *, urgent: bool
) -> None:
    clock = Clock()
    pacer = Pacer(clock)
    for _, pause, _ in steps:
        clock.advance(pause)
        opening = pacer.shut(urgent=urgent).get(chat, clock())
        assert (opening > clock()) == (not _open(pacer, chat, urgent=urgent, now=clock()))
        clock.time = opening
        assert _open(pacer, chat, urgent=urgent, now=clock())
        pacer.spent(chat)


@given(steps=STEPS, chat=st.sampled_from([7, -7]))
def test_nothing_overtakes_what_is_urgent(steps: list[tuple[int, float, bool]], chat: int) -> None:
    clock = Clock()
    pacer = Pacer(clock)
    for _, pause, urgent in steps:
        clock.advance(pause)
        assert pacer.shut(urgent=True).keys() <= pacer.shut(urgent=False).keys()
        assert pacer.all_open_at(urgent=True) <= max(pacer.all_open_at(urgent=False), clock())
        if _open(pacer, chat, urgent=urgent, now=clock()):
            pacer.spent(chat)


@pytest.mark.parametrize(("chat", "pace"), [(7, 1), (-7, 3)])
def test_the_pace_begins_when_the_last_message_was_answered(chat: int, pace: int) -> None:
    clock = Clock()
    pacer = Pacer(clock)
    pacer.spent(chat)
    clock.advance(0.4)
    pacer.answered(chat)
    assert pacer.shut(urgent=False) == {chat: clock() + timedelta(seconds=pace)}
    assert pacer.shut(urgent=True) == {}


def test_a_share_is_left_to_what_is_urgent() -> None:
    assert len(_sent(list(range(1, 101)), [(n, 0, False) for n in range(100)])) == 28
    assert len(_sent(list(range(1, 101)), [(n, 0, n >= 50) for n in range(100)])) == 30
    assert len(_sent([-7], [(0, 3, False)] * 19)) == 17
    assert len(_sent([-7], [(0, 3, False)] * 17 + [(0, 0, True)] * 4)) == 20


@given(
    chat=st.sampled_from([7, -7]), pause=st.integers(1, 600), late=st.integers(0, 700), urgent=st.booleans(),
    words=st.booleans(),
)  # fmt: skip
def test_a_pause_is_kept_to_the_second(chat: int, pause: int, late: int, *, urgent: bool, words: bool) -> None:
    clock = Clock()
    pacer = Pacer(clock)
    pacer.refused(chat, timedelta(seconds=pause) if words else float(pause))
    clock.advance(late)
    assert _open(pacer, chat, urgent=urgent, now=clock()) == (late >= pause)
    assert _open(pacer, 8, urgent=urgent, now=clock())


@pytest.mark.parametrize(("apart", "second", "everybody"), [(0, 2, True), (4.9, 2, True), (5, 2, False), (1, 1, False)])
def test_two_chats_refused_close_together_close_all(apart: float, second: int, *, everybody: bool) -> None:
    clock = Clock()
    pacer = Pacer(clock)
    pacer.refused(1, timedelta(seconds=60))
    clock.advance(apart)
    pacer.refused(second, timedelta(seconds=30))
    assert _open(pacer, 3, urgent=True, now=clock()) != everybody
    assert pacer.held == everybody
    clock.advance(30)
    assert _open(pacer, 3, urgent=True, now=clock())


def test_a_held_sender_holds_everybody() -> None:
    clock = Clock()
    pacer = Pacer(clock)
    pacer.hold_all(timedelta(seconds=10))
    pacer.hold_all(timedelta(seconds=5))
    assert not _open(pacer, 1, urgent=True, now=clock())
    clock.advance(9)
    assert not _open(pacer, 1, urgent=True, now=clock())
    clock.advance(1)
    assert _open(pacer, 1, urgent=False, now=clock())


def test_a_shorter_wait_does_not_take_back_a_longer_one() -> None:
    clock = Clock()
    pacer = Pacer(clock)
    pacer.refused(1, timedelta(seconds=60))
    pacer.refused(1, timedelta(seconds=5))
    clock.advance(59)
    assert not _open(pacer, 1, urgent=True, now=clock())
    clock.advance(1)
    assert _open(pacer, 1, urgent=True, now=clock())


def test_a_burst_is_paid_back_before_the_next_one() -> None:
    sent = _sent([7], [*[(0, 0, True)] * 6, (0, 1.5, True), *[(0, 0, True)] * 5])
    assert len(sent) == 7


def test_a_burst_of_six_passes_at_once_when_it_is_urgent() -> None:
    assert len(_sent([7], [(0, 0, True)] * 9)) == 6
    assert len(_sent([7], [(0, 0, False)] * 9)) == 1
