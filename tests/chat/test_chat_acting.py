"""The sign that a picture is on its way, over a real wire."""

import asyncio
from pathlib import Path

from chatbot.chat.acting import Acting
from tests.chat.desk import ANNA
from tests.chat.wire import wired


def test_it_is_shown_where_it_can_be_and_harms_nothing_elsewhere(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            await Acting(wire.bot).picture_coming(ANNA.id, 7)
            (call,) = wire.telegram.calls("sendChatAction")
            assert (call.code, call.fields["action"], call.fields["message_thread_id"]) == (200, "upload_photo", "7")
            await Acting(wire.bot).picture_coming(999, None)
            wire.telegram.troubles.lose_answer("sendChatAction")
            await Acting(wire.bot).picture_coming(ANNA.id, None)

    asyncio.run(story())
