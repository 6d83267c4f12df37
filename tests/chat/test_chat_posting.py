"""Pictures over a real wire: sent, exchanged, worded anew; and what becomes of them where none is taken."""

import asyncio
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.chat.views.markup import CAPTION_LIMIT, units
from chatbot.core.notices import Button, Lane, Letter, LetterState
from chatbot.sandbox.telegram_refusals import TelegramRefusal, bad_request
from chatbot.sandbox.telegram_values import ChatMessage
from tests.chat.desk import ANNA
from tests.chat.test_chat_sender import _all_gone, _all_gone_in_time
from tests.chat.wire import Wire, sending, wired

MARK = "may be a repeat"


def png(number: int) -> bytes:
    """As much of one as Telegram's first look reads."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIB", 13, b"IHDR", 1080, 1170, number)


CARD = Letter(
    chat_id=ANNA.id,
    lane=Lane.ANSWER,
    text="<b>BTC-USDT</b> 1h",
    buttons=((Button(text="4h", action="rechart BTC-USDT 4h"),),),
    png=png(1),
    silent=True,
    protected=True,
)


def _shown(wire: Wire) -> list[ChatMessage]:
    return [message for message in wire.telegram.messages(ANNA.id) if message.sender.is_bot]


def _content(message: ChatMessage) -> bytes | None:
    return None if message.picture is None else message.picture.content


def _pictures_kept(wire: Wire) -> int:
    return int(next(wire.store.db.query("SELECT count(*) AS n FROM pictures"))["n"])


def test_a_picture_leaves_with_caption_buttons_and_all_that_a_message_has(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            asked = wire.phone(ANNA).write("/chart")
            wire.store.outbox.put(replace(CARD, reply_to=asked.id, thread_id=7))
            async with sending(wire):
                await _all_gone(wire)
            (message,) = _shown(wire)
            assert _content(message) == png(1)
            assert (message.text, message.silent, message.protected) == ("BTC-USDT 1h", True, True)
            assert message.replies_to is not None
            assert (message.replies_to.id, message.thread_id) == (asked.id, 7)
            assert [b.text for row in message.keyboard for b in row] == ["4h"]
            assert _pictures_kept(wire) == 0

    asyncio.run(story())


def test_an_edit_exchanges_the_picture_on_the_same_message_and_then_its_words(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            card = wire.store.outbox.put(CARD)
            async with sending(wire):
                await _all_gone(wire)
                wire.store.outbox.put(replace(CARD, text="4h now", png=png(2), edits=card.id))
                await _all_gone_in_time(wire)
                (message,) = _shown(wire)
                assert (_content(message), message.text) == (png(2), "4h now")
                assert [b.text for row in message.keyboard for b in row] == ["4h"]
                wire.store.outbox.put(replace(CARD, text="in words", png=b"", buttons=(), edits=card.id))
                await _all_gone_in_time(wire)
            (message,) = _shown(wire)
            assert (_content(message), message.text, message.keyboard) == (png(2), "in words", ())
            assert _pictures_kept(wire) == 0
            calls = [len(wire.telegram.calls(f"editMessage{what}")) for what in ("Media", "Caption", "Text")]
            assert calls == [1, 1, 0]

    asyncio.run(story())


def test_words_become_a_picture_and_are_edited_as_one(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            card = wire.post(ANNA.id, "words")
            async with sending(wire):
                await _all_gone(wire)
                for edit in (CARD, replace(CARD, text="later", png=b"")):
                    wire.store.outbox.put(replace(edit, edits=card.id))
                    await _all_gone_in_time(wire)
            (message,) = _shown(wire)
            assert (_content(message), message.text) == (png(1), "later")

    asyncio.run(story())


def test_an_edit_of_a_message_that_is_gone_leaves_as_a_new_one_with_its_picture(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            card = wire.store.outbox.put(CARD)
            async with sending(wire):
                await _all_gone(wire)
                wire.telegram.chats.remove(_shown(wire)[0])
                wire.store.outbox.put(replace(CARD, png=png(2), edits=card.id))
                await _all_gone_in_time(wire)
            assert [_content(message) for message in _shown(wire)] == [png(2)]

    asyncio.run(story())


@pytest.mark.parametrize(
    "reason",
    ["not enough rights to send photos to the chat", "CHAT_SEND_PHOTOS_FORBIDDEN", "PHOTO_INVALID_DIMENSIONS",
     "IMAGE_PROCESS_FAILED", "CHAT_SEND_MEDIA_FORBIDDEN", "file is too big"],
)  # fmt: skip
def test_where_no_picture_is_taken_the_words_arrive(tmp_path: Path, reason: str) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.telegram.troubles.refuse("sendPhoto", bad_request(reason))
            letter = wire.store.outbox.put(CARD)
            async with sending(wire):
                await _all_gone(wire)
            (message,) = _shown(wire)
            assert message.text == "BTC-USDT 1h\n(The picture was not taken here.)"
            assert [b.text for row in message.keyboard for b in row] == ["4h"]
            assert wire.letter(letter).state is LetterState.SENT
            assert not wire.store.outbox.chats.closed(ANNA.id)

    asyncio.run(story())


def test_a_lost_acknowledgement_is_repeated_with_the_picture_and_marked(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.telegram.troubles.lose_answer("sendPhoto")
            wire.store.outbox.put(CARD)
            async with sending(wire):
                await _all_gone_in_time(wire)
            first, again = _shown(wire)
            assert _content(first) == _content(again) == png(1)
            assert (MARK in first.text, MARK in again.text) == (False, True)
            assert _pictures_kept(wire) == 0

    asyncio.run(story())


def test_after_a_crash_between_it_leaves_again_with_its_picture(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.store.outbox.sending(wire.store.outbox.put(CARD))
            async with sending(wire):
                await _all_gone_in_time(wire)
            (message,) = _shown(wire)
            assert _content(message) == png(1)
            assert MARK in message.text

    asyncio.run(story())


def test_words_too_many_for_a_caption_are_cut_at_a_line_and_hostile_ones_are_sent_plain(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.store.outbox.put(replace(CARD, text="\n".join(["a line of words"] * 100)))
            wire.store.outbox.put(replace(CARD, text="<b>never closed", png=png(2)))
            async with sending(wire):
                await _all_gone_in_time(wire)
            long, hostile = _shown(wire)
            assert CAPTION_LIMIT - 30 < units(long.text) <= CAPTION_LIMIT
            assert long.text.endswith("words\n…")
            assert (hostile.text, _content(hostile)) == ("never closed", png(2))

    asyncio.run(story())


def test_a_picture_nobody_takes_back_is_refused_once_for_good(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.telegram.troubles.refuse("sendPhoto", TelegramRefusal(400, "Bad Request: something else"))
            letter = wire.store.outbox.put(CARD)
            async with sending(wire):
                await _all_gone(wire)
            assert wire.letter(letter).state is LetterState.DEAD

    asyncio.run(story())


def test_what_left_without_its_picture_is_edited_as_the_words_it_is(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            for method in ("sendPhoto", "editMessageMedia"):
                wire.telegram.troubles.refuse(method, bad_request("not enough rights to send photos to the chat"))
            card = wire.store.outbox.put(CARD)
            async with sending(wire):
                await _all_gone(wire)
                edit = wire.store.outbox.put(replace(CARD, text="4h now", png=png(2), edits=card.id))
                await _all_gone_in_time(wire)
            assert wire.letter(edit).state is LetterState.SENT
            (message,) = _shown(wire)
            assert message.text.startswith("4h now")

    asyncio.run(story())
