"""How each person reads amounts: whether they hide them, and what a USDT is in the currency they think in."""

import asyncio
import logging
import re
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from chatbot.core.amounts import Amounts
from chatbot.core.errors import KucoinError
from chatbot.core.symbols import HOME_QUOTE
from chatbot.core.times import Now
from chatbot.store.preferences import PreferencesRows

log = logging.getLogger(__name__)

PRICE_LIFE = timedelta(minutes=1)

_CODE = re.compile(r"[A-Z]{3,5}", re.ASCII)


class FiatSource(Protocol):
    """`Market`."""

    async def fiat_price(self, currency: str, of: str) -> Decimal | None: ...


class FiatPrices:
    """A price is asked for once a minute, also one that could not be had: nothing waits for it twice."""

    def __init__(self, source: FiatSource, now: Now) -> None:
        self._source = source
        self._now = now
        self._known: dict[str, tuple[datetime, Decimal | None]] = {}
        self._asking = asyncio.Lock()

    async def of_usdt(self, currency: str) -> Decimal | None:
        """None where KuCoin knows no price, or does not answer: amounts are told without it then."""
        if not _CODE.fullmatch(currency):
            return None
        async with self._asking:
            known = self._known.get(currency)
            if known is None or self._now() - known[0] >= PRICE_LIFE:
                known = self._known[currency] = (self._now(), await self._ask(currency))
            return known[1]

    async def _ask(self, currency: str) -> Decimal | None:
        try:
            return await self._source.fiat_price(currency, HOME_QUOTE)
        except KucoinError as error:
            log.info("no price of %s: %s", currency, error)
            return None


class Reading:
    """Amounts as one person reads them."""

    def __init__(self, *, preferences: PreferencesRows, prices: FiatPrices) -> None:
        self._preferences = preferences
        self._prices = prices

    async def amounts(self, person_id: int) -> Amounts:
        prefers = self._preferences.of(person_id)
        if not prefers.currency:
            return Amounts(hidden=prefers.hides_amounts)
        rate = await self._prices.of_usdt(prefers.currency)
        return Amounts(hidden=prefers.hides_amounts, currency=prefers.currency, rate=rate)

    def in_chat(self, chat_id: int) -> Amounts:
        """On cards that go there unasked or are seen by others: never in a group, else as its person likes."""
        return Amounts(hidden=chat_id < 0 or self.hides(chat_id))

    def hides(self, person_id: int) -> bool:
        return self._preferences.of(person_id).hides_amounts

    def hide(self, person_id: int, *, on: bool) -> None:
        self._preferences.change(person_id, lambda prefers: replace(prefers, hides_amounts=on))
