"""The three halves of the signed service, handed around as one."""

from dataclasses import dataclass

from chatbot.kucoin.account import Account
from chatbot.kucoin.market import Market
from chatbot.kucoin.orders import Orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """In paper mode `market` is the real KuCoin while `account` and `orders` are the sandbox's."""

    market: Market
    account: Account
    orders: Orders
