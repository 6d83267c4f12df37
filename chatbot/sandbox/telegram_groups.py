"""Groups of the sandbox's Telegram: founding one with the bot in it, its topics, and upgrading it."""

from collections.abc import Iterable
from dataclasses import replace

from chatbot.sandbox.telegram_json import message_json
from chatbot.sandbox.telegram_server import TelegramServer
from chatbot.sandbox.telegram_updates import UpdateKind
from chatbot.sandbox.telegram_values import ChatKind, ChatMessage, TelegramChat, TelegramUser


def found_group(
    server: TelegramServer,
    chat_id: int,
    title: str,
    members: Iterable[TelegramUser],
    *,
    bot_may_delete: bool = False,
    forum: bool = False,
) -> TelegramChat:
    """A supergroup with the bot as a plain member, or as one who may delete what others wrote."""
    chat = TelegramChat(id=chat_id, kind=ChatKind.SUPERGROUP, title=title, forum=forum)
    return server.chats.gather(chat, members, bot_may_delete=bot_may_delete).chat


def open_topic(server: TelegramServer, chat_id: int, title: str, by: TelegramUser) -> int:
    """The id of the new topic of a forum, beside the General one that every forum has."""
    room = server.chats.room(chat_id)
    topic_id = server.chats.next_message_id()
    room.topics[topic_id] = title
    opening = ChatMessage(
        id=topic_id, chat=room.chat, sender=by, sent_at=server.now(), thread_id=topic_id, opens_topic=title
    )
    server.updates.put(UpdateKind.MESSAGE, message_json(server.chats.keep(opening)))
    server.bell.ring()
    return topic_id


def migrate_group(server: TelegramServer, group_id: int, new_id: int, by: TelegramUser) -> TelegramChat:
    """The group gets another id: both chats say so, and calls to the old id are refused with the new one."""
    old = server.chats.room(group_id)
    notice = ChatMessage(
        id=server.chats.next_message_id(), chat=old.chat, sender=by, sent_at=server.now(), migrate_to=new_id
    )
    server.chats.keep(notice)
    new = server.chats.migrate(group_id, new_id).chat
    arrival = replace(notice, id=server.chats.next_message_id(), chat=new, migrate_to=None, migrate_from=group_id)
    server.chats.keep(arrival)
    for message in (notice, arrival):
        server.updates.put(UpdateKind.MESSAGE, message_json(message))
    server.bell.ring()
    return new
