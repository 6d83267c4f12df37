"""How cards are drawn at the moment they leave, from what they tell of."""

from collections.abc import Sequence
from dataclasses import replace

from chatbot.charting import installed
from chatbot.chat.messages import Reply
from chatbot.chat.parcels import Looks
from chatbot.chat.views import alerts, approvals, stops, tickets
from chatbot.config import Settings
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Letter, Subject
from chatbot.core.orders import OrderTicket
from chatbot.core.people import Role
from chatbot.core.stops import Stop
from chatbot.core.times import Now
from chatbot.core.wishes import Told
from chatbot.parts import Services

_OF_TICKETS = {
    Subject.TICKET: tickets.ticket,
    Subject.APPROVAL: approvals.approval,
    Subject.OUTCOME: tickets.outcome,
}


def looks(services: Services, settings: Settings, now: Now) -> Looks:
    """Cards as their subjects stand at the moment they leave."""
    zone_of, in_chat = services.manners.zone_of, services.reading.in_chat

    charts = installed()

    def draw(letter: Letter) -> Reply:
        if letter.subject in _OF_TICKETS:
            shown, beside = ticket(letter), services.colleagues.beside(ticket(letter))
            return _OF_TICKETS[letter.subject](shown, settings.trading_mode, in_chat(letter.chat_id), beside)
        if letter.subject is Subject.ALERT:
            return alert(letter)
        return _stop(letter, services.killswitch.stop(letter.subject_id), settings.trading_mode)

    def ticket(letter: Letter) -> OrderTicket:
        return services.trading.ticket(letter.subject_id)

    def alert(letter: Letter) -> Reply:
        told = _told(letter, services)
        return alerts.fired(told, now(), may_trade=_trades(told.rule.person_id, settings), charts=charts)

    def digest(letters: Sequence[Letter]) -> tuple[Reply, int]:
        return alerts.digest([_told(letter, services) for letter in letters], now())

    return Looks(draw=draw, digest=digest, zone_of=zone_of)


def _told(letter: Letter, services: Services) -> Told:
    told = services.alerting.alerts.told(letter.subject_id, services.manners.zone_of(letter.chat_id))
    return replace(told, slept=services.manners.slept(letter.chat_id, told.firing.told_at))


def _trades(person_id: int, settings: Settings) -> bool:
    role = settings.role_of(person_id)
    return role is not None and role >= Role.TRADER and settings.trading_mode is not TradingMode.OFF


def _stop(letter: Letter, stop: Stop | None, mode: TradingMode) -> Reply:
    if stop is None:
        raise LookupError(f"kill {letter.subject_id} is not in the database")
    reply = stops.stop(stop, mode)
    return replace(reply, pinned=reply.pinned and (letter.pinned or letter.edits is not None))
