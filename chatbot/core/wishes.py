"""Alerts between the chat and the service: what a person asks for, and what they are told of it."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from chatbot.core.alerts import AlertKind, AlertRule, Direction, Firing
from chatbot.core.market import Instrument
from chatbot.core.values import frozen


@frozen
class Wish:
    """What was typed after /alert, before any symbol or price was looked up: `word` is the symbol as typed.

    `level` is a price; for MOVE a positive fraction; for FUNDING_LEVEL a rate; for FUNDING_PAYMENT the
    least sum; None where there is none. With `relative` (PRICE alone) it is the positive fraction of the
    price of now by which the level lies above (ABOVE) or below it (BELOW). `direction` None with a level
    asks which way, but for FUNDING_PAYMENT, which has none.
    `order` is an order line without its slash, `buy BTC 0.001 @ 62000`.
    """

    kind: AlertKind
    word: str
    direction: Direction | None = None
    level: Decimal | None = None
    relative: bool = False
    window: timedelta | None = None
    every: timedelta | None = None
    until: datetime | None = None
    note: str = ""
    order: str = ""


@frozen
class Standing:
    """A rule and how far it is from firing.

    `instrument` None: it is no longer listed. `last` is the last price, for FUNDING_* the current rate.
    `distance`, never below zero: for PRICE the fraction of the last price still to go, for MOVE the part of
    the move still missing, for FUNDING_LEVEL the difference of the rates; None where there is no such thing.
    `muted`: its person wants nothing of its symbol now, so that it may fire and is not sent.
    """

    rule: AlertRule
    instrument: Instrument | None
    last: Decimal | None = None
    last_at: datetime | None = None
    distance: Decimal | None = None
    muted: bool = False


class FeedHealth(Enum):
    """How a rule's values come in now."""

    LIVE = "live"
    POLLING = "polling"
    BLIND = "blind"


@frozen
class Why:
    """Why a rule has not fired: `blind_since` is there while its values are missing."""

    standing: Standing
    feed: FeedHealth
    blind_since: datetime | None
    last_firing: Firing | None
    now: datetime


@frozen
class Told:
    """A firing as it is told: `rule` as it is now; `today` counts the rule's firings of the day, this one included.

    `hour` is how far its price had moved within an hour, a fraction, where that is known. `muted`: the rule's
    person wants nothing of its symbol now. `slept`: it fired in their quiet hours.
    """

    rule: AlertRule
    firing: Firing
    instrument: Instrument | None
    today: int
    hour: Decimal | None = None
    muted: bool = False
    slept: bool = False


@frozen
class Sequel:
    """What came of a firing. `muted`: it was kept from its person's phone. `outcome` is what somebody did, as the
    card says it; `ticket_id` is the ticket that came along."""

    muted: bool
    outcome: str
    ticket_id: int | None


@frozen
class Past:
    """A firing as the history shows it."""

    told: Told
    sequel: Sequel


@frozen
class History:
    """Some firings of one person's rules, the latest first; `older` is the number that earlier ones are below."""

    past: tuple[Past, ...]
    older: int | None
