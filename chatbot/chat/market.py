"""Handlers of /price, /watch, /unwatch, /watchlist and /funding."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace

from chatbot.chat.messages import Message, Reply, Tap
from chatbot.chat.views import market as views
from chatbot.chat.views import questions
from chatbot.core.account import Position
from chatbot.core.errors import KucoinError, UsageError
from chatbot.core.market import Instrument, Symbol
from chatbot.core.modes import TradingMode
from chatbot.core.people import Person, Role
from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.services.market import FundingLook, Markets
from chatbot.services.people import Watchlists
from chatbot.services.portfolio import Portfolio

_MOST = 10
_TOP = "top"


@frozen
class Offers:
    """What may stand under a price besides: orders in this mode, and charts where they can be drawn."""

    mode: TradingMode
    charts: bool


class MarketHandlers:
    """`hides` says whether a person wants amounts of the account out of sight."""

    def __init__(
        self,
        *,
        markets: Markets,
        portfolio: Portfolio,
        watchlists: Watchlists,
        hides: Callable[[int], bool],
        offers: Offers,
        now: Now,
    ) -> None:
        self._markets = markets
        self._portfolio = portfolio
        self._watchlists = watchlists
        self._hides = hides
        self._offers = offers
        self._now = now

    async def price(self, message: Message) -> Reply:
        return await self._price(message.person, message.text)

    async def price_tap(self, tap: Tap) -> Reply:
        if not tap.argument and not self._watchlists.of(tap.person.id):
            return Reply(runs="/price")
        return _edit(await self._price(tap.person, tap.argument))

    async def watch(self, message: Message) -> Reply:
        words = message.text.split()
        if not words:
            raise UsageError("Say which symbols to follow.", example="/watch BTC ETH")
        await self._watchlists.add(message.person.id, words)
        return views.watchlist(self._watchlists.of(message.person.id))

    async def unwatch(self, message: Message) -> Reply:
        words = message.text.split()
        if not words:
            raise UsageError("Say which symbol to drop.", example="/unwatch BTC")
        removed = await self._watchlists.remove(message.person.id, words)
        if not removed:
            raise UsageError("That is not on your watchlist.", example="/watchlist")
        return views.watchlist(self._watchlists.of(message.person.id))

    async def watchlist(self, message: Message) -> Reply:
        return views.watchlist(self._watchlists.of(message.person.id))

    async def funding(self, message: Message) -> Reply:
        return await self._funding(message.person, message.text, private=message.private)

    async def funding_tap(self, tap: Tap) -> Reply:
        return _edit(await self._funding(tap.person, tap.argument, private=tap.private))

    async def _price(self, person: Person, text: str) -> Reply:
        words = text.split()
        if len(words) == 1:
            look = await self._markets.look(words[0])
            return views.price(look, self._now(), may_trade=self._may_trade(person), charts=self._offers.charts)
        symbols = await self._symbols(person, words)
        if not symbols:
            raise UsageError("Say which symbol.", example="/price BTC")
        looks = await self._markets.looks(symbols)
        gone = set(symbols) - {look.instrument.symbol for look in looks}
        action = f"price {' '.join(symbols)}" if words else "price"
        return views.prices(looks, sorted(gone), self._now(), action)

    async def _symbols(self, person: Person, words: list[str]) -> tuple[Symbol, ...]:
        """The typed ones, else the person's watchlist."""
        if not words:
            return self._watchlists.of(person.id)
        if len(words) > _MOST:
            raise UsageError(f"At most {_MOST} symbols at once.", example="/price BTC ETH SOL")
        catalogue = await self._markets.catalogue()
        return tuple(catalogue.find(w).symbol for w in words)

    async def _funding(self, person: Person, text: str, *, private: bool) -> Reply:
        """In a group without what the account pays."""
        words, hidden = text.split(), private and self._hides(person.id)
        if len(words) > 1:
            raise UsageError("One symbol at a time.", example="/funding BTC")
        if words and words[0].lower() != _TOP:
            look, positions = await asyncio.gather(self._markets.funding(words[0]), self._positions(private=private))
            position = positions.get(look.instrument.symbol)
            return views.funding(look, position, self._now(), in_group=not private, hidden=hidden)
        looks, positions = await asyncio.gather(self._markets.fundings(), self._positions(private=private))
        watched = () if words else await self._watched(person, looks)
        held = () if words else tuple(look for look in looks if look.instrument.symbol in positions)
        own = tuple({look.instrument.symbol: look for look in (*held, *watched)}.values())
        if own:
            whose = "your watchlist" if watched else "your positions"
            return _with_coins(views.fundings(own, positions, self._now(), f"Funding, {whose}", hidden=hidden), own)
        title, top = "Funding, furthest from zero", views.top_of(looks)
        return _with_coins(views.fundings(top, positions, self._now(), title, hidden=hidden), top)

    async def _watched(self, person: Person, looks: tuple[FundingLook, ...]) -> tuple[FundingLook, ...]:
        """The perpetuals of the watched coins, in the watchlist's order."""
        catalogue = await self._markets.catalogue()
        by_symbol = {look.instrument.symbol: look for look in looks}
        instruments = [i for i in map(catalogue.get, self._watchlists.of(person.id)) if i is not None]
        perpetuals: list[Instrument | None] = [catalogue.perpetual_of(i) for i in instruments]
        wanted = dict.fromkeys(p.symbol for p in perpetuals if p is not None)
        return tuple(by_symbol[s] for s in wanted if s in by_symbol)

    async def _positions(self, *, private: bool) -> dict[Symbol, Position]:
        """What the person's own share is drawn from; rates are shown without it when it cannot be read."""
        if not private:
            return {}
        try:
            return {p.symbol: p for p in await self._portfolio.positions()}
        except KucoinError:
            return {}

    def _may_trade(self, person: Person) -> bool:
        return person.role >= Role.TRADER and self._offers.mode is not TradingMode.OFF


def _edit(reply: Reply) -> Reply:
    """On the same card."""
    return replace(reply, edit=True)


def _with_coins(reply: Reply, looks: Iterable[FundingLook]) -> Reply:
    """Each of the list is a tap away, and any other two."""
    names = [(views.coin(look.instrument), views.coin(look.instrument)) for look in looks]
    return replace(reply, buttons=(*questions.runs("/funding", [*names, ("Other…", "?")]), *reply.buttons))
