"""Pictures stand beside the letters that carry them, and no longer than until they were sent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chatbot.core.notices import Lane, Letter, LetterState
from chatbot.store.store import Store

PNG = b"\x89PNG made up"
CARD = Letter(chat_id=11, lane=Lane.ANSWER, text="a chart", png=PNG)


def _kept(store: Store) -> int:
    return int(next(store.db.query("SELECT count(*) AS n FROM pictures"))["n"])


def _as_it_stands(store: Store, letter: Letter) -> Letter:
    found = store.outbox.letter(letter.id)
    assert found is not None
    return found


def _sent(store: Store, letter: Letter, message_id: int | None) -> Letter:
    store.outbox.sending(letter)
    store.outbox.sent(letter, message_id)
    return _as_it_stands(store, letter)


def test_a_picture_is_read_back_until_it_was_sent_and_known_for_good(store: Store) -> None:
    letter = store.outbox.put(CARD)
    assert letter.png == b""
    assert letter.picture is not None
    assert _as_it_stands(store, letter) == letter
    assert store.outbox.pictures.png(letter.picture) == PNG
    sent = _sent(store, letter, 500)
    assert sent.picture == letter.picture
    assert store.outbox.pictures.png(letter.picture) is None


def test_it_is_put_down_together_with_its_letter_or_not_at_all(store: Store) -> None:
    def change_of_mind() -> None:
        with store.atomic():
            store.outbox.put(CARD)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        change_of_mind()
    assert _kept(store) == store.outbox.waiting() == 0


def test_it_is_still_there_after_a_crash_while_it_was_sent(store: Store) -> None:
    letter = store.outbox.put(CARD)
    store.outbox.sending(letter)
    assert store.outbox.recover() == 1
    again = _as_it_stands(store, letter)
    assert (again.state, again.repeat) == (LetterState.PENDING, True)
    assert again.picture is not None
    assert store.outbox.pictures.png(again.picture) == PNG


def test_words_that_were_changed_into_a_picture_are_known_as_one(store: Store) -> None:
    words = _sent(store, store.outbox.put(replace(CARD, png=b"")), 500)
    assert words.picture is None
    edit = store.outbox.put(replace(CARD, edits=words.id))
    _sent(store, edit, None)
    assert _as_it_stands(store, words).picture == edit.picture


def test_what_never_leaves_is_cleared_away_and_what_waits_is_not(store: Store) -> None:
    card = _sent(store, store.outbox.put(CARD), 500)
    store.outbox.put(replace(CARD, edits=card.id))
    latest = store.outbox.put(replace(CARD, edits=card.id))  # takes the place of the one before
    lost = store.outbox.put(replace(CARD, chat_id=12))
    store.outbox.dead(lost, "made up")
    assert _kept(store) == 3
    store.clean(timedelta(days=7))
    assert _kept(store) == 1
    assert latest.picture is not None
    assert store.outbox.pictures.png(latest.picture) == PNG


def test_it_is_not_in_what_is_logged(store: Store) -> None:
    assert "made up" not in repr(CARD)
