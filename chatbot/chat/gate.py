"""The one gate in front of every update, messages and buttons alike. Whatever is not let in is not answered.

It stands before what leaves, too: whoever was taken off the list is told nothing any more.
"""

from collections.abc import Callable, Collection, Container
from enum import Enum, auto

from chatbot.chat.messages import Incoming
from chatbot.core.people import Person, Role
from chatbot.core.values import frozen
from chatbot.services.manners import Manners


class Verdict(Enum):
    ADMITTED = auto()
    STRANGER = auto()
    DROPPED = auto()


@frozen
class Gate:
    """Numeric ids alone decide: names can be taken over. `role_of` gives None for anybody not on the list.

    `groups` are those that are let in, by the ids they have now.
    """

    role_of: Callable[[int], Role | None]
    groups: Container[int]

    def judge(self, incoming: Incoming) -> Verdict:
        """STRANGER only for somebody's own words in a private chat: the owners may want to know of those."""
        if incoming.odd:
            return Verdict.DROPPED
        at_home = incoming.private and incoming.chat_id == incoming.user_id
        if self.role_of(incoming.user_id) is None:
            return Verdict.STRANGER if at_home else Verdict.DROPPED
        return Verdict.ADMITTED if at_home or incoming.chat_id in self.groups else Verdict.DROPPED

    def reaches(self, chat_id: int) -> bool:
        """Whether a letter may go there: to the own chat of somebody on the list, or to a group that is let in."""
        return self.role_of(chat_id) is not None if chat_id > 0 else chat_id in self.groups

    def person(self, incoming: Incoming) -> Person:
        """Who an admitted update is from. Raises LookupError for anybody else."""
        role = self.role_of(incoming.user_id)
        if role is None:
            raise LookupError(incoming.user_id)
        return Person(id=incoming.user_id, name=incoming.user_name, role=role)


@frozen
class Readers:
    """Whom the bot may write to, and how they want it. `owners` are told when a chat is closed to it."""

    gate: Gate
    manners: Manners
    owners: Collection[int]
