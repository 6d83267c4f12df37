"""What the chat began with: prices, balances, tickets, alerts, and the commands about the bot itself."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from chatbot.charting import installed
from chatbot.chat.admin import AdminHandlers
from chatbot.chat.alerts import AlertHandlers
from chatbot.chat.approving import Approving, Sequels
from chatbot.chat.closing import ClosingHandlers
from chatbot.chat.market import MarketHandlers, Offers
from chatbot.chat.messages import Command
from chatbot.chat.table import alert_verbs, approving_verbs, closing_verbs, code_command, commands, verbs
from chatbot.chat.trading import TradingHandlers
from chatbot.chat.views.admin import welcome
from chatbot.gates import rules
from chatbot.parts import Floor, Part
from chatbot.services.health import Health


def first_part(floor: Floor, all_commands: Callable[[], tuple[Command, ...]]) -> Part:
    """`all_commands` hands out those of all parts, for /help."""
    services, settings, now = floor.services, floor.settings, floor.now
    mode = settings.trading_mode
    market = MarketHandlers(
        markets=services.markets,
        portfolio=services.portfolio,
        watchlists=services.watchlists,
        hides=services.reading.hides,
        offers=Offers(mode=mode, charts=installed()),
        now=now,
    )
    trading = TradingHandlers(trading=services.trading, cancelling=services.cancelling, mode=mode)
    admin = AdminHandlers(
        health=partial(_health, floor),
        killswitch=services.killswitch,
        welcome=partial(welcome, limits=rules(settings), practice=settings.practice),
        coded=services.guards.factors.asked,
        commands=all_commands,
        manners=services.manners,
    )
    alerting = AlertHandlers(
        alerts=services.alerting.alerts, mode=mode, zone=services.manners.zone_of, charts=installed(), now=now
    )
    approving = Approving(
        trading=services.trading,
        factors=services.guards.factors,
        again=trading.requote,
        sequels=Sequels(sweep=services.killswitch.sweep, erase=floor.erase, resume=admin.resume_now),
    )
    closings = ClosingHandlers(closing=services.closing, mode=mode)
    rooms = market, trading, admin
    coded = (code_command(approving),) if services.guards.factors.asked else ()
    return Part(
        commands=(*commands(*rooms, alerting), *coded),
        verbs=(*verbs(*rooms), *approving_verbs(approving), *closing_verbs(closings), *alert_verbs(alerting)),
    )


async def _health(floor: Floor) -> Health:
    seen, trip = await asyncio.gather(floor.services.checkup.health(), floor.ping())
    return replace(seen, telegram_trip=trip)
