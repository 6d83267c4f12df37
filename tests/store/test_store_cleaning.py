from dataclasses import replace
from datetime import datetime, timedelta

from chatbot.core.notices import Lane, Letter, Subject
from chatbot.store.store import Store


def _letter(text: str, edits: int | None = None) -> Letter:
    return Letter(chat_id=70, lane=Lane.ANSWER, text=text, edits=edits)


def _posted(store: Store, text: str) -> Letter:
    letter = store.outbox.put(_letter(text))
    store.outbox.sent(letter, 900 + letter.id)
    return letter


def test_only_what_ended_long_ago_is_cleaned_away(store: Store, clock: list[datetime]) -> None:
    store.inbox.keep([(1, "a"), (2, "b"), (3, "c")])
    store.inbox.end(1, "done")
    clock[0] += timedelta(days=30)
    store.inbox.end(2, "done")
    store.clean(timedelta(days=7))
    assert [n for (n,) in store.db.conn.execute("SELECT update_id FROM inbox ORDER BY update_id")] == [2, 3]
    assert store.inbox.waiting() == [(3, "c")]


def test_cleaning_keeps_what_waits_and_what_others_point_at(store: Store, clock: list[datetime]) -> None:
    old, edited, followed = (_posted(store, text) for text in ("old", "edited", "followed"))
    done_edit = store.outbox.put(_letter("done edit", edits=old.id))
    store.outbox.sent(done_edit, None)
    card = store.outbox.put(Letter(chat_id=70, lane=Lane.ORDER, subject=Subject.TICKET, subject_id=418))
    store.outbox.sent(card, 7)
    store.outbox.dead(store.outbox.put(_letter("dead")), "blocked")
    store.outbox.put(_letter("waiting edit", edits=edited.id))
    store.outbox.put(replace(_letter("waiting news"), follows=followed.id))
    clock[0] += timedelta(days=30)
    _posted(store, "new")
    store.clean(timedelta(days=7))
    kept = [text for (text,) in store.db.conn.execute("SELECT text FROM outbox ORDER BY id")]
    assert kept == ["edited", "followed", "", "dead", "waiting edit", "waiting news", "new"]
