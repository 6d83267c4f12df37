"""A setting's text is found in one place, or the places are named."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from chatbot.sources import SECRETS, Gathered, gather

NAMES = (*SECRETS, "ORDER_MAX_NOTIONAL", "LOG_LEVEL")
CANARY = "canary-secret"


def found(environ: Mapping[str, str], directory: Path) -> Mapping[str, str]:
    gathered = gather(environ, directory, NAMES)
    assert gathered.problems == ()
    return gathered.texts


def problem(environ: Mapping[str, str], directory: Path) -> str:
    gathered = gather(environ, directory, NAMES)
    [line] = gathered.problems
    assert "canary" not in line
    assert CANARY not in gathered.texts.values()
    return line


def secret_file(path: Path, text: str = CANARY, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_environment_beats_the_file_and_an_empty_string_is_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ORDER_MAX_NOTIONAL=5\nLOG_LEVEL=DEBUG\nKUCOIN_API_KEY=\n")
    texts = found({"ORDER_MAX_NOTIONAL": "7", "LOG_LEVEL": "", "HOME": "/root"}, tmp_path)
    assert texts == {"ORDER_MAX_NOTIONAL": "7", "LOG_LEVEL": "DEBUG"}


def test_there_need_not_be_a_file(tmp_path: Path) -> None:
    assert found({}, tmp_path / "nowhere") == {}


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("LOG_LEVEL=INFO", "INFO"),
        ("  export LOG_LEVEL = INFO  ", "INFO"),
        ("LOG_LEVEL=INFO # a note", "INFO"),
        ("LOG_LEVEL='a b'# no note", None),
        ("LOG_LEVEL='a # b' # a note", "a # b"),
        ('LOG_LEVEL="${HOME} $x \\n"', "${HOME} $x \\n"),
        ("LOG_LEVEL=a#b", "a#b"),
        ("LOG_LEVEL=#b", "#b"),
        ("LOG_LEVEL=a=b==", "a=b=="),
        ("LOG_LEVEL=it's", "it's"),
        ("LOG_LEVEL='open", None),
        ('LOG_LEVEL="open', None),
        ("LOG_LEVEL INFO", None),
        ("log_level=INFO", None),
        ("=INFO", None),
        ("123456:canary==", None),
    ],
)
def test_a_line_is_read_as_it_stands_or_not_at_all(tmp_path: Path, line: str, text: str | None) -> None:
    (tmp_path / ".env").write_text(f"# a note\n\n   # another\r\n{line}\r\n")
    if text is None:
        expected = ".env line 4: expected NAME=value, for example ORDER_MAX_NOTIONAL=100"
        assert problem({}, tmp_path) == expected
    else:
        assert found({}, tmp_path) == {"LOG_LEVEL": text}


@pytest.mark.parametrize("line", ["LOG_LEVEL=", "LOG_LEVEL=  # a note", "LOG_LEVEL=''", 'export LOG_LEVEL=""'])
def test_an_empty_line_of_the_file_is_unset(tmp_path: Path, line: str) -> None:
    (tmp_path / ".env").write_text(line)
    assert found({}, tmp_path) == {}


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfLOG_LEVEL=INFO")
    assert found({}, tmp_path) == {"LOG_LEVEL": "INFO"}


def test_a_file_that_is_not_text_or_says_a_thing_twice_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"LOG_LEVEL=\xff")
    assert problem({}, tmp_path) == ".env: cannot be read (not text)"
    (tmp_path / ".env").write_text("LOG_LEVEL=INFO\nLOG_LEVEL=DEBUG\n")
    assert problem({}, tmp_path) == "LOG_LEVEL: given twice in .env (again in line 2)"


def test_an_unknown_name_with_our_prefix_is_refused_with_the_nearest(tmp_path: Path) -> None:
    line = "ORDER_MAX_NOTIONL: no such setting (in the environment); did you mean ORDER_MAX_NOTIONAL?"
    assert problem({"ORDER_MAX_NOTIONL": "5"}, tmp_path) == line
    for name in ("KUCOIN_X", "TELEGRAM_X", "ORDER_X", "DAILY_X", "TRADING_X"):
        assert problem({name: ""}, tmp_path).startswith(f"{name}: no such setting")
    assert found({"PATH": "/bin", "ORDERLY": "1"}, tmp_path) == {}


def test_in_our_own_file_every_unknown_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PATH=/bin\n")
    assert problem({}, tmp_path).startswith("PATH: no such setting (in .env)")


@pytest.mark.parametrize(("other", "name"), [(o, name) for name, others in SECRETS.items() for o in (name, *others)])
def test_each_secret_may_be_a_value_a_file_or_a_credential(tmp_path: Path, other: str, name: str) -> None:
    assert found({other: CANARY}, tmp_path) == {name: CANARY}
    secret_file(tmp_path / "file", f"{CANARY}\n")
    assert found({f"{other}_FILE": "file"}, tmp_path) == {name: CANARY}
    assert found({f"{other}_FILE": str(tmp_path / "file")}, tmp_path / "elsewhere") == {name: CANARY}
    folder = tmp_path / "credentials"
    folder.mkdir()
    secret_file(folder / other.lower(), f"{CANARY}\r\n", 0o440)
    assert found({"CREDENTIALS_DIRECTORY": str(folder)}, tmp_path) == {name: CANARY}


def test_two_sources_of_one_secret_are_refused_even_when_they_agree(tmp_path: Path) -> None:
    secret_file(tmp_path / "telegram_bot_token")
    value, file = {"TELEGRAM_BOT_TOKEN": CANARY}, {"TELEGRAM_BOT_TOKEN_FILE": "telegram_bot_token"}
    credential = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    line = "TELEGRAM_BOT_TOKEN: given by TELEGRAM_BOT_TOKEN and by TELEGRAM_BOT_TOKEN_FILE; leave one of them"
    assert problem(value | file, tmp_path) == line
    assert "by the systemd credential telegram_bot_token" in problem(value | credential, tmp_path)
    assert problem(file | credential, tmp_path)
    secret_file(tmp_path / ".env", "TELEGRAM_BOT_TOKEN=other")
    assert problem(file, tmp_path) == line


def test_the_other_name_of_a_secret_may_repeat_it_but_not_contradict_it(tmp_path: Path) -> None:
    both = {"KUCOIN_API_SECRET": CANARY, "KUCOIN_SECRET_KEY": CANARY}
    assert found(both, tmp_path) == {"KUCOIN_API_SECRET": CANARY}
    line = "KUCOIN_API_SECRET: given by KUCOIN_API_SECRET and by KUCOIN_SECRET_KEY; leave one of them"
    assert problem(both | {"KUCOIN_SECRET_KEY": "canary-other"}, tmp_path) == line


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_secret_file_open_to_others_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = secret_file(tmp_path / "key", mode=mode)
    assert problem({"KUCOIN_API_KEY_FILE": "key"}, tmp_path).endswith(f"run: chmod 600 {path}")


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_secret_file_of_ones_own_is_read(tmp_path: Path, mode: int) -> None:
    secret_file(tmp_path / "key", mode=mode)
    assert found({"KUCOIN_API_KEY_FILE": "key"}, tmp_path) == {"KUCOIN_API_KEY": CANARY}


def test_what_is_no_small_text_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    secret_file(tmp_path / "large", "x" * 4097)
    secret_file(tmp_path / "empty", "\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "binary").chmod(0o600)
    said = {
        name: problem({"KUCOIN_API_KEY_FILE": name}, tmp_path).removeprefix("KUCOIN_API_KEY: ")
        for name in ("pipe", "large", "empty", "binary", "missing", ".", "nul\0")
    }
    assert said == {
        "pipe": "its file is not a regular file",
        "large": "its file is larger than 4096 bytes",
        "empty": "its file is empty",
        "binary": "its file is not text",
        "missing": "its file cannot be read (no such file or directory)",
        ".": "its file is not a regular file",
        "nul\0": "its file cannot be read (not a path)",
    }
    secret_file(tmp_path / "full", "x" * 4096)
    assert found({"KUCOIN_API_KEY_FILE": "full"}, tmp_path) == {"KUCOIN_API_KEY": "x" * 4096}


def test_a_broken_secret_counts_as_given(tmp_path: Path) -> None:
    gathered = gather({"KUCOIN_API_KEY_FILE": "missing"}, tmp_path, NAMES)
    assert gathered.broken == {"KUCOIN_API_KEY"}
    assert gathered.texts == {}


def test_what_was_gathered_shows_no_text() -> None:
    assert CANARY not in repr(Gathered(texts={"A": CANARY}, problems=(), broken=frozenset()))
