"""A ticket's card in every state: what was asked, what became of it, and the buttons that still count."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.views.tickets import ticket
from chatbot.core.market import Reach, Symbol, Venue
from chatbot.core.modes import TradingMode
from chatbot.core.notices import ButtonStyle, Subject
from chatbot.core.numbers import plain
from chatbot.core.orders import Estimate, Executed, OrderSpec, OrderTicket, OrderType, Side, TicketState
from chatbot.core.waiting import Awaits, Waiting
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
        (TicketState.EXPIRED, {"reason": "the price moved"}, "Expired: the price moved. Nothing was sent."),
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
    assert text.endswith("…")


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
