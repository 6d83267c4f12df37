"""Orders that somebody made elsewhere, as they end."""

from chatbot.chat.views.markup import Html, html, lines
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
    """How much of it was traded."""
    done = plain(order.filled_size)
    if order.status is OrderStatus.FILLED or order.size is None:
        return done
    return f"{done} of {plain(order.size)}" if order.filled_size else f"nothing of {plain(order.size)}"


def _price(order: Order) -> str:
    if order.filled_size and order.filled_funds and "-" in order.symbol:
        return f"at {tidy(order.filled_funds / order.filled_size, 8)}, {tidy(order.filled_funds, 2)} in all"
    return f"at {plain(order.price)}" if order.price is not None else "at the market"
