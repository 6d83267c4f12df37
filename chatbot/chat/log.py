"""Handlers of /log: the audit, page by page, for owners in their own chat."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from chatbot.chat.messages import Message, Reply, Tap
from chatbot.chat.views import log as views
from chatbot.core.errors import Refused
from chatbot.services.logbook import Logbook


class LogHandlers:
    """`local` is the time where a person is, by their id."""

    def __init__(self, logbook: Logbook, local: Callable[[int], datetime]) -> None:
        self._logbook = logbook
        self._local = local

    async def log(self, message: Message) -> Reply:
        _check_own_chat(message)
        return views.log(await self._logbook.page(), self._local(message.person.id))

    async def log_tap(self, tap: Tap) -> Reply:
        """`older 120`, `newer 128`, `newest`."""
        _check_own_chat(tap)
        way, _, number = tap.argument.partition(" ")
        before, after = (int(number) if way == each else None for each in ("older", "newer"))
        page = await self._logbook.page(before=before, after=after)
        return replace(views.log(page, self._local(tap.person.id)), edit=True)


def _check_own_chat(asked: Message | Tap) -> None:
    if not asked.private:
        raise Refused("The log is for our own chat. Write /log to me there.")
