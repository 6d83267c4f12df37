"""Two people at the same symbol: each ticket that waits knows of the other's, whichever came first."""

from dataclasses import replace

from chatbot.core.notices import Subject
from chatbot.core.orders import OrderTicket, TicketState
from chatbot.services.colleagues import LATELY, Colleagues
from tests.services.desk import ANNA, BEN, Desk, story


def _beside(desk: Desk, ticket: OrderTicket) -> list[tuple[str, TicketState]]:
    return [(other.person, other.state) for other in Colleagues(desk.store).beside(desk.now(ticket))]


@story
async def test_a_ticket_that_waits_knows_of_somebody_elses_on_the_same_symbol(desk: Desk) -> None:
    first = await desk.propose("buy btc 100usdt", BEN)
    await desk.propose("buy eth 100usdt", BEN)
    second = await desk.propose("buy btc 50usdt", ANNA)
    await desk.propose("buy btc 20usdt", ANNA)
    assert _beside(desk, second) == [("Ben", TicketState.AWAIT_CONFIRM)]
    assert _beside(desk, first) == [("Anna", TicketState.AWAIT_CONFIRM)] * 2


@story
async def test_the_first_ones_card_is_drawn_anew_when_another_comes(desk: Desk) -> None:
    first = await desk.propose("buy btc 100usdt", BEN)
    desk.forget_letters()
    await desk.propose("buy btc 50usdt", ANNA)
    edits = [letter for letter in desk.store.outbox.due(99) if letter.edits is not None]
    assert [(e.subject, e.subject_id, e.edits) for e in edits] == [(Subject.TICKET, first.id, desk.now(first).card_id)]


@story
async def test_what_was_declined_or_ran_out_is_no_longer_told_of(desk: Desk) -> None:
    declined = await desk.propose("buy btc 100usdt", BEN)
    desk.trading.decline(declined.id, BEN, desk.now(declined).card_id)
    await desk.propose("buy btc 100usdt", BEN)
    desk.wait(61)
    ticket = await desk.propose("buy btc 50usdt", ANNA)
    assert _beside(desk, ticket) == []


@story
async def test_what_was_sent_is_told_of_for_some_minutes(desk: Desk) -> None:
    await desk.order("buy btc 0.001 @ 60000", BEN)
    await desk.order("buy btc 100usdt", BEN)
    ticket = await desk.propose("buy btc 50usdt", ANNA)
    assert _beside(desk, ticket) == [("Ben", TicketState.OPEN), ("Ben", TicketState.FILLED)]
    desk.wait(LATELY.total_seconds() + 1)
    later = await desk.propose("buy btc 50usdt", ANNA)
    assert _beside(desk, later) == []


@story
async def test_a_ticket_that_was_tapped_says_nothing_of_others(desk: Desk) -> None:
    ticket = await desk.order("buy btc 50usdt", ANNA)
    await desk.propose("buy btc 100usdt", BEN)
    assert _beside(desk, ticket) == []
    assert Colleagues(desk.store).beside(replace(desk.now(ticket), state=TicketState.AWAIT_CONFIRM)) != ()
