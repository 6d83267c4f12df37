import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from chatbot.core.alerts import AlertKind, AlertRule, AlertState, Firing, Source, armed, ended, fired, snoozed
from chatbot.core.market import Symbol
from chatbot.core.notices import Lane, Letter, Subject
from chatbot.core.orders import OrderTicket
from chatbot.core.wishes import Sequel
from chatbot.store.store import Store
from tests.store.rules import MADE, asks, firing_of, funding, price


@pytest.fixture
def rule(store: Store) -> AlertRule:
    return store.alerts.add(replace(asks(price()), every=timedelta(hours=4)))[0]


def _everything(store: Store) -> list[tuple[object, ...]]:
    rows = store.db.conn.execute("SELECT * FROM alerts ORDER BY id").fetchall()
    return rows + store.db.conn.execute("SELECT * FROM firings ORDER BY id").fetchall()


def _fire(store: Store, rule: AlertRule, firing: Firing | None = None) -> Firing:
    told = store.alerts.fire(rule, fired(rule, MADE), firing or firing_of(rule))
    assert told is not None
    return told


def test_a_firing_and_its_rule_are_written_together(store: Store, rule: AlertRule) -> None:
    firing = Firing(
        rule_id=rule.id,
        occasion="funding 2026-03-01T12:00:00+00:00",
        number=3,
        source=Source.HISTORY,
        value=Decimal("-0.000013"),
        at=MADE,
        told_at=MADE + timedelta(microseconds=1),
        settles_at=MADE + timedelta(hours=4),
        detail="predicted\nrate",
    )
    told = store.alerts.fire(rule, fired(rule, MADE), firing)
    assert told == replace(firing, id=1)
    assert store.alerts.firing(1) == told
    assert store.alerts.rule(rule.id) == fired(rule, MADE)
    assert store.alerts.firing(2) is None


def test_a_rule_does_not_fire_twice_as_it_was_read_once(store: Store, rule: AlertRule) -> None:
    _fire(store, rule)
    before = _everything(store)
    assert store.alerts.fire(rule, fired(rule, MADE), firing_of(rule, "another")) is None
    assert _everything(store) == before


def test_a_rule_does_not_fire_twice_for_the_same_occasion(store: Store, rule: AlertRule) -> None:
    _fire(store, rule)
    cooling = fired(rule, MADE)
    before = _everything(store)
    assert store.alerts.fire(cooling, fired(cooling, MADE), firing_of(cooling, "arm 1")) is None
    assert _everything(store) == before
    other = store.alerts.add(asks(price("1")))[0]
    assert store.alerts.fire(other, fired(other, MADE), firing_of(other, "arm 1")) is not None


@pytest.mark.parametrize(
    "before",
    [
        lambda rule: ended(rule, AlertState.DELETED),
        lambda rule: snoozed(rule, MADE + timedelta(hours=1)),
        lambda rule: armed(rule, MADE),
    ],
)
def test_what_a_person_did_meanwhile_keeps_a_rule_from_firing(
    store: Store, rule: AlertRule, before: Callable[[AlertRule], AlertRule]
) -> None:
    latest = before(rule)
    assert store.alerts.change(rule, latest)
    assert store.alerts.fire(rule, fired(rule, MADE), firing_of(rule)) is None
    assert store.alerts.rule(rule.id) == latest
    assert store.alerts.latest_firing(rule.id) is None


def test_of_many_each_fires_or_not_by_itself_and_in_order(store: Store, rule: AlertRule) -> None:
    others = [store.alerts.add(asks(price(str(level))))[0] for level in range(1, 4)]
    _fire(store, others[1])
    after = fired(rule, MADE)
    told = store.alerts.fire_many(
        [(r, fired(r, MADE), firing_of(r)) for r in (rule, *others)]
        + [(after, armed(after, MADE), firing_of(after, "arm 2"))]
    )
    written = [number and store.alerts.firing(number) for number in told]
    assert [f and (f.id, f.rule_id, f.occasion) for f in written] == [
        (2, rule.id, "arm 1"),
        (3, others[0].id, "arm 1"),
        None,
        (4, others[2].id, "arm 1"),
        (5, rule.id, "arm 2"),
    ]
    assert store.alerts.rule(rule.id) == armed(after, MADE)
    assert store.alerts.fire_many([]) == []


def test_a_firing_without_its_letter_never_was(store: Store, rule: AlertRule) -> None:
    def fail_before_the_letter() -> None:
        with store.atomic():
            store.alerts.fire(rule, fired(rule, MADE), firing_of(rule))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_before_the_letter()
    assert store.alerts.rule(rule.id) == rule
    assert store.alerts.firing(1) is None


def test_when_one_of_many_cannot_be_written_none_is(store: Store, rule: AlertRule) -> None:
    broken = replace(firing_of(rule, "other"), value=Decimal("NaN"))
    other = store.alerts.add(asks(price("1")))[0]
    before = _everything(store)
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        store.alerts.fire_many(
            [(rule, fired(rule, MADE), firing_of(rule)), (other, other, replace(broken, rule_id=other.id))]
        )
    assert _everything(store) == before


def test_the_latest_firing_and_how_many_there_were_today(store: Store, rule: AlertRule) -> None:
    stranger = store.alerts.add(asks(price("1")))[0]
    _fire(store, stranger, firing_of(stranger, told_at=MADE + timedelta(days=9)))
    assert store.alerts.latest_firing(rule.id) is None
    told = []
    for hours in (0, 20, 30, 30):
        told.append(_fire(store, rule, firing_of(rule, f"arm {rule.arms}", MADE + timedelta(hours=hours))))
        rule = armed(fired(rule, MADE), MADE)
        store.alerts.change(fired(replace(rule, arms=rule.arms - 1, fired=rule.fired - 1), MADE), rule)
    assert store.alerts.latest_firing(rule.id) == told[-1]
    assert store.alerts.count_today(rule.id, MADE + timedelta(hours=20)) == 3
    assert store.alerts.count_today(rule.id, MADE + timedelta(hours=20, microseconds=1)) == 2
    assert store.alerts.count_today(rule.id, MADE + timedelta(hours=31)) == 0


def test_a_rule_with_an_order_owes_a_ticket_until_one_is_made(store: Store, rule: AlertRule) -> None:
    _fire(store, rule)
    assert store.alerts.owed_tickets() == ()
    orders = [replace(asks(price(level)), order="buy BTC 0.001 @ 62000") for level in ("1", "2")]
    first, second = (_fire(store, store.alerts.add(order)[0]) for order in orders)
    assert store.alerts.owed_tickets() == (first, second)
    assert store.alerts.ticket_made(first.id, None)
    assert store.alerts.owed_tickets() == (second,)
    assert not store.alerts.ticket_made(first.id, None)


def test_the_ticket_that_was_made_is_known(store: Store, propose: Callable[[], OrderTicket]) -> None:
    firing = _fire(store, store.alerts.add(replace(asks(price()), order="buy BTC 1"))[0])
    ticket = propose()
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        store.alerts.ticket_made(firing.id, ticket.id + 1)
    assert store.alerts.owed_tickets() == (firing,)
    assert store.alerts.ticket_made(firing.id, ticket.id)
    assert store.db.conn.execute("SELECT ticket_id FROM firings").fetchall() == [(ticket.id,)]


def _told(store: Store, rule: AlertRule) -> tuple[Firing, Letter]:
    firing = _fire(store, rule)
    letter = store.outbox.put(Letter(chat_id=70, lane=Lane.ALERT, subject=Subject.ALERT, subject_id=firing.id))
    assert store.alerts.letter_of(firing.id) is None
    store.alerts.told_by([(letter.id, firing.id)])
    assert store.alerts.letter_of(firing.id) == letter.id
    return firing, letter


def test_firings_are_forgotten_when_told_long_ago_but_not_while_anything_waits_for_them(
    store: Store, clock: list[datetime]
) -> None:
    once = [store.alerts.add(asks(price(str(level))))[0] for level in range(1, 4)]
    owing = store.alerts.add(replace(asks(price("9")), order="buy BTC 1"))[0]
    (sent, sent_letter), (dead, dead_letter), (waits, waiting_letter) = (_told(store, rule) for rule in once)
    owes = _fire(store, owing)
    store.outbox.sent(sent_letter, 900)
    store.outbox.dead(dead_letter, "blocked")
    clock[0] += timedelta(days=30)
    store.clean(timedelta(days=7))
    assert [f for f in (sent, dead, waits, owes) if store.alerts.firing(f.id)] == [sent, dead, waits, owes]
    clock[0] += timedelta(seconds=1)
    store.clean(timedelta(days=7))
    assert [f for f in (sent, dead, waits, owes) if store.alerts.firing(f.id)] == [waits, owes]
    assert list(store.alerts.rules([r.id for r in (*once, owing)])) == [once[2].id, owing.id]
    store.outbox.sending(waiting_letter)
    store.clean(timedelta(days=7))
    assert store.alerts.firing(waits.id) == waits
    store.outbox.sent(waiting_letter, 901)
    store.alerts.ticket_made(owes.id, None)
    store.clean(timedelta(days=60))
    assert store.alerts.firing(waits.id) == waits
    store.clean(timedelta(days=7))
    assert _everything(store) == []


def test_a_living_rule_outlives_its_firings(store: Store, rule: AlertRule, clock: list[datetime]) -> None:
    _fire(store, rule)
    clock[0] += timedelta(days=31)
    store.clean(timedelta(days=7))
    assert store.alerts.firing(1) is None
    assert store.alerts.rule(rule.id) == fired(rule, MADE)


def test_what_was_muted_owes_no_ticket_and_what_was_done_is_kept(store: Store) -> None:
    rule = store.alerts.add(replace(asks(price()), order="buy BTC 1"))[0]
    firing = _fire(store, rule)
    assert store.alerts.sequel(firing.id) == Sequel(muted=False, outcome="", ticket_id=None)
    store.alerts.hush([firing.id])
    store.alerts.note_outcome(firing.id, "deleted (Anna)")
    assert store.alerts.sequel(firing.id) == Sequel(muted=True, outcome="deleted (Anna)", ticket_id=None)
    assert store.alerts.owed_tickets() == ()
    assert not store.alerts.ticket_made(firing.id, None)


def test_mutes_are_of_a_person_and_a_symbol(store: Store) -> None:
    mine, other = asks(price()), asks(price("1", symbol="ETH-USDT"))
    store.preferences.mute(7, Symbol("BTC-USDT"), on=True)
    store.preferences.mute(8, Symbol("ETH-USDT"), on=True)
    assert store.alerts.muted([mine, other]) == {(7, "BTC-USDT")}
    assert store.alerts.muted([replace(mine, person_id=9)]) == set()


def test_the_history_is_one_persons_and_the_latest_first(store: Store) -> None:
    rules = [store.alerts.add(asks(price(str(n)), person_id=7 + n % 2))[0] for n in range(6)]
    fired_now = [_fire(store, rule) for rule in rules]
    assert [f.id for f in store.alerts.history(7, 2**62, 2)] == [5, 3]
    assert store.alerts.history(7, 3, 9) == (fired_now[0],)


@pytest.mark.parametrize(
    ("person", "symbol", "occasion", "known"),
    [
        (7, "XBTUSDTM", "settles 1", True),
        (8, "XBTUSDTM", "settles 1", False),
        (7, "ETHUSDTM", "settles 1", False),
        (7, "XBTUSDTM", "settles 2", False),
    ],
)
def test_whether_a_payment_was_told_is_known_by_person_symbol_and_settlement(
    store: Store, person: int, symbol: str, occasion: str, *, known: bool
) -> None:
    for kind in (AlertKind.FUNDING_PAYMENT, AlertKind.FUNDING_FLIP):
        rule = store.alerts.add(asks(funding(kind=kind)))[0]
        told = "settles 1" if kind is AlertKind.FUNDING_PAYMENT else "settles 2"
        _fire(store, rule, firing_of(rule, told))
    assert store.alerts.told_payment(person, Symbol(symbol), occasion) is known
