"""The part of the chat that lets people act: on alerts that stand, on positions in danger, on what will be paid."""

from chatbot.chat.alert_managing import Managing
from chatbot.chat.messages import Verb
from chatbot.chat.risks import RiskHandlers
from chatbot.chat.views import risks
from chatbot.config import Settings
from chatbot.core.market import Venue
from chatbot.core.modes import TradingMode
from chatbot.core.people import Role
from chatbot.jobs import Job
from chatbot.parts import Floor, Part
from chatbot.services.funding_pushes import PaymentPushes

_VIEWER = Role.VIEWER


def acting_part(floor: Floor) -> Part:
    services = floor.services
    managing = Managing(alerts=services.alerting.alerts, zone=services.manners.zone_of, now=floor.now)
    pushes = PaymentPushes(
        exchange=floor.kucoin.exchange,
        markets=services.markets,
        store=floor.store,
        people=_people(floor.settings),
        card=risks.cost,
        now=floor.now,
    )
    handlers = RiskHandlers(pushes)
    return Part(
        verbs=(
            Verb(name="relevel", role=_VIEWER, handle=managing.edit_tap),
            Verb(name="remark", role=_VIEWER, handle=managing.note_tap),
            Verb(name="pause", role=_VIEWER, handle=managing.pause_tap),
            Verb(name="wake", role=_VIEWER, handle=managing.resume_tap),
            Verb(name="unmute", role=_VIEWER, handle=managing.unmute_tap),
            Verb(name="firings", role=_VIEWER, handle=managing.history_tap),
            Verb(name="above", role=_VIEWER, handle=handlers.pays_above_tap),
            Verb(name="seen", role=_VIEWER, handle=handlers.seen_tap),
        ),
        jobs=_jobs(floor, pushes),
        watchmen=(services.alerting.elsewhere.run,),
    )


def _jobs(floor: Floor, pushes: PaymentPushes) -> tuple[Job, ...]:
    """None without an account to look at."""
    alerting = floor.services.alerting
    signed = all(floor.kucoin.hosts[venue].host.credentials is not None for venue in Venue)
    if floor.settings.trading_mode is not TradingMode.PAPER and not signed:
        return ()
    return (
        Job(name="watch for liquidations", every=10, run=alerting.liquidation.look),
        Job(name="look what funding will cost", every=60, run=pushes.look),
        Job(name="look at orders made elsewhere", every=60, run=alerting.elsewhere.look),
    )


def _people(settings: Settings) -> dict[int, bool]:
    """By whether they may trade."""
    everybody = settings.telegram_owners | settings.telegram_traders | settings.telegram_viewers
    mode_trades = settings.trading_mode is not TradingMode.OFF
    return {p: mode_trades and (role := settings.role_of(p)) is not None and role >= Role.TRADER for p in everybody}
