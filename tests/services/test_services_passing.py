"""What an order needs besides the tap, over the real store and the sandbox's KuCoin."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pyotp
import pytest

from chatbot.core.errors import Killed, NotAllowed, OverLimit, Refused, TicketGone
from chatbot.core.limits import Limits
from chatbot.core.orders import OrderTicket, TicketState
from chatbot.core.people import Person, Role
from chatbot.core.waiting import Awaits, Waiting
from chatbot.sandbox.accounts import Pocket
from chatbot.services.breaker import MINUTE
from chatbot.services.passing import PriceMoved, Tripped
from chatbot.services.tickets import APPROVAL_LIFE
from tests.services.desk import ANNA, BEN, TOTP_SECRET, Desk, limits, story

Opened = Callable[..., Desk]

BALANCES = "GET /spot/api/v1/accounts"
BOOK = "GET /spot/api/v1/market/orderbook/level2_20"
CARA = Person(id=13, name="Cara", role=Role.VIEWER)
DAN = Person(id=14, name="Dan", role=Role.TRADER)
"""On no list."""

APPROVED = limits(approval_above=Decimal(50))
CODED = limits(totp_above=Decimal(50))
BOTH = limits(approval_above=Decimal(50), totp_above=Decimal(50))
BIG, SMALL = "buy btc 100usdt", "buy btc 50usdt"


def code(desk: Desk, seconds: float = 0) -> str:
    return pyotp.TOTP(TOTP_SECRET).at(desk.host_time() + timedelta(seconds=seconds))


def approvals(desk: Desk) -> list[tuple[int, bool]]:
    """The chats that wait for an approval's card, and whether it is an edit of one."""
    rows = desk.store.db.query("SELECT chat_id, edits FROM outbox WHERE subject = 'approval' ORDER BY id")
    return [(r["chat_id"], r["edits"] is not None) for r in rows]


# The fat-finger card


@pytest.mark.parametrize("line", ["buy btc 0.001 @ 69500", "sell btc 0.001 @ 65320"])
@story
async def test_an_order_far_beyond_the_market_needs_a_second_tap_on_a_button_that_says_so(
    desk: Desk, line: str
) -> None:
    ticket = await desk.propose(line)
    warned = await desk.confirm(ticket)
    assert warned.state is TicketState.AWAIT_CONFIRM
    told = warned.waiting.warned
    assert told is not None
    assert Decimal("3.0") < told < Decimal("3.2")
    for aware in (None, Decimal(3), told + Decimal("0.1")):
        assert (await desk.confirm(ticket, aware=aware)).state is TicketState.AWAIT_CONFIRM
    assert desk.posts == 0
    sent = await desk.confirm(ticket, aware=told)
    assert sent.state is TicketState.SUBMITTING


@pytest.mark.parametrize("line", ["buy btc 0.001 @ 6950", "sell btc 0.001 @ 653000"])
@story
async def test_a_price_far_from_the_market_the_harmless_way_needs_no_second_tap(opened: Opened, line: str) -> None:
    desk = opened(rules=limits(max_notional=Decimal(10**6)))
    ticket = await desk.propose(line)
    assert ticket.cost.reach is not None
    assert ticket.cost.reach.distance < -80
    assert (await desk.confirm(ticket)).state is TicketState.SUBMITTING


@story
async def test_fifty_taps_on_the_first_button_never_send_an_order_far_from_the_market(desk: Desk) -> None:
    ticket = await desk.propose("buy btc 0.001 @ 70000")
    await asyncio.gather(*(desk.confirm(ticket) for _ in range(50)), return_exceptions=True)
    assert desk.state(ticket) is TicketState.AWAIT_CONFIRM


@story
async def test_a_market_that_goes_on_moving_is_told_anew(desk: Desk) -> None:
    ticket = await desk.propose("buy btc 0.001 @ 69500")
    first = (await desk.confirm(ticket)).waiting.warned
    desk.price("66000")
    second = (await desk.confirm(ticket, aware=first)).waiting.warned
    assert first is not None
    assert second is not None
    assert second > 5 > first
    assert (await desk.confirm(ticket, aware=first)).state is TicketState.AWAIT_CONFIRM
    assert (await desk.confirm(ticket, aware=second)).state is TicketState.SUBMITTING


@story
async def test_only_the_proposer_may_take_the_warning(desk: Desk) -> None:
    ticket = await desk.propose("buy btc 0.001 @ 70000")
    warned = await desk.confirm(ticket)
    with pytest.raises(TicketGone, match="Only Anna"):
        await desk.confirm(ticket, BEN, aware=warned.waiting.warned)
    with pytest.raises(TicketGone, match="not the card"):
        await desk.trading.confirm(ticket.id, ANNA, ticket.card_id + 1, warned.waiting.warned)


RICH = limits(max_notional=Decimal(10**9), daily_max=Decimal(10**9))


@story
async def test_a_market_order_tells_what_the_book_would_make_it_pay(opened: Opened) -> None:
    desk = opened(rules=RICH)
    desk.exchange.deposit(Pocket.TRADE, "USDT", Decimal(10**8))
    small, large = await desk.propose("buy btc 100usdt"), await desk.propose("buy btc 100000usdt")
    assert small.cost.reach is not None
    assert small.cost.reach.slippage == 0
    assert large.cost.reach is not None
    assert large.cost.reach.slippage is not None
    assert 0 < large.cost.reach.slippage < 1
    expected = large.cost.reach
    order = desk.at_kucoin(await desk.order("buy btc 100000usdt"))
    assert order is not None
    paid = order.deal_funds / order.deal_size
    assert abs(paid / large.cost.price - 1 - expected.slippage / 100) < Decimal("0.00001")  # type: ignore[operator]


@story
async def test_a_market_order_the_book_cannot_fill_needs_a_second_tap(opened: Opened) -> None:
    desk = opened(rules=RICH)
    desk.exchange.deposit(Pocket.TRADE, "USDT", Decimal(10**9))
    ticket = await desk.propose("buy btc 50000000usdt")
    assert ticket.cost.reach is not None
    assert ticket.cost.reach.slippage is None
    warned = await desk.confirm(ticket)
    assert warned.waiting == Waiting(warned=Decimal(100))
    assert (await desk.confirm(ticket, aware=Decimal(100))).state is TicketState.SUBMITTING


@story
async def test_a_book_that_cannot_be_read_lets_no_market_order_go_on(desk: Desk) -> None:
    ticket = await desk.propose(BIG)
    desk.wire.broken.add(BOOK)
    with pytest.raises(Exception, match="KuCoin"):
        await desk.propose(BIG)
    with pytest.raises(Exception, match="KuCoin"):
        await desk.confirm(ticket)
    assert desk.state(ticket) is TicketState.AWAIT_CONFIRM
    assert (await desk.propose("buy btc 0.001 @ 60000")).cost.reach is not None


# The rate breaker


@story
async def test_one_order_too_many_in_a_minute_is_not_sent_and_stops_trading(opened: Opened) -> None:
    desk = opened(rules=limits(most_per_minute=3))
    for _ in range(3):
        assert (await desk.order("buy btc 10usdt")).state is TicketState.FILLED
    waiting, ticket = await desk.propose("buy btc 10usdt"), await desk.propose("buy btc 10usdt")
    with pytest.raises(Tripped, match="more than 3 orders in a minute") as tripped:
        await desk.confirm(ticket)
    assert desk.posts == 3
    assert {desk.state(waiting), desk.state(ticket)} == {TicketState.EXPIRED}
    stop = desk.found()
    assert (tripped.value.stop.id, stop.person, stop.cause) == (stop.id, "the bot", "more than 3 orders in a minute")
    assert [told.rings for told in desk.told() if told.subject.value == "stop"] in ([], [True])
    cards = desk.store.db.query("SELECT chat_id FROM outbox WHERE subject = 'stop' AND edits IS NULL")
    assert [row["chat_id"] for row in cards] == [ANNA.id]
    with pytest.raises(Killed):
        await desk.propose("buy btc 10usdt")
    desk.restart(limits(most_per_minute=3))
    with pytest.raises(Killed):
        await desk.propose("buy btc 10usdt")


@story
async def test_the_minute_slides(opened: Opened) -> None:
    desk = opened(rules=limits(most_per_minute=2))
    await desk.order("buy btc 10usdt")
    desk.wait(40)
    await desk.order("buy btc 10usdt")
    desk.wait(MINUTE.total_seconds() - 40 + 0.001)
    await desk.order("buy btc 10usdt")
    with pytest.raises(Tripped):
        await desk.order("buy btc 10usdt")
    assert desk.posts == 3


@story
async def test_a_loop_that_taps_by_itself_sends_as_many_as_are_allowed_and_no_more(opened: Opened) -> None:
    desk = opened(rules=limits(most_per_minute=5))
    tickets = [await desk.propose("buy btc 10usdt") for _ in range(30)]
    taken = await asyncio.gather(*(desk.confirm(ticket) for ticket in tickets), return_exceptions=True)
    assert sum(isinstance(one, OrderTicket) for one in taken) == 5
    assert sum(isinstance(one, Tripped) for one in taken) == 1
    for one in taken:
        if isinstance(one, OrderTicket):
            await desk.trading.submit(one)
    assert desk.posts == 0, "what was tapped and had not left when the breaker tripped is stopped as well"


# A second person


async def _waiting(desk: Desk, line: str = BIG) -> OrderTicket:
    ticket = await desk.confirm(await desk.propose(line))
    assert (ticket.state, ticket.waiting.awaits) == (TicketState.AWAIT_CONFIRM, Awaits.APPROVAL)
    return ticket


@story
async def test_a_large_order_leaves_by_a_second_persons_word(opened: Opened) -> None:
    desk = opened(rules=APPROVED)
    ticket = await _waiting(desk)
    assert approvals(desk) == [(BEN.id, False)], "whoever asked is not asked"
    approved = await desk.trading.approve(ticket.id, BEN)
    assert (approved.state, approved.waiting.approver) == (TicketState.SUBMITTING, "Ben")
    assert desk.posts == 0
    await desk.trading.submit(approved)
    assert desk.state(ticket) is TicketState.FILLED
    assert desk.posts == 1
    told = [(r.person, r.what) for r in desk.store.audit.latest(20) if r.detail.startswith("T-1")]
    assert ("Ben", "approved") in told
    assert approvals(desk)[1:] == [(BEN.id, True)] * (len(approvals(desk)) - 1)


@story
async def test_a_small_order_needs_nobody_else(opened: Opened) -> None:
    desk = opened(rules=APPROVED)
    assert (await desk.order(SMALL)).state is TicketState.FILLED
    assert approvals(desk) == []


@story
async def test_nobody_but_a_second_person_who_may_trade_can_approve(opened: Opened) -> None:
    desk = opened(rules=APPROVED)
    ticket = await _waiting(desk)
    with pytest.raises(TicketGone, match="your own"):
        await desk.trading.approve(ticket.id, ANNA)
    with pytest.raises(TicketGone, match="your own"):
        desk.trading.reject(ticket.id, replace(ANNA, role=Role.TRADER))
    for stranger in (CARA, DAN, replace(BEN, role=Role.VIEWER)):
        with pytest.raises(NotAllowed):
            await desk.trading.approve(ticket.id, stranger)
        with pytest.raises(NotAllowed):
            desk.trading.reject(ticket.id, stranger)
    with pytest.raises(TicketGone, match="Only Anna"):
        await desk.confirm(ticket, BEN)
    with pytest.raises(TicketGone, match="waits for another person"):
        await desk.confirm(ticket)
    assert desk.state(ticket) is TicketState.AWAIT_CONFIRM


@story
async def test_nobody_approves_what_its_proposer_has_not_confirmed(opened: Opened) -> None:
    desk = opened(rules=APPROVED)
    ticket = await desk.propose(BIG)
    with pytest.raises(TicketGone, match="Anna has to confirm T-1 first"):
        await desk.trading.approve(ticket.id, BEN)


@story
async def test_of_approve_and_reject_and_cancel_one_wins(opened: Opened) -> None:
    desk = opened(rules=APPROVED)
    ticket = await _waiting(desk)
    desk.wire.before(BALANCES, lambda: desk.trading.reject(ticket.id, BEN))
    with pytest.raises(TicketGone, match="cancelled"):
        await desk.trading.approve(ticket.id, BEN)
    assert desk.now(ticket).reason == "Ben rejected it"
    other = await _waiting(desk)
    desk.trading.decline(other.id, ANNA, other.card_id)
    with pytest.raises(TicketGone, match="cancelled"):
        await desk.trading.approve(other.id, BEN)


@story
async def test_many_approvals_at_once_let_one_order_go(opened: Opened) -> None:
    desk = opened(rules=APPROVED)
    ticket = await _waiting(desk)
    taken = await asyncio.gather(*(desk.trading.approve(ticket.id, BEN) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(one, OrderTicket) for one in taken) == 1


@pytest.mark.parametrize(("late", "taken"), [(-0.001, True), (0, False), (0.001, False)])
@story
async def test_an_approval_has_three_minutes_from_the_confirm(opened: Opened, late: float, taken: bool) -> None:
    desk = opened(rules=APPROVED)
    asked = await desk.propose(BIG)
    desk.wait(50)
    ticket = await desk.confirm(asked)
    desk.wait(APPROVAL_LIFE.total_seconds() + late)
    if taken:
        assert (await desk.trading.approve(ticket.id, BEN)).state is TicketState.SUBMITTING
        return
    with pytest.raises(TicketGone, match="expired"):
        await desk.trading.approve(ticket.id, BEN)
    desk.trading.expire_overdue()
    assert desk.state(ticket) is TicketState.EXPIRED


@story
async def test_a_restart_forgets_neither_the_confirm_nor_who_may_approve(opened: Opened) -> None:
    desk = opened(rules=APPROVED)
    ticket = await _waiting(desk)
    desk.restart(APPROVED)
    with pytest.raises(TicketGone, match="your own"):
        await desk.trading.approve(ticket.id, ANNA)
    assert (await desk.trading.approve(ticket.id, BEN)).state is TicketState.SUBMITTING


@pytest.mark.parametrize("when", ["before", "while the market is read"])
@story
async def test_a_kill_spends_what_waits_for_approval(opened: Opened, when: str) -> None:
    desk = opened(rules=APPROVED)
    ticket = await _waiting(desk)
    if when == "before":
        desk.kill()
    else:
        desk.wire.before(BALANCES, desk.kill)
    with pytest.raises(TicketGone, match="expired"):
        await desk.trading.approve(ticket.id, BEN)
    assert desk.state(ticket) is TicketState.EXPIRED


@story
async def test_everything_is_checked_anew_when_somebody_approves(opened: Opened) -> None:
    desk = opened(rules=limits(approval_above=Decimal(50), daily_max=Decimal(150)))
    first, second = await _waiting(desk), await _waiting(desk)
    await desk.trading.approve(first.id, BEN)
    with pytest.raises(OverLimit, match="DAILY_MAX_NOTIONAL"):
        await desk.trading.approve(second.id, BEN)
    desk.held = "no orders now"
    with pytest.raises(Refused, match="no orders now"):
        await desk.trading.approve(second.id, BEN)


@story
async def test_a_price_that_moved_before_the_approval_spends_the_ticket(opened: Opened) -> None:
    desk = opened(rules=APPROVED)
    ticket = await _waiting(desk)
    desk.price("70000")
    with pytest.raises(PriceMoved):
        await desk.trading.approve(ticket.id, BEN)
    assert desk.state(ticket) is TicketState.EXPIRED


@story
async def test_a_market_that_left_a_limit_price_behind_sends_it_back_to_its_proposer(opened: Opened) -> None:
    desk = opened(rules=APPROVED)
    ticket = await _waiting(desk, "buy btc 0.001 @ 67000")
    desk.price("60000")
    back = await desk.trading.approve(ticket.id, BEN)
    assert back.state is TicketState.AWAIT_CONFIRM
    assert (back.waiting.awaits, back.waiting.approver_id) == (Awaits.TAP, 0)
    with pytest.raises(TicketGone, match="has to confirm"):
        await desk.trading.approve(ticket.id, BEN)
    again = await desk.confirm(back, aware=back.waiting.warned)
    assert again.waiting.awaits is Awaits.APPROVAL
    assert (await desk.trading.approve(ticket.id, BEN)).state is TicketState.SUBMITTING


# A code


async def _asked(desk: Desk, line: str = BIG) -> OrderTicket:
    ticket = await desk.confirm(await desk.propose(line))
    assert (ticket.state, ticket.waiting.awaits) == (TicketState.AWAIT_CONFIRM, Awaits.CODE)
    return ticket


@story
async def test_a_large_order_leaves_by_its_proposers_code(opened: Opened) -> None:
    desk = opened(rules=CODED)
    ticket = await _asked(desk)
    sent = await desk.trading.prove(ticket.id, ANNA, code(desk))
    assert sent.state is TicketState.SUBMITTING
    assert (await desk.order(SMALL)).state is TicketState.FILLED, "a small one needs none"


@story
async def test_a_code_sends_nothing_before_the_tap_nor_for_another_person(opened: Opened) -> None:
    desk = opened(rules=CODED)
    ticket = await desk.propose(BIG)
    with pytest.raises(TicketGone, match="Tap Confirm"):
        await desk.trading.prove(ticket.id, ANNA, code(desk))
    asked = await desk.confirm(ticket)
    with pytest.raises(TicketGone, match="Only Anna"):
        await desk.trading.prove(asked.id, BEN, code(desk))
    assert (await desk.trading.prove(asked.id, ANNA, code(desk))).state is TicketState.SUBMITTING, "no code was spent"


@story
async def test_taps_alone_never_send_an_order_that_needs_a_code(opened: Opened) -> None:
    """Also those that overtake one another while the market is read."""
    desk = opened(rules=CODED)
    ticket = await desk.propose(BIG)
    await asyncio.gather(*(desk.confirm(ticket) for _ in range(50)), return_exceptions=True)
    for _ in range(5):
        assert (await desk.confirm(ticket)).waiting.awaits is Awaits.CODE
    assert desk.state(ticket) is TicketState.AWAIT_CONFIRM


@story
async def test_a_code_sends_one_order(opened: Opened) -> None:
    desk = opened(rules=CODED)
    first, second = await _asked(desk), await _asked(desk)
    right = code(desk)
    await desk.trading.prove(first.id, ANNA, right)
    with pytest.raises(Refused, match="used"):
        await desk.trading.prove(second.id, ANNA, right)
    desk.wait(30)
    assert (await desk.trading.prove(second.id, ANNA, code(desk))).state is TicketState.SUBMITTING


@pytest.mark.parametrize("stop", ["kill", "expiry", "drift"])
@story
async def test_a_right_code_that_comes_too_late_sends_nothing(opened: Opened, stop: str) -> None:
    desk = opened(rules=CODED)
    ticket = await _asked(desk)
    happened: dict[str, Callable[[], object]] = {
        "kill": desk.kill,
        "expiry": lambda: desk.wait(61),
        "drift": lambda: desk.price("70000"),
    }
    happened[stop]()
    with pytest.raises((TicketGone, PriceMoved)):
        await desk.trading.prove(ticket.id, ANNA, code(desk))
    assert desk.state(ticket) in (TicketState.EXPIRED, TicketState.AWAIT_CONFIRM)
    assert desk.posts == 0


@story
async def test_an_order_may_need_a_warning_a_code_and_a_second_person(opened: Opened) -> None:
    desk = opened(rules=BOTH)
    ticket = await desk.propose("buy btc 0.001 @ 70000")
    warned = await desk.confirm(ticket)
    asked = await desk.confirm(ticket, aware=warned.waiting.warned)
    assert asked.waiting.awaits is Awaits.CODE
    with pytest.raises(TicketGone, match="has to confirm"):
        await desk.trading.approve(ticket.id, BEN)
    waits = await desk.trading.prove(ticket.id, ANNA, code(desk))
    assert waits.waiting.awaits is Awaits.APPROVAL
    assert (await desk.trading.approve(ticket.id, BEN)).state is TicketState.SUBMITTING


@story
async def test_whoever_holds_the_account_but_not_the_codes_spends_no_more_than_the_small_orders(
    opened: Opened,
) -> None:
    rules: Limits = limits(totp_above=Decimal(50), daily_max=Decimal(120), most_per_minute=100)
    desk = opened(rules=rules)
    for _ in range(5):
        ticket = await desk.confirm(await desk.propose(BIG))
        with pytest.raises(Refused):
            await desk.trading.prove(ticket.id, ANNA, "000000")
    assert desk.posts == 0
    for _ in range(2):
        await desk.order(SMALL)
    with pytest.raises(OverLimit):
        await desk.order(SMALL)
    assert desk.posts == 2
