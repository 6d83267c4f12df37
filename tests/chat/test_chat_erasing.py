"""Messages that should not stay in a chat, over a real wire."""

import asyncio
from pathlib import Path

from chatbot.chat.erasing import Eraser
from chatbot.sandbox.telegram_phone import Phone
from chatbot.sandbox.telegram_values import TelegramUser
from tests.chat.desk import BEN
from tests.chat.wire import wired

WHO = TelegramUser(id=BEN.id, first_name=BEN.name)


def test_a_persons_message_goes_and_one_that_cannot_go_harms_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.telegram.chats.meet(WHO)
            phone, eraser = Phone(wire.telegram, WHO), Eraser(wire.bot)
            kept, typed = phone.write("/start"), phone.write("/code T-1 123456")
            await eraser.erase(BEN.id, typed.id)
            assert [m.id for m in phone.messages] == [kept.id]
            await eraser.erase(BEN.id, typed.id)
            await eraser.erase(999, 1)
            wire.telegram.troubles.lose_answer("deleteMessage")
            await eraser.erase(BEN.id, kept.id)
            assert list(phone.messages) == []

    asyncio.run(story())
