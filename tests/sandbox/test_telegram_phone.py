import pytest

from chatbot.sandbox.telegram_groups import found_group, migrate_group
from chatbot.sandbox.telegram_phone import Phone
from chatbot.sandbox.telegram_server import TelegramServer
from chatbot.sandbox.telegram_updates import Update, UpdateKind
from chatbot.sandbox.telegram_values import TelegramUser

BEN = TelegramUser(id=12, first_name="Ben")
GROUP = -1005


def _updates(telegram: TelegramServer) -> list[Update]:
    return telegram.updates.take(0, 100)


def test_what_a_person_writes_becomes_an_update(telegram: TelegramServer, anna: Phone) -> None:
    anna.write("/price btc")

    (update,) = _updates(telegram)
    assert update.as_json() == {
        "update_id": 1,
        "message": {
            "message_id": 1,
            "from": {"id": 11, "is_bot": False, "first_name": "Anna"},
            "chat": {"id": 11, "type": "private", "first_name": "Anna"},
            "date": 1772366400,
            "text": "/price btc",
            "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
        },
    }


def test_a_forward_names_its_author_and_an_edit_is_told_as_one(telegram: TelegramServer, anna: Phone) -> None:
    forwarded = anna.forward("/buy btc 100", BEN)
    edited = anna.edit(forwarded.id, "/buy btc 999")

    first, second = _updates(telegram)
    origin = {"type": "user", "sender_user": {"id": 12, "is_bot": False, "first_name": "Ben"}, "date": 1772366400}
    assert first.content["forward_origin"] == origin
    assert (second.kind, second.content["text"], second.content["edit_date"]) == (
        UpdateKind.EDITED_MESSAGE,
        "/buy btc 999",
        1772366400,
    )
    assert [version.text for version in telegram.chats.versions(11, edited.id)] == ["/buy btc 100", "/buy btc 999"]


def test_a_tap_may_carry_data_that_no_button_has(telegram: TelegramServer, anna: Phone) -> None:
    message = anna.write("x")
    tap = anna.tap(message.id, "made up")

    update = _updates(telegram)[-1]
    assert update.kind is UpdateKind.CALLBACK_QUERY
    assert (update.content["id"], update.content["data"]) == (tap.id, "made up")


def test_there_must_be_a_button_to_press(anna: Phone) -> None:
    anna.write("x")

    with pytest.raises(LookupError, match="Confirm"):
        anna.press("Confirm")


def test_a_bot_that_is_blocked_learns_of_it_and_hears_no_more(telegram: TelegramServer, anna: Phone) -> None:
    anna.block()
    anna.write("hello?")
    anna.unblock()

    blocked, unblocked = _updates(telegram)
    assert [update.kind for update in (blocked, unblocked)] == [UpdateKind.MY_CHAT_MEMBER] * 2
    assert [_status(blocked), _status(unblocked)] == [("member", "kicked"), ("kicked", "member")]


def _status(update: Update) -> tuple[object, object]:
    before, after = update.content["old_chat_member"], update.content["new_chat_member"]
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    return before["status"], after["status"]


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("/kill", True),
        ("/kill@desk_bot", True),
        ("/kill@other_bot", False),
        ("good morning", False),
        ("a /kill", False),
    ],
)
def test_in_a_group_a_bot_hears_only_what_is_for_it(
    telegram: TelegramServer, anna: Phone, text: str, heard: bool
) -> None:
    found_group(telegram, GROUP, "Desk", [anna.user, BEN])

    Phone(telegram, anna.user, GROUP).write(text)

    assert len(_updates(telegram)) == heard


def test_in_a_group_an_answer_to_the_bot_is_heard(telegram: TelegramServer, anna: Phone) -> None:
    found_group(telegram, GROUP, "Desk", [anna.user, BEN])
    phone = Phone(telegram, anna.user, GROUP)
    bens = Phone(telegram, BEN, GROUP).write("morning")
    ours = phone.write("/start", thread_id=9)
    assert ours.thread_id == 9

    phone.write("to Ben", replies_to=bens.id)

    assert len(_updates(telegram)) == 1


def test_a_migrated_group_says_so_in_both_chats(telegram: TelegramServer, anna: Phone) -> None:
    found_group(telegram, -5, "Desk", [anna.user])

    new = migrate_group(telegram, -5, GROUP, anna.user)

    assert new.id == GROUP
    old_notice, new_notice = _updates(telegram)
    assert old_notice.content["migrate_to_chat_id"] == GROUP
    assert new_notice.content["migrate_from_chat_id"] == -5
