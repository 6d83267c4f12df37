"""Orders that somebody made elsewhere, as they end."""

from chatbot.chat.views.markup import Html, html, lines
from chatbot.core.market import Venue
from chatbot.core.numbers import plain, tidy
from chatbot.core.orders import Order, OrderStatus
from chatbot.core.positions import coin_of


def ended(order: Order) -> Html:
    """For owners in their own chats."""
    side, what = order.side.value.upper(), "filled" if order.status is OrderStatus.FILLED else "cancelled"
    return lines(
        html("<b>{} {} {}</b>, made elsewhere", side, coin_of(order.symbol), what),
        html("{} {}", _size(order), _price(order)),
    )


def _size(order: Order) -> str:
    """How much of it was traded: coins, of a contract lots."""
    done, whole = plain(order.filled_size), plain(order.size or order.filled_size)
    lots = "" if order.venue is Venue.SPOT else " lot" if whole == "1" else " lots"
    if order.status is OrderStatus.FILLED:
        return f"{done}{lots}"
    return f"{done if order.filled_size else 'nothing'} of {whole}{lots}"


def _price(order: Order) -> str:
    if order.filled_size and order.filled_funds and order.venue is Venue.SPOT:
        return f"at {tidy(order.filled_funds / order.filled_size, 8)}, {tidy(order.filled_funds, 2)} in all"
    return f"at {plain(order.price)}" if order.price is not None else "at the market"
