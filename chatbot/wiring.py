"""How the parts of one bot are put together: every object built once, handed on by constructor arguments."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Protocol

from chatbot.chat.account import AccountHandlers
from chatbot.chat.admin import AdminHandlers
from chatbot.chat.bot import Poller, connect
from chatbot.chat.front import Front
from chatbot.chat.gate import Gate
from chatbot.chat.market import MarketHandlers
from chatbot.chat.messages import Reply
from chatbot.chat.parcels import Looks
from chatbot.chat.sender import Sender
from chatbot.chat.table import Table, commands, verbs
from chatbot.chat.trading import TradingHandlers
from chatbot.chat.views import stops, tickets
from chatbot.config import Settings
from chatbot.core.limits import Limits
from chatbot.core.market import Venue
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Letter, Subject
from chatbot.core.times import Now, steady_now, utc_now
from chatbot.kucoin.account import Account
from chatbot.kucoin.clock import ExchangeClock
from chatbot.kucoin.market import Market
from chatbot.kucoin.orders import Orders
from chatbot.kucoin.pools import Pools
from chatbot.kucoin.rest import KEPT_FOR_MINUTES, Host, Rest
from chatbot.kucoin.signing import Credentials
from chatbot.services.cancelling import Cancelling
from chatbot.services.exchange import Exchange
from chatbot.services.health import Checkup
from chatbot.services.killswitch import KillSwitch
from chatbot.services.market import Markets
from chatbot.services.people import Doorbell, Groups, Watchlists
from chatbot.services.portfolio import Portfolio
from chatbot.services.post import Post
from chatbot.services.reconcile import Reconciler
from chatbot.services.trading import Trading
from chatbot.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Kucoin:
    """The exchange as the bot meets it. `refresh_paper` is there in paper mode alone."""

    exchange: Exchange
    spot: Rest
    clock: ExchangeClock
    refresh_paper: Callable[[], Awaitable[None]] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    markets: Markets
    portfolio: Portfolio
    reconciler: Reconciler
    trading: Trading
    cancelling: Cancelling
    killswitch: KillSwitch
    watchlists: Watchlists
    checkup: Checkup


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


def credentials(settings: Settings, venue: Venue) -> Credentials | None:
    """Futures have a key of their own where the settings give one."""
    spot = (settings.kucoin_api_key, settings.kucoin_api_secret, settings.kucoin_api_passphrase)
    own = (
        settings.kucoin_futures_api_key,
        settings.kucoin_futures_api_secret,
        settings.kucoin_futures_api_passphrase,
    )
    key, secret, passphrase = own if venue is Venue.FUTURES and own[0] is not None else spot
    if key is None or secret is None or passphrase is None:
        return None
    return Credentials(
        key=key.get_secret_value(),
        secret=secret.get_secret_value(),
        passphrase=passphrase.get_secret_value(),
        version=settings.kucoin_api_key_version,
    )


class PaperExchange(Protocol):
    """What `chatbot.paper` gives. It is loaded by name: live trading does not pay for the sandbox."""

    exchange: Exchange

    async def refresh(self) -> None: ...


Connect = Callable[[Path, Rest, Rest, contextlib.AsyncExitStack], Awaitable[PaperExchange]]


async def connect_kucoin(settings: Settings, tls: ssl.SSLContext, closing: contextlib.AsyncExitStack) -> Kucoin:
    """In paper mode public data is the real KuCoin's while everything signed goes to the sandbox exchange."""
    on_paper = settings.trading_mode is TradingMode.PAPER
    clock, pools = ExchangeClock(utc_now), Pools(now=utc_now, sleep=asyncio.sleep)

    async def rest(venue: Venue, url: str) -> Rest:
        host = Host(url=url, venue=venue, credentials=None if on_paper else credentials(settings, venue), tls=tls)
        return await closing.enter_async_context(Rest(host, clock=clock, pools=pools))

    spot = await rest(Venue.SPOT, settings.kucoin_spot_url)
    futures = await rest(Venue.FUTURES, settings.kucoin_futures_url)
    if not on_paper:
        exchange = Exchange(market=Market(spot, futures), account=Account(spot, futures), orders=Orders(spot, futures))
        return Kucoin(exchange=exchange, spot=spot, clock=clock, refresh_paper=None)
    connect: Connect = import_module("chatbot.paper").connect
    paper = await connect(settings.database_path.with_suffix(".paper.json"), spot, futures, closing)
    return Kucoin(exchange=paper.exchange, spot=spot, clock=clock, refresh_paper=paper.refresh)


def rules(settings: Settings) -> Limits:
    return Limits(
        mode=settings.trading_mode,
        symbols=settings.order_symbols,
        max_notional=settings.order_max_notional,
        daily_max=settings.daily_max_notional,
        confirm=settings.order_confirm_seconds,
        max_drift=settings.order_max_drift,
    )


def build_services(settings: Settings, store: Store, kucoin: Kucoin, now: Now) -> Services:
    exchange = kucoin.exchange
    markets = Markets(exchange.market, now)
    reconciler = Reconciler(exchange=exchange, store=store, now=now)
    return Services(
        markets=markets,
        portfolio=Portfolio(exchange=exchange, markets=markets, store=store, now=now),
        reconciler=reconciler,
        trading=Trading(
            exchange=exchange, markets=markets, reconciler=reconciler, store=store, rules=rules(settings), now=now
        ),
        cancelling=Cancelling(exchange=exchange, store=store, reconciler=reconciler),
        killswitch=KillSwitch(exchange=exchange, store=store, now=now),
        watchlists=Watchlists(store=store, markets=markets),
        checkup=Checkup(exchange=exchange, clock=kucoin.clock, store=store, mode=settings.trading_mode, now=now),
    )


def build_table(services: Services, settings: Settings, now: Now) -> Table:
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
        commands=lambda: table.commands,
    )
    table = Table(commands(market, account, trading, admin), verbs(market, account, trading, admin))
    return table


async def build_chat(settings: Settings, services: Services, doors: Doors) -> Chat:
    """Asks Telegram who we are. Raises InvalidToken when it does not know us."""
    token = settings.telegram_bot_token.get_secret_value()
    bot = connect(token=token, url=settings.telegram_api_url, limits=KEPT_FOR_MINUTES, tls=doors.tls)
    await doors.closing.enter_async_context(bot)
    table = build_table(services, settings, doors.now)
    post = Post(doors.store)
    front = Front(
        post=post,
        gate=Gate(role_of=settings.role_of, groups=Groups(store=doors.store, ids=settings.telegram_groups)),
        doorbell=Doorbell(store=doors.store, owners=settings.telegram_owners),
        table=table,
        bot_name=bot.username,
        now=doors.now,
    )
    draw = partial(_draw, services, settings.trading_mode)
    return Chat(
        poller=Poller(bot=bot, front=front, post=post, heard=services.checkup.heard_telegram),
        sender=Sender(
            bot=bot,
            outbox=doors.store.outbox,
            looks=Looks(draw=draw, digest=lambda letters: (draw(letters[0]), 1), zone_of=lambda _: settings.timezone),
            bell=doors.bell,
            now=steady_now,
            owners=settings.telegram_owners,
        ),
        table=table,
    )


def _draw(services: Services, mode: TradingMode, letter: Letter) -> Reply:
    """A card as its subject stands at this moment."""
    if letter.subject is Subject.TICKET:
        return tickets.ticket(services.trading.ticket(letter.subject_id), mode)
    stop = services.killswitch.stop(letter.subject_id)
    if stop is None:
        raise LookupError(f"kill {letter.subject_id} is not in the database")
    return stops.stop(stop, mode)
