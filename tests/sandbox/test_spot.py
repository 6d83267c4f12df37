from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import OrderType, Side
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.orders import OrderRequest, TimeInForce
from chatbot.sandbox.refusals import Refusal
from tests.sandbox.worlds import BTC, Json, SpotWorld

LAST = Decimal("67412.3")
FEE = Decimal("0.001")


def test_a_small_market_order_fills_at_the_best_price_and_pays_the_taker_fee() -> None:
    world = SpotWorld()
    order = world.market(size=Decimal("0.01"))
    fill = world.exchange.fills[0]
    assert not order.active
    assert fill.taker
    assert fill.price == LAST + Decimal("0.7")
    assert fill.fee == fill.funds * FEE
    assert world.wallet("USDT")[0] == Decimal(100_000) - fill.funds - fill.fee
    assert world.wallet("BTC")[0] == Decimal("2.01")


def test_a_big_market_order_fills_in_parts_at_worse_and_worse_prices() -> None:
    world = SpotWorld()
    world.market(size=Decimal("0.5"))
    prices = [each.price for each in world.exchange.fills]
    assert len(prices) > 3
    assert prices == sorted(set(prices))


def test_funds_are_never_overspent_fee_included() -> None:
    world = SpotWorld()
    order = world.market(funds=Decimal(50_000))
    spent = Decimal(100_000) - world.wallet("USDT")[0]
    assert spent == order.deal_funds + order.fee
    assert Decimal(49_999) < spent <= Decimal(50_000)
    assert not order.cancelled


def test_a_resting_buy_holds_its_price_and_the_taker_fee_and_gives_back_what_it_did_not_need() -> None:
    world = SpotWorld()
    order = world.place(price=Decimal(60_000), size=Decimal("0.01"))
    assert world.wallet("USDT") == (Decimal(100_000), Decimal("600.6"))
    world.move("59000")
    assert not world.now(order).active
    assert [each.taker for each in world.exchange.fills] == [False]
    assert world.wallet("USDT") == (Decimal("99399.4"), Decimal(0))


def test_a_resting_sell_holds_its_size() -> None:
    world = SpotWorld()
    order = world.place(side=Side.SELL, price=Decimal(70_000), size=Decimal("0.5"))
    assert world.wallet("BTC") == (Decimal(2), Decimal("0.5"))
    world.exchange.cancel(order)
    assert world.wallet("BTC") == (Decimal(2), Decimal(0))
    assert world.now(order).cancelled


def test_a_big_resting_order_fills_in_parts_as_time_passes_and_keeps_them_when_cancelled() -> None:
    world = SpotWorld()
    order = world.place(price=Decimal(60_000), size=Decimal("1.5"))
    world.move("59990")
    part = world.now(order)
    assert part.active
    assert 0 < part.deal_size < Decimal("1.5")
    world.exchange.advance()
    assert world.now(order).deal_size == part.deal_size
    world.pass_time(1)
    more = world.now(order)
    assert more.deal_size > part.deal_size
    world.exchange.cancel(more)
    assert world.now(order).deal_size == more.deal_size
    assert world.wallet("USDT")[1] == 0


def test_what_was_cancelled_or_filled_cannot_be_cancelled_again() -> None:
    world = SpotWorld()
    order = world.market(size=Decimal("0.01"))
    with pytest.raises(Refusal, match="400100 order_not_exist_or_not_allow_to_cancel"):
        world.exchange.cancel(order)


def test_a_client_oid_is_refused_while_its_order_lives_and_taken_again_afterwards() -> None:
    world = SpotWorld()
    first = world.place(price=Decimal(60_000), size=Decimal("0.01"))
    with pytest.raises(Refusal, match="102426"):
        world.market(size=Decimal("0.01"))
    world.exchange.cancel(first)
    world.market(size=Decimal("0.01"))
    world.market(size=Decimal("0.01"))
    assert sum(each.request.client_oid == "one" for each in world.exchange.orders.values()) == 3


RULES: list[tuple[str, dict[str, Json], str]] = [
    ("unknown symbol", {"symbol": Symbol("NOPE-USDT")}, "900001"),
    ("a contract on spot", {"symbol": Symbol("XBTUSDTM")}, "900001"),
    ("not tradable", {"symbol": Symbol("ALPACA-USDT"), "price": Decimal("0.17")}, "200001"),
    ("price between steps", {"price": Decimal("60000.05")}, "400100"),
    ("price zero", {"price": Decimal(0)}, "400100"),
    ("no price", {"price": None}, "400100"),
    ("size between steps", {"size": Decimal("0.010000001")}, "400100"),
    ("size too small", {"size": Decimal("0.000001")}, "400100"),
    ("size negative", {"size": Decimal(-1)}, "400100"),
    ("size too large", {"size": Decimal("1e11")}, "102434"),
    ("worth too little", {"price": Decimal(1), "size": Decimal("0.01")}, "600101"),
    ("limit by funds", {"funds": Decimal(10)}, "400100"),
    ("market with a price", {"type": OrderType.MARKET}, "400100"),
    ("size and funds", {"type": OrderType.MARKET, "price": None, "funds": Decimal(5)}, "400100"),
    ("tiny funds", {"type": OrderType.MARKET, "price": None, "size": None, "funds": Decimal("0.01")}, "600101"),
    ("too poor", {"size": Decimal(5)}, "200004"),
    ("oid with a space", {"client_oid": "a b"}, "400100"),
    ("oid too long", {"client_oid": "a" * 41}, "400100"),
    ("post-only IOC", {"post_only": True, "time_in_force": TimeInForce.IOC}, "400100"),
    ("GTT without an end", {"time_in_force": TimeInForce.GTT}, "400100"),
]


@pytest.mark.parametrize(("what", "change", "code"), RULES, ids=[each[0] for each in RULES])
def test_what_breaks_a_rule_is_refused_in_kucoins_words_and_leaves_no_trace(
    what: str, change: dict[str, Json], code: str
) -> None:
    world = SpotWorld()
    before = world.exchange.snapshot()
    with pytest.raises(Refusal, match=code):
        world.place(**({"price": Decimal(60_000), "size": Decimal("0.01")} | change))
    assert world.exchange.snapshot() == before, what


def test_only_the_trade_pocket_can_be_spent() -> None:
    world = SpotWorld()
    world.exchange.deposit(Pocket.MAIN, "KCS", Decimal(100))
    with pytest.raises(Refusal, match="200004"):
        world.market(symbol=Symbol("KCS-USDT"), side=Side.SELL, size=Decimal(1))


def test_a_post_only_order_that_would_take_is_cancelled() -> None:
    order = SpotWorld().place(price=Decimal(68_000), size=Decimal("0.01"), post_only=True)
    assert (order.active, order.cancelled, order.deal_size) == (False, True, Decimal(0))


def test_fill_or_kill_fills_whole_or_not_at_all() -> None:
    world = SpotWorld()
    limit = LAST + 1
    killed = world.place(price=limit, size=Decimal(1), time_in_force=TimeInForce.FOK)
    assert (killed.cancelled, killed.deal_size) == (True, Decimal(0))
    filled = world.place(price=limit, size=Decimal("0.05"), time_in_force=TimeInForce.FOK)
    assert (filled.cancelled, filled.deal_size) == (False, Decimal("0.05"))


def test_immediate_or_cancel_keeps_what_it_got() -> None:
    world = SpotWorld()
    order = world.place(price=LAST + 1, size=Decimal(1), time_in_force=TimeInForce.IOC)
    assert order.cancelled
    assert 0 < order.deal_size < 1
    assert world.wallet("USDT")[1] == 0


def test_good_till_time_ends_by_itself() -> None:
    world = SpotWorld()
    order = world.place(price=Decimal(60_000), size=Decimal("0.01"), time_in_force=TimeInForce.GTT, cancel_after=10)
    world.pass_time(9)
    assert world.now(order).active
    world.pass_time(1)
    assert world.now(order).cancelled
    assert world.wallet("USDT")[1] == 0


def test_a_limit_far_beyond_the_market_is_protected() -> None:
    world = SpotWorld()
    world.exchange.deposit(Pocket.TRADE, "USDT", Decimal(100_000_000))
    order = world.place(price=Decimal(90_000), size=Decimal(100))
    assert order.cancelled
    assert max(each.price for each in world.exchange.fills) <= (LAST + 1) * Decimal("1.1")


ORDERS = st.lists(
    st.tuples(
        st.sampled_from(list(Side)),
        st.sampled_from(["limit", "size", "funds"]),
        st.integers(min_value=1, max_value=40_000),
        st.integers(min_value=-30, max_value=30),
        st.sampled_from([TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK]),
        st.integers(min_value=-5, max_value=5),
        st.booleans(),
    ),
    max_size=12,
)


def _request(number: int, side: Side, kind: str, amount: int, distance: int, force: TimeInForce) -> OrderRequest:
    size = Decimal(amount) / 10_000
    fields: dict[str, Json] = {"client_oid": f"o{number}", "symbol": BTC, "side": side, "type": OrderType.MARKET}
    if kind == "limit":
        fields |= {"type": OrderType.LIMIT, "size": size, "price": LAST + distance * 20, "time_in_force": force}
    else:
        fields |= {"size": size} if kind == "size" else {"funds": Decimal(amount)}
    return OrderRequest(**fields)


@given(ORDERS)
def test_nothing_is_made_or_lost_but_fees_and_no_limit_is_passed(steps: list[Json]) -> None:
    world = SpotWorld()
    price = LAST
    for number, (side, kind, amount, distance, force, drift, cancel) in enumerate(steps):
        try:
            order = world.exchange.place(Venue.SPOT, _request(number, side, kind, amount, distance, force))
        except Refusal:
            continue
        price += drift * 20
        world.move(str(price))
        if cancel and world.now(order).active:
            world.exchange.cancel(order)
    _check(world)


def _check(world: SpotWorld) -> None:
    fills = world.exchange.fills
    signs = {Side.BUY: 1, Side.SELL: -1}
    base = sum((signs[each.side] * each.size for each in fills), Decimal(2))
    quote = sum((-signs[each.side] * each.funds - each.fee for each in fills), Decimal(100_000))
    assert world.wallet("BTC")[0] == base
    assert world.wallet("USDT")[0] == quote
    orders = world.exchange.orders.values()
    for currency in ("BTC", "USDT"):
        total, held = world.wallet(currency)
        assert held == sum((each.held for each in orders if each.held_currency == currency), Decimal(0))
        assert 0 <= held <= total
    for order in orders:
        mine = [each for each in fills if each.order_id == order.id]
        assert order.deal_size == sum((each.size for each in mine), Decimal(0))
        assert order.fee == sum((each.fee for each in mine), Decimal(0))
        limit = order.request.price
        for each in mine:
            assert limit is None or (each.price <= limit if order.request.side is Side.BUY else each.price >= limit)
