"""The account's pockets: what is in them, and what of it is held."""

from dataclasses import replace
from decimal import Decimal
from enum import Enum

from chatbot.core.values import frozen
from chatbot.sandbox.orders import ZERO


class Pocket(Enum):
    MAIN = "main"
    TRADE = "trade"
    FUTURES = "futures"


@frozen
class Wallet:
    total: Decimal = ZERO
    held: Decimal = ZERO

    @property
    def available(self) -> Decimal:
        return self.total - self.held


class Accounts:
    """Wallets by pocket and currency. A hold never goes below zero."""

    def __init__(self) -> None:
        self._wallets: dict[tuple[Pocket, str], Wallet] = {}
        self._touched: dict[tuple[Pocket, str], Wallet] = {}

    def wallet(self, pocket: Pocket, currency: str) -> Wallet:
        return self._wallets.get((pocket, currency), Wallet())

    def available(self, pocket: Pocket, currency: str) -> Decimal:
        return self.wallet(pocket, currency).available

    def add(self, pocket: Pocket, currency: str, amount: Decimal) -> None:
        """`amount` may be negative."""
        wallet = self.wallet(pocket, currency)
        self._change(pocket, currency, wallet, replace(wallet, total=wallet.total + amount))

    def hold(self, pocket: Pocket, currency: str, amount: Decimal) -> None:
        """A negative `amount` releases."""
        wallet = self.wallet(pocket, currency)
        if wallet.held + amount < 0:
            raise ValueError(f"{pocket.value} {currency}: {-amount} to release, {wallet.held} held")
        self._change(pocket, currency, wallet, replace(wallet, held=wallet.held + amount))

    def _change(self, pocket: Pocket, currency: str, before: Wallet, after: Wallet) -> None:
        self._touched.setdefault((pocket, currency), before)
        self._wallets[pocket, currency] = after

    def changes(self) -> list[tuple[Pocket, str, Wallet, Wallet]]:
        """What changed since the last call: before and after, each wallet once."""
        touched, self._touched = self._touched, {}
        pairs = [
            (pocket, currency, before, self._wallets[pocket, currency])
            for (pocket, currency), before in touched.items()
        ]
        return [each for each in pairs if each[2] != each[3]]

    def items(self) -> list[tuple[Pocket, str, Wallet]]:
        return [(pocket, currency, wallet) for (pocket, currency), wallet in self._wallets.items()]

    def put(self, pocket: Pocket, currency: str, wallet: Wallet) -> None:
        self._wallets[pocket, currency] = wallet
