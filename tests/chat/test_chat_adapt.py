"""Replies to letters: nothing lost on the way, whatever its length."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.adapt import letters, message, tap
from chatbot.chat.messages import Reply
from chatbot.core.notices import Button, Lane, Letter, Subject
from chatbot.services.post import Pressed
from tests.chat.desk import CARA, GROUP, incoming

ASKED = replace(incoming(5, CARA, text="/price btc"), thread_id=4)
CARD = Letter(id=9, chat_id=CARA.id, lane=Lane.ANSWER, text="card")
PRESSED = Pressed(button=Button(text="Go", action="go"), letter=CARD, card_id=9)
BUTTONS = ((Button(text="Go", action="go"),),)
FULL = Reply(
    text="words", buttons=BUTTONS, silent=True, protected=True, pinned=True, asks="/buy", hint="100usdt",
    subject=Subject.STOP, subject_id=3,
)  # fmt: skip


def test_a_message_and_a_tap_keep_where_they_came_from() -> None:
    typed = message(ASKED, CARA, "price", "btc")
    assert (typed.person, typed.chat_id, typed.thread_id, typed.command, typed.text) == (
        CARA,
        CARA.id,
        4,
        "price",
        "btc",
    )
    pressed = tap(ASKED, CARA, "3", PRESSED)
    assert (pressed.person, pressed.card_id, pressed.argument, pressed.letter) == (CARA, 9, "3", CARD)


def test_a_card_is_one_letter_with_all_it_asked_for() -> None:
    (letter,) = letters(ASKED, FULL, None)
    assert (letter.subject, letter.subject_id, letter.lane) == (Subject.STOP, 3, Lane.STOP)
    assert (letter.silent, letter.protected, letter.pinned, letter.asks) == (True, True, True, "/buy")
    assert (letter.hint, letter.thread_id, letter.buttons) == ("100usdt", 4, BUTTONS)


def test_no_words_are_no_letter() -> None:
    assert letters(ASKED, Reply(toast="done"), None) == []


def test_an_edit_edits_and_does_not_answer() -> None:
    asked = replace(ASKED, chat_id=GROUP, private=False)
    (letter,) = letters(asked, Reply(text="new", buttons=BUTTONS), PRESSED)
    assert (letter.edits, letter.reply_to, letter.buttons) == (9, None, BUTTONS)


def test_in_a_group_every_piece_hangs_on_the_question() -> None:
    asked = replace(ASKED, chat_id=GROUP, private=False)
    pieces = letters(asked, Reply(text="\n".join(["x" * 100] * 100), asks="/buy"), None)
    assert len(pieces) == 3
    assert {piece.reply_to for piece in pieces} == {asked.message_id}
    assert [piece.asks for piece in pieces] == ["", "", "/buy"]


@given(rows=st.lists(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=90), max_size=300))
def test_all_words_arrive_with_the_buttons_below_the_last(rows: list[str]) -> None:
    text = "\n".join(rows)
    for edits in (None, PRESSED):
        pieces = letters(ASKED, Reply(text=text, buttons=BUTTONS), edits)
        assert "\n".join(piece.text for piece in pieces) == text
        assert [bool(piece.buttons) for piece in pieces] == [False] * (len(pieces) - 1) + [True] * bool(pieces)
