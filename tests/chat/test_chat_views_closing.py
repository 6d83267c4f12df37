"""The card that asks before positions are closed, and the cards of its orders."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from chatbot.chat.views import closing
from chatbot.core.account import Position
from chatbot.core.amounts import Amounts
from chatbot.core.closing import close_card, read
from chatbot.core.market import Symbol
from chatbot.core.modes import TradingMode
from chatbot.core.orders import Estimate, Executed, OrderTicket, TicketState
from tests.chat.desk import NOON
from tests.chat.shown import actions, labels, shown

LIVE = TradingMode.LIVE
ZERO = Decimal(0)
LONG = Position(
    symbol=Symbol("XBTUSDTM"), lots=Decimal(50), entry_price=ZERO, mark_price=ZERO, liquidation_price=None,
    value=Decimal(3400), unrealised_pnl=ZERO, currency="USDT",
)  # fmt: skip
SHORT = replace(LONG, symbol=Symbol("ETHUSDTM"), lots=Decimal(-3))
CARD = close_card("0123456789abcdef01234567", 7, NOON, [LONG, SHORT])
TICKET = OrderTicket(
    id=19, spec=CARD.orders([LONG])[0][0],
    cost=Estimate(price=ZERO, size=Decimal(50), funds=ZERO, fee=ZERO, notional=ZERO, free_after=ZERO),
    asked="Close positions", person_id=7, person="Anna", chat_id=7, card_id=1, state=TicketState.SUBMITTING,
    budget_after=ZERO, proposed_at=NOON, expires_at=NOON + timedelta(seconds=60),
)  # fmt: skip


def test_the_card_says_what_a_tap_does_to_each_position() -> None:
    reply = closing.asks(CARD, [LONG, SHORT], LIVE)
    assert shown(reply).split("\n") == [
        "Close 2 positions?",
        "Sell XBTUSDTM 50 lots, about 3,400.00 USDT",
        "Buy back ETHUSDTM 3 lots, about 3,400.00 USDT",
        "Reduce-only, at the market, whatever the price is then.",
    ]
    assert labels(reply) == ["Confirm close", "Cancel"]
    verb, _, written = actions(reply)[0].partition(" ")
    assert (verb, read(written)) == ("close_now", CARD)


def test_of_very_many_positions_the_card_says_how_many_more() -> None:
    many = [replace(LONG, symbol=Symbol(f"COIN{n}USDTM")) for n in range(200)]
    text = shown(closing.asks(close_card("0123456789abcdef01234567", 7, NOON, many), many, TradingMode.PAPER))
    assert text.startswith("PAPER\nClose 200 positions?")
    assert "and 170 more positions" in text
    assert len(text) < 4096


@pytest.mark.parametrize("state", TicketState)
def test_every_state_of_an_order_has_its_words(state: TicketState) -> None:
    done = Executed(size=Decimal(50)) if state is TicketState.FILLED else Executed()
    reply = closing.order(replace(TICKET, state=state, executed=done, reason="because", order_id="236"), LIVE)
    first, *rest = shown(reply).split("\n")
    if state is TicketState.AWAIT_CONFIRM:
        assert (first, rest[1]) == ("Ticket T-19", "Sell 50 lots = 50 BTC, reduce-only")
    else:
        assert (first, rest[0]) == ("Ticket T-19", "SELL XBTUSDTM, market")
        assert ("Sell 50 lots, reduce-only" in rest) == (state is not TicketState.FILLED)
    assert rest
    assert ("check 19" in actions(reply)) == (state in (TicketState.UNKNOWN, TicketState.NOT_PLACED))
    if state is TicketState.FILLED:
        assert rest[1:] == ["Filled 50 lots", "KuCoin id 236", "Asked by Anna"]


ASKED = replace(
    TICKET,
    asked="/close XBTUSDTM 50% long",
    state=TicketState.AWAIT_CONFIRM,
    cost=Estimate(
        price=Decimal("67412.2"), size=Decimal("0.05"), funds=Decimal("3370.61"), fee=Decimal("2.022366"),
        notional=ZERO, free_after=Decimal(50),
    ),
)  # fmt: skip


def test_a_ticket_that_closes_says_what_leaves_and_what_stays() -> None:
    reply = closing.order(ASKED, LIVE)
    assert shown(reply).split("\n") == [
        "Ticket T-19",
        "CLOSE XBTUSDTM, market",
        "Sell 50 lots = 0.05 BTC, reduce-only",
        "about 3,370.61 USDT, fee 2.02 USDT",
        "Bid 67,412.2",
        "After: 50 lots stay open",
        "Valid 1 m, asked by Anna",
    ]
    assert (labels(reply), actions(reply)) == (["Confirm close", "Cancel"], ["reduce_now 19", "decline 19"])
    assert "After: ••• lots stay open" in shown(closing.order(ASKED, LIVE, Amounts(hidden=True)))
    whole = replace(ASKED, cost=replace(ASKED.cost, free_after=ZERO))
    assert "After: it is closed" in shown(closing.order(whole, LIVE))


@pytest.mark.parametrize("state", [TicketState.EXPIRED, TicketState.NOT_SENT, TicketState.NOT_PLACED])
def test_what_did_not_leave_can_be_quoted_again_unless_a_kill_asked_for_it(state: TicketState) -> None:
    assert "reduce XBTUSDTM 50 long" in actions(closing.order(replace(ASKED, state=state), LIVE))
    assert not any("reduce" in action for action in actions(closing.order(replace(TICKET, state=state), LIVE)))


def test_what_was_filled_tells_what_it_came_to() -> None:
    done = Executed(size=Decimal(50), funds=Decimal("3370.5"), fee=Decimal("2.0223"), fee_currency="USDT")
    text = shown(closing.order(replace(ASKED, state=TicketState.FILLED, executed=done), LIVE))
    assert "Filled 50 lots at 67,410.0 = 3,370.50 USDT, fee 2.02 USDT" in text
    half = replace(done, size=Decimal(25), funds=Decimal("1685.25"), fee=ZERO)
    card = replace(ASKED, executed=half)
    partial = shown(closing.order(replace(card, state=TicketState.PARTIAL), LIVE))
    assert "Partly filled: 25 lots at 67,410.0 = 1,685.25 USDT" in partial.split("\n")
    ended = shown(closing.order(replace(card, state=TicketState.CANCELED), TradingMode.PAPER))
    assert "Filled 25 lots at 67,410.0 = 1,685.25 USDT; the rest was cancelled." in ended.split("\n")
    assert ended.startswith("Ticket T-19  PAPER\nSELL XBTUSDTM, market\nSell 50 lots, reduce-only\n")


def test_the_average_of_an_inverse_contract_is_a_price_too() -> None:
    """A lot of XBTUSDM is one dollar: 50 of them at 50,000 are a thousandth of a coin."""
    cost = replace(ASKED.cost, price=Decimal(40000), size=Decimal(50), funds=Decimal("0.00125"))
    done = Executed(size=Decimal(50), funds=Decimal("0.001"))
    spec = replace(ASKED.spec, symbol=Symbol("XBTUSDM"))
    text = shown(closing.order(replace(ASKED, spec=spec, cost=cost, state=TicketState.FILLED, executed=done), LIVE))
    assert "Filled 50 lots at 50,000.0 = 0.001 BTC" in text.split("\n")
