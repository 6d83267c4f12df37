"""Who asked, who agreed and who else is at it, as a ticket's card tells it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from chatbot.chat.views.approvals import approval
from chatbot.chat.views.tickets import ticket
from chatbot.core.amounts import Amounts
from chatbot.core.modes import TradingMode
from chatbot.core.orders import OrderTicket, TicketState
from chatbot.core.waiting import Awaits, Waiting
from tests.chat.desk import NOON
from tests.chat.shown import hostile, labels, shown
from tests.chat.test_chat_views_tickets import LIMIT, LIVE, TICKET

BENS = replace(TICKET, id=417, person_id=12, person="Ben", proposed_at=NOON - timedelta(seconds=41))
DONE = [state for state in TicketState if state is not TicketState.AWAIT_CONFIRM]


@pytest.mark.parametrize("state", DONE)
def test_every_card_says_who_asked_and_who_approved(state: TicketState) -> None:
    assert "Asked by Anna" in shown(ticket(replace(TICKET, state=state), LIVE)).split("\n")
    agreed = Waiting(awaits=Awaits.APPROVAL, approver_id=12, approver="Ben")
    text = shown(ticket(replace(TICKET, state=state, waiting=agreed), LIVE))
    assert "Asked by Anna, approved by Ben" in text.split("\n")
    others = shown(approval(replace(TICKET, state=state, waiting=agreed), LIVE)).split("\n")
    assert "Asked by Anna" in others
    assert "Approved by Ben." in others


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "Ben has an open BTC ticket (41 s): buy, T-417"),
        ({"proposed_at": NOON + timedelta(seconds=9)}, "Ben has an open BTC ticket (9 s later): buy, T-417"),
        ({"state": TicketState.SUBMITTING}, "Ben is sending a BTC order (41 s): buy, T-417"),
        ({"state": TicketState.UNKNOWN}, "Ben is sending a BTC order (41 s): buy, T-417"),
        ({"state": TicketState.OPEN, "spec": LIMIT}, "Ben has a BTC order resting (41 s): sell, T-417"),
        (
            {"state": TicketState.FILLED, "submitted_at": NOON - timedelta(seconds=20)},
            "Ben has just traded BTC (20 s): buy, T-417",
        ),
    ],
)
def test_a_new_card_says_what_somebody_else_has_under_way(changes: dict[str, object], line: str) -> None:
    other = replace(BENS, **changes)  # type: ignore[arg-type]
    assert line in shown(ticket(TICKET, LIVE, beside=[other])).split("\n")
    asked = replace(TICKET, waiting=Waiting(awaits=Awaits.APPROVAL))
    assert line in shown(approval(asked, LIVE, beside=[other])).split("\n")


def test_of_many_others_the_latest_are_named() -> None:
    many = [replace(BENS, id=number) for number in range(1, 6)]
    text = shown(ticket(TICKET, LIVE, beside=many))
    assert "T-5" in text
    assert "T-2" not in text
    assert "and 2 more before" in text


def test_in_a_group_a_card_says_what_is_proposed_and_not_what_is_left() -> None:
    reply = ticket(TICKET, LIVE, Amounts(hidden=True))
    assert "840.55" not in shown(reply)
    assert "Spend 100.00 USDT" in shown(reply), "what is proposed is for everybody"
    assert labels(reply) == ["Confirm buy", "Cancel"], "a ticket has these two, wherever it is shown"


@given(name=hostile)
def test_no_colleagues_name_becomes_markup(name: str) -> None:
    other: OrderTicket = replace(BENS, person=name)
    shown(ticket(replace(TICKET, person=name), TradingMode.PAPER, beside=[other]))
    shown(ticket(replace(TICKET, person=name, state=TicketState.FILLED), TradingMode.PAPER))
