"""How the bot is, at a glance: what it hears, how late, what waits, and whether it may trade."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import field
from datetime import datetime, timedelta

from chatbot.core.errors import KucoinError
from chatbot.core.exchange import ServiceStatus
from chatbot.core.feed import Channel, StreamState
from chatbot.core.keys import Keys
from chatbot.core.life import AT_THE_EXCHANGE
from chatbot.core.market import Venue
from chatbot.core.modes import TradingMode
from chatbot.core.orders import TicketState
from chatbot.core.stops import Stop
from chatbot.core.times import Now, steady_now
from chatbot.core.values import frozen
from chatbot.services.dead_man import DeadManState
from chatbot.services.disk import Disk, free_bytes, look
from chatbot.services.exchange import Exchange
from chatbot.services.key_memory import KeyMemory
from chatbot.services.vitals import StreamVitals, Vitals
from chatbot.services.watching import Watching
from chatbot.store.store import Store
from chatbot.store.tally import tally

Ping = Callable[[], Awaitable[timedelta | None]]
"""How long Telegram takes to answer; None where it does not."""

_ALLOWS = {
    ServiceStatus.OPEN: "ok",
    ServiceStatus.CANCEL_ONLY: "takes only cancels at the moment",
    ServiceStatus.CLOSED: "is closed for maintenance",
}

_PATIENCE = 3.0
"""Seconds; whoever asks how the bot is wants no long wait for the answer that it is not well."""


@frozen
class Health:
    """`round_trip` is one question's to KuCoin; None when it went unanswered, and `kucoin` says why. `telegram_trip`
    is the same to Telegram, where somebody asked.

    `feeds` are the streams that something is wanted of, `finding_out` what keeps orders back after a start.
    `practice`: KuCoin is a sandbox on this machine.
    """

    mode: TradingMode
    stop: Stop | None
    telegram_heard: datetime | None
    round_trip: timedelta | None
    kucoin: str
    clock_offset: timedelta
    keys: Keys
    dead_man: DeadManState | None
    waiting: int
    undelivered: int
    unknown_orders: int
    strangers: int
    feeds: tuple[StreamState, ...]
    alerts: int
    started_at: datetime
    read_at: datetime
    finding_out: str = ""
    telegram_trip: timedelta | None = None
    clock_read_at: datetime | None = None
    keys_seen_at: datetime | None = None
    disk: Disk = field(default_factory=Disk)
    practice: bool = False


def _none() -> None:
    return None


@frozen
class Signs:
    """What others can tell of how they are, asked at each look; where nobody is asked, nothing is wrong.

    `steady` tells how long Telegram has been silent, whatever is done to the host's clock. `practice`: KuCoin is a
    sandbox on this machine.
    """

    clock_offset: Callable[[], timedelta]
    practice: bool = False
    keys: Callable[[], Keys] = Keys
    finding_out: Callable[[], str] = str
    dead_man: Callable[[], DeadManState | None] = _none
    clock_read_at: Callable[[], datetime | None] = _none
    keys_seen_at: Callable[[], datetime | None] = _none
    steady: Now = steady_now


class Checkup:
    def __init__(
        self,
        *,
        exchange: Exchange,
        store: Store,
        watching: Watching,
        mode: TradingMode,
        signs: Signs,
        now: Now,
    ) -> None:
        self._signs = signs
        self._watching = watching
        self._exchange = exchange
        self._store = store
        self._mode = mode
        self._now = now
        self._started_at = now()
        self._heard: datetime | None = None
        self._silent_since = signs.steady()

    def heard_telegram(self) -> None:
        """Called whenever a long poll ended well."""
        self._heard, self._silent_since = self._now(), self._signs.steady()

    async def health(self) -> Health:
        orders = self._store.orders.living()
        round_trip, kucoin = await self._ask_kucoin()
        return Health(
            mode=self._mode,
            practice=self._signs.practice,
            stop=self._store.stops.standing(),
            telegram_heard=self._heard,
            round_trip=round_trip,
            kucoin=kucoin,
            clock_offset=self._signs.clock_offset(),
            keys=self._signs.keys(),
            dead_man=self._signs.dead_man(),
            waiting=self._store.outbox.waiting(),
            undelivered=self._store.outbox.undelivered(),
            unknown_orders=sum(1 for t in orders if not t.order_id),
            strangers=self._store.people.strangers(),
            feeds=self._watching.streams(),
            alerts=self._store.alerts.alive_count(),
            started_at=self._started_at,
            read_at=self._now(),
            finding_out=self._signs.finding_out(),
            clock_read_at=self._signs.clock_read_at(),
            keys_seen_at=self._signs.keys_seen_at(),
            disk=look(self._store),
        )

    def vitals(self, *, begun: bool = True) -> Vitals:
        """What is known without asking anybody, for machines. `begun`: the database could be written since the start.

        Raises DatabaseTrouble.
        """
        now, store, living = self._now(), self._store, self._store.orders.living()
        unknown = [t.submitted_at or t.proposed_at for t in living if t.state is TicketState.UNKNOWN]
        states = Counter(ticket.state for ticket in living)
        keys, read_at, disk = self._signs.keys(), self._signs.clock_read_at(), look(store)
        return Vitals(
            read_at=now,
            started_at=self._started_at,
            begun=begun,
            finding_out=bool(self._signs.finding_out()),
            telegram_silence=self._signs.steady() - self._silent_since,
            streams=tuple(self._stream_vitals(state, now) for state in self._watching.streams()),
            clock_offset=None if read_at is None else self._signs.clock_offset(),
            clock_age=_age(read_at, now),
            tally=tally(store.db),
            undelivered=store.outbox.undelivered(),
            alerts=store.alerts.alive_count(),
            tickets={state: states[state] for state in TicketState if state in AT_THE_EXCHANGE},
            unknown_age=_age(min(unknown, default=None), now),
            killed=store.stops.standing() is not None,
            held=bool(keys.held),
            key_age=_age(min((seen.info.created_at for seen in keys.seen), default=None), now),
            token_age=_age(KeyMemory(store.facts, self._now).token_since, now),
            room=store.safety.reserve.there,
            fenced=not store.safety.fence.failed,
            database_bytes=disk.size,
            free_bytes=free_bytes(store),
            backup_age=_age(disk.backed_up_at, now),
        )

    def _stream_vitals(self, state: StreamState, now: datetime) -> StreamVitals:
        priced = state.stream.channel is Channel.PUBLIC
        return StreamVitals(
            stream=state.stream,
            down_for=_age(state.down_since, now),
            silence=_age(state.heard_at, now),
            missing=now - self._watching.heard_at(state.stream.venue) if priced else None,
            reconnects=state.reconnects,
            garbage=state.garbage,
        )

    async def _ask_kucoin(self) -> tuple[timedelta | None, str]:
        before = self._now()
        try:
            async with asyncio.timeout(_PATIENCE):
                status = await self._exchange.market.service(Venue.SPOT)
        except TimeoutError:
            return None, f"no word within {_PATIENCE:.0f} s"
        except KucoinError as error:
            return None, str(error)
        return self._now() - before, _ALLOWS[status]


def _age(since: datetime | None, now: datetime) -> timedelta | None:
    return None if since is None else now - since
