"""Futures positions as people read them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.views import positions as views
from chatbot.core.account import Position
from chatbot.core.amounts import PLAIN, Amounts
from chatbot.core.market import FundingRate, Instrument, Symbol, Venue
from chatbot.core.modes import TradingMode
from chatbot.services.positions import Held, Holdings
from tests.chat.desk import NOON
from tests.chat.shown import actions, labels, shown

LIVE = TradingMode.LIVE
BTC = Symbol("XBTUSDTM")
LONG = Position(
    symbol=BTC, lots=Decimal(50), entry_price=Decimal("67000.123456"), mark_price=Decimal("67431.02"),
    liquidation_price=Decimal("54100.07"), value=Decimal("3371.55"), unrealised_pnl=Decimal("21.54"), currency="USDT",
    leverage=Decimal(5),
)  # fmt: skip
SHORT = replace(
    LONG, symbol=Symbol("ETHUSDTM"), lots=Decimal(-1), entry_price=Decimal(2500), mark_price=Decimal(2600),
    liquidation_price=Decimal(2700), unrealised_pnl=Decimal(-1), value=Decimal(26), leverage=None, cross=True,
)  # fmt: skip
PERPETUAL = Instrument(
    symbol=BTC, venue=Venue.FUTURES, base="BTC", quote="USDT", price_increment=Decimal("0.1"),
    size_increment=Decimal(1), min_size=Decimal(1), max_size=Decimal(10**6), funds_increment=Decimal("0.01"),
    min_funds=Decimal(0), max_funds=Decimal(10**12), tradable=True, taker_fee_rate=Decimal("0.0006"),
    multiplier=Decimal("0.001"),
)  # fmt: skip
FUNDING = FundingRate(
    symbol=BTC, rate=Decimal("0.000145"), predicted=None, interval=timedelta(hours=8),
    next_at=NOON + timedelta(minutes=22, seconds=5),
)  # fmt: skip
HELD = Held(position=LONG, instrument=PERPETUAL, funding=FUNDING, week=Decimal("-3.1"))
BARE = Held(position=SHORT, instrument=None)


def holdings(*held: Held) -> Holdings:
    return Holdings(held=held, read_at=NOON)


def test_a_position_tells_its_profit_its_end_and_what_funding_costs() -> None:
    reply = views.positions(holdings(HELD), PLAIN, LIVE, NOON, [LONG])
    assert shown(reply).split("\n") == [
        "1 position, PnL +21.54 USDT",
        "BTC long 50 lots = 0.05 BTC, worth 3,371.55 USDT, 5x isolated",
        "  entry 67,000.1   mark 67,431.0",
        "  PnL +21.54 USDT (+0.64 %), profit",
        "  liquidation 54,100.1, 19.8 % away",
        "  funding in 22 m: costs 0.49 USDT",
        "  funding of 7 days -3.10 USDT",
    ]
    assert labels(reply) == ["Close BTC", "Close half BTC", "Refresh", "Balance", "Hide amounts"]
    assert actions(reply)[:2] == ["reduce XBTUSDTM 100", "reduce XBTUSDTM 50"]


def test_what_could_not_be_read_is_left_out_and_losses_have_their_sign_and_word() -> None:
    reply = views.positions(holdings(HELD, BARE), PLAIN, LIVE, NOON + timedelta(seconds=9), [LONG, SHORT])
    assert shown(reply).split("\n")[7:] == [
        "ETH short 1 lot, worth 26.00 USDT, cross",
        "  entry 2,500   mark 2,600",
        "  PnL -1.00 USDT (-4.00 %), loss",
        "  liquidation 2,700, 3.8 % away",
        "9 s old",
    ]
    assert "<b>  liquidation 2,700" in reply.text
    assert "2 positions, PnL +20.54 USDT" in shown(reply)
    assert labels(reply)[2] == "Close ETH", "one lot has no half"


def test_who_hides_amounts_still_sees_the_way_of_the_price_and_the_danger() -> None:
    hidden = Amounts(hidden=True, currency="EUR", rate=Decimal("0.92"))
    reply = views.positions(holdings(HELD), hidden, LIVE, NOON, [])
    assert shown(reply).split("\n") == [
        "1 position, PnL ••• USDT",
        "BTC long ••• = ••• BTC, worth ••• USDT, 5x isolated",
        "  entry 67,000.1   mark 67,431.0",
        "  PnL ••• USDT (+0.64 %), profit",
        "  liquidation 54,100.1, 19.8 % away",
        "  funding in 22 m: costs ••• USDT",
        "  funding of 7 days ••• USDT",
    ]
    assert labels(reply) == ["Refresh", "Balance", "Peek", "Show amounts"]


def test_the_profit_is_told_in_the_persons_currency_too() -> None:
    euros = Amounts(currency="EUR", rate=Decimal("0.92"))
    assert "PnL +21.54 USDT (19.82 EUR)" in shown(views.positions(holdings(HELD), euros, LIVE, NOON, []))


@pytest.mark.parametrize(("rate", "words"), [("-0.000145", "earns 0.49 USDT"), ("0", "nothing settles")])
def test_funding_has_its_direction(rate: str, words: str) -> None:
    held = replace(HELD, funding=replace(FUNDING, rate=Decimal(rate)), week=None)
    assert f"funding in 22 m: {words}" in shown(views.positions(holdings(held), PLAIN, LIVE, NOON, []))


def test_a_cross_position_without_a_price_of_its_end_says_so() -> None:
    cross = replace(LONG, cross=True, liquidation_price=None)
    text = shown(views.positions(holdings(replace(HELD, position=cross)), PLAIN, LIVE, NOON, []))
    assert "KuCoin names no liquidation price: it is on the whole account's margin" in text


def test_a_long_and_a_short_of_one_contract_are_told_apart_on_their_buttons() -> None:
    twins = [replace(LONG, hedged=True), replace(LONG, lots=Decimal(-2), hedged=True)]
    rows = [button for row in views.close_buttons(twins) for button in row]
    assert [b.text for b in rows][::2] == ["Close XBTUSDTM long", "Close XBTUSDTM short"]
    assert [b.action for b in rows] == [
        "reduce XBTUSDTM 100 long", "reduce XBTUSDTM 50 long", "reduce XBTUSDTM 100 short", "reduce XBTUSDTM 50 short",
    ]  # fmt: skip


def test_a_price_that_hardly_moved_shows_no_nought_with_a_sign() -> None:
    held = replace(HELD, position=replace(LONG, entry_price=Decimal(67431), unrealised_pnl=Decimal("0.001")))
    assert "  PnL +0.001 USDT, profit" in shown(views.positions(holdings(held), PLAIN, LIVE, NOON, []))


def test_nothing_open_is_an_answer_too() -> None:
    reply = views.positions(holdings(), PLAIN, TradingMode.PAPER, NOON, [])
    assert shown(reply) == "PAPER\nNo position is open."
    assert labels(reply) == ["Refresh", "Balance"]
    assert shown(views.which([], LIVE)) == "No position is open."


def test_a_group_sees_no_amounts_nor_does_the_question_which() -> None:
    assert not any(sign.isdigit() for sign in shown(views.in_group()))
    reply = views.which([LONG, SHORT], LIVE)
    assert (shown(reply), labels(reply)) == (
        "Close which position?",
        ["Close BTC", "Close half BTC", "Close ETH"],
    )


@given(count=st.integers(min_value=0, max_value=60), mode=st.sampled_from(TradingMode))
def test_the_pop_up_takes_as_many_lines_as_fit_and_counts_the_rest(count: int, mode: TradingMode) -> None:
    text = views.in_short(holdings(*[HELD] * count), mode)
    assert len(text) <= 200
    rows = [line for line in text.split("\n") if line.startswith("BTC long 0.05, PnL +21.54 USDT")]
    rest = next((int(line.split()[1]) for line in text.split("\n") if line.endswith("more")), 0)
    assert len(rows) + rest == count
    assert ("No position" in text) == (not count)


@given(count=st.integers(min_value=1, max_value=120))
def test_however_many_there_are_every_one_is_shown(count: int) -> None:
    many = [replace(LONG, symbol=Symbol(f"C{n}USDTM")) for n in range(count)]
    held = [replace(HELD, position=p) for p in many]
    reply = views.positions(holdings(*held), PLAIN, LIVE, NOON, many)
    assert shown(reply).count("liquidation") == count
