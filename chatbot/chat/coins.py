"""Which coins a person is offered first, and what is asked of the commands that need nothing but a coin."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from chatbot.chat import words
from chatbot.chat.messages import Message, Question, Reply, Step
from chatbot.chat.views import questions as views
from chatbot.core.errors import UnknownSymbol, UsageError
from chatbot.core.market import Instrument, Symbol, Venue
from chatbot.core.people import Role
from chatbot.core.symbols import Catalogue, alike
from chatbot.core.values import frozen
from chatbot.services.market import Markets
from chatbot.services.people import Watchlists
from chatbot.services.portfolio import Portfolio

MOST = 8
"""Coins on a card."""

_MAJORS = ("BTC", "ETH", "SOL", "XRP", "DOGE", "ADA", "LTC", "TRX", "LINK", "AVAX")
_SPAN = re.compile(r"[0-9]+[a-zA-Z]", re.ASCII)
_NAME = re.compile(r"[A-Za-z]{2,12}(?:[-/][A-Za-z]{2,8})?", re.ASCII)
"""What may be meant as a coin though there is none of that name."""

Fits = Callable[[Instrument, Catalogue], Instrument | None]
"""What a coin stands for where it is to be chosen; None where it cannot be."""


def any_of_them(instrument: Instrument, _: Catalogue) -> Instrument | None:
    return instrument


def on_spot(instrument: Instrument, _: Catalogue) -> Instrument | None:
    return instrument if instrument.venue is Venue.SPOT and instrument.tradable else None


def with_funding(instrument: Instrument, catalogue: Catalogue) -> Instrument | None:
    """The coin of a perpetual, which its name is enough for."""
    return instrument if catalogue.perpetual_of(instrument) is not None else None


class Coins:
    def __init__(self, *, markets: Markets, watchlists: Watchlists, portfolio: Portfolio) -> None:
        self._markets = markets
        self._watchlists = watchlists
        self._portfolio = portfolio

    async def offered(self, person_id: int, fits: Fits = any_of_them, but: Iterable[Symbol] = ()) -> list[views.Word]:
        """Those of the watchlist, then those traded lately; the ones everybody knows where that makes none."""
        catalogue = await self._markets.catalogue()
        own = (*self._watchlists.of(person_id), *self._portfolio.lately_traded())
        chosen = _fitting(map(catalogue.get, own), fits, catalogue, set(but))
        return chosen or _fitting(_majors(catalogue), fits, catalogue, set(but))


@frozen
class Allowed:
    """`charts`: they can be drawn here. `trades`: there are orders in this mode."""

    charts: bool
    trades: bool


class CoinSteps:
    """Where the watchlist stands in for a coin, nothing is lacking."""

    def __init__(self, *, coins: Coins, markets: Markets, watchlists: Watchlists, allowed: Allowed) -> None:
        self._coins = coins
        self._markets = markets
        self._watchlists = watchlists
        self._allowed = allowed

    @property
    def steps(self) -> Mapping[str, Step]:
        steps: dict[str, Step] = {
            "price": self.price, "watch": self.watch, "unwatch": self.unwatch, "funding": self.funding,
        }  # fmt: skip
        return steps | {"chart": self.chart} if self._allowed.charts else steps

    async def price(self, asked: Message) -> Question | str:
        if asked.text or self._watchlists.of(asked.person.id):
            return asked.text
        return views.coin("/price", "The price of what?", await self._coins.offered(asked.person.id))

    async def chart(self, asked: Message) -> Question | str:
        named = [word for word in asked.text.split() if not _SPAN.fullmatch(word)]
        if named or self._watchlists.of(asked.person.id):
            return asked.text
        line = f"/chart {asked.text}".strip()
        return views.coin(line, "A chart of what?", await self._coins.offered(asked.person.id))

    async def watch(self, asked: Message) -> Question | str:
        """Those that are watched already are no choice."""
        if asked.text:
            return asked.text
        watched = self._watchlists.of(asked.person.id)
        offered = await self._coins.offered(asked.person.id, but=watched)
        return views.coin("/watch", "Watch which coins?", offered, "BTC ETH")

    async def unwatch(self, asked: Message) -> Question | str:
        watched = self._watchlists.of(asked.person.id)
        if asked.text or not watched:
            return asked.text
        return views.coin("/unwatch", "Drop which one?", [(s, s) for s in watched[: MOST * 4]], watched[0])

    async def funding(self, asked: Message) -> Question | str:
        """Without a coin there is a list; `?`, a button below it, asks for one that is not there."""
        if asked.text != "?":
            return asked.text
        return views.coin("/funding", "The funding of what?", await self._coins.offered(asked.person.id, with_funding))

    async def plain(self, asked: Message) -> Reply:
        """Words that are no command: a coin's name is enough to go on from."""
        catalogue = await self._markets.catalogue()
        word = asked.text.strip()
        try:
            instrument = catalogue.find(word)
        except UnknownSymbol as error:
            meant = replace(asked, command="price", text=word)
            return _unheard_of(error, meant) if _NAME.fullmatch(word) else _several(word, catalogue)
        except UsageError:
            return _several(word, catalogue)
        trades = self._allowed.trades and asked.person.role >= Role.TRADER
        return views.about(instrument, may_trade=trades, charts=self._allowed.charts)


def _unheard_of(error: UnknownSymbol, meant: Message) -> Reply:
    """Only what looks a lot like a coin is taken for one: other words are not meant for a list of coins at all."""
    like = tuple(name for name in error.nearest if alike(name, error.word))
    return words.failure(UnknownSymbol(error.word, like), meant) if like else words.no_coin(meant.text)


def _several(text: str, catalogue: Catalogue) -> Reply:
    """`btc eth`: coins and nothing else."""
    names = text.replace(",", " ").split()
    if not 1 < len(names) <= MOST:
        return Reply(text=words.COMMANDS_ONLY)
    try:
        return views.about_several([catalogue.find(name) for name in names])
    except UsageError:
        return Reply(text=words.COMMANDS_ONLY)


def _majors(catalogue: Catalogue) -> Iterable[Instrument | None]:
    return (catalogue.get(Symbol(f"{name}-USDT")) for name in _MAJORS)


def _fitting(some: Iterable[Instrument | None], fits: Fits, catalogue: Catalogue, but: set[Symbol]) -> list[views.Word]:
    found = (fits(each, catalogue) for each in some if each is not None and each.symbol not in but)
    return list(dict.fromkeys(views.word_of(each) for each in found if each is not None))[:MOST]
