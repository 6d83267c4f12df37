"""From what people type after /alert to a wish, and back. What does not fit gets a sentence and their own line, mended.

    SYMBOL > 68000    < 60k    above 68000    below 1.5m    > +1%    < -2%
    SYMBOL +5% 1h     -3% 15m
    funding SYMBOL > 0.05%    < -0.01%    flip    cap    interval    pay    pay > 1

and then, in any order: every 4h, once, until 2026-12-31 18:00, buy 0.001 @ 62000, sell 50%,
and at the end: note TEXT. A level without > or < asks which way.
"""

import re
from dataclasses import replace
from datetime import datetime, tzinfo
from decimal import Decimal

from chatbot.chat import parsing
from chatbot.chat.parsing_options import OPTIONS, span_of, with_options, written_span, written_until
from chatbot.chat.typed import Typed, quoted, without_comma
from chatbot.core.alerts import LONGEST_WINDOW, SHORTEST_WINDOW, AlertKind, Direction
from chatbot.core.errors import UsageError
from chatbot.core.numbers import plain
from chatbot.core.symbols import normal
from chatbot.core.wishes import Wish

EXAMPLE = "/alert BTC > 68000"

_FUNDING = "funding"
_WAYS = {
    ">": Direction.ABOVE, ">=": Direction.ABOVE, "above": Direction.ABOVE,
    "<": Direction.BELOW, "<=": Direction.BELOW, "below": Direction.BELOW,
}  # fmt: skip
_SIGNS = {Direction.ABOVE: "+", Direction.BELOW: "-"}
_MARKS = {Direction.ABOVE: ">", Direction.BELOW: "<"}
_EVENTS = {
    "flip": AlertKind.FUNDING_FLIP,
    "cap": AlertKind.FUNDING_BOUND,
    "interval": AlertKind.FUNDING_INTERVAL,
    "pay": AlertKind.FUNDING_PAYMENT,
}
_THOUSANDS = {"k": 1000, "K": 1000, "m": 1_000_000, "M": 1_000_000}
"""Both letters of each: what else lowers to a k is no k."""

_LEVEL = re.compile(r"[0-9.]+[kKmM]?", re.ASCII)
"""What nobody means as a coin when nothing follows it."""

_LONG = re.compile(r"[0-9]{13,}", re.ASCII)
_HIGHEST = Decimal(10**12)
_HUNDRED = Decimal(100)
_MENDINGS = 8


def wish(text: str, now: datetime, zone: tzinfo) -> Wish:
    """`zone` is the person's. Raises UsageError whose example is the same line with what was wrong exchanged."""
    try:
        return _read(text, now, zone)
    except UsageError as error:
        raise UsageError(str(error), example=_mended(error.example, now, zone)) from None


def written(asked: Wish, zone: tzinfo) -> str:
    """A line, without the command, that reads back as this wish."""
    options = [
        f"every {written_span(asked.every)}" if asked.every is not None else "",
        f"until {written_until(asked.until, zone)}" if asked.until is not None else "",
        asked.order,
        f"note {asked.note}" if asked.note else "",
    ]
    head = f"{_FUNDING} {asked.word}" if asked.kind.funding else asked.word
    return " ".join(part for part in (head, _condition_of(asked), *options) if part)


def level(text: str) -> Decimal:
    """`68000`, `60k`, `1.5m`: a price. Raises UsageError whose example is what may stand there instead."""
    factor = _THOUSANDS.get(text[-1:])
    digits = text[:-1] if factor is not None else text
    if _LONG.fullmatch(digits):
        raise UsageError("No price is that high.", example="68000")
    likely = without_comma(digits)
    value = parsing.number(digits, likely if likely != digits else "68000") * (factor or 1)
    if not value:
        raise UsageError("A price is above zero.", example="68000")
    if value >= _HIGHEST:
        raise UsageError("No price is that high.", example="68000")
    return value


def _read(text: str, now: datetime, zone: tzinfo) -> Wish:
    words = Typed(text)
    word = words.symbol()
    kind = AlertKind.PRICE
    if word.lower() == _FUNDING:
        kind, word = AlertKind.FUNDING_LEVEL, words.symbol()
    if not word:
        raise words.missing("Say which coin.", "BTC")
    if word.lower() in OPTIONS and words.peek()[:1].isdecimal() and not _LEVEL.fullmatch(words.peek()):
        raise UsageError("The coin and its price come first.", example=EXAMPLE.partition(" ")[2])
    if _LEVEL.fullmatch(word) and not words.peek():
        raise words.wrong("Say which coin.", f"BTC {word}")
    try:
        normal(word)
    except UsageError as error:
        raise words.wrong(str(error), "BTC") from None
    asked = Wish(kind=kind, word=word)
    return with_options(_funding(asked, words) if kind.funding else _market(asked, words), words, now, zone)


def _mended(line: str, now: datetime, zone: tzinfo) -> str:
    """As many mistakes mended as it takes; a line of our own where that does not help."""
    for _ in range(_MENDINGS):
        try:
            return f"/alert {written(_read(line, now, zone), zone)}"
        except UsageError as error:
            line = error.example
    return EXAMPLE


def _market(asked: Wish, words: Typed) -> Wish:
    first = words.take()
    if not first:
        raise words.missing("Say at which price, or after which move.", "> 68000")
    way = _WAYS.get(first)
    if way is None:
        return _without_mark(asked, first, words)
    value = words.take()
    if not value:
        raise words.missing("Say at which price.", "68000")
    if value.endswith("%"):
        return replace(asked, direction=way, level=_distance(value, way, words), relative=True)
    return replace(asked, direction=way, level=_level(value, words))


def _without_mark(asked: Wish, text: str, words: Typed) -> Wish:
    if text.endswith("%"):
        return _move(asked, text, words)
    if not text.lstrip("+-")[:1].isdecimal():
        sentence = f"I did not understand {quoted(text)}; here comes > or < and a price, or a move such as +5% 1h."
        raise words.wrong(sentence, "")
    return replace(asked, level=_level(text, words))


def _level(text: str, words: Typed) -> Decimal:
    if text[:1] in ("+", "-"):
        raise words.wrong("A price has no sign; a move ends in % and says within how long.", text[1:])
    try:
        return level(text)
    except UsageError as error:
        raise words.wrong(str(error), error.example) from None


def _distance(text: str, way: Direction, words: Typed) -> Decimal:
    """`+1%` after `>`: so far above the price of now."""
    sign = _SIGNS[way]
    if not text.startswith(sign):
        sentence = f"After {_MARKS[way]} a percentage starts with {sign}: so far from the price of now."
        raise words.wrong(sentence, f"{sign}{text.lstrip('+-')}")
    return _fraction(text, words, f"{sign}1%")


def _move(asked: Wish, text: str, words: Typed) -> Wish:
    way = next((way for way, sign in _SIGNS.items() if text.startswith(sign)), None)
    size = _fraction(text, words, f"{_SIGNS[way]}5%" if way is not None else "5%")
    if words.peek() in ("", *OPTIONS):
        raise words.missing("Say within how long: from 1m to 24h.", "1h")
    window = span_of(words, "1h")
    if not SHORTEST_WINDOW <= window <= LONGEST_WINDOW:
        if window > LONGEST_WINDOW:
            raise words.wrong("That is too long: I watch a move within 24h (1d) at most.", "24h")
        raise words.wrong("That is too short: I watch a move within 1m at least.", "1m")
    return replace(asked, kind=AlertKind.MOVE, direction=way, level=size, window=window)


def _fraction(text: str, words: Typed, instead: str) -> Decimal:
    """The size of `-5%`: above zero, and for a fall below all of it."""
    value = _percent(text, words, instead)
    if not value:
        raise words.wrong("0 % is no move: say how far it should go.", instead)
    if value <= -1:
        raise words.wrong("Nothing falls by 100 % or more.", instead)
    return abs(value)


def _percent(text: str, words: Typed, instead: str) -> Decimal:
    """Of `5%`, `+5%`, `-5%`: a signed fraction."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    try:
        value = parsing.number(digits.removesuffix("%"), "") / _HUNDRED
    except UsageError as error:
        likely = without_comma(text)
        raise words.wrong(str(error), likely if likely != text else instead) from None
    return -value if text.startswith("-") else value


def _funding(asked: Wish, words: Typed) -> Wish:
    first = words.take()
    if not first:
        raise words.missing("Say what about the funding: a rate, or flip, cap, interval, pay.", "> 0.05%")
    event = _EVENTS.get(first)
    if event is not None:
        return _payment(asked, words) if event is AlertKind.FUNDING_PAYMENT else replace(asked, kind=event)
    way = _WAYS.get(first)
    value = first if way is None else words.take()
    if not value:
        raise words.missing("Say at which rate.", "0.05%")
    return replace(asked, direction=way, level=_rate(value, words))


def _rate(text: str, words: Typed) -> Decimal:
    if not text.endswith("%"):
        is_number = text.lstrip("+-")[:1].isdecimal()
        asked = "here comes > or < and a rate, or flip, cap, interval or pay"
        sentence = "A funding rate ends in %." if is_number else f"I did not understand {quoted(text)}; {asked}."
        raise words.wrong(sentence, f"{text}%" if is_number else "")
    value = _percent(text, words, "0.05%")
    if not value:
        raise words.wrong("At 0 % the funding changes sign: flip tells that.", "0.05%")
    return value


def _payment(asked: Wish, words: Typed) -> Wish:
    least = Decimal(0)
    if words.peek()[:1].isdecimal():
        raise words.missing("Before the sum comes >.", ">")
    if words.peek() in _WAYS:
        if _WAYS[words.take()] is not Direction.ABOVE:
            raise words.wrong("I tell of payments above a sum, not below.", ">")
        try:
            least = parsing.number(words.take(), "1")
        except UsageError as error:
            raise words.wrong(str(error), error.example) from None
    return replace(asked, kind=AlertKind.FUNDING_PAYMENT, level=least)


def _condition_of(asked: Wish) -> str:
    mark = _MARKS[asked.direction] if asked.direction is not None else ""
    sign = _SIGNS[asked.direction] if asked.direction is not None else ""
    value = asked.level if asked.level is not None else Decimal(0)
    hundredths = f"{plain(value * _HUNDRED)}%"
    match asked.kind:
        case AlertKind.PRICE:
            return f"{mark} {sign}{hundredths}" if asked.relative else f"{mark} {plain(value)}".strip()
        case AlertKind.MOVE if asked.window is not None:
            return f"{sign}{hundredths} {written_span(asked.window)}"
        case AlertKind.FUNDING_LEVEL:
            return f"{mark} {hundredths}".strip()
        case AlertKind.FUNDING_PAYMENT:
            return f"pay > {plain(value)}" if value else "pay"
    return next((word for word, kind in _EVENTS.items() if kind is asked.kind), "")
