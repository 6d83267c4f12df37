"""Handlers of /start, /help, /status, /kill and /resume."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from chatbot.chat.approving import code_for_resume
from chatbot.chat.messages import Command, Message, Reply, Tap
from chatbot.chat.views import admin as views
from chatbot.chat.views import help as help_views
from chatbot.chat.views import settings, status
from chatbot.core.errors import Refused, UsageError
from chatbot.core.notices import Subject
from chatbot.core.people import Person
from chatbot.services.health import Health
from chatbot.services.killswitch import KillSwitch
from chatbot.services.manners import Manners


class AdminHandlers:
    """`commands` hands out the table of all commands, which holds this class's own. `coded`: /resume takes a code.

    `welcome` greets a person, with what they set for themselves.
    """

    def __init__(
        self,
        *,
        health: Callable[[], Awaitable[Health]],
        killswitch: KillSwitch,
        welcome: Callable[[Person, str], Reply],
        coded: bool,
        commands: Callable[[], tuple[Command, ...]],
        manners: Manners,
    ) -> None:
        self._health = health
        self._killswitch = killswitch
        self._welcome = welcome
        self._coded = coded
        self._commands = commands
        self._manners = manners

    async def start(self, message: Message) -> Reply:
        zone, own = self._manners.zone_of(message.person.id), self._manners.of(message.person.id)
        words = f"Zone {zone.key}, quiet hours {settings.quiet(own.quiet)}."
        return self._welcome(message.person, words)

    async def help(self, message: Message) -> Reply:
        name = message.text.strip().lstrip("/").lower()
        if not name:
            return help_views.overview(self._commands(), message.person)
        command = next((c for c in self._commands() if c.name == name), None)
        if command is None:
            raise UsageError("There is no such command.", example="/help buy")
        return help_views.on(command)

    async def status(self, message: Message) -> Reply:
        return await self._status(message.text.strip().lower())

    async def status_tap(self, tap: Tap) -> Reply:
        return replace(await self._status(tap.argument), edit=True)

    async def _status(self, asked: str) -> Reply:
        seen = await self._health()
        return status.details(seen) if asked == status.DETAILS else status.glance(seen)

    async def kill(self, message: Message) -> Reply:
        """Durable before this returns; the cancels follow, told on the same card."""
        person = message.person
        stop = self._killswitch.kill(person.name, message.chat_id, message.update_id, person_id=person.id)
        return Reply(subject=Subject.STOP, subject_id=stop.id, pinned=True, then=partial(self._killswitch.sweep, stop))

    async def sweep_tap(self, tap: Tap) -> Reply:
        stop = self._killswitch.standing()
        if stop is None:
            raise Refused("Trading is not stopped.")
        return Reply(toast="Cancelling again…", then=partial(self._killswitch.sweep, stop))

    async def resume(self, message: Message) -> Reply:
        if message.text and not self._coded:
            return self.resume_now(message.person, message.text, message.update_id)
        if self._killswitch.standing() is None:
            raise Refused("Trading is not stopped.")
        return code_for_resume(message.text) if message.text else _ask_reason()

    async def resume_tap(self, tap: Tap) -> Reply:
        if self._killswitch.standing() is None:
            raise Refused("Trading is not stopped.")
        return _ask_reason()

    def resume_now(self, person: Person, reason: str, update_id: int) -> Reply:
        """Once all that it takes was said."""
        stop = self._killswitch.resume(person.name, reason, update_id, person_id=person.id)
        if stop is None:
            raise Refused("Trading is not stopped.")
        return Reply(text=views.resumed(stop))


def _ask_reason() -> Reply:
    return Reply(text="Why is it safe to trade again?", asks="/resume", hint="news are over")
