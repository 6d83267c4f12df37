"""KuCoin's own dead man's switch: resting spot orders of some symbols die unless it hears in time that we live.

It knows orders in the spot book alone: no stop orders, no futures. Every call replaces the one before, its symbols too.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chatbot.core.market import Symbol
from chatbot.core.times import from_millis
from chatbot.kucoin import endpoints
from chatbot.kucoin.order_schemas import DeadMan
from chatbot.kucoin.rest import Rest
from chatbot.kucoin.schemas import one

_OFF = -1


class DeadMansSwitch:
    """Both raise KucoinError."""

    def __init__(self, spot: Rest) -> None:
        self._spot = spot

    async def renew(self, symbols: Sequence[Symbol], within: timedelta) -> datetime:
        """When KuCoin will cancel unless it is renewed before; up to ten seconds later in fact."""
        body = {"timeout": int(within.total_seconds()), "symbols": ",".join(symbols)}
        answer = one(DeadMan, await self._spot.order(endpoints.SPOT_DEAD_MAN, lambda _: body))
        return from_millis(answer.trigger_time * 1000)

    async def disarm(self) -> None:
        await self._spot.order(endpoints.SPOT_DEAD_MAN, lambda _: {"timeout": _OFF})
