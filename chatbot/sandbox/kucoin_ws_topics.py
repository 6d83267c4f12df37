"""What can be listened to: topics as clients write them, and how the websocket says no."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from chatbot.core.market import Symbol, Venue
from chatbot.sandbox.kucoin_spot_market import STEPS

ALL = "all"


class WsRefusal(Exception):
    """A message that was not acted upon; the code is KuCoin's."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text


class Kind(Enum):
    """A topic without its symbol."""

    TICKER = "/market/ticker"
    SNAPSHOT = "/market/snapshot"
    CANDLES = "/market/candles"
    SPOT_ORDERS = "/spotMarket/tradeOrdersV2"
    BALANCE = "/account/balance"
    FUTURES_TICKER = "/contractMarket/ticker"
    FUTURES_BEST = "/contractMarket/tickerV2"
    INSTRUMENT = "/contract/instrument"
    ANNOUNCEMENT = "/contract/announcement"
    FUTURES_ORDERS = "/contractMarket/tradeOrders"
    WALLET = "/contractAccount/wallet"
    POSITION = "/contract/position"
    POSITIONS = "/contract/positionAll"

    @property
    def private(self) -> bool:
        return self in _PRIVATE

    def named(self, symbol: Symbol) -> str:
        return f"{self.value}:{symbol}"


_PRIVATE = frozenset({Kind.SPOT_ORDERS, Kind.BALANCE, Kind.FUTURES_ORDERS, Kind.WALLET, Kind.POSITION, Kind.POSITIONS})
_OF: Mapping[Venue, frozenset[Kind]] = {
    Venue.SPOT: frozenset({Kind.TICKER, Kind.SNAPSHOT, Kind.CANDLES, Kind.SPOT_ORDERS, Kind.BALANCE}),
    Venue.FUTURES: frozenset(kind for kind in Kind if kind.value.startswith("/contract")),
}
_WHOLE = frozenset({Kind.SPOT_ORDERS, Kind.BALANCE, Kind.WALLET, Kind.POSITIONS})
"""Never with a symbol."""

_EITHER = frozenset({Kind.ANNOUNCEMENT, Kind.FUTURES_ORDERS})
"""Of one symbol, or of all."""


@dataclass(slots=True, kw_only=True)
class Topic:
    """One thing a session listens to. `seen` is what was last told of it, in the teller's own terms."""

    name: str
    kind: Kind
    argument: str
    seen: dict[str, object] = field(default_factory=dict)
    looked_at: datetime | None = None

    @property
    def symbol(self) -> Symbol:
        return Symbol(self.argument.partition("_")[0] if self.kind is Kind.CANDLES else self.argument)


def topics(venue: Venue, text: object) -> list[Topic]:
    """All that one message asks for. Raises WsRefusal.

    A symbol that is not listed is taken and stays silent; KuCoin is said to do either.
    """
    if text is None or text == "":
        raise WsRefusal(406, "topic is required")
    if not isinstance(text, str) or not text.startswith("/"):
        raise WsRefusal(400, "topic is invalid")
    prefix, colon, arguments = text.partition(":")
    kind = next((each for each in _OF[venue] if each.value == prefix), None)
    if kind is None or (colon and kind in _WHOLE):
        raise WsRefusal(404, f"topic {text} is not found")
    if not colon and (kind in _WHOLE or kind in _EITHER):
        return [Topic(name=prefix, kind=kind, argument="")]
    names = list(dict.fromkeys(arguments.split(",")))
    if not all(_fits(kind, name) for name in names):
        raise WsRefusal(400, f"topic {text} is invalid")
    return [Topic(name=f"{prefix}:{name}", kind=kind, argument=name) for name in names]


def _fits(kind: Kind, argument: str) -> bool:
    return argument.partition("_")[2] in STEPS if kind is Kind.CANDLES else bool(argument)
