import asyncio
from collections.abc import Awaitable, Callable

import pytest

from chatbot.sandbox.telegram_groups import found_group, open_topic
from chatbot.sandbox.telegram_phone import Phone
from chatbot.sandbox.telegram_server import TelegramServer

FORUM = -1005
Ask = Callable[..., Awaitable[dict[str, object]]]
Call = Callable[..., dict[str, object]]


@pytest.fixture
def topic(telegram: TelegramServer, anna: Phone) -> int:
    found_group(telegram, FORUM, "Desk", [anna.user], forum=True)
    return open_topic(telegram, FORUM, "Alerts", anna.user)


@pytest.fixture
def call(ask: Ask) -> Call:
    def now(method: str, **fields: object) -> dict[str, object]:
        async def answer() -> dict[str, object]:
            return await ask(method, **fields)

        return asyncio.run(answer())

    return now


def test_a_new_topic_is_told_by_the_message_that_opens_it(telegram: TelegramServer, topic: int) -> None:
    (update,) = telegram.updates.take(0, 100)
    told = update.content
    assert (told["message_id"], told["message_thread_id"], told["is_topic_message"]) == (topic, topic, True)
    assert told["chat"] == {"id": FORUM, "type": "supergroup", "title": "Desk", "is_forum": True}
    opened = told["forum_topic_created"]
    assert isinstance(opened, dict)
    assert opened["name"] == "Alerts"


def test_what_a_person_says_in_a_topic_answers_its_opening(telegram: TelegramServer, anna: Phone, topic: int) -> None:
    Phone(telegram, anna.user, FORUM).write("/alerts", thread_id=topic)

    told = telegram.updates.take(0, 100)[-1].content
    answered = told["reply_to_message"]
    assert isinstance(answered, dict)
    assert (answered["message_id"], told["message_thread_id"]) == (topic, topic)


def test_talk_between_people_in_a_topic_is_not_for_the_bot(telegram: TelegramServer, anna: Phone, topic: int) -> None:
    before = telegram.updates.pending
    Phone(telegram, anna.user, FORUM).write("morning", thread_id=topic)
    assert telegram.updates.pending == before


def test_an_answer_goes_to_the_topic_of_what_it_answers(
    telegram: TelegramServer, anna: Phone, topic: int, call: Call
) -> None:
    asked = Phone(telegram, anna.user, FORUM).write("/price", thread_id=topic)

    sent = call("sendMessage", chat_id=FORUM, text="67,412.3", reply_parameters={"message_id": asked.id})

    result = sent["result"]
    assert isinstance(result, dict)
    assert (result["message_thread_id"], result["is_topic_message"]) == (topic, True)


@pytest.mark.parametrize("method", ["sendMessage", "sendChatAction"])
def test_a_topic_that_is_not_there_is_refused(telegram: TelegramServer, topic: int, call: Call, method: str) -> None:
    refused = call(method, chat_id=FORUM, text="x", action="typing", message_thread_id=topic + 1)
    assert refused["description"] == "Bad Request: message thread not found"
    assert len(telegram.messages(FORUM)) == 1


def test_an_action_is_shown_in_its_topic(telegram: TelegramServer, topic: int, call: Call) -> None:
    call("sendChatAction", chat_id=FORUM, action="upload_photo", message_thread_id=topic)
    action = telegram.chats.room(FORUM).action
    assert action is not None
    assert (action.kind, action.thread_id) == ("upload_photo", topic)
