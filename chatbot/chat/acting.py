"""Showing that an answer is on its way: a small part of the Telegram door."""

import logging

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

log = logging.getLogger(__name__)


class Acting:
    """A courtesy: where it cannot be shown, nothing is lost."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def picture_coming(self, chat_id: int, thread_id: int | None) -> None:
        try:
            await self._bot.send_chat_action(chat_id, ChatAction.UPLOAD_PHOTO, message_thread_id=thread_id)
        except TelegramError as error:
            log.info("a chat action was not shown: %s", type(error).__name__)
