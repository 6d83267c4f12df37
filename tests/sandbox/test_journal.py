from decimal import Decimal
from itertools import pairwise

from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.journal import Cause, OrderStep, Step, WalletChange
from tests.sandbox.worlds import FuturesWorld, SpotWorld


def test_a_listener_hears_what_happens_from_then_on() -> None:
    world = SpotWorld()
    heard = world.exchange.listen()
    order = world.place(price=Decimal(60_000), size=Decimal(1))
    world.exchange.cancel(order)
    steps = [entry.step for entry in heard if isinstance(entry, OrderStep)]
    assert steps == [Step.RECEIVED, Step.OPEN, Step.CANCELED]
    late = world.exchange.listen()
    world.exchange.deposit(Pocket.MAIN, "USDT", Decimal(5))
    assert len(heard) == len(steps) + 3
    assert list(late) == [heard[-1]]


def test_changes_of_one_moment_are_one_and_add_up() -> None:
    world = SpotWorld()
    heard = world.exchange.listen()
    world.place(price=Decimal(67_000), size=Decimal("0.5"))
    world.market(client_oid="two", size=Decimal("0.3"))
    for price in ("66900", "66800", "66700", "66600"):
        world.move(price)
    changes = [entry for entry in heard if isinstance(entry, WalletChange)]
    assert {change.cause for change in changes} == {Cause.HELD, Cause.TRADED}
    for currency, start in (("USDT", Decimal(100_000)), ("BTC", Decimal(2))):
        chain = [change for change in changes if change.currency == currency]
        assert chain[0].before.total == start
        assert all(one.after == two.before for one, two in pairwise(chain))
        assert chain[-1].after == world.exchange.accounts.wallet(Pocket.TRADE, currency)
        assert all(change.before != change.after for change in chain)
        assert all(change.fill is not None for change in chain if change.cause is Cause.TRADED)


def test_a_position_moves_the_futures_wallet_alone() -> None:
    world = FuturesWorld()
    heard = world.exchange.listen()
    world.place()
    world.pass_time(8 * 3600)
    world.place(client_oid="out", close_order=True)
    changes = [entry for entry in heard if isinstance(entry, WalletChange)]
    assert {change.pocket for change in changes} == {Pocket.FUTURES}
    assert {change.cause for change in changes} == {Cause.TRADED, Cause.FUNDED}
    assert all(one.after == two.before for one, two in pairwise(changes))
    assert changes[-1].after == world.wallet
