"""Taking what should not stay out of a chat: a small part of the Telegram door."""

import logging

from telegram import Bot
from telegram.error import TelegramError

log = logging.getLogger(__name__)


class Eraser:
    """Where it may not delete, in a group without the right to, the message stays: nothing depends on it."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def erase(self, chat_id: int, message_id: int) -> None:
        try:
            await self._bot.delete_message(chat_id, message_id)
        except TelegramError as error:
            log.info("a message could not be deleted: %s", type(error).__name__)
