"""The kill's card: step by step, never more than the exchange said."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.views.stops import stop
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Subject
from chatbot.core.stops import OpenPosition, PlaceSwept, StillOpen, Stop, StopReport
from tests.chat.desk import NOON
from tests.chat.shown import actions, hostile, labels, shown

FRESH = StopReport(tickets_expired=1)
PLACES = tuple(PlaceSwept(place=place, problem="") for place in ("spot orders", "futures orders"))
LEFT = StillOpen(order_id="65ab", symbol="BTC-USDT", side="buy", size="0.001", price="60000")
CLEAN = replace(
    FRESH, found=3, places=PLACES, resting=(), positions=(OpenPosition(symbol="XBTUSDTM", lots="50"),),
    checked_at="12:00:04",
)  # fmt: skip
DIRTY = replace(
    CLEAN, resting=(LEFT,), places=(PlaceSwept(place="spot orders", problem="KuCoin says no (102428)."),)
)  # fmt: skip
STOP = Stop(
    id=1, at=NOON, person="Anna", report=FRESH, swept_at=None, chat_id=11, card_id=3, resumed_at=None, resumed_by="",
    reason="",
)  # fmt: skip
LIVE = TradingMode.LIVE


def test_at_once_it_says_that_orders_are_blocked_and_claims_nothing_else() -> None:
    assert shown(stop(STOP, LIVE)).split("\n") == [
        "STOPPED by Anna at 12:00 UTC. New orders are blocked.",
        "tickets expired 1",
        "cancelling what rests…",
    ]


def test_a_clean_sweep_says_what_was_cancelled_and_what_is_still_open() -> None:
    assert shown(stop(replace(STOP, report=CLEAN), LIVE)).split("\n")[2:] == [
        "cancelled 3 of 3",
        "nothing is resting on KuCoin (checked 12:00:04 UTC)",
        "position XBTUSDTM 50 lots is still open",
    ]


def test_what_could_not_be_cancelled_is_named_with_its_id() -> None:
    assert shown(stop(replace(STOP, report=DIRTY), LIVE)).split("\n")[2:6] == [
        "cancelled 2 of 3",
        "spot orders: not cancelled. KuCoin says no (102428).",
        "1 still resting at 12:00:04 UTC:",
        "  BTC-USDT buy 0.001 at 60000, id 65ab",
    ]


def test_what_could_not_be_read_is_not_called_clean() -> None:
    blind = replace(CLEAN, found=None, resting=None)
    text = shown(stop(replace(STOP, report=blind), LIVE))
    assert "what is left could not be read yet" in text
    assert "nothing is resting" not in text
    assert "cancel asked everywhere" in text


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (FRESH, ["Resume (owner)"]),
        (replace(FRESH, found=2, places=PLACES), ["Resume (owner)"]),
        (CLEAN, ["Resume (owner)"]),
        (DIRTY, ["Resume (owner)", "Cancel again"]),
        (replace(CLEAN, resting=None), ["Resume (owner)", "Cancel again"]),
        (replace(DIRTY, resting=()), ["Resume (owner)", "Cancel again"]),
    ],
)
def test_a_kills_buttons_begin_with_resume_and_offer_to_cancel_again_where_that_may_help(
    report: StopReport, expected: list[str]
) -> None:
    assert labels(stop(replace(STOP, report=report), LIVE)) == expected


def test_a_kill_that_is_over_says_why_and_has_no_buttons() -> None:
    over = replace(STOP, report=DIRTY, resumed_at=NOON + timedelta(hours=1), resumed_by="Anna", reason="news are over")
    reply = stop(over, LIVE)
    assert shown(reply).endswith("Resumed by Anna: news are over")
    assert labels(reply) == []


@pytest.mark.parametrize("count", [30, 31, 500])
def test_very_many_orders_left_stay_one_message(count: int) -> None:
    left = tuple(replace(LEFT, order_id=f"{n:024x}", symbol="1000000MOGUSDTM") for n in range(count))
    positions = tuple(OpenPosition(symbol=f"COIN{n}USDTM", lots="1000000") for n in range(count))
    over = replace(STOP, report=replace(DIRTY, resting=left, positions=positions), reason="because " * 500)
    text = shown(stop(replace(over, resumed_at=NOON, resumed_by="Anna"), LIVE))
    assert len(text) < 4096
    assert f"{count} still resting" in text
    assert (f"and {count - 30} more" in text) == (count > 30)


@given(person=hostile, problem=hostile, reason=hostile, found=st.none() | st.integers(0, 9), resumed=st.booleans())
def test_whatever_people_and_the_exchange_say_is_never_markup(
    person: str, problem: str, reason: str, found: int | None, *, resumed: bool
) -> None:
    left = replace(LEFT, symbol=problem, order_id=problem, size=problem)
    report = replace(DIRTY, found=found, resting=(left,), places=(PlaceSwept(place="spot orders", problem=problem),))
    one = replace(STOP, person=person, report=report, reason=reason, resumed_by=person)
    reply = stop(replace(one, resumed_at=NOON if resumed else None), TradingMode.PAPER)
    assert shown(reply).startswith("PAPER\nSTOPPED by")
    assert (reply.subject, reply.subject_id) == (Subject.STOP, 1)
    assert reply.pinned or resumed
    assert ("resume" in actions(reply)) != resumed
