"""The direct path: what is still done for people when the database cannot be written any more.

Nothing can be sent that needs a row, so no order leaves. A /kill that waits at Telegram, or
that could not be written down, is obeyed all the same and answered at once. It stays with
Telegram: the next start finds it again, and writes it down when it can.
"""

import asyncio
import contextlib
import json
import logging
import sqlite3
from typing import Any

from chatbot.chat import parsing
from chatbot.chat.connection import SafeBot, TelegramTrouble, connect
from chatbot.chat.gate import Gate, Verdict
from chatbot.chat.messages import Incoming
from chatbot.chat.updates import incoming
from chatbot.config import Settings
from chatbot.core.errors import KucoinError
from chatbot.core.exchange import Resting
from chatbot.core.modes import TradingMode
from chatbot.core.people import Role
from chatbot.kucoin.rest import KEPT_FOR_MINUTES
from chatbot.services.exchange import Exchange
from chatbot.store.store import Store

log = logging.getLogger(__name__)

_GLANCE = 2.0
"""Seconds for Telegram to hand out what waits: it answers at once where something does."""

_PLACE = 4.0
_ALL = 20.0
_PAUSES = (0.5, 1.5)
"""Seconds from the cancels to the first look, and to the second."""


async def last_stand(
    settings: Settings, exchange: Exchange, trouble: Exception, *, store: Store | None = None, warn: bool = False
) -> None:
    """`store` is what can still be read; the owners are told where they have to be warned.

    Raises nothing of Telegram's or KuCoin's: another trouble ends us.
    """
    bot = connect(
        token=settings.telegram_bot_token.get_secret_value(), url=settings.telegram_api_url, limits=KEPT_FOR_MINUTES
    )
    try:
        async with asyncio.timeout(_ALL), bot:
            stand = Stand(settings, bot, exchange, trouble)
            if warn:
                await stand.warn()
            await stand.obey(store)
    except (TelegramTrouble, TimeoutError) as error:
        log.warning("nobody could be told: %s", type(error).__name__)


def _kept(store: Store | None) -> list[tuple[int, str]]:
    with contextlib.suppress(sqlite3.Error):
        return [] if store is None else store.inbox.waiting()
    return []


class Stand:
    def __init__(self, settings: Settings, bot: SafeBot, exchange: Exchange, trouble: Exception) -> None:
        self._settings = settings
        self._bot = bot
        self._exchange = exchange
        self._trouble = trouble
        self._gate = Gate(role_of=settings.role_of, groups=settings.telegram_groups)

    async def obey(self, store: Store | None) -> None:
        bodies = [json.loads(body) for _, body in _kept(store)] + await self._unheard()
        kills = [heard for heard in map(incoming, bodies) if self._kills(heard)]
        if not kills:
            return
        words = await self._swept()
        for chat_id in sorted({heard.chat_id for heard in kills}):
            await self._say(chat_id, words)

    async def _unheard(self) -> list[dict[str, Any]]:
        """What Telegram still keeps for us. It is not told to forget any of it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GLANCE):
                return await self._bot.raw_updates(0)
        return []

    def _kills(self, heard: Incoming) -> bool:
        if heard.data is not None or self._gate.judge(heard) is not Verdict.ADMITTED:
            return False
        typed = parsing.command(heard.text, self._bot.username)
        return typed is not None and typed[0] == "kill" and self._gate.person(heard).role >= Role.TRADER

    async def warn(self) -> None:
        for owner in sorted(self._settings.telegram_owners):
            await self._say(owner, f"I have to stop. {self._trouble} Until then no order leaves; what rests stays.")

    async def _swept(self) -> str:
        """Cancels wherever an order can rest, and looks; what to tell of it."""
        begin = f"I cannot write to my database, so this stop is not written down. {self._trouble}"
        if self._settings.trading_mode is not TradingMode.LIVE:
            return f"{begin} No order leaves."
        sweeps = await asyncio.gather(*(self._exchange.orders.cancel_place(place) for place in Resting))
        refused = [f"{sweep.place.value}: {sweep.error}" for sweep in sweeps if sweep.error is not None]
        left: list[str] = []
        for pause in _PAUSES:
            await asyncio.sleep(pause)
            left = await self._left()
            if not left:
                return f"{begin} No order leaves, and nothing rests on KuCoin any more."
        return "\n".join(
            [f"{begin} No order leaves. I asked KuCoin to cancel everything. Still there:", *left, *refused]
        )

    async def _left(self) -> list[str]:
        found = await asyncio.gather(*(self._rests(place) for place in Resting))
        return [line for line in found if line]

    async def _rests(self, place: Resting) -> str:
        try:
            async with asyncio.timeout(_PLACE):
                orders = await self._exchange.orders.resting(place)
        except (KucoinError, TimeoutError) as error:
            return f"{place.value}: could not be read ({error or 'no answer in time'})"
        return f"{place.value}: {', '.join(order.order_id for order in orders)}" if orders else ""

    async def _say(self, chat_id: int, text: str) -> None:
        with contextlib.suppress(TelegramTrouble):
            await self._bot.send_message(chat_id, text)
