"""Keeps prices coming: the feed follows what is armed or watched, and while it is down all tickers are asked for.

Two clocks are kept apart. Whether the connection lives is the feed's affair; whether the prices on
it do is found out here: a symbol long silent is compared with what KuCoin answers when asked.

What was asked for is heard like a tick, unless the feed overtook it with a word of its own, or with its return.
"""

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from chatbot.core.alerts import Source
from chatbot.core.errors import KucoinError
from chatbot.core.feed import Channel, StreamState, Tick
from chatbot.core.market import Symbol, Venue
from chatbot.core.times import Now, to_millis
from chatbot.core.wishes import FeedHealth
from chatbot.kucoin.feed import Feed
from chatbot.kucoin.market import Market
from chatbot.services.lookout import Lookout
from chatbot.services.market import Markets
from chatbot.services.silence import Listened, Silence
from chatbot.store.store import Store

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=5)
"""A feed that is down longer is stood in for."""


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
        self._silence = Silence()

    def follow(self) -> None:
        """Called now and then and after each new rule: subscriptions as rules and watchlists want them now."""
        alerts = self._store.alerts
        prices = dict(alerts.watched_symbols())
        for symbol in self._store.people.all_watched():
            prices.setdefault(symbol, venue_of(symbol))
        self._feed.follow(prices.items(), alerts.funding_symbols())

    async def stand_in(self) -> None:
        """Called every few seconds: one question for all tickers of each venue whose feed is down."""
        for venue in self.broken():
            self._lookout.interrupt(venue)
        await asyncio.gather(*(self._poll(s.stream.venue) for s in self.down()))

    def broken(self) -> frozenset[Venue]:
        """Those whose prices do not all come, be it for a moment, be it that they never came yet."""
        return frozenset(s.stream.venue for s in self._prices() if s.down_since is not None)

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
        """Called every quarter of a minute. Silent symbols are asked about, a few at a time; mute ones begin anew."""
        broken = self.broken()
        watched = [self._listened(symbol, venue) for symbol, venue in self._store.alerts.watched_symbols()]
        listened = [each for each in watched if each.said is not None or each.venue not in broken]
        asked = self._silence.look(listened, self._now())
        for mute in self._silence.mute(listened, self._now()):
            self._feed.restart(mute.symbol, mute.venue, f"{mute.symbol} was traded and no tick said so.")
        await asyncio.gather(*(self._ask(each) for each in asked))

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
        if any(s.stream.venue is venue and s.down_since is None for s in self._prices()):
            return
        self._polled[venue] = self._now()
        for symbol in wanted & ticks.keys():
            self._hear(ticks[symbol])

    async def _ask(self, about: Listened) -> None:
        try:
            instrument = (await self._markets.catalogue()).get(about.symbol)
            if instrument is None:
                return
            answer = await self._market.ticker(instrument)
        except KucoinError as error:
            log.debug("%s could not be asked about: %s", about.symbol, error)
            return
        if self._feed.said(about.symbol, about.venue) != about.said:
            return
        self._silence.answered(about, answer, self._now())
        latest = self._lookout.latest(about.symbol)
        if latest is None or latest.price != answer.price:
            self._hear(Tick(about.symbol, f"{answer.price:f}", to_millis(answer.time)))

    def _hear(self, asked_for: Tick) -> None:
        """An answer from the future is one of now: every tick after it would be older."""
        millis = min(asked_for.millis, to_millis(self._now()))
        self._lookout.hear(asked_for._replace(millis=millis), Source.POLL)

    def _listened(self, symbol: Symbol, venue: Venue) -> Listened:
        latest = self._lookout.latest(symbol)
        said = self._feed.said(symbol, venue)
        return Listened(symbol=symbol, venue=venue, said=said, heard_at=latest.at if latest is not None else None)


def venue_of(symbol: Symbol) -> Venue:
    """Spot symbols alone have a dash."""
    return Venue.SPOT if "-" in symbol else Venue.FUTURES
