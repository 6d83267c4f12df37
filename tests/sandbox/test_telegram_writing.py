"""What the bot sends, edits and deletes, and how it is refused: without a socket, one call at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from chatbot.core.times import Now
from chatbot.sandbox.telegram_groups import found_group, migrate_group
from chatbot.sandbox.telegram_params import Upload
from chatbot.sandbox.telegram_phone import Phone
from chatbot.sandbox.telegram_server import TelegramServer
from chatbot.sandbox.telegram_text import Entity, EntityKind
from chatbot.sandbox.telegram_values import TelegramUser

Ask = Callable[..., Awaitable[dict[str, object]]]
PassTime = Callable[[timedelta], None]
BUTTON = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
GROUP = -1005


def _call(ask: Ask, method: str, **fields: object) -> dict[str, object]:
    return asyncio.run(_done(ask(method, **fields)))


async def _done(answer: Awaitable[dict[str, object]]) -> dict[str, object]:
    return await answer


def _sent(ask: Ask, **fields: object) -> dict[str, object]:
    answer = _call(ask, "sendMessage", **({"chat_id": 11, "text": "hello"} | fields))
    result = answer["result"]
    assert isinstance(result, dict)
    return result


def _why(ask: Ask, method: str, **fields: object) -> object:
    return _call(ask, method, **fields)["description"]


def test_everything_said_with_a_message_is_kept(telegram: TelegramServer, anna: Phone, ask: Ask) -> None:
    question = anna.write("/buy btc 100")
    _sent(
        ask,
        text="<b>Ticket</b> &lt;1&gt;",
        parse_mode="HTML",
        reply_markup=BUTTON,
        reply_parameters={"message_id": question.id},
        message_thread_id=4,
        disable_notification=True,
        protect_content=True,
    )

    message = anna.messages[-1]
    assert message.text == "Ticket <1>"
    assert message.body.entities == (Entity(kind=EntityKind.BOLD, offset=0, length=6),)
    assert message.keyboard[0][0].data == "go"
    assert message.replies_to == question
    assert (message.thread_id, message.silent, message.protected, message.sender) == (4, True, True, telegram.bot)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"text": ""}, "Bad Request: message text is empty"),
        ({"text": " \n"}, "Bad Request: text must be non-empty"),
        ({"text": "<b></b>", "parse_mode": "HTML"}, "Bad Request: text must be non-empty"),
        ({"text": "x" * 4097}, "Bad Request: message is too long"),
        ({"text": "😀" * 2049}, "Bad Request: message is too long"),
        ({"chat_id": 99}, "Bad Request: chat not found"),
        ({"chat_id": "@somewhere"}, "Bad Request: chat not found"),
        ({"chat_id": ""}, "Bad Request: chat_id is empty"),
        ({"parse_mode": "MarkdownV2"}, "Bad Request: unsupported parse_mode"),
        ({"reply_parameters": {"message_id": 99}}, "Bad Request: message to be replied not found"),
        ({"chat_id": 12}, "Forbidden: bot can't initiate conversation with a user"),
    ],
)
def test_what_cannot_be_sent(
    telegram: TelegramServer, anna: Phone, ask: Ask, fields: dict[str, object], reason: str
) -> None:
    anna.write("hi")
    Phone(telegram, TelegramUser(id=12, first_name="Ben"))

    assert _why(ask, "sendMessage", **({"chat_id": 11, "text": "hello"} | fields)) == reason
    assert len(anna.messages) == 1


@pytest.mark.parametrize("text", ["x" * 4096, "😀" * 2048, "<b>" + "x" * 4096 + "</b>"])
def test_4096_units_pass_after_the_markup_is_read(anna: Phone, ask: Ask, text: str) -> None:
    anna.write("hi")

    _sent(ask, text=text, parse_mode="HTML")

    assert len(anna.messages) == 2


@pytest.mark.parametrize(("units", "passes"), [(1024, True), (1025, False)])
def test_1024_units_pass_under_a_picture(
    telegram: TelegramServer, anna: Phone, ask: Ask, png: Callable[[int, int], bytes], units: int, passes: bool
) -> None:
    anna.write("hi")
    kept = telegram.pictures.keep(Upload(name="a.png", content=png(8, 8)), "")

    answer = _call(ask, "sendPhoto", chat_id=11, photo=kept.file_id, caption="x" * units)

    assert answer["ok"] is passes


def test_a_missing_question_may_be_overlooked(anna: Phone, ask: Ask) -> None:
    anna.write("hi")
    _sent(ask, reply_parameters={"message_id": 99, "allow_sending_without_reply": True})

    assert anna.messages[-1].replies_to is None


def test_nothing_reaches_somebody_who_blocked_the_bot(anna: Phone, ask: Ask) -> None:
    anna.write("hi")
    anna.block()
    reason = "Forbidden: bot was blocked by the user"
    assert _why(ask, "sendMessage", chat_id=11, text="x") == reason

    anna.unblock()

    assert _sent(ask)["message_id"] == 2


def test_an_edit_replaces_text_and_buttons_in_place(anna: Phone, ask: Ask, pass_time: PassTime, clock: Now) -> None:
    anna.write("hi")
    _sent(ask, reply_markup=BUTTON)
    pass_time(timedelta(seconds=5))

    _call(ask, "editMessageText", chat_id=11, message_id=2, text="bye")

    message = anna.messages[-1]
    assert (message.id, message.text, message.keyboard, message.edited_at) == (2, "bye", (), clock())


def test_new_buttons_alone_do_not_mark_a_message_as_edited(anna: Phone, ask: Ask) -> None:
    anna.write("hi")
    _sent(ask)

    _call(ask, "editMessageReplyMarkup", chat_id=11, message_id=2, reply_markup=BUTTON)

    assert (anna.messages[-1].keyboard[0][0].text, anna.messages[-1].edited_at) == ("Go", None)


@pytest.mark.parametrize(
    ("method", "fields", "reason"),
    [
        ("editMessageText", {"text": "hello", "reply_markup": BUTTON}, "Bad Request: message is not modified: "),
        ("editMessageReplyMarkup", {"reply_markup": BUTTON}, "Bad Request: message is not modified: "),
        ("editMessageText", {"message_id": 99, "text": "x"}, "Bad Request: message to edit not found"),
        ("editMessageText", {"message_id": 1, "text": "x"}, "Bad Request: message can't be edited"),
        ("editMessageText", {"text": ""}, "Bad Request: message text is empty"),
        ("editMessageCaption", {"caption": "x"}, "Bad Request: there is no caption in the message to edit"),
        ("editMessageMedia", {"media": {"type": "video"}}, "Bad Request: the sandbox keeps photos only"),
        ("deleteMessage", {"message_id": 99}, "Bad Request: message to delete not found"),
    ],
)
def test_what_cannot_be_changed(anna: Phone, ask: Ask, method: str, fields: dict[str, object], reason: str) -> None:
    anna.write("hi")
    _sent(ask, reply_markup=BUTTON)
    before = anna.messages

    why = _why(ask, method, **({"chat_id": 11, "message_id": 2} | fields))

    assert str(why).startswith(reason)
    assert anna.messages == before


def test_the_bot_deletes_for_two_days_and_its_versions_stay(
    telegram: TelegramServer, anna: Phone, ask: Ask, pass_time: PassTime
) -> None:
    anna.write("hi")
    _sent(ask)
    pass_time(timedelta(hours=48))
    assert _call(ask, "deleteMessage", chat_id=11, message_id=2)["result"] is True
    assert [message.id for message in anna.messages] == [1]
    assert [version.text for version in telegram.chats.versions(11, 2)] == ["hello"]

    pass_time(timedelta(seconds=1))

    assert _why(ask, "deleteMessage", chat_id=11, message_id=1) == "Bad Request: message can't be deleted for everyone"


@pytest.mark.parametrize("allowed", [True, False])
def test_in_a_group_deleting_what_others_wrote_needs_the_right(
    telegram: TelegramServer, anna: Phone, ask: Ask, allowed: bool
) -> None:
    found_group(telegram, GROUP, "Desk", [anna.user], bot_may_delete=allowed)
    message = Phone(telegram, anna.user, GROUP).write("/kill")

    answer = _call(ask, "deleteMessage", chat_id=GROUP, message_id=message.id)

    assert answer["ok"] is allowed


def test_calls_to_a_group_that_moved_name_its_new_id(telegram: TelegramServer, anna: Phone, ask: Ask) -> None:
    found_group(telegram, -5, "Desk", [anna.user])
    migrate_group(telegram, -5, GROUP, anna.user)

    answer = _call(ask, "sendMessage", chat_id=-5, text="x")

    assert (answer["error_code"], answer["parameters"]) == (400, {"migrate_to_chat_id": GROUP})
    assert _sent(ask, chat_id=GROUP)["text"] == "hello"


def test_a_bot_that_left_a_group_is_shut_out(telegram: TelegramServer, anna: Phone, ask: Ask) -> None:
    found_group(telegram, GROUP, "Desk", [anna.user])
    _call(ask, "leaveChat", chat_id=GROUP)

    assert _why(ask, "sendMessage", chat_id=GROUP, text="x") == "Forbidden: bot was kicked from the supergroup chat"
