"""The lines of a ticket that tell of its trigger: when it fires, what goes out then, and that it fired."""

from decimal import Decimal

from chatbot.chat.views.markup import Html, bold, html
from chatbot.chat.views.ticket_figures import exact, percent, way
from chatbot.core.book import FAR
from chatbot.core.orders import OrderTicket, OrderType, Side, TicketState

_FAR_AWAY = Decimal(20)
"""Percent from the market to a trigger from which on a digit too many or too few is likely."""

_HUNDRED = Decimal(100)


def then(shown: OrderTicket, trigger: Decimal) -> Html:
    spec = shown.spec
    goes_out = "market" if spec.price is None else f"limit {exact(shown, spec.price)}"
    return html("stop {}, then {}", exact(shown, trigger), goes_out)


def awaiting(shown: OrderTicket) -> list[Html | None]:
    """How far the market is from it, and how far from it the order may trade."""
    return [_until(shown), _beyond(shown)]


def waiting(shown: OrderTicket) -> list[Html | None]:
    moves = "falls" if shown.spec.side is Side.SELL else "rises"
    return [bold(html("Waits on KuCoin until the market {} to the stop.", moves)), *awaiting(shown)]


def fired(shown: OrderTicket) -> Html | None:
    """None for what never was a stop order."""
    if shown.spec.trigger is None or shown.state is TicketState.PARKED:
        return None
    return bold(html("The stop at {} fired.", exact(shown, shown.spec.trigger)))


def _until(shown: OrderTicket) -> Html | None:
    """The market as it was when the order was asked for."""
    reach, trigger = shown.cost.reach, shown.spec.trigger
    if reach is None or not trigger or not reach.market:
        return None
    distance = (reach.market - trigger) / reach.market * _HUNDRED
    side = "above" if distance > 0 else "below"
    words = html("Market {}, {} {} the stop", exact(shown, reach.market), percent(distance), side)
    return bold(words) if abs(distance) > _FAR_AWAY else words


def _beyond(shown: OrderTicket) -> Html | None:
    if shown.spec.type is OrderType.MARKET:
        return html("What it trades at then is not guaranteed.")
    reach = shown.cost.reach
    if reach is None or not reach.distance:
        return None
    where = html("Limit {} {} the stop", percent(reach.distance), way(shown, reach.distance))
    if reach.distance < 0:
        return bold(html("{}: it may wait there and not trade.", where))
    return bold(where) if reach.distance > FAR else where
