from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chatbot.core.alerts import AlertKind, Direction, Firing, Question, Source
from chatbot.core.market import Symbol, Venue
from chatbot.core.records import asked, kept

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUESTION = Question(
    kind=AlertKind.PRICE,
    symbol=Symbol("BTC-USDT"),
    venue=Venue.SPOT,
    direction=Direction.ABOVE,
    level=Decimal(68_000),
)
FIRING = Firing(rule_id=1, occasion="arm 1", number=1, source=Source.LIVE, value=Decimal(68_001), at=NOON, told_at=NOON)


def _later(question: Question) -> Question:
    return replace(question, direction=Direction.BELOW, level=Decimal("0.06"))


@pytest.mark.parametrize("kind", [AlertKind.PRICE, AlertKind.MOVE, AlertKind.FUNDING_LEVEL])
@pytest.mark.parametrize("word", ["", "predicted "])
def test_a_record_tells_what_was_asked_whatever_the_rule_asks_now(kind: AlertKind, word: str) -> None:
    window = timedelta(hours=1) if kind is AlertKind.MOVE else None
    question = replace(QUESTION, kind=kind, window=window, level=Decimal("0.05"))
    assert asked(replace(FIRING, detail=word + kept(question)), _later(question)) == question


def test_what_cannot_be_moved_is_not_kept() -> None:
    question = replace(QUESTION, kind=AlertKind.FUNDING_BOUND, direction=None)
    assert kept(question) == ""
    assert asked(replace(FIRING, detail="cap"), question) is question


def test_a_record_from_before_the_direction_was_kept_has_its_level() -> None:
    assert asked(replace(FIRING, detail="67000"), QUESTION) == replace(QUESTION, level=Decimal(67_000))
    move = replace(QUESTION, kind=AlertKind.MOVE)
    assert asked(replace(FIRING, detail="0.05"), move) is move
