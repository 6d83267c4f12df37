"""Keeps prices coming: the feed follows what is armed or watched, and while it is down all tickers are asked for.

Two clocks are kept apart. Whether the connection lives is the feed's affair; whether the prices on
it do is found out here: a symbol long silent is compared with what KuCoin answers when asked.
"""

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from chatbot.core.alerts import Source
from chatbot.core.errors import KucoinError
from chatbot.core.feed import Channel, Stream, StreamState, Tick
from chatbot.core.market import Symbol, Venue
from chatbot.core.times import Now, to_millis
from chatbot.core.wishes import FeedHealth
from chatbot.kucoin.feed import Feed
from chatbot.kucoin.market import Market
from chatbot.services.lookout import Lookout
from chatbot.services.market import Markets
from chatbot.store.store import Store

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=5)
"""A feed that is down longer is stood in for."""

SILENT = timedelta(seconds=15)
"""A symbol without a tick for this long is asked about: the market may be quiet, or the feed mute."""

_ASKED_AT_ONCE = 3


class Watching:
    def __init__(
        self, *, feed: Feed, market: Market, markets: Markets, store: Store, lookout: Lookout, now: Now
    ) -> None:
        self._feed = feed
        self._market = market
        self._markets = markets
        self._store = store
        self._lookout = lookout
        self._now = now
        self._polled: dict[Venue, datetime] = {}
        self._failing: set[Venue] = set()
        self._suspects: dict[Symbol, Tick] = {}

    def follow(self) -> None:
        """Called now and then and after each new rule: subscriptions as rules and watchlists want them now."""
        alerts = self._store.alerts
        prices = dict(alerts.watched_symbols())
        for symbol in self._store.people.all_watched():
            prices.setdefault(symbol, venue_of(symbol))
        self._feed.follow(prices.items(), alerts.funding_symbols())

    async def stand_in(self) -> None:
        """Called every few seconds: one question for all tickers of each venue whose feed is down."""
        for state in self._prices():
            if state.down_since is not None:
                self._lookout.interrupt(state.stream.venue)
        await asyncio.gather(*(self._poll(s.stream.venue) for s in self.down()))

    def down(self) -> tuple[StreamState, ...]:
        """The public streams that have not been whole for longer than a moment."""
        late = self._now() - PATIENCE
        return tuple(s for s in self._prices() if s.down_since is not None and s.down_since <= late)

    def heard_at(self, venue: Venue) -> datetime:
        """Up to when prices of this venue are known: now while its feed is whole, or nothing of it is wanted."""
        state = next((s for s in self._prices() if s.stream.venue is venue), None)
        if state is None or state.down_since is None:
            return self._now()
        return max(state.down_since, self._polled.get(venue, state.down_since))

    def health(self, venue: Venue) -> tuple[FeedHealth, datetime | None]:
        """How prices of this venue come in, and since when they do not."""
        heard = self.heard_at(venue)
        if heard < self._now() - 2 * PATIENCE:
            return FeedHealth.BLIND, heard
        down = any(s.stream.venue is venue for s in self.down())
        return (FeedHealth.POLLING if down else FeedHealth.LIVE), None

    async def look_for_silence(self) -> None:
        """Called every quarter of a minute. A symbol whose price moved, twice in a row, without a tick: it is mute."""
        now = self._now()
        up = {s.stream.venue for s in self._prices() if s.down_since is None}
        silent = [
            (symbol, venue)
            for symbol, venue in self._store.alerts.watched_symbols()
            if venue in up and self._silent(symbol, now)
        ]
        some = self._choose(silent)
        await asyncio.gather(*(self._compare(symbol, venue) for symbol, venue in some))

    def streams(self) -> tuple[StreamState, ...]:
        """Those that something is wanted of."""
        return tuple(s for s in self._feed.states() if s.topics)

    def _prices(self) -> Iterable[StreamState]:
        return [s for s in self.streams() if s.stream.channel is Channel.PUBLIC]

    async def _poll(self, venue: Venue) -> None:
        wanted = {symbol for symbol, its in self._store.alerts.watched_symbols() if its is venue}
        try:
            ticks = await self._market.last_prices(venue)
        except KucoinError as error:
            if venue not in self._failing:
                log.warning("the feed is down and %s prices cannot be asked for either: %s", venue.value, error)
            self._failing.add(venue)
            return
        self._failing.discard(venue)
        self._polled[venue] = self._now()
        for symbol in wanted & ticks.keys():
            self._lookout.hear(ticks[symbol], Source.POLL)

    def _silent(self, symbol: Symbol, now: datetime) -> bool:
        tick = self._lookout.latest(symbol)
        return tick is None or now - tick.at > SILENT

    def _choose(self, silent: list[tuple[Symbol, Venue]]) -> list[tuple[Symbol, Venue]]:
        """Those suspected already, then the ones that were heard last: they are the likeliest to have moved."""

        def rank(pair: tuple[Symbol, Venue]) -> tuple[bool, int]:
            tick = self._lookout.latest(pair[0])
            return pair[0] not in self._suspects, -(tick.millis if tick is not None else 0)

        self._suspects = {s: t for s, t in self._suspects.items() if any(s == symbol for symbol, _ in silent)}
        return sorted(silent, key=rank)[:_ASKED_AT_ONCE]

    async def _compare(self, symbol: Symbol, venue: Venue) -> None:
        before = self._lookout.latest(symbol)
        instrument = (await self._markets.catalogue()).get(symbol)
        if instrument is None:
            return
        try:
            found = await self._market.ticker(instrument)
        except KucoinError:
            return
        if self._lookout.latest(symbol) is not before:
            self._suspects.pop(symbol, None)
            return
        if before is not None and found.price == before.price:
            return
        answer = Tick(symbol, f"{found.price:f}", to_millis(found.time))
        suspected = self._suspects.get(symbol)
        if before is not None and suspected is not None:
            del self._suspects[symbol]
            stream = Stream(venue=venue, channel=Channel.PUBLIC)
            self._feed.restart(stream, f"{symbol} moved to {answer.digits} and no tick said so")
        else:
            self._suspects[symbol] = answer
        self._lookout.hear(answer, Source.POLL)


def venue_of(symbol: Symbol) -> Venue:
    """Spot symbols alone have a dash."""
    return Venue.SPOT if "-" in symbol else Venue.FUTURES
