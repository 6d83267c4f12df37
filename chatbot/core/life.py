"""The one life cycle a ticket may live.

    AWAIT_CONFIRM ──tap──► SUBMITTING ──► OPEN ──► PARTIAL ──► FILLED
        │    │                │   │         │  ╲        ╲──► CANCELED (fills kept)
        │    │                │   │         │   ╲──► CANCELED
        │    │                │   │         ╰──► FILLED
        │    │                │   ╰──► REJECTED     it said no, with a listed code
        │    │                │   ╰──► NOT_SENT     provably never left
        │    │                │   ╰──► PARKED ──► OPEN …     a stop order waits, and fires
        │    │                │          ╰──► LAPSED         it waits no more, and became no order
        │    │                ╰──► UNKNOWN ──► (look-up) PARKED | OPEN | PARTIAL | FILLED | CANCELED | NOT_PLACED
        │    ╰──► DECLINED    the person tapped Cancel
        ╰──► EXPIRED          nobody tapped in time, or a kill swept it

OPEN and PARTIAL end FORGOTTEN when KuCoin has known nothing of the order for days.

A state's rank never falls, filled sizes never shrink, and a final state stays final, with one exception:
NOT_PLACED, LAPSED and FORGOTTEN go on when the order turns up after all.
"""

from chatbot.core.orders import TicketState

_MOVING = frozenset({TicketState.PARTIAL, TicketState.FILLED, TicketState.CANCELED})
_FOUND = _MOVING | {TicketState.OPEN}
_SEEN = _FOUND | {TicketState.PARKED, TicketState.LAPSED}

TRANSITIONS: dict[TicketState, frozenset[TicketState]] = {
    TicketState.AWAIT_CONFIRM: frozenset({TicketState.SUBMITTING, TicketState.DECLINED, TicketState.EXPIRED}),
    TicketState.SUBMITTING: _SEEN | {TicketState.UNKNOWN, TicketState.REJECTED, TicketState.NOT_SENT},
    TicketState.UNKNOWN: _SEEN | {TicketState.NOT_PLACED},
    TicketState.PARKED: _FOUND | {TicketState.LAPSED},
    TicketState.OPEN: _MOVING | {TicketState.FORGOTTEN},
    TicketState.PARTIAL: _MOVING | {TicketState.FORGOTTEN},
    TicketState.NOT_PLACED: _SEEN,
    TicketState.LAPSED: _FOUND | {TicketState.PARKED},
    TicketState.FORGOTTEN: frozenset({TicketState.FILLED, TicketState.CANCELED}),
}
TRANSITIONS |= {state: frozenset() for state in TicketState if state not in TRANSITIONS}

AT_THE_EXCHANGE = frozenset(
    {TicketState.SUBMITTING, TicketState.UNKNOWN, TicketState.PARKED, TicketState.OPEN, TicketState.PARTIAL}
)
"""States in which an order may be living at the exchange: they are followed until they end."""

GIVEN_UP = frozenset({TicketState.NOT_PLACED, TicketState.LAPSED, TicketState.FORGOTTEN})
"""States in which the order was looked for in vain: it may turn up after all."""
