"""The bot, whole: started in order, run together, stopped in reverse."""

import asyncio
import contextlib
import logging
import signal
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from importlib import import_module

from chatbot.alerting import alert_jobs, open_eyes, watchmen
from chatbot.config import Settings
from chatbot.connecting import Kucoin, connect_kucoin
from chatbot.core.errors import KucoinError
from chatbot.core.market import Venue
from chatbot.core.modes import TradingMode
from chatbot.core.people import Role
from chatbot.core.times import utc_now
from chatbot.core.values import frozen
from chatbot.jobs import Job, run_jobs
from chatbot.kucoin.clock import ExchangeClock
from chatbot.kucoin.rest import trusted
from chatbot.last_stand import last_stand
from chatbot.parts import Services
from chatbot.services.key_guard import KeyGuard
from chatbot.services.storage import Alarm, Storage
from chatbot.store.database import Damaged, StorageTrouble, only_process
from chatbot.store.store import Store, open_store
from chatbot.wiring import Chat, Doors, build_chat, build_services

log = logging.getLogger(__name__)

KEEP_MAIL = timedelta(days=7)
"""How long answered updates and sent messages stay; tickets, journal and audit stay for good."""

_HEALTH_PORT = "chatbot.health_port"
"""Loaded where the setting asks for it: it brings a server along."""

_PATIENCE = 2.0
_GLANCE = 1.0
_FINISH = 15.0
_DRAIN = 3.0


class UnifiedAccount(Exception):
    """A unified account answers the classic calls differently; trading through them would be guessing."""


@frozen
class Bot:
    """`told_time` is done once KuCoin's clock was read, or could not be."""

    settings: Settings
    store: Store
    storage: Storage
    alarm: Alarm
    kucoin: Kucoin
    services: Services
    chat: Chat
    told_time: asyncio.Task[None]


@contextlib.asynccontextmanager
async def built(settings: Settings) -> AsyncIterator[Bot]:
    """Raises AlreadyRunning, Damaged, StorageTrouble, InvalidToken, OSError for a port that cannot be had."""
    async with contextlib.AsyncExitStack() as closing:
        closing.enter_context(only_process(settings.database_path))
        bell, alarm, clock = asyncio.Event(), Alarm(), ExchangeClock(utc_now)
        now = clock.now
        reading = asyncio.get_running_loop().run_in_executor(None, trusted)  # while the database waits for its disk
        try:
            store = open_store(settings.database_path, now, bell.set, tell=alarm.ring)
        except (Damaged, StorageTrouble) as trouble:
            kucoin = await connect_kucoin(settings, clock, await reading, closing)
            await last_stand(settings, kucoin.exchange, trouble)
            raise
        closing.callback(store.close)
        kucoin = await connect_kucoin(settings, clock, await reading, closing)
        told_time = asyncio.create_task(_read_clock(kucoin))  # while Telegram says who we are
        closing.callback(told_time.cancel)
        storage = Storage(store=store, path=settings.database_path, owners=settings.telegram_owners)
        services = build_services(settings, store, kucoin, now)
        if settings.health_port is not None:  # before Telegram is asked for anything: what is away can be told, too
            door = import_module(_HEALTH_PORT).HealthPort
            await closing.enter_async_context(
                door(settings.health_port, lambda: services.checkup.vitals(begun=storage.begun))
            )
        doors = Doors(store=store, bell=bell, now=now, tls=reading.result(), closing=closing)
        chat = await build_chat(settings, services, kucoin, doors)
        yield Bot(
            settings=settings,
            store=store,
            storage=storage,
            alarm=alarm,
            kucoin=kucoin,
            services=services,
            chat=chat,
            told_time=told_time,
        )


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Until `stop` is set. Raises what ended it: `cli` knows the exit code of each."""
    async with built(settings) as bot:
        failure = await _ended(bot, stop)
        trouble = bot.alarm.trouble
        if trouble is not None:
            await last_stand(settings, bot.kucoin.exchange, trouble, store=bot.store, warn=bot.storage.begun)
            raise trouble from failure
        if failure is not None:
            raise failure
    log.info("stopped")


async def _ended(bot: Bot, stop: asyncio.Event) -> BaseException | None:
    """What ended it; nothing for a clean stop."""
    try:
        bot.storage.begin(bot.services.killswitch)
        if bot.settings.trading_mode is TradingMode.LIVE:
            await meet_kucoin(bot)
        else:
            await bot.told_time
        bot.services.reconciler.recover()
        open_eyes(bot.services.alerting)
        await _together(bot, stop)
    except BaseExceptionGroup as failed:
        return _first(failed)
    except sqlite3.Error as error:
        return error
    finally:
        await bot.chat.poller.finish(0)
    return None


async def _together(bot: Bot, stop: asyncio.Event) -> None:
    """Everything at once; a part that fails ends the others. At a stop, no new update is taken, what was begun ends."""
    async with asyncio.TaskGroup() as group:
        polling = group.create_task(bot.chat.poller.run())
        others = [
            group.create_task(bot.alarm.sound()),
            group.create_task(bot.chat.sender.run()),
            group.create_task(run_jobs(_jobs(bot))),
            group.create_task(_guard(bot.kucoin, bot.services.guard)),
            group.create_task(bot.services.killswitch.finish_unfinished()),
            *(group.create_task(work) for work in watchmen(bot.services.alerting)),
            *(group.create_task(work()) for part in bot.chat.parts for work in part.watchmen),
            *([group.create_task(dead_man.renew())] if (dead_man := bot.kucoin.dead_man) is not None else []),
            group.create_task(bot.chat.menus.register(_people(bot.settings), bot.chat.groups())),
        ]
        if bot.settings.trading_mode is not TradingMode.OFF:
            others.append(group.create_task(bot.services.readiness.run()))
        log.info("running, trading is %s", bot.settings.trading_mode.value)
        await stop.wait()
        polling.cancel()
        await bot.chat.poller.finish(_FINISH)
        await bot.chat.sender.drain(_DRAIN)
        if bot.kucoin.dead_man is not None:
            await bot.kucoin.dead_man.disarm()
        for task in others:
            task.cancel()


async def meet_kucoin(bot: Bot) -> None:
    """Before anything may trade: whose key is it, may it, what time is it there.

    Raises BadCredentials and UnifiedAccount. An exchange that is slow or away keeps nobody waiting who
    wants to be heard: the guard asks again, and lets no order leave until it was answered.
    """
    try:
        async with asyncio.timeout(_PATIENCE):
            await bot.told_time
            await bot.services.guard.meet()
    except TimeoutError:
        log.warning("KuCoin is slow to say what it thinks of the key; it is asked again")
        return
    if bot.services.guard.unified:
        raise UnifiedAccount("This is a KuCoin unified account; I trade through classic accounts only.")


async def _guard(kucoin: Kucoin, guard: KeyGuard) -> None:
    """Until cancelled. Not on the clock's table: while KuCoin hangs, a look takes longer than the time between two."""
    while True:
        await asyncio.sleep(_GLANCE)
        if kucoin.refused.is_set():
            kucoin.refused.clear()
            guard.suspect()
        await guard.tick()


async def _read_clock(kucoin: Kucoin) -> None:
    """How old a command is depends on it: the host's clock may be minutes off."""
    try:
        await kucoin.hosts[Venue.SPOT].measure_clock()
    except KucoinError as error:
        log.warning("KuCoin's clock could not be read: %s", error)


def _jobs(bot: Bot) -> list[Job]:
    services, kucoin = bot.services, bot.kucoin

    async def expire() -> None:
        services.trading.expire_overdue()

    async def clean() -> None:
        bot.store.clean(KEEP_MAIL)

    jobs = [
        Job(name="expire tickets", every=1, run=expire),
        Job(name="follow orders", every=5, run=services.readiness.follow),
        Job(name="watch for late arrivals", every=60, run=services.reconciler.watch_lost),
        Job(name="finish a kill", every=30, run=services.killswitch.finish_unfinished),
        Job(name="read the clock", every=600, run=partial(_read_clock, kucoin)),
        Job(name="clean the mail", every=3600, run=clean),
        Job(name="tend the storage", every=5, run=bot.storage.tend),
        Job(name="examine the database", every=86_400, run=bot.storage.examine),
        Job(name="keep Telegram's line warm", every=10, run=bot.chat.sender.keep_warm),
        *alert_jobs(services.alerting),
        *(job for part in bot.chat.parts for job in part.jobs),
    ]
    if kucoin.dead_man is not None:
        jobs.append(Job(name="renew the dead man's switch", every=kucoin.dead_man.pause, run=kucoin.dead_man.renew))
    if bot.settings.trading_mode is not TradingMode.OFF:
        jobs.append(Job(name="look for stray orders", every=60, run=services.readiness.strays.find))
    if kucoin.refresh_paper is not None:
        jobs.append(Job(name="paper prices", every=5, run=kucoin.refresh_paper))
    return jobs


def _people(settings: Settings) -> dict[int, Role]:
    ids = settings.telegram_owners | settings.telegram_traders | settings.telegram_viewers
    return {person: role for person in sorted(ids) if (role := settings.role_of(person)) is not None}


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    error = failed.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def stop_on_signals(stop: asyncio.Event) -> None:
    """SIGTERM and SIGINT end the bot cleanly."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
