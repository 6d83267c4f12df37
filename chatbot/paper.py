"""Paper mode: the real market's prices in front of an exchange of our own. No signed call leaves this process.

The account lives in a file beside the database and is written before any answer that
changed it is given, so a paper order outlives a crash as a real one would.
"""

import asyncio
import contextlib
import json
import logging
import os
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from chatbot.core.errors import KucoinError
from chatbot.core.market import Instrument, Ticker, Venue
from chatbot.core.times import Now, steady_now, utc_now
from chatbot.kucoin.account import Account
from chatbot.kucoin.clock import ExchangeClock
from chatbot.kucoin.market import Market
from chatbot.kucoin.orders import Orders
from chatbot.kucoin.pools import Pools
from chatbot.kucoin.rest import Host, Rest
from chatbot.kucoin.signing import Credentials
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.exchange import Exchange
from chatbot.sandbox.faults import Faults
from chatbot.sandbox.kucoin_auth import ApiKey
from chatbot.sandbox.kucoin_rest import KucoinFace
from chatbot.sandbox.live_prices import LivePrices
from chatbot.services.exchange import Exchange as Halves
from chatbot.store.database import Damaged

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

START = Decimal(1000)
"""USDT that a new paper account holds in Trade."""

_UID = 1


class ObservedMarket(Market):
    """The real market; what the bot reads of it is what the paper exchange trades at."""

    def __init__(self, spot: Rest, futures: Rest, prices: LivePrices) -> None:
        super().__init__(spot, futures)
        self._prices = prices

    async def instruments(self) -> tuple[Instrument, ...]:
        instruments = await super().instruments()
        self._prices.learn(instruments)
        return instruments

    async def ticker(self, instrument: Instrument) -> Ticker:
        ticker = await super().ticker(instrument)
        self._prices.observe(ticker)
        return ticker


class Paper:
    def __init__(self, path: Path, now: Now = utc_now) -> None:
        """`path` holds the account; where there is none, a new one is written with its first answer.

        Raises Damaged for a file that is not such an account.
        """
        self._path = path
        self.prices = LivePrices()
        self.exchange = Exchange(self.prices, now)
        self.credentials = Credentials(
            key=secrets.token_hex(12), secret=secrets.token_hex(16), passphrase=secrets.token_hex(8)
        )
        key = ApiKey(
            key=self.credentials.key,
            secret=self.credentials.secret,
            passphrase=self.credentials.passphrase,
            uid=_UID,
            permissions=frozenset({"General", "Spot", "Futures"}),
            created_at=now(),
        )
        self._face = KucoinFace(self.exchange, [key], Faults())
        self._written = ""
        self._open()

    def host(self, venue: Venue) -> Host:
        return Host(
            url=f"http://paper/{venue.value}", venue=venue, credentials=self.credentials, app=self._answer_when_kept
        )

    async def refresh(self, market: Market) -> None:
        """Reads the prices of everything that rests, and fills what they have reached. Raises KucoinError."""
        resting = {o.request.symbol for o in self.exchange.orders.values() if o.active}
        if resting and not self.prices.instruments():  # nobody has read them since the start
            await market.instruments()
        instruments = [i for i in map(self.prices.instruments().get, resting) if i is not None]
        await asyncio.gather(*(market.ticker(i) for i in instruments))
        if instruments:
            self.exchange.advance()
            self._keep()

    async def _answer_when_kept(self, scope: Message, receive: Receive, send: Send) -> None:
        """The exchange's face, with the account written down before its answer leaves."""

        async def kept(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._keep()
            await send(message)

        await self._face.app(scope, receive, kept)

    def _open(self) -> None:
        if not self._path.exists():
            self.exchange.deposit(Pocket.TRADE, "USDT", START)
            return
        try:
            self.exchange.restore(json.loads(self._path.read_text(encoding="utf-8")))
        except (ValueError, TypeError, KeyError, ArithmeticError) as error:
            raise Damaged(f"{self._path} is not a paper account. Restore it, or move it away for a new one.") from error

    def _keep(self) -> None:
        """All of it or none: a new file, flushed, takes the old one's name."""
        text = json.dumps(self.exchange.snapshot())
        if text == self._written:
            return
        fresh = self._path.with_name(self._path.name + ".new")
        with open(fresh, "w", encoding="utf-8", opener=_private) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        self._written = text


class OnPaper:
    """The exchange in paper mode: the real market, the sandbox's account and orders."""

    def __init__(self, paper: Paper, exchange: Halves) -> None:
        self._paper = paper
        self.exchange = exchange

    async def refresh(self) -> None:
        """Lets what rests meet the market; a market that cannot be read is met later."""
        try:
            await self._paper.refresh(self.exchange.market)
        except KucoinError as error:
            log.warning("paper orders wait, the market could not be read: %s", error)


async def connect(path: Path, spot: Rest, futures: Rest, closing: contextlib.AsyncExitStack) -> OnPaper:
    """`spot` and `futures` are the real hosts, asked for public data alone; `path` is the account's file."""
    paper = Paper(path)
    clock, pools = ExchangeClock(utc_now), Pools(now=steady_now, sleep=asyncio.sleep)
    own = [await closing.enter_async_context(Rest(paper.host(venue), clock=clock, pools=pools)) for venue in Venue]
    market = ObservedMarket(spot, futures, paper.prices)
    return OnPaper(paper, Halves(market=market, account=Account(*own), orders=Orders(*own)))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
