"""Charts in the whole bot: asked for on a phone, drawn by a process that comes and goes with the bot."""

import asyncio
import os
import signal
from pathlib import Path

from chatbot.sandbox.telegram_groups import found_group, open_topic
from chatbot.sandbox.telegram_values import ChatMessage
from tests.playground import eventually, playing, running, sandbox_and_people

PNG = b"\x89PNG\r\n\x1a\n"


def _painters() -> set[int]:
    """The processes that draw, of this bot."""
    found = set()
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdecimal() and b"chatbot.chat.painting" in (folder / "cmdline").read_bytes():
                found.add(int(folder.name))
        except OSError:  # it ended meanwhile
            continue
    return found


def _content(message: ChatMessage) -> bytes:
    assert message.picture is not None
    return message.picture.content


def test_a_chart_arrives_as_a_photo_and_every_timeframe_changes_it_in_place(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            card = await ground.viewer.asks("/chart btc 4h", "BTC-USDT 4h", "67,412.3")
            first = _content(card)
            assert first.startswith(PNG)
            (action,) = ground.sandbox.telegram.calls("sendChatAction")
            assert action.fields["action"] == "upload_photo"
            for timeframe in ("1m", "5m", "15m", "1h", "1d", "1w"):
                await ground.viewer.presses(timeframe)
                seen = await ground.viewer.sees(card, f"BTC-USDT {timeframe}")
                assert _content(seen) != first
            assert len(ground.sandbox.telegram.calls("sendPhoto")) == 1

    asyncio.run(story())


def test_the_painter_comes_with_the_first_chart_and_goes_with_the_bot(tmp_path: Path) -> None:
    async def story() -> None:
        before = _painters()
        async with playing(tmp_path) as ground:
            await ground.owner.asks("/price btc", "BTC-USDT")
            assert _painters() <= before
            await ground.owner.presses("Chart")
            await ground.owner.reads("BTC-USDT 1h")
            assert len(_painters() - before) == 1
        await eventually(lambda: _painters() <= before)

    asyncio.run(story())


def test_the_others_are_answered_while_charts_are_drawn(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            for symbol in ("btc", "eth", "sol", "xrp"):
                ground.owner.write(f"/chart {symbol} 15m")
            await ground.viewer.asks("/help price", "/price")
            await ground.owner.shows("XRP-USDT 15m")
            photos = [call.at for call in ground.sandbox.telegram.calls("sendPhoto")]
            helped = [c.at for c in ground.sandbox.telegram.calls("sendMessage") if "/price" in str(c.fields["text"])]
            assert len(photos) == 4
            assert helped[0] < photos[-1]

    asyncio.run(story())


def test_in_a_group_the_picture_answers_the_question_and_shows_nothing_of_the_account(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            owner = ground.owner.phone.user
            group = found_group(ground.sandbox.telegram, -1001, "Desk", [owner], forum=True)
            topic = open_topic(ground.sandbox.telegram, group.id, "Markets", owner)
            settings = ground.settings.model_copy(update={"telegram_groups": frozenset({group.id})})
            async with running(settings):
                talk = ground.talk(owner, group.id)
                asked = talk.phone.write("/chart XBTUSDTM", thread_id=topic)
                card = await talk.reads("XBTUSDTM 1h", "not shown in a group")
                assert "long" not in card.text
                assert card.replies_to is not None
                assert (card.replies_to.id, card.thread_id) == (asked.id, topic)
                (action,) = ground.sandbox.telegram.calls("sendChatAction")
                assert action.fields["message_thread_id"] == str(topic)

    asyncio.run(story())


def test_a_painter_that_was_killed_costs_one_sentence_and_no_more(tmp_path: Path) -> None:
    async def story() -> None:
        before = _painters()
        async with playing(tmp_path) as ground:
            card = await ground.owner.asks("/chart btc", "BTC-USDT 1h")
            for painter in _painters() - before:
                os.kill(painter, signal.SIGKILL)
            tap = ground.owner.phone.press("4h")
            answer = await ground.owner.answered(tap.id)
            if answer.text.startswith("The drawing broke"):
                await ground.owner.presses("4h")
            await ground.owner.sees(card, "BTC-USDT 4h")

    asyncio.run(story())
