"""Exact decimals: rounding to an increment, and how a number is written on the wire and for people."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext

_DIGITS = 100
"""A quotient rounded to the usual 28 digits can come out as the next step up, above the value itself."""


def floor_to(value: Decimal, increment: Decimal) -> Decimal:
    """The largest multiple of `increment` that is not above `value`."""
    with localcontext(prec=_DIGITS):
        return (value / increment).to_integral_value(rounding=ROUND_FLOOR) * increment


def ceil_to(value: Decimal, increment: Decimal) -> Decimal:
    """The smallest multiple of `increment` that is not below `value`."""
    with localcontext(prec=_DIGITS):
        return (value / increment).to_integral_value(rounding=ROUND_CEILING) * increment


def is_multiple(value: Decimal, increment: Decimal) -> bool:
    with localcontext(prec=_DIGITS):
        return value % increment == 0


def plain(value: Decimal) -> str:
    """Digits without exponent or trailing zeros, as the exchange wants them: `0.0000061`, `100`."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def places(increment: Decimal) -> int:
    """How many digits after the point an increment such as `0.0100` needs: 2."""
    exponent = increment.normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def grouped(value: Decimal, digits: int) -> str:
    """For people: thousands separated, exactly `digits` after the point, nothing without a sign: `67,412.3`."""
    return f"{value:z,.{digits}f}"


def tidy(value: Decimal, digits: int) -> str:
    """For people: thousands separated, at most `digits` after the point, never `0` for something."""
    if value and abs(value) < Decimal(1).scaleb(-digits):
        return plain(value.normalize())
    text = grouped(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(value: Decimal, currency: str) -> str:
    """For people, without the currency: dollars to the cent, finer when there is less than one; coins to 8 digits."""
    if currency.startswith("USD"):
        return grouped(value, 2) if not value or abs(value) >= Decimal("0.01") else tidy(value, 6)
    return tidy(value, 8)


def signed(value: Decimal, digits: int) -> str:
    """For people: a change, its sign always shown: `+2.14`, `-0.50`, `0.00` for none that shows."""
    shown = grouped(value, digits)
    return f"+{shown}" if value > 0 and shown.strip("0.") else shown
