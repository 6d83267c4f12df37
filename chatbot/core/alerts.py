"""Alert rules: the question, when it may fire, and what becomes of it then.

    ARMED ──fires, once──> DONE
      │ ^                   │ snooze
      │ └── went back ──┐   v
      └──fires, every──> COOLING ──eligible──> WAITING (until the value went back)

    any of these ──a person──> PAUSED ──the same──> ARMED, or WAITING where the value stands beyond

A price rule is armed only while the price stands on the near side of its level; after it fired it is armed again
only when the price has gone back by `HYSTERESIS` or more: a price that trembles at the level tells it once.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from chatbot.core.market import Symbol, Venue
from chatbot.core.values import frozen

HYSTERESIS = Decimal("0.001")
"""Of the level: a rule at 68,000 upwards is armed again at 67,932."""

MOVE_HYSTERESIS = Decimal("0.1")
"""Of the percentage: a rule of 5 % is armed again when the move has shrunk to 4.5 %."""

MOST_RULES = 1000
"""A person's."""

SHORTEST_WINDOW, LONGEST_WINDOW = timedelta(minutes=1), timedelta(hours=24)

_ONE = Decimal(1)


class AlertKind(Enum):
    PRICE = "price"
    MOVE = "move"
    FUNDING_LEVEL = "funding level"
    FUNDING_FLIP = "funding flip"
    FUNDING_BOUND = "funding bound"
    FUNDING_INTERVAL = "funding interval"
    FUNDING_PAYMENT = "funding payment"

    @property
    def funding(self) -> bool:
        return self not in (AlertKind.PRICE, AlertKind.MOVE)


class Direction(Enum):
    ABOVE = "above"
    BELOW = "below"

    @property
    def other(self) -> "Direction":
        return Direction.BELOW if self is Direction.ABOVE else Direction.ABOVE


@frozen
class Question:
    """What is watched.

    `level` is a price for PRICE; for MOVE a positive fraction (0.05 is 5 %) of rise (ABOVE) or
    fall (BELOW) within `window`; for FUNDING_LEVEL a rate; for FUNDING_PAYMENT the least sum in
    the contract's currency that is worth a message; zero elsewhere. `direction` is None where
    there is none.
    """

    kind: AlertKind
    symbol: Symbol
    venue: Venue
    direction: Direction | None = None
    level: Decimal = Decimal(0)
    window: timedelta | None = None


class AlertState(Enum):
    """See the top of this module. GONE: its symbol is no longer listed; ENDED: its `until` has passed.

    What happens while a rule is PAUSED is nothing to it, not even afterwards.
    """

    ARMED = "armed"
    COOLING = "cooling"
    WAITING = "waiting"
    PAUSED = "paused"
    DONE = "done"
    ENDED = "ended"
    DELETED = "deleted"
    GONE = "gone"


ALIVE = frozenset({AlertState.ARMED, AlertState.COOLING, AlertState.WAITING, AlertState.PAUSED})


@frozen
class AlertRule:
    """`arms` counts how often it was armed: it fires at most once for each. `every` None: it fires once.

    `order` is an order line without its slash, `buy BTC 0.001 @ 62000`: its ticket comes with the alert.
    `eligible_at` is when a COOLING rule may be armed again, and since when a WAITING one waits, or waited until a
    tick armed it: unread candles may still show that its value had gone back before.
    """

    id: int = 0
    question: Question
    person_id: int
    person: str
    chat_id: int
    thread_id: int | None = None
    every: timedelta | None = None
    until: datetime | None = None
    note: str = ""
    order: str = ""
    state: AlertState = AlertState.ARMED
    arms: int = 1
    armed_at: datetime
    eligible_at: datetime | None = None
    fired: int = 0
    fired_at: datetime | None = None
    created_at: datetime

    @property
    def name(self) -> str:
        return f"#{self.id}"

    @property
    def alive(self) -> bool:
        return self.state in ALIVE


class Source(Enum):
    """How a firing came to be known."""

    LIVE = "live"
    POLL = "poll"
    CANDLE = "candle"
    HISTORY = "history"


@frozen
class Firing:
    """The record that a rule fired. `occasion` names what it fired for: no rule fires twice for the same.

    `value` is what fired it: a price, a move's fraction, a rate, a payment. `at` is the tick's
    moment, or the start of the minute (CANDLE), or the settlement (HISTORY); `number` counts the
    rule's firings. `detail` is a word on what happened, and at its end what was asked (`records`), which may be
    moved afterwards. `settles_at` is there for funding alone.
    """

    id: int = 0
    rule_id: int
    occasion: str
    number: int
    source: Source
    value: Decimal
    at: datetime
    told_at: datetime
    settles_at: datetime | None = None
    detail: str = ""

    @property
    def late(self) -> bool:
        return self.source in (Source.CANDLE, Source.HISTORY)


@frozen
class Watch:
    """The value at which something happens to a rule: fires when ARMED, is armed again when WAITING.

    `rising`: at this value or above it; else at it or below.
    """

    level: Decimal
    rising: bool

    def met_by(self, value: Decimal) -> bool:
        return value >= self.level if self.rising else value <= self.level


def watch_of(rule: AlertRule) -> Watch | None:
    """What a PRICE or MOVE rule waits for now; None for one that waits for the clock, and for funding.

    The value of a MOVE is the size of the move in its direction, so it always fires rising.
    """
    question = rule.question
    if question.kind.funding or rule.state not in (AlertState.ARMED, AlertState.WAITING):
        return None
    rising = question.kind is AlertKind.MOVE or question.direction is Direction.ABOVE
    if rule.state is AlertState.ARMED:
        return Watch(level=question.level, rising=rising)
    share = MOVE_HYSTERESIS if question.kind is AlertKind.MOVE else HYSTERESIS
    return Watch(level=question.level * (_ONE - share if rising else _ONE + share), rising=not rising)


def occasion(rule: AlertRule) -> str:
    """Of a PRICE or MOVE rule."""
    return f"arm {rule.arms}"


def fired(rule: AlertRule, at: datetime) -> AlertRule:
    """After a firing at `at`: done, or cooling until it may tell again."""
    state, eligible_at = (AlertState.DONE, None) if rule.every is None else (AlertState.COOLING, at + rule.every)
    return replace(rule, fired=rule.fired + 1, fired_at=at, state=state, eligible_at=eligible_at)


def snoozed(rule: AlertRule, until: datetime) -> AlertRule:
    """Silent until then; one that was done gets another turn."""
    return replace(rule, state=AlertState.COOLING, eligible_at=until)


def paused(rule: AlertRule) -> AlertRule:
    """It waits for nothing until a person gives it another turn."""
    return replace(rule, state=AlertState.PAUSED, eligible_at=None)


def rested(rule: AlertRule) -> AlertRule:
    """A COOLING rule whose time has come: it waits for the value to go back. It may have gone back already."""
    return replace(rule, state=AlertState.WAITING)


def armed(rule: AlertRule, at: datetime) -> AlertRule:
    """A rule whose value has gone back, or that is given a new level."""
    return replace(rule, state=AlertState.ARMED, arms=rule.arms + 1, armed_at=at, eligible_at=None)


def moved(rule: AlertRule, level: Decimal, direction: Direction | None, at: datetime) -> AlertRule:
    """The same rule, its notes and all, at another level."""
    question = replace(rule.question, level=level, direction=direction)
    return armed(replace(rule, question=question), at)


def ended(rule: AlertRule, state: AlertState) -> AlertRule:
    return replace(rule, state=state, eligible_at=None)


def distance(question: Question, value: Decimal | None) -> Decimal | None:
    """How far `value` is from what is asked, never below zero: for PRICE a fraction of the price; None if unknown.

    `value` is the price, the size of the move or the rate.
    """
    if value is None or question.direction is None:
        return None
    gap = question.level - value
    if question.kind is not AlertKind.MOVE and question.direction is Direction.BELOW:
        gap = -gap
    if question.kind is AlertKind.PRICE:
        gap = gap / value if value else gap
    return max(gap, Decimal(0))
