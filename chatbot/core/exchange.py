"""How the exchange itself is doing, and what became of cancelling everything."""

from dataclasses import dataclass
from enum import Enum

from chatbot.core.errors import KucoinError
from chatbot.core.market import Symbol


class ServiceStatus(Enum):
    """What a venue allows at the moment."""

    OPEN = "open"
    CLOSED = "close"
    CANCEL_ONLY = "cancelonly"


class Resting(Enum):
    """The places where an order can rest. Each has a cancel of its own."""

    SPOT_ORDERS = "spot orders"
    SPOT_STOPS = "spot stop orders"
    FUTURES_ORDERS = "futures orders"
    FUTURES_STOPS = "futures stop orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What one place answered to cancelling all it holds.

    `cancelled` are order ids, on SPOT_ORDERS the symbols that were emptied; `failed`
    the symbols KuCoin could not empty. `error` says why there may be more left than that.
    """

    place: Resting
    cancelled: tuple[str, ...] = ()
    failed: tuple[Symbol, ...] = ()
    error: KucoinError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelReport:
    """One sweep a place. The exchange only promised to cancel: what still rests must be listed again."""

    sweeps: tuple[Sweep, ...]
