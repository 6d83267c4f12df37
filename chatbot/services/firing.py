"""The one way a rule changes because of the market: rule, record and letter in one transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from chatbot.core.alerts import AlertRule, Firing, Source, fired, occasion
from chatbot.core.notices import Lane, Letter, Subject
from chatbot.core.preferences import Kind
from chatbot.core.records import kept
from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.store.store import Store


@frozen
class Change:
    """`old` became `new`; `firing` tells of it when it is more than an arming."""

    old: AlertRule
    new: AlertRule
    firing: Firing | None = None


class Teller:
    """Nothing here awaits: a change is on the disk with its letter, or it never was.

    What fires on a symbol that its person has muted is recorded, and told to nobody.

    `owed` is rung when a firing brought an order line along.
    """

    def __init__(self, *, store: Store, owed: Callable[[], None], now: Now) -> None:
        self._store = store
        self._owed = owed
        self._now = now

    def tell(self, changes: Sequence[Change]) -> list[bool]:
        """Which of them took place. One that happened before, or whose rule has moved on, did not."""
        firings = [(c.old, c.new, c.firing) for c in changes if c.firing is not None]
        with self._store.atomic():
            numbers = self._store.alerts.fire_many(firings)
            self._write([(new, number) for (_, new, _), number in zip(firings, numbers, strict=True) if number])
            told = iter(numbers)
            return [next(told) is not None if change.firing else self._changed(change) for change in changes]

    def firing(self, rule: AlertRule, value: Decimal, at: datetime, source: Source) -> Change:
        """A PRICE or MOVE rule that fires now."""
        firing = Firing(
            rule_id=rule.id,
            occasion=occasion(rule),
            number=rule.fired + 1,
            source=source,
            value=value,
            at=at,
            told_at=self._now(),
            detail=kept(rule.question),
        )
        return Change(old=rule, new=fired(rule, at), firing=firing)

    def _changed(self, change: Change) -> bool:
        return self._store.alerts.change(change.old, change.new)

    def _write(self, told: Sequence[tuple[AlertRule, int]]) -> None:
        """A letter for each rule with the number of its firing."""
        muted = self._store.alerts.muted(rule for rule, _ in told) if told else set()
        if muted:
            quiet = [firing_id for rule, firing_id in told if (rule.person_id, rule.question.symbol) in muted]
            self._store.alerts.hush(quiet)
            told = [(rule, firing_id) for rule, firing_id in told if firing_id not in quiet]
        letters = self._store.outbox.put_all([_letter(rule, firing_id) for rule, firing_id in told])
        self._store.alerts.told_by(zip(letters, (firing_id for _, firing_id in told), strict=True))
        if any(rule.order for rule, _ in told):
            self._owed()


def kind_of(rule: AlertRule) -> Kind:
    """Of whatever is told about the rule. One that brings an order along is about that: it asks for a tap, now."""
    if rule.order:
        return Kind.ORDERS
    return Kind.FUNDING if rule.question.kind.funding else Kind.PRICE


def _letter(rule: AlertRule, firing_id: int) -> Letter:
    return Letter(
        chat_id=rule.chat_id,
        thread_id=rule.thread_id,
        lane=Lane.ALERT,
        subject=Subject.ALERT,
        subject_id=firing_id,
        kind=kind_of(rule),
    )
