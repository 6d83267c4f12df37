"""Telegram's HTML: the markup it accepts, and the text and entities it becomes.

Source: the Bot API page, "HTML style", and the descriptions of its refusals. One rule is
stricter here: a bare `&` is refused as the page demands, although the real server lets
some of them pass, because a bare `&` is always a value that nobody escaped.
"""

import re
from dataclasses import dataclass, field, replace

from chatbot.sandbox.telegram_refusals import TelegramRefusal, bad_request
from chatbot.sandbox.telegram_text import VERBATIM, Entity, EntityKind, FormattedText, utf16_length

_KINDS = {
    "b": EntityKind.BOLD,
    "strong": EntityKind.BOLD,
    "i": EntityKind.ITALIC,
    "em": EntityKind.ITALIC,
    "u": EntityKind.UNDERLINE,
    "ins": EntityKind.UNDERLINE,
    "s": EntityKind.STRIKETHROUGH,
    "strike": EntityKind.STRIKETHROUGH,
    "del": EntityKind.STRIKETHROUGH,
    "span": EntityKind.SPOILER,
    "tg-spoiler": EntityKind.SPOILER,
    "a": EntityKind.TEXT_LINK,
    "code": EntityKind.CODE,
    "pre": EntityKind.PRE,
    "blockquote": EntityKind.BLOCKQUOTE,
    "tg-emoji": EntityKind.CUSTOM_EMOJI,
    "tg-time": EntityKind.DATE_TIME,
}
_VALUE = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9.-]+)"""
_SPECIAL = re.compile("[<&]")
_NAME = re.compile(r"</?([^\s<>/]*)")
_START = re.compile(rf"""<[^\s<>/]+((?:\s+[^\s<>="'/]+(?:\s*=\s*{_VALUE})?)*)\s*>""")
_END = re.compile(r"</([^\s<>/]*)\s*>")
_ATTRIBUTE = re.compile(rf"""([^\s<>="'/]+)(?:\s*=\s*({_VALUE}))?""")
_REFERENCE = re.compile(r"&(?:(lt|gt|amp|quot)|#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6}));")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_TIME_FORMAT = re.compile(r"r|w?[dD]?[tT]?")


@dataclass(slots=True, kw_only=True)
class _Open:
    """A tag that waits for its end."""

    name: str
    entity: Entity
    nested_language: str = ""


@dataclass(slots=True, kw_only=True)
class _Reading:
    source: str
    at: int = 0
    written: list[str] = field(default_factory=list)
    units: int = 0
    open: list[_Open] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)

    def refusal(self, reason: str, details: str = "") -> TelegramRefusal:
        """The offset that Telegram names counts bytes of UTF-8."""
        offset = len(self.source[: self.at].encode())
        return bad_request(f"can't parse entities: {reason} at byte offset {offset}{details}")

    def write(self, text: str) -> None:
        self.written.append(text)
        self.units += utf16_length(text)


def parse_html(source: str) -> FormattedText:
    """Raises `TelegramRefusal` (400, "can't parse entities: …") for what Telegram would not take."""
    reading = _Reading(source=source)
    while reading.at < len(source):
        if source.startswith("</", reading.at):
            _end_tag(reading)
        elif source[reading.at] == "<":
            _start_tag(reading)
        elif source[reading.at] == "&":
            _reference(reading)
        else:
            special = _SPECIAL.search(source, reading.at)
            end = special.start() if special else len(source)
            reading.write(source[reading.at : end])
            reading.at = end
    if reading.open:
        reason = f'Can\'t find end tag corresponding to start tag "{reading.open[-1].name}"'
        raise bad_request(f"can't parse entities: {reason}")
    return FormattedText(text="".join(reading.written), entities=_outside_verbatim(reading.entities))


def _outside_verbatim(entities: list[Entity]) -> tuple[Entity, ...]:
    """`code` and `pre` hold no other formatting; of `code` in `pre` over the same stretch, `pre` stays."""
    walls = [e for e in entities if e.kind in VERBATIM]
    inside = {
        id(e)
        for e in entities
        for w in walls
        if w.offset <= e.offset and e.end <= w.end and (w.kind is not e.kind) and e.kind is not EntityKind.PRE
    }
    kept = [e for e in entities if id(e) not in inside]
    return tuple(sorted(kept, key=lambda e: (e.offset, -e.length)))


def _reference(reading: _Reading) -> None:
    match = _REFERENCE.match(reading.source, reading.at)
    if match is None:
        raise reading.refusal("Unescaped '&'")
    named, decimal, hexadecimal = match.groups()
    code = int(decimal) if decimal else int(hexadecimal, 16) if hexadecimal else ord(_NAMED[named])
    if code == 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise reading.refusal("Character reference to no character")
    reading.write(chr(code))
    reading.at = match.end()


def _start_tag(reading: _Reading) -> None:
    named = _NAME.match(reading.source, reading.at)
    name = named[1].lower() if named else ""
    if ">" not in reading.source[reading.at :]:
        raise reading.refusal("Unclosed start tag")
    if name not in _KINDS:
        raise reading.refusal(f'Unsupported start tag "{name}"')
    match = _START.match(reading.source, reading.at)
    if match is None:
        raise reading.refusal(f'Malformed attribute in the tag "{name}"')
    attributes = {found[1].lower(): _attribute_value(found[2] or "") for found in _ATTRIBUTE.finditer(match[1])}
    reading.open.append(_Open(name=name, entity=_opened(reading, name, attributes)))
    reading.at = match.end()


def _attribute_value(written: str) -> str:
    bare = written[1:-1] if written[:1] in {'"', "'"} else written
    return _REFERENCE.sub(lambda m: _NAMED.get(m[1], m[0]), bare)


def _opened(reading: _Reading, name: str, attributes: dict[str, str]) -> Entity:
    """The entity a start tag begins; its length is not known yet."""
    entity = Entity(kind=_KINDS[name], offset=reading.units, length=0)
    if name == "span" and attributes.get("class") != "tg-spoiler":
        raise reading.refusal('Tag "span" must have class "tg-spoiler"')
    if name == "a":
        return replace(entity, url=attributes.get("href", ""))
    if name == "blockquote" and "expandable" in attributes:
        return replace(entity, kind=EntityKind.EXPANDABLE_BLOCKQUOTE)
    if name == "code":
        return replace(entity, language=attributes.get("class", "").removeprefix("language-"))
    if name == "tg-emoji":
        if not attributes.get("emoji-id", "").isdecimal():
            raise reading.refusal("Invalid custom emoji identifier specified")
        return replace(entity, custom_emoji_id=attributes["emoji-id"])
    if name == "tg-time":
        return _time(reading, entity, attributes)
    return entity


def _time(reading: _Reading, entity: Entity, attributes: dict[str, str]) -> Entity:
    unix, shape = attributes.get("unix", ""), attributes.get("format", "")
    if not re.fullmatch("[0-9]{1,12}", unix):
        raise reading.refusal("Invalid unix time specified")
    if not _TIME_FORMAT.fullmatch(shape):
        raise reading.refusal("Invalid date-time format specified")
    return replace(entity, unix_time=int(unix), date_time_format=shape)


def _end_tag(reading: _Reading) -> None:
    if not reading.open:
        raise reading.refusal("Unexpected end tag")
    match = _END.match(reading.source, reading.at)
    if match is None:
        raise reading.refusal("Unclosed end tag")
    opened = reading.open[-1]
    found = match[1].lower()
    if found not in {"", opened.name}:
        raise reading.refusal("Unmatched end tag", f', expected "</{opened.name}>", found "</{found}>"')
    reading.open.pop()
    reading.at = match.end()
    _close(reading, opened)


def _close(reading: _Reading, opened: _Open) -> None:
    entity = replace(opened.entity, length=reading.units - opened.entity.offset)
    if entity.length == 0:
        return
    outer = reading.open[-1] if reading.open else None
    if opened.name == "code" and outer is not None and outer.name == "pre" and outer.entity.offset == entity.offset:
        outer.nested_language = entity.language
    if opened.name == "pre":
        entity = replace(entity, language=opened.nested_language)
    elif opened.name == "code":
        entity = replace(entity, language="")
    elif opened.name == "a" and not entity.url:
        return
    reading.entities.append(entity)
