"""What everything that is handed around is made of: frozen dataclasses with slots, given by keyword.

There are some two hundred, made anew at each start. The standard library compiles six functions for each
of them, in half a millisecond; three suffice where the others are shared, and the bot starts a tenth sooner.
"""

from collections.abc import Callable
from dataclasses import Field, dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

Made = TypeVar("Made")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(cls: type[Made]) -> type[Made]:
    """As `dataclass(frozen=True, slots=True, kw_only=True)`: the same equality, hash and repr."""
    cls.__doc__ = cls.__doc__ or f"{cls.__name__}(...)"  # else the library words every signature, for nobody
    made = dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)(cls)
    own = fields(made)  # type: ignore[arg-type]
    for name, method in (*_comparing(made, own), ("__repr__", _showing(made, own))):
        setattr(made, name, method)
    return made


def _comparing(made: type[object], own: tuple[Field[Any], ...]) -> list[tuple[str, Callable[..., object]]]:
    compared = [each.name for each in own if each.compare]
    content: Callable[[object], object] = attrgetter(*compared) if compared else lambda _: ()

    def equal(self: object, other: object) -> bool:
        return content(self) == content(other) if other.__class__ is made else NotImplemented

    def hashed(self: object) -> int:
        return hash(content(self))

    return [("__eq__", equal), ("__hash__", hashed)]


def _showing(made: type[object], own: tuple[Field[Any], ...]) -> Callable[[object], str]:
    shown = [each.name for each in own if each.repr]

    def represented(self: object) -> str:
        return f"{made.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    return represented
