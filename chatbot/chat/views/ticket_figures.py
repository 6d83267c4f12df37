"""Figures of a ticket, written the same way wherever they stand."""

from decimal import Decimal

from chatbot.core.numbers import grouped, places, tidy
from chatbot.core.orders import OrderTicket, Side

DIGITS = 8


def pair(shown: OrderTicket) -> tuple[str, str]:
    base, _, quote = shown.spec.symbol.partition("-")
    return base, quote


def price(shown: OrderTicket, value: Decimal) -> str:
    """As many digits as the card's own price, so that the two can be compared."""
    return grouped(value, max(places(shown.cost.price), 1))


def exact(shown: OrderTicket, value: Decimal) -> str:
    """A price that somebody named, or the market's: with all of its own digits."""
    return grouped(value, max(places(shown.cost.price), places(value), 1))


def way(shown: OrderTicket, distance: Decimal) -> str:
    return "above" if (distance > 0) == (shown.spec.side is Side.BUY) else "below"


def percent(value: Decimal) -> str:
    """Two digits where it is small; never `0 %` for something."""
    size = abs(value)
    return f"{grouped(size, 1) if size >= 10 else tidy(size, 2)} %"
