"""What somebody at the page may do to the market: push a price, and see what the bot has to say of it."""

from decimal import Decimal

from chatbot.core.market import Symbol
from chatbot.sandbox.prices import SeededWalk

PUSHED = (Symbol("BTC-USDT"), Symbol("ETH-USDT"), Symbol("SOL-USDT"))
STEPS = (-2, -1, 1, 2)
"""In percent of where the price is."""


class PageMarket:
    def __init__(self, prices: SeededWalk) -> None:
        self._prices = prices

    def push(self, symbol: str, percent: int) -> Decimal:
        """The new price. Raises ValueError for what the page does not offer."""
        quote = self._prices.quote(Symbol(symbol)) if symbol in PUSHED and percent in STEPS else None
        if quote is None:
            raise ValueError("no such push")
        self._prices.move(quote.symbol, quote.last * (100 + percent) / 100)
        pushed = self._prices.quote(quote.symbol)
        return quote.last if pushed is None else pushed.last
