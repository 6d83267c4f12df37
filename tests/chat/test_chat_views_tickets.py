"""A ticket's card in every state: what was asked, what became of it, and the buttons that still count."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.views.tickets import ticket
from chatbot.core.market import Reach, Symbol, Venue
from chatbot.core.modes import TradingMode
from chatbot.core.notices import ButtonStyle, Subject
from chatbot.core.numbers import plain
from chatbot.core.orders import Estimate, Executed, OrderSpec, OrderTicket, OrderType, Side, TicketState, TimeInForce
from chatbot.core.waiting import PRICE_MOVED, Awaits, Waiting
from tests.chat.desk import NOON
from tests.chat.shown import actions, hostile, labels, shown

MARKET = OrderSpec(
    client_oid="cb1", symbol=Symbol("BTC-USDT"), venue=Venue.SPOT, side=Side.BUY, type=OrderType.MARKET, size=None,
    funds=Decimal(100), price=None,
)  # fmt: skip
LIMIT = replace(MARKET, side=Side.SELL, type=OrderType.LIMIT, size=Decimal("0.001"), funds=None, price=Decimal(70000))
COST = Estimate(
    price=Decimal("68014.0"), size=Decimal("0.00147028"), funds=Decimal(100), fee=Decimal("0.1"), notional=Decimal(100),
    free_after=Decimal("840.55"),
)  # fmt: skip
TICKET = OrderTicket(
    id=418, spec=MARKET, cost=COST, asked="/buy btc 100usdt", person_id=11, person="Anna", chat_id=11, card_id=7,
    state=TicketState.AWAIT_CONFIRM, budget_after=Decimal(400), proposed_at=NOON,
    expires_at=NOON + timedelta(seconds=30),
)  # fmt: skip
RESTING = replace(TICKET, spec=LIMIT, state=TicketState.OPEN, order_id="6520ad0fec2c1c0001ab3c45")
DONE = Executed(size=Decimal("0.00147"), funds=Decimal("99.98"), fee=Decimal("0.1"), fee_currency="USDT")

LIVE, PAPER = TradingMode.LIVE, TradingMode.PAPER
NEAR = Reach(market=Decimal("68014.0"), distance=Decimal("0.0096"), slippage=Decimal("0.0096"))
FAR = Reach(market=Decimal("68014.0"), distance=Decimal("3.1"), slippage=None)
THIN = Reach(market=Decimal("68014.0"), distance=Decimal(100), slippage=None)

amounts = st.decimals(min_value=Decimal("1e-8"), max_value=Decimal("1e9"), places=8)


def test_a_card_that_waits_tells_what_a_tap_would_do() -> None:
    assert shown(ticket(TICKET, LIVE)).split("\n") == [
        "Ticket T-418",
        "BUY BTC-USDT, market",
        "Spend 100.00 USDT, about 0.00147028 BTC",
        "Ask 68,014.0, fee about 0.10 USDT",
        "After: 840.55 USDT free",
        "400.00 USDT of today's budget left",
        "Valid 30 s, asked by Anna",
    ]


def test_a_limit_order_tells_its_price_and_what_is_left_of_the_coin() -> None:
    waiting = replace(TICKET, spec=LIMIT, cost=replace(COST, funds=Decimal(70), free_after=Decimal("0.0411")))
    text = shown(ticket(waiting, LIVE))
    assert "SELL BTC-USDT, limit" in text
    assert "Sell 0.001 BTC at 70,000.0 = 70.00 USDT" in text
    assert "After: 0.0411 BTC free" in text


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("mode", TradingMode)
def test_a_waiting_card_has_exactly_confirm_and_cancel(side: Side, mode: TradingMode) -> None:
    reply = ticket(replace(TICKET, spec=replace(MARKET, side=side, size=Decimal(1), funds=None)), mode)
    assert labels(reply) == [f"Confirm {side.value}", "Cancel"]
    assert actions(reply) == ["confirm 418", "decline 418"]
    assert [b.style for row in reply.buttons for b in row] == [ButtonStyle.SUCCESS, ButtonStyle.DANGER]


@pytest.mark.parametrize(
    ("state", "spec", "expected"),
    [
        (TicketState.SUBMITTING, MARKET, []),
        (TicketState.OPEN, MARKET, []),
        (TicketState.OPEN, LIMIT, ["Cancel order"]),
        (TicketState.PARTIAL, LIMIT, ["Cancel order"]),
        (TicketState.FILLED, LIMIT, []),
        (TicketState.CANCELED, LIMIT, []),
        (TicketState.REJECTED, MARKET, []),
        (TicketState.DECLINED, MARKET, []),
        (TicketState.UNKNOWN, MARKET, ["Check again", "Open orders"]),
        (TicketState.NOT_SENT, MARKET, ["Quote again"]),
        (TicketState.NOT_PLACED, MARKET, ["Check again", "Quote again"]),
        (TicketState.EXPIRED, MARKET, ["Quote again"]),
    ],
)
def test_the_buttons_of_every_other_state(state: TicketState, spec: OrderSpec, expected: list[str]) -> None:
    assert labels(ticket(replace(TICKET, spec=spec, state=state), LIVE)) == expected


@pytest.mark.parametrize(
    ("reason", "awaits", "expected"),
    [
        (PRICE_MOVED, Awaits.TAP, []),
        (PRICE_MOVED, Awaits.CODE, ["Quote again"]),
        (PRICE_MOVED, Awaits.APPROVAL, ["Quote again"]),
        ("trading was stopped", Awaits.TAP, ["Quote again"]),
    ],
)
def test_a_card_whose_tap_brought_another_offers_no_third(reason: str, awaits: Awaits, expected: list[str]) -> None:
    spent = replace(TICKET, state=TicketState.EXPIRED, reason=reason, waiting=Waiting(awaits=awaits))
    assert labels(ticket(spent, LIVE)) == expected


@pytest.mark.parametrize(
    ("state", "changes", "words"),
    [
        (TicketState.SUBMITTING, {}, "Sending…"),
        (TicketState.OPEN, {"spec": LIMIT}, "Accepted, in the order book."),
        (TicketState.PARTIAL, {"executed": DONE}, "Partly filled: 0.00147 BTC at 68,013.6 = 99.98 USDT, fee 0.10 USDT"),
        (TicketState.FILLED, {"executed": DONE}, "Filled 0.00147 BTC at 68,013.6 = 99.98 USDT, fee 0.10 USDT"),
        (TicketState.CANCELED, {}, "Cancelled, nothing was filled."),
        (
            TicketState.CANCELED,
            {"executed": DONE},
            "Filled 0.00147 BTC at 68,013.6 = 99.98 USDT, fee 0.10 USDT; the rest",
        ),
        (TicketState.UNKNOWN, {"reason": "no answer in 8 s"}, "I have NOT sent it again"),
        (TicketState.UNKNOWN, {}, "New BTC-USDT orders are held until it is found."),
        (TicketState.NOT_PLACED, {}, "Not found on KuCoin."),
        (TicketState.REJECTED, {"reason": "KuCoin says no (200004)."}, "KuCoin refused it.\nKuCoin says no (200004)."),
        (TicketState.NOT_SENT, {"reason": "KuCoin cannot be reached."}, "Nothing was sent.\nKuCoin cannot be reached."),
        (TicketState.DECLINED, {}, "Cancelled by Anna, nothing was sent."),
        (TicketState.EXPIRED, {}, "Expired, nothing was sent."),
        (TicketState.EXPIRED, {"reason": PRICE_MOVED}, "Expired: the price moved. Nothing was sent."),
    ],
)
def test_the_words_of_every_other_state(state: TicketState, changes: dict[str, object], words: str) -> None:
    assert words in shown(ticket(replace(TICKET, state=state, **changes), LIVE))  # type: ignore[arg-type]


@pytest.mark.parametrize("state", TicketState)
@given(person=hostile, reason=hostile, size=amounts, price=amounts, mode=st.sampled_from(TradingMode))
def test_every_state_has_a_card_whatever_it_holds(
    state: TicketState, person: str, reason: str, size: Decimal, price: Decimal, mode: TradingMode
) -> None:
    spec = replace(LIMIT, size=size, price=price)
    done = Executed(size=size, funds=size * price, fee=size, fee_currency="KCS")
    one = replace(TICKET, state=state, person=person, reason=reason, spec=spec, executed=done, order_id="x1")
    one = replace(one, cost=replace(COST, price=price, funds=size * price, size=size))
    reply = ticket(one, mode)
    text = shown(reply)
    assert text.startswith("Ticket T-418")
    assert ("PAPER" in text.split("\n")[0]) == (mode is PAPER)
    assert "SELL BTC-USDT, limit" in text
    assert plain(size) in text.replace(",", "")
    assert (reply.subject, reply.subject_id, reply.protected) == (Subject.TICKET, 418, True)


def test_a_long_reason_does_not_fill_the_phone() -> None:
    text = shown(ticket(replace(TICKET, state=TicketState.REJECTED, reason="no " * 2000), LIVE))
    assert len(text) < 500
    assert text.endswith("…\nAsked by Anna")


def test_a_tiny_coin_keeps_its_digits() -> None:
    spec = replace(LIMIT, symbol=Symbol("PEPE-USDT"), price=Decimal("0.00000123"), size=Decimal(1_000_000))
    cost = replace(COST, price=Decimal("0.00000123"), funds=Decimal("1.23"), fee=Decimal("0.00123"))
    text = shown(ticket(replace(TICKET, spec=spec, cost=cost), LIVE))
    assert "Sell 1,000,000 PEPE at 0.00000123 = 1.23 USDT" in text
    assert "fee at most 0.00123 USDT" in text


def far(spec: OrderSpec, reach: Reach, warned: str | None = None) -> OrderTicket:
    waiting = Waiting(warned=None if warned is None else Decimal(warned))
    return replace(TICKET, spec=spec, cost=replace(COST, reach=reach), waiting=waiting)


def test_a_market_order_tells_what_the_book_makes_of_it() -> None:
    assert "Ask 68,014.0, est. slip 0.0096 %, fee about 0.10 USDT" in shown(ticket(far(MARKET, NEAR), LIVE))
    assert "The book is too thin for this" in shown(ticket(far(MARKET, THIN), LIVE))
    steep = replace(NEAR, distance=Decimal("2.5"), slippage=Decimal("2.4"))
    assert "On average 2.5 % above the market." in shown(ticket(far(MARKET, steep), LIVE))


@pytest.mark.parametrize(
    ("side", "distance", "words"),
    [
        (Side.BUY, "3.1", "3.1 % above the market, 68,014.0"),
        (Side.BUY, "-3.1", "3.1 % below the market, 68,014.0"),
        (Side.SELL, "3.1", "3.1 % below the market, 68,014.0"),
        (Side.SELL, "-90.04", "90.0 % above the market, 68,014.0"),
        (Side.SELL, "0", "At the market, 68,014.0"),
        (Side.BUY, "0.0001", "0.0001 % above the market, 68,014.0"),
        (Side.SELL, "-900", "900.0 % above the market, 68,014.0"),
    ],
)
def test_a_limit_order_tells_how_far_from_the_market_it_is_and_which_way(side: Side, distance: str, words: str) -> None:
    waiting = far(replace(LIMIT, side=side), replace(FAR, distance=Decimal(distance)))
    text = ticket(waiting, LIVE).text
    assert words in shown(ticket(waiting, LIVE))
    assert (f"<b>{words}</b>" in text) == (abs(Decimal(distance)) > 2)


@pytest.mark.parametrize(
    ("spec", "reach", "warned", "label"),
    [
        (replace(LIMIT, side=Side.BUY), FAR, "3.1", "Confirm, 3.1 % above the market"),
        (LIMIT, FAR, "3.1", "Confirm, 3.1 % below the market"),
        (MARKET, replace(FAR, slippage=Decimal(3)), "3.1", "Confirm, 3.1 % above the market"),
        (MARKET, THIN, "100", "Confirm, the book is too thin"),
    ],
)
def test_the_second_tap_is_on_a_button_that_says_what_it_confirms(
    spec: OrderSpec, reach: Reach, warned: str, label: str
) -> None:
    assert labels(ticket(far(spec, reach), LIVE))[0] == f"Confirm {spec.side.value}"
    reply = ticket(far(spec, reach, warned), LIVE)
    assert labels(reply) == [label, "Cancel"]
    assert actions(reply) == [f"far 418 {warned}", "decline 418"]
    assert [b.style for row in reply.buttons for b in row] == [ButtonStyle.DANGER, None]
    assert "Confirm once more" in shown(reply)


@pytest.mark.parametrize(
    ("awaits", "words", "buttons"),
    [
        (Awaits.CODE, "Confirmed, waits for a code", ["Confirm buy", "Cancel"]),
        (Awaits.APPROVAL, "Confirmed, needs a second person", ["Cancel"]),
    ],
)
def test_a_confirmed_ticket_says_what_it_still_waits_for(awaits: Awaits, words: str, buttons: list[str]) -> None:
    reply = ticket(replace(TICKET, waiting=Waiting(awaits=awaits)), LIVE)
    assert words in shown(reply)
    assert labels(reply) == buttons


def test_a_rejected_ticket_says_by_whom() -> None:
    text = shown(ticket(replace(TICKET, state=TicketState.DECLINED, reason="Ben rejected it"), LIVE))
    assert "Ben rejected it. Nothing was sent." in text


STOP = replace(
    MARKET, side=Side.SELL, size=Decimal("0.01"), funds=None, trigger=Decimal(60000)
)  # fmt: skip
STOP_LIMIT = replace(STOP, type=OrderType.LIMIT, price=Decimal(59900))
STOP_COST = replace(
    COST, price=Decimal(60000), size=Decimal("0.01"), funds=Decimal(600),
    reach=Reach(market=Decimal("67412.3"), distance=Decimal(0), slippage=None),
)  # fmt: skip


def stop(spec: OrderSpec = STOP, distance: str = "0", **changes: Any) -> OrderTicket:  # noqa: ANN401 - of a ticket
    reach = Reach(market=Decimal("67412.3"), distance=Decimal(distance), slippage=None)
    return replace(TICKET, spec=spec, cost=replace(STOP_COST, reach=reach), **changes)


def test_a_stop_market_order_tells_when_it_fires_and_that_its_price_is_not_sure() -> None:
    assert shown(ticket(stop(), LIVE)).split("\n") == [
        "Ticket T-418",
        "SELL BTC-USDT, stop-market",
        "Sell 0.01 BTC, about 600.00 USDT",
        "stop 60,000.0, then market",
        "Market 67,412.3, 11.0 % above the stop",
        "What it trades at then is not guaranteed.",
        "fee about 0.10 USDT",
        "The BTC must be in Trade when it fires.",
        "400.00 USDT of today's budget left",
        "Valid 30 s, asked by Anna",
    ]


def test_a_stop_limit_order_tells_how_far_its_limit_lies_from_its_stop() -> None:
    text = shown(ticket(stop(STOP_LIMIT, "0.1667"), LIVE))
    assert "SELL BTC-USDT, stop-limit" in text
    assert "stop 60,000.0, then limit 59,900.0" in text
    assert "Limit 0.17 % below the stop" in text
    assert "guaranteed" not in text


def test_a_limit_on_the_wrong_side_of_its_stop_is_pointed_at() -> None:
    reply = ticket(stop(replace(STOP_LIMIT, price=Decimal(60500)), "-0.8333"), LIVE)
    assert "<b>Limit 0.83 % above the stop: it may wait there and not trade.</b>" in reply.text


def test_a_trigger_with_a_digit_too_few_is_pointed_at() -> None:
    reply = ticket(stop(replace(STOP, trigger=Decimal(6000))), LIVE)
    assert "<b>Market 67,412.3, 91.1 % above the stop</b>" in reply.text
    buy = replace(STOP, side=Side.BUY, size=None, funds=Decimal(100), trigger=Decimal(68000))
    assert "Market 67,412.3, 0.87 % below the stop" in ticket(stop(buy), LIVE).text


def test_a_limit_far_beyond_its_stop_has_a_button_that_says_so() -> None:
    reply = ticket(stop(STOP_LIMIT, "16.6667", waiting=Waiting(warned=Decimal("16.6667"))), LIVE)
    assert labels(reply)[0] == "Confirm, 16.7 % below its trigger"
    assert "<b>Limit 16.7 % below the stop</b>" in reply.text


@pytest.mark.parametrize(
    ("state", "spec", "changes", "words", "buttons"),
    [
        (TicketState.PARKED, STOP, {}, "Waits on KuCoin until the market falls to the stop.", ["Cancel order"]),
        (TicketState.PARKED, STOP_LIMIT, {}, "stop 60,000.0, then limit 59,900.0", ["Cancel order"]),
        (TicketState.PARKED, replace(STOP, side=Side.BUY), {}, "until the market rises to the stop", ["Cancel order"]),
        (TicketState.OPEN, STOP_LIMIT, {}, "The stop at 60,000.0 fired.\nAccepted, in the order book.",
         ["Cancel order"]),
        (TicketState.OPEN, STOP, {}, "The stop at 60,000.0 fired.\nAccepted.", []),
        (TicketState.PARTIAL, STOP_LIMIT, {"executed": DONE}, "fired.\nPartly filled: 0.00147 BTC", ["Cancel order"]),
        (TicketState.FILLED, STOP, {"executed": DONE}, "The stop at 60,000.0 fired.\nFilled 0.00147 BTC", []),
        (TicketState.CANCELED, STOP_LIMIT, {}, "fired.\nCancelled, nothing was filled.", []),
        (TicketState.LAPSED, STOP, {"reason": "Cancelled before it fired."},
         "Cancelled before it fired. Nothing was filled.", ["Quote again"]),
    ],
)  # fmt: skip
def test_the_life_of_a_stop_order_on_its_card(
    state: TicketState, spec: OrderSpec, changes: dict[str, Any], words: str, buttons: list[str]
) -> None:
    reply = ticket(stop(spec, state=state, order_id="vs1", **changes), LIVE)
    assert words in shown(reply)
    assert labels(reply) == buttons


POST = replace(LIMIT, post_only=True)
IOC, FOK = replace(LIMIT, in_force=TimeInForce.IOC), replace(LIMIT, in_force=TimeInForce.FOK)
SENT = NOON + timedelta(seconds=20)


@pytest.mark.parametrize(
    ("spec", "state", "changes", "words"),
    [
        (POST, TicketState.AWAIT_CONFIRM, {}, "SELL BTC-USDT, limit post-only"),
        (POST, TicketState.AWAIT_CONFIRM, {}, "Only waits in the book: KuCoin cancels it if it would trade at once."),
        (POST, TicketState.OPEN, {}, "Accepted, in the order book."),
        (POST, TicketState.CANCELED, {"submitted_at": SENT, "ended_at": SENT + timedelta(seconds=1)},
         "Cancelled at once: post-only, and it would have traded, nothing was filled."),
        (POST, TicketState.CANCELED, {"submitted_at": SENT, "ended_at": SENT + timedelta(hours=1)},
         "Cancelled, nothing was filled."),
        (IOC, TicketState.AWAIT_CONFIRM, {}, "IOC: what is not there at once is cancelled."),
        (FOK, TicketState.AWAIT_CONFIRM, {}, "FOK: all of it at once, or none."),
        (IOC, TicketState.OPEN, {}, "\nAccepted.\n"),
        (IOC, TicketState.CANCELED, {}, "Nobody offered that price, so it ended (IOC), nothing was filled."),
        (IOC, TicketState.CANCELED, {"executed": DONE}, "the rest was not there at once and was cancelled."),
        (FOK, TicketState.CANCELED, {}, "Not all of it was to be had at that price, so it ended (FOK), nothing was"),
        (FOK, TicketState.FILLED, {"executed": DONE}, "Filled 0.00147 BTC"),
    ],
)  # fmt: skip
def test_orders_that_only_wait_or_never_do_read_as_what_they_are(
    spec: OrderSpec, state: TicketState, changes: dict[str, Any], words: str
) -> None:
    text = shown(ticket(replace(TICKET, spec=spec, state=state, order_id="x1", **changes), LIVE))
    assert words in text


def test_an_order_that_may_not_wait_says_so_where_nobody_seems_to_offer_its_price() -> None:
    hint = "Nobody may offer that price now: then it ends with nothing filled."
    reach = Reach(market=Decimal(68000), distance=Decimal(-3), slippage=None)
    assert hint in shown(ticket(far(IOC, reach), LIVE))
    assert hint not in shown(ticket(far(LIMIT, reach), LIVE))
    assert hint not in shown(ticket(far(IOC, replace(reach, distance=Decimal(1))), LIVE))
