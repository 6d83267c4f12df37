"""Showing that an answer is on its way, and how long one takes: a small part of the Telegram door."""

import asyncio
import logging
from datetime import datetime, timedelta

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

from chatbot.core.times import Now, steady_now

log = logging.getLogger(__name__)

_SHOWN_FOR = timedelta(seconds=5)
"""By Telegram, unless a message comes before."""

_PATIENCE = 3.0


class Acting:
    """A courtesy: where it cannot be shown, nothing is lost."""

    def __init__(self, bot: Bot, steady: Now = steady_now) -> None:
        self._bot = bot
        self._steady = steady
        self._picture: tuple[int, datetime] | None = None

    async def picture_coming(self, chat_id: int, thread_id: int | None) -> None:
        self._picture = chat_id, self._steady()
        await self._show(ChatAction.UPLOAD_PHOTO, chat_id, thread_id)

    async def answer_coming(self, chat_id: int, thread_id: int | None) -> None:
        """Nothing where a picture was just announced: the phone shows one sign at a time."""
        if self._picture is None or self._picture[0] != chat_id or self._steady() - self._picture[1] > _SHOWN_FOR:
            await self._show(ChatAction.TYPING, chat_id, thread_id)

    async def _show(self, action: ChatAction, chat_id: int, thread_id: int | None) -> None:
        try:
            await self._bot.send_chat_action(chat_id, action, message_thread_id=thread_id)
        except TelegramError as error:
            log.info("a chat action was not shown: %s", type(error).__name__)


class Pulse:
    def __init__(self, bot: Bot, steady: Now = steady_now) -> None:
        self._bot = bot
        self._steady = steady

    async def trip(self) -> timedelta | None:
        """How long Telegram takes to answer now; None where it does not, or takes too long to be waited for."""
        before = self._steady()
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._bot.get_me()
        except (TelegramError, TimeoutError):
            return None
        return self._steady() - before
