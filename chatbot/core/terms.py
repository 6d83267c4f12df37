"""What an order meets at this moment: the market, the fee, and the money that may be spent."""

from decimal import Decimal

from chatbot.core.errors import Refused
from chatbot.core.market import Book, Instrument, Ticker
from chatbot.core.numbers import tidy
from chatbot.core.orders import Side
from chatbot.core.values import frozen


@frozen
class Terms:
    """What an order would meet right now.

    `base_free` and `quote_free` are what Trade holds and no order has reserved, `…_in_main` what
    lies in the pocket that orders cannot spend; `quote_in_usdt` is the USDT price of one unit of quote.
    `book` is there for market orders.
    """

    instrument: Instrument
    ticker: Ticker
    fee_rate: Decimal
    base_free: Decimal
    quote_free: Decimal
    base_in_main: Decimal
    quote_in_main: Decimal
    quote_in_usdt: Decimal
    book: Book | None = None

    def shortage(self, side: Side, needs: Decimal) -> Refused:
        """What is missing for an order that needs so much: quote for a buy, base for a sale."""
        has = self.quote_free if side is Side.BUY else self.base_free
        currency = self.spent_by(side)
        that = f"That needs {tidy(needs, 8)} {currency}; Trade has"
        sentence = f"{that} {tidy(has, 8)} free.{self.other_pocket(side)}"
        return Refused(sentence, aloud=f"{that} less than that free.")

    def other_pocket(self, side: Side) -> str:
        """Money in Main is the usual reason why Trade cannot pay."""
        lying = self.quote_in_main if side is Side.BUY else self.base_in_main
        return f" Main has {tidy(lying, 8)} {self.spent_by(side)}: move it to Trade in KuCoin's app." if lying else ""

    def spent_by(self, side: Side) -> str:
        """The currency that an order takes."""
        return self.instrument.quote if side is Side.BUY else self.instrument.base
