"""T3, T26, invariant 20: secrets show nowhere, whatever is written, stored or copied while they are used.

A part of the suite, and a story of the whole bot, run at DEBUG with secrets that are watched for; then every
byte they left is searched, also for the forms secrets take in addresses and headers.
"""

import asyncio
import os
import re
import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, quote_plus

from chatbot.core.values import frozen
from chatbot.sandbox.faults import Fault
from chatbot.store.database import back_up
from tests.canaries import every, files, hits
from tests.playground import Playground, sandbox_and_people
from tests.test_cli import ending, settings, started

CHOSEN = (
    "tests/chat/test_chat_bot.py",
    "tests/services/test_services_portfolio.py",
    "tests/services/test_services_killswitch.py",
)
"""Some eighty tests that sign, poll, send, fail and store."""

CONTROL = ("tests/chat/test_chat_bot.py", "-k", "conflicts or without_a_network")
MOST_OF_THEM = 60
_PASSED = re.compile(rb"(\d+) passed")

TOKEN = "7000000001:AAcanary-of-a-bots-token_35-letters"
KEY, SECRET, PASSPHRASE = "canary-of-a-key", "canary/of+a secret==", "canary & passphrase"
OURS = (TOKEN, SECRET, PASSPHRASE)
TOP = Path(__file__).parent.parent


@frozen
class Run:
    passed: int
    output: bytes
    left: list[Path]


def suite(folder: Path, logs: str, *tests: str) -> Run:
    """These tests in a process of their own, nothing of what they print held back.

    What fails there fails in the suite; here it would only show our own lines, with the secrets in them.
    """
    words = [
        "-m",
        "pytest",
        "-p",
        "tests.canaries",
        "-p",
        "no:logging",
        "-p",
        "no:cacheprovider",
        "-s",
        "-q",
        "--tb=no",
        "-rN",
    ]
    more = [f"--basetemp={folder}", "-o", "tmp_path_retention_policy=all", *tests]
    environ = {**os.environ, "CANARY_LOGS": logs, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(  # noqa: S603 - our own tests
        [sys.executable, *words, *more], cwd=TOP, env=environ, capture_output=True, timeout=120, check=False
    )
    output = done.stdout + done.stderr
    found = _PASSED.search(output)
    return Run(passed=int(found[1]) if found else 0, output=output, left=files(folder))


def test_a_run_of_the_suite_at_debug_shows_no_secret_and_without_our_formatter_it_would(tmp_path: Path) -> None:
    scrubbed, plain = suite(tmp_path / "scrubbed", "scrubbed", *CHOSEN), suite(tmp_path / "plain", "plain", *CONTROL)
    assert scrubbed.passed >= MOST_OF_THEM, scrubbed.output[-2000:].decode()
    assert plain.passed, plain.output[-2000:].decode()
    assert hits(scrubbed.output, every()) == []
    assert hits(plain.output, every()), "the negative control must leak"
    assert sum(path.suffix == ".db" for path in scrubbed.left) > 20
    assert shown(scrubbed.left, every()) == {}


def shown(left: list[Path], secrets: tuple[str, ...]) -> dict[str, list[str]]:
    """The files that hold a secret."""
    found = {path.name: hits(path.read_bytes(), secrets) for path in left}
    return {name: secrets_in for name, secrets_in in found.items() if secrets_in}


def test_the_search_finds_a_secret_in_each_of_its_forms() -> None:
    for form in (SECRET, quote(SECRET), quote_plus(PASSPHRASE), quote(TOKEN, safe=""), f'"{PASSPHRASE}"'):
        assert hits(f"before {form} after".encode(), OURS)
    for before in range(4):
        assert hits(b64encode(b"x" * before + SECRET.encode() + b"after"), OURS)
    assert hits(b"nothing of the kind", OURS) == []


def with_canaries(ground: Playground) -> None:
    """The servers know our canaries instead of what they made up."""
    ground.sandbox.telegram.token = TOKEN
    keys = ground.sandbox.kucoin.keys
    [key] = keys.values()
    keys[KEY] = replace(key, key=KEY, secret=SECRET, passphrase=PASSPHRASE)


def given(folder: Path) -> dict[str, str]:
    """The secrets as files, so that only what the bot does with them is looked at."""
    names = {"TELEGRAM_BOT_TOKEN": TOKEN, "KUCOIN_API_SECRET": SECRET, "KUCOIN_API_PASSPHRASE": PASSPHRASE}
    for name, secret in names.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(secret)
    return {f"{name}_FILE": str(folder / name) for name in names} | dict.fromkeys(names, "")


async def lives(ground: Playground) -> None:
    """A day in the life of the bot, with what goes wrong in it."""
    await ground.owner.asks("/start", "Hello")
    await ground.owner.asks("/alert BTC > 68000", "BTC")
    await ground.owner.asks_until("/buy btc 20usdt", "BUY BTC-USDT")
    await ground.owner.presses("Confirm")
    await ground.owner.shows("Filled")
    for fault in (Fault.GARBAGE, Fault.UNAVAILABLE):
        ground.sandbox.faults.switch(fault, on=True)
        await ground.owner.asks("/balance", "KuCoin")
        ground.sandbox.faults.switch(fault, on=False)
    del ground.sandbox.kucoin.keys[KEY]
    await ground.owner.asks("/balance", "does not know this API key")
    await ground.owner.shows("Orders are held")
    await ground.owner.asks("/kill", "STOPPED")
    await ground.owner.asks("/status", "STOPPED")


def test_a_bot_leaves_no_secret_in_its_logs_its_database_or_a_backup(tmp_path: Path) -> None:
    async def story() -> None:
        folder, secrets = tmp_path / "bot", tmp_path / "secrets"
        folder.mkdir(0o700)
        secrets.mkdir(0o700)
        async with sandbox_and_people(tmp_path) as ground:
            with_canaries(ground)
            env = settings(ground, KUCOIN_API_KEY=KEY, LOG_LEVEL="DEBUG") | given(secrets)
            async with started(folder, "run", env=env) as bot:
                await lives(ground)
                back_up(folder / "chatbot.db", folder / "copy.db")
                assert {"chatbot.db", "chatbot.db-wal", "copy.db"} <= {path.name for path in files(folder)}
                assert shown(files(folder), OURS) == {}
                ground.sandbox.telegram.revoke_token()
                ground.owner.write("/start")
                ended = await ending(bot)
        assert ended.code == 3
        assert "Telegram refused" in ended.err
        assert hits((ended.out + ended.err).encode(), OURS) == []
        assert shown(files(folder), OURS) == {}

    asyncio.run(story())
