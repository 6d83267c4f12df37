import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatbot.core.notices import Subject
from chatbot.core.orders import TicketState
from chatbot.core.people import Role
from chatbot.sandbox.faults import Fault
from chatbot.services.attached import Attached
from tests.services.desk import ANNA, BEN, Desk, order_of, story

LINE = "BTC < 67000 buy 0.001 @ 66000"


def attached(desk: Desk, role: Role | None = Role.OWNER) -> Attached:
    return Attached(
        store=desk.store,
        trading=desk.trading,
        role_of=lambda _: role,
        parse=order_of,
        refused=lambda rule, error: f"{rule.name}: {error}",
    )


@contextlib.asynccontextmanager
async def at_work(work: Attached) -> AsyncIterator[None]:
    task = asyncio.create_task(work.run())
    try:
        yield
    finally:
        task.cancel()


async def settled(desk: Desk) -> None:
    """Until no firing owes a ticket."""
    async with asyncio.timeout(10):
        while desk.store.alerts.owed_tickets():  # noqa: ASYNC110 - what is looked at belongs to no event
            await asyncio.sleep(0.001)


def cards(desk: Desk) -> list[tuple[str | None, int | None]]:
    """The subject of each letter and the one it follows, but for edits."""
    rows = desk.store.db.query("SELECT subject, follows FROM outbox WHERE edits IS NULL ORDER BY id")
    return [(r["subject"], r["follows"]) for r in rows]


@story
async def test_the_ticket_comes_with_the_alert_and_waits_for_the_tap(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert(LINE)
    desk.price("66990")
    desk.tick("66990")
    async with at_work(attached(desk)):
        await settled(desk)
    ticket = desk.store.orders.ticket(1)
    assert ticket is not None
    assert (ticket.state, ticket.person_id, ticket.asked) == (
        TicketState.AWAIT_CONFIRM, ANNA.id, "/buy BTC 0.001 @ 66000",
    )  # fmt: skip
    assert cards(desk) == [(Subject.ALERT.value, None), (Subject.TICKET.value, 1)]
    assert desk.posts == 0
    confirmed = await desk.trading.confirm(ticket.id, ANNA, ticket.card_id)
    await desk.trading.submit(confirmed)
    assert desk.posts == 1


@story
async def test_a_ticket_owed_when_the_bot_stopped_is_made_at_the_next_start_and_only_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert(LINE)
    desk.tick("66990")
    assert desk.owed
    desk.restart()
    for _ in range(2):
        async with at_work(attached(desk)):
            await settled(desk)
    assert [subject for subject, _ in cards(desk)] == ["alert", "ticket"]


@story
async def test_a_bot_that_stopped_between_ticket_and_card_makes_no_second_ticket(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert(LINE)
    desk.tick("66990")
    async with at_work(attached(desk)):
        await settled(desk)
    desk.store.db.execute("UPDATE firings SET ticket_owed = 1, ticket_id = NULL")
    async with at_work(attached(desk)):
        await settled(desk)
    assert desk.store.orders.ticket(2) is None


@story
async def test_when_no_ticket_can_be_made_the_reason_follows_the_alert(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC < 67000 sell ETH 0.01 @ 4000")
    desk.tick("66990")
    async with at_work(attached(desk)):
        await settled(desk)
    (reason,) = desk.letters()
    assert reason.startswith("#1: ")
    assert cards(desk)[1] == (None, 1)
    assert desk.store.orders.ticket(1) is None


@pytest.mark.parametrize("role", [Role.VIEWER, None])
def test_nobody_gets_a_ticket_who_may_not_trade_any_more(tmp_path: Path, role: Role | None) -> None:
    asyncio.run(_refused_to(role, tmp_path))


async def _refused_to(role: Role | None, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert(LINE, BEN)
    desk.tick("66990")
    async with at_work(attached(desk, role)):
        await settled(desk)
    assert desk.letters(BEN.id) == ["#1: Ben may not trade."]


@story
async def test_a_kill_keeps_the_ticket_away_and_the_alert_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert(LINE)
    desk.kill()
    desk.tick("66990")
    async with at_work(attached(desk)):
        await settled(desk)
    assert desk.fired() == ["1·1 66990 live"]
    assert desk.store.orders.ticket(1) is None


@story
async def test_an_exchange_that_does_not_answer_is_told_as_the_reason(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert(LINE)
    desk.tick("66990")
    desk.switch(Fault.UNAVAILABLE)
    async with at_work(attached(desk)):
        await settled(desk)
    assert len(desk.letters()) == 1
