"""When a digest is due, and when what was kept from people in their quiet hours is told."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chatbot.core.preferences import Preferences

LATE = timedelta(minutes=10)
"""A digest told so long after its hour says that it is late."""

MORNING = timedelta(hours=4)
"""A digest that comes within this after the quiet hours tells of them; else what was held leaves at their end."""

_DAY = timedelta(days=1)


def latest(at: time, now: datetime, zone: ZoneInfo) -> datetime:
    """The last moment, up to now, at which it was `at` in the zone. An hour that a day has twice counts once."""
    today = now.astimezone(zone).date()
    moments = (datetime.combine(today + _DAY * back, at, zone).astimezone(UTC) for back in (1, 0, -1, -2))
    return next(moment for moment in moments if moment <= now)


def coming(at: time, now: datetime, zone: ZoneInfo) -> datetime:
    """The next moment, after now, at which it will be `at` in the zone."""
    today = now.astimezone(zone).date()
    moments = (datetime.combine(today + _DAY * ahead, at, zone).astimezone(UTC) for ahead in (-1, 0, 1, 2))
    return next(moment for moment in moments if moment > now)


def due(at: time, settled: datetime, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment of the digest that is owed: the latest one alone, however many were missed since `settled`."""
    moment = latest(at, now, zone)
    return moment if moment > settled else None


def believable(settled: datetime | None, now: datetime) -> bool:
    """Not so after a clock that ran far ahead was set right."""
    return settled is not None and settled - now <= _DAY


def held_leaves(preferences: Preferences, now: datetime, zone: ZoneInfo) -> bool:
    """Whether what was held is told now, on its own. Where a digest is owed, that one tells it."""
    if preferences.asleep(now.astimezone(zone)):
        return False
    if preferences.digest_at is None or not preferences.reads_digest:
        return True
    return coming(preferences.digest_at, now, zone) - now > MORNING
