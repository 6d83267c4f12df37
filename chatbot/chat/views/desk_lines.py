"""What a ticket's card says of the people around it: who asked, who agreed, and who else is at it."""

from collections.abc import Sequence

from chatbot.chat.views.markup import Html, bold, html
from chatbot.chat.views.ticket_figures import pair
from chatbot.core.orders import OrderTicket, TicketState
from chatbot.core.times import in_words

_MOST = 3


def who(shown: OrderTicket) -> Html:
    """For a ticket that no longer waits."""
    if shown.waiting.approver_id:
        return html("Asked by {}, approved by {}", shown.person, shown.waiting.approver)
    return html("Asked by {}", shown.person)


def others(shown: OrderTicket, beside: Sequence[OrderTicket]) -> list[Html | None]:
    """Of what other people have under way on the same symbol, the latest."""
    rows = [bold(_other(shown, each)) for each in beside[-_MOST:]]
    more = len(beside) - len(rows)
    return [*rows, html("and {} more before", more) if more else None]


def _other(shown: OrderTicket, other: OrderTicket) -> Html:
    """With how long before or after this ticket it came."""
    coin, at = pair(other)[0], other.submitted_at or other.proposed_at
    span = f"{in_words(abs(shown.proposed_at - at))}{' later' if at > shown.proposed_at else ''}"
    side, name, person = other.spec.side.value, other.name, other.person
    match other.state:
        case TicketState.AWAIT_CONFIRM:
            return html("{} has an open {} ticket ({}): {}, {}", person, coin, span, side, name)
        case TicketState.SUBMITTING | TicketState.UNKNOWN:
            return html("{} is sending a {} order ({}): {}, {}", person, coin, span, side, name)
        case TicketState.FILLED:
            return html("{} has just traded {} ({}): {}, {}", person, coin, span, side, name)
        case _:
            return html("{} has a {} order resting ({}): {}, {}", person, coin, span, side, name)
