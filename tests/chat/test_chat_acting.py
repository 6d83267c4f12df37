"""The signs that a picture or an answer is on its way, over a real wire."""

import asyncio
from pathlib import Path

from chatbot.chat.acting import Acting
from tests.chat.desk import ANNA
from tests.chat.wire import wired


def test_it_is_shown_where_it_can_be_and_harms_nothing_elsewhere(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            acting = Acting(wire.bot, wire.clock)
            await acting.picture_coming(ANNA.id, 7)
            (call,) = wire.telegram.calls("sendChatAction")
            assert (call.code, call.fields["action"], call.fields["message_thread_id"]) == (200, "upload_photo", "7")
            await acting.picture_coming(999, None)
            wire.telegram.troubles.lose_answer("sendChatAction")
            await acting.picture_coming(ANNA.id, None)

    asyncio.run(story())


def test_where_a_picture_was_announced_no_answer_is_announced_in_its_place(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            acting = Acting(wire.bot, wire.clock)
            await acting.picture_coming(ANNA.id, None)
            await acting.answer_coming(ANNA.id, None)
            assert [call.fields["action"] for call in wire.telegram.calls("sendChatAction")] == ["upload_photo"]
            wire.later(6)
            await acting.answer_coming(ANNA.id, None)
            assert [call.fields["action"] for call in wire.telegram.calls("sendChatAction")][1:] == ["typing"]

    asyncio.run(story())
