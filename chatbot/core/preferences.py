"""What each person set for themselves: how loud each kind of notice is, and when nothing may ring."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, time
from decimal import Decimal
from enum import Enum, auto
from zoneinfo import ZoneInfo

from chatbot.core.values import frozen


class Kind(Enum):
    """Of what the bot says unasked. Answers, tickets and kills have no kind: they are asked for."""

    PRICE = "price"
    FUNDING = "funding"
    LIQUIDATION = "liquidation"
    ORDERS = "orders"
    SYSTEM = "system"
    DIGEST = "digest"


class Volume(Enum):
    RINGS = "rings"
    SILENT = "silent"
    OFF = "off"


class Manner(Enum):
    """How a notice leaves now: HOLD keeps it for the morning's digest, DROP is what its person wants none of."""

    RING = auto()
    SILENT = auto()
    HOLD = auto()
    DROP = auto()


RINGS_AT_NIGHT = frozenset({Kind.LIQUIDATION, Kind.ORDERS, Kind.SYSTEM})
"""What cannot wait for the morning: money that moves, and a bot that cannot see."""

DEFAULT_VOLUMES: Mapping[Kind, Volume] = dict.fromkeys(Kind, Volume.RINGS) | {Kind.DIGEST: Volume.SILENT}


@frozen
class Quiet:
    """From one time of day to another, over midnight when `until` is earlier. Never the whole day."""

    since: time
    until: time

    def covers(self, moment: time) -> bool:
        if self.since <= self.until:
            return self.since <= moment < self.until
        return moment >= self.since or moment < self.until


@frozen
class Preferences:
    """Of one person. `zone` None is the settings' one; times of day are in it.

    `digest_at` None: no digest. `currency` is what money is told in besides USDT, empty for nothing more.
    `pays_above`: a coming funding payment of more USDT than this is told; None for never.
    """

    zone: ZoneInfo | None = None
    quiet: Quiet | None = None
    digest_at: time | None = None
    volumes: Mapping[Kind, Volume] = field(default_factory=lambda: DEFAULT_VOLUMES)
    hides_amounts: bool = False
    currency: str = ""
    pays_above: Decimal | None = None

    @property
    def reads_digest(self) -> bool:
        return self.digest_at is not None and self.volume(Kind.DIGEST) is not Volume.OFF

    def volume(self, kind: Kind) -> Volume:
        return self.volumes.get(kind, DEFAULT_VOLUMES[kind])

    def asleep(self, now: datetime) -> bool:
        """`now` in the person's own zone."""
        return self.quiet is not None and self.quiet.covers(now.time())

    def manner(self, kind: Kind, now: datetime) -> Manner:
        """`now` in the person's own zone. A digest comes at the hour that was set for it, then without a sound."""
        volume = self.volume(kind)
        if volume is Volume.OFF:
            return Manner.DROP
        if self.asleep(now) and kind not in RINGS_AT_NIGHT:
            return Manner.SILENT if kind is Kind.DIGEST else Manner.HOLD
        return Manner.RING if volume is Volume.RINGS else Manner.SILENT
