"""Which letter leaves when, and how seldom the outbox is asked for it: each question stands before a message."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from chatbot.chat.departures import Departures, Lanes
from chatbot.chat.line import Line
from chatbot.core.notices import Lane, Letter
from tests.chat.desk import Clock
from tests.playground import eventually

URGENT, PATIENT = (Lane.STOP, Lane.ORDER), (Lane.ALERT, Lane.REPORT)


@dataclass(slots=True, kw_only=True)
class Post:
    """Letters that wait, in order, and what was asked. What is delivered hangs until it is released."""

    waiting: list[Letter]
    asked: list[Lanes] = field(default_factory=list)
    under_way: list[int] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    bell: asyncio.Event = field(default_factory=asyncio.Event)

    def due(
        self, count: int, *, lanes: Lanes, without: Collection[int] = (), resting: Mapping[int, object] | None = None
    ) -> tuple[Letter, ...]:
        self.asked.append(lanes)
        passed_over = resting or {}
        found = [
            letter
            for letter in sorted(self.waiting, key=lambda each: (each.lane, each.id))
            if lanes[0] <= letter.lane <= lanes[1] and letter.chat_id not in without and letter.id not in passed_over
        ]
        return tuple(found[:count])

    async def deliver(self, letter: Letter) -> None:
        self.under_way.append(letter.id)
        await self.released.wait()
        self.waiting.remove(letter)


def _letters(lane: Lane, *chats: int, first: int = 1) -> list[Letter]:
    return [Letter(id=first + n, chat_id=chat, lane=lane) for n, chat in enumerate(chats)]


@contextlib.asynccontextmanager
async def _departing(post: Post, clock: Clock | None = None) -> AsyncIterator[Line]:
    clock = clock or Clock()
    line = Line(clock)
    async with _running(_departures(post, line, clock)):
        yield line


def _departures(post: Post, line: Line, clock: Clock) -> Departures:
    return Departures(due=post.due, deliver=post.deliver, line=line, bell=post.bell, now=clock)


@contextlib.asynccontextmanager
async def _running(departures: Departures) -> AsyncIterator[None]:
    running = asyncio.create_task(departures.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _turns() -> None:
    """As many as a look at what waits needs, no time at all."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_for_one_alert_the_outbox_is_asked_once_for_each_kind_of_lane() -> None:
    async def story() -> None:
        post = Post(waiting=_letters(Lane.ALERT, 7))
        async with _departing(post):
            await _turns()
            assert post.under_way == [1]
            assert post.asked == [URGENT, PATIENT]

    asyncio.run(story())


def test_all_that_may_leave_leaves_in_one_look_as_far_as_the_hands_reach() -> None:
    async def story() -> None:
        post = Post(waiting=_letters(Lane.ALERT, 1, 2, 3, 4, 5) + _letters(Lane.ANSWER, 6, 7, first=6))
        async with _departing(post):
            await _turns()
            assert post.under_way == [6, 7, 1]
            post.released.set()
            await _turns()
            await _turns()
            assert post.under_way == [6, 7, 1, 2, 3, 4, 5]

    asyncio.run(story())


def test_an_urgent_letter_takes_the_hand_that_is_kept_for_it() -> None:
    async def story() -> None:
        post = Post(waiting=_letters(Lane.ALERT, 1, 2, 3, 4))
        async with _departing(post):
            await _turns()
            assert post.under_way == [1, 2, 3]
            post.waiting += _letters(Lane.ORDER, 5, 6, first=5)
            post.bell.set()
            await _turns()
            assert post.under_way == [1, 2, 3, 5]

    asyncio.run(story())


def test_two_letters_of_one_chat_are_not_under_way_together_whichever_way_they_are_found() -> None:
    async def story() -> None:
        post = Post(waiting=_letters(Lane.ANSWER, 7, 7, 8, 7))
        async with _departing(post):
            await _turns()
            assert post.under_way == [1, 3]

    asyncio.run(story())


def test_the_last_of_several_is_not_forgotten_when_another_chat_is_shut() -> None:
    async def story() -> None:
        post = Post(waiting=_letters(Lane.ALERT, 1, 2, 3))
        async with _departing(post) as line:
            line.pacer.refused(1, 60)
            await _turns()
            assert post.under_way == [2, 3]

    asyncio.run(story())


def test_a_chats_pace_begins_when_its_message_was_answered() -> None:
    async def story() -> None:
        post, clock = Post(waiting=_letters(Lane.ALERT, 7)), Clock()
        async with _departing(post, clock) as line:
            await _turns()
            clock.advance(5)
            post.released.set()
            await _turns()
            assert line.pacer.shut(urgent=False) == {7: clock() + timedelta(seconds=1)}

    asyncio.run(story())


def test_of_several_chats_that_are_shut_the_first_to_open_is_waited_for() -> None:
    async def story() -> None:
        post, clock = Post(waiting=_letters(Lane.ALERT, 1, 2)), Clock()
        async with _departing(post, clock) as line:
            line.pacer.refused(1, 600)
            clock.advance(5)
            line.pacer.refused(2, 0.05)
            await _turns()
            assert post.under_way == []
            clock.advance(0.05)
            await eventually(lambda: post.under_way == [2])  # nobody rings: its own pause is over

    asyncio.run(story())


def test_a_drain_waits_for_what_is_held_back_by_its_pace_though_nothing_is_under_way() -> None:
    async def story() -> None:
        post, clock = Post(waiting=_letters(Lane.ALERT, 7)), Clock()
        line = Line(clock)
        departures = _departures(post, line, clock)
        post.released.set()
        line.pacer.refused(7, 0.05)
        async with _running(departures):
            await _turns()
            drained = asyncio.create_task(departures.drain(10))
            await _turns()
            assert not drained.done()
            clock.advance(0.05)
            await drained
            assert post.under_way == [1]

    asyncio.run(story())
