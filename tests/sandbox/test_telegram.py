"""The Bot API's face as python-telegram-bot meets it: its real client over a real socket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    Message,
    MessageEntity,
    ReplyParameters,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from chatbot.sandbox.server import Server
from chatbot.sandbox.telegram import build_telegram
from chatbot.sandbox.telegram_groups import found_group, migrate_group
from chatbot.sandbox.telegram_limits import FloodLimits
from chatbot.sandbox.telegram_phone import Phone
from chatbot.sandbox.telegram_refusals import TelegramRefusal
from chatbot.sandbox.telegram_server import TelegramServer
from chatbot.sandbox.telegram_values import ButtonStyle

TOKEN = "7000001:made-up"
Draw = Callable[[int, int], bytes]

pytestmark = pytest.mark.filterwarnings("ignore:.*retry_after.*:telegram.warnings.PTBDeprecationWarning")


@asynccontextmanager
async def _bot(telegram: TelegramServer, token: str = TOKEN) -> AsyncIterator[Bot]:
    async with Server(Starlette(routes=build_telegram(telegram))) as server:
        bot = Bot(token, base_url=f"{server.url}/bot", base_file_url=f"{server.url}/file/bot")
        async with bot:
            yield bot


def _run(telegram: TelegramServer, story: Callable[[Bot], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(20), _bot(telegram) as bot:
            await story(bot)

    asyncio.run(main())


def test_a_card_is_sent_tapped_answered_and_edited(telegram: TelegramServer, anna: Phone) -> None:
    async def story(bot: Bot) -> None:
        anna.write("/buy btc 100")
        (asked,) = await bot.get_updates(timeout=5)
        assert asked.message is not None
        assert asked.message.parse_entities([MessageEntity.BOT_COMMAND]) != {}
        buttons = [
            InlineKeyboardButton("Confirm buy", callback_data="1:ok", style="success"),
            InlineKeyboardButton("Cancel", callback_data="1:no", style="danger"),
        ]
        card = await bot.send_message(
            11, "<b>Ticket</b>", parse_mode="HTML", protect_content=True, reply_markup=InlineKeyboardMarkup([buttons])
        )
        assert (card.text_html, card.has_protected_content) == ("<b>Ticket</b>", True)

        anna.press("Confirm")
        (tapped,) = await bot.get_updates(offset=asked.update_id + 1, timeout=5)
        query = tapped.callback_query
        assert query is not None
        assert (query.data, query.from_user.id, tapped.update_id) == ("1:ok", 11, asked.update_id + 1)
        assert isinstance(query.message, Message)
        assert query.message.message_id == card.message_id
        assert await query.answer("Sending")
        await card.edit_text("Filled")

    _run(telegram, story)

    card = anna.messages[-1]
    assert (card.text, card.keyboard) == ("Filled", ())
    first = telegram.chats.versions(11, card.id)[0]
    assert [button.style for button in first.keyboard[0]] == [ButtonStyle.SUCCESS, ButtonStyle.DANGER]
    assert [answer.text for answer in anna.answers] == ["Sending"]


def test_a_picture_is_sent_fetched_and_replaced(telegram: TelegramServer, anna: Phone, png: Draw) -> None:
    async def story(bot: Bot) -> None:
        anna.write("/chart btc")
        sent = await bot.send_photo(11, png(64, 48), caption="<i>1h</i>", parse_mode="HTML")
        assert (sent.photo[0].width, sent.photo[0].height, sent.caption_html) == (64, 48, "<i>1h</i>")
        file = await sent.photo[0].get_file()
        assert bytes(await file.download_as_bytearray()) == png(64, 48)

        media = InputMediaPhoto(png(80, 60), caption="<b>4h</b>", parse_mode="HTML")
        edited = await sent.edit_media(media)
        assert isinstance(edited, Message)
        assert (edited.photo[0].width, edited.caption_html) == (80, "<b>4h</b>")
        await sent.edit_caption("1d")
        with pytest.raises(BadRequest, match="There is no text"):
            await sent.edit_text("x")

    _run(telegram, story)

    assert anna.messages[-1].text == "1d"


def test_everything_else_the_bot_may_ask(telegram: TelegramServer, anna: Phone) -> None:
    async def story(bot: Bot) -> None:
        question = anna.write("/alert btc")
        prompt = ForceReply(input_field_placeholder="68000 or +1%")
        sent = await bot.send_message(
            11, "Which level?", reply_markup=prompt, reply_parameters=ReplyParameters(question.id)
        )
        assert sent.reply_to_message is not None
        assert sent.reply_to_message.message_id == question.id
        await bot.set_my_commands([BotCommand("kill", "Stop")], scope=BotCommandScopeChat(11))
        assert await bot.get_my_commands(scope=BotCommandScopeChat(11)) == (BotCommand("kill", "Stop"),)
        assert await bot.send_chat_action(11, "typing")
        assert await bot.pin_chat_message(11, sent.message_id)
        chat = await bot.get_chat(11)
        assert chat.pinned_message is not None
        assert await bot.set_message_reaction(11, question.id, "👍")
        assert (await bot.get_chat_member(11, 11)).status == "member"
        assert (await bot.get_webhook_info()).url == ""
        assert (await bot.get_me()).username == "desk_bot"
        assert await bot.delete_message(11, question.id)

    _run(telegram, story)

    assert [message.text for message in anna.messages] == ["Which level?"]
    prompt = anna.messages[0].prompt
    assert prompt is not None
    assert prompt.placeholder == "68000 or +1%"


ERRORS = [
    (TelegramRefusal(401, "Unauthorized"), InvalidToken),
    (TelegramRefusal(403, "Forbidden: user is deactivated"), Forbidden),
    (TelegramRefusal(409, "Conflict: x"), Conflict),
    (TelegramRefusal(429, "Too Many Requests: retry after 3", retry_after=3), RetryAfter),
    (TelegramRefusal(400, "Bad Request: x", migrate_to=-1005), ChatMigrated),
    (TelegramRefusal(400, "Bad Request: x"), BadRequest),
    (TelegramRefusal(502, "Bad Gateway"), NetworkError),
]


@pytest.mark.parametrize(("refusal", "error"), ERRORS)
@pytest.mark.parametrize("accepted", [True, False])
def test_a_refusal_is_met_once_and_as_its_own_class(
    telegram: TelegramServer, anna: Phone, refusal: TelegramRefusal, error: type[TelegramError], accepted: bool
) -> None:
    async def story(bot: Bot) -> None:
        anna.write("hi")
        telegram.troubles.refuse("sendMessage", refusal, accepted=accepted)
        with pytest.raises(error) as caught:
            await bot.send_message(11, "one")
        assert type(caught.value) is error
        await bot.send_message(11, "two")

    _run(telegram, story)

    assert [message.text for message in anna.messages[1:]] == (["one", "two"] if accepted else ["two"])
    assert [call.code for call in telegram.calls("sendMessage")] == [refusal.code, 200]


def test_a_lost_answer_leaves_the_message_sent(telegram: TelegramServer, anna: Phone) -> None:
    async def story(bot: Bot) -> None:
        anna.write("hi")
        telegram.troubles.lose_answer("sendMessage", times=2)
        for _ in range(2):
            with pytest.raises(NetworkError) as caught:
                await bot.send_message(11, "filled")
            assert type(caught.value) is NetworkError
        telegram.troubles.lose_answer("sendMessage")
        telegram.troubles.clear()
        await bot.send_message(11, "filled")

    _run(telegram, story)

    assert len(anna.messages) == 4


def test_a_flood_is_told_how_long_to_wait(anna: Phone, telegram: TelegramServer) -> None:
    strict = TelegramServer(token=TOKEN, bot=telegram.bot, now=telegram.now, limits=FloodLimits(private_burst=1))

    async def story(bot: Bot) -> None:
        Phone(strict, anna.user).write("hi")
        sent = await bot.send_message(11, "one")
        with pytest.raises(RetryAfter, match="Retry in 0:00:01"):
            await bot.send_message(11, "two")
        with pytest.raises(RetryAfter):
            await sent.edit_text("edits count too")

    _run(strict, story)


def test_a_moved_group_is_told_with_its_new_id(telegram: TelegramServer, anna: Phone) -> None:
    found_group(telegram, -5, "Desk", [anna.user])
    migrate_group(telegram, -5, -1005, anna.user)

    async def story(bot: Bot) -> None:
        with pytest.raises(ChatMigrated) as caught:
            await bot.send_message(-5, "x")
        assert caught.value.new_chat_id == -1005

    _run(telegram, story)


def test_a_wrong_token_is_unauthorized(telegram: TelegramServer) -> None:
    async def main() -> None:
        async with Server(Starlette(routes=build_telegram(telegram))) as server:
            with pytest.raises(InvalidToken):
                await Bot("7:wrong", base_url=f"{server.url}/bot").__aenter__()
            async with httpx.AsyncClient(base_url=server.url) as client:
                answers = [await client.get("/bot7:wrong/getMe"), await client.get("/file/bot7:wrong/photos/x")]
                missing = await client.get(f"/file/bot{TOKEN}/photos/x")
        envelope = {"ok": False, "error_code": 401, "description": "Unauthorized"}
        assert [(answer.status_code, answer.json()) for answer in answers] == [(401, envelope)] * 2
        assert missing.status_code == 404

    asyncio.run(main())


def test_a_revoked_token_ends_a_poll_that_waits(telegram: TelegramServer) -> None:
    async def story(bot: Bot) -> None:
        poll = asyncio.create_task(bot.get_updates(timeout=30))
        await telegram.until(lambda: telegram.polls)
        telegram.revoke_token()
        with pytest.raises(InvalidToken):
            await poll

    _run(telegram, story)


def test_a_waiting_poll_hears_at_once_and_an_empty_one_ends_in_time(telegram: TelegramServer, anna: Phone) -> None:
    async def story(bot: Bot) -> None:
        poll = asyncio.create_task(bot.get_updates(timeout=30, allowed_updates=["message"]))
        await telegram.until(lambda: telegram.polls)
        anna.write("hi")
        (update,) = await poll
        assert await bot.get_updates(offset=update.update_id + 1, timeout=0) == ()
        anna.tap(1, "unwanted")
        assert await bot.get_updates(timeout=0) == ()
        assert await bot.get_updates(timeout=1) == ()

    _run(telegram, story)


def test_of_two_pollers_the_older_is_sent_away(telegram: TelegramServer, anna: Phone) -> None:
    async def main() -> None:
        async with asyncio.timeout(20), _bot(telegram) as older, _bot(telegram) as newer:
            first = asyncio.create_task(older.get_updates(timeout=30))
            await telegram.until(lambda: telegram.polls == 1)
            second = asyncio.create_task(newer.get_updates(timeout=30))
            with pytest.raises(Conflict, match="terminated by other getUpdates request"):
                await first
            anna.write("hi")
            assert len(await second) == 1

    asyncio.run(main())


def test_a_poll_confirms_what_it_has_read_and_nothing_else(telegram: TelegramServer, anna: Phone) -> None:
    async def story(bot: Bot) -> None:
        for text in ("one", "two", "three"):
            anna.write(text)
        first = await bot.get_updates(limit=2)
        again = await bot.get_updates(offset=first[1].update_id)
        assert [update.update_id for update in again] == [first[1].update_id, first[1].update_id + 1]
        (last,) = await bot.get_updates(offset=-1)
        assert last.message is not None
        assert last.message.text == "three"

    _run(telegram, story)
