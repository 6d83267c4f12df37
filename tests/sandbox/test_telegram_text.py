import pytest

from chatbot.sandbox.telegram_refusals import TelegramRefusal
from chatbot.sandbox.telegram_text import Entity, EntityKind, FormattedText, cleaned, settled, utf16_length


def _bold(offset: int, length: int) -> Entity:
    return Entity(kind=EntityKind.BOLD, offset=offset, length=length)


def test_outer_blanks_are_cut_and_entities_follow() -> None:
    body = settled(FormattedText(text="\n  hello  \n", entities=(_bold(0, 8), _bold(9, 2))))

    assert body == FormattedText(text="hello", entities=(_bold(0, 5),))
    assert settled(FormattedText(text="\n  so much", entities=(_bold(6, 4),))).entities == (_bold(3, 4),)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/price btc", [("/price", EntityKind.BOT_COMMAND)]),
        ("see /why_12.", [("/why_12", EntityKind.BOT_COMMAND)]),
        ("/kill@desk_bot now", [("/kill@desk_bot", EntityKind.BOT_COMMAND)]),
        ("3/4 and a/b", []),
        ("BTC/USDT", []),
        ("at https://a.b/c?d=1 too", [("https://a.b/c?d=1", EntityKind.URL)]),
    ],
)
def test_commands_and_addresses_are_recognised(text: str, found: list[tuple[str, EntityKind]]) -> None:
    entities = settled(FormattedText(text=text)).entities

    assert [(text[e.offset : e.end], e.kind) for e in entities] == found


def test_nothing_is_recognised_inside_code() -> None:
    code = Entity(kind=EntityKind.CODE, offset=0, length=6)

    assert settled(FormattedText(text="/price", entities=(code,))).entities == (code,)


def test_length_counts_utf16_units() -> None:
    assert utf16_length("a€😀") == 4


def test_control_characters_are_blanked() -> None:
    assert cleaned("a\x00b\r\nc\td") == "a b\nc d"


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(TelegramRefusal, match="UTF-8"):
        cleaned("\ud83d")
