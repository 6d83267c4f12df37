"""Quiet by choice: what each person set, the night, the digest after it, and troubles that are not told too often."""

from chatbot.chat.digest import DigestHandlers
from chatbot.chat.messages import Command, Verb
from chatbot.chat.settings import SettingsHandlers
from chatbot.chat.table import read
from chatbot.chat.views import absence
from chatbot.chat.views import digest as views
from chatbot.core.people import Role
from chatbot.jobs import Job
from chatbot.parts import Floor, Part
from chatbot.services.absence import Absence, AbsenceWording
from chatbot.services.digest import Digests, DigestWording, Readers, Sources
from chatbot.services.held import HeldNotices
from chatbot.services.yesterday import Yesterday
from chatbot.services.zones import Zones

_SETTINGS = (
    "zone Europe/Berlin, quiet 22:00-07:00, digest 8:00, amounts hide, currency EUR, payments 1;"
    " prices, funding, liquidation, orders, system or digest, each with rings, silent or off."
    " off takes back what was set."
)


def quiet_part(floor: Floor) -> Part:
    services, store = floor.services, floor.store
    digests = _digests(floor)
    held = HeldNotices(store=store, alerts=services.alerting.alerts, manners=services.manners)
    settings = SettingsHandlers(manners=services.manners, reading=services.reading, zones=Zones())
    digest = DigestHandlers(digests=digests, held=held)
    return Part(
        commands=_commands(settings, digest),
        verbs=(
            Verb(name="settings", role=Role.VIEWER, handle=settings.settings_tap),
            Verb(name="set", role=Role.VIEWER, handle=settings.set_tap),
            Verb(name="ask_setting", role=Role.VIEWER, handle=settings.ask_tap),
            Verb(name="hide_digest", role=Role.VIEWER, handle=digest.hide_tap),
            Verb(name="held", role=Role.VIEWER, handle=digest.held_tap),
        ),
        jobs=(
            Job(name="tell what waited for the morning", every=10, run=digests.look),
            Job(name="ask whether KuCoin answers", every=60, run=_absence(floor).look),
        ),
    )


def _absence(floor: Floor) -> Absence:
    return Absence(
        exchange=floor.kucoin.exchange,
        store=floor.store,
        owners=floor.settings.telegram_owners,
        wording=AbsenceWording(away=absence.away, back=absence.back),
        now=floor.now,
    )


def _commands(settings: SettingsHandlers, digest: DigestHandlers) -> tuple[Command, ...]:
    return (
        read(
            "settings",
            settings.settings,
            "[SETTING VALUE]",
            "/settings quiet 22:00-07:00",
            "your zone, quiet hours, what rings",
            _SETTINGS,
        ),
        read("digest", digest.digest, "", "/digest", "the account and the bot at a glance"),
    )


def _digests(floor: Floor) -> Digests:
    services = floor.services
    exchange, markets, store = floor.kucoin.exchange, services.markets, floor.store
    return Digests(
        store=store,
        sources=Sources(
            portfolio=services.portfolio,
            yesterday=Yesterday(exchange=exchange, markets=markets, store=store),
            alerts=services.alerting.alerts,
            checkup=services.checkup,
            reading=services.reading,
        ),
        readers=Readers(role_of=floor.settings.role_of, manners=services.manners),
        mode=floor.settings.trading_mode,
        wording=DigestWording(text=lambda told, hidden: views.digest(told, hidden=hidden), buttons=views.buttons),
        now=floor.now,
    )
