"""The account a newcomer finds: some money in every pocket, some dust, and an open position."""

from decimal import Decimal

from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import OrderType, Side
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.exchange import Exchange
from chatbot.sandbox.orders import OrderRequest

_POCKETS = (
    (Pocket.MAIN, "USDT", "412"),
    (Pocket.TRADE, "USDT", "1240.55"),
    (Pocket.TRADE, "BTC", "0.0421"),
    (Pocket.TRADE, "KCS", "0.0312"),
    (Pocket.TRADE, "DOGE", "2.61"),
    (Pocket.TRADE, "PEPE", "41250"),
    (Pocket.FUTURES, "USDT", "2018.4"),
)


def demo_account(exchange: Exchange) -> None:
    """Fill an exchange in which nothing has happened yet. Raises Refusal when XBTUSDTM has no price."""
    for pocket, currency, amount in _POCKETS:
        exchange.deposit(pocket, currency, Decimal(amount))
    order = OrderRequest(
        client_oid="demo-position",
        symbol=Symbol("XBTUSDTM"),
        side=Side.BUY,
        type=OrderType.MARKET,
        size=Decimal(50),
        leverage=Decimal(5),
    )
    exchange.place(Venue.FUTURES, order)
