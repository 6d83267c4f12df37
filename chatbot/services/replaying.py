"""What closed candles tell of the rules on a symbol: fired late, or armed again, as if the ticks had been heard.

In parts, each one transaction, with everybody else's turns in between: each part begins when nothing
on this symbol waits to be settled, and reads its rules as they stand then. Whatever is read a second time, after a
crash or because a candle came late, changes nothing: the rules have moved on.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from chatbot.core.alerts import AlertRule, AlertState, Source, armed, rested, watch_of
from chatbot.core.market import Candle, Symbol
from chatbot.core.moves import Move, MoveKey, Windows, move_key
from chatbot.core.replay import MINUTE, Step, replay
from chatbot.services.firing import Change, Teller
from chatbot.services.lookout import Lookout
from chatbot.services.turns import gathered, parts
from chatbot.store.store import Store
from chatbot.store.watches import PAGE

_AT_ONCE = 2_500
"""Minutes of rules, or of windows, looked at in one part: some ten milliseconds."""


class Replaying:
    def __init__(self, *, store: Store, teller: Teller, lookout: Lookout) -> None:
        self._store = store
        self._teller = teller
        self._lookout = lookout

    async def prices(self, symbol: Symbol, candles: Sequence[Candle]) -> int:
        """How many price rules fired."""
        # A rule that waits to be settled is in no book: it would be passed over.
        await self._lookout.nothing_waits(symbol)
        if not candles:
            return 0
        late = 0
        ids = self._lookout.met_between(symbol, min(c.low for c in candles), max(c.high for c in candles))
        async for some in parts(ids, _at_once(len(candles))):
            await self._lookout.nothing_waits(symbol)
            with self._store.atomic():
                late += sum(self._replay(rule, candles) for rule in self._store.alerts.rules(some).values())
        return late

    async def moves(self, symbol: Symbol, before: Sequence[Candle], candles: Sequence[Candle]) -> int:
        """How many move rules fired. `before` fills the windows in which the candles are judged."""
        windows, lengths = Windows(), self._lookout.windows_of(symbol)
        for window in lengths:
            windows.follow(symbol, window)
        windows.seed(symbol, before)
        late, resting = 0, dict[int, AlertRule]()
        armings = _Armings(await gathered(self._store.alerts.armed_again(symbol), PAGE))
        async for some in parts(candles, _at_once(len(lengths))):
            await self._lookout.nothing_waits(symbol)
            with self._store.atomic():
                for candle in some:
                    self._wake(resting, windows, candle)
                    late += self._minute(resting, windows, candle, armings)
        self._lookout.seed(symbol, [*before, *candles])
        return late

    def _replay(self, rule: AlertRule, candles: Sequence[Candle]) -> int:
        steps = replay(rule, candles)
        if not steps:
            return 0
        self._lookout.forget(rule)
        late = sum(self._tells(self._change(step)) for step in steps)  # each begins where the last one ended
        self._watch_again(rule)
        return late

    def _minute(self, resting: dict[int, AlertRule], windows: Windows, candle: Candle, armings: "_Armings") -> int:
        """What was before the minute's first trade comes first: by then a move may have worn off."""
        late = 0
        for moves in (windows.worn(candle.symbol, candle.start), windows.moves_in(candle.symbol, candle)):
            for key, move in moves:
                armings.see(key, move, candle)
                for rule in self._lookout.met_by(key, move):
                    late += self._judge(armings.proved(rule), move, key, candle)
                    now = self._watch_again(rule)
                    if now is not None and now.state is AlertState.COOLING:
                        resting[now.id] = now
        return late

    def _wake(self, resting: dict[int, AlertRule], windows: Windows, candle: Candle) -> None:
        """Rules that fired in the stretch and whose rest was over before this minute."""
        rested_by_now = [r for r in resting.values() if r.eligible_at is not None and r.eligible_at <= candle.start]
        for rule in rested_by_now:
            del resting[rule.id]
            waiting = rested(rule)
            watch, move = watch_of(waiting), windows.standing(move_key(rule), candle.start)
            gone_back = watch is not None and move is not None and move.meets(watch)
            if self._takes_place(Change(old=rule, new=armed(waiting, candle.start) if gone_back else waiting)):
                self._watch_again(rule)

    def _judge(self, rule: AlertRule, move: Move, key: MoveKey, candle: Candle) -> bool:
        """Only minutes that lie wholly after the rule's last change, and before its end, count."""
        watch = watch_of(rule)
        since = rule.armed_at if rule.state is AlertState.ARMED else rule.eligible_at
        over = rule.until is not None and rule.until < candle.start + MINUTE
        if watch is None or since is None or since > candle.start or over or not move.meets(watch):
            return False
        if rule.state is AlertState.WAITING:
            return self._tells(Change(old=rule, new=armed(rule, candle.start)))
        return self._tells(self._teller.firing(rule, move.size, candle.start, Source.CANDLE))

    def _change(self, step: Step) -> Change:
        if step.fires:
            return self._teller.firing(step.rule, step.value, step.candle.start, Source.CANDLE)
        return Change(old=step.rule, new=step.then)

    def _tells(self, change: Change) -> bool:
        """Whether it took place and fired."""
        return self._takes_place(change) and change.firing is not None

    def _takes_place(self, change: Change) -> bool:
        return self._teller.tell([change]) == [True]

    def _watch_again(self, rule: AlertRule) -> AlertRule | None:
        """As it stands now."""
        latest = self._store.alerts.rule(rule.id)
        if latest is not None:
            self._lookout.watch(latest)
        return latest


class _Armings:
    """Rules that waited until a tick armed them, and when candles show that their moves had worn off before."""

    def __init__(self, rules: Sequence[AlertRule]) -> None:
        self._doubted: dict[MoveKey, list[AlertRule]] = {}
        for rule in rules:
            self._doubted.setdefault(move_key(rule), []).append(rule)
        self._proved: dict[tuple[int, int], datetime] = {}

    def see(self, key: MoveKey, move: Move, candle: Candle) -> None:
        for rule in self._doubted.get(key, ()):
            since, watch = rule.eligible_at, watch_of(rested(rule))
            within = since is not None and since <= candle.start and candle.start + MINUTE <= rule.armed_at
            if within and watch is not None and move.meets(watch):
                self._proved.setdefault((rule.id, rule.arms), candle.start)

    def proved(self, rule: AlertRule) -> AlertRule:
        """Armed when it first might have been."""
        return replace(rule, armed_at=self._proved.get((rule.id, rule.arms), rule.armed_at))


def _at_once(weight: int) -> int:
    return max(_AT_ONCE // max(weight, 1), 1)
