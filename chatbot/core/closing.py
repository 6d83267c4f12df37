"""Closing positions: what was shown on one card, and which of it is still there when it is confirmed."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from chatbot.core.account import Position
from chatbot.core.errors import TicketGone
from chatbot.core.market import Symbol, Venue
from chatbot.core.numbers import plain
from chatbot.core.orders import OUR_PREFIX, OrderSpec, OrderType, Side
from chatbot.core.values import frozen

_AHEAD = timedelta(seconds=5)
"""A card cannot be from later than now: by more than this, the clock was set back, and its age is not known."""


@frozen
class Shown:
    """One position as the card showed it. `lots` is signed: a short is bought back."""

    symbol: Symbol
    lots: Decimal

    @property
    def side(self) -> Side:
        """The way out of it."""
        return Side.SELL if self.lots > 0 else Side.BUY


@frozen
class CloseCard:
    """What one card would close, whose it is, and when it was shown. The clientOids follow from its `token`."""

    token: str
    person_id: int
    at: datetime
    shown: tuple[Shown, ...]

    def written(self) -> str:
        """For the row behind the card's button: `token person seconds XBTUSDTM:50 …`."""
        positions = (f"{each.symbol}:{plain(each.lots)}" for each in self.shown)
        return " ".join((self.token, str(self.person_id), str(int(self.at.timestamp())), *positions))

    def check(self, person_id: int, now: datetime, life: timedelta) -> None:
        """Raises TicketGone for anybody else than its person, and when its time is over."""
        if person_id != self.person_id:
            raise TicketGone("Only who asked for it can confirm this.")
        if not self.at - _AHEAD <= now < self.at + life:
            raise TicketGone("That expired, nothing was sent. Tap Close positions again.")

    def orders(self, positions: Iterable[Position]) -> tuple[tuple[OrderSpec, Position], ...]:
        """An order for each position that is still there, never for more lots than were shown."""
        now = {(p.symbol, p.lots > 0): p for p in positions}
        found = []
        for number, each in enumerate(self.shown):
            position = now.get((each.symbol, each.lots > 0))
            if position is not None:
                found.append((self._order(number, each, min(abs(each.lots), abs(position.lots))), position))
        return tuple(found)

    def _order(self, number: int, each: Shown, lots: Decimal) -> OrderSpec:
        return OrderSpec(
            client_oid=f"{OUR_PREFIX}{self.token}{number:03d}",
            symbol=each.symbol,
            venue=Venue.FUTURES,
            side=each.side,
            type=OrderType.MARKET,
            size=lots,
            funds=None,
            price=None,
        )


def close_card(token: str, person_id: int, at: datetime, positions: Iterable[Position]) -> CloseCard:
    shown = tuple(Shown(symbol=p.symbol, lots=p.lots) for p in positions)
    return CloseCard(token=token, person_id=person_id, at=at, shown=shown)


def read(written: str) -> CloseCard:
    """What `written` wrote: never anything that a person typed."""
    token, person_id, seconds, *positions = written.split()
    return CloseCard(
        token=token,
        person_id=int(person_id),
        at=datetime.fromtimestamp(int(seconds), UTC),
        shown=tuple(
            Shown(symbol=Symbol(symbol), lots=Decimal(lots))
            for symbol, _, lots in (position.rpartition(":") for position in positions)
        ),
    )
