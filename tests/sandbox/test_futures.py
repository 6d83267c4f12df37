from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.market import Symbol
from chatbot.core.orders import OrderType, Side
from chatbot.sandbox import listing
from chatbot.sandbox.orders import Stop, Trigger
from chatbot.sandbox.positions import Position, entry_price, price_losing, profit, value
from chatbot.sandbox.refusals import Refusal
from tests.sandbox.worlds import PERP, FuturesWorld, Json

INVERSE = Symbol("XBTUSDM")


def test_a_market_order_opens_a_position_and_holds_its_margin() -> None:
    world = FuturesWorld()
    order = world.place()
    position = world.position
    assert position is not None
    assert position.lots == 10
    assert position.cost == order.deal_funds
    assert world.wallet.held == position.margin == (position.cost / 5).quantize(Decimal("1e-8"))
    assert world.wallet.total == 5_000 - order.fee


def test_closing_brings_the_profit_and_frees_the_margin() -> None:
    world = FuturesWorld()
    opened = world.place()
    world.move("70000")
    closed = world.place(close_order=True, side=Side.BUY, size=None)
    assert world.position is None
    assert world.wallet.held == 0
    gain = closed.deal_funds - opened.deal_funds
    assert gain > 0
    assert world.wallet.total == 5_000 + gain - opened.fee - closed.fee
    assert world.exchange.fills[-1].closing == closed.fee


def test_reduce_only_takes_no_more_than_there_is_and_never_opens() -> None:
    world = FuturesWorld()
    with pytest.raises(Refusal, match="300009"):
        world.place(reduce_only=True, side=Side.SELL)
    world.place()
    with pytest.raises(Refusal, match="300009"):
        world.place(reduce_only=True, side=Side.BUY)
    order = world.place(reduce_only=True, side=Side.SELL, size=Decimal(25))
    assert order.deal_size == 10
    assert world.position is None


def test_a_bigger_order_the_other_way_turns_the_position_round() -> None:
    world = FuturesWorld()
    world.place()
    world.place(side=Side.SELL, size=Decimal(15))
    assert world.position is not None
    assert world.position.lots == -5
    assert world.wallet.held == world.position.margin


def test_a_resting_order_holds_margin_and_fee_until_it_fills_or_goes() -> None:
    world = FuturesWorld()
    order = world.limit("66000")
    assert world.wallet.held == Decimal("660") * (Decimal("0.2") + Decimal("0.0006"))
    world.exchange.cancel(order)
    assert world.wallet.held == 0
    again = world.limit("66000")
    world.move("65000")
    assert world.exchange.orders[again.id].deal_size == 10
    assert world.position is not None
    assert world.wallet.held == world.position.margin


def test_a_resting_order_that_would_no_longer_reduce_is_cancelled() -> None:
    world = FuturesWorld()
    world.place()
    order = world.limit("70000", client_oid="two", side=Side.SELL, reduce_only=True)
    world.place(client_oid="three", close_order=True)
    world.move("71000")
    assert world.exchange.orders[order.id].cancelled
    assert world.position is None


RULES: list[tuple[str, dict[str, Json], str]] = [
    ("unknown symbol", {"symbol": Symbol("NOPEUSDTM")}, "200003"),
    ("a spot pair", {"symbol": Symbol("BTC-USDT")}, "200003"),
    ("half a lot", {"size": Decimal("0.5")}, "100001"),
    ("no lots", {"size": Decimal(0)}, "100001"),
    ("too many lots", {"size": Decimal(2_000_000)}, "100001"),
    ("no leverage", {"leverage": Decimal(0)}, "300016"),
    ("too much leverage", {"leverage": Decimal(101)}, "300016"),
    ("too poor", {"size": Decimal(1_000)}, "300003"),
    ("no coins for an inverse contract", {"symbol": INVERSE}, "300003"),
    ("price between steps", {"type": OrderType.LIMIT, "price": Decimal("60000.05")}, "100001"),
    ("bought too dear", {"type": OrderType.LIMIT, "price": Decimal(75_000)}, "300011"),
    ("sold too cheap", {"type": OrderType.LIMIT, "price": Decimal(60_000), "side": Side.SELL}, "300012"),
    ("nothing to close", {"close_order": True}, "300009"),
]


@pytest.mark.parametrize(("what", "change", "code"), RULES, ids=[each[0] for each in RULES])
def test_what_breaks_a_rule_is_refused_and_leaves_no_trace(what: str, change: dict[str, Json], code: str) -> None:
    world = FuturesWorld()
    before = world.exchange.snapshot()
    with pytest.raises(Refusal, match=code):
        world.place(**change)
    assert world.exchange.snapshot() == before, what


def test_a_client_oid_is_refused_only_while_its_order_lives() -> None:
    world = FuturesWorld()
    order = world.limit("66000")
    with pytest.raises(Refusal, match="300018"):
        world.place()
    world.exchange.cancel(order)
    assert world.place().deal_size == 10


def test_longs_pay_a_positive_rate_at_the_settlement_and_shorts_receive_it() -> None:
    for side, sign in ((Side.BUY, -1), (Side.SELL, 1)):
        world = FuturesWorld()
        world.place(side=side)
        funding = world.prices.funding(PERP)
        assert funding is not None
        before = world.wallet.total
        world.pass_time(4 * 3600 - 1)
        assert not world.exchange.payments
        world.pass_time(1)
        payment = world.exchange.payments[0]
        assert payment.rate == funding.rate > 0
        assert payment.amount == (sign * payment.mark * Decimal("0.01") * funding.rate).quantize(Decimal("1e-8"))
        assert world.wallet.total == before + payment.amount


def test_a_late_visit_pays_every_settlement_missed_once() -> None:
    world = FuturesWorld()
    world.place()
    world.pass_time(24 * 3600)
    world.exchange.advance()
    assert [each.time.hour for each in world.exchange.payments] == [16, 0, 8]


def test_a_position_opened_after_the_settlement_does_not_pay_it() -> None:
    world = FuturesWorld()
    world.clock.time += timedelta(hours=5)
    world.place()
    world.exchange.advance()
    assert not world.exchange.payments


@pytest.mark.parametrize(("side", "to"), [(Side.BUY, "53000"), (Side.SELL, "82000")])
def test_past_its_liquidation_price_a_position_is_closed_and_loses_no_more_than_its_margin(side: Side, to: str) -> None:
    world = FuturesWorld()
    order = world.place(side=side)
    margin = world.wallet.held
    world.move(to)
    assert world.position is None
    assert world.exchange.fills[-1].forced
    lost = 5_000 - order.fee - world.wallet.total
    assert abs(lost - margin) < Decimal("1.5")
    assert world.wallet.held == 0


def test_a_stop_order_wakes_at_its_mark_price() -> None:
    world = FuturesWorld()
    world.place()
    stop = Stop(trigger=Trigger.DOWN, price=Decimal(66_000), price_type="MP")
    parked = world.place(client_oid="stop", side=Side.SELL, close_order=True, size=None, stop=stop)
    assert world.exchange.orders[parked.id].parked
    world.move("65900")
    assert world.exchange.orders[parked.id].triggered
    assert world.position is None


def test_inverse_contracts_are_counted_in_coins() -> None:
    instrument = listing.load().listed[INVERSE].instrument
    lots, price = Decimal(1_000), Decimal(50_000)
    cost = value(instrument, lots, price)
    assert cost == Decimal("0.02")
    assert profit(instrument, lots, cost, Decimal(100_000)) == Decimal("0.01")
    assert profit(instrument, -lots, cost, Decimal(100_000)) == Decimal("-0.01")
    position = Position(
        symbol=INVERSE,
        lots=lots,
        cost=cost,
        margin=cost / 5,
        leverage=Decimal(5),
        opened_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    assert entry_price(instrument, position) == price
    bankrupt = price_losing(instrument, position, Decimal(0))
    assert bankrupt is not None
    assert abs(profit(instrument, lots, cost, bankrupt) + position.margin) < Decimal("1e-20")


STEPS = st.lists(
    st.tuples(st.sampled_from(list(Side)), st.integers(1, 60), st.integers(-800, 800), st.booleans()), max_size=15
)


@given(STEPS)
def test_what_is_held_is_the_margin_of_positions_and_orders_and_money_only_moves_by_name(steps: list[Json]) -> None:
    world = FuturesWorld()
    for number, (side, lots, away, resting) in enumerate(steps):
        price = {"type": OrderType.LIMIT, "price": Decimal(67_000 + away)} if resting else {}
        try:
            world.place(client_oid=f"o{number}", side=side, size=Decimal(lots), **price)
        except Refusal:
            continue
        world.move(str(67_000 + away))
    orders = world.exchange.orders.values()
    margin = world.position.margin if world.position else Decimal(0)
    assert world.wallet.held == margin + sum((each.held for each in orders), Decimal(0))
    bought = {Side.BUY: 1, Side.SELL: -1}
    lots_held = sum((bought[each.side] * each.size for each in world.exchange.fills), Decimal(0))
    assert lots_held == (world.position.lots if world.position else 0)
    flow = sum((-bought[each.side] * each.funds - each.fee for each in world.exchange.fills), Decimal(5_000))
    cost = world.position.cost * (1 if world.position.lots > 0 else -1) if world.position else Decimal(0)
    assert abs(world.wallet.total - (flow + cost)) < Decimal("1e-6")
