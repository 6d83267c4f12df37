"""The lists of commands that phones offer: one for each person, one for each group. A part of the Telegram door."""

import logging
from collections.abc import Collection, Iterable, Mapping

from telegram import Bot, BotCommand, BotCommandScopeChat, BotCommandScopeChatMember
from telegram.error import TelegramError

from chatbot.chat.messages import Command
from chatbot.core.people import Role
from chatbot.services.menus import KnownMenus

log = logging.getLogger(__name__)

_NOT_IN_GROUPS = frozenset({"log"})


class Menus:
    """`commands` are those of all roles. A list is a courtesy: where it cannot be set, everything works without."""

    def __init__(self, bot: Bot, known: KnownMenus, commands: Iterable[Command]) -> None:
        self._bot = bot
        self._known = known
        self._commands = tuple(commands)

    async def register(self, people: Mapping[int, Role], groups: Collection[int]) -> None:
        """At a start, for it is then that roles change: whoever has lost theirs is offered nothing any more.

        A person who never wrote to the bot gets their list at the next start.
        """
        wanted = {*people, *groups}
        unknown = [chat for chat in self._known.gone(wanted) if not await self._forget(chat)]
        self._known.keep({*wanted, *unknown})
        for person, role in people.items():
            await self._set(self._of(role), BotCommandScopeChat(person))
        for group in groups:
            await self._set_in_group(group, [person for person, role in people.items() if role is Role.OWNER])

    async def _set_in_group(self, group: int, owners: Iterable[int]) -> None:
        """What everybody there finds is a trader's; owners find their own."""
        await self._set(self._of(Role.TRADER, _NOT_IN_GROUPS), BotCommandScopeChat(group))
        for owner in owners:
            await self._set(self._of(Role.OWNER, _NOT_IN_GROUPS), BotCommandScopeChatMember(group, owner))

    async def _set(self, commands: list[BotCommand], scope: BotCommandScopeChat | BotCommandScopeChatMember) -> None:
        try:
            await self._bot.set_my_commands(commands, scope=scope)
        except TelegramError as error:
            log.info("the command list of %s could not be set: %s", scope.chat_id, error)

    async def _forget(self, chat: int) -> bool:
        try:
            await self._bot.delete_my_commands(scope=BotCommandScopeChat(chat))
        except TelegramError as error:
            log.info("the command list of %s could not be taken away: %s", chat, error)
            return False
        return True

    def _of(self, role: Role, but: Collection[str] = ()) -> list[BotCommand]:
        return [BotCommand(c.name, c.summary) for c in self._commands if role >= c.role and c.name not in but]
