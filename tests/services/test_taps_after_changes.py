"""Taps on cards of a world that has changed since: other limits, other prices, an outage, another person."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from chatbot.core.errors import OverLimit, Refused, TicketGone
from chatbot.core.orders import TicketState
from chatbot.core.waiting import Awaits
from chatbot.sandbox.accounts import Pocket
from chatbot.services.passing import PriceMoved
from tests.services.desk import ANNA, BEN, Desk, limits, story

Opened = Callable[..., Desk]

LINE = "buy btc 100usdt"


@pytest.mark.parametrize(
    ("rules", "kind", "words"),
    [
        ({"max_notional": Decimal(99)}, OverLimit, "ORDER_MAX_NOTIONAL"),
        ({"daily_max": Decimal(99)}, OverLimit, "DAILY_MAX_NOTIONAL"),
        ({"symbols": frozenset({"ETH-USDT"})}, OverLimit, "ORDER_SYMBOLS"),
    ],
)
@story
async def test_f16_a_card_drawn_under_wider_limits_meets_those_of_the_tap(
    desk: Desk, rules: dict[str, Any], kind: type[Exception], words: str
) -> None:
    ticket = await desk.propose(LINE)
    desk.restart(limits(**rules))
    with pytest.raises(kind, match=words):
        await desk.confirm(ticket)
    assert desk.posts == 0


@story
async def test_f16_a_card_drawn_without_codes_and_approvals_needs_them_once_they_are_set(desk: Desk) -> None:
    ticket = await desk.propose(LINE)
    desk.restart(limits(totp_above=Decimal(0)))
    assert (await desk.confirm(ticket)).waiting.awaits is Awaits.CODE
    other = await desk.propose(LINE)
    desk.restart(limits(approval_above=Decimal(0)))
    assert (await desk.confirm(other)).waiting.awaits is Awaits.APPROVAL


@story
async def test_f16_a_balance_gone_before_the_approval_is_noticed(opened: Opened) -> None:
    desk = opened(rules=limits(approval_above=Decimal(50)))
    ticket = await desk.confirm(await desk.propose(LINE))
    desk.exchange.deposit(Pocket.TRADE, "USDT", Decimal(-9950))
    with pytest.raises(Refused, match="Trade has 50 free"):
        await desk.trading.approve(ticket.id, BEN)
    assert desk.state(ticket) is TicketState.AWAIT_CONFIRM


@pytest.mark.parametrize("step", ["tap", "approval"])
@story
async def test_f14_what_was_pressed_during_an_outage_of_six_hours_is_too_late(opened: Opened, step: str) -> None:
    rules = limits(approval_above=Decimal(50))
    desk = opened(rules=rules)
    ticket = await desk.propose(LINE)
    if step == "approval":
        ticket = await desk.confirm(ticket)
    desk.wait(6 * 3600)
    desk.restart(rules)
    with pytest.raises(TicketGone, match="expired, nothing was sent"):
        await (desk.confirm(ticket) if step == "tap" else desk.trading.approve(ticket.id, BEN))
    assert desk.posts == 0


@story
async def test_f13_the_old_and_the_new_price_are_told_also_to_who_approves(opened: Opened) -> None:
    desk = opened(rules=limits(approval_above=Decimal(50)))
    ticket = await desk.confirm(await desk.propose(LINE))
    desk.price("68000")
    with pytest.raises(PriceMoved, match=r"was 67,413.0, now 68,00"):
        await desk.trading.approve(ticket.id, BEN)


@story
async def test_f10_of_two_people_who_tap_the_same_card_only_its_proposer_counts(opened: Opened) -> None:
    desk = opened(rules=limits(approval_above=Decimal(500)))
    ticket = await desk.propose(LINE)
    with pytest.raises(TicketGone, match="Only Anna can tap T-1"):
        await desk.confirm(ticket, BEN)
    with pytest.raises(TicketGone, match="has to confirm"):
        await desk.trading.approve(ticket.id, BEN)
    assert (await desk.confirm(ticket, ANNA)).state is TicketState.SUBMITTING
