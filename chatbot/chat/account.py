"""Handlers of /balance and /fills."""

import asyncio

from chatbot.chat.messages import Message, Reply, Tap
from chatbot.chat.views import account as views
from chatbot.chat.views.orders import fills
from chatbot.core.market import Instrument
from chatbot.core.modes import TradingMode
from chatbot.core.times import Now
from chatbot.services.market import Markets
from chatbot.services.people import Watchlists
from chatbot.services.portfolio import Portfolio

_MOST = 15


class AccountHandlers:
    def __init__(
        self, *, portfolio: Portfolio, markets: Markets, watchlists: Watchlists, mode: TradingMode, now: Now
    ) -> None:
        self._portfolio = portfolio
        self._markets = markets
        self._watchlists = watchlists
        self._mode = mode
        self._now = now

    async def balance(self, message: Message) -> Reply:
        if not message.private:
            return views.balance_in_group()
        return views.balance(await self._portfolio.wealth(), self._mode, self._now())

    async def balance_tap(self, tap: Tap) -> Reply:
        wealth = await self._portfolio.wealth()
        if not tap.private:
            return Reply(toast=views.balance_in_short(wealth, self._mode), popup=True)
        reply = views.balance(wealth, self._mode, self._now())
        return Reply(text=reply.text, buttons=reply.buttons, edit=True)

    async def fills(self, message: Message) -> Reply:
        """Of the symbols typed; else of those lately ordered, the watchlist's, and all contracts."""
        words = message.text.split()
        instruments = await self._instruments(words, message.person.id)
        if words:
            found = await self._portfolio.fills(instruments)
            return fills(found[:_MOST], self._mode, ", ".join(i.symbol for i in instruments))
        spot, futures = await asyncio.gather(self._portfolio.fills(instruments), self._portfolio.futures_fills())
        latest = {(f.symbol, f.trade_id): f for f in sorted((*spot, *futures), key=lambda f: f.time, reverse=True)}
        if not latest and not instruments:
            return Reply(text="The executions of which symbol?", asks="/fills", hint="BTC")
        return fills(
            list(latest.values())[:_MOST], self._mode, ", ".join([*(i.symbol for i in instruments), "futures"])
        )

    async def _instruments(self, words: list[str], person_id: int) -> tuple[Instrument, ...]:
        catalogue = await self._markets.catalogue()
        if words:
            return tuple(catalogue.find(w) for w in words[:_MOST])
        symbols = dict.fromkeys([*self._portfolio.lately_traded(), *self._watchlists.of(person_id)])
        return tuple(i for i in map(catalogue.get, list(symbols)[:_MOST]) if i is not None)
