"""What is written about a run: one line an event, in UTC, to stderr, and never a secret.

Secrets are taken out in the formatter, the last place every text passes: a filter on the
root logger does not see what libraries log, and no filter sees tracebacks. What Python
itself would print (an uncaught error, a warning, an error in a finaliser) is logged instead.
"""

import json
import logging
import re
import sys
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum, IntEnum
from typing import TextIO
from urllib.parse import quote, quote_plus

_LOG = logging.getLogger(__name__)

_LIBRARIES = ("httpx", "httpcore", "telegram", "apscheduler", "uvicorn", "websockets")
"""They log addresses, which hold the bot's token, and a line for every request."""

_BOT_TOKEN = r"[0-9]{6,12}(?::|%3[Aa])[A-Za-z0-9_-]{30,}"  # noqa: S105 - the look of any token, also one we do not hold
_REMOVED = "[secret]"
_SHORTEST_PART = 8
"""Base64 leaves of a very short secret too few letters to look for inside something longer."""


class LogLevel(IntEnum):
    DEBUG = logging.DEBUG
    INFO = logging.INFO
    WARNING = logging.WARNING
    ERROR = logging.ERROR


class LogFormat(Enum):
    TEXT = "text"
    JSON = "json"


class Scrubber:
    """Takes these secrets, however they were encoded on the way, and anything like a bot token out of a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join([_BOT_TOKEN, *map(re.escape, longest_first)]))

    def __call__(self, text: str) -> str:
        return self._pattern.sub(_REMOVED, text)


class LineFormatter(logging.Formatter):
    """An event as one line. The record is left as it was: other formatters see what they always saw."""

    def __init__(self, form: LogFormat, scrub: Scrubber) -> None:
        super().__init__()
        self._form = form
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        event = {name: self._scrub(text) for name, text in self._fields(record)}
        if self._form is LogFormat.JSON:
            return json.dumps(event)
        body = "\n".join(event[name] for name in ("message", "exception", "stack") if name in event)
        return f"{event['time']} {event['level']} {_one_line(event['logger'])}: {_one_line(body)}"

    def _fields(self, record: logging.LogRecord) -> Iterator[tuple[str, str]]:
        moment = datetime.fromtimestamp(record.created, UTC)
        yield "time", moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        yield "level", record.levelname
        yield "logger", record.name
        yield "message", record.getMessage()
        if record.exc_info and record.exc_info[0]:
            yield "exception", self.formatException(record.exc_info)
        elif record.exc_text:
            yield "exception", record.exc_text
        if record.stack_info:
            yield "stack", record.stack_info


class LineHandler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """The library would print the ill-formed event's arguments as they stand; this names its place only."""
        kind = sys.exc_info()[0]
        event = logging.LogRecord(
            __name__,
            logging.ERROR,
            __file__,
            0,
            "an event of %s (%s:%s) could not be written: %s",
            (record.name, record.filename, record.lineno, kind.__name__ if kind else "unknown"),
            None,
        )
        with suppress(OSError, ValueError):
            self.stream.write(self.format(event) + self.terminator)
            self.flush()


def configure(level: LogLevel, form: LogFormat, secrets: Iterable[str]) -> None:
    """Sends every event of `level` and above to stderr, and replaces whatever was configured before.

    Libraries start at warnings even at DEBUG. A server of theirs must not bring its own
    handlers: give uvicorn `log_config=None`.
    """
    handler = LineHandler(sys.stderr)
    handler.setFormatter(LineFormatter(form, Scrubber(secrets)))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(max(level, LogLevel.WARNING))


def install_hooks() -> None:
    """Logs what Python would print itself. Asyncio needs none: its default handler logs."""
    logging.captureWarnings(True)
    sys.excepthook = lambda kind, error, trace: _LOG.critical(
        "the program ends on an error nobody expected", exc_info=(kind, error, trace)
    )
    threading.excepthook = lambda event: _LOG.error(
        "a thread ended on an error", exc_info=event.exc_value or event.exc_type()
    )
    sys.unraisablehook = lambda event: _LOG.error(
        "%s %r", event.err_msg or "an error could not be raised in", event.object, exc_info=event.exc_value
    )


def _one_line(text: str) -> str:
    """Line breaks as ` | `, other invisible signs by their code: a message can neither end a line nor turn it round."""
    folded = " | ".join(line.strip() for line in text.splitlines() if line.strip())
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in folded)


def _forms(secret: str) -> Iterator[str]:
    """Every way in which this secret may stand in a text: as it is, quoted, escaped, in base64."""
    yield secret
    for quoted in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), quoted)
    for escaped in (repr(secret), ascii(secret), json.dumps(secret), json.dumps(secret, ensure_ascii=False)):
        yield escaped[1:-1]
    raw = secret.encode()
    for encode in (b64encode, urlsafe_b64encode):
        whole = encode(raw).decode()
        yield whole
        yield whole.rstrip("=")
        for before in range(3):
            part = _inside_base64(encode(bytes(before) + raw).decode(), before, len(raw))
            if len(part) >= _SHORTEST_PART:
                yield part


def _inside_base64(text: str, before: int, length: int) -> str:
    """The letters that depend on nothing but the secret, when `before` bytes (modulo 3) stand ahead of it."""
    return text[-(-before * 8 // 6) : (before + length) * 8 // 6]
