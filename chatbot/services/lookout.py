"""What armed price and move rules wait for, held in memory: every price passes here.

The index finds candidates by float; whether a rule is met is decided in Decimal on the
exchange's own digits. A rule's row is read when it was met, and not before.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.alerts import AlertKind, AlertRule, AlertState, Source, armed, ended, rested, watch_of
from chatbot.core.feed import Tick
from chatbot.core.levels import LevelBook
from chatbot.core.market import Candle, Symbol, Venue
from chatbot.core.moves import Move, MoveKey, Moves, Windows, move_key
from chatbot.core.times import Now
from chatbot.services.firing import Teller
from chatbot.services.settling import Happening, Met, Settling
from chatbot.services.turns import give_way
from chatbot.store.store import Store
from chatbot.store.watches import TO_CHANGE

ASLEEP = timedelta(seconds=30)
"""A job that comes every second and is this late has slept."""


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
        self._settling = Settling(store=store, teller=teller, watch=self.watch)
        self._loose: set[tuple[Symbol, timedelta]] = set()
        self._more_due = False
        self._awake_at: datetime | None = None

    def load(self) -> None:
        """Everything that stands in the database."""
        self._prices.load(self._store.alerts.price_watches())
        for symbol, seconds, direction, level, rule_id, rising in self._store.alerts.move_watches():
            key = MoveKey(symbol=symbol, window=timedelta(seconds=seconds), direction=direction)
            self._moves.add(key, level, rule_id, rising=rising)
        for symbol, window in self._store.alerts.windows():
            self._windows.follow(symbol, window)

    async def run(self) -> None:
        """Settles what came in crowds, in turns with everything else, until cancelled."""
        while True:
            await self._settling.work.wait()
            self._settling.work.clear()
            while self._settling.waiting or self._more_due:
                if self._settling.waiting:
                    self._settling.settle_some()
                else:
                    self.settle_due()
                await give_way()

    def hear(self, tick: Tick, source: Source = Source.LIVE) -> None:
        """A price of now; one that is older than the last decides nothing.

        What it meets is stored, with its letters, before this returns, unless that is a crowd.
        """
        symbol = tick.symbol
        latest = self._latest.get(symbol)
        if latest is not None and tick.millis < latest.millis:
            return
        self._latest[symbol] = tick
        moves: Moves = ()
        if symbol in self._windows:
            self._settling.settle(self._moved(self._windows.worn(symbol, tick.at), tick, source))
            moves = self._windows.take(symbol, tick)
        met = [(ids, Happening(tick, source))] if (ids := self._prices.passed(symbol, float(tick.digits))) else []
        if self._settling.waiting:
            self._settling.tell(Happening(tick, source))
        self._settling.settle([*met, *self._moved(moves, tick, source)])

    def _moved(self, moves: Moves, tick: Tick, source: Source) -> list[Met]:
        met = []
        for key, move in moves:
            ids = self._moves.passed(key, float(move.size))
            if ids or self._settling.waiting:
                happening = Happening(tick, source, key, move)
                self._settling.tell(happening)
                met += [(ids, happening)] if ids else []
        return met

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
            self.follow(key.symbol, key.window)
            self._moves.add(key, level, rule.id, rising=watch.rising)

    def forget(self, rule: AlertRule) -> None:
        """Before the rule is changed by a person."""
        watch, question = watch_of(rule), rule.question
        if question.window is not None:
            self._loose.add((question.symbol, question.window))
        if watch is None:
            return
        level = float(watch.level)
        if question.kind is AlertKind.PRICE:
            self._prices.remove(question.symbol, level, rule.id, rising=watch.rising)
        else:
            self._moves.remove(move_key(rule), level, rule.id, rising=watch.rising)

    def begin_anew(self, old: AlertRule, new: AlertRule) -> None:
        """After a person's change was committed: what was before is nothing to `new`. A note changes nothing here."""
        if new != replace(old, note=new.note):
            self._settling.drop(old.id)
            self.forget(old)
            self.watch(new)

    def _let_go(self) -> None:
        """Windows that no rule looks into any more."""
        while self._loose:
            key = self._loose.pop()
            if not self._store.alerts.has_window(*key):
                self._windows.forget(*key)

    def interrupt(self, venue: Venue) -> None:
        """Ticks of this venue are missing up to now: its last prices decide nothing any more, and stand for nothing."""
        self._unheard_until[venue] = self._now()
        for symbol, its in self._store.alerts.watched_symbols():
            if its is venue:
                self._windows.interrupt(symbol)

    def notice_sleep(self) -> bool:
        """Called every second, before anything is due: after a pause that long the last prices are old ones.

        A machine that slept wakes to its clock before the feed finds out that its connection is dead.
        """
        before, self._awake_at = self._awake_at, self._now()
        slept = before is not None and self._awake_at - before > ASLEEP
        for venue in Venue if slept else ():
            self.interrupt(venue)
        return slept

    def settle_due(self) -> bool:
        """Called every second: rules whose rest is over wait again, and those on prices whose time is over end.

        Of a crowd the others' turns come when `run` has its own. Returns whether there are any.
        """
        self._let_go()
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
            self._settling.work.set()
        return self._more_due

    def met_between(self, symbol: Symbol, low: Decimal, high: Decimal) -> Sequence[int]:
        """The price rules that some price of these would meet."""
        return [*self._prices.reached(symbol, float(high)), *self._prices.reached(symbol, float(low))]

    def met_by(self, key: MoveKey, move: Move) -> Collection[AlertRule]:
        """The rules that a move of this size would meet. They are watched again only when handed to `watch`."""
        return self._store.alerts.rules(self._moves.passed(key, float(move.size))).values()

    async def nothing_waits(self, symbol: Symbol) -> None:
        """Comes back when every rule on it is watched, and none is about to be settled."""
        await self._settling.nothing_waits(symbol)

    def windows_of(self, symbol: Symbol) -> Sequence[timedelta]:
        return self._windows.followed(symbol)

    def follow(self, symbol: Symbol, window: timedelta) -> None:
        """From the last price on, where one was heard that still stands."""
        if window in self._windows.followed(symbol):
            return
        self._windows.follow(symbol, window)
        tick = self._latest.get(symbol)
        if tick is not None and all(tick.at > until for until in self._unheard_until.values()):
            self._windows.take(symbol, tick)

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
