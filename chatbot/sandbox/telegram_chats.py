"""Chats and their messages, as Telegram's server knows them. Pure state: no waiting, no wire."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from chatbot.sandbox.telegram_refusals import bad_request, forbidden, migrated
from chatbot.sandbox.telegram_values import ChatAction, ChatKind, ChatMessage, TelegramChat, TelegramUser


@dataclass(slots=True, kw_only=True)
class Room:
    """One chat from the inside. `changed` tells for every message id when it was last touched, as a
    count of all changes; a deleted message keeps its entry. `topics` are the titles of a forum by the id
    of the message that opened each; what belongs to none of them is in its General topic."""

    chat: TelegramChat
    members: dict[int, TelegramUser]
    bot_present: bool
    bot_may_delete: bool
    blocked: bool = False
    moved_to: int | None = None
    messages: dict[int, ChatMessage] = field(default_factory=dict)
    changed: dict[int, int] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    topics: dict[int, str] = field(default_factory=dict)
    action: ChatAction | None = None

    def opening(self, thread_id: int | None) -> ChatMessage | None:
        """The message that opened the topic. Telegram counts all that is said in a topic as an answer to it."""
        return None if thread_id is None else self.messages.get(thread_id)


class Chats:
    def __init__(self) -> None:
        self._rooms: dict[int, Room] = {}
        self._versions: dict[tuple[int, int], list[ChatMessage]] = {}
        self._last_message_id = 0
        self.revision = 0

    def meet(self, user: TelegramUser) -> Room:
        """The person's private chat. The bot may not write there before the person did."""
        chat = TelegramChat(id=user.id, kind=ChatKind.PRIVATE, title=user.first_name)
        room = Room(chat=chat, members={user.id: user}, bot_present=False, bot_may_delete=True)
        return self._rooms.setdefault(user.id, room)

    def gather(self, chat: TelegramChat, members: Iterable[TelegramUser], *, bot_may_delete: bool = False) -> Room:
        """A group that the bot is a member of."""
        people = {user.id: user for user in members}
        room = Room(chat=chat, members=people, bot_present=True, bot_may_delete=bot_may_delete)
        self._rooms[chat.id] = room
        return room

    def migrate(self, group_id: int, new_id: int) -> Room:
        """The group becomes a supergroup with another id; calls to the old one are refused from now on."""
        old = self._rooms[group_id]
        old.moved_to = new_id
        chat = replace(old.chat, id=new_id, kind=ChatKind.SUPERGROUP)
        return self.gather(chat, old.members.values(), bot_may_delete=old.bot_may_delete)

    def room(self, chat_id: int) -> Room:
        """Raises `TelegramRefusal`: unknown, or moved to another id."""
        room = self._rooms.get(chat_id)
        if room is None:
            raise bad_request("chat not found")
        if room.moved_to is not None:
            raise migrated(room.moved_to)
        return room

    def rooms_of(self, user_id: int) -> list[Room]:
        """The chats a person is in, oldest first."""
        return [room for room in self._rooms.values() if user_id in room.members and room.moved_to is None]

    def open_to_bot(self, chat_id: int) -> Room:
        """Raises `TelegramRefusal` where the bot may not write."""
        room = self.room(chat_id)
        if room.blocked:
            raise forbidden("bot was blocked by the user")
        if not room.bot_present:
            private = room.chat.kind is ChatKind.PRIVATE
            kicked = f"bot was kicked from the {room.chat.kind.value} chat"
            raise forbidden("bot can't initiate conversation with a user" if private else kicked)
        return room

    def next_message_id(self) -> int:
        self._last_message_id += 1
        return self._last_message_id

    def keep(self, message: ChatMessage) -> ChatMessage:
        """A new message, or a new version of one."""
        room = self._rooms[message.chat.id]
        room.messages[message.id] = message
        room.action = None
        self._versions.setdefault((message.chat.id, message.id), []).append(message)
        self._touch(room, message.id)
        return message

    def remove(self, message: ChatMessage) -> None:
        room = self._rooms[message.chat.id]
        del room.messages[message.id]
        if message.id in room.pinned:
            room.pinned.remove(message.id)
        self._touch(room, message.id)

    def versions(self, chat_id: int, message_id: int) -> tuple[ChatMessage, ...]:
        """How the message read after sending and after every edit, also when it is deleted by now."""
        return tuple(self._versions.get((chat_id, message_id), ()))

    def _touch(self, room: Room, message_id: int) -> None:
        self.revision += 1
        room.changed[message_id] = self.revision
