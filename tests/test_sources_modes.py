"""T19: what holds a secret is read only where nobody else of the machine can read or exchange it."""

import os
from pathlib import Path

import pytest

from chatbot.sources import SECRETS, gather

NAMES = (*SECRETS, "ORDER_MAX_NOTIONAL")
SECRET = "TELEGRAM_BOT_TOKEN=canary\n"
NO_SECRET = "ORDER_MAX_NOTIONAL=5\nTELEGRAM_BOT_TOKEN_FILE=token\n"
NOBODY = 65534
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


def problems(directory: Path, **environ: str) -> tuple[str, ...]:
    gathered = gather(environ, directory, NAMES)
    assert "canary" not in str(gathered.problems)
    return gathered.problems


def secret_file(directory: Path, mode: int = 0o600) -> Path:
    path = directory / "token"
    path.write_text("canary")
    path.chmod(mode)
    return path


def dot_env(directory: Path, text: str, mode: int = 0o600) -> Path:
    path = directory / ".env"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_of_all_modes_only_private_ones_are_read(tmp_path: Path) -> None:
    for mode in (mode | 0o400 for mode in range(0o1000)):
        path = secret_file(tmp_path, mode)
        found = problems(tmp_path, TELEGRAM_BOT_TOKEN_FILE="token")
        assert (not found) == (mode in (0o600, 0o400)), oct(mode)
        assert all(line.endswith(f"run: chmod 600 {path}") for line in found)
        path.unlink()


@ROOT
def test_a_secret_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = secret_file(tmp_path)
    os.chown(path, NOBODY, -1)
    [line] = problems(tmp_path, TELEGRAM_BOT_TOKEN_FILE="token")
    assert "belongs to somebody else" in line
    assert f"chown {os.geteuid()} {path}" in line


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o720, 0o702])
def test_a_folder_in_which_others_may_exchange_the_file_is_refused(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "far" / "near"
    folder.mkdir(parents=True)
    secret_file(folder)
    for open_one in (folder, folder.parent):
        open_one.chmod(mode)
        [line] = problems(folder, TELEGRAM_BOT_TOKEN_FILE="token")
        assert line.endswith(f"run: chmod go-w {open_one}")
        open_one.chmod(0o755)
    assert problems(folder, TELEGRAM_BOT_TOKEN_FILE="token") == ()


def test_a_folder_where_everybody_may_only_remove_his_own_is_no_danger(tmp_path: Path) -> None:
    secret_file(tmp_path)
    tmp_path.chmod(0o1777)
    assert problems(tmp_path, TELEGRAM_BOT_TOKEN_FILE="token") == ()


def test_a_link_does_not_hide_the_folder_it_leads_to(tmp_path: Path) -> None:
    shared, own = tmp_path / "shared", tmp_path / "own"
    for folder in (shared, own):
        folder.mkdir()
    secret_file(shared)
    (own / "link").symlink_to(shared / "token")
    assert problems(own, TELEGRAM_BOT_TOKEN_FILE="link") == ()
    shared.chmod(0o777)
    [line] = problems(own, TELEGRAM_BOT_TOKEN_FILE="link")
    assert line.endswith(f"chmod go-w {shared}")


@ROOT
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    secret_file(folder)
    os.chown(folder, NOBODY, -1)
    [line] = problems(folder, TELEGRAM_BOT_TOKEN_FILE="token")
    assert f"the folder {folder} belongs to somebody else" in line


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o606])
def test_an_env_file_with_a_secret_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = dot_env(tmp_path, SECRET, mode)
    [line] = problems(tmp_path)
    assert line == f".env: its file is open to other people of this machine; run: chmod 600 {path}"


def test_an_env_file_in_a_folder_where_others_may_exchange_it_is_refused(tmp_path: Path) -> None:
    dot_env(tmp_path, NO_SECRET)
    secret_file(tmp_path)
    tmp_path.chmod(0o777)
    lines = problems(tmp_path)
    assert any(line.startswith(".env: ") and line.endswith(f"chmod go-w {tmp_path}") for line in lines)


@pytest.mark.parametrize("mode", [0o622, 0o620, 0o602])
def test_an_env_file_that_others_can_write_is_refused_whatever_it_holds(tmp_path: Path, mode: int) -> None:
    path = dot_env(tmp_path, "ORDER_MAX_NOTIONAL=5\n", mode)
    [line] = problems(tmp_path)
    assert line.endswith(f"run: chmod 600 {path}")


@ROOT
def test_an_env_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    os.chown(dot_env(tmp_path, "ORDER_MAX_NOTIONAL=5\n"), NOBODY, -1)
    [line] = problems(tmp_path)
    assert "belongs to somebody else" in line


@pytest.mark.parametrize(("text", "mode"), [(SECRET, 0o600), (SECRET, 0o400), ("ORDER_MAX_NOTIONAL=5\n", 0o644)])
def test_a_private_env_file_is_read_and_one_without_secrets_may_be_seen(tmp_path: Path, text: str, mode: int) -> None:
    dot_env(tmp_path, text, mode)
    assert problems(tmp_path) == ()


def test_what_is_missing_is_no_problem_of_modes(tmp_path: Path) -> None:
    assert problems(tmp_path / "nowhere") == ()
