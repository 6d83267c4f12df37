"""Who may do what. Roles come from the settings alone: chat cannot grant one."""

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """Each role may do all that the ones below it may."""

    VIEWER = 1
    TRADER = 2
    OWNER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An allow-listed person. `id` is Telegram's number and the only thing ever compared."""

    id: int
    name: str
    role: Role
