import json
from datetime import timedelta
from decimal import Decimal

from chatbot.core.market import Symbol
from chatbot.core.orders import Side
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.demo_account import demo_account
from chatbot.sandbox.exchange import Exchange
from chatbot.sandbox.orders import Stop, Trigger
from tests.sandbox.worlds import SpotWorld


def test_a_stop_order_waits_for_its_price_and_then_goes_to_market() -> None:
    world = SpotWorld()
    stop = Stop(trigger=Trigger.DOWN, price=Decimal(65_000))
    parked = world.market(side=Side.SELL, size=Decimal("0.1"), stop=stop)
    world.pass_time(60)
    assert world.now(parked).parked
    world.move("64999")
    assert world.now(parked).triggered
    assert sum(each.size for each in world.exchange.fills) == Decimal("0.1")


def test_a_stop_order_that_cannot_be_paid_when_it_wakes_ends_cancelled() -> None:
    world = SpotWorld()
    parked = world.market(side=Side.SELL, size=Decimal(50), stop=Stop(trigger=Trigger.UP, price=Decimal(70_000)))
    world.move("71000")
    assert world.now(parked).triggered
    assert world.now(parked).cancelled
    assert not world.exchange.fills


def test_the_dead_mans_switch_falls_late_and_once_and_only_on_its_symbols() -> None:
    world = SpotWorld(dead_man_lag=timedelta(seconds=7))
    ours = world.place(client_oid="a", price=Decimal(60_000), size=Decimal("0.01"))
    other = world.place(client_oid="b", symbol=Symbol("ETH-USDT"), price=Decimal(2_000), size=Decimal("0.1"))
    world.exchange.arm_dead_man(5, ("BTC-USDT",))
    world.pass_time(11)
    assert world.now(ours).active
    world.pass_time(1)
    assert world.now(ours).cancelled
    assert world.now(other).active
    again = world.place(client_oid="c", price=Decimal(60_000), size=Decimal("0.01"))
    world.pass_time(60)
    assert world.now(again).active


def test_renewing_or_disarming_the_switch_holds_it_off() -> None:
    world = SpotWorld()
    order = world.place(price=Decimal(60_000), size=Decimal("0.01"))
    world.exchange.arm_dead_man(60, ())
    world.pass_time(50)
    world.exchange.arm_dead_man(60, ())
    world.pass_time(50)
    assert world.now(order).active
    world.exchange.arm_dead_man(-1, ())
    world.pass_time(500)
    assert world.now(order).active


def test_a_snapshot_survives_json_and_goes_on_where_it_stopped() -> None:
    world = SpotWorld()
    demo_account(world.exchange)
    order = world.place(price=Decimal(60_000), size=Decimal("1.5"))
    world.market(client_oid="two", funds=Decimal(500))
    world.move("59990")
    saved = json.loads(json.dumps(world.exchange.snapshot()))
    again = Exchange(world.prices, world.clock)
    again.restore(saved)
    assert again.snapshot() == world.exchange.snapshot()
    assert again.orders == world.exchange.orders
    assert again.positions == world.exchange.positions
    again.cancel(again.orders[order.id])
    assert again.accounts.wallet(Pocket.TRADE, "USDT").held == 0
