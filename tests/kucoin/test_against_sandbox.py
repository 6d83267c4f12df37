"""The whole room against the sandbox's KuCoin, which checks what KuCoin checks, called in-process as in paper mode."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from chatbot.core.account import AccountKind, AccountMode
from chatbot.core.errors import (
    BadCredentials,
    InsufficientBalance,
    KucoinError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
    UnknownOrder,
)
from chatbot.core.exchange import Resting, ServiceStatus
from chatbot.core.market import Instrument, Symbol, Venue
from chatbot.core.orders import OrderSpec, OrderStatus, OrderType, Side
from chatbot.core.values import frozen
from chatbot.kucoin.account import Account
from chatbot.kucoin.clock import ExchangeClock
from chatbot.kucoin.market import Market
from chatbot.kucoin.orders import Orders
from chatbot.kucoin.pools import Pools
from chatbot.kucoin.rest import Host, Rest
from chatbot.kucoin.signing import Credentials
from chatbot.kucoin.trips import Deadlines
from chatbot.sandbox.faults import Fault
from tests.sandbox.kucoin_caller import World

BTC, PERP = Symbol("BTC-USDT"), Symbol("XBTUSDTM")
DEADLINES = Deadlines(read=0.3, cancel=0.3, order=0.3)


@frozen
class Bot:
    """The room's three faces, and the exchange they talk to."""

    world: World
    market: Market
    account: Account
    orders: Orders

    def instrument(self, symbol: Symbol) -> Instrument:
        (found,) = (each for each in asyncio.run(self.market.instruments()) if each.symbol == symbol)
        return found

    def switch(self, fault: Fault) -> None:
        self.world.faults.switch(fault, on=True)


def bot_of(world: World, *, key: str = "", secret: str = "", passphrase: str = "") -> Bot:
    """Signed with the world's own key, but for what is given."""

    async def sleep(seconds: float) -> None:
        world.clock.advance(seconds)

    credentials = Credentials(
        key=key or world.key.key,
        secret=secret or world.key.secret,
        passphrase=passphrase or world.key.passphrase,
    )
    clock, pools = ExchangeClock(world.clock), Pools(now=world.clock, sleep=sleep)
    spot, futures = (
        Rest(
            Host(
                url=f"http://paper/{venue.value}",
                venue=venue,
                credentials=credentials,
                app=world.face.app,
                deadlines=DEADLINES,
            ),
            clock=clock,
            pools=pools,
            sleep=sleep,
        )
        for venue in (Venue.SPOT, Venue.FUTURES)
    )
    return Bot(world=world, market=Market(spot, futures), account=Account(spot, futures), orders=Orders(spot, futures))


@pytest.fixture
def bot() -> Bot:
    return bot_of(World())


def spec(**changes: object) -> OrderSpec:
    fields: dict[str, object] = {
        "client_oid": "t418",
        "symbol": BTC,
        "venue": Venue.SPOT,
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "size": Decimal("0.01"),
        "funds": None,
        "price": Decimal("60000"),
    }
    return OrderSpec(**(fields | changes))  # type: ignore[arg-type]


MARKET = {"type": OrderType.MARKET, "size": None, "price": None, "funds": Decimal(100)}
LOTS = {"venue": Venue.FUTURES, "symbol": PERP, "size": Decimal(10)}


def test_the_catalogue_holds_both_venues(bot: Bot) -> None:
    spot, futures = bot.instrument(BTC), bot.instrument(PERP)
    assert (spot.venue, spot.base, spot.quote, spot.tradable) == (Venue.SPOT, "BTC", "USDT", True)
    assert (futures.venue, futures.base, futures.multiplier) == (Venue.FUTURES, "BTC", Decimal("0.001"))


def test_prices_of_one_and_of_all(bot: Bot) -> None:
    for symbol in (BTC, PERP):
        ticker = asyncio.run(bot.market.ticker(bot.instrument(symbol)))
        assert ticker.bid <= ticker.price <= ticker.ask
        assert abs(ticker.time - bot.world.clock()) < timedelta(minutes=1)
    stats = {each.symbol: each for each in asyncio.run(bot.market.all_stats())}
    assert stats[BTC].last == asyncio.run(bot.market.stats(BTC)).last > 0


def test_funding_from_the_list_and_from_its_own_question_agree(bot: Bot) -> None:
    (listed,) = (each for each in asyncio.run(bot.market.contracts()) if each.symbol == PERP)
    alone = asyncio.run(bot.market.contract(PERP))
    current = asyncio.run(bot.market.funding(PERP))
    assert listed.funding is not None
    assert alone.funding is not None
    assert listed.funding.rate == alone.funding.rate == current.rate
    assert listed.funding.interval == current.interval
    assert abs(listed.funding.next_at - current.next_at) < timedelta(seconds=1)
    assert current.next_at > bot.world.clock()


def test_what_the_account_holds_and_what_the_key_may_do(bot: Bot) -> None:
    held = {(each.kind, each.currency): each.total for each in asyncio.run(bot.account.balances())}
    assert held[AccountKind.MAIN, "USDT"] == 500
    assert held[AccountKind.TRADE, "USDT"] == 10_000
    futures = asyncio.run(bot.account.futures_balance())
    assert (futures.currency, futures.equity, futures.available) == ("USDT", Decimal(5000), Decimal(5000))
    for venue in Venue:
        key = asyncio.run(bot.account.key_info(venue))
        assert (key.permissions, key.ip_bound) == (frozenset({"General", "Spot", "Futures"}), False)
    assert asyncio.run(bot.account.mode()) is AccountMode.CLASSIC
    assert asyncio.run(bot.account.positions()) == ()


def test_the_account_can_be_a_unified_one(bot: Bot) -> None:
    bot.world.exchange.unified = True
    assert asyncio.run(bot.account.mode()) is AccountMode.UNIFIED


def test_fees_status_and_address(bot: Bot) -> None:
    for symbol in (BTC, PERP):
        assert Decimal(0) < asyncio.run(bot.account.taker_fee_rate(bot.instrument(symbol))) < Decimal("0.01")
    for venue in Venue:
        assert asyncio.run(bot.market.service(venue)) is ServiceStatus.OPEN
    assert asyncio.run(bot.market.own_address())
    bot.switch(Fault.MAINTENANCE)
    assert asyncio.run(bot.market.service(Venue.SPOT)) is ServiceStatus.CLOSED
    bot.world.faults.clear()
    bot.switch(Fault.CANCEL_ONLY)
    assert asyncio.run(bot.market.service(Venue.FUTURES)) is ServiceStatus.CANCEL_ONLY


@pytest.mark.parametrize("order", [spec(), spec(**LOTS)])
def test_a_resting_order_is_found_listed_and_cancelled(bot: Bot, order: OrderSpec) -> None:
    order_id = asyncio.run(bot.orders.place(order))
    found = asyncio.run(bot.orders.find(order.client_oid, order.symbol, order.venue))
    assert found == asyncio.run(bot.orders.by_id(order_id, order.symbol, order.venue))
    assert (found.order_id, found.client_oid, found.status) == (order_id, "t418", OrderStatus.OPEN)
    assert (found.price, found.size) == (order.price, order.size)
    assert asyncio.run(bot.orders.open_orders()) == asyncio.run(bot.orders.open_orders(order.venue)) == (found,)
    asyncio.run(bot.orders.cancel(order_id, order.symbol, order.venue))
    assert asyncio.run(bot.orders.open_orders()) == ()
    since = found.created_at - timedelta(minutes=1)
    (closed,) = asyncio.run(bot.orders.closed_orders(order.symbol, order.venue, since))
    assert (closed.order_id, closed.status) == (order_id, OrderStatus.CANCELED)
    with pytest.raises(UnknownOrder):
        asyncio.run(bot.orders.cancel(order_id, order.symbol, order.venue))


def test_a_market_order_fills_and_its_fills_add_up(bot: Bot) -> None:
    order_id = asyncio.run(bot.orders.place(spec(**MARKET)))
    found = asyncio.run(bot.orders.by_id(order_id, BTC, Venue.SPOT))
    assert found.status is OrderStatus.FILLED
    fills = asyncio.run(bot.orders.fills(order_id, BTC, Venue.SPOT))
    assert sum(fill.size for fill in fills) == found.filled_size > 0
    assert sum(fill.funds for fill in fills) == found.filled_funds
    assert sum(fill.fee for fill in fills) == found.fee > 0
    since = found.created_at - timedelta(seconds=1)
    assert asyncio.run(bot.orders.recent_fills(BTC, Venue.SPOT, since)) == fills


def test_a_futures_order_fills_in_lots_and_leaves_a_position(bot: Bot) -> None:
    order = spec(**LOTS | {"type": OrderType.MARKET, "price": None, "side": Side.SELL})
    order_id = asyncio.run(bot.orders.place(order, leverage=5))
    found = asyncio.run(bot.orders.by_id(order_id, PERP, Venue.FUTURES))
    fills = asyncio.run(bot.orders.fills(order_id, PERP, Venue.FUTURES))
    assert sum(fill.size for fill in fills) == found.filled_size == 10
    assert asyncio.run(bot.orders.latest_futures_fills()) == fills
    (position,) = asyncio.run(bot.account.positions())
    assert (position.symbol, position.lots, position.currency) == (PERP, Decimal(-10), "USDT")
    reduce = spec(**LOTS | {"type": OrderType.MARKET, "price": None, "client_oid": "t419"})
    asyncio.run(bot.orders.place(reduce, reduce_only=True))
    assert asyncio.run(bot.account.positions()) == ()


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"size": Decimal(1000)}, InsufficientBalance),
        ({"size": Decimal("0.012345678901")}, Rejected),
        ({"price": Decimal("60000.00001")}, Rejected),
        ({"size": Decimal("0.00000001")}, Rejected),
        ({"symbol": Symbol("NOT-THERE")}, Rejected),
        ({**LOTS, "size": Decimal(100_000)}, InsufficientBalance),
    ],
)
def test_a_refused_order_is_refused_for_certain_and_leaves_nothing(
    bot: Bot, changes: dict[str, object], kind: type[KucoinError]
) -> None:
    with pytest.raises(kind) as refused:
        asyncio.run(bot.orders.place(spec(**changes)))
    assert refused.value.code in str(refused.value)
    assert not bot.world.exchange.orders


def test_a_used_client_oid_is_in_doubt_for_its_order_exists(bot: Bot) -> None:
    asyncio.run(bot.orders.place(spec()))
    with pytest.raises(OutcomeUnknown):
        asyncio.run(bot.orders.place(spec()))
    assert len(bot.world.exchange.orders) == 1


@pytest.mark.parametrize("order", [spec(), spec(**LOTS)])
def test_an_order_nobody_placed_is_not_known(bot: Bot, order: OrderSpec) -> None:
    for question in (
        bot.orders.find(order.client_oid, order.symbol, order.venue),
        bot.orders.by_id("69aa0000000000000000dead", order.symbol, order.venue),
    ):
        with pytest.raises(UnknownOrder):
            asyncio.run(question)


@pytest.mark.parametrize(
    ("fault", "exists"), [(Fault.LOST_ANSWER, True), (Fault.ERROR_AFTER_ACCEPT, True), (Fault.LOST_REQUEST, False)]
)
@pytest.mark.parametrize("order", [spec(), spec(**LOTS)])
def test_an_order_in_doubt_is_posted_once_and_the_look_up_tells(
    bot: Bot, order: OrderSpec, fault: Fault, exists: bool
) -> None:
    bot.switch(fault)
    with pytest.raises(OutcomeUnknown):
        asyncio.run(bot.orders.place(order))
    assert bot.world.exchange.posts == ["t418"]
    bot.world.faults.clear()
    if exists:
        assert asyncio.run(bot.orders.find("t418", order.symbol, order.venue)).active
        return
    with pytest.raises(UnknownOrder):
        asyncio.run(bot.orders.find("t418", order.symbol, order.venue))


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.GARBAGE, Fault.TRUNCATED, Fault.HUGE])
def test_answers_of_no_use_are_no_answers(bot: Bot, fault: Fault) -> None:
    asyncio.run(bot.account.balances())
    bot.switch(fault)
    with pytest.raises(Unavailable):
        asyncio.run(bot.account.balances())
    with pytest.raises(OutcomeUnknown):
        asyncio.run(bot.orders.place(spec()))
    assert len(bot.world.exchange.posts) <= 1


def test_a_budget_used_up_is_known_for_what_it_is(bot: Bot) -> None:
    asyncio.run(bot.account.balances())
    bot.switch(Fault.RATE_LIMITED)
    with pytest.raises(RateLimited) as refused:
        asyncio.run(bot.orders.place(spec()))
    assert refused.value.retry_after > timedelta(0)
    assert bot.world.exchange.posts == []


def test_maintenance_refuses_orders_for_certain(bot: Bot) -> None:
    bot.switch(Fault.MAINTENANCE)
    with pytest.raises(Rejected, match="suspended"):
        asyncio.run(bot.orders.place(spec()))


def test_a_clock_two_minutes_off_is_measured_and_orders_go_through(bot: Bot) -> None:
    bot.switch(Fault.CLOCK_AHEAD)
    asyncio.run(bot.orders.place(spec()))
    assert len(bot.world.exchange.orders) == 1


def test_a_clock_that_jumps_later_costs_a_question_nothing_and_an_order_one_refusal(bot: Bot) -> None:
    asyncio.run(bot.account.balances())
    bot.switch(Fault.CLOCK_AHEAD)
    with pytest.raises(Rejected, match="clock"):
        asyncio.run(bot.orders.place(spec()))
    asyncio.run(bot.orders.place(spec()))
    assert bot.world.exchange.posts == ["t418"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"key": "x"}, "API key"), ({"secret": "x"}, "passphrase"), ({"passphrase": "x"}, "passphrase")],
)
def test_wrong_credentials_are_told_apart(wrong: dict[str, str], words: str) -> None:
    with pytest.raises(BadCredentials, match=words):
        asyncio.run(bot_of(World(), **wrong).account.balances())


def test_a_missing_permission_is_named() -> None:
    bot = bot_of(World(permissions=frozenset({"General", "Spot"})))
    with pytest.raises(BadCredentials, match="permission Futures"):
        asyncio.run(bot.account.positions())
    assert asyncio.run(bot.orders.open_orders(Venue.SPOT)) == ()


def test_a_refused_address_is_named() -> None:
    with pytest.raises(BadCredentials, match=r"127\.0\.0\.1"):
        asyncio.run(bot_of(World(ips=frozenset({"203.0.113.7"}))).account.balances())


def test_everything_resting_is_swept_wherever_it_rests(bot: Bot) -> None:
    placed = spec(), spec(symbol=Symbol("ETH-USDT"), price=Decimal(1000)), spec(**LOTS)
    for number, order in enumerate(placed):
        asyncio.run(bot.orders.place(replace(order, client_oid=f"t{number}")))
    found = [each for place in Resting for each in asyncio.run(bot.orders.resting(place))]
    assert len(found) == 3
    for contracts in ([Symbol("XBTUSDTM")], None):
        for place in Resting:
            sweep = asyncio.run(bot.orders.cancel_place(place, contracts))
            assert (sweep.place, sweep.error, sweep.failed) == (place, None, ())
    assert asyncio.run(bot.orders.open_orders()) == ()
    assert not any(order.active for order in bot.world.exchange.orders.values())
