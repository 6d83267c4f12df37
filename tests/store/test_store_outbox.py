import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from chatbot.core.notices import Button, ButtonStyle, Lane, Letter, LetterState, Subject
from chatbot.core.orders import OrderTicket
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


def _alerts(store: Store, count: int, chat_id: int = 70) -> list[Letter]:
    with store.atomic():
        return [
            store.outbox.put(Letter(chat_id=chat_id, lane=Lane.ALERT, subject=Subject.ALERT, subject_id=n))
            for n in range(count)
        ]


def _now(store: Store, letter: Letter) -> Letter:
    found = store.outbox.letter(letter.id)
    assert found is not None
    return found


def test_only_the_lanes_chats_and_letters_asked_for_are_due(store: Store) -> None:
    by_lane = {lane: store.outbox.put(_letter(lane.name, lane, chat_id=lane + 2)) for lane in Lane}
    urgent, patient = (Lane.STOP, Lane.ORDER), (Lane.ALERT, Lane.REPORT)
    due, asked_apart = store.outbox.due, [by_lane[Lane.ORDER].id, by_lane[Lane.ALERT].id]
    assert [letter.text for letter in due(9, lanes=urgent)] == ["STOP", "ANSWER", "ORDER"]
    assert [letter.text for letter in due(9, lanes=patient)] == ["ALERT", "REPORT"]
    assert [letter.text for letter in due(9, without=[2, 4])] == ["STOP", "ORDER", "REPORT"]
    assert [letter.text for letter in due(9, resting=asked_apart)] == ["STOP", "ANSWER", "REPORT"]


def test_like_letters_are_found_oldest_first_and_only_those_that_may_share_a_message(store: Store) -> None:
    card = _posted(store)
    first, second, third = _alerts(store, 3)
    _alerts(store, 1, chat_id=71)
    for other in (
        replace(first, thread_id=5), replace(first, edits=card.id), replace(first, follows=card.id),
        replace(first, reply_to=5), replace(first, asks="move 5"), replace(first, lane=Lane.REPORT),
        replace(first, subject=Subject.TICKET), replace(first, subject=None, text="words"),
    ):  # fmt: skip
        store.outbox.put(other)
    assert store.outbox.like(first, 9) == (first, second, third)
    assert store.outbox.like(third, 2) == (first, second)
    assert store.outbox.like(first, 9, apart=[second.id]) == (first, third)
    store.outbox.again([second], "lost", maybe_arrived=True)
    assert store.outbox.like(first, 9) == (first, third)
    assert [letter.id for letter in store.outbox.like(_now(store, second), 9)] == [second.id]


def test_letters_of_one_message_leave_and_arrive_together(store: Store) -> None:
    first, *others = _alerts(store, 4)
    store.outbox.sending(replace(first, text="three alerts", buttons=_BUTTONS), others[:2])
    assert [_now(store, each).state for each in (first, *others)] == [LetterState.SENDING] * 3 + [LetterState.PENDING]
    assert [(_now(store, each).text, _now(store, each).buttons) for each in others] == [("", ())] * 3
    assert _now(store, first).text == "three alerts"
    store.outbox.sent(first, 900, others[:2])
    assert [_now(store, each).message_id for each in (first, *others)] == [900, 900, 900, None]
    assert [_now(store, each).attempts for each in (first, *others)] == [1, 1, 1, 0]


def test_letters_that_left_together_repeat_all_after_a_crash(store: Store, path: Path, clock: list[datetime]) -> None:
    first, *others = _alerts(store, 3)
    store.outbox.sending(first, others)
    again = open_store(path, lambda: clock[0])
    assert again.outbox.recover() == 3
    assert [(letter.id, letter.repeat) for letter in again.outbox.due(9)] == [(n.id, True) for n in (first, *others)]
    again.close()


def test_letters_that_were_held_up_together_go_back_together(store: Store) -> None:
    first, *others = letters = _alerts(store, 3)
    store.outbox.sending(first, others)
    store.outbox.again(letters, "too many", maybe_arrived=False)
    assert [letter.repeat for letter in store.outbox.due(9)] == [False] * 3


def test_what_is_owed_to_a_closed_chat_is_held_and_waits_again_when_it_opens(store: Store) -> None:
    chats = store.outbox.chats
    leaving, waiting, other = (
        store.outbox.put(_letter(text, chat_id=n)) for text, n in (("a", 70), ("b", 70), ("c", 71))
    )
    store.outbox.sending(leaving)
    assert chats.close(70, "blocked") == 2
    assert chats.close(70, "blocked") is None
    late = store.outbox.put(_letter("d"))
    assert late.state is LetterState.HELD
    assert store.outbox.due(9) == (other,)
    assert (store.outbox.waiting(), store.outbox.undelivered()) == (1, 3)
    assert store.outbox.recover() == 0
    assert chats.reopen(71) is False
    assert chats.reopen(70) is True
    assert chats.reopen(70) is False
    assert [(each.text, each.repeat) for each in store.outbox.due(9)] == [
        ("a", False),
        ("b", False),
        ("c", False),
        ("d", False),
    ]
    assert (chats.closed(70), store.outbox.undelivered()) == (False, 0)
    assert waiting.state is LetterState.PENDING


def test_an_edit_replaces_one_that_is_held(store: Store) -> None:
    card = _posted(store)
    store.outbox.chats.close(70, "blocked")
    store.outbox.put(_letter("sending", edits=card.id))
    store.outbox.put(_letter("filled", edits=card.id))
    store.outbox.chats.reopen(70)
    assert _texts(store) == ["filled"]


def test_what_was_held_rings_for_the_sender_when_it_may_leave(path: Path, clock: list[datetime]) -> None:
    rings: list[int] = []
    store = open_store(path, lambda: clock[0], lambda: rings.append(1))
    store.outbox.chats.close(70, "blocked")
    store.outbox.chats.reopen(71)
    assert rings == []
    store.outbox.chats.reopen(70)
    assert rings == [1]
    store.close()


def test_who_is_to_know_of_a_closed_chat_is_told_in_the_same_transaction(store: Store) -> None:
    store.outbox.put(_letter())
    told: list[int] = []

    def notices(waiting: int) -> list[Letter]:
        told.append(waiting)
        return [_letter("closed", chat_id=71), _letter("closed", chat_id=72)]

    store.outbox.hold(70, "blocked", notices)
    store.outbox.hold(70, "blocked", notices)
    assert told == [1]
    assert [letter.chat_id for letter in store.outbox.due(9)] == [71, 72]

    def fail(_: int) -> list[Letter]:
        raise RuntimeError

    store.outbox.put(_letter(chat_id=73))
    with pytest.raises(RuntimeError):
        store.outbox.hold(73, "blocked", fail)
    assert not store.outbox.chats.closed(73)


def test_all_that_names_a_group_names_it_anew_when_it_moves(store: Store, propose: Callable[[], OrderTicket]) -> None:
    ticket = propose()  # in chat 70
    stop = store.stops.kill("Anna", 70, 1)
    store.db.execute(
        "INSERT INTO alerts (kind, symbol, venue, level, person_id, person, chat_id, note, order_line, state, arms,"
        " armed_at, fired, created_at) VALUES ('price', 'BTC-USDT', 'spot', '1', 7, 'Anna', 70, '', '', 'armed', 1, '',"
        " 0, '')"
    )
    leaving = store.outbox.put(replace(_letter("leaving"), reply_to=55))
    store.outbox.sending(leaving)
    store.outbox.chats.move(70, -1005)
    latest = _now(store, leaving)
    assert (latest.chat_id, latest.state, latest.repeat, latest.reply_to) == (-1005, LetterState.PENDING, False, None)
    moved = [store.db.execute(f"SELECT chat_id FROM {table}").fetchall() for table in ("tickets", "stops", "alerts")]  # noqa: S608
    assert moved == [[(-1005,)]] * 3
    assert (ticket.chat_id, stop.chat_id) == (70, 70)
    assert store.outbox.chats.earlier_ids(-1005) == {70}
    store.outbox.chats.move(-1005, -2005)
    assert store.outbox.chats.earlier_ids(-2005) == {70, -1005}
    assert store.outbox.chats.earlier_ids(-1005) == frozenset()


def test_a_group_that_is_closed_stays_closed_when_it_moves(store: Store) -> None:
    store.outbox.chats.close(-5, "kicked")
    store.outbox.put(_letter(chat_id=-5))
    store.outbox.chats.move(-5, -1005)
    assert (store.outbox.chats.closed(-5), store.outbox.chats.closed(-1005)) == (False, True)
    assert store.outbox.chats.reopen(-1005)
    assert [letter.chat_id for letter in store.outbox.due(9)] == [-1005]


def test_an_edit_of_a_message_that_stayed_behind_leaves(store: Store) -> None:
    card = _posted(store)
    store.outbox.chats.move(70, -1005)
    store.outbox.put(replace(_letter("filled", chat_id=-1005), edits=card.id))
    assert _texts(store) == ["filled"]
    assert store.outbox.message_of(store.outbox.due(1)[0]) is None


def test_many_new_letters_are_written_as_each_would_be_alone(path: Path, clock: list[datetime]) -> None:
    rung: list[datetime] = []
    store = open_store(path, lambda: clock[0], ring=lambda: rung.append(clock[0]))
    store.outbox.chats.close(71, "Forbidden")
    full = Letter(
        chat_id=70,
        lane=Lane.ALERT,
        text="<b>BTC</b>",
        buttons=_BUTTONS,
        subject=Subject.ALERT,
        subject_id=418,
        reply_to=55,
        thread_id=3,
        silent=True,
        hint="x",
    )
    letters = [full, _letter("held", chat_id=71), full, _letter("last", Lane.REPORT)]
    ids = store.outbox.put_all(letters)
    assert len(rung) == 1
    written = [store.outbox.letter(number) for number in ids]
    assert len({each.key for each in written if each}) == len(letters)
    states = [LetterState.PENDING, LetterState.HELD, LetterState.PENDING, LetterState.PENDING]
    assert [each and replace(each, id=0, key="") for each in written] == [
        replace(letter, state=state) for letter, state in zip(letters, states, strict=True)
    ]
    alone = store.outbox.put(full)
    made = "SELECT DISTINCT made_at, length(key) FROM outbox"
    assert len(store.db.execute(made).fetchall()) == 1
    assert [each.id for each in store.outbox.due(9)] == [ids[0], ids[2], alone.id, ids[3]]
    store.close()


def test_no_new_letters_ring_for_nobody(path: Path, clock: list[datetime]) -> None:
    rung: list[None] = []
    store = open_store(path, lambda: clock[0], ring=lambda: rung.append(None))
    assert store.outbox.put_all([]) == []
    assert rung == []
    store.close()


def test_of_many_letters_all_are_written_or_none(store: Store) -> None:
    broken = replace(_letter("broken"), edits=999)
    with pytest.raises(sqlite3.IntegrityError):
        store.outbox.put_all([_letter("sound"), broken])
    assert _texts(store) == []


def test_the_next_letter_is_found_without_looking_at_all_that_wait(store: Store) -> None:
    _alerts(store, 50)
    asked: list[str] = []
    store.db.conn.set_trace_callback(asked.append)
    letter = store.outbox.due(1, lanes=(Lane.ALERT, Lane.REPORT), without=[71], resting=[999])[0]
    store.outbox.like(letter, 100)
    store.outbox.chats.reopen(70)
    store.db.conn.set_trace_callback(None)
    plans = [row[3] for each in asked for row in store.db.conn.execute(f"EXPLAIN QUERY PLAN {each}")]
    assert any("outbox_waiting" in step for step in plans)
    assert any("outbox_by_chat" in step for step in plans)
    assert not any(step.startswith("SCAN") and "json_each" not in step for step in plans)
    assert not any("TEMP B-TREE" in step for step in plans)


def test_looking_for_what_waits_is_one_statement(store: Store) -> None:
    _alerts(store, 2)
    asked: list[str] = []
    store.db.conn.set_trace_callback(asked.append)
    letter = store.outbox.due(1)[0]
    assert len(store.outbox.like(letter, 100)) == 2
    store.db.conn.set_trace_callback(None)
    assert [statement.split()[0] for statement in asked] == ["SELECT", "SELECT"]
