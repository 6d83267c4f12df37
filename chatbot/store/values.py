"""How core values stand in columns."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from chatbot.core.numbers import plain


def stamp(moment: datetime) -> str:
    """Microseconds always written, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def maybe_stamp(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)


def maybe_moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def seconds(span: timedelta) -> int:
    return span // timedelta(seconds=1)


def maybe_seconds(span: timedelta | None) -> int | None:
    return None if span is None else seconds(span)


def maybe_span(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def money(value: Decimal) -> str:
    return plain(value)


def maybe_money(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def maybe_decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
