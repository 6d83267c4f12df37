"""The other side of every trade: a book of a few levels grown around the latest quote."""

from decimal import Decimal

from chatbot.core.market import Instrument, Venue
from chatbot.core.numbers import floor_to
from chatbot.core.orders import Side
from chatbot.core.values import frozen
from chatbot.sandbox.orders import ZERO, ExchangeOrder
from chatbot.sandbox.prices import Quote

PRICE_BAND = Decimal("0.1")
"""How far from the best price an order may eat: `priceLimitRate` of every symbol listed here."""

LEVELS = 20
_BEST_WORTH = {"BTC": Decimal("0.06")}
_GROWTH = Decimal("1.3")


@frozen
class Level:
    price: Decimal
    size: Decimal


def levels(instrument: Instrument, quote: Quote, taker: Side, count: int = LEVELS) -> list[Level]:
    """What a taker on that side would meet, best first.

    The best level is worth some 4,000 dollars; each next one lies a hundredth of a percent
    away and holds a third more, up to a hundred times the best.
    """
    best, sign = (quote.ask, 1) if taker is Side.BUY else (quote.bid, -1)
    step = max(instrument.price_increment, instrument.round_price(best / 10_000))
    worth = _BEST_WORTH.get(instrument.quote, Decimal(4000))
    result = []
    for number in range(count):
        price = best + sign * step * number
        if price <= 0:
            break
        size = units(instrument, price, worth * min(_GROWTH**number, Decimal(100)))
        result.append(Level(price=price, size=max(floor_to(size, instrument.size_increment), instrument.min_size)))
    return result


def units(instrument: Instrument, price: Decimal, worth: Decimal) -> Decimal:
    """How many units of size `worth` buys at `price`."""
    return worth / instrument.multiplier if instrument.inverse else worth / (price * instrument.multiplier)


def within(book: list[Level], taker: Side, limit: Decimal | None) -> list[Level]:
    """The levels a taker may eat: inside the price band, and not worse than its limit."""
    edge = book[0].price * (1 + PRICE_BAND if taker is Side.BUY else 1 - PRICE_BAND)
    if limit is not None:
        edge = min(edge, limit) if taker is Side.BUY else max(edge, limit)
    return [level for level in book if (level.price <= edge if taker is Side.BUY else level.price >= edge)]


def eat(book: list[Level], size: Decimal) -> list[Level]:
    """What a taker of `size` gets out of `book`; less than `size` when the book ends."""
    eaten = []
    for level in book:
        if size <= 0:
            break
        part = min(level.size, size)
        eaten.append(Level(price=level.price, size=part))
        size -= part
    return eaten


def eat_funds(book: list[Level], funds: Decimal, increment: Decimal) -> list[Level]:
    """What `funds` of the quote currency buy or are raised by, in multiples of `increment`."""
    eaten = []
    for level in book:
        part = min(level.size, floor_to(funds / level.price, increment))
        if part <= 0:
            break
        eaten.append(Level(price=level.price, size=part))
        funds -= part * level.price
    return eaten


def walked_into(order: ExchangeOrder, instrument: Instrument, quote: Quote) -> Level | None:
    """What of a resting order the market has reached: its own price, and as much as stands on the other side."""
    request = order.request
    if request.price is None:
        return None
    reached = within(levels(instrument, quote, request.side), request.side, request.price)
    size = min(size_of(reached), order.remaining)
    return Level(price=request.price, size=size) if size > 0 else None


def size_of(eaten: list[Level]) -> Decimal:
    return sum((level.size for level in eaten), ZERO)


def maker_rate(instrument: Instrument) -> Decimal:
    """Resting costs as much as taking on spot and a third of it on futures (VIP 0)."""
    return instrument.taker_fee_rate if instrument.venue is Venue.SPOT else instrument.taker_fee_rate / 3
