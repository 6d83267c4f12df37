"""What a kill did, order by order and place by place, as the exchange showed it. Never says done early."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from chatbot.core.errors import NoPermission
from chatbot.core.exchange import AtRest, Listed, Resting, Sweep
from chatbot.core.numbers import plain
from chatbot.core.values import frozen


class Result(StrEnum):
    """What became of an order that a kill found. Only what the exchange showed: GONE may be cancelled or filled."""

    FOUND = "found"
    RESTING = "resting"
    NOT_READ = "not read"
    GONE = "gone"
    CANCELLED = "cancelled"
    FILLED = "filled"

    @property
    def over(self) -> bool:
        return self in (Result.GONE, Result.CANCELLED, Result.FILLED)


@frozen
class Line:
    """One order a kill came upon, in words that can be kept. `external`: placed by somebody else than this bot."""

    order_id: str
    place: str
    symbol: str
    side: str = ""
    size: str = ""
    price: str = ""
    trigger: str = ""
    external: bool = False
    result: Result = Result.FOUND


@frozen
class PlaceSwept:
    """One place where orders can rest.

    `problem` says why its cancel was not accepted, `unread` why its last list did not come.
    The key may not touch a place that is `barred`: asking again is no use.
    """

    place: str
    problem: str = ""
    unread: str = ""
    barred: bool = False


@frozen
class OpenPosition:
    symbol: str
    lots: str


@frozen
class StopReport:
    """What is known of a kill so far. `checked_at` is empty until the exchange was looked at after the cancels.

    `unlisted` are the places that could not be read before the cancels: what these ended may have no line.
    `positions` are None where they could not be read. `in_flight` names tickets that were on their way when
    the kill came and whose fate is not known.
    """

    tickets_expired: int = 0
    lines: tuple[Line, ...] = ()
    places: tuple[PlaceSwept, ...] = ()
    positions: tuple[OpenPosition, ...] | None = None
    in_flight: tuple[str, ...] = ()
    checked_at: str = ""
    unlisted: tuple[str, ...] = ()

    @property
    def left(self) -> tuple[Line, ...]:
        """What was not seen to be over."""
        return tuple(line for line in self.lines if not line.result.over)

    @property
    def resting(self) -> tuple[Line, ...]:
        """What the last look still showed."""
        return tuple(line for line in self.lines if line.result is Result.RESTING)

    @property
    def read(self) -> bool:
        """Whether every place was looked at after the cancels, or can never be."""
        return bool(self.checked_at) and bool(self.places) and not any(p.unread for p in self.places)

    @property
    def settled(self) -> bool:
        """Nothing is left that cancelling again could end."""
        barred = {p.place for p in self.places if p.barred}
        return self.read and not self.in_flight and all(line.place in barred for line in self.left)

    @property
    def clean(self) -> bool:
        """Every place was read, nothing rests, and nothing is on its way."""
        return self.read and not self.in_flight and not self.left

    def begun(self, lists: Iterable[Listed], ours: Iterable[AtRest] = ()) -> "StopReport":
        """With what rests before the cancels go out; where a list did not come, what we know of `ours`."""
        lists = tuple(lists)
        unlisted = tuple(each.place.value for each in lists if each.orders is None and not each.barred)
        unseen = (order for order in ours if order.place.value in unlisted)
        lines = {(line.place, line.order_id): line for line in self.lines}
        for order in (*(order for each in lists for order in each.orders or ()), *unseen):
            known = lines.get((order.place.value, order.order_id))
            if known is None or known.result.over:
                lines[order.place.value, order.order_id] = _line(order, Result.FOUND)
        return replace(self, lines=tuple(lines.values()), unlisted=unlisted)

    def asked(self, sweeps: Sequence[Sweep]) -> "StopReport":
        """With what each place answered to its cancel; places not among them keep their word."""
        answers = {sweep.place.value: _swept(sweep) for sweep in sweeps}
        kept = {p.place: p for p in self.places}
        order = [place.value for place in Resting]
        merged = kept | answers
        return replace(self, places=tuple(merged[name] for name in order if name in merged))._named(sweeps)

    def _named(self, sweeps: Sequence[Sweep]) -> "StopReport":
        """With a line for every order that a place named when it promised to cancel, and no list had shown."""
        known = {line.order_id for line in self.lines}
        named = [
            Line(order_id=order_id, place=sweep.place.value, symbol="", external=True)
            for sweep in sweeps
            for order_id in sweep.cancelled
            if sweep.place.value in self.unlisted and sweep.place is not Resting.SPOT_ORDERS and order_id not in known
        ]
        return replace(self, lines=(*self.lines, *named))

    def looked(self, lists: Iterable[Listed], checked_at: str) -> "StopReport":
        """With what the places showed after the cancels. What shows up only now is a line as well."""
        seen = tuple(lists)
        shown = {(o.place.value, o.order_id): o for each in seen for o in each.orders or ()}
        blind = {each.place.value: each for each in seen if each.orders is None}
        lines = [replace(line, result=_result(line, shown, blind)) for line in self.lines]
        known = {(line.place, line.order_id) for line in lines}
        arrived = [_line(order, Result.RESTING) for key, order in shown.items() if key not in known]
        every = (*lines, *arrived)
        full = {line.place for line in every if not line.result.over}
        return replace(
            self,
            lines=every,
            places=tuple(_place(p, blind.get(p.place), full=p.place in full) for p in self.places),
            checked_at=checked_at,
        )

    def arrived(self, order: AtRest) -> "StopReport":
        """With an order that was in flight when the kill came, and was found resting since."""
        return self.joined(replace(self, lines=(_line(order, Result.RESTING),)))

    def joined(self, other: "StopReport") -> "StopReport":
        """With the lines that only the other one has."""
        known = {(line.place, line.order_id) for line in self.lines}
        more = tuple(line for line in other.lines if (line.place, line.order_id) not in known)
        return replace(self, lines=(*self.lines, *more)) if more else self

    def told(self, fates: dict[str, Result]) -> "StopReport":
        """With the ends of orders, by id, that are gone."""
        lines = tuple(
            replace(line, result=fates.get(line.order_id, line.result)) if line.result is Result.GONE else line
            for line in self.lines
        )
        return replace(self, lines=lines)


def _line(order: AtRest, result: Result) -> Line:
    return Line(
        order_id=order.order_id,
        place=order.place.value,
        symbol=order.symbol,
        side="" if order.side is None else order.side.value,
        size=_shown(order.size),
        price=_shown(order.price),
        trigger=_shown(order.trigger),
        external=order.external,
        result=result,
    )


def _shown(number: Decimal | None) -> str:
    return "" if number is None else plain(number)


def _result(line: Line, shown: dict[tuple[str, str], AtRest], blind: dict[str, Listed]) -> Result:
    if (line.place, line.order_id) in shown:
        return Result.RESTING
    if line.result.over:
        return line.result
    return Result.NOT_READ if line.place in blind else Result.GONE


def _place(swept: PlaceSwept, blind: Listed | None, *, full: bool) -> PlaceSwept:
    """A cancel that failed in a place that is empty all the same is no trouble any more."""
    if blind is None:
        return replace(swept, problem=swept.problem if full else "", unread="")
    return replace(swept, unread="" if blind.barred else blind.problem, barred=swept.barred or blind.barred)


def _swept(sweep: Sweep) -> PlaceSwept:
    """A place the key may not touch is told apart: it cannot have put anything there, and asking again is no use."""
    if isinstance(sweep.error, NoPermission):
        return PlaceSwept(place=sweep.place.value, barred=True)
    problem = str(sweep.error) if sweep.error is not None else ", ".join(sweep.failed)
    return PlaceSwept(place=sweep.place.value, problem=problem)


@frozen
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
