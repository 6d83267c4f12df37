"""The states of a ticket in the words in which people read of them."""

from chatbot.core.orders import TicketState

STATE_WORDS = {
    TicketState.AWAIT_CONFIRM: "not confirmed yet",
    TicketState.SUBMITTING: "being sent",
    TicketState.UNKNOWN: "without an answer from KuCoin",
    TicketState.PARKED: "waiting for its stop",
    TicketState.OPEN: "accepted",
    TicketState.PARTIAL: "partly filled",
    TicketState.FILLED: "filled",
    TicketState.CANCELED: "cancelled",
    TicketState.REJECTED: "refused by KuCoin",
    TicketState.NOT_SENT: "not sent",
    TicketState.NOT_PLACED: "not found on KuCoin",
    TicketState.FORGOTTEN: "no longer known to KuCoin",
    TicketState.LAPSED: "ended before its stop fired",
    TicketState.DECLINED: "declined, not sent",
    TicketState.EXPIRED: "expired, not sent",
}
