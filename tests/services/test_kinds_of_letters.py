"""Every notice that nobody asked for says of what kind it is; answers and cards do not."""

from dataclasses import replace

from chatbot.core.notices import Subject
from chatbot.core.preferences import Kind
from chatbot.services.firing import kind_of
from chatbot.services.storage import Storage
from chatbot.store.store import Store
from tests.services.desk import ANNA, Desk, story
from tests.store.rules import asks, funding, move, price


def kinds(store: Store) -> list[tuple[str, str | None]]:
    """Of what waits: the subject, or the text where there is none."""
    rows = store.db.execute("SELECT coalesce(subject, text), kind FROM outbox WHERE edits IS NULL ORDER BY id")
    return [(str(what), kind) for what, kind in rows]


def test_a_rule_about_funding_tells_of_funding_and_others_of_prices() -> None:
    assert [kind_of(asks(question)) for question in (price(), move(), funding())] == [
        Kind.PRICE, Kind.PRICE, Kind.FUNDING,
    ]  # fmt: skip


def test_a_rule_that_brings_an_order_along_tells_of_that_order() -> None:
    rules = [replace(asks(question), order="buy BTC 50usdt") for question in (price(), move(), funding())]
    assert [kind_of(rule) for rule in rules] == [Kind.ORDERS] * 3


@story
async def test_alerts_have_a_kind_and_tickets_have_none(desk: Desk) -> None:
    await desk.alert("BTC > 68000")
    desk.tick("67412.3")
    desk.tick("68012.4")
    await desk.propose("buy btc 100usdt")
    assert kinds(desk.store) == [(Subject.ALERT.value, Kind.PRICE.value), (Subject.TICKET.value, None)]


@story
async def test_the_outcome_of_an_order_told_anew_has_a_kind(desk: Desk) -> None:
    ticket = await desk.order("buy btc 0.001 @ 60000")
    desk.wait(60)
    desk.price("59000")
    desk.wait(5)
    await desk.reconciler.look(ticket)
    assert kinds(desk.store) == [(Subject.TICKET.value, None), (Subject.TICKET.value, Kind.ORDERS.value)]


@story
async def test_a_full_disk_is_told_by_the_system(desk: Desk) -> None:
    storage = Storage(store=desk.store, path=desk.path, owners=[ANNA.id])
    desk.store.safety.reserve.keep()
    storage.begin(desk.killswitch)
    desk.store.safety.reserve.release()
    await storage.tend()
    assert {kind for _, kind in kinds(desk.store)} == {Kind.SYSTEM.value}


@story
async def test_a_kill_has_no_kind(desk: Desk) -> None:
    desk.kill()
    assert {kind for _, kind in kinds(desk.store)} == {None}
