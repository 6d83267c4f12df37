from decimal import Decimal

from chatbot.sandbox import listing
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.demo_account import demo_account
from chatbot.sandbox.exchange import Exchange
from chatbot.sandbox.prices import SeededWalk
from tests.sandbox.worlds import PERP, Clock


def test_a_newcomer_finds_money_in_every_pocket_and_an_open_position() -> None:
    clock = Clock()
    exchange = Exchange(SeededWalk(7, clock, listing.load()), clock)
    demo_account(exchange)
    assert {pocket for pocket, _, _ in exchange.accounts.items()} == set(Pocket)
    assert exchange.positions[PERP].lots == 50
    overview = exchange.accounts.wallet(Pocket.FUTURES, "USDT")
    assert overview.held == exchange.positions[PERP].margin
    assert exchange.accounts.available(Pocket.TRADE, "USDT") == Decimal("1240.55")
