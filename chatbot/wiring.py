"""How the parts of one bot are put together: every object built once, handed on by constructor arguments."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable

from chatbot.accounting import account_part
from chatbot.acting import acting_part
from chatbot.alerting import Ground, build_alerting
from chatbot.charting import charts_part
from chatbot.chat.acting import Acting, Pulse
from chatbot.chat.bot import Poller, Tidings
from chatbot.chat.connection import connect
from chatbot.chat.erasing import Eraser
from chatbot.chat.front import Front
from chatbot.chat.gate import Gate, Readers
from chatbot.chat.guide import Guide
from chatbot.chat.menus import Menus
from chatbot.chat.sender import Sender
from chatbot.chat.table import NO_DIALOGUE, Table
from chatbot.config import Settings
from chatbot.connecting import Kucoin
from chatbot.core.times import Now, steady_now
from chatbot.core.values import frozen
from chatbot.first_part import first_part
from chatbot.gates import build_closing, build_guards, rules
from chatbot.guarding import build_guard
from chatbot.kucoin.rest import KEPT_FOR_MINUTES
from chatbot.looking import looks
from chatbot.parts import Floor, Part, Services
from chatbot.quieting import quiet_part
from chatbot.services.amounts import FiatPrices, Reading
from chatbot.services.cancelling import Cancelling
from chatbot.services.colleagues import Colleagues
from chatbot.services.health import Checkup
from chatbot.services.killswitch import KillSwitch
from chatbot.services.manners import Manners
from chatbot.services.market import Markets
from chatbot.services.menus import KnownMenus
from chatbot.services.people import Doorbell, Groups, Watchlists
from chatbot.services.portfolio import Portfolio
from chatbot.services.post import Post
from chatbot.services.reconcile import Reconciler
from chatbot.services.trading import Trading
from chatbot.services.wizards import Wizards
from chatbot.starting import build_readiness, build_signs
from chatbot.store.store import Store
from chatbot.teaming import teams_part
from chatbot.wizarding import wizards_part


@frozen
class Doors:
    """What the chat's doors share with the rest: `bell` rings when a letter waits."""

    store: Store
    bell: asyncio.Event
    now: Now
    tls: ssl.SSLContext
    closing: contextlib.AsyncExitStack


@frozen
class Chat:
    """`groups` are those that are let in, by the ids they have now."""

    poller: Poller
    menus: Menus
    groups: Callable[[], frozenset[int]]
    sender: Sender
    parts: tuple[Part, ...]


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
    return Services(
        markets=markets,
        portfolio=Portfolio(exchange=exchange, markets=markets, store=store, now=now),
        reconciler=reconciler,
        readiness=readiness,
        trading=trading,
        cancelling=Cancelling(exchange=exchange, store=store, reconciler=reconciler),
        killswitch=killswitch,
        guards=guards,
        closing=build_closing(settings, store, exchange, killswitch, reconciler, guard.hold_exits),
        colleagues=Colleagues(store),
        watchlists=Watchlists(store=store, markets=markets),
        checkup=Checkup(
            exchange=exchange,
            store=store,
            watching=alerting.watching,
            mode=settings.trading_mode,
            signs=build_signs(settings, kucoin, guard, readiness),
            now=now,
        ),
        guard=guard,
        alerting=alerting,
        reading=Reading(preferences=store.preferences, prices=FiatPrices(exchange.market, now)),
        manners=Manners(store=store, zone=settings.timezone, now=now),
    )


def build_parts(floor: Floor) -> tuple[tuple[Part, ...], Table]:
    """In no order: the table has its own."""
    parts = (
        first_part(floor, lambda: table.commands),
        charts_part(floor),
        account_part(floor),
        acting_part(floor),
        wizards_part(floor),
        quiet_part(floor),
        teams_part(floor),
    )
    dialogue = next((part.dialogue for part in parts if part.dialogue is not None), NO_DIALOGUE)
    table = Table([c for part in parts for c in part.commands], [v for part in parts for v in part.verbs], dialogue)
    return parts, table


async def build_chat(settings: Settings, services: Services, kucoin: Kucoin, doors: Doors) -> Chat:
    """Asks Telegram who we are. Raises InvalidToken when it does not know us."""
    token = settings.telegram_bot_token.get_secret_value()
    bot = connect(token=token, url=settings.telegram_api_url, limits=KEPT_FOR_MINUTES, tls=doors.tls)
    await doors.closing.enter_async_context(bot)
    acting = Acting(bot)
    floor = Floor(
        settings=settings,
        store=doors.store,
        kucoin=kucoin,
        services=services,
        now=doors.now,
        erase=Eraser(bot).erase,
        busy=acting.picture_coming,
        ping=Pulse(bot).trip,
    )
    parts, table = build_parts(floor)
    groups = Groups(store=doors.store, ids=settings.telegram_groups)
    gate = Gate(role_of=settings.role_of, groups=groups)
    front = _front(floor, table, gate, bot.username)
    return Chat(
        poller=Poller(
            bot=bot,
            acting=acting,
            front=front,
            post=Post(doors.store),
            tidings=Tidings(heard=services.checkup.heard_telegram, conflict=services.killswitch.halt),
        ),
        menus=Menus(bot, KnownMenus(doors.store.facts), table.commands),
        groups=groups.now,
        sender=Sender(
            bot=bot,
            outbox=doors.store.outbox,
            looks=looks(services, settings, doors.now),
            bell=doors.bell,
            now=steady_now,
            to=Readers(gate=gate, manners=services.manners, owners=settings.telegram_owners),
        ),
        parts=parts,
    )


def _front(floor: Floor, table: Table, gate: Gate, bot_name: str) -> Front:
    post, now = Post(floor.store), floor.now
    wizards = Wizards(floor.store)
    return Front(
        post=post,
        gate=gate,
        doorbell=Doorbell(store=floor.store, owners=floor.settings.telegram_owners),
        table=table,
        guide=Guide(post=post, wizards=wizards, table=table, erase=floor.erase, bot_name=bot_name, now=now),
        now=now,
    )
