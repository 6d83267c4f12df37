"""A desk of several people: which news come where in their groups, what they see of each other, who did what."""

from chatbot.chat.here import HereHandlers
from chatbot.chat.log import LogHandlers
from chatbot.chat.messages import Effect, Verb
from chatbot.chat.table import command
from chatbot.chat.views.desk_digest import morning
from chatbot.core.people import Role
from chatbot.core.routes import Route
from chatbot.jobs import Job
from chatbot.logs import Scrubber
from chatbot.parts import Floor, Part
from chatbot.services.desk_digest import DeskDigests
from chatbot.services.logbook import Logbook
from chatbot.services.routing import Routing

_KINDS = f"In a topic, or in a group: {', '.join(route.value for route in Route)}; nothing takes them away from here."


def teams_part(floor: Floor) -> Part:
    here = HereHandlers(Routing(floor.store))
    book = Logbook(audit=floor.store.audit, path=floor.store.path, scrub=Scrubber(floor.settings.secrets()))
    log = LogHandlers(book, floor.services.manners.local)
    return Part(
        commands=(
            command(
                "here", Role.OWNER, Effect.READ, here.here, "[KIND]", "/here alerts", "which news come here", _KINDS
            ),
            command("log", Role.OWNER, Effect.READ, log.log, "", "/log", "who did what, newest first"),
        ),
        verbs=(
            Verb(name="here", role=Role.OWNER, handle=here.here_tap),
            Verb(name="here_not", role=Role.OWNER, handle=here.undo_tap),
            Verb(name="log", role=Role.OWNER, handle=log.log_tap),
        ),
        jobs=(Job(name="tell groups the morning", every=60, run=_digests(floor).look),),
    )


def _digests(floor: Floor) -> DeskDigests:
    zone, checkup = floor.settings.timezone, floor.services.checkup
    return DeskDigests(store=floor.store, checkup=checkup, zone=zone, word=morning)
