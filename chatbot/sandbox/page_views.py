"""What the chat page is told: one person's view of one place, as JSON. Only what changed since it last heard."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from chatbot.core.values import frozen
from chatbot.sandbox.faults import Fault, Faults
from chatbot.sandbox.page_chats import GENERAL, ChatList, Place, first_line, place_of
from chatbot.sandbox.page_market import PUSHED, STEPS
from chatbot.sandbox.telegram_chats import Room
from chatbot.sandbox.telegram_json import JsonObject, command_json, entity_json, keyboard_json, unix
from chatbot.sandbox.telegram_server import TelegramServer
from chatbot.sandbox.telegram_values import ChatKind, ChatMessage, TapAnswer, TelegramUser

ACTION_LASTS = timedelta(seconds=5)


@frozen
class PagePerson:
    """Somebody the page can be. `label` is the word on the switch, `role` what this person may do."""

    id: int
    name: str
    label: str
    role: str

    @property
    def user(self) -> TelegramUser:
        return TelegramUser(id=self.id, first_name=self.name)


@dataclass(slots=True, kw_only=True)
class Reading:
    """How far one open page has read: changes of chats, answers to taps, and what stands besides.

    Without a `place` it shows the list of chats.
    """

    person: PagePerson
    place: Place | None
    revision: int
    answers: int
    standing: JsonObject = field(default_factory=dict)


class PageViews:
    def __init__(self, server: TelegramServer, faults: Faults, people: Iterable[PagePerson]) -> None:
        self._server = server
        self._faults = faults
        self._list = ChatList(server.chats)
        self.people = {person.id: person for person in people}
        for person in self.people.values():
            server.chats.meet(person.user)

    def setup(self) -> JsonObject:
        """What does not change while the sandbox runs."""
        return {
            "bot": {"name": self._server.bot.first_name, "username": self._server.bot.username},
            "people": [_person(person) for person in self.people.values()],
            "pushes": {"symbols": list(PUSHED), "percents": list(STEPS)},
            "faults": [{"name": fault.name, "sentence": fault.value} for fault in Fault],
        }

    def news(self, reading: Reading) -> JsonObject | None:
        """What changed since `reading`, which moves on; None when nothing did."""
        told, deleted = self._changed(reading)
        self._list.read(reading.person.id, told)
        answers = self._server.answers[reading.answers :]
        mine = [_answer(answer) for answer in answers if answer.tap.user.id == reading.person.id]
        standing = self._standing(reading)
        reading.revision, reading.answers = self.now()
        if not told and not deleted and not mine and standing == reading.standing:
            return None
        reading.standing = standing
        messages = [_message(message, reading.person.id) for message in told]
        return standing | {"messages": messages, "deleted": deleted, "answers": mine}

    def now(self) -> tuple[int, int]:
        """Where somebody who has read everything stands: the count of changes and of answers."""
        return self._server.chats.revision, len(self._server.answers)

    def _changed(self, reading: Reading) -> tuple[list[ChatMessage], list[int]]:
        """The messages of the place that are new or were changed, and the ids of those that are gone."""
        if reading.place is None:
            return [], []
        room = self._server.chats.room(reading.place.chat_id)
        touched = sorted(id for id, revision in room.changed.items() if revision > reading.revision)
        there = [room.messages[id] for id in touched if id in room.messages]
        gone = [id for id in touched if id not in room.messages]
        return [m for m in there if place_of(m) == reading.place], gone

    def _standing(self, reading: Reading) -> JsonObject:
        return self._of_place(reading) | {
            "chats": self._list.listed(reading.person.id),
            "unread": {str(person_id): self._list.unread(person_id) for person_id in self.people},
            "faults": [fault.name for fault in Fault if fault in self._faults],
        }

    def _of_place(self, reading: Reading) -> JsonObject:
        place = reading.place
        if place is None:
            return {"action": None, "pinned": 0, "commands": []}
        room = self._server.chats.room(place.chat_id)
        pinned = [id for id in room.pinned if place_of(room.messages[id]) == place]
        commands = self._server.commands.seen_by(reading.person.id, room.chat)
        return {
            "action": self._action(room, place),
            "pinned": pinned[-1] if pinned else 0,
            "commands": [command_json(command) for command in commands],
        }

    def _action(self, room: Room, place: Place) -> JsonObject | None:
        action = room.action
        if action is None or self._server.now() - action.since >= ACTION_LASTS:
            return None
        if room.chat.forum and (action.thread_id or GENERAL) != place.topic:
            return None
        return {"kind": action.kind, "since": int(action.since.timestamp() * 1000)}


def _person(person: PagePerson) -> JsonObject:
    return {"id": person.id, "name": person.name, "label": person.label, "role": person.role}


def _answer(answer: TapAnswer) -> JsonObject:
    return {"tap": answer.tap.id, "text": answer.text, "alert": answer.alert}


def _message(message: ChatMessage, reader_id: int) -> JsonObject:
    return {
        "id": message.id,
        "author": {"id": message.sender.id, "name": message.sender.first_name, "bot": message.sender.is_bot},
        "time": unix(message.sent_at),
        "edited": message.edited_at is not None,
        "text": message.text,
        "entities": [entity_json(entity) for entity in message.body.entities],
        "picture": _picture(message),
        "keyboard": keyboard_json(message.keyboard),
        "placeholder": message.prompt.placeholder if message.prompt and _asks(message, reader_id) else None,
        "quote": _quote(message.replies_to),
        "silent": message.silent,
        "protected": message.protected,
        "reactions": list(message.reactions),
        "forwarded": message.forwarded_from.first_name if message.forwarded_from else "",
        "notice": _notice(message),
    }


def _asks(message: ChatMessage, reader_id: int) -> bool:
    """A selective question opens the reply line of the one it answers only."""
    if message.prompt is None or not message.prompt.selective or message.chat.kind is ChatKind.PRIVATE:
        return True
    return message.replies_to is not None and message.replies_to.sender.id == reader_id


def _quote(quoted: ChatMessage | None) -> JsonObject | None:
    """Everything in a topic answers the message that opened it; only other answers show what they answer."""
    if quoted is None or quoted.opens_topic:
        return None
    return {"id": quoted.id, "name": quoted.sender.first_name, "text": first_line(quoted)}


def _notice(message: ChatMessage) -> str:
    """What the chat tells of itself, instead of somebody's words."""
    if message.opens_topic:
        return f"{message.sender.first_name} opened the topic {message.opens_topic}"
    moved = message.migrate_to is not None or message.migrate_from is not None
    return "This group was upgraded" if moved else ""


def _picture(message: ChatMessage) -> JsonObject | None:
    picture = message.picture
    if picture is None:
        return None
    return {"url": f"/page/pictures/{picture.file_id}", "width": picture.width, "height": picture.height}
