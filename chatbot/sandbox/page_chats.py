"""The chats of the page's people as a phone lists them: the last line, how much is unread, and what of it rang."""

from collections.abc import Iterable

from chatbot.core.values import frozen
from chatbot.sandbox.telegram_chats import Chats, Room
from chatbot.sandbox.telegram_json import JsonObject, unix
from chatbot.sandbox.telegram_values import ChatKind, ChatMessage

GENERAL = 0
"""The topic of a forum that has no id of its own; also the only one of any other chat."""


@frozen
class Place:
    """What a page shows: a chat, or one topic of it."""

    chat_id: int
    topic: int = GENERAL


def place_of(message: ChatMessage) -> Place:
    topic = message.thread_id if message.chat.forum else None
    return Place(chat_id=message.chat.id, topic=topic or GENERAL)


def first_line(message: ChatMessage) -> str:
    first = message.text.partition("\n")[0]
    return first or ("Picture" if message.picture else "")


class ChatList:
    """Who has read how far. What a page was told of a place counts as read."""

    def __init__(self, chats: Chats) -> None:
        self._chats = chats
        self._read: dict[tuple[int, Place], int] = {}

    def read(self, person_id: int, messages: Iterable[ChatMessage]) -> None:
        for message in messages:
            key = (person_id, place_of(message))
            self._read[key] = max(self._read.get(key, 0), message.id)

    def unread(self, person_id: int) -> int:
        """In all chats of this person."""
        return sum(len(self._missed(person_id, room)) for room in self._chats.rooms_of(person_id))

    def listed(self, person_id: int) -> list[JsonObject]:
        return [self._entry(person_id, room) for room in self._chats.rooms_of(person_id)]

    def _missed(self, person_id: int, room: Room) -> list[ChatMessage]:
        others = (m for m in room.messages.values() if m.sender.id != person_id and not m.opens_topic)
        return [m for m in others if m.id > self._read.get((person_id, place_of(m)), 0)]

    def _entry(self, person_id: int, room: Room) -> JsonObject:
        missed = self._missed(person_id, room)
        last = next((m for m in reversed(room.messages.values()) if not m.opens_topic), None)
        own_chat = room.chat.kind is ChatKind.PRIVATE
        topics = {GENERAL: "General", **room.topics} if room.chat.forum else {}
        return _counts(missed) | {
            "id": room.chat.id,
            "title": "" if own_chat else room.chat.title,
            "members": [] if own_chat else sorted(room.members),
            "author": "" if last is None or own_chat else last.sender.first_name,
            "line": first_line(last) if last else "",
            "time": unix(last.sent_at) if last else 0,
            "topics": [
                _counts([m for m in missed if place_of(m).topic == topic]) | {"id": topic, "title": title}
                for topic, title in topics.items()
            ],
        }


def _counts(missed: list[ChatMessage]) -> JsonObject:
    return {"unread": len(missed), "rings": sum(not m.silent for m in missed)}
