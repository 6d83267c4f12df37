import secrets
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.account import Position
from chatbot.core.closing import CloseCard, close_card, read
from chatbot.core.errors import TicketGone
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import OUR_PREFIX, OrderType, Side

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
LIFE = timedelta(seconds=60)


def position(symbol: str, lots: int) -> Position:
    zero = Decimal(0)
    return Position(
        symbol=Symbol(symbol), lots=Decimal(lots), entry_price=zero, mark_price=zero, liquidation_price=None,
        value=zero, unrealised_pnl=zero, currency="USDT",
    )  # fmt: skip


def card(*positions: Position) -> CloseCard:
    return close_card(secrets.token_hex(12), 7, NOON, positions)


@given(
    st.lists(
        st.tuples(st.from_regex(r"[A-Z0-9]{2,12}USDTM", fullmatch=True), st.integers(-(10**9), 10**9).filter(bool)),
        max_size=5,
    )
)
def test_what_is_written_behind_the_button_is_read_back(shown: list[tuple[str, int]]) -> None:
    one = card(*(position(symbol, lots) for symbol, lots in shown))
    assert read(one.written()) == one


def test_a_long_is_sold_and_a_short_bought_back_each_for_what_was_shown() -> None:
    held = position("XBTUSDTM", 50), position("ETHUSDTM", -3)
    one = card(*held)
    (first, _), (second, of) = one.orders(held)
    assert (first.side, first.size) == (Side.SELL, Decimal(50))
    assert (first.venue, first.type) == (Venue.FUTURES, OrderType.MARKET)
    assert (second.side, second.size, of) == (Side.BUY, Decimal(3), held[1])
    assert first.client_oid != second.client_oid
    assert all(oid.startswith(OUR_PREFIX) and len(oid) <= 40 for oid in (first.client_oid, second.client_oid))
    assert one.orders(held)[0][0].client_oid == first.client_oid
    assert card(*held).orders(held)[0][0].client_oid != first.client_oid


@pytest.mark.parametrize(("now", "lots"), [(20, 20), (80, 50), (-50, None), (None, None)])
def test_only_what_was_shown_and_is_still_there_is_closed(now: int | None, lots: int | None) -> None:
    held = [] if now is None else [position("XBTUSDTM", now)]
    orders = card(position("XBTUSDTM", 50)).orders(held)
    assert [spec.size for spec, _ in orders] == ([] if lots is None else [lots])


def test_a_long_and_a_short_of_one_contract_are_two_orders() -> None:
    held = position("XBTUSDTM", 5), position("XBTUSDTM", -7)
    orders = [(spec.side, spec.size) for spec, _ in card(*held).orders(held)]
    assert orders == [(Side.SELL, Decimal(5)), (Side.BUY, Decimal(7))]


@pytest.mark.parametrize(
    ("person", "seconds", "fine"),
    [(7, 0, True), (7, 59.9, True), (7, 60, False), (7, -4, True), (7, -3600, False), (8, 0, False)],
)
def test_a_card_is_its_persons_and_lasts_a_minute_by_a_clock_that_was_not_set(
    person: int, seconds: float, fine: bool
) -> None:
    one, now = card(position("XBTUSDTM", 5)), NOON + timedelta(seconds=seconds)
    if fine:
        one.check(person, now, LIFE)
    else:
        with pytest.raises(TicketGone):
            one.check(person, now, LIFE)
