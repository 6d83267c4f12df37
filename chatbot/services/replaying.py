"""What closed candles tell of the rules on a symbol: fired late, or armed again, as if the ticks had been heard."""

from collections.abc import Sequence

from chatbot.core.alerts import AlertRule, AlertState, Source, armed, watch_of
from chatbot.core.market import Candle, Symbol
from chatbot.core.moves import Move, MoveKey, Windows
from chatbot.core.replay import Step, replay
from chatbot.services.firing import Change, Teller
from chatbot.services.lookout import Lookout
from chatbot.store.store import Store


class Replaying:
    """Joins the open transaction; nothing awaits, so no tick comes in between."""

    def __init__(self, *, store: Store, teller: Teller, lookout: Lookout) -> None:
        self._store = store
        self._teller = teller
        self._lookout = lookout

    def prices(self, symbol: Symbol, candles: Sequence[Candle]) -> int:
        """How many price rules fired."""
        if not candles:
            return 0
        late = 0
        for rule in self._lookout.met_between(symbol, min(c.low for c in candles), max(c.high for c in candles)):
            for step in replay(rule, candles):  # each begins where the last one ended
                late += self._tell(self._change(step))
            self._watch_again(rule)
        return late

    def moves(self, symbol: Symbol, before: Sequence[Candle], candles: Sequence[Candle]) -> int:
        """How many move rules fired. `before` fills the windows in which the candles are judged."""
        windows = Windows()
        for window in self._lookout.windows_of(symbol):
            windows.follow(symbol, window)
        windows.seed(symbol, before)
        late = 0
        for candle in candles:
            for key, move in windows.moves_in(symbol, candle):
                for rule in self._lookout.met_by(key, move):
                    late += self._judge(rule, move, key, candle)
                    self._watch_again(rule)
        self._lookout.seed(symbol, [*before, *candles])
        return late

    def _judge(self, rule: AlertRule, move: Move, key: MoveKey, candle: Candle) -> bool:
        """Only minutes that lie wholly after the rule's last change count."""
        watch = watch_of(rule)
        since = rule.armed_at if rule.state is AlertState.ARMED else rule.eligible_at
        if watch is None or since is None or since > candle.start or not move.meets(watch):
            return False
        if rule.state is AlertState.WAITING:
            return self._tell(Change(old=rule, new=armed(rule, candle.start)))
        return self._tell(self._teller.firing(rule, move.size, candle.start, Source.CANDLE))

    def _change(self, step: Step) -> Change:
        if step.fires:
            return self._teller.firing(step.rule, step.value, step.candle.start, Source.CANDLE)
        return Change(old=step.rule, new=step.then)

    def _tell(self, change: Change) -> bool:
        """Whether it took place and fired."""
        return self._teller.tell([change]) == [True] and change.firing is not None

    def _watch_again(self, rule: AlertRule) -> None:
        latest = self._store.alerts.rule(rule.id)
        if latest is not None:
            self._lookout.watch(latest)
