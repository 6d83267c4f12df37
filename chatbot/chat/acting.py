"""Showing that an answer is on its way, and how long one takes: a small part of the Telegram door."""

import asyncio
import logging
from datetime import timedelta

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

from chatbot.core.times import Now, steady_now

log = logging.getLogger(__name__)

_PATIENCE = 3.0


class Acting:
    """A courtesy: where it cannot be shown, nothing is lost."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def picture_coming(self, chat_id: int, thread_id: int | None) -> None:
        try:
            await self._bot.send_chat_action(chat_id, ChatAction.UPLOAD_PHOTO, message_thread_id=thread_id)
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
