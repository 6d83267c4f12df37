"""From what people type to core values. Nothing is guessed: what does not fit gets a sentence and an example."""

import re
from dataclasses import replace
from decimal import Decimal

from chatbot.core.errors import UsageError
from chatbot.core.numbers import plain
from chatbot.core.orders import Amount, AmountKind, Draft, Side, TimeInForce

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?(?:\s+|$)", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?", re.ASCII)
_COMMA = re.compile(r"[0-9]{1,12},[0-9]{1,12}", re.ASCII)
_IN_UNIT = re.compile(r"([0-9.,]+)(?!e[0-9]|x[0-9]+$)([a-z][a-z0-9]{0,19})", re.ASCII | re.IGNORECASE)
"""`1e5` and `0x10` are no amounts of coins called E5 and X10."""

_COUNT = re.compile(r"[0-9.,]+", re.ASCII)
_UNIT = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}|%", re.ASCII)
_HUNDRED = Decimal(100)
_LONGEST_EXAMPLE = 60
_AT = "@"
_PRICES = frozenset({_AT, "stop"})
CONDITIONS = _PRICES | {"post", "ioc", "fok"}
"""What may follow an amount."""


def command(text: str, bot_name: str) -> tuple[str, str] | None:
    """`/Price@bot btc` is ("price", "btc"). None for plain words, and for a command meant for another bot."""
    found = _COMMAND.match(text)
    if found is None or (found[2] and found[2].lower() != bot_name.lower()):
        return None
    return found[1].lower(), text[found.end() :].strip()


def number(text: str, example: str) -> Decimal:
    """Plain ASCII digits with at most one point, 12 on either side. Raises UsageError that says what to write."""
    if _COMMA.fullmatch(text):
        point, joined = text.replace(",", "."), text.replace(",", "")
        raise UsageError(f"A comma could mean {point} or {joined}: write one of these.", example=example)
    if not _NUMBER.fullmatch(text):
        raise UsageError(f"{_shown(text)} is not a number.", example=example)
    return Decimal(text)


def amount(text: str, example: str) -> Amount:
    """`0.01`, `100usdt`, `$100`, `50%`, `max`. Raises UsageError."""
    if text.lower() == "max":
        return Amount(kind=AmountKind.PERCENT, value=_HUNDRED)
    if text.endswith("%"):
        return Amount(kind=AmountKind.PERCENT, value=_percent(text.removesuffix("%"), example))
    if text.startswith("$"):
        return Amount(kind=AmountKind.IN_UNIT, value=_positive(text.removeprefix("$"), example), unit="$")
    in_unit = _IN_UNIT.fullmatch(text)
    if in_unit is not None:
        return Amount(kind=AmountKind.IN_UNIT, value=_positive(in_unit[1], example), unit=in_unit[2].upper())
    return Amount(kind=AmountKind.BASE, value=_positive(text, example))


def order(side: Side, text: str) -> Draft:
    """`BTC 100usdt`, `btc-usdt 0.01 @ 60000`, `BTC 100 usdt @60000`, `BTC 50 %`, and after the amount in any order
    `@ 60000`, `stop 60000`, `post`, `ioc`, `fok`. Raises UsageError.
    """
    words = text.replace("@", f" {_AT} ").split()
    line, rest = _order_of(side, words), words[2:]
    if len(words) > 2 and _is_number_apart(words[1], words[2]):
        line, rest = _order_of(side, [words[0], words[1] + words[2]]), words[3:]
    draft = Draft(side=side, word=line[0], amount=amount(line[1], f"/{side.value} BTC 100usdt"))
    typed = " ".join(line)
    plainly = typed.isascii() and typed.isprintable() and len(typed) <= _LONGEST_EXAMPLE
    return _with_conditions(draft, rest, f"/{side.value} {typed if plainly else 'BTC 0.001'}")


def _order_of(side: Side, words: list[str]) -> tuple[str, str]:
    """What, and how much."""
    if len(words) < 2 or CONDITIONS.intersection(word.lower() for word in words[:2]):
        raise UsageError(f"Say what to {side.value} and how much.", example=f"/{side.value} BTC 100usdt")
    return words[0], words[1]


def _is_number_apart(number: str, unit: str) -> bool:
    return bool(_COUNT.fullmatch(number) and _UNIT.fullmatch(unit)) and unit.lower() not in CONDITIONS


def _with_conditions(draft: Draft, words: list[str], line: str) -> Draft:
    """`line` is the order as typed so far, for examples."""
    pieces = iter(words)
    seen: set[str] = set()
    for piece in pieces:
        name = piece.lower()
        if name not in CONDITIONS:
            after = " after the price" if seen == {_AT} else ""
            raise UsageError(f"I did not understand {_shown(piece)}{after}.", example=f"{line} @ 60000")
        if name in seen:
            raise UsageError(f"{_shown(piece)} stands there twice.", example=f"{line} @ 60000")
        seen.add(name)
        if name in _PRICES:
            number = next(pieces, "")
            if not number:
                raise UsageError(f"After {name} comes one price.", example=f"{line} {name} 60000")
            price = _positive(number, f"{line} {name} 60000")
            draft = replace(draft, price=price) if name == _AT else replace(draft, trigger=price)
    _check_together(draft, seen, line)
    in_force = next((TimeInForce(name.upper()) for name in ("ioc", "fok") if name in seen), TimeInForce.GTC)
    return replace(draft, in_force=in_force, post_only="post" in seen)


def _check_together(draft: Draft, seen: set[str], line: str) -> None:
    """What makes no sense together, each with its sentence and the line that most likely was meant."""
    price = "60000" if draft.price is None else plain(draft.price)
    at, stop = f"{line} @ {price}", "" if draft.trigger is None else f" stop {plain(draft.trigger)}"
    if {"ioc", "fok"} <= seen:
        raise UsageError("ioc takes what is there and fok all or nothing: say one of them.", example=f"{at} ioc")
    if "post" in seen and seen & {"ioc", "fok"}:
        raise UsageError(
            "post waits in the book, ioc and fok never wait: they do not go together.", example=f"{at} post"
        )
    if "post" in seen and "stop" in seen:
        raise UsageError("A stop order has to trade when it fires; post would cancel it then.", example=f"{line}{stop}")
    if _AT in seen or not seen & {"post", "ioc", "fok"}:
        return
    name = next(name for name in ("post", "ioc", "fok") if name in seen)
    raise UsageError(
        f"An order without a price trades at the market at once; {name} goes with a price.",
        example=f"{at}{stop} {name}",
    )


def _percent(text: str, example: str) -> Decimal:
    value = _positive(text, example)
    if value > _HUNDRED:
        raise UsageError("More than 100 % is not there.", example=example)
    return value


def _positive(text: str, example: str) -> Decimal:
    value = number(text, example)
    if not value:
        raise UsageError("Zero is nothing to trade.", example=example)
    return value


def _shown(text: str) -> str:
    """What was typed, short enough for a sentence, with anything invisible or misleading taken out."""
    visible = "".join(c for c in text if c.isprintable())[:24]
    return f"“{visible}”" if visible else "That"
