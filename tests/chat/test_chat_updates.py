"""From Telegram's updates to ours: who, where, what, and everything that makes it not a person's own words."""

import json
from typing import Any

import pytest
from telegram import Update

from chatbot.chat.messages import Incoming
from chatbot.chat.updates import read
from tests.chat.desk import NOON

Json = dict[str, Any]
ANNA: Json = {"id": 11, "is_bot": False, "first_name": "Anna"}
BEN: Json = {"id": 12, "is_bot": False, "first_name": "Ben"}
BOT: Json = {"id": 99, "is_bot": True, "first_name": "Other", "username": "other_bot"}
AT = int(NOON.timestamp())
PRIVATE: Json = {"id": 11, "type": "private", "first_name": "Anna"}
FORUM: Json = {"id": -5, "type": "supergroup", "title": "Desk", "is_forum": True}
TYPED: Json = {"message_id": 7, "from": ANNA, "chat": PRIVATE, "date": AT, "text": "/price btc"}
CARD: Json = {"message_id": 6, "from": BOT, "chat": PRIVATE, "date": AT, "text": "card"}
TAP: Json = {"id": "555", "from": ANNA, "chat_instance": "1", "data": "key:0", "message": CARD}


def _read(kind: str, content: Json) -> Incoming:
    """Through the same JSON that the inbox keeps."""
    update = Update.de_json({"update_id": 3, kind: content}, None)
    return read(Update.de_json(json.loads(update.to_json()), None))


def test_a_message_is_read_whole() -> None:
    assert _read("message", TYPED) == Incoming(
        update_id=3, user_id=11, user_name="Anna", chat_id=11, private=True, thread_id=None, message_id=7,
        sent_at=NOON, text="/price btc", answers=None, callback_id="", data=None, odd="",
    )  # fmt: skip


def test_a_tap_is_read_whole_and_has_no_time() -> None:
    assert _read("callback_query", TAP) == Incoming(
        update_id=3, user_id=11, user_name="Anna", chat_id=11, private=True, thread_id=None, message_id=6,
        sent_at=None, text="", answers=None, callback_id="555", data="key:0", odd="",
    )  # fmt: skip


def test_a_tap_on_a_message_too_old_to_be_shown_still_says_where() -> None:
    found = _read("callback_query", TAP | {"message": {"message_id": 6, "chat": PRIVATE, "date": 0}})
    assert (found.chat_id, found.message_id, found.odd) == (11, 6, "")


def test_a_tap_on_no_message_is_odd() -> None:
    tap = {key: value for key, value in TAP.items() if key != "message"}
    assert _read("callback_query", tap | {"inline_message_id": "x"}).odd == "no message"


def test_a_tap_without_data_is_a_tap_all_the_same() -> None:
    tap = {key: value for key, value in TAP.items() if key != "data"}
    assert _read("callback_query", tap | {"game_short_name": "x"}).data == ""


@pytest.mark.parametrize("kind", ["message", "callback_query"])
def test_the_topic_of_a_forum_is_known_for_messages_and_taps(kind: str) -> None:
    topic = {"chat": FORUM, "message_thread_id": 40, "is_topic_message": True}
    content = TYPED | topic if kind == "message" else TAP | {"message": CARD | topic}
    found = _read(kind, content)
    assert (found.chat_id, found.private, found.thread_id) == (-5, False, 40)


def test_a_thread_of_replies_is_no_topic() -> None:
    assert _read("message", TYPED | {"chat": FORUM, "message_thread_id": 40}).thread_id is None


def test_an_answer_names_what_it_answers() -> None:
    assert _read("message", TYPED | {"reply_to_message": CARD}).answers == 6


@pytest.mark.parametrize(
    ("more", "odd"),
    [
        ({"forward_origin": {"type": "user", "sender_user": BEN, "date": AT}}, "forwarded"),
        ({"forward_origin": {"type": "hidden_user", "sender_user_name": "x", "date": AT}}, "forwarded"),
        ({"via_bot": BOT}, "via another bot"),
        ({"sender_chat": FORUM}, "in the name of a chat"),
        ({"from": BOT}, "from a bot"),
        ({"edit_date": AT}, "edited"),
        ({"text": ""}, "no text"),
    ],
)
def test_what_is_not_somebodys_own_words_typed_now_is_odd(more: Json, odd: str) -> None:
    assert _read("message", TYPED | more).odd == odd


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("edited_message", TYPED | {"edit_date": AT}),
        ("channel_post", {"message_id": 7, "chat": {"id": -9, "type": "channel"}, "date": AT, "text": "/kill"}),
        ("edited_channel_post", {"message_id": 7, "chat": {"id": -9, "type": "channel"}, "date": AT, "text": "/kill"}),
        ("message", {"message_id": 7, "chat": FORUM, "date": AT, "text": "/kill"}),
        ("inline_query", {"id": "1", "from": ANNA, "query": "/kill", "offset": ""}),
    ],
)
def test_every_other_kind_of_update_is_odd_and_from_nobody(kind: str, content: Json) -> None:
    found = _read(kind, content)
    assert (found.odd, found.user_id, found.text) == ("not a message", 0, "")


def test_a_picture_with_a_command_below_it_is_no_command() -> None:
    picture = {key: value for key, value in TYPED.items() if key != "text"} | {"caption": "/kill"}
    assert _read("message", picture).odd == "no text"
