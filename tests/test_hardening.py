"""T20: what another process of the same user, or a core dump, could learn of ours."""

import subprocess
import sys
from pathlib import Path

import pytest

from chatbot.sources import SECRETS

TOKEN = "123456:canary-token"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="Linux's own ways in")

CLOSED = """
import ctypes, os, resource, sys
from chatbot.cli import main
main(["backup", "copy.db"])
try:
    with open("/proc/self/environ", "rb") as environ:
        started = environ.read()
except PermissionError:  # for whoever is not root it is closed now, even to the process itself
    started = b"PLAIN=stays"
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE)[0], oct(os.umask(0)))
print("canary" in str(dict(os.environ)), b"canary" in started, b"PLAIN=stays" in started, os.environ["PLAIN"])
"""

OPEN = CLOSED.replace('main(["backup", "copy.db"])', "")


def outcome(folder: Path, script: str) -> list[str]:
    secrets = dict.fromkeys(SECRETS, "canary") | {"TELEGRAM_BOT_TOKEN": TOKEN, "TOTP_SECRET": "A" * 16}
    environ = secrets | {"TELEGRAM_OWNERS": "7", "PLAIN": "stays", "PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script], cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=True
    )
    assert "canary" not in done.stderr
    return done.stdout.splitlines()


@LINUX
def test_a_process_that_read_its_settings_can_be_neither_dumped_nor_read(tmp_path: Path) -> None:
    assert outcome(tmp_path, CLOSED) == ["0 0 0o77", "False False True stays"]


@LINUX
def test_without_it_everything_lies_open(tmp_path: Path) -> None:
    dumpable, environ = outcome(tmp_path, OPEN)
    assert dumpable.startswith("1 ")
    assert environ == "True True True stays"
