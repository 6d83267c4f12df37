"""The demo and the sandbox: `run`'s own bot with the sandbox for its KuCoin and its Telegram. Only addresses differ.

Loaded by name from the command line: what serves the sandbox costs a sixth of the bot's start.
"""

import argparse
import asyncio
import json
import tempfile
import webbrowser
from pathlib import Path

from chatbot import app
from chatbot.config import Settings, read_settings
from chatbot.logs import LogFormat, LogLevel, configure
from chatbot.sandbox.world import DESK, OWNER, TRADER, VIEWER, Sandbox


def demo(options: argparse.Namespace) -> None:
    """Until SIGINT or SIGTERM. Raises OSError when the port is taken."""
    with tempfile.TemporaryDirectory(prefix="chatbot-demo-") as folder:
        asyncio.run(_run_demo(options, Path(folder)))


def sandbox(options: argparse.Namespace) -> None:
    """Until SIGINT or SIGTERM. Raises OSError when the port is taken."""
    configure(LogLevel.WARNING, LogFormat.TEXT, ())
    asyncio.run(_run_sandbox(options))


def environment_for(sandbox: Sandbox) -> dict[str, str]:
    """The settings a person would write to use this sandbox."""
    access = sandbox.access
    return {
        "TELEGRAM_BOT_TOKEN": access.token,
        "TELEGRAM_API_URL": sandbox.url,
        "TELEGRAM_OWNERS": str(OWNER.id),
        "TELEGRAM_TRADERS": str(TRADER.id),
        "TELEGRAM_VIEWERS": str(VIEWER.id),
        "TELEGRAM_GROUPS": str(DESK),
        "KUCOIN_API_KEY": access.key,
        "KUCOIN_API_SECRET": access.secret,
        "KUCOIN_API_PASSPHRASE": access.passphrase,
        "KUCOIN_SPOT_URL": sandbox.spot_url,
        "KUCOIN_FUTURES_URL": sandbox.futures_url,
        "TRADING_MODE": "live",
        "ORDER_MAX_NOTIONAL": "250",
        "ORDER_APPROVAL_ABOVE": "100",
    }


def settings_for(sandbox: Sandbox, folder: Path) -> Settings:
    """`folder` holds the database."""
    return read_settings(environment_for(sandbox), folder)


async def _run_demo(options: argparse.Namespace, folder: Path) -> None:
    stop = asyncio.Event()
    app.stop_on_signals(stop)
    async with Sandbox(seed=options.seed, port=options.port) as world:
        settings = settings_for(world, folder)
        configure(LogLevel.WARNING, LogFormat.TEXT, settings.secrets())
        print(f"Open {world.url} and chat with the bot. Ctrl-C ends the demo.", flush=True)
        if options.open:
            await asyncio.to_thread(webbrowser.open, world.url)
        await app.run(settings, stop)


async def _run_sandbox(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    app.stop_on_signals(stop)
    async with Sandbox(seed=options.seed, port=options.port) as world:
        access = world.access
        facts = {
            "page_url": world.url,
            "kucoin_spot_url": world.spot_url,
            "kucoin_futures_url": world.futures_url,
            "kucoin_api_key": access.key,
            "kucoin_api_secret": access.secret,
            "kucoin_api_passphrase": access.passphrase,
            "telegram_api_url": world.url,
            "telegram_bot_token": access.token,
        }
        lines = [json.dumps(facts)] if options.json else [f"{name:24}{value}" for name, value in facts.items()]
        print("\n".join(lines), flush=True)
        await stop.wait()
