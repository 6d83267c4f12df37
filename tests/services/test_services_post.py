"""Updates end once, with their answers; a tap counts on the message its button was drawn on, and nowhere else."""

import sqlite3

import pytest

from chatbot.core.notices import Button, Lane, Letter, Subject
from chatbot.services.post import Ending
from tests.services.desk import Desk, story

BUTTONS = (
    (Button(text="Buy", action="buy BTC"), Button(text="Sell", action="sell BTC")),
    (Button(text="Refresh", action="price BTC"),),
)


def letter(**changes: object) -> Letter:
    fields: dict[str, object] = {"chat_id": 7, "lane": Lane.ANSWER, "text": "BTC 67,412.3", "buttons": BUTTONS}
    return Letter(**(fields | changes))  # type: ignore[arg-type]


def sent(desk: Desk, message_id: int, **changes: object) -> Letter:
    """A letter that became this message."""
    put = desk.store.outbox.put(letter(**changes))
    desk.store.outbox.sending(put)
    desk.store.outbox.sent(put, message_id)
    return put


def test_an_update_is_kept_once_and_waits_until_it_is_ended(desk: Desk) -> None:
    assert desk.post.keep([(5, "{5}"), (4, "{4}"), (5, "{5}")]) == [5, 4]
    assert desk.post.keep([(4, "{4}"), (6, "{6}")]) == [6]
    desk.post.finish(5, Ending.DONE)
    desk.restart()
    assert desk.post.waiting() == [(4, "{4}"), (6, "{6}")]
    assert desk.post.keep([(5, "{5}")]) == []


@pytest.mark.parametrize("ending", Ending)
def test_an_update_that_ended_is_not_answered_again(desk: Desk, ending: Ending) -> None:
    desk.post.keep([(5, "{}")])
    desk.post.finish(5, ending, [letter()])
    for again in Ending:
        desk.post.finish(5, again, [letter()])
    assert len(desk.store.outbox.due(99)) == 1
    (row,) = desk.store.db.query("SELECT state, body FROM inbox")
    assert row == {"state": ending.value, "body": ""}


def test_an_update_nobody_kept_is_not_answered(desk: Desk) -> None:
    desk.post.finish(5, Ending.DONE, [letter()])
    assert desk.store.outbox.due(99) == ()


def test_the_end_and_the_answers_stand_or_fall_together(desk: Desk) -> None:
    desk.post.keep([(5, "{}")])
    with pytest.raises(sqlite3.IntegrityError):
        desk.post.finish(5, Ending.DONE, [letter(), letter(follows=999)])
    assert desk.store.outbox.due(99) == ()
    assert desk.post.waiting() == [(5, "{}")]


@story
async def test_the_first_card_binds_its_ticket_and_an_edit_does_not(desk: Desk) -> None:
    ticket = await desk.propose("buy btc 100usdt")
    first = ticket.card_id
    desk.post.keep([(5, "{}"), (6, "{}")])
    edit = letter(subject=Subject.TICKET, subject_id=ticket.id, edits=first)
    desk.post.finish(5, Ending.DONE, [edit])
    assert desk.now(ticket).card_id == first
    desk.post.finish(6, Ending.DONE, [letter(subject=Subject.TICKET, subject_id=ticket.id)])
    assert desk.now(ticket).card_id > first


def test_a_card_of_a_kill_is_bound_to_it(desk: Desk) -> None:
    stop = desk.kill()
    assert desk.found().card_id == desk.store.outbox.due(1)[0].id
    assert desk.found().id == stop.id


def test_a_button_is_found_by_key_and_place_on_its_own_message(desk: Desk) -> None:
    put = sent(desk, 31)
    for place, action in enumerate(["buy BTC", "sell BTC", "price BTC"]):
        pressed = desk.post.pressed(put.key, place, 7, 31)
        assert pressed is not None
        assert (pressed.button.action, pressed.card_id, pressed.letter.id) == (action, put.id, put.id)


@pytest.mark.parametrize(
    ("place", "chat_id", "message_id"),
    [(3, 7, 31), (-1, 7, 31), (10**6, 7, 31), (0, 8, 31), (0, 7, 32), (0, -7, 31)],
)
def test_a_button_anywhere_else_does_not_exist(desk: Desk, place: int, chat_id: int, message_id: int) -> None:
    put = sent(desk, 31)
    sent(desk, 32)
    sent(desk, 31, chat_id=8)
    assert desk.post.pressed(put.key, place, chat_id, message_id) is None


def test_guessed_keys_and_letters_not_sent_yet_have_no_buttons(desk: Desk) -> None:
    waiting = desk.store.outbox.put(letter())
    assert desk.post.pressed(waiting.key, 0, 7, 0) is None
    for key in ("", "x", waiting.key[:-1], waiting.key + "x", "%", "' OR 1=1 --"):
        assert desk.post.pressed(key, 0, 7, 31) is None


def test_a_button_of_an_edit_counts_on_the_message_it_edited_and_for_its_first_card(desk: Desk) -> None:
    card = sent(desk, 31)
    edit = desk.store.outbox.put(letter(edits=card.id, buttons=BUTTONS[1:]))
    desk.store.outbox.sending(edit)
    desk.store.outbox.sent(edit, None)
    pressed = desk.post.pressed(edit.key, 0, 7, 31)
    assert pressed is not None
    assert (pressed.button.text, pressed.card_id) == ("Refresh", card.id)
    assert desk.post.pressed(edit.key, 0, 7, 32) is None


def test_an_answer_completes_the_question_it_was_given_to(desk: Desk) -> None:
    sent(desk, 31, asks="/buy BTC", buttons=())
    sent(desk, 32)
    question = desk.post.question(7, 31)
    assert question is not None
    assert question.asks == "/buy BTC"
    assert [desk.post.question(*place) for place in ((7, 32), (8, 31), (7, 99))] == [None, None, None]


def test_a_letter_of_its_own_needs_no_update(desk: Desk) -> None:
    desk.post.send(letter())
    assert [each.text for each in desk.store.outbox.due(99)] == ["BTC 67,412.3"]


def test_several_steps_of_an_update_stand_or_fall_together(desk: Desk) -> None:
    desk.post.keep([(5, "{}")])

    def half() -> None:
        with desk.post.atomic():
            desk.post.finish(5, Ending.DONE, [letter()])
            desk.post.send(letter(follows=999))

    with pytest.raises(sqlite3.IntegrityError):
        half()
    assert (desk.post.waiting(), desk.store.outbox.due(99)) == ([(5, "{}")], ())
