"""What a proposed order still waits for before it may leave."""

from decimal import Decimal
from enum import Enum

from chatbot.core.values import frozen

PRICE_MOVED = "the price moved"
POSITION_CHANGED = "the position changed"
"""Why a ticket was spent by its own tap: each brings a new card at once, where the tap was its proposer's."""


class Awaits(Enum):
    """In this order, each only where it is needed: the proposer's tap, a code, another person's word."""

    TAP = "tap"
    CODE = "code"
    APPROVAL = "approval"


@frozen
class Waiting:
    """`warned` is the distance from the market, in percent, that the proposer was told of and has to confirm.

    `approver` is who said yes in the proposer's stead, once somebody did; with no id, 0.
    """

    awaits: Awaits = Awaits.TAP
    warned: Decimal | None = None
    approver_id: int = 0
    approver: str = ""


UNTAPPED = Waiting()
"""How every ticket begins."""
