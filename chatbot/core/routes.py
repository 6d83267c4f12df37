"""Which of the desk's shared news go to which place of a group: the kinds that `/here` knows."""

from enum import Enum

from chatbot.core.preferences import Kind
from chatbot.core.values import frozen


class Route(Enum):
    """What a group can have in a place of its own. ALERTS and FUNDING are those of rules made in that group."""

    ALERTS = "alerts"
    ORDERS = "orders"
    SYSTEM = "system"
    FUNDING = "funding"
    DIGEST = "digest"


_OF = {
    Kind.PRICE: Route.ALERTS,
    Kind.LIQUIDATION: Route.ALERTS,
    Kind.FUNDING: Route.FUNDING,
    Kind.ORDERS: Route.ORDERS,
    Kind.SYSTEM: Route.SYSTEM,
    Kind.DIGEST: Route.DIGEST,
}


def route_of(kind: Kind) -> Route:
    return _OF[kind]


@frozen
class Place:
    """Where a route ends, and who laid it. `thread_id` None is the group at large, or a forum's General topic."""

    chat_id: int
    thread_id: int | None
    person: str = ""
