import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from chatbot.core.times import Now
from chatbot.sandbox.telegram_phone import Phone
from chatbot.sandbox.telegram_server import TelegramServer
from chatbot.sandbox.telegram_values import ChatAction

Ask = Callable[..., Awaitable[dict[str, object]]]
PassTime = Callable[[timedelta], None]


@pytest.fixture
def call(ask: Ask, anna: Phone) -> Callable[..., dict[str, object]]:
    """Anna has written message 1, the bot message 2."""
    anna.write("hi")

    def now(method: str, **fields: object) -> dict[str, object]:
        async def answer() -> dict[str, object]:
            return await ask(method, **fields)

        return asyncio.run(answer())

    now("sendMessage", chat_id=11, text="hello")
    return now


Call = Callable[..., dict[str, object]]


def test_an_answer_to_a_tap_is_shown_to_the_one_who_tapped(call: Call, anna: Phone) -> None:
    tap = anna.tap(2, "x")

    call("answerCallbackQuery", callback_query_id=tap.id, text="Only Ben can.", show_alert=True)

    assert [(answer.tap, answer.text, answer.alert) for answer in anna.answers] == [(tap, "Only Ben can.", True)]


def test_a_tap_can_be_answered_for_a_quarter_of_an_hour(call: Call, anna: Phone, pass_time: PassTime) -> None:
    tap = anna.tap(2, "x")
    pass_time(timedelta(minutes=15))
    assert call("answerCallbackQuery", callback_query_id=tap.id)["ok"] is True

    pass_time(timedelta(seconds=1))

    late = call("answerCallbackQuery", callback_query_id=tap.id)
    too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    assert (late["error_code"], late["description"]) == (400, too_old)
    assert call("answerCallbackQuery", callback_query_id="7")["description"] == too_old
    assert call("answerCallbackQuery", callback_query_id=tap.id, text="x" * 201)["ok"] is False


def test_typing_lasts_until_the_message_comes(call: Call, telegram: TelegramServer, clock: Now) -> None:
    call("sendChatAction", chat_id=11, action="typing")
    assert telegram.chats.room(11).action == ChatAction(kind="typing", since=clock(), thread_id=None)

    call("sendMessage", chat_id=11, text="x")

    assert telegram.chats.room(11).action is None
    assert call("sendChatAction", chat_id=11, action="dancing")["ok"] is False


def test_the_newest_pin_is_told_and_goes_first(call: Call, telegram: TelegramServer) -> None:
    call("pinChatMessage", chat_id=11, message_id=1)
    call("pinChatMessage", chat_id=11, message_id=2)
    chat = call("getChat", chat_id=11)["result"]
    assert isinstance(chat, dict)
    assert chat["pinned_message"]["message_id"] == 2

    call("unpinChatMessage", chat_id=11)

    assert telegram.chats.room(11).pinned == [1]
    assert (
        call("unpinChatMessage", chat_id=11, message_id=2)["description"] == "Bad Request: message to unpin not found"
    )
    call("unpinAllChatMessages", chat_id=11)
    assert telegram.chats.room(11).pinned == []


def test_a_deleted_message_is_no_longer_pinned(call: Call, telegram: TelegramServer) -> None:
    call("pinChatMessage", chat_id=11, message_id=2)
    call("deleteMessage", chat_id=11, message_id=2)

    assert telegram.chats.room(11).pinned == []


def test_a_reaction_is_one_of_those_offered(call: Call, anna: Phone) -> None:
    call("setMessageReaction", chat_id=11, message_id=1, reaction=[{"type": "emoji", "emoji": "👍"}])
    assert list(anna.messages[0].reactions) == ["👍"]

    refused = call("setMessageReaction", chat_id=11, message_id=1, reaction=[{"type": "emoji", "emoji": "🪙"}])

    assert refused["description"] == "Bad Request: REACTION_INVALID"
    call("setMessageReaction", chat_id=11, message_id=1)
    assert not anna.messages[0].reactions


@pytest.mark.parametrize(("user_id", "status"), [(11, "member"), (7000001, "member")])
def test_members_are_known(call: Call, user_id: int, status: str) -> None:
    member = call("getChatMember", chat_id=11, user_id=user_id)["result"]

    assert isinstance(member, dict)
    assert member["status"] == status
    assert call("getChatMember", chat_id=11, user_id=5)["description"] == "Bad Request: member not found"


def test_a_webhook_is_never_accepted_but_may_have_been_left_behind(call: Call, telegram: TelegramServer) -> None:
    assert call("setWebhook", url="https://a.b")["ok"] is False
    telegram.webhook = "https://elsewhere.example/hook"
    info = call("getWebhookInfo")["result"]
    assert isinstance(info, dict)
    assert (info["url"], info["pending_update_count"]) == ("https://elsewhere.example/hook", 1)
    assert call("getUpdates")["error_code"] == 409

    call("deleteWebhook")

    assert call("getUpdates")["ok"] is True
    call("deleteWebhook", drop_pending_updates=True)
    assert telegram.updates.pending == 0


@pytest.mark.parametrize("method", ["sendSticker", "x"])
def test_an_unknown_method_is_not_found(call: Call, method: str) -> None:
    answer = call(method)

    assert (answer["error_code"], answer["description"]) == (404, "Not Found")


@pytest.mark.parametrize("method", ["getMe", "getme", "GETME", "close", "logOut"])
def test_a_method_may_be_spelled_in_any_case(call: Call, method: str) -> None:
    assert call(method)["ok"] is True
