"""The command line: chatbot run | demo | check | sandbox | backup."""

import argparse
import asyncio
import errno
import json
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from chatbot import __version__, app, checks
from chatbot.chat.bot import SecondPoller
from chatbot.chat.connection import TelegramAway, TokenRefused
from chatbot.config import Settings, SettingsError, read_settings
from chatbot.core.errors import BadCredentials
from chatbot.hardening import close_to_others, forget
from chatbot.logs import configure, install_hooks
from chatbot.sources import SECRETS
from chatbot.store.database import AlreadyRunning, Damaged, StorageTrouble, back_up

_SANDBOX = "chatbot.demo"
"""Loaded when it is asked for: `run` must not pay for servers it does not start."""

STOPPED, FAILED, BAD_SETTINGS, BAD_CREDENTIAL, IN_USE, BAD_DATABASE = 0, 1, 2, 3, 4, 5

_EXITS: tuple[tuple[type[Exception], int], ...] = (
    (SettingsError, BAD_SETTINGS),
    (TokenRefused, BAD_CREDENTIAL),
    (BadCredentials, BAD_CREDENTIAL),
    (app.UnifiedAccount, BAD_CREDENTIAL),
    (SecondPoller, FAILED),
    (TelegramAway, FAILED),
    (AlreadyRunning, IN_USE),
    (Damaged, BAD_DATABASE),
    (StorageTrouble, FAILED),
    (OSError, FAILED),
)
"""Endings that need a sentence, not a traceback."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The process's exit code."""
    os.umask(0o077)
    os.environ["PTB_TIMEDELTA"] = "1"  # python-telegram-bot then gives waiting times as spans, and does not warn
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return STOPPED
    except tuple(kind for kind, _ in _EXITS) as error:
        print(_sentence(error), file=sys.stderr)
        return next(code for kind, code in _EXITS if isinstance(error, kind))


def _sentence(error: Exception) -> str:
    if isinstance(error, TokenRefused):
        return "Telegram refused TELEGRAM_BOT_TOKEN: it was revoked or mistyped. @BotFather shows the present one."
    if isinstance(error, TelegramAway):
        return "Telegram cannot be reached: look at the network and at TELEGRAM_API_URL."
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return "That port is in use; --port 0 takes any free one."
    return str(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="chatbot", description="A Telegram bot for one KuCoin account.")
    parser.add_argument("--version", action="version", version=f"chatbot {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="the bot, from settings", description="The bot, from settings.")
    run.set_defaults(run=_run)
    demo = commands.add_parser(
        "demo", help="everything on this machine: no account, no token", description="A KuCoin, a Telegram and the bot."
    )
    _add_server_options(demo)
    demo.add_argument(
        "--open", action=argparse.BooleanOptionalAction, default=sys.stdout.isatty(), help="open the page in a browser"
    )
    demo.set_defaults(run=_demo)
    check = commands.add_parser("check", help="every start-up check", description="Every start-up check, a line each.")
    check.add_argument("--json", action="store_true", help="for machines")
    check.set_defaults(run=_check)
    sandbox = commands.add_parser(
        "sandbox", help="the sandbox servers alone", description="A KuCoin and a Telegram for other people's clients."
    )
    _add_server_options(sandbox)
    sandbox.add_argument("--json", action="store_true", help="addresses and credentials as JSON on the first line")
    sandbox.set_defaults(run=_sandbox)
    backup = commands.add_parser("backup", help="copy the database", description="A checked copy, also while running.")
    backup.add_argument("file", type=Path, metavar="FILE", help="a new file")
    backup.set_defaults(run=_backup)
    return parser


def _add_server_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=_port, default=8000, help="0 takes any free one (default 8000)")
    parser.add_argument("--seed", type=int, default=1, help="of the prices (default 1)")


def _port(text: str) -> int:
    """Raises ValueError, which argparse words."""
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError(text)
    return port


def _settings() -> Settings:
    """Raises SettingsError."""
    close_to_others()
    settings = read_settings(os.environ, Path.cwd())
    forget(spelling for name, others in SECRETS.items() for spelling in (name, *others))
    configure(settings.log_level, settings.log_format, settings.secrets())
    install_hooks()
    return settings


def _run(_: argparse.Namespace) -> int:
    asyncio.run(_until_stopped(_settings()))
    return STOPPED


async def _until_stopped(settings: Settings) -> None:
    stop = asyncio.Event()
    app.stop_on_signals(stop)
    await app.run(settings, stop)


def _demo(options: argparse.Namespace) -> int:
    import_module(_SANDBOX).demo(options)
    return STOPPED


def _check(options: argparse.Namespace) -> int:
    findings = asyncio.run(checks.check_all(_settings()))
    if options.json:
        print(json.dumps([{"name": f.name, "ok": f.ok, "found": f.found, "mend": f.mend} for f in findings]))
    else:
        for finding in findings:
            print(finding)
    return STOPPED if all(f.ok for f in findings) else FAILED


def _sandbox(options: argparse.Namespace) -> int:
    import_module(_SANDBOX).sandbox(options)
    return STOPPED


def _backup(options: argparse.Namespace) -> int:
    try:
        back_up(_settings().database_path, options.file)
    except Damaged as error:
        print(error, file=sys.stderr)
        return FAILED
    print(f"{options.file} holds a checked copy of the database.")
    return STOPPED
