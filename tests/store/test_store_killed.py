"""What a process said was written is there after a kill -9, and a copy made meanwhile is whole."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

import chatbot
from chatbot.store.database import back_up
from chatbot.store.store import open_store

_ROOT = Path(chatbot.__file__).parent.parent

_COUNT = """
import sys
from itertools import count
from pathlib import Path
from chatbot.core.times import utc_now
from chatbot.store.store import open_store

store = open_store(Path(sys.argv[1]), utc_now)
for number in count(int(sys.argv[2])):
    with store.atomic():
        store.audit.record("Anna", "counted", str(number))
        store.inbox.keep([(number, "{}")])
    print(number, flush=True)
"""
"""Writes every number to two tables in one transaction, and says it once it is committed."""


@contextmanager
def _counting(path: Path, first: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", _COUNT, str(path), str(first)]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        yield process
        process.kill()


def _heard(process: subprocess.Popen[str], lines: int | None = None) -> list[int]:
    """The next `lines` numbers, or all that were still said."""
    assert process.stdout is not None
    if lines is None:
        return [int(line) for line in process.stdout if line.endswith("\n")]
    return [int(process.stdout.readline()) for _ in range(lines)]


def _written(path: Path) -> tuple[list[int], list[int]]:
    connection = sqlite3.connect(path)
    audit = [int(n) for (n,) in connection.execute("SELECT detail FROM audit ORDER BY id")]
    inbox = [n for (n,) in connection.execute("SELECT update_id FROM inbox ORDER BY update_id")]
    connection.close()
    return audit, inbox


def test_everything_that_was_said_to_be_written_is_there_after_a_kill(path: Path) -> None:
    first = 1
    for lines in (1, 40, 7, 101):
        with _counting(path, first) as process:
            said = _heard(process, lines)
            process.kill()
            said += _heard(process)
        open_store(path, lambda: datetime(2026, 3, 1, tzinfo=UTC)).close()
        audit, inbox = _written(path)
        assert audit == inbox == list(range(1, len(audit) + 1))
        assert said == list(range(first, said[-1] + 1))
        assert len(audit) - said[-1] in (0, 1)
        first = len(audit) + 1


@pytest.mark.parametrize("lines", [5, 80])
def test_a_copy_made_while_the_bot_writes_is_whole(path: Path, tmp_path: Path, lines: int) -> None:
    with _counting(path, 1) as process:
        before = _heard(process, lines)[-1]
        back_up(path, tmp_path / "copy.db")
    audit, inbox = _written(tmp_path / "copy.db")
    assert audit == inbox == list(range(1, len(audit) + 1))
    assert len(audit) >= before
