"""Handlers of /here: which of the desk's news come to this place of a group."""

from dataclasses import replace

from chatbot.chat.messages import Message, Reply, Tap
from chatbot.chat.views import here as views
from chatbot.core.errors import Refused, UsageError
from chatbot.core.people import Role
from chatbot.core.routes import Place, Route
from chatbot.services.routing import Routing

_NOTHING = "nothing"
_EXAMPLE = "/here alerts"


class HereHandlers:
    def __init__(self, routing: Routing) -> None:
        self._routing = routing

    async def here(self, message: Message) -> Reply:
        _check_group(message)
        place = Place(chat_id=message.chat_id, thread_id=message.thread_id)
        words = message.text.lower().replace(",", " ").split()
        if not words:
            return self._shown(message)
        if words == [_NOTHING]:
            coming = [
                route for route, its in self._routing.of(place.chat_id).items() if its.thread_id == place.thread_id
            ]
            if not coming:
                raise Refused("Nothing is routed to this place.")
            return Reply(text=views.undone(self._routing.undo(coming, place.chat_id, message.person)))
        routes = [_route(word) for word in dict.fromkeys(words)]
        self._routing.lay(routes, place, message.person)
        return Reply(text=views.laid(routes, place))

    async def here_tap(self, tap: Tap) -> Reply:
        _check_group(tap)
        route = _route(tap.argument)
        self._routing.lay([route], Place(chat_id=tap.chat_id, thread_id=tap.thread_id), tap.person)
        return replace(self._shown(tap), edit=True, toast=f"{route.value} come here from now on.")

    async def undo_tap(self, tap: Tap) -> Reply:
        _check_group(tap)
        route = _route(tap.argument)
        undone = self._routing.undo([route], tap.chat_id, tap.person)
        toast = f"{route.value} come where they were asked for." if undone else "That was undone already."
        return replace(self._shown(tap), edit=True, toast=toast)

    def _shown(self, asked: Message | Tap) -> Reply:
        place = Place(chat_id=asked.chat_id, thread_id=asked.thread_id)
        return views.here(self._routing.of(place.chat_id), place, owner=asked.person.role >= Role.OWNER)


def _check_group(asked: Message | Tap) -> None:
    if asked.private:
        raise Refused("Write /here in the group, in the topic where news shall come. For yourself there is /settings.")


def _route(word: str) -> Route:
    """Raises UsageError."""
    try:
        return Route(word)
    except ValueError:
        names = ", ".join(route.value for route in Route)
        raise UsageError(f"I can bring {names}, or {_NOTHING}.", example=_EXAMPLE) from None
