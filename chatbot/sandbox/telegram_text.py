"""Text as Telegram keeps it: plain characters plus entities counted in UTF-16 units."""

import re
from dataclasses import replace
from enum import Enum

from chatbot.core.values import frozen
from chatbot.sandbox.telegram_refusals import bad_request

MAX_TEXT = 4096
"""UTF-16 units of a message, after its markup was parsed."""

MAX_CAPTION = 1024


class EntityKind(Enum):
    """The Bot API's own words."""

    BOLD = "bold"
    ITALIC = "italic"
    UNDERLINE = "underline"
    STRIKETHROUGH = "strikethrough"
    SPOILER = "spoiler"
    CODE = "code"
    PRE = "pre"
    BLOCKQUOTE = "blockquote"
    EXPANDABLE_BLOCKQUOTE = "expandable_blockquote"
    TEXT_LINK = "text_link"
    CUSTOM_EMOJI = "custom_emoji"
    DATE_TIME = "date_time"
    BOT_COMMAND = "bot_command"
    URL = "url"


VERBATIM = frozenset({EntityKind.CODE, EntityKind.PRE})
"""Nothing else may be formatted inside these."""


@frozen
class Entity:
    """One formatted stretch. `offset` and `length` count UTF-16 units."""

    kind: EntityKind
    offset: int
    length: int
    url: str = ""
    language: str = ""
    custom_emoji_id: str = ""
    unix_time: int | None = None
    date_time_format: str = ""

    @property
    def end(self) -> int:
        return self.offset + self.length


@frozen
class FormattedText:
    text: str = ""
    entities: tuple[Entity, ...] = ()


def utf16_length(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


_FOUND = re.compile(
    r"(?P<command>(?<![\w/@<>])/[A-Za-z0-9_]{1,32}(?:@\w{3,32})?(?![\w/]))|(?P<url>https?://[^\s<>\"]+)"
)


def _detected(formatted: FormattedText) -> list[Entity]:
    """Commands and addresses that Telegram recognises by itself, outside verbatim text and links."""
    taken = [e for e in formatted.entities if e.kind in VERBATIM or e.kind is EntityKind.TEXT_LINK]
    found = []
    for match in _FOUND.finditer(formatted.text):
        kind = EntityKind.BOT_COMMAND if match["command"] else EntityKind.URL
        offset = utf16_length(formatted.text[: match.start()])
        entity = Entity(kind=kind, offset=offset, length=utf16_length(match[0]))
        if not any(e.offset < entity.end and entity.offset < e.end for e in taken):
            found.append(entity)
    return found


def _trimmed(formatted: FormattedText) -> FormattedText:
    text = formatted.text.strip()
    cut = utf16_length(formatted.text) - utf16_length(formatted.text.lstrip())
    last = utf16_length(text)
    entities = []
    for entity in formatted.entities:
        start, end = max(entity.offset - cut, 0), min(entity.end - cut, last)
        if end > start:
            entities.append(replace(entity, offset=start, length=end - start))
    return FormattedText(text=text, entities=tuple(entities))


def settled(formatted: FormattedText) -> FormattedText:
    """As the message will be kept: outer blanks cut, commands and addresses recognised, entities in order."""
    trimmed = _trimmed(formatted)
    entities = sorted((*trimmed.entities, *_detected(trimmed)), key=lambda e: (e.offset, -e.length))
    return FormattedText(text=trimmed.text, entities=tuple(entities))


def cleaned(text: str) -> str:
    """Without the control characters that Telegram drops or blanks. A lone surrogate is refused."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise bad_request("strings must be encoded in UTF-8")
    return "".join(" " if c < " " and c != "\n" else c for c in text.replace("\r", ""))
