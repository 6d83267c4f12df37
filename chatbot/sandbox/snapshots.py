"""Values to plain JSON-able data and back, by their type hints: dataclasses, decimals, moments, enums."""

import types
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import TypeVar, Union, cast, get_args, get_origin, get_type_hints

Kind = TypeVar("Kind")


def pack(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: pack(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return pack(value.value)
    if isinstance(value, list | tuple):
        return [pack(each) for each in value]
    return value


def unpack(kind: type[Kind], data: object) -> Kind:
    """The inverse of `pack` for a value of `kind`. Raises KeyError or ValueError on data that is none."""
    return cast("Kind", _unpack(kind, data))


def _unpack(kind: object, data: object) -> object:
    if get_origin(kind) in (Union, types.UnionType):
        inner = [each for each in get_args(kind) if each is not type(None)]
        return None if data is None else _unpack(inner[0], data)
    if kind is Decimal:
        return Decimal(str(data))
    if kind is datetime:
        return datetime.fromisoformat(str(data))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(data, dict):
        hints = get_type_hints(kind)
        return kind(**{field.name: _unpack(hints[field.name], data[field.name]) for field in fields(kind)})
    return data
