"""What a kill did, place by place, as the exchange answered."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSwept:
    """One place where orders can rest. `problem` is empty when its cancel was accepted or the key is `barred`."""

    place: str
    problem: str
    barred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StillOpen:
    """An order the exchange still showed after the sweep."""

    order_id: str
    symbol: str
    side: str
    size: str
    price: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPosition:
    symbol: str
    lots: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopReport:
    """What is known of a kill so far. None means: not known yet. Never says done early.

    `in_flight` names tickets that were on their way when the kill came and whose fate is not known.
    """

    tickets_expired: int = 0
    found: int | None = None
    places: tuple[PlaceSwept, ...] = ()
    resting: tuple[StillOpen, ...] | None = None
    positions: tuple[OpenPosition, ...] | None = None
    in_flight: tuple[str, ...] = ()
    checked_at: str = ""

    @property
    def answered(self) -> bool:
        """Every place took its cancel or is barred to the key, what is left could be read, nothing is on its way."""
        known = self.resting is not None and not self.in_flight
        return known and bool(self.places) and not any(p.problem for p in self.places)

    @property
    def clean(self) -> bool:
        """Every place answered and the exchange shows nothing resting."""
        return self.answered and self.resting == ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One kill. It stands until `resumed_at`; `swept_at` is set once the exchange was found clean.

    `cause` says why the bot stopped itself; it is empty where a person killed.
    """

    id: int
    at: datetime
    person: str
    report: StopReport
    swept_at: datetime | None
    chat_id: int
    card_id: int
    resumed_at: datetime | None
    resumed_by: str
    reason: str
    cause: str = ""
