from dataclasses import replace
from datetime import datetime, timedelta

from chatbot.core.alerts import fired
from chatbot.core.notices import Button, Lane, Letter, Subject
from chatbot.store.alerts import CARDS_STAY
from chatbot.store.store import Store
from tests.store.rules import MADE, asks, firing_of, price

BUTTONS = ((Button(text="Snooze 1h", action="snooze 1"),),)


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


def _told(store: Store, level: str) -> Letter:
    """The card of an alert, as it was sent."""
    rule = store.alerts.add(asks(price(level)))[0]
    firing = store.alerts.fire(rule, fired(rule, MADE), firing_of(rule, told_at=store.now()))
    assert firing is not None
    letter = Letter(chat_id=70, lane=Lane.ALERT, subject=Subject.ALERT, subject_id=firing.id)
    card = store.outbox.put(letter.drawn("crossed", BUTTONS, pinned=False))
    store.alerts.told_by([(card.id, firing.id)])
    store.outbox.sending(card)
    store.outbox.sent(card, 900 + card.id)
    return card


def _tapped(store: Store, card: Letter) -> Letter:
    edit = store.outbox.put(replace(_letter("snoozed", edits=card.id), buttons=BUTTONS))
    store.outbox.sent(edit, None)
    return edit


def test_the_buttons_under_an_alert_live_as_long_as_its_firing(store: Store, clock: list[datetime]) -> None:
    card, tapped = _told(store, "1"), _told(store, "2")
    edits = [_tapped(store, tapped), _tapped(store, tapped)]
    ticket = store.outbox.put(Letter(chat_id=70, lane=Lane.ORDER, subject=Subject.TICKET, subject_id=tapped.subject_id))
    store.outbox.sent(ticket, 7)
    other = _tapped(store, ticket)
    began = clock[0]
    clock[0] = began + CARDS_STAY
    newer = _told(store, "3")
    store.clean(timedelta(days=7))
    for letter in (card, tapped, *edits):
        found = store.outbox.by_key(letter.key)
        assert found is not None
        assert found.buttons == BUTTONS
        assert store.outbox.message_of(found) is not None
    assert store.outbox.letter(other.id) is None
    clock[0] = began + CARDS_STAY + timedelta(microseconds=1)
    store.clean(timedelta(days=7))
    assert [n for (n,) in store.db.conn.execute("SELECT id FROM outbox ORDER BY id")] == [ticket.id, newer.id]


def test_a_card_of_an_alert_that_may_not_have_arrived_stays_with_its_firing(
    store: Store, clock: list[datetime]
) -> None:
    waiting, dead = (_told(store, level) for level in ("1", "2"))
    store.outbox.again([waiting], "timeout", maybe_arrived=True)
    store.outbox.dead(dead, "blocked")
    clock[0] += 2 * CARDS_STAY
    store.clean(timedelta(days=7))
    assert [n for (n,) in store.db.conn.execute("SELECT letter_id FROM firings")] == [waiting.id]
    assert [n for (n,) in store.db.conn.execute("SELECT id FROM outbox ORDER BY id")] == [waiting.id, dead.id]


def test_what_was_barred_long_ago_is_forgotten_but_for_what_others_point_at(
    store: Store, clock: list[datetime]
) -> None:
    followed = store.outbox.put(_letter("followed"))
    store.outbox.put(replace(_letter("news"), chat_id=71, follows=followed.id))
    alert = Letter(chat_id=70, lane=Lane.ALERT, text="alert", subject=Subject.ALERT, subject_id=1)
    store.outbox.put(alert)
    store.outbox.dead(store.outbox.put(_letter("refused")), "chat not found")
    store.outbox.chats.bar(70)
    clock[0] += timedelta(days=8)
    store.outbox.put(_letter("lately"))
    store.outbox.chats.bar(70)
    store.clean(timedelta(days=7))
    kept = [text for (text,) in store.db.conn.execute("SELECT text FROM outbox ORDER BY id")]
    assert kept == ["followed", "news", "refused", "lately"]
    assert store.outbox.undelivered() == 1
    assert store.outbox.waiting() == 1
