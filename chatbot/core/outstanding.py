"""What else an order needs after the tap, by how much it is worth and how far from the market it lies."""

from decimal import Decimal

from chatbot.core.book import is_far
from chatbot.core.limits import Limits
from chatbot.core.orders import Estimate
from chatbot.core.waiting import Awaits, Waiting

_IN_ORDER = tuple(Awaits)


def outstanding(met: Waiting, cost: Estimate, rules: Limits, aware: Decimal | None) -> Waiting | None:
    """What an order waits for now that `met` came: None when it may leave.

    `aware` is the distance that the tapped button named. An order that moved further from the
    market than its proposer was told begins anew, whoever agreed meanwhile.
    """
    known = met.warned if met.awaits is not Awaits.TAP or aware == met.warned else None
    if cost.reach is not None and is_far(cost.reach):
        distance = cost.reach.distance
        if known is None or distance > known + rules.max_drift:
            return Waiting(awaits=Awaits.TAP, warned=distance)
    asked = {
        Awaits.CODE: rules.totp_above is not None and cost.notional > rules.totp_above,
        Awaits.APPROVAL: rules.approval_above is not None and cost.notional > rules.approval_above,
    }
    later = _IN_ORDER[_IN_ORDER.index(met.awaits) + 1 :]
    following = next((one for one in later if asked[one]), None)
    return None if following is None else Waiting(awaits=following, warned=known)
