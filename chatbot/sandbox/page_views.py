"""What the chat page is told: one person's view of one chat, as JSON. Only what changed since it last heard."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from chatbot.sandbox.faults import Fault, Faults
from chatbot.sandbox.page_market import PUSHED, STEPS
from chatbot.sandbox.telegram_chats import Room
from chatbot.sandbox.telegram_json import JsonObject, command_json, entity_json, keyboard_json, unix
from chatbot.sandbox.telegram_server import TelegramServer
from chatbot.sandbox.telegram_values import ChatMessage, TapAnswer, TelegramUser

TYPING_LASTS = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
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
    """How far one open page has read: changes of chats, answers to taps, and what stands besides."""

    person: PagePerson
    chat_id: int
    revision: int
    answers: int
    standing: JsonObject = field(default_factory=dict)


class PageViews:
    def __init__(self, server: TelegramServer, faults: Faults, people: Iterable[PagePerson]) -> None:
        self._server = server
        self._faults = faults
        self.people = {person.id: person for person in people}
        for person in self.people.values():
            server.chats.meet(person.user)

    def setup(self) -> JsonObject:
        """What does not change while the sandbox runs, but for groups founded later."""
        return {
            "bot": {"name": self._server.bot.first_name, "username": self._server.bot.username},
            "people": [self._person(person) for person in self.people.values()],
            "pushes": {"symbols": list(PUSHED), "percents": list(STEPS)},
            "faults": [{"name": fault.name, "sentence": fault.value} for fault in Fault],
        }

    def _person(self, person: PagePerson) -> JsonObject:
        rooms = self._server.chats.rooms_of(person.id)
        chats = [{"id": room.chat.id, "title": room.chat.title} for room in rooms]
        return {"id": person.id, "name": person.name, "label": person.label, "role": person.role, "chats": chats}

    def news(self, reading: Reading) -> JsonObject | None:
        """What changed since `reading`, which moves on; None when nothing did."""
        room = self._server.chats.room(reading.chat_id)
        touched = sorted(id for id, revision in room.changed.items() if revision > reading.revision)
        answers = self._server.answers[reading.answers :]
        standing = self._standing(room, reading.person)
        mine = [_answer(answer) for answer in answers if answer.tap.user.id == reading.person.id]
        reading.revision, reading.answers = self._server.chats.revision, len(self._server.answers)
        if not touched and not mine and standing == reading.standing:
            return None
        reading.standing = standing
        return standing | {
            "messages": [_message(room.messages[id]) for id in touched if id in room.messages],
            "deleted": [id for id in touched if id not in room.messages],
            "answers": mine,
        }

    def now(self) -> tuple[int, int]:
        """Where somebody who has read everything stands: the count of changes and of answers."""
        return self._server.chats.revision, len(self._server.answers)

    def _standing(self, room: Room, person: PagePerson) -> JsonObject:
        since = room.typing_since
        typing = since is not None and self._server.now() - since < TYPING_LASTS
        return {
            "typing": int(since.timestamp() * 1000) if since is not None and typing else 0,
            "pinned": room.pinned[-1] if room.pinned else 0,
            "commands": [command_json(c) for c in self._server.commands.seen_by(person.id, room.chat)],
            "faults": [fault.name for fault in Fault if fault in self._faults],
        }


def _answer(answer: TapAnswer) -> JsonObject:
    return {"tap": answer.tap.id, "text": answer.text, "alert": answer.alert}


def _message(message: ChatMessage) -> JsonObject:
    quoted = message.replies_to
    return {
        "id": message.id,
        "author": {"id": message.sender.id, "name": message.sender.first_name, "bot": message.sender.is_bot},
        "time": unix(message.sent_at),
        "edited": message.edited_at is not None,
        "text": message.text,
        "entities": [entity_json(entity) for entity in message.body.entities],
        "picture": _picture(message),
        "keyboard": keyboard_json(message.keyboard),
        "placeholder": message.prompt.placeholder if message.prompt else None,
        "quote": {"id": quoted.id, "name": quoted.sender.first_name, "text": _line(quoted)} if quoted else None,
        "silent": message.silent,
        "protected": message.protected,
        "reactions": list(message.reactions),
        "forwarded": message.forwarded_from.first_name if message.forwarded_from else "",
        "moved": message.migrate_to is not None or message.migrate_from is not None,
    }


def _line(message: ChatMessage) -> str:
    """The first line, for the quote above an answer."""
    first = message.text.partition("\n")[0]
    return first or ("Picture" if message.picture else "")


def _picture(message: ChatMessage) -> JsonObject | None:
    picture = message.picture
    if picture is None:
        return None
    return {"url": f"/page/pictures/{picture.file_id}", "width": picture.width, "height": picture.height}
