"""What armed price and move rules wait for, held in memory: every price passes here.

The index finds candidates by float; whether a rule is met is decided in Decimal on the
exchange's own digits. A rule's row is read when it was met, and not before.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.alerts import AlertKind, AlertRule, AlertState, Source, armed, ended, rested, watch_of
from chatbot.core.feed import Tick
from chatbot.core.levels import LevelBook
from chatbot.core.market import Candle, Symbol, Venue
from chatbot.core.moves import Move, MoveKey, Windows
from chatbot.core.times import Now
from chatbot.services.firing import Change, Teller
from chatbot.services.turns import give_way
from chatbot.store.store import Store
from chatbot.store.watches import TO_CHANGE

AT_ONCE = 50
"""Rules settled in one transaction: some milliseconds. More than these are taken in turns with everybody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """`move` is None for a price."""

    ids: Sequence[int]
    tick: Tick
    source: Source
    move: Move | None


class Lookout:
    """`load` it once, hand it every tick, and every rule that was made or changed by a person."""

    def __init__(self, *, store: Store, teller: Teller, now: Now) -> None:
        self._store = store
        self._teller = teller
        self._now = now
        self._prices = LevelBook[Symbol]()
        self._moves = LevelBook[MoveKey]()
        self._windows = Windows()
        self._latest: dict[Symbol, Tick] = {}
        self._unheard_until: dict[Venue, datetime] = {}
        self._met: deque[_Met] = deque()
        self._more_due = False
        self._work = asyncio.Event()

    def load(self) -> None:
        """Everything that stands in the database."""
        self._prices.load(self._store.alerts.price_watches())
        for symbol, seconds, direction, level, rule_id, rising in self._store.alerts.move_watches():
            key = MoveKey(symbol=symbol, window=timedelta(seconds=seconds), direction=direction)
            self._windows.follow(symbol, key.window)
            self._moves.add(key, level, rule_id, rising=rising)

    async def run(self) -> None:
        """Settles what came in crowds, in turns with everything else, until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            while self._met or self._more_due:
                if self._met:
                    self._settle_some(self._met.popleft())
                else:
                    self.settle_due()
                await give_way()

    def hear(self, tick: Tick, source: Source = Source.LIVE) -> None:
        """A price of now. What it meets is stored, with its letters, before this returns, unless that is a crowd."""
        symbol = tick.symbol
        self._latest[symbol] = tick
        if ids := self._prices.passed(symbol, float(tick.digits)):
            self._meet(_Met(ids=ids, tick=tick, source=source, move=None))
        for key, move in self._windows.take(symbol, tick):
            if ids := self._moves.passed(key, float(move.size)):
                self._meet(_Met(ids=ids, tick=tick, source=source, move=move))

    def latest(self, symbol: Symbol) -> Tick | None:
        """The last price heard, however old."""
        return self._latest.get(symbol)

    def watch(self, rule: AlertRule) -> None:
        """After the rule's present state was committed. One that waits for nothing here is left alone."""
        watch, question = watch_of(rule), rule.question
        if watch is None:
            return
        level = float(watch.level)
        if question.kind is AlertKind.PRICE:
            self._prices.add(question.symbol, level, rule.id, rising=watch.rising)
        else:
            key = move_key(rule)
            self._windows.follow(key.symbol, key.window)
            self._moves.add(key, level, rule.id, rising=watch.rising)

    def forget(self, rule: AlertRule) -> None:
        """Before the rule is changed by a person."""
        watch, question = watch_of(rule), rule.question
        if watch is None:
            return
        level = float(watch.level)
        if question.kind is AlertKind.PRICE:
            self._prices.remove(question.symbol, level, rule.id, rising=watch.rising)
        else:
            self._moves.remove(move_key(rule), level, rule.id, rising=watch.rising)

    def interrupt(self, venue: Venue) -> None:
        """Ticks of this venue are missing up to now: its last prices decide nothing any more, and stand for nothing."""
        self._unheard_until[venue] = self._now()
        for symbol, its in self._store.alerts.watched_symbols():
            if its is venue:
                self._windows.interrupt(symbol)

    def settle_due(self) -> None:
        """Called every second: rules whose rest is over wait again, and those on prices whose time is over end.

        Of a crowd the others' turns come when `run` has its own.
        """
        now, alerts = self._now(), self._store.alerts
        with self._store.atomic():
            over = alerts.over(now, funding=False)
            for rule in over:
                self.forget(rule)
                alerts.change(rule, ended(rule, AlertState.ENDED))
            due = alerts.due(now)
            changed = [self._rested(rule, now) for rule in due]
        for again in changed:
            if again is not None:
                self.watch(again)
        self._more_due = TO_CHANGE in (len(over), len(due))
        if self._more_due:
            self._work.set()

    def met_between(self, symbol: Symbol, low: Decimal, high: Decimal) -> Collection[AlertRule]:
        """The price rules that some price of these would meet. They are watched again only when handed to `watch`."""
        ids = [*self._prices.passed(symbol, float(high)), *self._prices.passed(symbol, float(low))]
        return self._store.alerts.rules(ids).values()

    def met_by(self, key: MoveKey, move: Move) -> Collection[AlertRule]:
        """The same for the rules that a move of this size would meet."""
        return self._store.alerts.rules(self._moves.passed(key, float(move.size))).values()

    def windows_of(self, symbol: Symbol) -> Sequence[timedelta]:
        return self._windows.followed(symbol)

    def follow(self, symbol: Symbol, window: timedelta) -> None:
        self._windows.follow(symbol, window)

    def seed(self, symbol: Symbol, candles: Sequence[Candle]) -> None:
        """Fills the windows with what is known; ticks that are newer stay."""
        self._windows.seed(symbol, candles)

    def value(self, rule: AlertRule) -> Decimal | None:
        """What a PRICE or MOVE rule is held against: the last price, or the size of the move; None before any."""
        tick = self._latest.get(rule.question.symbol)
        if tick is None or rule.question.kind is AlertKind.PRICE:
            return tick.price if tick is not None else None
        move = self._move(rule)
        return move.size if move is not None else None

    def turned(self, rule: AlertRule) -> AlertRule:
        """A rule that gets another turn: armed, or waiting while its value stands beyond. Funding is judged anew."""
        now = self._now()
        waiting = replace(rested(rule), eligible_at=now)
        beyond = not rule.question.kind.funding and self._stands_beyond(waiting)
        return waiting if beyond else armed(rule, now)

    def _rested(self, rule: AlertRule, now: datetime) -> AlertRule | None:
        """As it stands after its rest; None where it moved on meanwhile."""
        waiting = rested(rule)
        if rule.question.kind.funding:
            # It has nothing to wait for; armed as of then, it is judged by settlements that passed unseen.
            again = armed(waiting, rule.eligible_at or now)
        else:
            again = waiting if self._stands_beyond(waiting) else armed(waiting, now)
        return again if self._store.alerts.change(rule, again) else None

    def _stands_beyond(self, rule: AlertRule) -> bool:
        """Whether a rested rule has to wait for its value to go back; so it is when nobody knows the value."""
        question, watch = rule.question, watch_of(rule)
        tick = self._latest.get(question.symbol)
        unheard = self._unheard_until.get(question.venue)
        if watch is None or tick is None or (unheard is not None and tick.at <= unheard):
            return True
        if question.kind is AlertKind.PRICE:
            return not watch.met_by(tick.price)
        move = self._move(rule)
        return move is None or not move.meets(watch)

    def _move(self, rule: AlertRule) -> Move | None:
        """As it is now, the last price having stood since."""
        return self._windows.standing(move_key(rule), self._now())

    def _meet(self, met: _Met) -> None:
        if len(met.ids) > AT_ONCE:
            self._met.append(met)
            self._work.set()
        else:
            self._settle(met.ids, met)

    def _settle_some(self, met: _Met) -> None:
        """What is left of them comes next."""
        some, later = met.ids[:AT_ONCE], met.ids[AT_ONCE:]
        if later:
            self._met.appendleft(_Met(ids=later, tick=met.tick, source=met.source, move=met.move))
        self._settle(some, met)

    def _settle(self, ids: Sequence[int], met: _Met) -> None:
        rules, at = self._store.alerts.rules(ids), met.tick.at
        decided = [self._decided(rules[rule_id], met, at) for rule_id in ids if rule_id in rules]
        changes = [change for change in decided if change is not None]
        took_place = self._teller.tell(changes)
        rules |= {c.old.id: c.new for c, done in zip(changes, took_place, strict=True) if done}
        for rule in rules.values():
            self.watch(rule)

    def _decided(self, rule: AlertRule, met: _Met, at: datetime) -> Change | None:
        """None when the rule is not met after all: it moved on meanwhile, or only the floats were equal."""
        watch = watch_of(rule)
        if watch is None or (rule.until is not None and at >= rule.until):
            return None
        value = met.tick.price if met.move is None else met.move.size
        if not (watch.met_by(value) if met.move is None else met.move.meets(watch)):
            return None
        return self._change(rule, value, at, met.source)

    def _change(self, rule: AlertRule, value: Decimal, at: datetime, source: Source) -> Change:
        if rule.state is AlertState.WAITING:
            return Change(old=rule, new=armed(rule, at))
        return self._teller.firing(rule, value, at, source)


def move_key(rule: AlertRule) -> MoveKey:
    """Of a MOVE rule."""
    question = rule.question
    if question.window is None or question.direction is None:
        raise ValueError(f"{rule.name} watches no move")
    return MoveKey(symbol=question.symbol, window=question.window, direction=question.direction)
