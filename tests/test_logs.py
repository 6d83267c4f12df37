"""One line an event, and no secret in any of them."""

import base64
import json
import logging
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.logs import LineFormatter, LineHandler, LogFormat, LogLevel, Scrubber

TOKEN = "123456789:AAcanary-canary_canary-canary_cana"
SECRET = "canary/sec+ret=&\"q'\\ end"
SECRETS = (TOKEN, SECRET)


def formatter(form: LogFormat) -> LineFormatter:
    return LineFormatter(form, Scrubber(SECRETS))


def record(message: object, *args: object, name: str = "chatbot.test", **more: object) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.INFO, __file__, 1, message, args, None)
    made.created = 1_767_225_600.25
    made.__dict__.update(more)
    return made


def as_text(message: object, *args: object, **more: object) -> str:
    return formatter(LogFormat.TEXT).format(record(message, *args, **more))  # type: ignore[arg-type]


def as_json(message: object, *args: object, **more: object) -> dict[str, str]:
    line = formatter(LogFormat.JSON).format(record(message, *args, **more))  # type: ignore[arg-type]
    assert line.isascii()
    assert len(line.splitlines()) == 1
    event: dict[str, str] = json.loads(line)
    return event


def raised() -> BaseException:
    try:
        try:
            raise ValueError(f"first {SECRET}")
        except ValueError as error:
            error.add_note(TOKEN)
            raise RuntimeError(f"https://api.telegram.org/bot{TOKEN}/getMe") from error
    except RuntimeError as error:
        return error


def exc_info() -> tuple[type[BaseException], BaseException, object]:
    error = raised()
    return type(error), error, error.__traceback__


def test_a_line_says_when_how_grave_who_and_what() -> None:
    assert as_text("sold %s", 3) == "2026-01-01T00:00:00.250Z INFO chatbot.test: sold 3"
    assert as_json("sold %s", 3) == {
        "time": "2026-01-01T00:00:00.250Z",
        "level": "INFO",
        "logger": "chatbot.test",
        "message": "sold 3",
    }


ENCODED = [
    TOKEN,
    SECRET,
    quote(SECRET),
    quote(SECRET, safe=""),
    quote(SECRET, safe="").lower(),
    quote_plus(SECRET),
    quote(TOKEN, safe=""),
    repr(SECRET),
    json.dumps({"secret": SECRET}),
    base64.b64encode(SECRET.encode()).decode(),
    base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
    *(base64.b64encode(b"name:word"[:length] + TOKEN.encode() + b"!").decode() for length in (7, 8, 9)),
]


@pytest.mark.parametrize("text", ENCODED)
def test_a_secret_is_removed_however_it_was_encoded(text: str) -> None:
    scrubbed = Scrubber(SECRETS)(f"before {text} after")
    assert scrubbed.startswith("before ")
    assert scrubbed.endswith(" after")
    assert "[secret]" in scrubbed
    assert "canary" not in scrubbed
    left = scrubbed.replace("before ", "").replace(" after", "").replace("[secret]", "")
    assert len(left) <= 20, "what is left of an encoded text is its frame"


def test_the_token_of_another_bot_is_removed_too() -> None:
    other = "987654321:BBsomebody-elses_token-of-35-letters"
    quoted = quote(other, safe="")
    for text in (f"/bot{other}/getMe", f"/bot{quoted}/getMe", f"/bot{quoted.replace('%3A', '%3a')}/getMe"):
        assert Scrubber([])(text) == "/bot[secret]/getMe"
    assert Scrubber([])("at 12:30:15 order 123456789:short") == "at 12:30:15 order 123456789:short"


# No bracket: what stands in a secret's place could otherwise hold the secret. Wall time is not what is tested.
letters = st.characters(codec="utf-8", exclude_categories=["Zs", "Cc"], exclude_characters="[]")


@settings(deadline=None)
@given(
    secret=st.text(letters, min_size=7, max_size=40),
    before=st.binary(max_size=5),
    after=st.binary(max_size=5),
)
def test_no_secret_survives_in_base64_whatever_surrounds_it(secret: str, before: bytes, after: bytes) -> None:
    encoded = base64.b64encode(before + secret.encode() + after).decode()
    scrubbed = Scrubber([secret])(encoded)
    if len(secret.encode()) >= 8:
        assert "[secret]" in scrubbed
    assert secret not in Scrubber([secret])(f"{secret}{encoded}")


def test_no_secret_means_nothing_is_touched() -> None:
    assert Scrubber(["", ""])("plain text") == "plain text"


def test_message_arguments_logger_name_and_stack_are_scrubbed() -> None:
    shown = {"name": f"chatbot.{SECRET}", "stack_info": f"Stack:\n  file {SECRET}"}
    for line in (as_text("%s and %r", TOKEN, {"key": SECRET}, **shown), json.dumps(as_json("%s", SECRET, **shown))):
        assert "canary" not in line
        assert line.count("[secret]") >= 3


def test_a_whole_traceback_is_on_the_line_without_its_secrets() -> None:
    line = as_text("failed", exc_info=exc_info())
    assert line.count("\n") == 0
    assert "canary" not in line
    assert ": failed | Traceback (most recent call last): | File " in line
    assert "ValueError: first [secret] | [secret] | The above exception was the direct cause" in line
    assert line.endswith("RuntimeError: https://api.telegram.org/bot[secret]/getMe")
    event = as_json("failed", exc_info=exc_info())
    assert event["message"] == "failed"
    assert event["exception"].splitlines()[-1] == "RuntimeError: https://api.telegram.org/bot[secret]/getMe"
    assert "canary" not in event["exception"]


def test_a_traceback_another_formatter_left_behind_is_scrubbed() -> None:
    assert as_text("failed", exc_text=f"Error: {SECRET}").endswith(": failed | Error: [secret]")


def test_the_record_is_left_to_others_as_it_was() -> None:
    made = record("%s", SECRET, exc_info=exc_info())
    before = dict(made.__dict__)
    formatter(LogFormat.TEXT).format(made)
    assert made.__dict__ == before


def test_an_empty_exception_is_none() -> None:
    assert as_text("fine", exc_info=(None, None, None)).endswith(": fine")


def test_nothing_in_a_message_can_end_or_disguise_the_line() -> None:
    hostile = "a\r\n2026-01-01T00:00:00.000Z INFO chatbot: b\x1b[31m\u2028c\u202ed\x00\ud800"
    line = as_text(hostile, name="x\ny")
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert line.endswith(r" INFO x | y: a | 2026-01-01T00:00:00.000Z INFO chatbot: b\x1b[31m | c\u202ed\x00\ud800")
    assert as_json(hostile)["message"] == hostile


@settings(deadline=None)
@given(text=st.text())
def test_any_message_is_one_printable_line(text: str) -> None:
    line = as_text("%s", text)
    assert line.isprintable()
    assert json.loads(formatter(LogFormat.JSON).format(record("%s", text)))["message"] == text


def test_an_ill_formed_event_is_named_by_its_place_and_shows_no_argument(capsys: pytest.CaptureFixture[str]) -> None:
    handler = LineHandler(sys.stderr)
    handler.setFormatter(formatter(LogFormat.TEXT))
    handler.handle(record("%d sold", SECRET))
    written = capsys.readouterr().err
    place = f"an event of chatbot.test ({Path(__file__).name}:1) could not be written: TypeError"
    assert written.split("chatbot.logs: ")[1] == f"{place}\n"


def test_a_closed_stream_does_not_stop_the_program(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as stream:
        handler = LineHandler(stream)
    handler.setFormatter(formatter(LogFormat.TEXT))
    handler.handle(record("nobody reads this"))


CHANNELS = """
import asyncio, gc, logging, sys, threading, warnings
from chatbot.logs import LogFormat, LogLevel, configure, install_hooks
how, token, secret = sys.argv[1:]
if how == "plain":
    logging.basicConfig(level=logging.DEBUG)
else:
    configure(LogLevel.DEBUG, LogFormat(how), [token, secret])
    install_hooks()
log = logging.getLogger("chatbot.deep.inside")

log.debug("own event %s", secret)
logging.getLogger("httpx").info("HTTP Request: POST https://api.telegram.org/bot%s/getMe", token)
logging.getLogger("httpcore.connection").debug("%s", token)
logging.getLogger("telegram.ext").debug("%s", token)
logging.getLogger("apscheduler.scheduler").info("%s", token)
logging.getLogger("uvicorn.access").info("%s", token)
logging.getLogger("httpx").warning("library warning %s", token)
warnings.warn("a warning " + secret)

try:
    raise ValueError(secret)
except ValueError:
    log.exception("caught", stack_info=True)
log.info("%d", secret)

thread = threading.Thread(target=lambda: 1 / int(secret))
thread.start()
thread.join()

class Finaliser:
    def __del__(self):
        raise ValueError(secret)

Finaliser()

async def lost(secret):
    raise ValueError(secret)

async def main():
    task = asyncio.create_task(lost(secret), name="lost " + token)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()

asyncio.run(main())
raise RuntimeError("the end " + token) from ValueError(secret)
"""


def everything_written(how: str) -> str:
    """What a process writes that lets its secrets slip in every way we know; all of stdout and stderr."""
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", CHANNELS, how, TOKEN, "canary-word"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr


HAPPENED = (
    "own event",
    "library warning",
    "a warning",
    "caught",
    "could not be written: TypeError",
    "a thread ended on an error",
    "Finaliser",
    "Task exception was never retrieved",
    "the program ends on an error nobody expected",
)


@pytest.mark.parametrize("form", list(LogFormat))
def test_no_secret_leaves_a_process_by_any_of_its_ways_out(form: LogFormat) -> None:
    written = everything_written(form.value)
    lines = [line for line in written.splitlines() if "Using selector" not in line]
    assert "canary" not in written
    for line, what in zip(lines, HAPPENED, strict=True):
        assert what in line
        if form is LogFormat.JSON:
            assert json.loads(line)["time"].endswith("Z")


def test_the_same_process_leaks_by_every_way_without_our_formatter() -> None:
    written = everything_written("plain")
    assert written.count(TOKEN) >= 7
    for sign in (
        "HTTP Request",
        "Exception ignored in",
        "never retrieved",
        "Logging error",
        "UserWarning",
        "in thread",
    ):
        leak = written.casefold().partition(sign.casefold())[2]
        assert "canary" in leak[:1500], sign


LEVELS = """
import logging, sys
from chatbot.logs import LogFormat, LogLevel, configure
configure(LogLevel.DEBUG, LogFormat.TEXT, [])
configure(LogLevel[sys.argv[1]], LogFormat.TEXT, [])
for name in ("chatbot", "httpx"):
    for level in ("debug", "info", "warning", "error"):
        getattr(logging.getLogger(name), level)("once")
"""


@pytest.mark.parametrize(
    ("level", "ours", "theirs"),
    [(LogLevel.DEBUG, 4, 2), (LogLevel.INFO, 3, 2), (LogLevel.WARNING, 2, 2), (LogLevel.ERROR, 1, 1)],
)
def test_a_level_is_a_floor_and_libraries_start_at_warnings(level: LogLevel, ours: int, theirs: int) -> None:
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", LEVELS, level.name], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr.count(" chatbot: once\n") == ours
    assert done.stderr.count(" httpx: once\n") == theirs
    assert len(done.stderr.splitlines()) == ours + theirs


def test_importing_this_module_configures_nothing() -> None:
    script = """if 1:
        import logging, sys, chatbot.logs
        sys.exit(len(logging.getLogger().handlers) + (sys.excepthook is not sys.__excepthook__))
    """
    assert subprocess.run([sys.executable, "-c", script], timeout=60, check=False).returncode == 0  # noqa: S603
