"""Handlers of /balance, /positions and /fills, and of the buttons that hide amounts and look at them once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from chatbot.chat.messages import Message, Reply, Tap
from chatbot.chat.views import account as views
from chatbot.chat.views import positions as position_views
from chatbot.chat.views.fills import fills
from chatbot.chat.views.market import share_in_short
from chatbot.core.account import Position
from chatbot.core.market import Instrument, Symbol
from chatbot.core.modes import TradingMode
from chatbot.core.people import Person, Role
from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.services.amounts import Reading
from chatbot.services.market import Markets
from chatbot.services.people import Watchlists
from chatbot.services.portfolio import Portfolio
from chatbot.services.positions import Holdings, Positions

_MOST = 15
_NEW = "new"
"""The argument of a button that stands under something else than the card it opens."""


@frozen
class Books:
    """What the account is read from. `offers` says whether a position on a symbol may be closed by anybody."""

    portfolio: Portfolio
    positions: Positions
    markets: Markets
    watchlists: Watchlists
    reading: Reading
    offers: Callable[[Symbol], bool]


class AccountHandlers:
    def __init__(self, *, books: Books, mode: TradingMode, now: Now) -> None:
        self._books = books
        self._mode = mode
        self._now = now
        self._cards: dict[str, Callable[[Person], Awaitable[Reply]]] = {
            "balance": self._balance,
            "positions": self._positions,
        }
        self._shorts: dict[str, Callable[[Tap], Awaitable[str]]] = {
            "balance": self._balance_in_short,
            "positions": self._positions_in_short,
            "funding": self._share_in_short,
        }

    async def balance(self, message: Message) -> Reply:
        return await self._balance(message.person) if message.private else views.balance_in_group()

    async def positions(self, message: Message) -> Reply:
        return await self._positions(message.person) if message.private else position_views.in_group()

    async def balance_tap(self, tap: Tap) -> Reply:
        return await self._shown(tap, "balance")

    async def positions_tap(self, tap: Tap) -> Reply:
        return await self._shown(tap, "positions")

    async def peek_tap(self, tap: Tap) -> Reply:
        """The amounts of one card in a pop-up, which nobody but the presser sees."""
        return Reply(toast=await self._shorts[tap.argument.partition(" ")[0]](tap), popup=True)

    async def hide_tap(self, tap: Tap) -> Reply:
        """`on balance`: from now on, and on this card, if it is one of those that are drawn anew here."""
        on, _, card = tap.argument.partition(" ")
        self._books.reading.hide(tap.person.id, on=on != "off")
        toast = "Amounts are shown again." if on == "off" else "Amounts are hidden from now on; /settings shows them."
        if not tap.private or card not in self._cards:
            return Reply(toast=toast)
        return replace(await self._cards[card](tap.person), edit=True, toast=toast)

    async def fills(self, message: Message) -> Reply:
        """Of the symbols typed; else of those lately ordered, the watchlist's, and all contracts."""
        words, portfolio = message.text.split(), self._books.portfolio
        instruments = await self._instruments(words, message.person.id)
        names = [str(i.symbol) for i in instruments]
        if words:
            found = await portfolio.fills(instruments)
            return fills(found[:_MOST], self._mode, ", ".join(names), self._now())
        spot, futures = await asyncio.gather(portfolio.fills(instruments), portfolio.futures_fills())
        latest = {(f.symbol, f.trade_id): f for f in sorted((*spot, *futures), key=lambda f: f.time, reverse=True)}
        if not latest and not instruments:
            return Reply(text="The fills of which symbol?", asks="/fills", hint="BTC")
        return fills(list(latest.values())[:_MOST], self._mode, ", ".join([*names, "futures"]), self._now())

    async def _shown(self, tap: Tap, card: str) -> Reply:
        """In a group as a pop-up; at home in place of the card, which the two share."""
        if not tap.private:
            return Reply(toast=await self._shorts[card](tap), popup=True)
        return replace(await self._cards[card](tap.person), edit=tap.argument != _NEW)

    async def _balance(self, person: Person) -> Reply:
        wealth, amounts = await asyncio.gather(self._books.portfolio.wealth(), self._books.reading.amounts(person.id))
        return views.balance(wealth, amounts, self._mode, self._now())

    async def _balance_in_short(self, tap: Tap) -> str:
        books = self._books
        wealth, amounts = await asyncio.gather(books.portfolio.wealth(), books.reading.amounts(tap.person.id))
        return views.balance_in_short(wealth, replace(amounts, hidden=False), self._mode)

    async def _positions(self, person: Person) -> Reply:
        books = self._books
        holdings, amounts = await asyncio.gather(books.positions.holdings(), books.reading.amounts(person.id))
        closable = self._closable(person, holdings)
        return position_views.positions(holdings, amounts, self._mode, self._now(), closable)

    async def _positions_in_short(self, _: Tap) -> str:
        return position_views.in_short(await self._books.positions.holdings(), self._mode)

    async def _share_in_short(self, tap: Tap) -> str:
        """Of the funding of one contract, the argument's second word."""
        look, positions = await asyncio.gather(
            self._books.markets.funding(tap.argument.partition(" ")[2]), self._books.portfolio.positions()
        )
        return share_in_short([p for p in positions if p.symbol == look.instrument.symbol], look.rate)

    def _closable(self, person: Person, holdings: Holdings) -> list[Position]:
        if person.role < Role.TRADER:
            return []
        return [held.position for held in holdings.held if self._books.offers(held.position.symbol)]

    async def _instruments(self, words: list[str], person_id: int) -> tuple[Instrument, ...]:
        catalogue = await self._books.markets.catalogue()
        if words:
            return tuple(catalogue.find(w) for w in words[:_MOST])
        symbols = dict.fromkeys([*self._books.portfolio.lately_traded(), *self._books.watchlists.of(person_id)])
        return tuple(i for i in map(catalogue.get, list(symbols)[:_MOST]) if i is not None)
