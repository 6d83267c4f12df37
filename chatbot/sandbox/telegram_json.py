"""Values of the sandbox's Telegram as the Bot API writes them."""

from datetime import datetime

from chatbot.sandbox.telegram_text import Entity
from chatbot.sandbox.telegram_values import (
    BotCommand,
    ChatKind,
    ChatMessage,
    InlineButton,
    Keyboard,
    Picture,
    Tap,
    TelegramChat,
    TelegramUser,
)

JsonObject = dict[str, object]


def unix(moment: datetime) -> int:
    return int(moment.timestamp())


def _present(fields: JsonObject) -> JsonObject:
    """The Bot API leaves out what is empty, false or absent."""
    return {name: value for name, value in fields.items() if value not in (None, "", False, [], ())}


def user_json(user: TelegramUser) -> JsonObject:
    optional = _present({"username": user.username})
    return {"id": user.id, "is_bot": user.is_bot, "first_name": user.first_name} | optional


def chat_json(chat: TelegramChat) -> JsonObject:
    name = "first_name" if chat.kind is ChatKind.PRIVATE else "title"
    return {"id": chat.id, "type": chat.kind.value, name: chat.title} | _present({"is_forum": chat.forum})


def entity_json(entity: Entity) -> JsonObject:
    """`unix_time` may be 0, so it is not left out as empty."""
    fields: JsonObject = {"type": entity.kind.value, "offset": entity.offset, "length": entity.length}
    if entity.unix_time is not None:
        fields["unix_time"] = entity.unix_time
    return fields | _present(
        {
            "url": entity.url,
            "language": entity.language,
            "custom_emoji_id": entity.custom_emoji_id,
            "date_time_format": entity.date_time_format,
        }
    )


def button_json(button: InlineButton) -> JsonObject:
    return {"text": button.text} | _present(
        {
            "callback_data": button.data,
            "url": button.url,
            "copy_text": {"text": button.copies} if button.copies else None,
            "style": button.style.value if button.style else None,
        }
    )


def keyboard_json(keyboard: Keyboard) -> list[list[JsonObject]]:
    return [[button_json(button) for button in row] for row in keyboard]


def picture_json(picture: Picture) -> JsonObject:
    return {
        "file_id": picture.file_id,
        "file_unique_id": f"unique-{picture.file_id}",
        "width": picture.width,
        "height": picture.height,
        "file_size": len(picture.content),
    }


def message_json(message: ChatMessage, *, nested: bool = False) -> JsonObject:
    """A message inside another (`nested`) tells no further reply, as with Telegram."""
    fields: JsonObject = {
        "message_id": message.id,
        "from": user_json(message.sender),
        "chat": chat_json(message.chat),
        "date": unix(message.sent_at),
    }
    answered = message.replies_to
    forwarded = message.forwarded_from
    return (
        fields
        | _content_json(message)
        | _present(
            {
                "edit_date": unix(message.edited_at) if message.edited_at else None,
                "message_thread_id": message.thread_id,
                "is_topic_message": message.thread_id is not None,
                "has_protected_content": message.protected,
                "reply_markup": {"inline_keyboard": keyboard_json(message.keyboard)} if message.keyboard else None,
                "reply_to_message": message_json(answered, nested=True) if answered and not nested else None,
                "forward_origin": _origin_json(forwarded, message) if forwarded else None,
                "forum_topic_created": _topic_json(message) if message.opens_topic else None,
                "migrate_to_chat_id": message.migrate_to,
                "migrate_from_chat_id": message.migrate_from,
            }
        )
    )


def _content_json(message: ChatMessage) -> JsonObject:
    entities = [entity_json(entity) for entity in message.body.entities]
    if message.picture is None:
        return _present({"text": message.text, "entities": entities})
    return {"photo": [picture_json(message.picture)]} | _present(
        {"caption": message.text, "caption_entities": entities}
    )


def _topic_json(message: ChatMessage) -> JsonObject:
    return {"name": message.opens_topic, "icon_color": 0x6FB9F0}


def _origin_json(author: TelegramUser, message: ChatMessage) -> JsonObject:
    return {"type": "user", "sender_user": user_json(author), "date": unix(message.sent_at)}


def tap_json(tap: Tap) -> JsonObject:
    return {
        "id": tap.id,
        "from": user_json(tap.user),
        "message": message_json(tap.message),
        "chat_instance": str(tap.message.chat.id),
        "data": tap.data,
    }


def command_json(command: BotCommand) -> JsonObject:
    return {"command": command.name, "description": command.description}
