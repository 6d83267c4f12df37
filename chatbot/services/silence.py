"""Is a symbol without ticks quiet, or is its stream mute? Decided by what the stream itself said. Pure.

What KuCoin answers when asked is evidence, never a word of the stream: a trade that the answer shows and that
no tick tells within `GRACE` is one that was left out. A connection that is begun anew for it gets time to do
better, each time more of it, and so does the symbol: one that is mute for good must not drag down the others.
"""

from collections.abc import Hashable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Generic, TypeVar

from chatbot.core.feed import Said
from chatbot.core.market import Symbol, Ticker, Venue
from chatbot.core.values import frozen

SILENT = timedelta(seconds=15)
"""A symbol without a tick for this long is asked about."""

GRACE = timedelta(seconds=10)
"""A tick may still be on its way when the answer overtakes it."""

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_OF_SYMBOL = timedelta(hours=1)
LONGEST_OF_VENUE = timedelta(minutes=10)
"""Between one new beginning and the next."""

_LIKELY, _FAIR, _MUTE = 2, 1, 3
"""Asked about in one look: those heard last, the likeliest to have moved; those asked about longest ago; and
those whose ticks are known not to come."""

_NEVER = datetime.min.replace(tzinfo=UTC)

Key = TypeVar("Key", bound=Hashable)


@frozen
class Listened:
    """`said` is None where no stream can speak of it: KuCoin refused the topic, say. `heard_at` is any price's."""

    symbol: Symbol
    venue: Venue
    said: Said | None
    heard_at: datetime | None


@frozen
class _Evidence:
    """`price` is what the stream left it at; by `untold_at` there had been a trade at another."""

    said: Said
    price: Decimal
    untold_at: datetime | None


class Pauses(Generic[Key]):
    """Each twice as long as the one before, until it is well: heard from after its pause."""

    def __init__(self, longest: timedelta) -> None:
        self._longest = longest
        self._pauses: dict[Key, tuple[timedelta, datetime]] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._pauses

    def last(self, key: Key, now: datetime) -> bool:
        """Whether it is to be waited still."""
        return key in self._pauses and now < self._pauses[key][1]

    def begin(self, key: Key, now: datetime) -> None:
        before = self._pauses.get(key)
        length = FIRST_PAUSE if before is None else min(2 * before[0], self._longest)
        self._pauses[key] = length, now + length

    def heard(self, key: Key, at: datetime) -> None:
        if key in self._pauses and at > self._pauses[key][1]:
            del self._pauses[key]


class Silence:
    """`look` at what is listened to, hand in the answers about what is to be asked, and begin `mute` streams anew."""

    def __init__(self) -> None:
        self._evidence: dict[Symbol, _Evidence] = {}
        self._asked: dict[Symbol, datetime] = {}
        self._symbols = Pauses[Symbol](LONGEST_OF_SYMBOL)
        self._venues = Pauses[Venue](LONGEST_OF_VENUE)

    def look(self, listened: Sequence[Listened], now: datetime) -> list[Listened]:
        """Which of them to ask about now: a few of those that are silent."""
        for each in listened:
            if each.said is not None and each.said.tick is not None:
                self._symbols.heard(each.symbol, each.said.tick.at)
                self._venues.heard(each.venue, each.said.tick.at)
        wanted = {each.symbol for each in listened}
        self._asked = {symbol: at for symbol, at in self._asked.items() if symbol in wanted}
        self._evidence = {symbol: found for symbol, found in self._evidence.items() if symbol in wanted}
        chosen = self._chosen([each for each in listened if _silent(each, now)])
        self._asked.update((each.symbol, now) for each in chosen)
        return chosen

    def answered(self, about: Listened, answer: Ticker, now: datetime) -> None:
        """What the stream had said when the answer came is in `about`."""
        said = about.said
        if said is None:
            return
        known = self._evidence.get(about.symbol)
        if known is not None and known.said == said:
            price, untold_at = known.price, known.untold_at
        else:
            price, untold_at = answer.price if said.tick is None else said.tick.price, None
        newer = said.tick is None or answer.time > said.tick.at
        if untold_at is None and newer and answer.price != price:
            untold_at = now
        self._evidence[about.symbol] = _Evidence(said=said, price=price, untold_at=untold_at)

    def mute(self, listened: Sequence[Listened], now: datetime) -> list[Listened]:
        """Whose connections to begin anew: one of a venue at a time, and none of them too often."""
        found: dict[Venue, Listened] = {}
        for each in listened:
            if each.venue in found or not self._proven(each, now):
                continue
            if not (self._symbols.last(each.symbol, now) or self._venues.last(each.venue, now)):
                found[each.venue] = each
        for each in found.values():
            self._symbols.begin(each.symbol, now)
            self._venues.begin(each.venue, now)
        return list(found.values())

    def _proven(self, one: Listened, now: datetime) -> bool:
        known = self._evidence.get(one.symbol)
        if known is None or known.said != one.said or known.untold_at is None:
            return False
        return now - known.untold_at >= GRACE

    def _chosen(self, silent: Sequence[Listened]) -> list[Listened]:
        others = [each for each in silent if not self._is_mute(each)]
        others.sort(key=_heard_at, reverse=True)
        mute = filter(self._is_mute, silent)
        fair = sorted(others[_LIKELY:], key=self._asked_at)
        return others[:_LIKELY] + fair[:_FAIR] + sorted(mute, key=self._asked_at)[:_MUTE]

    def _is_mute(self, one: Listened) -> bool:
        return one.said is None or one.symbol in self._symbols

    def _asked_at(self, one: Listened) -> datetime:
        return self._asked.get(one.symbol, _NEVER)


def _heard_at(one: Listened) -> datetime:
    return one.heard_at or _NEVER


def _silent(one: Listened, now: datetime) -> bool:
    return one.said is None or one.said.tick is None or now - one.said.tick.at > SILENT
