"""A desk of several people: which news come where in their groups."""

from chatbot.chat.here import HereHandlers
from chatbot.chat.messages import Effect, Verb
from chatbot.chat.table import command
from chatbot.chat.teams import TeamHandlers
from chatbot.core.people import Role
from chatbot.core.routes import Route
from chatbot.parts import Floor, Part
from chatbot.services.routing import Routing

_KINDS = f"In a topic, or in a group: {', '.join(route.value for route in Route)}; nothing takes them away from here."


def teams_part(floor: Floor) -> Part:
    here = HereHandlers(Routing(floor.store))
    teams = TeamHandlers(floor.services.trading.ticket)
    return Part(
        commands=(
            command(
                "here", Role.OWNER, Effect.READ, here.here, "[KIND]", "/here alerts", "which news come here", _KINDS
            ),
        ),
        verbs=(
            Verb(name="here", role=Role.OWNER, handle=here.here_tap),
            Verb(name="here_not", role=Role.OWNER, handle=here.undo_tap),
            Verb(name="after", role=Role.VIEWER, handle=teams.after_tap),
        ),
    )
