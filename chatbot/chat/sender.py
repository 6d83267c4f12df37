"""The outbox's way to Telegram: most urgent first, within its limits, marked sent only after it was taken.

Telegram knows no idempotency key, so a message can repeat when its acknowledgement was
lost, and then says so; it is never lost.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import timedelta, tzinfo
from functools import partial
from random import SystemRandom

from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError

from chatbot.chat.messages import Reply
from chatbot.chat.pacing import Pacer
from chatbot.chat.views.markup import TEXT_LIMIT, Html, fitted, in_zone, plain_text, repeated, units
from chatbot.core.notices import Button, Letter, Subject
from chatbot.core.times import Now
from chatbot.store.mail import Outbox

log = logging.getLogger(__name__)

Draw = Callable[[Letter], Reply]
"""Letters with a subject are drawn when they leave."""

_BATCH = 100
_IN_FLIGHT = 4
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_NEVER_LEFT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})
_LONGEST_PAUSE = 30.0


class Sender:
    """`zone_of` is the time zone of a chat, for phones that do not turn times into their own."""

    def __init__(
        self, *, bot: Bot, outbox: Outbox, draw: Draw, bell: asyncio.Event, now: Now, zone_of: Callable[[int], tzinfo]
    ) -> None:
        self._bot = bot
        self._outbox = outbox
        self._draw = draw
        self._bell = bell
        self._now = now
        self._zone_of = zone_of
        self._pacer = Pacer(now)
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._idle = asyncio.Event()
        self._failures = 0

    async def run(self) -> None:
        """Until cancelled. Raises InvalidToken when Telegram no longer knows us."""
        repeats = self._outbox.recover()
        if repeats:
            log.warning("%d messages may have arrived before the last stop; they leave again, marked", repeats)
        async with asyncio.TaskGroup() as group:
            while True:
                self._bell.clear()
                pause = self._start_what_may_leave(group)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._bell.wait()

    async def drain(self, seconds: float) -> None:
        """At a stop: gives what waits a last chance to leave."""
        self._idle.clear()
        self._bell.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()

    def _start_what_may_leave(self, group: asyncio.TaskGroup) -> float | None:
        """One letter a chat at a time. Returns the seconds after which to look again, None to wait for the bell."""
        waiting: set[int] = set()
        due = self._outbox.due(_BATCH, without=self._busy)
        if not due and not self._busy:
            self._idle.set()
        while due and len(self._busy) < _IN_FLIGHT:  # whoever is done first rings the bell
            for letter in due:
                self._start_or_wait(letter, waiting, group)
            due = self._outbox.due(_BATCH, without={*self._busy, *waiting})
        opening = self._pacer.next_opening(waiting)
        return None if opening is None else max((opening - self._now()).total_seconds(), 0.005)

    def _start_or_wait(self, letter: Letter, waiting: set[int], group: asyncio.TaskGroup) -> None:
        chat = letter.chat_id
        if chat in self._busy or chat in waiting or len(self._busy) >= _IN_FLIGHT:
            return
        if not self._pacer.may_send(chat):
            waiting.add(chat)
            return
        task = group.create_task(self._deliver(letter))
        self._busy[chat] = task
        task.add_done_callback(partial(self._freed, chat))

    def _freed(self, chat: int, _: asyncio.Task[None]) -> None:
        self._busy.pop(chat, None)
        self._bell.set()

    async def _deliver(self, letter: Letter) -> None:
        """A letter that breaks us is laid aside: it must not come first again at the next start."""
        try:
            await self._draw_and_send(letter)
        except InvalidToken:
            raise
        except Exception as error:
            log.exception("letter %s broke the sender", letter.id)
            self._outbox.dead(letter, type(error).__name__)

    async def _draw_and_send(self, letter: Letter) -> None:
        letter = self._drawn(letter)
        self._outbox.sending(letter)
        self._pacer.spent(letter.chat_id)
        text = in_zone(letter.text, self._zone_of(letter.chat_id))
        marked = repeated(text)
        fits = letter.repeat and letter.edits is None and units(plain_text(marked)) <= TEXT_LIMIT
        await self._attempt(letter, marked if fits else text, ParseMode.HTML)

    async def _attempt(self, letter: Letter, text: str, mode: ParseMode | None) -> None:
        """Every way a sending can end; InvalidToken alone is raised."""
        try:
            message = await self._send(letter, text, mode)
        except InvalidToken:
            raise
        except RetryAfter as error:
            self._pacer.refused(letter.chat_id, _span(error.retry_after))
            self._outbox.again(letter, str(error), maybe_arrived=False)
        except BadRequest as error:
            await self._refused(letter, error, Html(text) if mode is not None else None)
        except ChatMigrated as error:
            self._outbox.move_chat(letter.chat_id, error.new_chat_id)
            self._outbox.again(letter, str(error), maybe_arrived=False)
        except Forbidden as error:
            log.warning("chat %s cannot be written to: %s", letter.chat_id, error)
            self._outbox.dead(letter, str(error))
        except TelegramError as error:
            self._out_of_reach(letter, error)
        else:
            self._failures = 0
            self._outbox.sent(letter, message.message_id if message is not None else None)
            await self._keep_pinned(letter, message)

    def _drawn(self, letter: Letter) -> Letter:
        if letter.subject is None:
            return letter
        reply = self._draw(letter)
        return letter.drawn(fitted(reply.text), reply.buttons, pinned=reply.pinned)

    async def _send(self, letter: Letter, text: str, mode: ParseMode | None) -> Message | None:
        """The new message; None for an edit. What would edit a message that never arrived is a new one."""
        root = self._outbox.message_of(letter) if letter.edits is not None else None
        if root is not None:
            await self._bot.edit_message_text(
                text,
                chat_id=letter.chat_id,
                message_id=root,
                parse_mode=mode,
                reply_markup=_keyboard(letter),
                link_preview_options=_NO_PREVIEW,
            )
            return None
        return await self._post(letter, text, mode)

    async def _post(self, letter: Letter, text: str, mode: ParseMode | None) -> Message:
        follows = self._outbox.letter(letter.follows) if letter.follows is not None else None
        reply_to = letter.reply_to if follows is None else follows.message_id
        return await self._bot.send_message(
            letter.chat_id,
            text,
            parse_mode=mode,
            message_thread_id=letter.thread_id,
            reply_markup=_markup(letter),
            reply_parameters=ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to else None,
            disable_notification=letter.silent,
            protect_content=letter.protected,
            link_preview_options=_NO_PREVIEW,
        )

    async def _keep_pinned(self, letter: Letter, message: Message | None) -> None:
        """A kill stays pinned until it is over. A courtesy: in a group it may not be ours to make."""
        root = self._outbox.message_of(letter)
        try:
            if letter.pinned and message is not None:
                self._pacer.spent(letter.chat_id)
                await message.pin(disable_notification=True)
            elif letter.subject is Subject.STOP and not letter.pinned and root is not None:
                self._pacer.spent(letter.chat_id)
                await self._bot.unpin_chat_message(letter.chat_id, root)
        except TelegramError as error:
            log.info("a message could not be pinned or unpinned: %s", error)

    async def _refused(self, letter: Letter, error: BadRequest, markup: Html | None) -> None:
        """Retrying a refusal would refuse it for ever: each kind has one way out. `markup` is what was refused."""
        text = str(error).lower()
        if "not modified" in text:
            self._outbox.sent(letter, None)
        elif "message to edit not found" in text or "message can't be edited" in text:
            self._outbox.resend_as_new(letter)
            self._bell.set()
        elif "can't parse entities" in text and markup is not None:
            log.error("our own markup was refused, a bug: %s", error)
            await self._attempt(letter, plain_text(markup), None)
        else:
            log.error("a message to %s was refused: %s", letter.chat_id, error)
            self._outbox.dead(letter, str(error))

    def _out_of_reach(self, letter: Letter, error: TelegramError) -> None:
        """No answer, or no connection. Only the second is known not to have arrived."""
        self._failures += 1
        pause = min(0.5 * 2 ** min(self._failures, 8), _LONGEST_PAUSE) * (0.5 + SystemRandom().random() / 2)
        self._pacer.hold_all(timedelta(seconds=pause))
        cause = type(error.__cause__ or error).__name__
        if self._failures == 1:
            log.warning("Telegram does not answer (%s); messages wait", cause)
        maybe_arrived = cause not in _NEVER_LEFT and letter.edits is None
        self._outbox.again(letter, type(error).__name__, maybe_arrived=maybe_arrived)


def _span(value: float | timedelta) -> timedelta:
    return value if isinstance(value, timedelta) else timedelta(seconds=value)


def _markup(letter: Letter) -> InlineKeyboardMarkup | ForceReply | None:
    if letter.asks:
        return ForceReply(selective=True, input_field_placeholder=letter.hint or None)
    return _keyboard(letter)


def _keyboard(letter: Letter) -> InlineKeyboardMarkup | None:
    """Buttons hold the letter's key and their place in it, nothing else."""
    places = iter(range(sum(map(len, letter.buttons))))
    rows = [[_button(letter.key, next(places), button) for button in row] for row in letter.buttons]
    return InlineKeyboardMarkup(rows) if rows else None


def _button(key: str, place: int, button: Button) -> InlineKeyboardButton:
    style = button.style.value if button.style is not None else None
    return InlineKeyboardButton(button.text, callback_data=f"{key}:{place}", style=style)
