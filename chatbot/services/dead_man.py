"""Keeps the exchange's dead man's switch from falling while the bot lives.

When the process, the host or its network dies, nobody is left to cancel what rests in the book: KuCoin does
it then, for the symbols the settings name. A clean stop switches it off: whoever stops the bot knows what rests.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from chatbot.core.errors import KucoinError
from chatbot.core.market import Symbol
from chatbot.core.values import frozen

log = logging.getLogger(__name__)

RENEWALS = 3
"""Within one timeout: two may be lost before it falls."""

_PATIENCE = 5.0
"""Seconds a stop waits for KuCoin."""


@frozen
class DeadManState:
    """`falls_at` is None while it has not been set; `problem` says why the last renewal failed."""

    symbols: tuple[Symbol, ...]
    falls_at: datetime | None
    problem: str


class Switch(Protocol):
    """KuCoin's, or a test's."""

    async def renew(self, symbols: Sequence[Symbol], within: timedelta) -> datetime: ...

    async def disarm(self) -> None: ...


class DeadManGuard:
    def __init__(self, *, switch: Switch, symbols: Sequence[Symbol], timeout: timedelta) -> None:
        self._switch = switch
        self._timeout = timeout
        self.state = DeadManState(symbols=tuple(symbols), falls_at=None, problem="")

    @property
    def pause(self) -> float:
        """Seconds between two renewals."""
        return self._timeout.total_seconds() / RENEWALS

    async def renew(self) -> None:
        """Called every `pause`, and at the start. A failure shows in `state`, and the next call tries again."""
        symbols, falls_at = self.state.symbols, self.state.falls_at
        try:
            falls_at, problem = await self._switch.renew(symbols, self._timeout), ""
        except KucoinError as error:
            problem = str(error)
            log.warning("the dead man's switch could not be renewed: %s", error)
        self.state = DeadManState(symbols=symbols, falls_at=falls_at, problem=problem)

    async def disarm(self) -> None:
        """At a clean stop."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._switch.disarm()
        except (KucoinError, TimeoutError) as error:
            log.warning("the dead man's switch could not be switched off, it may cancel what rests: %s", error)
