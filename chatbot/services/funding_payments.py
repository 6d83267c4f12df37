"""What our positions will pay: read before a settlement, and owned up to when they cannot be."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from chatbot.core.account import Position
from chatbot.core.alerts import AlertKind, AlertRule
from chatbot.core.errors import KucoinError
from chatbot.core.funding_alerts import BEFORE_PAYMENT, ready
from chatbot.core.market import FundingRate, Symbol
from chatbot.core.values import frozen

log = logging.getLogger(__name__)

LAST_CALL = timedelta(minutes=10)
"""Before a settlement: if what it will pay was not known by then, people may still look for themselves."""


@frozen
class FundingWording:
    """What people read of funding that cannot be known.

    `lost`: at which rates a contract settled within this span; `unforeseen`: what one will pay in it.
    """

    lost: Callable[[Symbol, timedelta], str]
    unforeseen: Callable[[Symbol, timedelta], str]


class PositionSource(Protocol):
    """`Account`."""

    async def positions(self) -> Sequence[Position]: ...


class Payments:
    """`unknown` is told of the rules that a settlement's payment cannot be held against; it may be told twice."""

    def __init__(self, source: PositionSource, unknown: Callable[[Sequence[AlertRule], FundingRate], None]) -> None:
        self._source = source
        self._unknown = unknown
        self._held: dict[Symbol, Position] | None = None
        self._known: dict[Symbol, datetime] = {}
        self._failing = False

    def begin(self) -> None:
        """A scan: it reads the positions once at most."""
        self._held = None

    async def position(self, rules: Sequence[AlertRule], rate: FundingRate, at: datetime) -> Position | None:
        """Ours in this contract, read only when a rule asks for what it will pay."""
        if not _asked(rules, rate, at):
            return None
        if self._held is None:
            await self._read()
        if self._failing:
            self.warn(rules, rate, at)
        else:
            self._known[rate.symbol] = rate.next_at
        return (self._held or {}).get(rate.symbol)

    def warn(self, rules: Sequence[AlertRule], rate: FundingRate, at: datetime) -> None:
        """What the next settlement will pay cannot be known now."""
        asking = _asked(rules, rate, at)
        if asking and rate.next_at - at <= LAST_CALL and self._known.get(rate.symbol) != rate.next_at:
            self._unknown(asking, rate)

    async def _read(self) -> None:
        self._held = {}
        try:
            self._held = {p.symbol: p for p in await self._source.positions()}
        except KucoinError as error:
            if not self._failing:
                log.warning("alerts on payments wait, no positions: %s", error)
            self._failing = True
        else:
            if self._failing:
                log.info("alerts on payments go on, positions can be read again")
            self._failing = False


def _asked(rules: Sequence[AlertRule], rate: FundingRate, at: datetime) -> list[AlertRule]:
    """Those that may fire now for what it pays."""
    if not timedelta(0) < rate.next_at - at <= BEFORE_PAYMENT:
        return []
    return [r for r in rules if r.question.kind is AlertKind.FUNDING_PAYMENT and ready(r, at) is not None]
