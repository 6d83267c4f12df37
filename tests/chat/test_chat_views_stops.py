"""The kill's card: step by step, never more than the exchange said."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.views.stops import stop
from chatbot.core.exchange import Resting
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Subject
from chatbot.core.stops import Line, OpenPosition, PlaceSwept, Result, Stop, StopReport
from tests.chat.desk import NOON
from tests.chat.shown import actions, hostile, labels, shown

FRESH = StopReport(tickets_expired=1)
PLACES = tuple(PlaceSwept(place=place.value) for place in Resting)
OVER = Line(
    order_id="65aa", place="spot orders", symbol="ETH-USDT", side="buy", size="0.1", price="2000",
    result=Result.CANCELLED,
)  # fmt: skip
STOPPER = replace(
    OVER, order_id="vs1", place="spot stop orders", side="sell", trigger="1990", price="", external=True
)  # fmt: skip
LEFT = Line(
    order_id="65ab", place="spot orders", symbol="BTC-USDT", side="buy", size="0.001", price="60000", external=True,
    result=Result.RESTING,
)  # fmt: skip
CLEAN = replace(
    FRESH, lines=(OVER, STOPPER), places=PLACES, positions=(OpenPosition(symbol="XBTUSDTM", lots="50"),),
    checked_at="12:00:04",
)  # fmt: skip
FAILED = PlaceSwept(place="spot orders", problem="KuCoin says no (102428).")
DIRTY = replace(CLEAN, lines=(OVER, LEFT), places=(FAILED, *PLACES[1:]))
BLIND = replace(
    CLEAN, lines=(OVER, replace(LEFT, result=Result.NOT_READ)),
    places=(PlaceSwept(place="spot orders", unread="KuCoin did not answer in time."), *PLACES[1:]), positions=None,
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


def test_a_clean_sweep_says_line_by_line_what_became_of_each_order() -> None:
    assert shown(stop(replace(STOP, report=CLEAN), LIVE)).split("\n")[2:] == [
        "cancelled 2 of 2",
        "  ETH-USDT buy 0.1 at 2,000: cancelled",
        "  ETH-USDT sell 0.1 stop 1,990 (external): cancelled",
        "nothing is resting on KuCoin (checked 12:00:04 UTC)",
        "position XBTUSDTM 50 lots is still open",
    ]


@pytest.mark.parametrize("result", [Result.GONE, Result.FILLED])
def test_what_only_disappeared_or_filled_is_not_called_cancelled(result: Result) -> None:
    report = replace(CLEAN, lines=(OVER, replace(OVER, result=result)))
    text = shown(stop(replace(STOP, report=report), LIVE))
    assert "gone 2 of 2" in text
    assert f"ETH-USDT buy 0.1 at 2,000: {result.value}" in text


def test_when_nothing_is_over_nothing_is_called_gone() -> None:
    report = replace(DIRTY, lines=(LEFT,))
    assert "cancelled 0 of 1" in shown(stop(replace(STOP, report=report), LIVE))


def test_what_could_not_be_cancelled_comes_first_with_its_id() -> None:
    assert shown(stop(replace(STOP, report=DIRTY), LIVE)).split("\n")[2:7] == [
        "cancelled 1 of 2",
        "  BTC-USDT buy 0.001 at 60,000 (external): still resting, id 65ab",
        "  ETH-USDT buy 0.1 at 2,000: cancelled",
        "spot orders: not cancelled. KuCoin says no (102428).",
        "1 still resting at 12:00:04 UTC",
    ]


def test_what_could_not_be_read_is_not_called_clean() -> None:
    text = shown(stop(replace(STOP, report=BLIND), LIVE))
    assert "BTC-USDT buy 0.001 at 60,000 (external): not read, id 65ab" in text
    assert "spot orders: not read. KuCoin did not answer in time." in text
    assert "what is left could not be read everywhere (12:00:04 UTC)" in text
    assert "open positions could not be read yet" in text
    assert "nothing is resting" not in text
    assert "nothing was resting" not in text


def test_between_cancel_and_look_nothing_is_claimed() -> None:
    found = replace(FRESH, lines=(replace(LEFT, result=Result.FOUND),))
    assert shown(stop(replace(STOP, report=found), LIVE)).split("\n")[2:] == [
        "cancelling 1…",
        "  BTC-USDT buy 0.001 at 60,000 (external): not cancelled yet, id 65ab",
    ]
    asked = replace(found, places=PLACES)
    assert "cancel asked everywhere, 1 found before" in shown(stop(replace(STOP, report=asked), LIVE))
    assert shown(stop(replace(STOP, report=replace(FRESH, places=PLACES)), LIVE)).endswith("cancel asked everywhere")
    nothing = replace(FRESH, places=PLACES, positions=(), checked_at="12:00:04")
    assert "nothing was resting" in shown(stop(replace(STOP, report=nothing), LIVE))


def test_an_oco_order_is_called_one() -> None:
    pair = Line(order_id="6a", place=Resting.SPOT_OCOS.value, symbol="BTC-USDT", result=Result.RESTING)
    text = shown(stop(replace(STOP, report=replace(DIRTY, lines=(pair,))), LIVE))
    assert "BTC-USDT OCO: still resting, id 6a" in text


def test_a_stop_of_the_bots_own_says_why() -> None:
    text = shown(stop(replace(STOP, person="the bot", cause="11 orders in a minute"), LIVE))
    assert text.split("\n")[:2] == [
        "STOPPED by the bot at 12:00 UTC. New orders are blocked.",
        "Why: 11 orders in a minute",
    ]


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (FRESH, ["Resume (owner)"]),
        (replace(FRESH, lines=(LEFT,), places=PLACES), ["Resume (owner)"]),
        (CLEAN, ["Resume (owner)", "Close positions"]),
        (replace(CLEAN, positions=()), ["Resume (owner)"]),
        (DIRTY, ["Resume (owner)", "Cancel again", "Close positions"]),
        (BLIND, ["Resume (owner)", "Cancel again"]),
        (replace(CLEAN, in_flight=("T-1",)), ["Resume (owner)", "Cancel again", "Close positions"]),
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


@pytest.mark.parametrize("count", [20, 21, 500])
def test_very_many_orders_left_stay_one_message(count: int) -> None:
    long = replace(LEFT, symbol="1000000MOGUSDTM", trigger="0.000012345678")
    left = tuple(replace(long, order_id=f"{n:024x}") for n in range(count))
    positions = tuple(OpenPosition(symbol=f"COIN{n}USDTM", lots="1000000") for n in range(count))
    over = replace(STOP, report=replace(DIRTY, lines=left, positions=positions), reason="because " * 500)
    text = shown(stop(replace(over, resumed_at=NOON, resumed_by="Anna"), LIVE))
    assert len(text) < 4096
    assert f"{count} still resting" in text
    assert (f"and {count - 20} more" in text) == (count > 20)


@given(person=hostile, problem=hostile, reason=hostile, result=st.sampled_from(Result), resumed=st.booleans())
def test_whatever_people_and_the_exchange_say_is_never_markup(
    person: str, problem: str, reason: str, result: Result, *, resumed: bool
) -> None:
    left = replace(LEFT, symbol=problem, order_id=problem, size=problem, result=result)
    failed = PlaceSwept(place="spot orders", problem=problem, unread=problem)
    report = replace(DIRTY, lines=(left,), places=(failed,))
    one = replace(STOP, person=person, cause=reason, report=report, reason=reason, resumed_by=person)
    reply = stop(replace(one, resumed_at=NOON if resumed else None), TradingMode.PAPER)
    assert shown(reply).startswith("PAPER\nSTOPPED by")
    assert (reply.subject, reply.subject_id) == (Subject.STOP, 1)
    assert reply.pinned or resumed
    assert ("resume" in actions(reply)) != resumed


def test_what_nobody_could_read_before_the_cancels_is_not_called_nothing() -> None:
    report = replace(CLEAN, lines=(), unlisted=("spot orders",))
    text = shown(stop(replace(STOP, report=report), LIVE))
    assert "nothing was resting" not in text
    assert "not read before the cancels: spot orders" in text
    named = Line(order_id="vs1", place="spot stop orders", symbol="", result=Result.GONE)
    assert "  order spot stop orders: gone" in shown(stop(replace(STOP, report=replace(report, lines=(named,))), LIVE))
