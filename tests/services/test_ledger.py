"""The one checker of what must not be lost: it is silent where all is well, and notices each promise that is broken."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.core.market import Venue
from chatbot.core.orders import TicketState
from chatbot.sandbox.orders import OrderRequest
from tests.ledger import broken_promises, check_promises
from tests.playground import eventually, playing
from tests.services.desk import ANNA, BEN, Desk, story

Opened = Callable[..., Desk]


async def _some_life(desk: Desk) -> None:
    """Orders in most states that a ticket can end in, an alert that fired, a kill and a resume."""
    await desk.order("buy btc 100usdt")
    await desk.order("sell btc 0.001 @ 70000", BEN)
    cancelled = await desk.order("buy btc 0.001 @ 60000")
    await desk.cancelling.cancel(f"T-{cancelled.id}")
    card = await desk.propose("buy btc 0.002")
    desk.trading.decline(card.id, ANNA, card.card_id)
    await desk.alert("BTC > 68000")
    desk.tick("68001")
    stop = desk.kill()
    await desk.killswitch.sweep(stop)
    await desk.reconciler.follow()
    desk.killswitch.resume("Anna", "all is well", 10**6)


@contextmanager
def _tampered(desk: Desk, *statements: str) -> Iterator[None]:
    desk.store.db.execute("PRAGMA ignore_check_constraints = ON")
    for trigger in ("audit_is_kept", "audit_is_fixed"):
        desk.store.db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    for statement in statements:
        desk.store.db.execute(statement)
    yield


@story
async def test_where_nothing_went_wrong_nothing_is_broken(opened: Opened) -> None:
    desk = opened()
    await _some_life(desk)
    check_promises(desk.store, desk.exchange)


@story
async def test_the_file_that_a_process_left_is_read_as_well_as_an_open_store(opened: Opened) -> None:
    desk = opened()
    await _some_life(desk)
    desk.stop()
    check_promises(desk.path, desk.exchange)
    desk.start()


TAMPERINGS = {
    "N1 update 1000: left pending": "UPDATE inbox SET state = 'pending' WHERE update_id = 1000",
    "N2 T-1: still unknown": "UPDATE tickets SET state = 'unknown' WHERE id = 1",
    "N2 T-1: is open": "UPDATE tickets SET state = 'open' WHERE id = 1",
    "N2 T-1: is not_placed, and the exchange has the order": "UPDATE tickets SET state = 'not_placed' WHERE id = 1",
    "N2 T-1: the card showed": "UPDATE tickets SET funds = '101' WHERE id = 1",
    "N2 T-4: is filled, and the exchange has no such order": "UPDATE tickets SET state = 'filled' WHERE id = 4",
    "N2 T-1: sent without a tap": "UPDATE tickets SET submitted_at = NULL WHERE id = 1",
    "sent, and no row tells of it": "UPDATE tickets SET client_oid = 'cb0' WHERE id = 1",
    "N2 T-1: went from": "UPDATE journal SET became = 'declined' WHERE id = (SELECT min(id) FROM journal)",
    "on its way while trading was stopped": (
        "UPDATE audit SET what = 'submitting' WHERE id > (SELECT id FROM audit WHERE what = 'killed')"
        " AND what = 'canceled'"
    ),
    "N3 firing 1: nobody was told": "DELETE FROM outbox WHERE subject = 'alert'",
    "N4 T-1: filled 2": "UPDATE tickets SET filled_size = '2' WHERE id = 1",
    "N5 T-3: canceled was told nobody": "DELETE FROM outbox WHERE subject = 'ticket' AND subject_id = 3",
    "N6 T-1: 1 steps to submitting, 0 records": "DELETE FROM audit WHERE what = 'submitting'",
    "N6 T-4: no record of its beginning": "DELETE FROM audit WHERE what = 'proposed' AND detail LIKE 'T-4 %'",
    "of the audit is not what was written": "UPDATE audit SET person = 'Mallory' WHERE id = 3",
    "N6 1 kills and 1 resumes, 0 and 1 records": "DELETE FROM audit WHERE what = 'killed'",
}


@pytest.mark.parametrize("broken", TAMPERINGS)
@story
async def test_each_broken_promise_is_noticed(opened: Opened, broken: str) -> None:
    desk = opened()
    await _some_life(desk)
    desk.store.db.execute("PRAGMA foreign_keys = OFF")
    with _tampered(desk, TAMPERINGS[broken]):
        assert [line for line in broken_promises(desk.store, desk.exchange) if broken in line]


@story
async def test_a_second_order_under_one_id_is_noticed_however_it_came_about(opened: Opened) -> None:
    desk = opened()
    ticket = await desk.order("buy btc 100usdt")
    order = desk.at_kucoin(ticket)
    assert order is not None
    desk.exchange.place(Venue.SPOT, replace(order.request))
    assert f"N2 {ticket.spec.client_oid}: 2 orders" in broken_promises(desk.store, desk.exchange)
    desk.exchange.posts.append(ticket.spec.client_oid)
    assert f"N2 {ticket.spec.client_oid}: 2 POSTs" in broken_promises(desk.store, desk.exchange)


@story
async def test_an_order_of_ours_without_a_row_is_noticed_and_one_made_elsewhere_is_not(desk: Desk) -> None:
    order = desk.elsewhere()
    check_promises(desk.store, desk.exchange)
    ours: OrderRequest = replace(order.request, client_oid="cb1")
    desk.exchange.place(Venue.SPOT, ours)
    assert broken_promises(desk.store, desk.exchange) == ["N2 cb1: sent, and no row tells of it"]


@story
async def test_while_faults_are_on_doubt_is_no_broken_promise(opened: Opened) -> None:
    desk = opened()
    card = await desk.propose("buy btc 100usdt")
    await desk.confirm(card)
    assert desk.state(card) is TicketState.SUBMITTING
    check_promises(desk.store, desk.exchange, quiet=False)
    assert "N2 T-1: still submitting" in broken_promises(desk.store, desk.exchange)


def test_what_telegram_took_is_held_against_what_was_written(tmp_path: Path) -> None:
    async def tell() -> None:
        async with playing(tmp_path) as ground:
            sandbox, owner = ground.sandbox, ground.owner
            card = await owner.asks("/buy btc 100usdt", "Ticket T-1")
            await owner.presses("Confirm")
            await owner.sees(card, "Filled")
            path = ground.settings.database_path
            await eventually(lambda: broken_promises(path, sandbox.exchange, sandbox.telegram) == [])
            shown = sandbox.telegram.chats.room(owner.phone.chat_id)
            edited = next(m for m in shown.messages.values() if m.id == card.id)
            shown.messages[card.id] = replace(edited, body=replace(edited.body, text="Sending…"))
            (line,) = broken_promises(path, sandbox.exchange, sandbox.telegram)
            assert line == "N5 T-1: filled is not what the chat shows"
            shown.messages[card.id] = edited
            for number in range(10_000, 10_004):
                shown.messages[number] = replace(edited, id=number)
            (line,) = broken_promises(path, sandbox.exchange, sandbox.telegram)
            assert line.startswith("N5 chat 1001: shows")
            sandbox.telegram.updates._confirmed |= {77: next(iter(sandbox.telegram.updates._confirmed.values()))}
            assert "N1 update 77: confirmed, and not in the inbox" in broken_promises(
                path, sandbox.exchange, sandbox.telegram
            )

    asyncio.run(tell())


def test_a_trade_that_counts_twice_is_noticed(opened: Opened) -> None:
    @story
    async def tell() -> None:
        desk = opened()
        await desk.order("buy btc 100usdt")
        fills = desk.exchange._ledger.fills
        fills.append(replace(fills[0], size=fills[0].size + Decimal(1)))
        broken = broken_promises(desk.store, desk.exchange)
        assert any(line.startswith("N4 BTC-USDT") and line.endswith("2 times") for line in broken)

    tell()
