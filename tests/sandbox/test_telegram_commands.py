import pytest

from chatbot.sandbox.telegram_commands import CommandLists
from chatbot.sandbox.telegram_params import Params
from chatbot.sandbox.telegram_refusals import TelegramRefusal
from chatbot.sandbox.telegram_values import ChatKind, TelegramChat

CHAT = TelegramChat(id=11, kind=ChatKind.PRIVATE, title="Anna")
GROUP = TelegramChat(id=-5, kind=ChatKind.SUPERGROUP, title="Desk")


def _asked(*names: str, **scope: object) -> Params:
    commands = [{"command": name, "description": f"about {name}"} for name in names]
    return Params({"commands": commands} | ({"scope": scope} if scope else {}), {})


def _seen(lists: CommandLists, chat: TelegramChat) -> list[str]:
    return [command.name for command in lists.seen_by(11, chat)]


def test_the_narrowest_list_is_seen() -> None:
    lists = CommandLists()
    lists.put(_asked("help"))
    lists.put(_asked("price", type="all_private_chats"))
    assert (_seen(lists, CHAT), _seen(lists, GROUP)) == (["price"], ["help"])

    lists.put(_asked("kill", "price", type="chat", chat_id=11))
    lists.put(_asked("ours", type="chat_member", chat_id=-5, user_id=11))

    assert (_seen(lists, CHAT), _seen(lists, GROUP)) == (["kill", "price"], ["ours"])


def test_a_list_is_read_and_removed_by_its_scope() -> None:
    lists = CommandLists()
    lists.put(_asked("kill", type="chat", chat_id=11))
    lists.put(_asked("help"))
    scope = Params({"scope": '{"type": "chat", "chat_id": 11}'}, {})
    assert [command.name for command in lists.get(scope)] == ["kill"]

    lists.remove(scope)

    assert lists.get(scope) == ()
    assert _seen(lists, CHAT) == ["help"]


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        (_asked("Kill"), "BOT_COMMAND_INVALID"),
        (_asked("x" * 33), "BOT_COMMAND_INVALID"),
        (_asked(*["x"] * 101), "BOT_COMMANDS_TOO_MUCH"),
        (Params({"commands": [{"command": "x", "description": ""}]}, {}), "BOT_COMMAND_DESCRIPTION_INVALID"),
        (Params({"commands": [{"command": "x", "description": "y" * 257}]}, {}), "BOT_COMMAND_DESCRIPTION_INVALID"),
        (Params({"commands": "[1]"}, {}), "can't parse commands"),
        (_asked("x", type="everywhere"), "unsupported type"),
        (_asked("x", type="chat"), "chat_id is invalid"),
    ],
)
def test_other_lists_are_refused(params: Params, reason: str) -> None:
    with pytest.raises(TelegramRefusal, match=reason):
        CommandLists().put(params)
