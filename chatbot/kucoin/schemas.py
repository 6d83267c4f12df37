"""KuCoin's JSON, checked: what every wire model is made of. The pydantic door.

Models are read from Python objects whose decimals are exact already: pydantic's own
JSON reader cuts a decimal at 17 digits. Unknown fields are ignored, KuCoin adds some
every month; numbers may be text or bare, moments in seconds, milli-, micro- or nanoseconds.
"""

import logging
import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, TypeVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from chatbot.core.errors import Unavailable
from chatbot.core.times import from_millis
from chatbot.kucoin.answers import exact

_log = logging.getLogger(__name__)


def _decimal(value: object) -> object:
    if isinstance(value, float):
        raise ValueError("not an exact number")
    return exact(str(value)) if isinstance(value, str | int | Decimal) else value


def _decimal_or_none(value: object) -> object:
    return None if value is None or value == "" else _decimal(value)


def _price_or_none(value: object) -> object:
    number = _decimal_or_none(value)
    return None if isinstance(number, Decimal) and number <= 0 else number


_price = re.compile(r"(?=[0.]*[1-9])[0-9]{1,24}(?:\.[0-9]{1,24})?").fullmatch
"""ASCII digits and at most one point, above zero."""


def price_digits(value: object) -> str:
    """A price as it was written, a bare JSON number without its exponent. Raises ValueError for anything else."""
    if type(value) is str and _price(value):
        return value
    if type(value) in (int, Decimal):
        text = format(exact(str(value)), "f")
        if _price(text):
            return text
    raise ValueError("not a price")


def _moment(value: object) -> object:
    """By magnitude: KuCoin changes its unit from field to field, and over the years."""
    number = exact(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else Decimal(0)
    for above, per_milli in ((10**17, 10**6), (10**14, 10**3), (10**11, 1)):
        if number >= above:
            millis = int(number) // per_milli
            if millis < 10**13:
                return from_millis(millis)
    raise ValueError("not a moment")


def _moment_or_none(value: object) -> object:
    return None if value in (None, "", 0) else _moment(value)


Number = Annotated[Decimal, BeforeValidator(_decimal)]
MaybeNumber = Annotated[Decimal | None, BeforeValidator(_decimal_or_none)]
MaybePrice = Annotated[Decimal | None, BeforeValidator(_price_or_none)]
"""None also for what is not above zero: KuCoin writes 0 where there was no trade, and nothing is decided by it."""

Digits = Annotated[str, BeforeValidator(price_digits)]
"""A price in the exchange's own digits."""

Moment = Annotated[datetime, BeforeValidator(_moment)]
MaybeMoment = Annotated[datetime | None, BeforeValidator(_moment_or_none)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\s\x00-\x20\x7f<>&\"']+$")]
"""A symbol, currency or id: something that can be shown, stored and put in an address."""

BuyOrSell = Literal["buy", "sell"]
LimitOrMarket = Literal["limit", "market"]


class Wire(BaseModel):
    """The base of all wire models: `camelCase` on the wire, frozen, its errors never show what was read."""

    model_config = ConfigDict(
        defer_build=True,  # a model is compiled when it is first needed, not at every start
        alias_generator=to_camel,
        coerce_numbers_to_str=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )


Model = TypeVar("Model", bound=Wire)


def spelled(*names: str) -> AliasChoices:
    """For a field that KuCoin spells in several ways."""
    return AliasChoices(*names)


def one(model: type[Model], data: object) -> Model:
    """Raises `Unavailable` when `data` is not what it should be."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        where = error.errors(include_url=False, include_input=False, include_context=False)[0]
    _log.warning("unreadable %s: %s at %s", model.__name__, where["type"], ".".join(map(str, where["loc"])))
    raise Unavailable("KuCoin's answer makes no sense.")


def every(model: type[Model], data: object) -> tuple[Model, ...]:
    """All rows, for lists of money and orders: one row missing would be a false statement.

    Raises `Unavailable` when `data` is no list or a row cannot be read.
    """
    return tuple(one(model, row) for row in _rows(data))


def many(model: type[Model], data: object) -> tuple[Model, ...]:
    """All good rows, for catalogues: one odd symbol must not hide a thousand others. Bad ones are counted.

    Raises `Unavailable` when `data` is no list, or none of its rows can be read.
    """
    rows = _rows(data)
    good = tuple(_readable(model, rows))
    if len(good) < len(rows):
        _log.warning("left out %d of %d rows of %s", len(rows) - len(good), len(rows), model.__name__)
    if rows and not good:
        raise Unavailable("KuCoin's answer makes no sense: not one row of it.")
    return good


def _rows(data: object) -> list[object]:
    if isinstance(data, list):
        return data
    raise Unavailable("KuCoin's answer makes no sense: no list.")


def _readable(model: type[Model], rows: list[object]) -> Iterable[Model]:
    for row in rows:
        try:
            yield model.model_validate(row)
        except ValidationError:
            continue


__all__ = [
    "BuyOrSell",
    "Digits",
    "Field",
    "LimitOrMarket",
    "MaybeMoment",
    "MaybeNumber",
    "MaybePrice",
    "Model",
    "Moment",
    "Name",
    "Number",
    "Wire",
    "every",
    "many",
    "one",
    "price_digits",
    "spelled",
]
