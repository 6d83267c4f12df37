"""What happens to the account, told one by one to whoever listens: the websocket's private topics are made of it.

Nothing is kept for nobody: where no one listens, what happened is found in the ledger alone.
"""

from collections import deque
from datetime import datetime
from enum import Enum

from chatbot.core.values import frozen
from chatbot.sandbox.accounts import Pocket, Wallet
from chatbot.sandbox.orders import ExchangeFill, ExchangeOrder
from chatbot.sandbox.positions import FundingPayment


class Step(Enum):
    """One of an order's; the value is KuCoin's word for it."""

    RECEIVED = "received"
    OPEN = "open"
    MATCH = "match"
    FILLED = "filled"
    CANCELED = "canceled"


@frozen
class OrderStep:
    """`order` as it stood right after; `fill` is there for MATCH alone."""

    step: Step
    order: ExchangeOrder
    at: datetime
    fill: ExchangeFill | None = None


class Cause(Enum):
    """Why a wallet changed."""

    HELD = "held or released"
    TRADED = "traded"
    FUNDED = "paid or received funding"
    BROUGHT = "brought in or taken out"


@frozen
class WalletChange:
    """`order` and `fill` are those that moved it, where any did."""

    pocket: Pocket
    currency: str
    before: Wallet
    after: Wallet
    cause: Cause
    at: datetime
    order: ExchangeOrder | None = None
    fill: ExchangeFill | None = None


Entry = OrderStep | WalletChange | FundingPayment


class Journal:
    def __init__(self) -> None:
        self._listeners: list[deque[Entry]] = []

    def listen(self) -> deque[Entry]:
        """Everything from now on, oldest first; the listener takes it out."""
        entries: deque[Entry] = deque()
        self._listeners.append(entries)
        return entries

    def write(self, entry: Entry) -> None:
        for listener in self._listeners:
            listener.append(entry)
