"""What everything that is handed around is made of: frozen dataclasses with slots, given by keyword.

There are some two hundred kinds, made anew at each start. The library compiles six functions for each of them,
one after the other, in half a millisecond; here three are compiled at once and the rest is shared: the bot
starts an eighth sooner, and a value is made in two thirds of the time.
"""

from collections.abc import Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from typing import Any, NoReturn, TypeVar, dataclass_transform

Made = TypeVar("Made")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(cls: type[Made]) -> type[Made]:
    """As `dataclass(frozen=True, slots=True, kw_only=True)`, for a class without ancestors."""
    cls.__doc__ = cls.__doc__ or f"{cls.__name__}(...)"  # else the library words every signature, for nobody
    made = dataclass(slots=True, kw_only=True, init=False, eq=False, repr=False)(cls)
    own = fields(made)  # type: ignore[arg-type]
    for name, method in (_compiled(made, own) | _SHARED).items():
        setattr(made, name, method)
    return made


def _compiled(made: type[object], own: Sequence[Field[Any]]) -> dict[str, Any]:
    """Of the fields' names alone: what they hold by default is handed on, not written out.

    A field that is not asked for is set by `__post_init__`.
    """
    known: dict[str, Any] = {"made": made}
    asked, puts = ["self", "*"], []
    for each in own:
        if each.init:
            known[f"put_{each.name}"] = getattr(made, each.name).__set__
            asked.append(_asked(each, known))
            puts.append(_put(each))
    if hasattr(made, "__post_init__"):
        puts.append("self.__post_init__()")
    compared = [each.name for each in own if each.compare]
    source = (
        f"def __init__({', '.join(asked if len(asked) > 2 else asked[:1])}):\n {'; '.join(puts) or 'pass'}\n"
        f"def __hash__(self):\n return hash({_all_of('self', compared)})\n"
        "def __eq__(self, other):\n if other.__class__ is not made: return NotImplemented\n"
        f" return {_all_of('self', compared)} == {_all_of('other', compared)}\n"
    )
    exec(source, known)  # noqa: S102 - our own words, and identifiers
    return {name: known[name] for name in ("__init__", "__hash__", "__eq__")}


def _asked(each: Field[Any], known: dict[str, Any]) -> str:
    """A parameter. What makes a default stands for what it will make."""
    default = each.default if each.default_factory is MISSING else each.default_factory
    if default is MISSING:
        return each.name
    known[f"default_{each.name}"] = default
    return f"{each.name}=default_{each.name}"


def _put(each: Field[Any]) -> str:
    if each.default_factory is MISSING:
        return f"put_{each.name}(self, {each.name})"
    default = f"default_{each.name}"
    return f"put_{each.name}(self, {each.name} if {each.name} is not {default} else {default}())"


def _all_of(whose: str, names: Sequence[str]) -> str:
    return f"({''.join(f'{whose}.{name}, ' for name in names)})"


def _refuse_to_set(_: object, name: str, __: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _shown(self: object) -> str:
    own = fields(self)  # type: ignore[arg-type]
    content = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in own if each.repr)
    return f"{type(self).__qualname__}({content})"


def _unpacked(self: object, state: tuple[None, dict[str, object]]) -> None:
    """For copies and for other processes."""
    for name, content in state[1].items():
        object.__setattr__(self, name, content)


_SHARED: dict[str, Any] = {
    "__repr__": _shown,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__setstate__": _unpacked,
}
