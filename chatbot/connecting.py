"""KuCoin as the bot meets it: whose keys sign, and what paper mode puts in its place."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import field
from importlib import import_module
from pathlib import Path
from typing import Protocol

from chatbot.config import Settings
from chatbot.core.market import Symbol, Venue
from chatbot.core.modes import TradingMode
from chatbot.core.times import steady_now
from chatbot.core.values import frozen
from chatbot.kucoin.account import Account
from chatbot.kucoin.clock import ExchangeClock
from chatbot.kucoin.dead_man import DeadMansSwitch
from chatbot.kucoin.market import Market
from chatbot.kucoin.orders import Orders
from chatbot.kucoin.pools import Pools
from chatbot.kucoin.rest import Host, Rest
from chatbot.kucoin.signing import Credentials
from chatbot.services.dead_man import DeadManGuard
from chatbot.services.exchange import Exchange


@frozen
class Kucoin:
    """The exchange as the bot meets it. `hosts` are KuCoin's own; `refresh_paper` is there in paper mode alone.

    `refused` is set whenever KuCoin refused our key. `dead_man` is there where the settings name symbols for it.
    """

    exchange: Exchange
    hosts: dict[Venue, Rest]
    clock: ExchangeClock
    refresh_paper: Callable[[], Awaitable[None]] | None
    refused: asyncio.Event = field(default_factory=asyncio.Event)
    dead_man: DeadManGuard | None = None


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


async def connect_kucoin(
    settings: Settings, clock: ExchangeClock, tls: ssl.SSLContext, closing: contextlib.AsyncExitStack
) -> Kucoin:
    """In paper mode public data is the real KuCoin's while everything signed goes to the sandbox exchange."""
    on_paper = settings.trading_mode is TradingMode.PAPER
    pools = Pools(now=steady_now, sleep=asyncio.sleep)
    refused = asyncio.Event()

    async def rest(venue: Venue, url: str) -> Rest:
        signs = None if on_paper else credentials(settings, venue)
        host = Host(url=url, venue=venue, credentials=signs, tls=tls, refused=refused.set)
        return await closing.enter_async_context(Rest(host, clock=clock, pools=pools))

    spot = await rest(Venue.SPOT, settings.kucoin_spot_url)
    futures = await rest(Venue.FUTURES, settings.kucoin_futures_url)
    hosts = {Venue.SPOT: spot, Venue.FUTURES: futures}
    if not on_paper:
        exchange = Exchange(market=Market(spot, futures), account=Account(spot, futures), orders=Orders(spot, futures))
        return Kucoin(
            exchange=exchange,
            hosts=hosts,
            clock=clock,
            refresh_paper=None,
            refused=refused,
            dead_man=_dead_man(settings, spot),
        )
    connect: Connect = import_module("chatbot.paper").connect
    paper = await connect(settings.database_path.with_suffix(".paper.json"), spot, futures, closing)
    return Kucoin(exchange=paper.exchange, hosts=hosts, clock=clock, refresh_paper=paper.refresh, refused=refused)


def _dead_man(settings: Settings, spot: Rest) -> DeadManGuard | None:
    symbols = tuple(Symbol(symbol) for symbol in sorted(settings.order_dead_man_symbols))
    if settings.trading_mode is not TradingMode.LIVE or not symbols:
        return None
    return DeadManGuard(switch=DeadMansSwitch(spot), symbols=symbols, timeout=settings.order_dead_man_seconds)
