"""Markup: only our own literals hold a tag, and nothing is lost when a message is cut."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.views import markup
from chatbot.chat.views.markup import Html
from chatbot.core.modes import TradingMode
from chatbot.sandbox.telegram_html import parse_html
from chatbot.sandbox.telegram_text import EntityKind, cleaned
from tests.chat.shown import hostile, visible

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


@given(name=hostile, reason=hostile)
def test_no_value_becomes_markup(name: str, reason: str) -> None:
    text = markup.html("<b>{}</b> says {}", name, reason)
    body = parse_html(cleaned(text))
    assert body.text == cleaned(f"{name} says {reason}")
    assert [entity.kind for entity in body.entities] == ([EntityKind.BOLD] if cleaned(name) else [])


@given(first=hostile, second=hostile)
def test_plain_lines_are_escaped_and_markup_is_kept(first: str, second: str) -> None:
    text = markup.lines(first, None, markup.bold(second))
    assert parse_html(cleaned(text)).text == cleaned(f"{first}\n{second}")
    assert markup.lines(text) == text
    assert markup.html("{}", text) == text


@given(value=hostile)
def test_markup_without_its_tags_is_what_was_meant(value: str) -> None:
    assert markup.plain_text(markup.html("<b>{}</b> and <code>{}</code>", value, value)) == f"{value} and {value}"


@given(text=hostile)
def test_a_repeat_says_so_and_says_the_same(text: str) -> None:
    assert visible(markup.repeated(markup.lines(text))).startswith("may be a repeat")
    assert markup.repeated(markup.lines(text)).endswith(markup.lines(text))


@given(rows=st.lists(st.text(max_size=40) | st.sampled_from(["", "🦊" * 2500, "x" * 5000]), max_size=60))
def test_cutting_a_message_loses_nothing(rows: list[str]) -> None:
    text = "\n".join(rows)
    pieces = markup.split(text, 100)
    assert all(markup.units(piece) <= 100 for piece in pieces)
    assert "".join(pieces).replace("\n", "") == text.replace("\n", "")
    assert len(pieces) >= 1


@pytest.mark.parametrize("length", [4095, 4096, 4097, 8192, 8193])
@pytest.mark.parametrize("sign", ["x", "🦊"])
def test_the_cut_falls_at_the_very_limit(length: int, sign: str) -> None:
    text = sign * (length // markup.units(sign))
    pieces = markup.split(text)
    assert "".join(pieces) == text
    assert (len(pieces) == 1) == (markup.units(text) <= 4096)
    assert all(markup.units(piece) <= 4096 for piece in pieces)


def test_a_message_is_cut_at_line_ends() -> None:
    rows = [f"{n:04d} " + "x" * 60 for n in range(200)]
    pieces = markup.split("\n".join(rows))
    assert [row for piece in pieces for row in piece.split("\n")] == rows


def test_a_card_that_fits_is_left_as_it_is_and_a_longer_one_says_that_there_is_more() -> None:
    assert markup.fitted("x" * 4000) == "x" * 4000
    cut = markup.fitted("\n".join(f"row {n}" for n in range(2000)))
    assert cut.endswith("\n…")
    assert markup.units(cut) <= 4096


@pytest.mark.parametrize(
    ("fraction", "shown"),
    [
        ("0.0214", "+2.14 %"), ("-0.005", "-0.50 %"), ("0", "0.00 %"), ("0.00001", "0.00 %"), ("1", "+100.00 %"),
        ("12.5", "+1,250.00 %"), ("-0.99999", "-100.00 %"),
    ],
)  # fmt: skip
def test_a_percentage_shows_its_sign(fraction: str, shown: str) -> None:
    assert markup.percent(Decimal(fraction)) == shown


@pytest.mark.parametrize(
    ("fraction", "shown"),
    [
        ("0.000145", "+0.0145 %"), ("-0.00031", "-0.0310 %"), ("0.0000001", "+0.00001 %"), ("0", "0.0000 %"),
        ("0.00000123", "+0.000123 %"), ("0.003", "+0.3000 %"), ("0.0000000012", "0.000000 %"),
    ],
)  # fmt: skip
def test_a_funding_rate_shows_four_to_six_digits(fraction: str, shown: str) -> None:
    assert markup.rate(Decimal(fraction)) == shown


@pytest.mark.parametrize(
    ("fraction", "word"), [("0.1", "up"), ("-0.1", "down"), ("0", "unchanged"), ("-0", "unchanged")]
)
def test_a_direction_is_a_word_too(fraction: str, word: str) -> None:
    assert markup.up_or_down(Decimal(fraction)) == word


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, None), (5, None), (5.001, "5 s old"), (90, "1 m 30 s old"), (-3, None), (7200, "2 h old")],
)
def test_a_figure_says_its_age_when_it_is_not_fresh(seconds: float, shown: str | None) -> None:
    assert markup.age(NOON, NOON + timedelta(seconds=seconds)) == shown


def test_a_time_is_shown_in_the_phones_zone_and_in_words() -> None:
    body = parse_html(markup.clock(NOON))
    assert body.text == "12:00 UTC"
    assert [(e.kind, e.unix_time, e.date_time_format) for e in body.entities] == [
        (EntityKind.DATE_TIME, int(NOON.timestamp()), "t")
    ]


@given(text=hostile, limit=st.integers(1, 70))
def test_what_is_shortened_fits_and_says_so(text: str, limit: int) -> None:
    cut = markup.short(text, limit)
    assert len(cut) <= limit
    assert cut == text or cut.endswith("…")


def test_paper_money_is_called_so() -> None:
    assert markup.paper(TradingMode.PAPER) == Html("<b>PAPER</b>")
    assert markup.paper(TradingMode.LIVE) is None


def test_what_is_of_today_where_the_reader_is_has_no_day() -> None:
    late = datetime(2026, 3, 1, 23, 31, tzinfo=UTC)
    berlin = datetime(2026, 3, 2, 8, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    assert visible(markup.in_zone(markup.when(late, berlin), berlin.tzinfo or UTC)) == "00:31 CET"
    assert visible(markup.when(late, berlin.astimezone(UTC))) == "1 Mar 23:31 UTC"


def test_a_time_is_worded_for_the_readers_zone_and_nothing_else_is_touched() -> None:
    text = markup.lines(
        markup.html("<b>STOPPED</b> at {}", markup.clock(datetime(2026, 3, 1, 18, 31, tzinfo=UTC))), "18:31 UTC"
    )
    assert visible(markup.in_zone(text, ZoneInfo("Europe/Berlin"))) == "STOPPED at 19:31 CET\n18:31 UTC"
    assert visible(markup.in_zone(text, UTC)) == visible(text)
    late = markup.day_clock(datetime(2026, 3, 1, 23, 31, tzinfo=UTC))
    assert visible(late) == "1 Mar 23:31 UTC"
    assert 'format="dt"' in late, "the phone's own short date"
    assert visible(markup.in_zone(late, ZoneInfo("Europe/Berlin"))) == "2 Mar 00:31 CET"
