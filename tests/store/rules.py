"""Alert rules and firings to be stored."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from chatbot.core.alerts import AlertKind, AlertRule, Direction, Firing, Question, Source
from chatbot.core.market import Symbol, Venue

MADE = datetime(2026, 3, 1, 11, 43, 0, 17, tzinfo=UTC)


def price(level: str = "68000", direction: Direction = Direction.ABOVE, symbol: str = "BTC-USDT") -> Question:
    return Question(
        kind=AlertKind.PRICE, symbol=Symbol(symbol), venue=Venue.SPOT, direction=direction, level=Decimal(level)
    )


def move(level: str = "0.05", minutes: int = 60, direction: Direction = Direction.BELOW) -> Question:
    return replace(price(level, direction), kind=AlertKind.MOVE, window=timedelta(minutes=minutes))


def funding(level: str = "-0.0005", kind: AlertKind = AlertKind.FUNDING_LEVEL, symbol: str = "XBTUSDTM") -> Question:
    return Question(
        kind=kind, symbol=Symbol(symbol), venue=Venue.FUTURES, direction=Direction.BELOW, level=Decimal(level)
    )


def asks(question: Question, person_id: int = 7) -> AlertRule:
    return AlertRule(question=question, person_id=person_id, person="Anna", chat_id=70, armed_at=MADE, created_at=MADE)


def firing_of(rule: AlertRule, occasion: str = "arm 1", told_at: datetime = MADE) -> Firing:
    return Firing(
        rule_id=rule.id,
        occasion=occasion,
        number=rule.fired + 1,
        source=Source.LIVE,
        value=Decimal("68000.10"),
        at=told_at,
        told_at=told_at,
    )
