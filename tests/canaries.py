"""Secrets that are watched for, and a pytest plugin that logs a whole run the way the bot does.

Named on a command line: `pytest -p tests.canaries …`. CANARY_LOGS is `scrubbed`, or `plain` for what
would be written without our formatter.
"""

import base64
import json
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

from chatbot.logs import LogFormat, LogLevel, configure

CANARIES = {
    "the services' desk": ("secret-one", "a phrase of mine"),
    "the chat's desk": ("made-up-secret", "made-up-phrase"),
    "the Telegram of the tests": ("7000001:made-up",),
}
"""What tests sign and poll with."""


def every() -> tuple[str, ...]:
    return tuple(secret for secrets in CANARIES.values() for secret in secrets)


def forms(secret: str) -> Iterator[bytes]:
    """As it is, as it stands in addresses and in JSON, and inside base64 at each of the three places."""
    texts = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]}
    for text in {*texts, *(text.lower() for text in texts)}:
        yield text.encode()
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(bytes(before) + secret.encode()).decode()
            yield whole[-(-before * 8 // 6) : (before + len(secret.encode())) * 8 // 6].encode()


def hits(content: bytes, secrets: tuple[str, ...]) -> list[str]:
    """The secrets that show, in whatever form."""
    return [secret for secret in secrets if any(form in content for form in forms(secret))]


def files(folder: Path) -> list[Path]:
    """All of them: databases, their journals and copies, logs."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def pytest_configure() -> None:
    """Everything at DEBUG, that of libraries too, onto one stream."""
    if os.environ.get("CANARY_LOGS") == "plain":
        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr, force=True)
        return
    configure(LogLevel.DEBUG, LogFormat.TEXT, every())
    for name in ("httpx", "httpcore", "telegram", "apscheduler", "websockets"):
        logging.getLogger(name).setLevel(logging.DEBUG)
