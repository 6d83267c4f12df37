"""One desk: the real store, services, table and front, before a sandbox KuCoin in the same process.

Only Telegram is missing: updates are handed in as the gate sees them, and what waits in
the outbox is read as if it had been delivered.
"""

import asyncio
import contextlib
import itertools
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from chatbot.chat.approving import Erase
from chatbot.chat.front import Front, Toast
from chatbot.chat.gate import Gate
from chatbot.chat.guide import Guide
from chatbot.chat.messages import Incoming, Then
from chatbot.chat.parcels import Looks
from chatbot.chat.table import Table
from chatbot.config import read_settings
from chatbot.connecting import Kucoin
from chatbot.core.market import Symbol, Venue
from chatbot.core.notices import Letter, Subject
from chatbot.core.people import Person, Role
from chatbot.core.values import frozen
from chatbot.kucoin.account import Account
from chatbot.kucoin.clock import ExchangeClock
from chatbot.kucoin.market import Market
from chatbot.kucoin.orders import Orders
from chatbot.kucoin.pools import Pools
from chatbot.kucoin.rest import Host, Rest
from chatbot.kucoin.signing import Credentials
from chatbot.looking import looks
from chatbot.parts import Floor, Part, Services
from chatbot.sandbox.demo_account import demo_account
from chatbot.sandbox.exchange import Exchange as SandboxExchange
from chatbot.sandbox.faults import Faults
from chatbot.sandbox.kucoin_auth import ApiKey
from chatbot.sandbox.kucoin_rest import KucoinFace
from chatbot.sandbox.listing import load
from chatbot.sandbox.prices import SeededWalk
from chatbot.services.exchange import Exchange
from chatbot.services.people import Doorbell, Groups
from chatbot.services.post import Post
from chatbot.services.wizards import Wizards
from chatbot.store.store import Store, open_store
from chatbot.wiring import build_parts, build_services

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
GROUP = -1001
FOREIGN_GROUP = -1002
BOT_NAME = "desk_bot"

ANNA = Person(id=11, name="Anna", role=Role.OWNER)
BEN = Person(id=12, name="Ben", role=Role.TRADER)
CARA = Person(id=13, name="Cara", role=Role.VIEWER)
MALLORY = Person(id=66, name="Mallory", role=Role.OWNER)
"""On no list, whatever she says of herself."""

_RIGHTS = frozenset({"General", "Spot", "Futures"})
_ENVIRONMENT = {
    "TELEGRAM_BOT_TOKEN": "7000001:made-up-made-up-made-up-made-up-mad",
    "TELEGRAM_API_URL": "http://127.0.0.1:9",
    "TELEGRAM_OWNERS": str(ANNA.id),
    "TELEGRAM_TRADERS": str(BEN.id),
    "TELEGRAM_VIEWERS": str(CARA.id),
    "TELEGRAM_GROUPS": str(GROUP),
    "KUCOIN_API_KEY": "made-up-key",
    "KUCOIN_API_SECRET": "made-up-secret",
    "KUCOIN_API_PASSPHRASE": "made-up-phrase",
    "TRADING_MODE": "live",
}


class Clock:
    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def incoming(update_id: int, person: Person, *, text: str = "", data: str | None = None) -> Incoming:
    """Typed or tapped in the person's own chat with the bot, at noon."""
    return Incoming(
        update_id=update_id,
        user_id=person.id,
        user_name=person.name,
        chat_id=person.id,
        private=True,
        thread_id=None,
        message_id=update_id,
        sent_at=None if data is not None else NOON,
        text=text,
        answers=None,
        callback_id="" if data is None else f"tap-{update_id}",
        data=data,
        odd="",
    )


@frozen
class Said:
    """What became of one update: the toast of a tap, what was to follow, and the letters it left."""

    toast: Toast | None
    then: Then | None
    letters: list[Letter]

    @property
    def text(self) -> str:
        return "\n".join(letter.text for letter in self.letters)

    @property
    def toast_text(self) -> str:
        assert self.toast is not None
        return self.toast.text


@frozen
class Desk:
    clock: Clock
    path: Path
    store: Store
    front: Front
    table: Table
    parts: tuple[Part, ...]
    services: Services
    looks: Looks
    sandbox: SandboxExchange
    prices: SeededWalk
    faults: Faults
    erased: list[tuple[int, int]]
    drawing_for: list[int]
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def handles(self, update: Incoming) -> Said:
        """Kept in the inbox first, as the poller does."""
        self.store.inbox.keep([(update.update_id, "{}")])
        toast, then = await self.front.handle(update)
        return Said(toast=toast, then=then, letters=self.delivered())

    async def says(self, person: Person, text: str, *, group: bool = False, answers: int | None = None) -> Said:
        update = incoming(next(self._numbers), person, text=text)
        chat = GROUP if group else person.id
        update = replace(update, chat_id=chat, private=not group, answers=answers, sent_at=self.clock())
        return await self.handles(update)

    async def taps(self, person: Person, letter: Letter, label: str) -> Said:
        """Presses the button of this letter whose text begins with `label`, on the message that shows it."""
        buttons = [button for row in letter.buttons for button in row]
        place = next(n for n, button in enumerate(buttons) if button.text.startswith(label))
        return await self.handles(self.tap_of(person, letter, f"{letter.key}:{place}"))

    def tap_of(self, person: Person, letter: Letter, data: str) -> Incoming:
        update = incoming(next(self._numbers), person, data=data)
        message = self.store.outbox.message_of(letter)
        assert message is not None
        return replace(update, chat_id=letter.chat_id, private=letter.chat_id > 0, message_id=message)

    async def ticket(self, line: str = "/buy btc 50usdt") -> Letter:
        """The card of an order that Ben asks for."""
        (card,) = (await self.says(BEN, line)).letters
        assert card.subject is Subject.TICKET, card.text
        return card

    async def finish(self, said: Said) -> list[Letter]:
        """Does what was to follow an answer: the letters that leaves."""
        assert said.then is not None
        await said.then()
        return self.delivered()

    def delivered(self) -> list[Letter]:
        """Everything that waits, drawn and marked as sent, in the order it would leave."""
        gone: list[Letter] = []
        while due := self.store.outbox.due(100):
            gone += map(self._send, due)
        return gone

    def _send(self, letter: Letter) -> Letter:
        shown = letter
        if letter.subject is not None:
            reply = self.looks.draw(letter)
            shown = letter.drawn(reply.text, reply.buttons, pinned=reply.pinned)
        self.store.outbox.sending(shown)
        message = None if letter.edits is not None else 10_000 + letter.id
        self.store.outbox.sent(shown, message)
        return replace(shown, message_id=message)

    def last_state(self) -> str:
        return str(self.rows("SELECT state FROM inbox ORDER BY update_id DESC LIMIT 1")[0][0])

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            return db.execute(query).fetchall()

    def dump(self, *, without: tuple[str, ...]) -> list[str]:
        """Every row of every table but the named ones, as SQL."""
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            lines = list(db.iterdump())
        return [line for line in lines if not line.startswith(tuple(f'INSERT INTO "{name}"' for name in without))]

    def move_btc(self, factor: str) -> None:
        quote = self.prices.quote(Symbol("BTC-USDT"))
        assert quote is not None
        self.prices.move(Symbol("BTC-USDT"), quote.last * Decimal(factor))


@contextlib.asynccontextmanager
async def open_desk(folder: Path, permissions: frozenset[str] = _RIGHTS, **environ: str) -> AsyncIterator[Desk]:
    """`environ` are settings by their names. BTC stands at 67,412.3 until it is moved."""
    clock = Clock()
    settings = read_settings(_ENVIRONMENT | environ, folder)
    prices = SeededWalk(1, clock, load(), volatility=0.0)
    sandbox, faults = SandboxExchange(prices, clock), Faults()
    demo_account(sandbox)
    key = ApiKey(
        key="made-up-key", secret="made-up-secret", passphrase="made-up-phrase", uid=1, permissions=permissions,
        created_at=NOON,
    )  # fmt: skip
    face = KucoinFace(sandbox, [key], faults)
    async with contextlib.AsyncExitStack() as closing:
        kucoin = await _kucoin(face, clock, closing)
        store = open_store(folder / "desk.db", clock)
        closing.callback(store.close)
        store.safety.reserve.keep()
        services = build_services(settings, store, kucoin, clock)
        await services.guard.look()
        known = await services.readiness.account()
        assert known or "Spot" not in permissions, "without the right, nobody knows what rests"
        erased: list[tuple[int, int]] = []
        drawing_for: list[int] = []

        async def erase(chat_id: int, message_id: int) -> None:
            erased.append((chat_id, message_id))

        async def busy(chat_id: int, _: int | None) -> None:
            drawing_for.append(chat_id)

        async def ping() -> timedelta | None:
            return timedelta(milliseconds=200)

        floor = Floor(
            settings=settings, store=store, kucoin=kucoin, services=services, now=clock, erase=erase, busy=busy,
            ping=ping,
        )  # fmt: skip
        parts, table = build_parts(floor)
        closing.push_async_callback(_end_painters, parts)
        desk = Desk(
            clock=clock,
            path=folder / "desk.db",
            store=store,
            front=front_of(store, settings.role_of, table, clock, erase),
            table=table,
            parts=parts,
            services=services,
            looks=looks(services, settings, clock),
            sandbox=sandbox,
            prices=prices,
            faults=faults,
            erased=erased,
            drawing_for=drawing_for,
        )
        desk.delivered()  # what the key guard had to say
        yield desk


def at_desk(folder: Path, tell: Callable[[Desk], Awaitable[None]], **environ: str) -> None:
    async def story() -> None:
        async with open_desk(folder, _RIGHTS, **environ) as desk:
            await tell(desk)

    asyncio.run(story())


async def _leave(chat_id: int, message_id: int) -> None:
    """Nothing is taken out of a chat."""


async def _end_painters(parts: tuple[Part, ...]) -> None:
    """No watchman runs at a desk; the one of the charts ends what draws them when it is cancelled."""
    charting = [part for part in parts if any(command.name == "chart" for command in part.commands)]
    ends = [asyncio.create_task(work()) for part in charting for work in part.watchmen]
    await asyncio.sleep(0)
    for task in ends:
        task.cancel()
    await asyncio.gather(*ends, return_exceptions=True)


def front_of(
    store: Store, role_of: Callable[[int], Role | None], table: Table, clock: Clock, erase: Erase = _leave
) -> Front:
    post = Post(store)
    return Front(
        post=post,
        gate=Gate(role_of=role_of, groups=Groups(store=store, ids=frozenset({GROUP}))),
        doorbell=Doorbell(store=store, owners=frozenset({ANNA.id})),
        table=table,
        guide=Guide(post=post, wizards=Wizards(store), table=table, erase=erase, bot_name=BOT_NAME, now=clock),
        now=clock,
    )


async def _kucoin(face: KucoinFace, clock: Clock, closing: contextlib.AsyncExitStack) -> Kucoin:
    exchange_clock, pools = ExchangeClock(clock), Pools(now=clock, sleep=_no_pause)
    credentials = Credentials(key="made-up-key", secret="made-up-secret", passphrase="made-up-phrase", version=3)

    async def rest(venue: Venue) -> Rest:
        host = Host(url=f"http://sandbox/{venue.value}", venue=venue, credentials=credentials, app=face.app)
        return await closing.enter_async_context(Rest(host, clock=exchange_clock, pools=pools, sleep=_no_pause))

    spot, futures = await rest(Venue.SPOT), await rest(Venue.FUTURES)
    exchange = Exchange(market=Market(spot, futures), account=Account(spot, futures), orders=Orders(spot, futures))
    return Kucoin(
        exchange=exchange,
        hosts={Venue.SPOT: spot, Venue.FUTURES: futures},
        clock=exchange_clock,
        refresh_paper=None,
    )


async def _no_pause(_: float) -> None:
    return None
