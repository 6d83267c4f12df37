"""How core values stand in columns."""

from datetime import UTC, datetime
from decimal import Decimal

from chatbot.core.numbers import plain


def stamp(moment: datetime) -> str:
    """Microseconds always written, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def money(value: Decimal) -> str:
    return plain(value)


def maybe_money(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def maybe_decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
