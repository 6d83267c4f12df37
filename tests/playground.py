"""The demo's three parts, running: talk to the bot as a phone would and read what it shows."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from chatbot import app
from chatbot.config import Settings
from chatbot.core.times import Now, utc_now
from chatbot.core.values import frozen
from chatbot.demo import settings_for
from chatbot.sandbox.telegram_phone import Phone
from chatbot.sandbox.telegram_values import ChatMessage, TapAnswer, TelegramUser
from chatbot.sandbox.world import OWNER, STRANGER, VIEWER, Sandbox

T = TypeVar("T")

PATIENCE = 10.0
"""Real seconds after which a story that waits for words has failed."""


class Talk:
    """One person's chat with the bot."""

    def __init__(self, sandbox: Sandbox, user: TelegramUser, chat_id: int | None = None) -> None:
        self._telegram = sandbox.telegram
        self.phone = Phone(sandbox.telegram, user, chat_id)
        self._read = 0

    @property
    def answers(self) -> list[ChatMessage]:
        """The bot's messages in this chat, as they stand now."""
        return [m for m in self.phone.messages if m.sender.is_bot]

    def write(self, text: str) -> ChatMessage:
        return self.phone.write(text)

    async def reads(self, *words: str) -> ChatMessage:
        """The first message not read so far that shows all of `words`."""

        def look() -> ChatMessage | None:
            return next((m for m in self.answers if m.id > self._read and all(w in m.text for w in words)), None)

        found = await self._until(look, words)
        self._read = found.id
        return found

    async def asks(self, text: str, *words: str) -> ChatMessage:
        """Writes `text`, and reads the answer that shows all of `words`."""
        self._read = max([self._read, *(m.id for m in self.phone.messages)])
        self.write(text)
        return await self.reads(*words)

    async def asks_until(self, text: str, *words: str) -> ChatMessage:
        """Writes `text` again and again, until the newest answer shows all of `words`: feeds may pause a minute."""
        async with asyncio.timeout(18 * PATIENCE):
            while True:
                answer = await self.asks(text)
                if all(w in answer.text for w in words):
                    return answer
                await asyncio.sleep(0.5)

    async def shows(self, *words: str) -> ChatMessage:
        """Any message of the bot, read or not, that shows all of `words`."""

        def look() -> ChatMessage | None:
            return next((m for m in self.answers if all(w in m.text for w in words)), None)

        return await self._until(look, words)

    async def sees(self, message: ChatMessage, *words: str) -> ChatMessage:
        """The same message, once it was edited to show all of `words`."""

        def look() -> ChatMessage | None:
            return next((m for m in self.answers if m.id == message.id and all(w in m.text for w in words)), None)

        return await self._until(look, words)

    async def presses(self, label: str) -> TapAnswer:
        """Taps the newest button whose text begins with `label`; what the tap was answered."""
        tap = self.phone.press(label)
        return await self.answered(tap.id)

    async def answered(self, tap_id: str) -> TapAnswer:
        def look() -> TapAnswer | None:
            return next((a for a in self.phone.answers if a.tap.id == tap_id), None)

        return await self._until(look, ("an answer to the tap",))

    async def _until(self, look: Callable[[], T | None], words: tuple[str, ...]) -> T:
        try:
            return await self._telegram.until(look, PATIENCE)
        except TimeoutError:
            shown = "\n---\n".join(m.text for m in self.answers)
            raise AssertionError(f"waited for {words}, the chat shows:\n{shown}") from None


async def eventually(look: Callable[[], bool]) -> None:
    """Until `look` is true. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while not look():  # noqa: ASYNC110 - what is looked at belongs to no event
            await asyncio.sleep(0.01)


@frozen
class Playground:
    sandbox: Sandbox
    settings: Settings
    owner: Talk
    viewer: Talk
    stranger: Talk

    def talk(self, user: TelegramUser, chat_id: int | None = None) -> Talk:
        return Talk(self.sandbox, user, chat_id)


class Ahead:
    """The clock of both servers: as the host's until time is let pass."""

    def __init__(self) -> None:
        self.by = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self.by

    def pass_time(self, span: timedelta) -> None:
        self.by += span


@contextlib.asynccontextmanager
async def sandbox_and_people(
    folder: Path,
    now: Now = utc_now,
    **changes: Any,  # noqa: ANN401 - of Settings
) -> AsyncIterator[Playground]:
    """The sandbox without the bot. Prices stand still until they are moved."""
    async with Sandbox(seed=1, volatility=0.0, now=now) as sandbox:
        settings = settings_for(sandbox, folder).model_copy(update=changes)
        yield Playground(
            sandbox=sandbox,
            settings=settings,
            owner=Talk(sandbox, OWNER.user),
            viewer=Talk(sandbox, VIEWER.user),
            stranger=Talk(sandbox, STRANGER.user),
        )


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[asyncio.Task[None]]:
    """The bot that `chatbot run` starts, until the block ends; whatever ended it before is raised."""
    stop = asyncio.Event()
    task = asyncio.create_task(app.run(settings, stop))
    try:
        yield task
    finally:
        stop.set()
        if not task.cancelled():
            await task


@contextlib.asynccontextmanager
async def playing(
    folder: Path,
    now: Now = utc_now,
    **changes: Any,  # noqa: ANN401 - of Settings
) -> AsyncIterator[Playground]:
    """`changes` are settings by their field names."""
    async with sandbox_and_people(folder, now, **changes) as ground, running(ground.settings):
        yield ground
