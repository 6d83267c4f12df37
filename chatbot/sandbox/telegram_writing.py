"""The bot's side of a chat: sending, editing and deleting, with Telegram's refusals."""

from dataclasses import replace
from datetime import timedelta

from chatbot.sandbox.telegram_chats import Room
from chatbot.sandbox.telegram_html import parse_html
from chatbot.sandbox.telegram_json import JsonObject, message_json
from chatbot.sandbox.telegram_markup import read_markup
from chatbot.sandbox.telegram_params import Params
from chatbot.sandbox.telegram_refusals import bad_request
from chatbot.sandbox.telegram_server import TelegramServer
from chatbot.sandbox.telegram_text import (
    MAX_CAPTION,
    MAX_TEXT,
    FormattedText,
    cleaned,
    settled,
    utf16_length,
)
from chatbot.sandbox.telegram_values import ChatKind, ChatMessage

DELETABLE_FOR = timedelta(hours=48)


def chat_id(params: Params) -> int:
    written = params.text("chat_id")
    if not written:
        raise bad_request("chat_id is empty")
    try:
        return int(written)
    except ValueError:
        raise bad_request("chat not found") from None


def _formatted(params: Params, name: str) -> FormattedText:
    text = cleaned(params.text(name))
    mode = params.text("parse_mode").lower()
    if mode not in {"", "html"}:
        raise bad_request("unsupported parse_mode")
    if "entities" in params or "caption_entities" in params:
        raise bad_request("the sandbox reads formatting from parse_mode HTML only")
    return settled(parse_html(text) if mode else FormattedText(text=text))


def _text(params: Params) -> FormattedText:
    body = _formatted(params, "text")
    if not body.text:
        raise bad_request("text must be non-empty" if params.text("text") else "message text is empty")
    if utf16_length(body.text) > MAX_TEXT:
        raise bad_request("message is too long")
    return body


def _caption(params: Params) -> FormattedText:
    body = _formatted(params, "caption")
    if utf16_length(body.text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return body


def send_message(server: TelegramServer, params: Params) -> JsonObject:
    return _send(server, params, replace(_blank(server, params), body=_text(params)))


def send_photo(server: TelegramServer, params: Params) -> JsonObject:
    blank = _blank(server, params)
    caption = _caption(params)
    picture = server.pictures.keep(params.upload("photo"), params.text("photo"))
    return _send(server, params, replace(blank, body=caption, picture=picture))


def _blank(server: TelegramServer, params: Params) -> ChatMessage:
    """A message to the named chat with everything but its content. Its id is given when it is sent."""
    room = server.chats.open_to_bot(chat_id(params))
    markup = read_markup(params)
    answered = _answered(server, params)
    thread_id = topic(room, params) or (answered.thread_id if answered else None)
    return ChatMessage(
        id=0,
        chat=room.chat,
        sender=server.bot,
        sent_at=server.now(),
        keyboard=markup.keyboard,
        prompt=markup.prompt,
        replies_to=answered or room.opening(thread_id),
        thread_id=thread_id,
        silent=params.flag("disable_notification"),
        protected=params.flag("protect_content"),
    )


def topic(room: Room, params: Params) -> int | None:
    """Raises `TelegramRefusal` (400) for a group that has no such topic; General has no id of its own."""
    thread_id = params.whole("message_thread_id") or None
    if thread_id is not None and room.chat.kind is not ChatKind.PRIVATE and thread_id not in room.topics:
        raise bad_request("message thread not found")
    return thread_id


def _answered(server: TelegramServer, params: Params) -> ChatMessage | None:
    if "reply_parameters" not in params:
        return None
    wish = params.inside("reply_parameters")
    answered = server.chats.room(chat_id(params)).messages.get(wish.whole("message_id"))
    if answered is None and not wish.flag("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return answered


def _send(server: TelegramServer, params: Params, message: ChatMessage) -> JsonObject:
    server.flood.spend(message.chat)
    return message_json(server.chats.keep(replace(message, id=server.chats.next_message_id())))


def _editable(server: TelegramServer, params: Params) -> ChatMessage:
    room = server.chats.open_to_bot(chat_id(params))
    message = room.messages.get(params.whole("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if message.sender.id != server.bot.id:
        raise bad_request("message can't be edited")
    return message


def _change(server: TelegramServer, before: ChatMessage, after: ChatMessage) -> JsonObject:
    if after == before:
        raise bad_request(
            "message is not modified: specified new message content and reply markup "
            "are exactly the same as a current content and reply markup of the message"
        )
    server.flood.spend(before.chat)
    same_content = (after.body, after.picture) == (before.body, before.picture)
    edited_at = before.edited_at if same_content else server.now()
    return message_json(server.chats.keep(replace(after, edited_at=edited_at)))


def edit_text(server: TelegramServer, params: Params) -> JsonObject:
    """Without a `reply_markup` the buttons go, as with Telegram."""
    message = _editable(server, params)
    if message.picture is not None:
        raise bad_request("there is no text in the message to edit")
    keyboard = read_markup(params).keyboard
    return _change(server, message, replace(message, body=_text(params), keyboard=keyboard))


def edit_caption(server: TelegramServer, params: Params) -> JsonObject:
    message = _editable(server, params)
    if message.picture is None:
        raise bad_request("there is no caption in the message to edit")
    keyboard = read_markup(params).keyboard
    return _change(server, message, replace(message, body=_caption(params), keyboard=keyboard))


def edit_markup(server: TelegramServer, params: Params) -> JsonObject:
    message = _editable(server, params)
    return _change(server, message, replace(message, keyboard=read_markup(params).keyboard))


def edit_media(server: TelegramServer, params: Params) -> JsonObject:
    message = _editable(server, params)
    media = params.inside("media")
    if media.text("type") != "photo":
        raise bad_request("the sandbox keeps photos only")
    keyboard = read_markup(params).keyboard
    caption = _caption(media)
    picture = server.pictures.keep(media.upload("media"), media.text("media"))
    return _change(server, message, replace(message, body=caption, picture=picture, keyboard=keyboard))


def delete(server: TelegramServer, params: Params) -> bool:
    """The bot's own messages always; other people's in a private chat, or where it has the right to."""
    room = server.chats.open_to_bot(chat_id(params))
    message = room.messages.get(params.whole("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    own = message.sender.id == server.bot.id
    if not (own or room.bot_may_delete):
        raise bad_request("message can't be deleted")
    if server.now() - message.sent_at > DELETABLE_FOR:
        raise bad_request("message can't be deleted for everyone")
    server.chats.remove(message)
    return True
