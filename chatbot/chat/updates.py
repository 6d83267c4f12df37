"""From Telegram's updates to ours: the part of the Telegram door that reads."""

from typing import Any

from telegram import MaybeInaccessibleMessage, Message, Update, User

from chatbot.chat.messages import Incoming


def incoming(body: dict[str, Any]) -> Incoming:
    """Of an update as Telegram sent it."""
    return read(Update.de_json(body, None))


def read(update: Update) -> Incoming:
    """What the gate needs to know of an update; anything that is not a person's own words is marked odd."""
    query, message = update.callback_query, update.message
    if query is not None:
        shown = query.message
        chat = shown.chat if shown is not None else None
        return _incoming(
            update, query.from_user, chat_id=chat.id if chat else 0, private=bool(chat and chat.type == "private"),
            thread_id=_topic(shown), message_id=shown.message_id if shown else 0, callback_id=query.id,
            data=query.data or "", odd="" if chat else "no message",
        )  # fmt: skip
    if message is None or message.from_user is None:
        return _incoming(update, None, odd="not a message")
    return _incoming(
        update,
        message.from_user,
        chat_id=message.chat_id,
        private=message.chat.type == "private",
        thread_id=_topic(message),
        message_id=message.message_id,
        sent_at=message.date,
        text=message.text or "",
        answers=message.reply_to_message.message_id if message.reply_to_message else None,
        odd=_oddity(message),
    )


def _incoming(update: Update, user: User | None, **known: Any) -> Incoming:
    blank: dict[str, Any] = {
        "chat_id": 0, "private": False, "thread_id": None, "message_id": 0, "sent_at": None, "text": "",
        "answers": None, "callback_id": "", "data": None, "odd": "",
    }  # fmt: skip
    name = user.first_name if user is not None else ""
    return Incoming(update_id=update.update_id, user_id=user.id if user else 0, user_name=name, **(blank | known))


def _topic(message: MaybeInaccessibleMessage | None) -> int | None:
    """The topic of a forum that the message stands in: answers belong there."""
    return message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None


def _oddity(message: Message) -> str:
    """Why this is not somebody's own words, typed here and now; empty when it is."""
    signs = {
        "forwarded": message.forward_origin,
        "via another bot": message.via_bot,
        "in the name of a chat": message.sender_chat,
        "from a bot": message.from_user is not None and message.from_user.is_bot,
        "edited": message.edit_date,
        "no text": not message.text,
    }
    return next((why for why, sign in signs.items() if sign), "")
