"""How the amounts of the account are written for one reader: hidden or not, and in which currency besides USDT."""

from decimal import Decimal

from chatbot.core.values import frozen

HIDDEN = "•••"
"""Stands in place of an amount, of whatever size."""


@frozen
class Amounts:
    """`rate` is the price of one USDT in `currency`; None where there is no such currency, or no price now."""

    hidden: bool = False
    currency: str = ""
    rate: Decimal | None = None

    def of(self, written: str) -> str:
        """An amount as it was written, or what stands in its place."""
        return HIDDEN if self.hidden else written

    def beside(self, usdt: Decimal) -> str:
        """` (5,990.12 EUR)`, to follow an amount in USDT; empty for who wants no other currency."""
        if self.rate is None or self.hidden:
            return ""
        return f" ({usdt * self.rate:z,.2f} {self.currency})"


PLAIN = Amounts()
"""Everything shown, in USDT."""
