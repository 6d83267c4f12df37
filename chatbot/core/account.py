"""What the account holds, what a key may do, and what it is all worth."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum

from chatbot.core.market import Symbol
from chatbot.core.values import frozen


class AccountKind(Enum):
    """KuCoin's two spot pockets. Only TRADE can be spent by orders."""

    MAIN = "main"
    TRADE = "trade"


@frozen
class Balance:
    kind: AccountKind
    currency: str
    total: Decimal
    available: Decimal
    held: Decimal


@frozen
class FuturesBalance:
    """The futures pocket of one settlement currency. `equity` includes unrealised profit."""

    currency: str
    equity: Decimal
    available: Decimal
    position_margin: Decimal
    order_margin: Decimal
    unrealised_pnl: Decimal


@frozen
class Position:
    """An open futures position. `lots` is signed: positive is long. `value` is in `currency`, unsigned.

    `cross`: it shares its margin with others. `hedged`: a long and a short may stand side by side.
    `leverage` is what it was opened with, where KuCoin says.
    """

    symbol: Symbol
    lots: Decimal
    entry_price: Decimal
    mark_price: Decimal
    liquidation_price: Decimal | None
    value: Decimal
    unrealised_pnl: Decimal
    currency: str
    cross: bool = False
    hedged: bool = False
    leverage: Decimal | None = None


class AccountMode(Enum):
    CLASSIC = "classic"
    UNIFIED = "unified"


@frozen
class KeyInfo:
    """What KuCoin says of an API key; none of it is secret."""

    permissions: frozenset[str]
    ip_bound: bool
    version: int
    uid: str
    master: bool
    created_at: datetime


@frozen
class Valued:
    """A holding and its worth in USDT; None where no price is known."""

    currency: str
    total: Decimal
    held: Decimal
    worth: Decimal | None


DUST = Decimal(1)
"""Holdings worth less than this many USDT are folded into one line."""


def value_in_usdt(currency: str, amount: Decimal, prices: Mapping[str, Decimal]) -> Decimal | None:
    """`prices` maps a currency to the USDT price of one unit. None when it has none."""
    if currency == "USDT" or not amount:
        return amount
    price = prices.get(currency)
    return None if price is None else amount * price


def valued(balances: Iterable[Balance], kind: AccountKind, prices: Mapping[str, Decimal]) -> tuple[Valued, ...]:
    """The non-empty holdings of one pocket, dearest first, those without a price last."""
    rows = [
        Valued(currency=b.currency, total=b.total, held=b.held, worth=value_in_usdt(b.currency, b.total, prices))
        for b in balances
        if b.kind is kind and b.total
    ]
    return tuple(sorted(rows, key=lambda v: (v.worth is None, -(v.worth or Decimal(0)), v.currency)))
