"""The bot as its own process, and the barest bot to hold it against."""

import asyncio
import contextlib
import os
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from pathlib import Path

from chatbot.demo import environment_for
from chatbot.sandbox.telegram_limits import UNLIMITED, Flood
from chatbot.sandbox.world import Sandbox

ECHO = """
import sys
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import Application, MessageHandler, filters

async def echo(update, context):
    buttons, _, words = update.message.text.partition(" ")
    row = [InlineKeyboardButton("Refresh", callback_data="k" * 22 + f":{n}") for n in range(int(buttons))]
    await update.message.reply_html(words, reply_markup=InlineKeyboardMarkup([row]) if row else None)

url, token = sys.argv[1:]
application = Application.builder().token(token).base_url(url + "/bot").build()
application.add_handler(MessageHandler(filters.ALL, echo))
application.run_polling(allowed_updates=Update.ALL_TYPES)
"""
"""An echo over python-telegram-bot's own polling: of as many buttons, and the words as HTML, as it is told."""


@contextlib.asynccontextmanager
async def unlimited_sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox whose Telegram never says slow down."""
    async with Sandbox(seed=1) as sandbox:
        sandbox.telegram.flood = Flood(UNLIMITED, sandbox.telegram.now)
        yield sandbox


def environment(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    own = {"PATH": os.environ["PATH"], "DATABASE_PATH": str(folder / "chatbot.db"), "LOG_LEVEL": "ERROR"}
    return own | environment_for(sandbox)


@contextlib.asynccontextmanager
async def ours(sandbox: Sandbox, folder: Path) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chatbot", "run", env=environment(sandbox, folder), cwd=folder
    )
    async with _ended(process):
        yield process


@contextlib.asynccontextmanager
async def bare(sandbox: Sandbox) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ECHO, sandbox.url, sandbox.access.token, stderr=asyncio.subprocess.DEVNULL
    )
    async with _ended(process):
        yield process


@contextlib.asynccontextmanager
async def _ended(process: Process) -> AsyncIterator[None]:
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def first_poll(sandbox: Sandbox) -> float:
    """The moment at which somebody has polled this sandbox for the first time."""
    await sandbox.telegram.until(lambda: sandbox.telegram.polls or None, within=30)
    return time.perf_counter()


def resident_mib(process: Process) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(row for row in status.splitlines() if row.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024
