"""What leaves as one message: fitted, marked, in the reader's time, with buttons that hold no more than a key."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.messages import Reply
from chatbot.chat.parcels import Looks, Parcel, keys, mergeable, packed
from chatbot.chat.views.markup import clock, html, plain_text, units
from chatbot.core.notices import Button, ButtonStyle, Lane, Letter, Subject

NOON = clock(datetime(2026, 3, 3, 12, tzinfo=UTC))
CET = timezone(timedelta(hours=1), "CET")
PLAIN = Letter(chat_id=7, lane=Lane.ANSWER, text="words", id=1, key="k" * 22)
ALERT = Letter(chat_id=7, lane=Lane.ALERT, subject=Subject.ALERT, subject_id=1, id=1, key="k" * 22)


def _looks(line: str = "{}", listed: int = 100, zone: tzinfo = UTC) -> Looks:
    def digest(letters: Sequence[Letter]) -> tuple[Reply, int]:
        told = letters[: max(listed, 1)]
        return Reply(text="\n".join(html(line, letter.subject_id) for letter in told)), listed

    return Looks(draw=lambda letter: Reply(text=f"card of {letter.subject_id}"), digest=digest, zone_of=lambda _: zone)


def _pack(letters: Sequence[Letter], looks: Looks) -> Parcel:
    parcel = packed(letters, looks)
    assert parcel is not None
    return parcel


def _alerts(count: int, *, repeat: bool = False) -> list[Letter]:
    return [replace(ALERT, id=n, subject_id=n, repeat=repeat) for n in range(1, count + 1)]


def test_nothing_is_no_message() -> None:
    assert packed((), _looks()) is None


def test_a_letter_with_words_leaves_as_it_is_and_one_with_a_subject_is_drawn() -> None:
    assert _pack([PLAIN], _looks()) == Parcel(letter=PLAIN, also=(), text=html("words"))
    drawn = _pack([ALERT], _looks())
    assert (drawn.text, drawn.letter.text, drawn.also) == ("card of 1", "card of 1", ())


@given(count=st.integers(2, 100), listed=st.integers(-1, 120))
def test_as_many_leave_as_are_listed_and_one_at_least(count: int, listed: int) -> None:
    letters = _alerts(count)
    parcel = _pack(letters, _looks(listed=listed))
    assert parcel.ids == [letter.id for letter in letters[: max(listed, 1)]]


@given(count=st.integers(2, 100), width=st.integers(1, 5000), repeat=st.booleans())
def test_a_list_fits_one_message_with_its_mark_whatever_it_claims(count: int, width: int, *, repeat: bool) -> None:
    line = "x" * width + "{}"
    parcel = _pack(_alerts(count, repeat=repeat), _looks(line))
    assert units(plain_text(parcel.text)) <= 4096 or len(parcel.letters) == 1
    assert parcel.text.startswith("<i>may be a repeat</i>\n") == repeat
    assert parcel.text.count("x" * width) == len(parcel.letters)
    assert parcel.text.count("x" * width) == len(parcel.letters)


def test_times_are_worded_for_the_reader_and_stored_as_they_were_drawn() -> None:
    parcel = _pack(_alerts(2), _looks(str(NOON), zone=CET))
    assert plain_text(parcel.text) == "13:00 CET\n13:00 CET"
    assert plain_text(html("{}", parcel.letter.text)).count("12:00 UTC") == 2


def test_a_repeat_is_marked_where_the_mark_fits_and_an_edit_never() -> None:
    marked = "<i>may be a repeat</i>\nwords"
    again = replace(PLAIN, repeat=True)
    assert _pack([again], _looks()).text == marked
    assert _pack([replace(again, edits=5)], _looks()).text == "words"
    assert _pack([replace(again, text="x" * 4096)], _looks()).text == "x" * 4096


def test_plain_words_keep_their_mark_and_lose_their_tags() -> None:
    parcel = _pack([replace(PLAIN, text="<b>1 &lt; 2</b>", repeat=True)], _looks())
    assert (parcel.parse_mode, parcel.plain().parse_mode) == ("HTML", None)
    assert parcel.plain().text == "may be a repeat\n1 < 2"
    assert units(replace(parcel, text=html("y" * 5000)).plain().text) <= 4096


@pytest.mark.parametrize("protected", [(False, False), (True, False), (False, True), (True, True)])
def test_a_list_is_protected_when_one_of_its_letters_is(protected: tuple[bool, bool]) -> None:
    letters = [replace(letter, protected=each) for letter, each in zip(_alerts(2), protected, strict=True)]
    assert _pack(letters, _looks()).letter.protected == any(protected)


def test_out_of_its_topic_a_letter_is_for_the_chat_at_large() -> None:
    parcel = _pack([replace(PLAIN, thread_id=3)], _looks())
    assert parcel.out_of_topic().letter == PLAIN


@pytest.mark.parametrize(
    "letter",
    [
        PLAIN,
        replace(PLAIN, lane=Lane.ALERT),
        replace(ALERT, subject=Subject.TICKET),
        replace(ALERT, edits=5),
        replace(ALERT, follows=5),
        replace(ALERT, reply_to=5),
        replace(ALERT, asks="move 5"),
    ],
    ids=["an answer", "words", "a ticket", "an edit", "news of a card", "an answer to a message", "a question"],
)
def test_only_an_alert_that_is_a_message_of_its_own_is_merged(letter: Letter) -> None:
    assert mergeable(ALERT)
    assert not mergeable(letter)


def test_a_button_holds_the_key_and_its_place() -> None:
    rows = (
        (Button(text="Buy", action="buy 1", style=ButtonStyle.SUCCESS), Button(text="Sell", action="sell 1")),
        (Button(text="Why", action="why 1"),),
    )
    found = [[(k.text, k.data, k.style) for k in row] for row in keys(replace(PLAIN, buttons=rows))]
    key = "k" * 22
    assert found == [[("Buy", f"{key}:0", "success"), ("Sell", f"{key}:1", None)], [("Why", f"{key}:2", None)]]
    assert keys(PLAIN) == []
