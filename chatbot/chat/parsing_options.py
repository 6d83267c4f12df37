"""What may follow the question of an alert, in any order: every, once, until, buy, sell, and a note at the end."""

import difflib
import re
from collections.abc import Callable
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta, tzinfo

from chatbot.chat import parsing
from chatbot.chat.typed import Typed, quoted, without_comma
from chatbot.core.errors import UsageError
from chatbot.core.numbers import plain
from chatbot.core.orders import AmountKind, Draft, Side, TimeInForce
from chatbot.core.symbols import normal
from chatbot.core.values import frozen
from chatbot.core.wishes import Wish

NOTE = 200
"""Characters of a note."""

OPTIONS = ("every", "once", "until", "note", "buy", "sell")

_SPAN = re.compile(r"([0-9]{1,4})([mhd])", re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=30)
_DATE = re.compile(r"20[0-9]{2}-[0-9]{1,2}-[0-9]{1,2}", re.ASCII)
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}", re.ASCII)
_DAY = timedelta(days=1)
_JOINER = "\u200d"
"""Holds a family of emoji together; no other invisible sign is kept."""


_CLASHES = (
    ({"every", "once"}, "Say once or every, and only one of them."),
    ({"buy", "sell"}, "One order goes with an alert, not two."),
    ({"until"}, "“until” stands there twice."),
)


@frozen
class _Reader:
    words: Typed
    word: str
    now: datetime
    zone: tzinfo
    seen: set[str] = field(default_factory=set)


def with_options(asked: Wish, words: Typed, now: datetime, zone: tzinfo) -> Wish:
    """The wish with all that follows its question. Raises UsageError."""
    reader = _Reader(words=words, word=asked.word, now=now, zone=zone)
    while option := words.take():
        read = _OPTIONS.get(option)
        if read is None:
            raise _unknown(option, words)
        clash = next((sentence for both, sentence in _CLASHES if option in both and reader.seen & both), "")
        if clash:
            words.upto(OPTIONS)
            raise words.wrong(clash, "")
        reader.seen.add(option)
        asked = read(asked, reader)
    return asked


def span_of(words: Typed, instead: str) -> timedelta:
    """The next piece: `15m`, `4h`, `1d`."""
    text = words.take()
    found = _SPAN.fullmatch(text)
    if found is None:
        raise words.wrong(f"I read spans of time such as 15m, 4h or 1d, not {quoted(text)}.", instead)
    return int(found[1]) * _UNITS[found[2]]


def written_span(span: timedelta) -> str:
    unit = next(u for u in ("d", "h", "m") if not span % _UNITS[u])
    return f"{span // _UNITS[unit]}{unit}"


def written_until(until: datetime, zone: tzinfo) -> str:
    local = until.astimezone(zone)
    return f"{local - _DAY:%Y-%m-%d}" if (local.hour, local.minute) == (0, 0) else f"{local:%Y-%m-%d %H:%M}"


def order_line(draft: Draft) -> str:
    """As it would be typed: `buy BTC 0.001 @ 62000 post`."""
    value, kind = plain(draft.amount.value), draft.amount.kind
    in_unit = f"${value}" if draft.amount.unit == "$" else f"{value}{draft.amount.unit}"
    amount = f"{value}%" if kind is AmountKind.PERCENT else in_unit
    at = f" @ {plain(draft.price)}" if draft.price is not None else ""
    stop = f" stop {plain(draft.trigger)}" if draft.trigger is not None else ""
    in_force = "" if draft.in_force is TimeInForce.GTC else f" {draft.in_force.value.lower()}"
    post = " post" if draft.post_only else ""
    return f"{draft.side.value} {draft.word} {amount}{at}{stop}{in_force}{post}"


def _every(asked: Wish, reader: _Reader) -> Wish:
    words = reader.words
    if words.peek() in ("", *OPTIONS):
        raise words.missing("Say how often at most.", "4h")
    span = span_of(words, "4h")
    if not _SHORTEST <= span <= _LONGEST:
        raise words.wrong("It can repeat every 1m to 30d.", "30d" if span > _LONGEST else "1m")
    return replace(asked, every=span)


def _once(asked: Wish, reader: _Reader) -> Wish:
    return asked


def _until(asked: Wish, reader: _Reader) -> Wish:
    """A day without a time is meant whole."""
    words = reader.words
    later = f"{reader.now.astimezone(reader.zone) + timedelta(days=30):%Y-%m-%d}"
    if words.peek() in ("", *OPTIONS):
        raise words.missing("Say until which day.", later)
    day = words.take()
    clock = words.also() if _CLOCK.fullmatch(words.peek()) else ""
    if not _DATE.fullmatch(day):
        raise words.wrong(f"I read days written as {later}, and after them hours as 18:00.", later)
    moments = _moments(day, clock, reader.zone)
    if not moments:
        raise words.wrong("There is no " + f"{day} {clock}".rstrip() + ".", later)
    moment = next((each for each in moments if each > reader.now), None)
    if moment is None:
        here = f"{reader.now.astimezone(reader.zone):%Y-%m-%d %H:%M %Z}"
        raise words.wrong(f"{day} {clock}".rstrip() + f" is in the past; here it is {here}.", later)
    return replace(asked, until=moment)


def _moments(day: str, clock: str, zone: tzinfo) -> tuple[datetime, ...]:
    """None for a day or an hour that no calendar has. When clocks are put back, an hour comes twice: both of it."""
    year, month, date = map(int, day.split("-"))
    hour, minute = map(int, clock.split(":")) if clock else (0, 0)
    try:
        local = datetime(year, month, date, hour, minute, tzinfo=zone)
    except ValueError:
        return ()
    end = local if clock else local + _DAY
    return end.astimezone(UTC), end.replace(fold=1).astimezone(UTC)


def _note(asked: Wish, reader: _Reader) -> Wish:
    text = " ".join("".join(c if c.isprintable() or c == _JOINER else " " for c in reader.words.rest()).split())
    if not text:
        raise reader.words.missing("Say what to note.", "resistance")
    if len(text) > NOTE:
        raise reader.words.wrong(f"A note has room for {NOTE} characters; this one has {len(text)}.", text[:NOTE])
    return replace(asked, note=text)


def _order(side: Side) -> Callable[[Wish, _Reader], Wish]:
    def read(asked: Wish, reader: _Reader) -> Wish:
        text = reader.words.upto(OPTIONS, first=reader.word.lower())
        try:
            draft = parsing.order(side, text if _names_a_coin(text, reader.word) else f"{reader.word} {text}")
            return replace(asked, order=order_line(replace(draft, word=normal(draft.word))))
        except UsageError as error:
            likely = without_comma(text)
            instead = likely if likely != text else "0.001 @ 62000"
            raise reader.words.wrong(str(error), f"{side.value} {instead}") from None

    return read


def _names_a_coin(text: str, word: str) -> bool:
    """Else it is the alert's own. A name that begins with a digit would do for an amount, `1INCH`: that one alone."""
    typed = text.partition("@")[0].split()
    if not typed:
        return False
    if typed[0].lower() == "max":
        return len(typed) > 1 and typed[1].lower() not in parsing.CONDITIONS
    return typed[0][0].isalpha() or (len(typed) > 1 and typed[0].lower() == word.lower())


def _unknown(piece: str, words: Typed) -> UsageError:
    if piece.isascii() and piece.isdecimal() and len(piece) == 3:
        return words.apart("Numbers are written without spaces.")
    close = difflib.get_close_matches(piece, OPTIONS, 1, 0.6)
    rest = f"{', '.join(OPTIONS[:-1])} or {OPTIONS[-1]}"
    return words.wrong(f"I did not understand {quoted(piece)}; here come only {rest}.", close[0] if close else "")


_OPTIONS: dict[str, Callable[[Wish, _Reader], Wish]] = {
    "every": _every,
    "once": _once,
    "until": _until,
    "note": _note,
    "buy": _order(Side.BUY),
    "sell": _order(Side.SELL),
}
