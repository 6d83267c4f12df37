"""The Bot API's methods by name. Each takes the server and what was sent, and answers a result."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from chatbot.sandbox.telegram_json import JsonObject, chat_json, command_json, message_json, picture_json, user_json
from chatbot.sandbox.telegram_params import Params
from chatbot.sandbox.telegram_refusals import bad_request
from chatbot.sandbox.telegram_server import TelegramServer
from chatbot.sandbox.telegram_values import ChatAction, ChatKind, ChatMessage
from chatbot.sandbox.telegram_writing import (
    chat_id,
    delete,
    edit_caption,
    edit_markup,
    edit_media,
    edit_text,
    send_message,
    send_photo,
    topic,
)

Method = Callable[[TelegramServer, Params], object]

MOST_TOAST = 200
_ACTIONS = re.compile(
    "typing|choose_sticker|find_location|(record|upload)_(video|voice|video_note)|upload_(photo|document)"
)
_REACTIONS = re.compile(
    "❤|👍|👎|🔥|🥰|👏|😁|🤔|🤯|😱|🤬|😢|🎉|🤩|🤮|💩|🙏|👌|🕊|🤡|🥱|🥴|😍|🐳|❤‍🔥|🌚|🌭|💯|🤣|⚡|🍌|🏆|💔|🤨|😐|🍓|🍾|💋|🖕|😈|😴|😭|🤓|👻|👨‍💻|"
    "👀|🎃|🙈|😇|😨|🤝|✍|🤗|🫡|🎅|🎄|☃|💅|🤪|🗿|🆒|💘|🙉|🦄|😘|💊|🙊|😎|👾|🤷‍♂|🤷|🤷‍♀|😡"
)


def _get_me(server: TelegramServer, _params: Params) -> JsonObject:
    return user_json(server.bot) | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
    }


def _get_webhook_info(server: TelegramServer, _params: Params) -> JsonObject:
    return {
        "url": server.webhook,
        "has_custom_certificate": False,
        "pending_update_count": server.updates.pending,
        "allowed_updates": server.updates.wanted,
    }


def _set_webhook(_server: TelegramServer, _params: Params) -> object:
    raise bad_request("bad webhook: the sandbox delivers by getUpdates only")


def _delete_webhook(server: TelegramServer, params: Params) -> bool:
    server.webhook = ""
    if params.flag("drop_pending_updates"):
        server.updates.drop()
    return True


def _answer_callback_query(server: TelegramServer, params: Params) -> bool:
    text = params.text("text")
    if len(text) > MOST_TOAST:
        raise bad_request("MESSAGE_TOO_LONG")
    server.answer_tap(params.text("callback_query_id"), text, alert=params.flag("show_alert"))
    return True


def _send_chat_action(server: TelegramServer, params: Params) -> bool:
    if not _ACTIONS.fullmatch(params.text("action")):
        raise bad_request("wrong parameter action in request")
    room = server.chats.open_to_bot(chat_id(params))
    room.action = ChatAction(kind=params.text("action"), since=server.now(), thread_id=topic(room, params))
    return True


def _set_my_commands(server: TelegramServer, params: Params) -> bool:
    server.commands.put(params)
    return True


def _get_my_commands(server: TelegramServer, params: Params) -> list[JsonObject]:
    return [command_json(command) for command in server.commands.get(params)]


def _delete_my_commands(server: TelegramServer, params: Params) -> bool:
    server.commands.remove(params)
    return True


def _existing(server: TelegramServer, params: Params, what: str) -> ChatMessage:
    message = server.chats.open_to_bot(chat_id(params)).messages.get(params.whole("message_id"))
    if message is None:
        raise bad_request(f"message to {what} not found")
    return message


def _pin(server: TelegramServer, params: Params) -> bool:
    message = _existing(server, params, "pin")
    pinned = server.chats.room(message.chat.id).pinned
    if message.id not in pinned:
        pinned.append(message.id)
    return True


def _unpin(server: TelegramServer, params: Params) -> bool:
    """Without a message id the newest pin goes."""
    pinned = server.chats.open_to_bot(chat_id(params)).pinned
    wanted = params.whole("message_id") or (pinned[-1] if pinned else 0)
    if wanted not in pinned:
        raise bad_request("message to unpin not found")
    pinned.remove(wanted)
    return True


def _unpin_all(server: TelegramServer, params: Params) -> bool:
    server.chats.open_to_bot(chat_id(params)).pinned.clear()
    return True


def _set_reaction(server: TelegramServer, params: Params) -> bool:
    message = _existing(server, params, "react")
    given = params.json("reaction") or []
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise bad_request("can't parse reaction types: array of objects expected")
    emoji = tuple(str(entry.get("emoji", "")) for entry in given)
    if len(emoji) > 1 or not all(map(_REACTIONS.fullmatch, emoji)):
        raise bad_request("REACTION_INVALID")
    server.chats.keep(replace(message, reactions=emoji))
    return True


def _get_chat(server: TelegramServer, params: Params) -> JsonObject:
    room = server.chats.room(chat_id(params))
    fields: JsonObject = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _NO_GIFTS}
    if room.pinned:
        fields["pinned_message"] = message_json(room.messages[room.pinned[-1]])
    return chat_json(room.chat) | fields


_NO_GIFTS = {
    "unlimited_gifts": False,
    "limited_gifts": False,
    "unique_gifts": False,
    "premium_subscription": False,
    "gifts_from_channels": False,
}


def _get_chat_member(server: TelegramServer, params: Params) -> JsonObject:
    room = server.chats.room(chat_id(params))
    wanted = params.whole("user_id")
    if wanted == server.bot.id:
        return {"user": user_json(server.bot), "status": "member" if room.bot_present else "left"}
    if wanted not in room.members:
        raise bad_request("member not found")
    return {"user": user_json(room.members[wanted]), "status": "member"}


def _get_file(server: TelegramServer, params: Params) -> JsonObject:
    picture = server.pictures.find(params.text("file_id"))
    if picture is None:
        raise bad_request("invalid file_id")
    known = picture_json(picture)
    return {name: known[name] for name in ("file_id", "file_unique_id", "file_size")} | {"file_path": picture.path}


def _leave_chat(server: TelegramServer, params: Params) -> bool:
    room = server.chats.open_to_bot(chat_id(params))
    if room.chat.kind is ChatKind.PRIVATE:
        raise bad_request("chat member status can't be changed in private chats")
    room.bot_present = False
    return True


def _goodbye(_server: TelegramServer, _params: Params) -> bool:
    return True


METHODS: Mapping[str, Method] = {
    "getme": _get_me,
    "getwebhookinfo": _get_webhook_info,
    "setwebhook": _set_webhook,
    "deletewebhook": _delete_webhook,
    "sendmessage": send_message,
    "sendphoto": send_photo,
    "editmessagetext": edit_text,
    "editmessagecaption": edit_caption,
    "editmessagereplymarkup": edit_markup,
    "editmessagemedia": edit_media,
    "deletemessage": delete,
    "answercallbackquery": _answer_callback_query,
    "sendchataction": _send_chat_action,
    "setmycommands": _set_my_commands,
    "getmycommands": _get_my_commands,
    "deletemycommands": _delete_my_commands,
    "pinchatmessage": _pin,
    "unpinchatmessage": _unpin,
    "unpinallchatmessages": _unpin_all,
    "setmessagereaction": _set_reaction,
    "getchat": _get_chat,
    "getchatmember": _get_chat_member,
    "getfile": _get_file,
    "leavechat": _leave_chat,
    "close": _goodbye,
    "logout": _goodbye,
}
"""Names in lower case: the Bot API does not mind how a method is spelled."""
