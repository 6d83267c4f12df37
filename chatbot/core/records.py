"""What the record of a firing keeps of the question: the rule may ask something else by the time it is told."""

from dataclasses import replace
from decimal import Decimal

from chatbot.core.alerts import AlertKind, Direction, Firing, Question
from chatbot.core.numbers import plain

_MOVABLE = frozenset({AlertKind.PRICE, AlertKind.MOVE, AlertKind.FUNDING_LEVEL})


def kept(question: Question) -> str:
    """`above 68000`: the end of a firing's `detail`; empty where nothing of the question can change."""
    if question.kind not in _MOVABLE or question.direction is None:
        return ""
    return f"{question.direction.value} {plain(question.level)}"


def asked(firing: Firing, question: Question) -> Question:
    """The rule's question as it was when it fired; `question` is the one of now."""
    words = firing.detail.split()
    if question.kind not in _MOVABLE or not words:
        return question
    if len(words) > 1:
        return replace(question, direction=Direction(words[-2]), level=Decimal(words[-1]))
    # Records from before the direction was kept.
    return replace(question, level=Decimal(words[0])) if question.kind is AlertKind.PRICE else question
