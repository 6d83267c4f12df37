"""Handlers of /settings and of its card, which changes in place."""

from dataclasses import replace

from chatbot.chat import parsing_settings
from chatbot.chat.messages import Message, Reply, Tap
from chatbot.chat.views import settings as views
from chatbot.core.errors import Refused
from chatbot.core.people import Person
from chatbot.services.amounts import Reading
from chatbot.services.manners import Manners
from chatbot.services.zones import UnknownZone, Zones

_PRIVATE = "Your settings are for our own chat: write /settings to me there."


class SettingsHandlers:
    def __init__(self, *, manners: Manners, reading: Reading, zones: Zones) -> None:
        self._manners = manners
        self._reading = reading
        self._zones = zones

    async def settings(self, message: Message) -> Reply:
        """The card, one of its pages, or a change and the card after it."""
        if not message.private:
            raise Refused(_PRIVATE)
        name = message.text.strip().lower()
        if not name:
            return views.settings(await self._own(message.person))
        if name in views.pages():
            return views.page(name, await self._own(message.person))
        return await self._changed(message.person, message.text)

    async def settings_tap(self, tap: Tap) -> Reply:
        own = await self._own(_at_home(tap))
        return _edit(views.page(tap.argument, own) if tap.argument else views.settings(own))

    async def set_tap(self, tap: Tap) -> Reply:
        return _edit(await self._changed(_at_home(tap), tap.argument))

    async def ask_tap(self, tap: Tap) -> Reply:
        _at_home(tap)
        return views.question(tap.argument)

    async def _changed(self, person: Person, text: str) -> Reply:
        try:
            change = parsing_settings.change(text, self._zones.find)
        except UnknownZone as error:
            return views.no_such_zone(error)
        self._manners.change(person, change)
        return views.settings(await self._own(person))

    async def _own(self, person: Person) -> views.Own:
        preferences = self._manners.of(person.id)
        amounts = await self._reading.amounts(person.id)
        zone = self._manners.zone_of(person.id).key
        return views.Own(preferences=preferences, at=self._manners.local(person.id), zone=zone, rate=amounts.rate)


def _at_home(tap: Tap) -> Person:
    """Raises Refused in a group."""
    if not tap.private:
        raise Refused(_PRIVATE)
    return tap.person


def _edit(reply: Reply) -> Reply:
    return replace(reply, edit=True)
