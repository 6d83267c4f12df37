"""A Telegram on a loopback port and the bot's own doors to it, with a driven clock and a real store."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from chatbot.chat.acting import Acting
from chatbot.chat.bot import Poller, Tidings
from chatbot.chat.connection import SafeBot, connect
from chatbot.chat.gate import Gate, Readers
from chatbot.chat.messages import Command, Effect, Handler, Message, Reply, TapHandler, Verb
from chatbot.chat.parcels import Looks
from chatbot.chat.sender import Sender
from chatbot.chat.table import Table
from chatbot.core.notices import Lane, Letter, Subject
from chatbot.core.people import Person, Role
from chatbot.core.values import frozen
from chatbot.kucoin.rest import KEPT_FOR_MINUTES
from chatbot.sandbox.server import Server
from chatbot.sandbox.telegram import build_telegram
from chatbot.sandbox.telegram_limits import UNLIMITED, FloodLimits
from chatbot.sandbox.telegram_phone import Phone
from chatbot.sandbox.telegram_server import TelegramServer
from chatbot.sandbox.telegram_values import TelegramUser
from chatbot.services.manners import Manners
from chatbot.services.post import Post
from chatbot.store.store import Store, open_store
from tests.chat.desk import ANNA, BEN, BOT_NAME, CARA, Clock, front_of
from tests.playground import PATIENCE

TOKEN = "7000001:made-up"

Draw = Callable[[Letter], Reply]
Digest = Callable[[Sequence[Letter]], tuple[Reply, int]]

_PAUSE = 0.1
ROLES = {person.id: person.role for person in (ANNA, BEN, CARA)}


class Anywhere:
    """Groups without end."""

    def __contains__(self, _: object) -> bool:
        return True


EVERYBODY = Gate(role_of=lambda _: Role.VIEWER, groups=Anywhere())


@dataclass(slots=True, kw_only=True)
class Pauses:
    """Where the poller sleeps: it passes in no time. What is more than a breath is written down."""

    slept: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        if seconds >= _PAUSE:
            self.slept.append(seconds)
        await asyncio.sleep(0)


@frozen
class Wire:
    clock: Clock
    telegram: TelegramServer
    server: Server
    bot: SafeBot
    store: Store
    path: Path
    bell: asyncio.Event
    pauses: Pauses
    heard: list[int]
    conflicts: list[str]
    gate: Gate = EVERYBODY

    def phone(self, person: Person, *, met: bool = True) -> Phone:
        """The phone of somebody the bot may write to already, unless `met` is false."""
        phone = Phone(self.telegram, TelegramUser(id=person.id, first_name=person.name))
        if met:
            self.telegram.chats.meet(phone.user).bot_present = True
        return phone

    def post(self, chat_id: int, text: str, lane: Lane = Lane.ANSWER) -> Letter:
        return self.store.outbox.put(Letter(chat_id=chat_id, lane=lane, text=text))

    def letter(self, letter: Letter) -> Letter:
        """As it stands now."""
        found = self.store.outbox.letter(letter.id)
        assert found is not None
        return found

    def shown(self, chat_id: int) -> list[str]:
        return [message.text for message in self.telegram.messages(chat_id) if message.sender.is_bot]

    def later(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.bell.set()

    def alerts(self, count: int, *chats: int, first: int = 1) -> list[Letter]:
        """So many that fired, numbered from `first`, to each of the chats in turn; committed together."""
        with self.store.atomic():
            return [
                self.store.outbox.put(
                    Letter(chat_id=chats[n % len(chats)], lane=Lane.ALERT, subject=Subject.ALERT, subject_id=first + n)
                )
                for n in range(count)
            ]

    async def quiet(self) -> None:
        """Until nothing is under way, and nothing more leaves at this moment."""
        calm = 0
        async with asyncio.timeout(PATIENCE):
            while calm < 3:
                await asyncio.sleep(0.001)
                under_way = self.store.db.execute("SELECT 1 FROM outbox WHERE state = 'sending' LIMIT 1").fetchone()
                calm = 0 if under_way or self.bell.is_set() else calm + 1

    async def all_left(self, step: float = 0.05) -> float:
        """Lets the time pass until nothing waits; how many seconds that took."""
        began = self.clock()
        await self.quiet()
        async with asyncio.timeout(PATIENCE):
            while self.store.outbox.waiting():
                self.later(step)
                await self.quiet()
        return (self.clock() - began).total_seconds()

    def sender(self, draw: Draw, digest: Digest) -> Sender:
        return Sender(
            bot=self.bot,
            outbox=self.store.outbox,
            looks=Looks(draw=draw, digest=digest, zone_of=lambda _: UTC),
            bell=self.bell,
            now=self.clock,
            to=Readers(gate=self.gate, manners=self.manners(), owners=[ANNA.id]),
        )

    def manners(self) -> Manners:
        return Manners(store=self.store, zone=ZoneInfo("UTC"), now=self.clock)

    def poller(self, table: Table) -> Poller:
        front = front_of(self.store, ROLES.get, table, self.clock)
        return Poller(
            bot=self.bot,
            acting=Acting(self.bot),
            front=front,
            post=Post(self.store),
            tidings=Tidings(heard=lambda: self.heard.append(1), conflict=self.conflicts.append),
            sleep=self.pauses,
        )


@contextlib.asynccontextmanager
async def wired(folder: Path, limits: FloodLimits = UNLIMITED, first: Iterable[BaseRoute] = ()) -> AsyncIterator[Wire]:
    """`first` are routes of a Telegram that answers otherwise."""
    clock, bell = Clock(), asyncio.Event()
    user = TelegramUser(id=7000001, first_name="Desk", username=BOT_NAME, is_bot=True)
    telegram = TelegramServer(token=TOKEN, bot=user, now=clock, limits=limits)
    async with contextlib.AsyncExitStack() as closing:
        server = await closing.enter_async_context(Server(Starlette(routes=[*first, *build_telegram(telegram)])))
        bot = connect(token=TOKEN, url=server.url, limits=KEPT_FOR_MINUTES)
        await closing.enter_async_context(bot)
        store = open_store(folder / "wire.db", clock, bell.set)
        closing.callback(store.close)
        yield Wire(
            clock=clock,
            telegram=telegram,
            server=server,
            bot=bot,
            store=store,
            path=folder / "wire.db",
            bell=bell,
            pauses=Pauses(),
            heard=[],
            conflicts=[],
        )


@contextlib.asynccontextmanager
async def going(work: "asyncio.Future[None]") -> AsyncIterator["asyncio.Future[None]"]:
    """A task until the block ends. What ended it before, other than its cancelling, is raised."""
    try:
        yield work
    finally:
        if not work.done():
            work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


def no_card(_: Letter) -> Reply:
    return Reply()


def listed(letters: Sequence[Letter]) -> tuple[Reply, int]:
    """A line for each of them."""
    return Reply(text="\n".join(f"firing {letter.subject_id}" for letter in letters)), len(letters)


@contextlib.asynccontextmanager
async def sending(wire: Wire, draw: Draw = no_card, digest: Digest = listed) -> AsyncIterator[Sender]:
    sender = wire.sender(draw, digest)
    async with going(asyncio.ensure_future(sender.run())):
        yield sender


@contextlib.asynccontextmanager
async def polling(wire: Wire, table: Table) -> AsyncIterator[Poller]:
    poller = wire.poller(table)
    async with going(asyncio.ensure_future(poller.run())):
        try:
            yield poller
        finally:
            await poller.finish(0)


def table_of(
    commands: dict[str, Handler] | None = None,
    verbs: dict[str, TapHandler] | None = None,
    extra: Iterable[Command] = (),
) -> Table:
    """Commands and buttons for everybody, by name."""
    return Table(
        [
            *(
                Command(name=n, role=Role.VIEWER, effect=Effect.READ, summary=n, usage="", example=f"/{n}", handle=h)
                for n, h in (commands or {}).items()
            ),
            *extra,
        ],
        [Verb(name=n, role=Role.VIEWER, handle=h) for n, h in (verbs or {}).items()],
    )


async def echo(message: Message) -> Reply:
    return Reply(text=f"you said {message.text}")
