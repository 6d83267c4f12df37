"""Prices and funding as people read them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.messages import Reply
from chatbot.chat.views import market as views
from chatbot.core.account import Position
from chatbot.core.market import Contract, DayStats, FundingRate, Instrument, Symbol, Venue
from chatbot.core.numbers import plain
from chatbot.services.market import FundingLook, Look
from tests.chat.desk import NOON
from tests.chat.shown import actions, labels, shown

SPOT = Instrument(
    symbol=Symbol("BTC-USDT"), venue=Venue.SPOT, base="BTC", quote="USDT", price_increment=Decimal("0.1"),
    size_increment=Decimal("0.00000001"), min_size=Decimal("0.00001"), max_size=Decimal(10_000),
    funds_increment=Decimal("0.000001"), min_funds=Decimal("0.1"), max_funds=Decimal(10**8), tradable=True,
    taker_fee_rate=Decimal("0.001"),
)  # fmt: skip
PERPETUAL = replace(
    SPOT, symbol=Symbol("XBTUSDTM"), venue=Venue.FUTURES, size_increment=Decimal(1), multiplier=Decimal("0.001")
)
FUNDING = FundingRate(
    symbol=Symbol("XBTUSDTM"), rate=Decimal("0.000145"), predicted=Decimal("-0.00002"), interval=timedelta(hours=8),
    next_at=NOON + timedelta(hours=4, minutes=56), cap=Decimal("0.003"), floor=Decimal("-0.003"),
)  # fmt: skip
CONTRACT = Contract(
    symbol=Symbol("XBTUSDTM"), last=Decimal("67430.1"), mark=Decimal("67431.04999"), index=Decimal("67412.3"),
    change_rate=Decimal("0.02"), high=Decimal(68000), low=Decimal(65700), funding=FUNDING, time=NOON,
)  # fmt: skip
DAY = DayStats(
    symbol=Symbol("BTC-USDT"), last=Decimal("67412.3"), high=Decimal(68020), low=Decimal("65711.5"),
    change_rate=Decimal("0.0214"), time=NOON,
)  # fmt: skip
POSITION = Position(
    symbol=Symbol("XBTUSDTM"), lots=Decimal(50), entry_price=Decimal(67000), mark_price=Decimal(67431),
    liquidation_price=None, value=Decimal("3371.55"), unrealised_pnl=Decimal("21.5"), currency="USDT",
)  # fmt: skip
LOOK = Look(instrument=SPOT, day=DAY, contract=CONTRACT, read_at=NOON)
FUNDING_LOOK = FundingLook(instrument=PERPETUAL, contract=CONTRACT, rate=FUNDING, read_at=NOON)

positive = st.decimals(min_value=Decimal("1e-12"), max_value=Decimal("1e9"), places=12)
signed = st.decimals(min_value=Decimal("-0.05"), max_value=Decimal("0.05"), places=8)


def test_a_price_card_tells_all_of_it_and_the_answer_first() -> None:
    assert shown(views.price(LOOK, NOON, may_trade=True, charts=False)).split("\n") == [
        "BTC-USDT  67,412.3  +2.14 % up, 24 h",
        "high 68,020.0   low 65,711.5",
        "Perp mark 67,431.0   basis +0.03 %",
        "Funding +0.0145 %, longs pay shorts",
        "  settles in 4 h 56 m",
        "live",
    ]


@pytest.mark.parametrize(
    ("may_trade", "look", "expected"),
    [
        (True, LOOK, ["Refresh", "Funding", "Alert", "Buy", "Sell"]),
        (False, LOOK, ["Refresh", "Funding", "Alert"]),
        (True, replace(LOOK, contract=None), ["Refresh", "Alert", "Buy", "Sell"]),
        (True, replace(LOOK, instrument=PERPETUAL, day=None), ["Refresh", "Funding", "Alert"]),
        (True, replace(LOOK, contract=replace(CONTRACT, funding=None)), ["Refresh", "Alert", "Buy", "Sell"]),
    ],
)
def test_a_price_card_offers_only_what_can_be_done(look: Look, expected: list[str], *, may_trade: bool) -> None:
    assert labels(views.price(look, NOON, may_trade=may_trade, charts=False)) == expected


def test_the_alert_button_knows_what_it_would_be_about() -> None:
    def alert(reply: Reply) -> list[str]:
        return [action for action in actions(reply) if action.startswith("alert")]

    assert alert(views.price(LOOK, NOON, may_trade=False, charts=False)) == ["alert price BTC"]
    other = replace(LOOK, instrument=replace(SPOT, symbol=Symbol("ETH-BTC"), base="ETH", quote="BTC"))
    assert alert(views.price(other, NOON, may_trade=False, charts=False)) == ["alert price ETH-BTC"]
    perpetual = replace(LOOK, instrument=PERPETUAL, day=None)
    assert alert(views.price(perpetual, NOON, may_trade=False, charts=False)) == ["alert price XBTUSDTM"]
    assert alert(views.funding(FUNDING_LOOK, None, NOON)) == ["alert funding BTC"]
    inverse = replace(FUNDING_LOOK, instrument=replace(PERPETUAL, symbol=Symbol("XBTUSDM"), quote="USD"))
    assert alert(views.funding(inverse, None, NOON)) == ["alert funding XBTUSDM"]


def test_a_contract_without_a_spot_pair_has_a_card_of_its_own() -> None:
    text = shown(views.price(replace(LOOK, instrument=PERPETUAL, day=None), NOON, may_trade=True, charts=False))
    assert text.startswith("XBTUSDTM  67,430.1  +2.00 % up, 24 h\nhigh 68,000.0   low 65,700.0\n")
    assert "mark 67,431.0   index 67,412.3" in text


def test_a_coin_without_a_contract_says_nothing_of_funding() -> None:
    text = shown(views.price(replace(LOOK, contract=None), NOON, may_trade=True, charts=False))
    assert "Funding" not in text
    assert "Perp" not in text


def test_a_chart_is_offered_where_one_can_be_drawn() -> None:
    actions_of = [
        [a for a in actions(views.price(LOOK, NOON, may_trade=False, charts=c)) if "chart" in a] for c in (True, False)
    ]
    assert actions_of == [["chart BTC-USDT"], []]


def test_a_contract_nobody_traded_yet_says_so() -> None:
    empty = replace(CONTRACT, last=None, mark=None, index=None, high=None, low=None, funding=None)
    text = shown(
        views.price(
            Look(instrument=PERPETUAL, day=None, contract=empty, read_at=NOON), NOON, may_trade=True, charts=False
        )
    )
    assert text == "XBTUSDTM  no trade yet\nlive"


@pytest.mark.parametrize("price", ["0.00000123", "0.000000001", "0.0000084120", "0.1", "12", "67412.35"])
def test_a_tiny_price_never_reads_as_nothing(price: str) -> None:
    tiny = replace(SPOT, symbol=Symbol("PEPE-USDT"), price_increment=Decimal("0.000000001"))
    day = replace(DAY, last=Decimal(price), high=Decimal(price), low=Decimal(price))
    text = shown(
        views.price(Look(instrument=tiny, day=day, contract=None, read_at=NOON), NOON, may_trade=False, charts=False)
    )
    headline = text.split("\n")[0]
    assert plain(Decimal(price)) in headline.replace(",", "")


@given(last=positive, change=signed, may_trade=st.booleans())
def test_any_price_is_on_its_card_to_the_last_digit(last: Decimal, change: Decimal, *, may_trade: bool) -> None:
    day = replace(DAY, last=last, change_rate=change)
    text = shown(views.price(replace(LOOK, day=day), NOON, may_trade=may_trade, charts=False))
    assert plain(last) in text.split("\n")[0].replace(",", "")
    assert ("up" if change > 0 else "down" if change < 0 else "unchanged") in text


@pytest.mark.parametrize(("seconds", "ends"), [(0, "live"), (5, "live"), (6, "6 s old"), (3600, "1 h old")])
def test_a_price_says_how_old_it_is(seconds: int, ends: str) -> None:
    assert shown(views.price(LOOK, NOON + timedelta(seconds=seconds), may_trade=False, charts=False)).endswith(ends)


def test_several_prices_are_a_line_each_with_what_is_gone() -> None:
    reply = views.prices([LOOK, replace(LOOK, contract=None)], [Symbol("OLD-USDT")], NOON, "price BTC-USDT OLD-USDT")
    assert shown(reply).split("\n")[1:] == [
        "BTC-USDT  67,412.3  +2.14 % up, 24 h",
        "OLD-USDT is no longer listed",
        "at 12:00:00 UTC",
    ]
    assert actions(reply) == ["price BTC-USDT OLD-USDT"]


def test_a_funding_card_tells_who_pays_whom_when_and_what_is_yours() -> None:
    assert shown(views.funding(FUNDING_LOOK, POSITION, NOON)).split("\n") == [
        "BTC  +0.0145 %  longs pay shorts",
        "settles in 4 h 56 m, every 8 h",
        "predicted next -0.0020 %, shorts pay longs",
        "a year at this rate +15.88 %",
        "cap +0.3000 %   floor -0.3000 %",
        "your long of 3,371.55 USDT: you pay 0.49 USDT",
    ]


@pytest.mark.parametrize(
    ("rate", "lots", "words"),
    [
        ("0.000145", 50, "your long of 3,371.55 USDT: you pay 0.49 USDT"),
        ("0.000145", -50, "your short of 3,371.55 USDT: you receive 0.49 USDT"),
        ("-0.000145", 50, "your long of 3,371.55 USDT: you receive 0.49 USDT"),
        ("-0.000145", -50, "your short of 3,371.55 USDT: you pay 0.49 USDT"),
        ("0", 50, "your long of 3,371.55 USDT: nothing settles"),
    ],
)
def test_a_payment_of_ones_own_has_the_right_direction(rate: str, lots: int, words: str) -> None:
    look = replace(FUNDING_LOOK, rate=replace(FUNDING, rate=Decimal(rate)))
    assert words in shown(views.funding(look, replace(POSITION, lots=Decimal(lots)), NOON))


def test_a_small_payment_is_not_called_nothing() -> None:
    look = replace(FUNDING_LOOK, rate=replace(FUNDING, rate=Decimal("0.00000001")))
    assert "you pay 0.000034 USDT" in shown(views.funding(look, POSITION, NOON))


def test_a_payment_in_coins_shows_their_digits() -> None:
    position = replace(POSITION, currency="XBT", value=Decimal("0.05"))
    assert "you pay 0.00000725 XBT" in shown(views.funding(FUNDING_LOOK, position, NOON))


def test_what_kucoin_does_not_tell_is_said_to_be_missing() -> None:
    look = replace(FUNDING_LOOK, rate=replace(FUNDING, predicted=None, cap=None, floor=None))
    text = shown(views.funding(look, None, NOON))
    assert "predicted: KuCoin gives none now" in text
    assert "cap" not in text
    assert "you hold no position" in text


def test_a_settlement_that_is_due_is_not_in_the_past() -> None:
    assert "settles in 0.0 s" in shown(views.funding(FUNDING_LOOK, None, FUNDING.next_at + timedelta(seconds=9)))


@given(
    rate=signed, predicted=signed | st.none(), lots=st.integers(-9, 9).filter(bool), hours=st.sampled_from([1, 4, 8])
)
def test_any_rate_makes_a_card(rate: Decimal, predicted: Decimal | None, lots: int, hours: int) -> None:
    look = replace(FUNDING_LOOK, rate=replace(FUNDING, rate=rate, predicted=predicted, interval=timedelta(hours=hours)))
    position = replace(POSITION, lots=Decimal(lots))
    text = shown(views.funding(look, position, NOON))
    assert f"every {hours} h" in text
    assert ("longs pay" in text.split("\n")[0]) == (rate > 0)
    paying = rate * lots > 0
    assert ("you pay" in text) == paying
    assert ("you receive" in text) == (rate * lots < 0)
    listed = shown(views.fundings([look], {PERPETUAL.symbol: position}, NOON, "Funding"))
    assert f"in 4 h 56 m, every {hours} h" in listed
    assert ("you pay" in listed) == paying


def test_the_top_list_has_the_rates_furthest_from_zero_whoever_pays() -> None:
    rates = [Decimal(n) / 10_000 * (-1) ** n for n in range(1, 16)]
    looks = tuple(replace(FUNDING_LOOK, rate=replace(FUNDING, rate=rate)) for rate in rates)
    top = [look.rate.rate for look in views.top_of(looks)]
    assert top == sorted(rates, key=abs, reverse=True)[:10]


def test_an_empty_funding_list_says_what_to_do() -> None:
    assert "/watch" in shown(views.fundings([], {}, NOON, "Funding"))


def test_an_inverse_contract_is_called_by_its_own_name() -> None:
    inverse = replace(PERPETUAL, symbol=Symbol("XBTUSDM"), quote="USD", inverse=True)
    assert shown(views.funding(replace(FUNDING_LOOK, instrument=inverse), None, NOON)).startswith("XBTUSDM  +0.0145 %")


def test_a_watchlist_shows_what_is_on_it_or_how_to_fill_it() -> None:
    assert shown(views.watchlist([Symbol("BTC-USDT"), Symbol("ETH-USDT")])) == "You watch 2\nBTC-USDT\nETH-USDT"
    assert "/watch BTC ETH" in shown(views.watchlist([]))
    long = views.watchlist([Symbol(f"COIN{n}-USDT") for n in range(1000)])
    assert "COIN999-USDT" in shown(long)


def test_who_hides_amounts_sees_who_pays_and_not_how_much() -> None:
    reply = views.funding(FUNDING_LOOK, POSITION, NOON, hidden=True)
    assert shown(reply).endswith("your long of ••• USDT: you pay ••• USDT")
    assert actions(reply)[-1] == "peek funding XBTUSDTM"
    assert "peek" not in " ".join(actions(views.funding(FUNDING_LOOK, None, NOON, hidden=True)))
    assert views.share_in_short([POSITION], FUNDING) == "your long of 3,371.55 USDT: you pay 0.49 USDT"
    assert views.share_in_short([], FUNDING) == "you hold no position"
    held = {FUNDING_LOOK.instrument.symbol: POSITION}
    assert "you pay ••• USDT" in shown(views.fundings([FUNDING_LOOK], held, NOON, "Funding", hidden=True))
