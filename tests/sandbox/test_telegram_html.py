import html
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.sandbox.telegram_html import parse_html
from chatbot.sandbox.telegram_refusals import TelegramRefusal
from chatbot.sandbox.telegram_text import Entity, EntityKind, utf16_length

SIMPLE = [
    ("b", EntityKind.BOLD),
    ("strong", EntityKind.BOLD),
    ("i", EntityKind.ITALIC),
    ("em", EntityKind.ITALIC),
    ("u", EntityKind.UNDERLINE),
    ("ins", EntityKind.UNDERLINE),
    ("s", EntityKind.STRIKETHROUGH),
    ("strike", EntityKind.STRIKETHROUGH),
    ("del", EntityKind.STRIKETHROUGH),
    ("tg-spoiler", EntityKind.SPOILER),
    ("code", EntityKind.CODE),
    ("pre", EntityKind.PRE),
    ("blockquote", EntityKind.BLOCKQUOTE),
]


@pytest.mark.parametrize(("tag", "kind"), SIMPLE)
def test_a_tag_becomes_an_entity_over_its_text(tag: str, kind: EntityKind) -> None:
    read = parse_html(f"so <{tag}>much</{tag}> more")

    assert read.text == "so much more"
    assert read.entities == (Entity(kind=kind, offset=3, length=4),)


@pytest.mark.parametrize(
    ("source", "entity"),
    [
        ('<span class="tg-spoiler">x</span>', Entity(kind=EntityKind.SPOILER, offset=0, length=1)),
        (
            '<a href="https://a.b/?c=1&amp;d=2">x</a>',
            Entity(kind=EntityKind.TEXT_LINK, offset=0, length=1, url="https://a.b/?c=1&d=2"),
        ),
        ("<a href='https://a.b'>x</a>", Entity(kind=EntityKind.TEXT_LINK, offset=0, length=1, url="https://a.b")),
        ("<blockquote expandable>x</blockquote>", Entity(kind=EntityKind.EXPANDABLE_BLOCKQUOTE, offset=0, length=1)),
        (
            '<tg-emoji emoji-id="53">x</tg-emoji>',
            Entity(kind=EntityKind.CUSTOM_EMOJI, offset=0, length=1, custom_emoji_id="53"),
        ),
        (
            '<tg-time unix="1647531900" format="wDT">x</tg-time>',
            Entity(kind=EntityKind.DATE_TIME, offset=0, length=1, unix_time=1647531900, date_time_format="wDT"),
        ),
        ('<tg-time unix="0">x</tg-time>', Entity(kind=EntityKind.DATE_TIME, offset=0, length=1, unix_time=0)),
        (
            '<pre><code class="language-python">x</code></pre>',
            Entity(kind=EntityKind.PRE, offset=0, length=1, language="python"),
        ),
        ("<B>x</B>", Entity(kind=EntityKind.BOLD, offset=0, length=1)),
        ("<b >x</b >", Entity(kind=EntityKind.BOLD, offset=0, length=1)),
    ],
)
def test_attributes_are_kept(source: str, entity: Entity) -> None:
    assert parse_html(source).entities == (entity,)


def test_offsets_count_utf16_units() -> None:
    read = parse_html("😀 <b>🐳🐳</b> <i>x</i>")

    assert [(e.offset, e.length) for e in read.entities] == [(3, 4), (8, 1)]


def test_nested_tags_are_listed_from_the_outside_in() -> None:
    read = parse_html("<i>a<b>b</b></i>")

    assert [(e.kind, e.offset, e.length) for e in read.entities] == [
        (EntityKind.ITALIC, 0, 2),
        (EntityKind.BOLD, 1, 1),
    ]


def test_code_holds_no_other_formatting() -> None:
    read = parse_html("<code>a<b>b</b></code>")

    assert read.text == "ab"
    assert [e.kind for e in read.entities] == [EntityKind.CODE]


def test_an_empty_tag_leaves_nothing_behind() -> None:
    assert parse_html("a<b></b>c").entities == ()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<h1>x</h1>", 'Unsupported start tag "h1" at byte offset 0'),
        ("<br/>", 'Unsupported start tag "br" at byte offset 0'),
        ("é<script>", 'Unsupported start tag "script" at byte offset 2'),
        ("1 < 2 and 3 > 2", 'Unsupported start tag "" at byte offset 2'),
        ("1 < 2", "Unclosed start tag at byte offset 2"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<b x=>y</b>", 'Malformed attribute in the tag "b" at byte offset 0'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<tg-time>x</tg-time>", "Invalid unix time specified at byte offset 0"),
        ('<tg-time unix="1" format="Z">x</tg-time>', "Invalid date-time format specified at byte offset 0"),
        ('<tg-emoji emoji-id="x">x</tg-emoji>', "Invalid custom emoji identifier specified at byte offset 0"),
        ("AT&T", "Unescaped '&' at byte offset 2"),
        ("a &nbsp; b", "Unescaped '&' at byte offset 2"),
        ("&#0;", "Character reference to no character at byte offset 0"),
        ("&#xD800;", "Character reference to no character at byte offset 0"),
    ],
)
def test_what_telegram_cannot_parse_is_refused(source: str, reason: str) -> None:
    with pytest.raises(TelegramRefusal) as caught:
        parse_html(source)

    assert (caught.value.code, caught.value.description) == (400, f"Bad Request: can't parse entities: {reason}")


@pytest.mark.parametrize(
    ("reference", "character"), [("&#8364;", "€"), ("&#x20AC;", "€"), ("&quot;", '"'), ("&lt;b&gt;", "<b>")]
)
def test_references_become_characters(reference: str, character: str) -> None:
    assert parse_html(reference).text == character


@given(st.text())
def test_any_escaped_text_passes_and_stays_the_same(text: str) -> None:
    read = parse_html(html.escape(text))

    assert read.text == text
    assert read.entities == ()


@given(st.text(), st.text(min_size=1), st.text())
def test_any_escaped_text_stays_the_same_inside_a_tag(before: str, inside: str, after: str) -> None:
    read = parse_html(f"{html.escape(before)}<b>{html.escape(inside)}</b>{html.escape(after)}")

    assert read.text == before + inside + after
    assert [(e.offset, e.length) for e in read.entities] == [(utf16_length(before), utf16_length(inside))]


@given(st.text(alphabet="<>/&;ab= \"'-#1tgspn"))
def test_whatever_is_typed_is_read_or_refused(source: str) -> None:
    with suppress(TelegramRefusal):
        parse_html(source)
