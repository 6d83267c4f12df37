"""What is read by those who may agree to somebody else's order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.views.approvals import approval, guessed
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Subject
from chatbot.core.orders import TicketState
from chatbot.core.people import Person, Role
from chatbot.core.waiting import Awaits, Waiting
from tests.chat.shown import actions, hostile, labels, shown, visible
from tests.chat.test_chat_views_tickets import DONE, TICKET

LIVE = TradingMode.LIVE
ASKED = replace(TICKET, waiting=Waiting(awaits=Awaits.APPROVAL))
AGREED = Waiting(awaits=Awaits.APPROVAL, approver_id=8, approver="Ben")


def test_whoever_may_approve_reads_the_whole_ticket_and_has_two_buttons() -> None:
    reply = approval(ASKED, LIVE)
    assert labels(reply) == ["Approve", "Reject"]
    assert actions(reply) == ["approve 418", "reject 418"]
    text = shown(reply)
    for words in ("Ticket T-418", "BUY BTC-USDT, market", "Spend 100.00 USDT", "400.00 USDT of today's", "Anna asks"):
        assert words in text
    assert text.startswith("Anna asks for your word: BUY BTC-USDT, market\nTicket T-418\n")
    assert (reply.subject, reply.subject_id, reply.protected) == (Subject.APPROVAL, 418, True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": TicketState.SUBMITTING, "waiting": AGREED}, "Approved by Ben."),
        (
            {"state": TicketState.FILLED, "waiting": AGREED, "executed": DONE},
            "Approved by Ben.\nFilled 0.00147 BTC at 68,013.6 = 99.98 USDT",
        ),
        ({"state": TicketState.REJECTED, "waiting": AGREED, "reason": "No."}, "KuCoin refused it.\nNo."),
        ({"state": TicketState.EXPIRED}, "Expired. Nothing was sent."),
        ({"state": TicketState.EXPIRED, "reason": "trading was stopped"}, "Expired: trading was stopped. Nothing"),
        ({"state": TicketState.DECLINED, "reason": "Ben rejected it"}, "Ben rejected it. Nothing was sent."),
        ({"state": TicketState.DECLINED}, "Cancelled by Anna. Nothing was sent."),
        ({"waiting": Waiting()}, "The market moved: Anna has to confirm it again."),
    ],
)
def test_once_it_is_decided_the_buttons_go_and_the_card_says_how(changes: dict[str, object], words: str) -> None:
    reply = approval(replace(ASKED, **changes), LIVE)  # type: ignore[arg-type]
    assert labels(reply) == []
    assert words in shown(reply)


@pytest.mark.parametrize("state", TicketState)
@given(name=hostile, reason=hostile, mode=st.sampled_from(TradingMode))
def test_no_name_and_no_reason_becomes_markup(state: TicketState, name: str, reason: str, mode: TradingMode) -> None:
    waiting = replace(AGREED, approver=name)
    shown(approval(replace(ASKED, state=state, person=name, reason=reason, waiting=waiting), mode))
    shown(approval(replace(ASKED, state=state, person=name, reason=reason), mode))
    visible(guessed(Person(id=1, name=name, role=Role.TRADER)))
