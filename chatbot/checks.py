"""`chatbot check`: everything that could be wrong, looked at once, each with what to do about it."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from chatbot.chat.connection import who_am_i
from chatbot.config import Settings, describe
from chatbot.connecting import Kucoin, connect_kucoin
from chatbot.core.account import AccountMode, KeyInfo
from chatbot.core.errors import KucoinError
from chatbot.core.exchange import ServiceStatus
from chatbot.core.keys import Gravity, KeyRules, Verdict, judge
from chatbot.core.market import Venue
from chatbot.core.modes import TradingMode
from chatbot.core.times import utc_now
from chatbot.core.values import frozen
from chatbot.guarding import keys_of
from chatbot.kucoin.clock import ExchangeClock
from chatbot.kucoin.rest import KEPT_FOR_MINUTES, trusted
from chatbot.services.key_memory import UID
from chatbot.store.database import Damaged, StorageTrouble, look_at
from chatbot.store.facts import remembered

_TOLERATED = timedelta(seconds=2)


@frozen
class Finding:
    """`mend` is empty when nothing needs to be done."""

    name: str
    ok: bool
    found: str
    mend: str = ""

    def __str__(self) -> str:
        mark = "ok  " if self.ok else "FAIL"
        return f"{mark} {self.name}: {self.found}" + (f" -> {self.mend}" if self.mend else "")


async def check_all(settings: Settings) -> list[Finding]:
    """Offline first, then everything online at the same time. No secret is shown."""
    findings = [Finding(name=name, ok=True, found=value) for name, value in describe(settings)]
    findings.append(_database(settings.database_path))
    async with contextlib.AsyncExitStack() as closing:
        try:
            kucoin = await connect_kucoin(settings, ExchangeClock(utc_now), trusted(), closing)
        except Damaged as error:  # the paper account: without it there is no exchange to look at
            mend = "restore it, or move it away"
            return [*findings, Finding(name="paper account", ok=False, found=str(error), mend=mend)]
        online = [_telegram(settings), _clock(kucoin), _service(kucoin), _address(kucoin)]
        if settings.trading_mode is not TradingMode.PAPER and settings.kucoin_api_key is not None:
            online.append(_mode(kucoin))
            findings += await _keys(settings, kucoin)
        findings += await asyncio.gather(*online)
    return findings


def _database(path: Path) -> Finding:
    name = "database"
    if not path.parent.is_dir():
        return Finding(name=name, ok=False, found="its folder is not there", mend=f"make the folder {path.parent}")
    if not path.exists():
        return Finding(name=name, ok=True, found=f"{path} will be made at the first start")
    try:
        look_at(path)
    except StorageTrouble as error:
        return Finding(name=name, ok=False, found=str(error), mend="then check again")
    except (Damaged, sqlite3.DatabaseError) as error:
        return Finding(name=name, ok=False, found=str(error), mend="restore a backup")
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        return Finding(name=name, ok=False, found=f"{path} can be read by others", mend=f"chmod 600 {path}")
    return Finding(name=name, ok=True, found=f"{path} is sound")


async def _telegram(settings: Settings) -> Finding:
    token = settings.telegram_bot_token.get_secret_value()
    problem, name, webhook = await who_am_i(token=token, url=settings.telegram_api_url, limits=KEPT_FOR_MINUTES)
    if problem:
        return Finding(name="Telegram", ok=False, found=problem, mend="check TELEGRAM_BOT_TOKEN and the network")
    if webhook:
        mend = "nobody but you should hold the token: look at that address, then let @BotFather make a new token"
        return Finding(name="Telegram", ok=False, found=f"a webhook is set to {urlsplit(webhook).hostname}", mend=mend)
    return Finding(name="Telegram", ok=True, found=f"I am @{name}")


async def _clock(kucoin: Kucoin) -> Finding:
    async def ask() -> Finding:
        await kucoin.hosts[Venue.SPOT].measure_clock()
        doubt, millis = kucoin.clock.uncertainty, int(kucoin.clock.offset / timedelta(milliseconds=1))
        found = f"this host is {-millis:+d} ms off KuCoin's clock, which I make up for"
        mend = "" if doubt <= _TOLERATED else "the network is too slow to sign orders safely"
        return Finding(name="clock", ok=doubt <= _TOLERATED, found=found, mend=mend)

    return await _asked("clock", ask())


async def _address(kucoin: Kucoin) -> Finding:
    async def ask() -> Finding:
        address = await kucoin.exchange.market.own_address()
        return Finding(name="address", ok=True, found=f"KuCoin sees this host as {address}: bind the key to it")

    return await _asked("address", ask())


async def _service(kucoin: Kucoin) -> Finding:
    async def ask() -> Finding:
        status = await kucoin.exchange.market.service(Venue.SPOT)
        is_open = status is ServiceStatus.OPEN
        mend = "" if is_open else "wait until KuCoin opens it again"
        return Finding(name="KuCoin", ok=is_open, found=f"spot trading is {status.value}", mend=mend)

    return await _asked("KuCoin", ask())


async def _mode(kucoin: Kucoin) -> Finding:
    async def ask() -> Finding:
        mode = await kucoin.exchange.account.mode()
        unified = mode is AccountMode.UNIFIED
        mend = "switch the account back to classic, or use another one" if unified else ""
        found = "not known, taken as classic" if mode is None else mode.value
        return Finding(name="account", ok=not unified, found=found, mend=mend)

    return await _asked("account", ask())


async def _own_address(kucoin: Kucoin) -> str:
    """Empty when it cannot be had, which the address's own line tells."""
    try:
        return await kucoin.exchange.market.own_address()
    except KucoinError:
        return ""


async def _keys(settings: Settings, kucoin: Kucoin) -> list[Finding]:
    """A line for each key, and one for each thing to be said against it."""
    uid, address = remembered(settings.database_path, UID), await _own_address(kucoin)
    findings = []
    for key in keys_of(settings):
        try:
            info = await kucoin.exchange.account.key_info(key.asked)
        except KucoinError as error:
            mend = "check the key, its address list and the network"
            findings.append(Finding(name=key.name, ok=False, found=str(error), mend=mend))
            continue
        uid = uid or info.uid
        rules = KeyRules(
            venues=key.venues, accept_transfer=settings.kucoin_accept_transfer_right, uid=uid, address=address
        )
        findings += _findings(key.name, info, judge(info, rules, kucoin.clock.now()))
    return findings


def _findings(name: str, info: KeyInfo, verdicts: Iterable[Verdict]) -> Iterator[Finding]:
    bound = "bound to an address" if info.ip_bound else "bound to no address"
    found = f"may {', '.join(sorted(info.permissions))}; {bound}; version {info.version}; account {info.uid}"
    yield Finding(name=name, ok=True, found=found)
    for verdict in verdicts:
        advice = verdict.gravity is Gravity.ADVICE
        yield Finding(name=f"{name} {verdict.topic.value}", ok=advice, found=verdict.words, mend=verdict.mend)


async def _asked(name: str, question: Awaitable[Finding]) -> Finding:
    try:
        return await question
    except KucoinError as error:
        return Finding(name=name, ok=False, found=str(error), mend="check the key, its address list and the network")
