"""What concerns the whole desk reaches the topics that asked for it, once, kept up to date and without amounts."""

from chatbot.core.notices import Letter, Subject
from chatbot.core.orders import TicketState
from chatbot.core.preferences import Kind
from chatbot.core.routes import Place, Route
from chatbot.sandbox.faults import Fault
from chatbot.services.blindness import TOLD_AFTER
from chatbot.services.routing import Routing
from tests.services.desk import ANNA, BEN, Desk, story

GROUP, TOPIC = -1001, 42


def _route(desk: Desk, *routes: Route, thread_id: int | None = TOPIC) -> None:
    Routing(desk.store).lay(routes, Place(chat_id=GROUP, thread_id=thread_id), ANNA)


def _told(desk: Desk) -> list[Letter]:
    """In the group, as it would leave; marked as sent, for edits wait for their messages."""
    found = []
    while due := desk.store.outbox.due(99):
        for letter in due:
            desk.store.outbox.sending(letter)
            desk.store.outbox.sent(letter, None if letter.edits else 10_000 + letter.id)
            if letter.chat_id == GROUP:
                found.append(letter)
    return found


@story
async def test_an_order_made_in_a_private_chat_is_told_in_the_topic_and_kept_up_to_date(desk: Desk) -> None:
    _route(desk, Route.ORDERS)
    ticket = await desk.order("buy btc 0.01 @ 60000", BEN)
    first, *edits = _told(desk)
    assert (first.subject, first.subject_id, first.thread_id, first.kind) == (
        Subject.OUTCOME, ticket.id, TOPIC, Kind.ORDERS,
    )  # fmt: skip
    assert all(edit.edits == first.id for edit in edits), "one message, however often it changes"
    desk.wait(60)
    desk.price("59000")
    desk.wait(1)
    await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.FILLED
    edited, rings = sorted(_told(desk), key=lambda letter: letter.edits is None)
    assert edited.edits == first.id
    assert (rings.follows, rings.thread_id) == (first.id, TOPIC), "a fill may ring"


@story
async def test_what_was_never_sent_is_no_news(desk: Desk) -> None:
    _route(desk, Route.ORDERS)
    ticket = await desk.propose("buy btc 100usdt", BEN)
    desk.trading.decline(ticket.id, BEN, desk.now(ticket).card_id)
    await desk.propose("buy btc 100usdt", BEN)
    desk.wait(120)
    desk.trading.expire_overdue()
    assert _told(desk) == []


@story
async def test_a_refused_and_a_lost_order_are_news(desk: Desk) -> None:
    _route(desk, Route.ORDERS)
    desk.switch(Fault.ERROR_AFTER_ACCEPT, Fault.HIDDEN_ORDERS)
    ticket = await desk.order("buy btc 100usdt", BEN)
    assert desk.state(ticket) is TicketState.UNKNOWN
    assert [letter.subject_id for letter in _told(desk)] == [ticket.id]


@story
async def test_without_a_route_nothing_goes_to_a_group(desk: Desk) -> None:
    await desk.order("buy btc 100usdt", BEN)
    desk.wait(60)
    await desk.reconciler.follow()
    assert _told(desk) == []


@story
async def test_a_blind_stretch_is_told_in_the_topic_of_the_system_once_and_its_end_too(desk: Desk) -> None:
    _route(desk, Route.SYSTEM)
    await desk.alert("btc > 90000", BEN)
    _told(desk)
    desk.feed.fall()
    desk.wait(TOLD_AFTER.total_seconds() + 1)
    for _ in range(3):
        desk.blindness.look()
    (blind,) = _told(desk)
    assert (blind.thread_id, blind.kind) == (TOPIC, Kind.SYSTEM)
