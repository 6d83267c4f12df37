"""Prices that met rules: decided on the exchange's own digits, stored with their letters, and watched for again.

Few rules are settled before the price's turn is over. A crowd is settled in parts, in turns with everybody else;
what the exchange tells meanwhile is kept for the rules that wait, so each sees every price in its order.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from chatbot.core.alerts import AlertRule, AlertState, Source, Watch, armed, watch_of
from chatbot.core.feed import Tick
from chatbot.core.market import Symbol
from chatbot.core.moves import Move, MoveKey
from chatbot.services.firing import Change, Teller
from chatbot.services.turns import give_way
from chatbot.store.store import Store

AT_ONCE = 50
"""Rules settled in one transaction: some milliseconds. More than these are taken in turns with everybody else."""


@dataclass(frozen=True, slots=True)
class Happening:
    """A price was told; with a `key` and a `move`, that the price made this move."""

    tick: Tick
    source: Source
    key: MoveKey | None = None
    move: Move | None = None

    @property
    def watched(self) -> Symbol | MoveKey:
        return self.tick.symbol if self.key is None else self.key

    @property
    def value(self) -> Decimal:
        return self.tick.price if self.move is None else self.move.size

    def meets(self, watch: Watch) -> bool:
        return watch.met_by(self.tick.price) if self.move is None else self.move.meets(watch)


Met = tuple[Sequence[int], Happening]
"""Rules, by id, and what met them."""


@dataclass(slots=True)
class _Crowd:
    """`happened` begins with what met them; the rest came while they waited."""

    ids: Sequence[int]
    happened: list[Happening]


class Settling:
    """`watch` is called with each rule as it stands afterwards."""

    def __init__(self, *, store: Store, teller: Teller, watch: Callable[[AlertRule], None]) -> None:
        self._store = store
        self._teller = teller
        self._watch = watch
        self._crowds: deque[_Crowd] = deque()
        self.work = asyncio.Event()

    @property
    def waiting(self) -> bool:
        return bool(self._crowds)

    def settle(self, met: Sequence[Met]) -> None:
        """All that one price met, if anything. Done when this returns, unless that is a crowd."""
        if not met:
            return
        if sum(len(ids) for ids, _ in met) <= AT_ONCE:
            self._settle([(rule_id, (happening,)) for ids, happening in met for rule_id in ids])
            return
        self._crowds.extend(_Crowd(ids, [happening]) for ids, happening in met)
        self.work.set()

    def tell(self, happening: Happening) -> None:
        """Something that was told while rules wait: theirs is to see it after what met them."""
        for crowd in self._crowds:
            if crowd.happened[0].watched == happening.watched:
                crowd.happened.append(happening)

    def drop(self, rule_id: int) -> None:
        """The rule begins anew: what happened before is nothing to it."""
        for crowd in self._crowds:
            if rule_id in crowd.ids:
                crowd.ids = [each for each in crowd.ids if each != rule_id]
        self._crowds = deque(crowd for crowd in self._crowds if crowd.ids)

    def settle_some(self) -> None:
        """The next part of what waits."""
        part: list[tuple[int, Sequence[Happening]]] = []
        while self._crowds and len(part) < AT_ONCE:
            crowd, room = self._crowds[0], AT_ONCE - len(part)
            part += [(rule_id, crowd.happened) for rule_id in crowd.ids[:room]]
            crowd.ids = crowd.ids[room:]
            if not crowd.ids:
                self._crowds.popleft()
        self._settle(part)

    async def nothing_waits(self, symbol: Symbol) -> None:
        """Comes back when no rule on this symbol waits to be settled; until the next `await` none will."""
        while any(crowd.happened[0].tick.symbol == symbol for crowd in self._crowds):
            await give_way()

    def _settle(self, part: Sequence[tuple[int, Sequence[Happening]]]) -> None:
        """Whatever fails, the rules are watched as they stand in the database."""
        rules = self._store.alerts.rules([rule_id for rule_id, _ in part])
        try:
            for turn in range(max(len(happened) for _, happened in part)):
                self._take_turn(rules, [(r, h[turn]) for r, h in part if r in rules and turn < len(h)])
        finally:
            for rule in rules.values():
                self._watch(rule)

    def _take_turn(self, rules: dict[int, AlertRule], part: Sequence[tuple[int, Happening]]) -> None:
        """Writes into `rules` what became of them."""
        decided = [_decided(rules[rule_id], happening, self._teller) for rule_id, happening in part]
        changes = [change for change in decided if change is not None]
        took_place = self._teller.tell(changes)
        rules |= {c.old.id: c.new for c, done in zip(changes, took_place, strict=True) if done}


def _decided(rule: AlertRule, happening: Happening, teller: Teller) -> Change | None:
    """None when the rule is not met after all: it moved on meanwhile, or only the floats were equal."""
    watch, at = watch_of(rule), happening.tick.at
    if watch is None or (rule.until is not None and at >= rule.until) or not happening.meets(watch):
        return None
    if rule.state is AlertState.WAITING:
        return Change(old=rule, new=replace(armed(rule, at), eligible_at=rule.eligible_at))
    return teller.firing(rule, happening.value, at, happening.source)
