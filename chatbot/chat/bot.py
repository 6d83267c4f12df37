"""The Telegram door: long poll → inbox → gate → handler → toast.

An update is confirmed to Telegram only after it stands in the inbox, so a crash loses
none. Each is handled in a task of its own, so /kill never waits behind a slow order, and
it begins before whatever came with it; the store's compare-and-sets make that safe.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

from telegram import Update
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError

from chatbot.chat import words
from chatbot.chat.acting import Acting
from chatbot.chat.connection import SafeBot
from chatbot.chat.front import Front, Toast
from chatbot.chat.intake import Intake, Kept
from chatbot.chat.messages import Incoming, Then
from chatbot.chat.updates import read
from chatbot.core.errors import ChatbotError
from chatbot.core.times import Sleep
from chatbot.core.values import frozen
from chatbot.services.post import Ending, Post

log = logging.getLogger(__name__)

_GRACE = 0.7
"""Seconds a tap or a message may take before the person is shown that it is being worked on."""

_ANSWERS_FIRST = 0.02
_BREATH = 0.004
"""Seconds before the next poll is prepared: handlers that are quick end first, and their answers leave."""

SECOND_POLLER = "another process polls with this bot's token: a second copy of it, or a thief's"

_CONFLICTS = 3
_LONGEST_PAUSE = 30.0


class SecondPoller(Exception):
    """Another process polls with this token: a second instance, or a stolen token."""


@frozen
class Tidings:
    """`heard` is called after every poll that ended well, `conflict`, with the reason, when another polls as us."""

    heard: Callable[[], None]
    conflict: Callable[[str], object]


class Poller:
    def __init__(
        self,
        *,
        bot: SafeBot,
        acting: Acting,
        front: Front,
        post: Post,
        tidings: Tidings,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._tidings = tidings
        self._bot = bot
        self._acting = acting
        self._front = front
        self._post = post
        self._intake = Intake(post=post, urgent=front.urgent)
        self._sleep = sleep
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._conflicts = 0

    async def run(self) -> None:
        """Until cancelled. Raises InvalidToken when the token was revoked, SecondPoller when others hold it."""
        self._begin(self._intake.waiting())
        while True:
            try:
                updates = await self._bot.raw_updates(self._intake.offset)
            except InvalidToken:
                raise
            except TelegramError as error:
                await self._sleep(self._pause_after(error))
            else:
                self._failures = self._conflicts = 0
                self._tidings.heard()
                if self._begin(self._intake.take(updates)):
                    await asyncio.wait(self._tasks, timeout=_ANSWERS_FIRST)
                    await self._sleep(_BREATH)

    def _pause_after(self, error: TelegramError) -> float:
        """Seconds. Raises SecondPoller, and whatever is not a matter of waiting."""
        if isinstance(error, RetryAfter):
            return _seconds(error.retry_after)
        if isinstance(error, Conflict):
            self._count_conflict(error)
            return 1.0
        if not isinstance(error, NetworkError) and type(error) is not TelegramError:  # that one: not even JSON
            raise error
        if not self._failures:
            log.warning("Telegram does not answer (%s); I keep trying", type(error).__name__)
        self._failures += 1
        return min(0.5 * 2.0 ** min(self._failures, 8), _LONGEST_PAUSE)

    async def finish(self, seconds: float) -> None:
        """At a stop: lets what was begun end, an order under way above all; what takes longer is cut off."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _begin(self, updates: Sequence[Kept]) -> bool:
        """Whether there were any."""
        for update_id, body in updates:
            self._keep_running(self._handle(update_id, body))
        return bool(updates)

    def _keep_running(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, update_id: int, body: str) -> None:
        incoming: Incoming | None = None
        ended = False
        try:
            incoming = read(Update.de_json(json.loads(body), self._bot))
            then = await self._handle_tap(incoming) if incoming.data is not None else await self._handle_text(incoming)
            ended = True
            await self._after(incoming, then)
        except Exception as error:
            # The one broad except: a bug in a handler is told and logged, and must not end the bot.
            if not self._post.fails(error):
                log.exception("update %s broke a handler", update_id)
                self._broke(update_id, incoming, ended=ended)

    def _broke(self, update_id: int, incoming: Incoming | None, *, ended: bool) -> None:
        if incoming is None:
            self._post.finish(update_id, Ending.FAILED)
        elif ended:
            self._front.tell(incoming, words.BROKEN)
        else:
            toast = self._front.broke(incoming)
            if toast is not None and incoming.data is not None:
                self._show(incoming, toast)

    async def _handle_text(self, incoming: Incoming) -> Then | None:
        """Strangers wait for nothing: they are turned away before anything is asked."""
        slow = asyncio.get_running_loop().call_later(_GRACE, self._show_at_work, incoming)
        try:
            _, then = await self._front.handle(incoming)
        finally:
            slow.cancel()
        return then

    def _show_at_work(self, incoming: Incoming) -> None:
        self._keep_running(self._acting.answer_coming(incoming.chat_id, incoming.thread_id))

    async def _handle_tap(self, incoming: Incoming) -> Then | None:
        """A toast within a second, whatever the handler is waiting for."""
        work = asyncio.create_task(self._front.handle(incoming))
        done, _ = await asyncio.wait({work}, timeout=_GRACE)
        if done:
            toast, then = work.result()
            if toast is not None:
                self._show(incoming, toast)
            return then
        self._show(incoming, Toast(text="Working on it…"))
        toast, then = await work
        if toast is not None and toast.text and not toast.passing:
            self._front.tell(incoming, toast.text)
        return then

    async def _after(self, incoming: Incoming, then: Then | None) -> None:
        if then is None:
            return
        try:
            await then()
        except ChatbotError as error:
            self._front.failed_later(incoming, error)

    def _show(self, incoming: Incoming, toast: Toast) -> None:
        """Beside the work it tells of: an order does not wait for its toast."""
        self._keep_running(self._toast(incoming, toast))

    async def _toast(self, incoming: Incoming, toast: Toast) -> None:
        """Never decides anything: a toast that cannot be shown changes nothing."""
        try:
            await self._bot.answer_callback_query(incoming.callback_id, toast.text or None, show_alert=toast.popup)
        except TelegramError as error:  # too old, too many, no answer
            log.info("a toast was not shown: %s", type(error).__name__)

    def _count_conflict(self, error: Conflict) -> None:
        self._conflicts += 1
        self._tidings.conflict(SECOND_POLLER)
        log.error("%s (%s)", SECOND_POLLER, error)
        if self._conflicts >= _CONFLICTS:
            raise SecondPoller("Another process polls with this bot's token. Stop it, or make a new token.")


def _seconds(value: float | timedelta) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else float(value)
