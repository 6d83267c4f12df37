"""Orders of ours that the database does not know: it is older than they are."""

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.core.errors import KucoinError, OverLimit, TicketGone
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import OrderType, Side, TicketState
from chatbot.sandbox.faults import Fault, Faults
from chatbot.sandbox.kucoin_rest import KucoinFace
from tests.ledger import check_promises
from tests.sandbox.worlds import BTC, PERP
from tests.services.desk import ANNA, BEN, limits, story
from tests.services.starting import Starting


@pytest.fixture
def starting(tmp_path: Path) -> Iterator[Starting]:
    desk = Starting(tmp_path)
    yield desk
    desk.stop()


def letters(desk: Starting, chat_id: int) -> list[str]:
    return desk.letters(chat_id)


@story
async def test_f58_orders_placed_after_the_backup_are_found_at_the_start(starting: Starting, tmp_path: Path) -> None:
    await starting.opened()
    starting.keep(tmp_path)
    await starting.opened()
    resting = await starting.order("buy btc 0.001 @ 60000")
    filled = await starting.order("buy btc 100usdt")
    await starting.set_back(tmp_path)
    assert starting.store.orders.living() == ()
    assert await starting.readiness.account()
    found = {t.order_id: t for t in starting.cancelling.tickets_of(await starting.cancelling.open_orders()).values()}
    assert found[resting.order_id].state is TicketState.OPEN
    ended = starting.store.orders.by_client_oid(filled.spec.client_oid)
    assert ended is not None
    assert (ended.state, ended.executed, ended.spec) == (TicketState.FILLED, filled.executed, filled.spec)
    assert (ended.person_id, ended.chat_id) == (ANNA.id, ANNA.id)
    for chat in (ANNA.id, BEN.id):
        assert letters(starting, chat) == ["T-1 had no row", "T-2 had no row"]
    assert starting.posts == 2
    check_promises(starting.store, starting.exchange)


@story
async def test_they_are_told_once_and_have_a_card(starting: Starting) -> None:
    starting.elsewhere(client_oid="cb1")
    for _ in range(3):
        await starting.strays.find()
    starting.restart()
    await starting.opened()
    assert letters(starting, ANNA.id) == letters(starting, BEN.id) == ["T-1 had no row"]
    cards = starting.store.db.query("SELECT id, chat_id FROM outbox WHERE subject = 'ticket' AND edits IS NULL")
    (ticket,) = starting.store.orders.living()
    assert [(c["id"], c["chat_id"]) for c in cards] == [(ticket.card_id, ANNA.id)]
    rows = starting.store.db.query("SELECT was, became, detail FROM journal")
    assert [tuple(r.values()) for r in rows] == [("", "open", f"{ticket.order_id} had no row")]
    starting.price("59990")
    starting.wait(5)
    await starting.reconciler.follow()
    assert starting.state(ticket) is TicketState.FILLED


@story
async def test_orders_made_elsewhere_are_nobodys_and_stay_so(starting: Starting) -> None:
    starting.elsewhere()
    starting.elsewhere(type=OrderType.MARKET, price=None)
    await starting.opened()
    await starting.strays.find()
    assert starting.store.orders.living() == ()
    assert letters(starting, ANNA.id) == []


@story
async def test_they_count_against_the_day(starting: Starting) -> None:
    starting.restart(limits(daily_max=Decimal(150)))
    starting.elsewhere(client_oid="cb1")
    starting.elsewhere(client_oid="cb2", type=OrderType.MARKET, price=None, size=None, funds=Decimal(50))
    await starting.opened()
    spent = starting.store.orders.spent_on_day_of(starting.time())
    assert Decimal("109.9") < spent <= 110
    with pytest.raises(OverLimit):
        await starting.propose("buy btc 100usdt")


@story
async def test_what_was_filled_on_another_day_is_not_counted_today(starting: Starting) -> None:
    starting.elsewhere(client_oid="cb1", type=OrderType.MARKET, price=None, size=None, funds=Decimal(50))
    starting.wait(24 * 3600)
    await starting.opened()
    (row,) = starting.store.db.query("SELECT state FROM tickets")
    assert row["state"] == "filled"
    assert starting.store.orders.spent_on_day_of(starting.time()) == 0


@pytest.mark.parametrize("line", ["buy btc 100usdt", "buy btc 0.001 @ 60000"])
@story
async def test_f58_a_card_that_is_restored_to_before_its_tap_cannot_be_tapped_again(
    starting: Starting, tmp_path: Path, line: str
) -> None:
    await starting.opened()
    card = await starting.propose(line, BEN)
    starting.keep(tmp_path)
    await starting.opened()
    await starting.trading.submit(await starting.confirm(card))
    known = starting.now(card)
    await starting.set_back(tmp_path)
    assert starting.state(card) is TicketState.AWAIT_CONFIRM
    await starting.opened()
    ticket = starting.now(card)
    assert (ticket.state, ticket.order_id) == (known.state, known.order_id)
    assert (ticket.executed.size, ticket.executed.funds) == (known.executed.size, known.executed.funds)
    assert (ticket.person, ticket.card_id) == (BEN.name, card.card_id)
    assert [t.rings for t in starting.told()] == [False]
    assert letters(starting, ANNA.id) == ["T-1 had no row"]
    with pytest.raises(TicketGone):
        await starting.confirm(ticket)
    assert starting.posts == 1
    check_promises(starting.store, starting.exchange)


@story
async def test_a_stray_is_found_while_the_bot_runs(starting: Starting) -> None:
    await starting.opened()
    starting.wait(3600)
    await starting.strays.find()
    starting.elsewhere(client_oid="cb1", type=OrderType.MARKET, price=None, side=Side.SELL)
    starting.wait(60)
    await starting.strays.find()
    assert letters(starting, ANNA.id) == ["T-1 had no row"]


@story
async def test_a_stray_is_cancelled_while_a_kill_stands(starting: Starting) -> None:
    await starting.opened()
    starting.kill()
    order = starting.elsewhere(client_oid="cb1")
    await starting.strays.find()
    await starting.reconciler.follow()
    assert starting.exchange.orders[order.id].cancelled


@story
async def test_open_orders_that_cannot_be_read_or_priced_keep_the_gate_shut(starting: Starting) -> None:
    starting.elsewhere(client_oid="cb1")
    starting.wire.broken.add("GET /spot/api/v2/symbols")
    assert not await starting.readiness.account()
    starting.wire.broken.clear()
    starting.switch(Fault.UNAVAILABLE)
    assert not await starting.readiness.account()
    with pytest.raises(KucoinError):
        await starting.strays.find()
    starting.faults.clear()
    assert await starting.readiness.account()
    assert letters(starting, ANNA.id) == ["T-1 had no row"]


@story
async def test_ended_orders_that_cannot_be_read_are_read_the_next_time(starting: Starting) -> None:
    starting.elsewhere(client_oid="cb1", type=OrderType.MARKET, price=None)
    starting.wire.broken.add("GET /spot/api/v1/hf/orders/done")
    assert await starting.readiness.account()
    assert letters(starting, ANNA.id) == []
    starting.wire.broken.clear()
    starting.wait(3600)
    await starting.strays.find()
    assert letters(starting, ANNA.id) == ["T-1 had no row"]


@story
async def test_a_position_closed_by_a_lost_row_is_known_in_lots(starting: Starting) -> None:
    order = starting.elsewhere(
        client_oid="cb1", venue=Venue.FUTURES, symbol=PERP, size=Decimal(10), leverage=Decimal(5)
    )
    await starting.opened()
    (ticket,) = starting.store.orders.living()
    assert (ticket.order_id, ticket.spec.venue, ticket.spec.size) == (order.id, Venue.FUTURES, Decimal(10))


@pytest.mark.parametrize("place", ["/orders/byClientOid", "/futures/api/v1/orders?", "/futures/api/v1/orders/236"])
@story
async def test_a_futures_order_is_found_wherever_kucoin_shows_it(starting: Starting, place: str) -> None:
    order = starting.elsewhere(
        client_oid="cb1", venue=Venue.FUTURES, symbol=PERP, size=Decimal(10), leverage=Decimal(5)
    )
    await starting.opened()
    (ticket,) = starting.store.orders.living()
    starting.switch(Fault.HIDDEN_ORDERS)
    await starting.reconciler.follow()
    assert starting.now(ticket).missing_since is not None
    starting.wire.instead[place] = KucoinFace(starting.exchange, [starting.key], Faults()).app
    starting.exchange.cancel(order)
    await starting.reconciler.follow()
    assert starting.state(ticket) is TicketState.CANCELED


@story
async def test_two_who_find_one_stray_make_one_row(starting: Starting) -> None:
    starting.elsewhere(client_oid="cb1")
    orders = await starting.cancelling.open_orders()
    await starting.strays.adopt((*orders, *orders))
    assert len(starting.store.orders.living()) == 1


@story
async def test_a_row_and_its_letters_fall_together(starting: Starting) -> None:
    starting.elsewhere(client_oid="cb1", symbol=Symbol(BTC))
    starting.store.db.execute(
        "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
    )
    with pytest.raises(sqlite3.IntegrityError):
        await starting.strays.find()
    assert starting.store.orders.living() == ()
