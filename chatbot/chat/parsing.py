"""From what people type to core values. Nothing is guessed: what does not fit gets a sentence and an example."""

import re
from decimal import Decimal

from chatbot.core.errors import UsageError
from chatbot.core.orders import Amount, AmountKind, Draft, Side

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?(?:\s+|$)", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?", re.ASCII)
_COMMA = re.compile(r"[0-9]{1,12},[0-9]{1,12}", re.ASCII)
_IN_UNIT = re.compile(r"([0-9.,]+)(?!e[0-9]|x[0-9]+$)([a-z][a-z0-9]{0,19})", re.ASCII | re.IGNORECASE)
"""`1e5` and `0x10` are no amounts of coins called E5 and X10."""

_COUNT = re.compile(r"[0-9.,]+", re.ASCII)
_UNIT = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}|%", re.ASCII)
_HUNDRED = Decimal(100)


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
    """`BTC 100usdt`, `btc-usdt 0.01 @ 60000`, `BTC 100 usdt @60000`, `BTC 50 %`. Raises UsageError."""
    example = f"/{side.value} BTC 100usdt"
    head, at, tail = text.partition("@")
    words, prices = head.split(), tail.split()
    if len(words) == 3 and _COUNT.fullmatch(words[1]) and _UNIT.fullmatch(words[2]):
        words = [words[0], words[1] + words[2]]
    if len(words) < 2:
        raise UsageError(f"Say what to {side.value} and how much.", example=example)
    if len(words) > 2:
        raise UsageError(f"I did not understand {_shown(words[2])}.", example=f"/{side.value} BTC 0.001 @ 60000")
    if at and len(prices) != 1:
        raise UsageError("After @ comes one price.", example=f"/{side.value} BTC 0.001 @ 60000")
    price = _positive(prices[0], f"/{side.value} BTC 0.001 @ 60000") if prices else None
    return Draft(side=side, word=words[0], amount=amount(words[1], example), price=price)


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
