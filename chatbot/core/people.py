"""Who may do what. Roles come from the settings alone: chat cannot grant one."""

from enum import IntEnum

from chatbot.core.values import frozen


class Role(IntEnum):
    """Each role may do all that the ones below it may."""

    VIEWER = 1
    TRADER = 2
    OWNER = 3


@frozen
class Person:
    """An allow-listed person. `id` is Telegram's number and the only thing ever compared."""

    id: int
    name: str
    role: Role
