"""Which letter leaves when: most urgent first, within Telegram's limits, a few under way at a time."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import partial

from chatbot.chat.admission import Due
from chatbot.chat.line import Line
from chatbot.core.notices import Lane, Letter
from chatbot.core.times import Now

Lanes = tuple[Lane, Lane]

_URGENT, _PATIENT = (Lane.STOP, Lane.ORDER), (Lane.ALERT, Lane.REPORT)
_HANDS = 4
"""Under way at a time, each a connection. One is kept for what is urgent: Telegram may be slow to take the others."""

_SOONEST = 0.005


class Departures:
    """`deliver` sends a letter and writes down what became of it."""

    def __init__(
        self,
        *,
        due: Due,
        deliver: Callable[[Letter], Coroutine[None, None, None]],
        line: Line,
        bell: asyncio.Event,
        now: Now,
    ) -> None:
        self._due = due
        self._deliver = deliver
        self._pacer = line.pacer
        self._suspects = line.suspects
        self._bell = bell
        self._now = now
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._idle: asyncio.Event | None = None

    async def run(self) -> None:
        """Until cancelled, or until a delivery raises."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._bell.clear()
                pause = self._start_what_may_leave(group)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._bell.wait()

    async def drain(self, seconds: float) -> None:
        """At a stop: gives what waits a last chance to leave."""
        self._idle = asyncio.Event()
        self._bell.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()

    def _start_what_may_leave(self, group: asyncio.TaskGroup) -> float | None:
        """One letter a chat at a time. Returns the seconds after which to look again, None to wait for the bell."""
        openings = [self._start(_URGENT, _HANDS, group), self._start(_PATIENT, _HANDS - 1, group)]
        if self._idle is not None and not self._busy and not any(self._waits(lanes) for lanes in (_URGENT, _PATIENT)):
            self._idle.set()
        soonest = min((opening for opening in openings if opening is not None), default=None)
        return None if soonest is None else max((soonest - self._now()).total_seconds(), _SOONEST)

    def _start(self, lanes: Lanes, hands: int, group: asyncio.TaskGroup) -> datetime | None:
        """Returns when more of these lanes might leave, if any waits; None when who is done, or the bell, will tell."""
        urgent = lanes is _URGENT
        while len(self._busy) < hands:
            opening = self._pacer.all_open_at(urgent=urgent)
            if opening <= self._now():
                shut, resting = self._pacer.shut(urgent=urgent), self._suspects.resting()
                letters = self._due(2, lanes=lanes, without={*self._busy, *shut}, resting=resting)
                if letters:
                    self._send_off(letters[0], group)
                if len(letters) > 1:
                    continue
                if not shut and not resting:
                    return None
                opening = min((*shut.values(), *resting.values()))
            return opening
        return None

    def _waits(self, lanes: Lanes) -> bool:
        return bool(self._due(1, lanes=lanes, without=self._busy))

    def _send_off(self, letter: Letter, group: asyncio.TaskGroup) -> None:
        self._pacer.spent(letter.chat_id)
        task = group.create_task(self._deliver(letter))
        self._busy[letter.chat_id] = task
        task.add_done_callback(partial(self._freed, letter.chat_id))

    def _freed(self, chat_id: int, _: asyncio.Task[None]) -> None:
        self._pacer.answered(chat_id)
        self._busy.pop(chat_id, None)
        self._bell.set()
