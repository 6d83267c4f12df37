"""The command lists a bot registers, and which of them a person sees."""

import re
from collections.abc import Mapping

from chatbot.sandbox.telegram_params import Params
from chatbot.sandbox.telegram_refusals import bad_request
from chatbot.sandbox.telegram_values import BotCommand, ChatKind, TelegramChat

MOST_COMMANDS = 100
MOST_DESCRIPTION = 256
_NAME = re.compile(r"[a-z0-9_]{1,32}")
_WIDE = frozenset({"default", "all_private_chats", "all_group_chats", "all_chat_administrators"})
_IN_CHAT = frozenset({"chat", "chat_administrators", "chat_member"})

Scope = tuple[str, int, int]
"""Kind, chat id and user id; 0 where the kind has none."""


class CommandLists:
    def __init__(self) -> None:
        self._lists: dict[tuple[Scope, str], tuple[BotCommand, ...]] = {}

    def put(self, params: Params) -> None:
        self._lists[_scope(params), params.text("language_code")] = _commands(params.json("commands"))

    def get(self, params: Params) -> tuple[BotCommand, ...]:
        return self._lists.get((_scope(params), params.text("language_code")), ())

    def remove(self, params: Params) -> None:
        self._lists.pop((_scope(params), params.text("language_code")), None)

    def seen_by(self, user_id: int, chat: TelegramChat) -> tuple[BotCommand, ...]:
        """The narrowest list that exists for this person in this chat, as a phone would choose it."""
        wide = "all_private_chats" if chat.kind is ChatKind.PRIVATE else "all_group_chats"
        scopes = (("chat_member", chat.id, user_id), ("chat", chat.id, 0), (wide, 0, 0), ("default", 0, 0))
        return next((self._lists[scope, ""] for scope in scopes if self._lists.get((scope, ""))), ())


def _scope(params: Params) -> Scope:
    given = params.json("scope")
    if given is None:
        return ("default", 0, 0)
    if not isinstance(given, dict):
        raise bad_request("can't parse BotCommandScope: object expected")
    kind = str(given.get("type", ""))
    if kind in _WIDE:
        return (kind, 0, 0)
    if kind not in _IN_CHAT:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    return (kind, _id(given, "chat_id"), _id(given, "user_id") if kind == "chat_member" else 0)


def _id(given: Mapping[str, object], name: str) -> int:
    try:
        return int(str(given.get(name, "")))
    except ValueError:
        raise bad_request(f"can't parse BotCommandScope: {name} is invalid") from None


def _commands(given: object) -> tuple[BotCommand, ...]:
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise bad_request("can't parse commands: array of objects expected")
    if len(given) > MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    return tuple(_command(entry) for entry in given)


def _command(entry: Mapping[str, object]) -> BotCommand:
    name, description = str(entry.get("command", "")).removeprefix("/"), str(entry.get("description", ""))
    if not _NAME.fullmatch(name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= MOST_DESCRIPTION:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return BotCommand(name=name, description=description)
