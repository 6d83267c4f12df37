"""What waits and what fired, counted: nothing that was sent or handled, and never less than before."""

from datetime import datetime, timedelta

from chatbot.core.alerts import fired
from chatbot.core.notices import Lane, Letter
from chatbot.store.alerts import CARDS_STAY
from chatbot.store.store import Store
from chatbot.store.tally import tally
from tests.store.rules import MADE, asks, firing_of, price


def test_an_empty_database_has_nothing_waiting(store: Store) -> None:
    seen = tally(store.db)
    assert set(seen.letters) == set(Lane)
    assert not any(seen.letters.values())
    assert (seen.letters_since, seen.updates, seen.updates_since, seen.firings) == (None, 0, None, 0)


def test_only_what_waits_is_counted_each_lane_apart(store: Store, clock: list[datetime]) -> None:
    began = clock[0]
    sent, *_ = [store.outbox.put(Letter(chat_id=1, lane=Lane.ALERT, text=text)) for text in "abc"]
    store.outbox.sending(sent)
    store.outbox.sent(sent, 1)
    clock[0] += timedelta(minutes=1)
    store.outbox.put(Letter(chat_id=2, lane=Lane.STOP, text="d"))
    seen = tally(store.db)
    assert {lane: count for lane, count in seen.letters.items() if count} == {Lane.ALERT: 2, Lane.STOP: 1}
    assert seen.letters_since == began


def test_updates_count_until_they_are_handled(store: Store, clock: list[datetime]) -> None:
    store.inbox.keep([(1, "{}")])
    clock[0] += timedelta(minutes=1)
    store.inbox.keep([(2, "{}")])
    store.inbox.end(1, "done")
    seen = tally(store.db)
    assert (seen.updates, seen.updates_since) == (1, clock[0])


def test_the_number_of_firings_does_not_fall_when_old_ones_are_cleaned_away(
    store: Store, clock: list[datetime]
) -> None:
    for level in ("68000", "69000"):
        rule, _ = store.alerts.add(asks(price(level)))
        assert store.alerts.fire(rule, fired(rule, MADE), firing_of(rule, told_at=clock[0])) is not None
    assert tally(store.db).firings == 2
    clock[0] += CARDS_STAY + timedelta(days=1)
    store.clean(timedelta(days=7))
    assert store.db.conn.execute("SELECT count(*) FROM firings").fetchone() == (0,)
    assert tally(store.db).firings == 2
