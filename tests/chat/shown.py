"""What a phone would make of a reply, judged by the sandbox's reading of Telegram's HTML; and hostile words."""

from hypothesis import strategies as st

from chatbot.chat.messages import Reply
from chatbot.chat.views.markup import TEXT_LIMIT, split, units
from chatbot.core.notices import Buttons, Letter
from chatbot.sandbox.telegram_html import parse_html
from chatbot.sandbox.telegram_text import EntityKind, cleaned, settled

OURS = frozenset({EntityKind.BOLD, EntityKind.ITALIC, EntityKind.CODE, EntityKind.DATE_TIME})
"""The only formatting that views write; commands and addresses are found by the phone itself."""

_KEY = "k" * 22

hostile = st.text(st.characters(exclude_categories=["Cs"]), max_size=64) | st.sampled_from(
    [
        "<b>bold</b>", "</b>", "<a href='tg://user?id=1'>x</a>", "&lt;", "&", "&#0;", "a < b & c > d", "{}", "%s",
        "{0}", "\u202eevil", "\u200b", "\u2066x\u2069",
        "O'Neil \"O\"", "Zoë 🦊", "line\nbreak", "*_`[", "\x00", "x" * 64,
        "<tg-time unix='1' format='t'>", "<script>", "<!--", "]]>",
    ]
)  # fmt: skip
"""Names, reasons and symbols as a person or a broken server might send them."""


def visible(text: str) -> str:
    """What is read. Every piece must be a message that Telegram takes, with no formatting but ours."""
    pieces = split(text)
    assert "\n".join(pieces) == text
    read = []
    for piece in pieces:
        assert units(piece) <= TEXT_LIMIT
        body = settled(parse_html(cleaned(piece)))
        kinds = {entity.kind for entity in body.entities}
        assert kinds <= OURS | {EntityKind.BOT_COMMAND, EntityKind.URL}, kinds
        read.append(body.text)
    return "\n".join(read)


def shown(reply: Reply) -> str:
    """The visible text, after a look at the buttons and the toast."""
    _check(reply.buttons)
    assert len(reply.toast) <= 200
    return visible(reply.text)


def labels(reply: Reply | Letter) -> list[str]:
    return [button.text for row in reply.buttons for button in row]


def actions(reply: Reply) -> list[str]:
    return [button.action for row in reply.buttons for button in row]


def _check(buttons: Buttons) -> None:
    flat = [button for row in buttons for button in row]
    assert len(flat) <= 100
    assert all(button.text.strip() for button in flat)
    assert all(row for row in buttons)
    assert all(len(f"{_KEY}:{place}".encode()) <= 64 for place in range(len(flat)))


def in_view(text: str) -> str:
    """How Telegram would keep this value: control signs blanked, carriage returns gone."""
    return cleaned(text)
