"""The card that asks before positions are closed, and the cards of its orders."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from chatbot.chat.views import closing
from chatbot.core.account import Position
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
    assert first == "T-19 sell XBTUSDTM 50 lots, reduce-only"
    assert rest
    assert ("check 19" in actions(reply)) == (state in (TicketState.UNKNOWN, TicketState.NOT_PLACED))
    if state is TicketState.FILLED:
        assert rest == ["Filled: 50 lots", "KuCoin id 236"]
