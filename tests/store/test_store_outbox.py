import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from chatbot.core.notices import Button, ButtonStyle, Lane, Letter, LetterState, Subject
from chatbot.store.store import Store, open_store

_BUTTONS = (
    (
        Button(text="Confirm buy", action="confirm 418", style=ButtonStyle.SUCCESS),
        Button(text="Cancel", action="decline 418"),
    ),
    (Button(text='<b>"1 & 2"</b> €', action="why 12"),),
)


def _letter(text: str = "hello", lane: Lane = Lane.ANSWER, chat_id: int = 70, edits: int | None = None) -> Letter:
    return Letter(chat_id=chat_id, lane=lane, text=text, edits=edits)


def _posted(store: Store, text: str = "hello", chat_id: int = 70, message_id: int = 900) -> Letter:
    """A letter that Telegram took."""
    letter = store.outbox.put(_letter(text, chat_id=chat_id))
    store.outbox.sending(letter)
    store.outbox.sent(letter, message_id)
    posted = store.outbox.letter(letter.id)
    assert posted is not None
    return posted


def _texts(store: Store) -> list[str]:
    return [letter.text for letter in store.outbox.due(99)]


def test_a_letter_comes_back_as_it_was_written(store: Store) -> None:
    first = _posted(store)
    letter = Letter(
        chat_id=-100123,
        lane=Lane.ALERT,
        text="<b>BTC</b> crossed 68,000",
        buttons=_BUTTONS,
        subject=Subject.TICKET,
        subject_id=418,
        follows=first.id,
        reply_to=55,
        thread_id=3,
        silent=True,
        protected=True,
        pinned=True,
        asks="buy",
        hint="BTC 100usdt",
    )
    written = store.outbox.put(letter)
    assert written == replace(letter, id=written.id, key=written.key)
    assert store.outbox.letter(written.id) == written
    assert store.outbox.by_key(written.key) == written
    assert store.outbox.letter(999) is None
    assert store.outbox.by_key("no such key") is None


@pytest.mark.parametrize(("silent", "protected", "pinned"), [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_each_mark_is_kept_by_itself(store: Store, silent: int, protected: int, pinned: int) -> None:
    marked = replace(_letter(), silent=bool(silent), protected=bool(protected), pinned=bool(pinned))
    written = store.outbox.put(marked)
    assert store.outbox.letter(written.id) == written


def test_a_key_cannot_be_guessed_and_fits_under_a_button(store: Store) -> None:
    keys = [store.outbox.put(_letter()).key for _ in range(200)]
    assert len(set(keys)) == 200
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", key) for key in keys)


def test_what_waits_leaves_by_lane_and_within_a_lane_by_age(store: Store) -> None:
    for text, lane in (
        ("report", Lane.REPORT),
        ("alert 1", Lane.ALERT),
        ("order", Lane.ORDER),
        ("alert 2", Lane.ALERT),
    ):
        store.outbox.put(_letter(text, lane))
    store.outbox.put(_letter("answer", Lane.ANSWER))
    assert _texts(store) == ["answer", "order", "alert 1", "alert 2", "report"]
    assert [letter.text for letter in store.outbox.due(2)] == ["answer", "order"]


def test_a_letter_of_one_name_is_written_once_and_for_all(store: Store) -> None:
    first = store.outbox.put(_letter("knock"), dedupe="knock 700")
    again = store.outbox.put(_letter("knock again"), dedupe="knock 700")
    assert again == first
    store.outbox.sending(first)
    store.outbox.sent(first, 900)
    assert store.outbox.put(_letter("knock"), dedupe="knock 700").message_id == 900
    assert store.outbox.put(_letter("knock"), dedupe="knock 701").id != first.id
    assert _texts(store) == ["knock"]


def test_an_edit_replaces_one_that_has_not_left(store: Store) -> None:
    card, other = _posted(store), _posted(store, message_id=901)
    store.outbox.put(_letter("other", edits=other.id))
    store.outbox.put(_letter("sending", edits=card.id))
    store.outbox.put(_letter("filled", edits=card.id))
    assert _texts(store) == ["other", "filled"]


def test_an_edit_that_is_leaving_is_not_replaced(store: Store) -> None:
    card = _posted(store)
    leaving = store.outbox.put(_letter("sending", edits=card.id))
    store.outbox.sending(leaving)
    store.outbox.put(_letter("filled", edits=card.id))
    store.outbox.again([leaving], "no answer", maybe_arrived=True)
    assert _texts(store) == ["sending", "filled"]


def test_a_repeated_edit_does_not_take_back_a_newer_one(store: Store) -> None:
    card = _posted(store)
    first = store.outbox.put(_letter("accepted", edits=card.id), dedupe="T-418 accepted")
    store.outbox.sending(first)
    store.outbox.sent(first, None)
    store.outbox.put(_letter("filled", edits=card.id))
    store.outbox.put(_letter("accepted", edits=card.id), dedupe="T-418 accepted")
    assert _texts(store) == ["filled"]


def test_an_edit_waits_for_its_message(store: Store) -> None:
    card = store.outbox.put(_letter("card", Lane.REPORT))
    store.outbox.put(_letter("edit", Lane.ANSWER, edits=card.id))
    assert _texts(store) == ["card"]
    store.outbox.sending(card)
    assert _texts(store) == []
    store.outbox.sent(card, 900)
    assert _texts(store) == ["edit"]


def test_an_answer_waits_for_the_message_it_follows(store: Store) -> None:
    card = store.outbox.put(_letter("card", Lane.REPORT))
    store.outbox.put(replace(_letter("news", Lane.ORDER), follows=card.id))
    assert _texts(store) == ["card"]
    store.outbox.sending(card)
    assert _texts(store) == []
    store.outbox.sent(card, 900)
    assert _texts(store) == ["news"]


def test_an_answer_does_not_wait_for_what_will_never_arrive(store: Store) -> None:
    card = store.outbox.put(_letter("card"))
    store.outbox.put(replace(_letter("news"), follows=card.id))
    store.outbox.dead(card, "blocked")
    assert _texts(store) == ["news"]


def test_what_was_being_sent_at_a_crash_leaves_again_marked(store: Store, path: Path, clock: list[datetime]) -> None:
    waiting, leaving, arrived = (store.outbox.put(_letter(text)) for text in ("waiting", "leaving", "arrived"))
    store.outbox.sending(leaving)
    store.outbox.sending(arrived)
    store.outbox.sent(arrived, 900)
    again = open_store(path, lambda: clock[0])
    assert again.outbox.recover() == 1
    assert [(letter.text, letter.repeat) for letter in again.outbox.due(9)] == [("waiting", False), ("leaving", True)]
    assert again.outbox.recover() == 0
    assert again.outbox.letter(waiting.id) == waiting
    again.close()


def test_what_leaves_is_written_as_it_leaves(store: Store) -> None:
    letter = store.outbox.put(Letter(chat_id=70, lane=Lane.ORDER, subject=Subject.TICKET, subject_id=418))
    store.outbox.sending(replace(letter, text="T-418 filled", buttons=_BUTTONS))
    latest = store.outbox.letter(letter.id)
    assert latest is not None
    assert (latest.text, latest.buttons, latest.attempts) == ("T-418 filled", _BUTTONS, 1)
    assert latest.state is LetterState.SENDING
    assert store.outbox.due(9) == ()


def test_a_letter_that_was_held_up_goes_back_and_stays_marked(store: Store) -> None:
    letter = store.outbox.put(_letter())
    marks = []
    for maybe_arrived in (False, True, False):
        store.outbox.sending(letter)
        store.outbox.again([letter], "held up", maybe_arrived=maybe_arrived)
        marks += [(latest.repeat, latest.attempts) for latest in store.outbox.due(9)]
    assert marks == [(False, 1), (True, 2), (True, 3)]


def test_the_dead_are_kept_and_counted_but_not_tried_again(store: Store) -> None:
    dead, waiting, leaving = (store.outbox.put(_letter(text)) for text in ("dead", "waiting", "leaving"))
    store.outbox.sending(leaving)
    store.outbox.dead(dead, "bot was blocked")
    assert (store.outbox.waiting(), store.outbox.undelivered()) == (2, 1)
    assert store.outbox.due(9) == (waiting,)
    assert store.outbox.recover() == 1
    assert store.outbox.undelivered() == 1


def test_an_edit_of_a_message_that_is_gone_leaves_as_a_message_of_its_own(store: Store) -> None:
    card = _posted(store)
    edit = store.outbox.put(_letter("filled", edits=card.id))
    store.outbox.sending(edit)
    store.outbox.resend_as_new(edit)
    (due,) = store.outbox.due(9)
    assert (due.id, due.edits, due.text) == (edit.id, None, "filled")


def test_when_a_group_moves_its_letters_move_with_it(store: Store) -> None:
    store.outbox.put(_letter("ours", chat_id=-5))
    store.outbox.put(_letter("theirs", chat_id=-6))
    store.outbox.chats.move(-5, -1005)
    assert [(letter.text, letter.chat_id) for letter in store.outbox.due(9)] == [("ours", -1005), ("theirs", -6)]


def test_a_letter_knows_the_message_it_became_or_edits(store: Store) -> None:
    card = _posted(store, message_id=900)
    edit = store.outbox.put(_letter("filled", edits=card.id))
    waiting = store.outbox.put(_letter("waiting"))
    messages = [store.outbox.message_of(letter) for letter in (card, edit, waiting)]
    assert messages == [900, 900, None]


def test_a_question_is_known_by_the_message_that_put_it(store: Store) -> None:
    question = store.outbox.put(replace(_letter("How much?"), asks="buy btc"))
    store.outbox.sent(question, 900)
    _posted(store, "no question", message_id=901)
    found = store.outbox.asking(70, 900)
    assert found is not None
    assert found.asks == "buy btc"
    assert [store.outbox.asking(*place) for place in ((71, 900), (69, 900), (70, 901), (70, 902))] == [None] * 4


def test_a_letter_falls_with_the_change_it_tells_of(store: Store) -> None:
    def fail_after_writing() -> None:
        with store.atomic():
            store.outbox.put(_letter())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_writing()
    assert store.outbox.waiting() == 0


def test_the_sender_is_rung_for_what_is_new(path: Path, clock: list[datetime]) -> None:
    rings: list[int] = []
    store = open_store(path, lambda: clock[0], lambda: rings.append(1))
    store.outbox.put(_letter(), dedupe="once")
    store.outbox.put(_letter(), dedupe="once")
    store.outbox.put(_letter())
    store.close()
    assert len(rings) == 2
