"""How the parts of one bot are put together: every object built once, handed on by constructor arguments."""

import asyncio
import contextlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chatbot.alerting import Alerting, Ground, build_alerting
from chatbot.chat.account import AccountHandlers
from chatbot.chat.admin import AdminHandlers
from chatbot.chat.alerts import AlertHandlers
from chatbot.chat.approving import Approving, Erase, Sequels
from chatbot.chat.bot import Poller
from chatbot.chat.closing import ClosingHandlers
from chatbot.chat.connection import connect
from chatbot.chat.erasing import Eraser
from chatbot.chat.front import Front
from chatbot.chat.gate import Gate, Readers
from chatbot.chat.market import MarketHandlers
from chatbot.chat.messages import Reply
from chatbot.chat.parcels import Looks
from chatbot.chat.sender import Sender
from chatbot.chat.table import Table, alert_verbs, approving_verbs, closing_verbs, code_command, commands, verbs
from chatbot.chat.trading import TradingHandlers
from chatbot.chat.views import alerts, approvals, stops, tickets
from chatbot.config import Settings
from chatbot.connecting import Kucoin
from chatbot.core.limits import Limits
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Letter, Subject
from chatbot.core.people import Role
from chatbot.core.times import Now, steady_now
from chatbot.gates import build_closing, build_guards
from chatbot.guarding import build_guard
from chatbot.kucoin.rest import KEPT_FOR_MINUTES
from chatbot.services.cancelling import Cancelling
from chatbot.services.closing import Closing
from chatbot.services.factors import Factors
from chatbot.services.health import Checkup
from chatbot.services.key_guard import KeyGuard
from chatbot.services.killswitch import KillSwitch
from chatbot.services.market import Markets
from chatbot.services.people import Doorbell, Groups, Watchlists
from chatbot.services.portfolio import Portfolio
from chatbot.services.post import Post
from chatbot.services.readiness import Readiness
from chatbot.services.reconcile import Reconciler
from chatbot.services.trading import Trading
from chatbot.starting import build_readiness, build_signs
from chatbot.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    markets: Markets
    portfolio: Portfolio
    reconciler: Reconciler
    readiness: Readiness
    trading: Trading
    cancelling: Cancelling
    killswitch: KillSwitch
    factors: Factors
    closing: Closing
    watchlists: Watchlists
    checkup: Checkup
    guard: KeyGuard
    alerting: Alerting


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What the chat's doors share with the rest: `bell` rings when a letter waits."""

    store: Store
    bell: asyncio.Event
    now: Now
    tls: ssl.SSLContext
    closing: contextlib.AsyncExitStack


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    poller: Poller
    sender: Sender
    table: Table


def rules(settings: Settings) -> Limits:
    return Limits(
        mode=settings.trading_mode,
        symbols=settings.order_symbols,
        max_notional=settings.order_max_notional,
        daily_max=settings.daily_max_notional,
        confirm=settings.order_confirm_seconds,
        max_drift=settings.order_max_drift,
        most_per_minute=settings.order_max_per_minute,
        approval_above=settings.order_approval_above,
        totp_above=None if settings.totp_secret is None else settings.order_totp_above,
    )


def build_services(settings: Settings, store: Store, kucoin: Kucoin, now: Now) -> Services:
    exchange = kucoin.exchange
    markets = Markets(exchange.market, now)
    reconciler = Reconciler(exchange=exchange, store=store, now=now)
    guard = build_guard(settings, store, kucoin, now)
    readiness = build_readiness(settings, store, exchange, markets, reconciler)
    killswitch = KillSwitch(exchange=exchange, store=store, owners=settings.telegram_owners, now=now)
    holds = [guard.hold, readiness.hold, store.safety.hold]
    guards = build_guards(settings, store, killswitch, holds, readiness.settled)
    trading = Trading(
        exchange=exchange, markets=markets, reconciler=reconciler, store=store, rules=rules(settings), guards=guards
    )
    alerting = build_alerting(
        Ground(
            settings=settings,
            store=store,
            exchange=exchange,
            hosts=kucoin.hosts,
            markets=markets,
            trading=trading,
            reconciler=reconciler,
            now=now,
        )
    )
    checkup = Checkup(
        exchange=exchange,
        store=store,
        watching=alerting.watching,
        mode=settings.trading_mode,
        signs=build_signs(settings, kucoin, guard, readiness),
        now=now,
    )
    return Services(
        markets=markets,
        portfolio=Portfolio(exchange=exchange, markets=markets, store=store, now=now),
        reconciler=reconciler,
        readiness=readiness,
        trading=trading,
        cancelling=Cancelling(exchange=exchange, store=store, reconciler=reconciler),
        killswitch=killswitch,
        factors=guards.factors,
        closing=build_closing(settings, store, exchange, killswitch, reconciler),
        watchlists=Watchlists(store=store, markets=markets),
        checkup=checkup,
        guard=guard,
        alerting=alerting,
    )


def build_table(services: Services, settings: Settings, now: Now, erase: Erase) -> Table:
    mode = settings.trading_mode
    market = MarketHandlers(
        markets=services.markets, portfolio=services.portfolio, watchlists=services.watchlists, mode=mode, now=now
    )
    account = AccountHandlers(
        portfolio=services.portfolio, markets=services.markets, watchlists=services.watchlists, mode=mode, now=now
    )
    trading = TradingHandlers(trading=services.trading, cancelling=services.cancelling, mode=mode)
    admin = AdminHandlers(
        checkup=services.checkup,
        killswitch=services.killswitch,
        rules=rules(settings),
        coded=services.factors.asked,
        commands=lambda: table.commands,
    )
    alerting = AlertHandlers(alerts=services.alerting.alerts, mode=mode, zone=settings.timezone, now=now)
    approving = Approving(
        trading=services.trading,
        factors=services.factors,
        again=trading.requote,
        sequels=Sequels(sweep=services.killswitch.sweep, erase=erase, resume=admin.resume_now),
    )
    closings = ClosingHandlers(closing=services.closing, mode=mode)
    rooms = market, account, trading, admin
    coded = [code_command(approving)] if services.factors.asked else []
    table = Table(
        [*commands(*rooms, alerting), *coded],
        [*verbs(*rooms), *approving_verbs(approving), *closing_verbs(closings), *alert_verbs(alerting)],
    )
    return table


async def build_chat(settings: Settings, services: Services, doors: Doors) -> Chat:
    """Asks Telegram who we are. Raises InvalidToken when it does not know us."""
    token = settings.telegram_bot_token.get_secret_value()
    bot = connect(token=token, url=settings.telegram_api_url, limits=KEPT_FOR_MINUTES, tls=doors.tls)
    await doors.closing.enter_async_context(bot)
    table = build_table(services, settings, doors.now, Eraser(bot).erase)
    post = Post(doors.store)
    gate = Gate(role_of=settings.role_of, groups=Groups(store=doors.store, ids=settings.telegram_groups))
    front = Front(
        post=post,
        gate=gate,
        doorbell=Doorbell(store=doors.store, owners=settings.telegram_owners),
        table=table,
        bot_name=bot.username,
        now=doors.now,
    )
    return Chat(
        poller=Poller(
            bot=bot,
            front=front,
            post=post,
            heard=services.checkup.heard_telegram,
            conflict=services.killswitch.halt,
        ),
        sender=Sender(
            bot=bot,
            outbox=doors.store.outbox,
            looks=looks(services, settings, doors.now),
            bell=doors.bell,
            now=steady_now,
            to=Readers(gate=gate, owners=settings.telegram_owners),
        ),
        table=table,
    )


def looks(services: Services, settings: Settings, now: Now) -> Looks:
    """Cards as their subjects stand at the moment they leave."""

    def draw(letter: Letter) -> Reply:
        if letter.subject is Subject.TICKET:
            return tickets.ticket(services.trading.ticket(letter.subject_id), settings.trading_mode)
        if letter.subject is Subject.APPROVAL:
            return approvals.approval(services.trading.ticket(letter.subject_id), settings.trading_mode)
        if letter.subject is Subject.ALERT:
            return alert(letter)
        stop = services.killswitch.stop(letter.subject_id)
        if stop is None:
            raise LookupError(f"kill {letter.subject_id} is not in the database")
        reply = stops.stop(stop, settings.trading_mode)
        return replace(reply, pinned=reply.pinned and (letter.pinned or letter.edits is not None))

    def alert(letter: Letter) -> Reply:
        told = services.alerting.alerts.told(letter.subject_id, settings.timezone)
        role = settings.role_of(told.rule.person_id)
        trades = role is not None and role >= Role.TRADER and settings.trading_mode is not TradingMode.OFF
        return alerts.fired(told, now(), may_trade=trades)

    def digest(letters: Sequence[Letter]) -> tuple[Reply, int]:
        told = services.alerting.alerts.told
        return alerts.digest([told(letter.subject_id, settings.timezone) for letter in letters], now())

    return Looks(draw=draw, digest=digest, zone_of=lambda _: settings.timezone)
