"""What follows /alerts: which alert, and what shall become of it."""

import re
from datetime import datetime, tzinfo
from typing import NamedTuple

from chatbot.chat import parsing_alerts
from chatbot.chat.parsing_options import NOTE, written_span
from chatbot.core.alerts import AlertKind, Direction, Question
from chatbot.core.errors import UsageError
from chatbot.core.wishes import Wish

EDIT, NOTED, PAUSE, RESUME, UNMUTE, HISTORY = "edit", "note", "pause", "resume", "unmute", "history"

_ABOUT_A_RULE = (EDIT, NOTED, PAUSE, RESUME)
_NUMBER = re.compile(r"#?([0-9]{1,12})", re.ASCII)
_NOTHING = ("", "-", "–", "—")
_JOINER = "\u200d"
_EXAMPLES = {
    AlertKind.PRICE: "68500",
    AlertKind.MOVE: "+6%",
    AlertKind.FUNDING_LEVEL: "0.06%",
    AlertKind.FUNDING_PAYMENT: "1",
}


class Errand(NamedTuple):
    """`text` is what follows the number."""

    what: str
    rule_id: int
    text: str


def errand(text: str) -> Errand:
    """`edit 12 68500`, `history`: `text` is not empty. Raises UsageError."""
    what, _, rest = text.strip().partition(" ")
    what, rest = what.lower(), rest.strip()
    if what in (HISTORY, UNMUTE):
        return Errand(what=what, rule_id=0, text=rest)
    if what not in _ABOUT_A_RULE:
        sentence = "After /alerts comes nothing, or history, edit, note, pause or resume."
        raise UsageError(sentence, example="/alerts history")
    number, _, more = rest.partition(" ")
    found = _NUMBER.fullmatch(number)
    if found is None:
        after = {EDIT: " 68500", NOTED: " resistance"}.get(what, "")
        raise UsageError("Say which alert, by its number; /alerts lists them.", example=f"/alerts {what} 12{after}")
    return Errand(what=what, rule_id=int(found[1]), text=more.strip())


def note(text: str) -> str:
    """What is noted, on one line; nothing for a dash. Raises UsageError."""
    noted = " ".join("".join(c if c.isprintable() or c == _JOINER else " " for c in text).split())
    if len(noted) > NOTE:
        raise UsageError(f"A note has room for {NOTE} characters; this one has {len(noted)}.")
    return "" if noted in _NOTHING else noted


def relevelled(text: str, rule_id: int, question: Question, when: tuple[datetime, tzinfo]) -> Wish:
    """The rule's question with `text` for its level: a price, a percentage, a rate or a sum, as after /alert.

    Raises UsageError with a line that works.
    """
    instead = UsageError(
        "Say the level alone, as in the example; all else stays as it is.",
        example=f"/alerts edit {rule_id} {_EXAMPLES.get(question.kind, '')}".rstrip(),
    )
    if question.kind not in _EXAMPLES:
        raise UsageError(f"#{rule_id} has no level.", example=f"/alerts note {rule_id} resistance")
    try:
        asked = parsing_alerts.wish(_line(text, question), *when)
    except UsageError as error:
        raise UsageError(str(error), example=instead.example) from None
    extras = asked.every, asked.until, asked.note, asked.order
    if asked.kind is not question.kind or any(extras) or asked.window != question.window:
        raise instead
    return asked


def _line(text: str, question: Question) -> str:
    """As it would be typed after /alert. A sign or a mark of its own comes before the rule's."""
    symbol, up = question.symbol, question.direction is Direction.ABOVE
    mark = "" if text[:1] in "<>" else "> " if up else "< "
    match question.kind:
        case AlertKind.PRICE if text[:1] in ("+", "-"):
            return f"{symbol} {'>' if text[0] == '+' else '<'} {text}"
        case AlertKind.PRICE:
            return f"{symbol} {text}"
        case AlertKind.MOVE if question.window is not None:
            sign = "" if text[:1] in ("+", "-") else "+" if up else "-"
            return f"{symbol} {sign}{text} {written_span(question.window)}"
        case AlertKind.FUNDING_LEVEL:
            return f"funding {symbol} {mark}{text}"
    return f"funding {symbol} pay > {text.lstrip('> ')}"
