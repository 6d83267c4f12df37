"""Positions that come near their liquidation: told to whoever can do something, rung by rung.

The account's own feed tells each move of the mark price; once a minute all is read anew, and more often while
something is near, so that a dead stream, and an account that has none, cost seconds and no notice.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from chatbot.core.account import Position
from chatbot.core.errors import KucoinError
from chatbot.core.feed import PositionNews
from chatbot.core.liquidation import Danger, Holding, danger, holding, step
from chatbot.core.notices import Buttons, Lane, Letter
from chatbot.core.preferences import Kind
from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.store.store import Store

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)

NEAR = Decimal("0.25")
"""Whatever is nearer is looked at each time there is a chance to."""


@frozen
class LiquidationWording:
    """`danger` says how near it is and what can be done, the louder the nearer the rung; `unknown`: nobody knows."""

    danger: Callable[[Danger, Decimal, datetime], tuple[str, Buttons]]
    unknown: Callable[[Position], str]


class PositionSource(Protocol):
    """`Account`."""

    async def positions(self) -> Sequence[Position]: ...

    async def risk_rate(self, currency: str) -> Decimal | None: ...


class LiquidationWatch:
    """`people` are told, each in their own chat."""

    def __init__(
        self, *, source: PositionSource, store: Store, people: Collection[int], wording: LiquidationWording, now: Now
    ) -> None:
        self._source = source
        self._store = store
        self._people = sorted(people)
        self._wording = wording
        self._now = now
        self._held: dict[Holding, Position] = {}
        self._risks: dict[str, Decimal | None] = {}
        self._told: dict[Holding, Decimal] | None = None
        self._looked: datetime | None = None
        self._near = False
        self._failing = False

    def hear(self, news: PositionNews) -> None:
        """A new mark price counts at once; whatever else it says is read by the next look."""
        held = [each for key, each in self._held.items() if key.symbol == news.symbol]
        if news.changed or not held:
            self._looked = None
        if news.mark is None:
            return
        for each in held:
            if each.liquidation_price is not None:
                self._judge(replace(each, mark_price=news.mark))

    async def look(self) -> None:
        """Called every few seconds. Raises nothing of KuCoin's."""
        now = self._now()
        if self._looked is not None and now - self._looked < EVERY and not self._near:
            return
        try:
            positions = await self._source.positions()
        except KucoinError as error:
            self._fails("no positions", error)
            return
        if await self._read_risks(positions):
            if self._failing:
                log.info("liquidations are watched again")
            self._failing, self._looked = False, now
        self._held = {holding(position): position for position in positions}
        self._forget_gone()
        distances = [self._judge(position) for position in positions if self._judgeable(position)]
        self._near = any(distance is not None and distance <= NEAR for distance in distances)

    async def _read_risks(self, positions: Sequence[Position]) -> bool:
        """Where no price of liquidation is told, the margin's risk rate is what there is. Whether all were read."""
        wanted = sorted({p.currency for p in positions if _by_risk(p)})
        read: dict[str, Decimal | None] = {}
        for currency in wanted:
            try:
                read[currency] = await self._source.risk_rate(currency)
            except KucoinError as error:
                self._fails(f"no risk rate of {currency}", error)
        self._risks = read
        return len(read) == len(wanted)

    def _judgeable(self, position: Position) -> bool:
        """A rate that could not be read this time holds up nothing but what it is of."""
        return not _by_risk(position) or position.currency in self._risks

    def _fails(self, what: str, error: KucoinError) -> None:
        if not self._failing:
            log.warning("liquidations are not all watched, %s: %s", what, error)
        self._failing = True

    def _forget_gone(self) -> None:
        told = self._stood()
        with self._store.atomic():
            for gone in told.keys() - self._held.keys():
                del told[gone]
                self._store.rungs.put(gone, None)

    def _judge(self, position: Position) -> Decimal | None:
        """Its distance, if that is known."""
        found = danger(position, self._risks.get(position.currency))
        if found is None:
            if _by_risk(position):
                self._own_up(position)
            return None
        key, told = holding(position), self._stood()
        before = told.get(key)
        rung, tells = step(before, found.distance)
        if rung != before:
            with self._store.atomic():
                self._store.rungs.put(key, rung)
                if tells and rung is not None:
                    self._tell(*self._wording.danger(found, rung, self._now()))
            if rung is None:
                del told[key]
            else:
                told[key] = rung
        return found.distance

    def _own_up(self, position: Position) -> None:
        """Once: what is not known cannot be warned of."""
        side = "long" if position.lots > 0 else "short"
        self._tell(self._wording.unknown(position), (), f"no liquidation price {position.symbol} {side}")

    def _tell(self, text: str, buttons: Buttons, name: str | None = None) -> None:
        for person in self._people:
            letter = Letter(chat_id=person, lane=Lane.ORDER, text=text, buttons=buttons, kind=Kind.LIQUIDATION)
            self._store.outbox.put(letter, dedupe=None if name is None else f"{name} {person}")

    def _stood(self) -> dict[Holding, Decimal]:
        """What was told before, by this run or another."""
        if self._told is None:
            self._told = self._store.rungs.all()
        return self._told


def _by_risk(position: Position) -> bool:
    return position.cross and position.liquidation_price is None
