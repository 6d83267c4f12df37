"""How far from the market an order would trade: the arithmetic of the fat-finger card."""

from collections.abc import Sequence
from decimal import Decimal

from chatbot.core.market import Book, Offer, Reach, Ticker
from chatbot.core.orders import OrderSpec, OrderType, Side

FAR = Decimal(2)
"""Percent beyond the market from which on an order needs an extra tap."""

UNBOUNDED = Decimal(100)
"""The distance of an order whose price nothing that is shown bounds."""

_HUNDRED = Decimal(100)
_SHOWN = Decimal("0.0001")
_MOST = Decimal(10**9)
"""Percent. Whoever types a price may type any."""


def reach(spec: OrderSpec, ticker: Ticker, book: Book | None) -> Reach:
    """`book` matters to market orders only; without one, nothing bounds them.

    A stop order trades where it fires: it is measured from its trigger, though the market is told as it is now.
    """
    market = _market(spec.side, ticker)
    if spec.trigger is not None:
        beyond = Decimal(0) if spec.price is None else _beyond(spec.side, spec.price, spec.trigger)
        return Reach(market=ticker.price, distance=beyond, slippage=None)
    if spec.type is OrderType.LIMIT and spec.price is not None:
        return Reach(market=market, distance=_beyond(spec.side, spec.price, market), slippage=None)
    offers = () if book is None else book.asks if spec.side is Side.BUY else book.bids
    average = _average(offers, spec.size, spec.funds)
    if average is None:
        return Reach(market=market, distance=UNBOUNDED, slippage=None)
    slippage = max(_beyond(spec.side, average, offers[0].price), Decimal(0))  # an average is cut to 28 digits
    return Reach(market=market, distance=_beyond(spec.side, average, market), slippage=slippage)


def is_far(reached: Reach) -> bool:
    return reached.distance > FAR


def _market(side: Side, ticker: Ticker) -> Decimal:
    """The better of the last trade and the best offer: where few trade, the offers may lie anywhere."""
    return min(ticker.ask, ticker.price) if side is Side.BUY else max(ticker.bid, ticker.price)


def _beyond(side: Side, price: Decimal, market: Decimal) -> Decimal:
    """In percent, above zero where it is worse for whoever takes that side."""
    if not market:
        return UNBOUNDED
    worse = price - market if side is Side.BUY else market - price
    percent = min(max(worse / market * _HUNDRED, -_MOST), _MOST)
    return percent.quantize(_SHOWN) + 0  # never a zero below zero


def _average(offers: Sequence[Offer], size: Decimal | None, funds: Decimal | None) -> Decimal | None:
    """The price of one unit when so much is taken from the front. None when the offers do not hold it."""
    left = size if size is not None else funds or Decimal(0)
    taken, paid = Decimal(0), Decimal(0)
    for offer in offers:
        part = min(left, offer.size) if size is not None else min(left / offer.price, offer.size)
        whole = offer.size if size is not None else offer.size * offer.price
        taken, paid = taken + part, paid + part * offer.price
        if left <= whole:
            return paid / taken if taken else None
        left -= whole
    return None
