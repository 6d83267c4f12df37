"""What is deployed agrees with what is written: dependencies, settings, exit codes, a person without power."""

import asyncio
import re
import shutil
import subprocess
import sys
import tomllib
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from chatbot.config import setting_names
from chatbot.health_port import HealthPort
from chatbot.services.vitals import Vitals, ailments
from chatbot.sources import SECRETS
from tests.services.well import WELL

TOP = Path(__file__).parents[1]
DEPLOY = TOP / "deploy"

SPELLINGS = {spelling for name, others in SECRETS.items() for spelling in (name, *others)}
KNOWN = {*setting_names(), *SPELLINGS, *(f"{spelling}_FILE" for spelling in SPELLINGS)}


def deployed(name: str) -> str:
    return (DEPLOY / name).read_text()


def instructions(name: str) -> list[str]:
    """The lines that are no comment, those continued by a backslash joined."""
    text = deployed(name).replace("\\\n", " ")
    return [line.strip() for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")]


def locked() -> dict[str, str]:
    return dict(line.split()[0].split("==") for line in instructions("requirements.lock"))


def wanted() -> list[Requirement]:
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    return [Requirement(text) for text in (*project["dependencies"], *project["optional-dependencies"]["charts"])]


def needed() -> set[str]:
    """The names pyproject's dependencies come to, by what the installed packages say they need."""
    waiting, found = wanted(), set[str]()
    while waiting:
        name = canonicalize_name(waiting.pop().name)
        if name not in found:
            found.add(name)
            requires = [Requirement(text) for text in metadata.requires(name) or []]
            waiting += [one for one in requires if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


def test_every_line_of_the_lock_is_one_exact_version_with_hashes_and_nothing_else() -> None:
    for line in instructions("requirements.lock"):
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*(\s+--hash=sha256:[0-9a-f]{64})+", line), line
    assert len(locked()) == len(instructions("requirements.lock"))


def test_the_lock_names_no_address() -> None:
    assert "://" not in deployed("requirements.lock")
    assert "index" not in deployed("requirements.lock")


def test_the_lock_satisfies_every_dependency_of_the_project() -> None:
    for requirement in wanted():
        version = locked()[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{requirement} but {version} is locked: refresh the lock"


def test_the_lock_holds_what_the_project_needs_and_no_more() -> None:
    here = {name: metadata.version(name) for name in needed()}
    if any(locked().get(name, version) != version for name, version in here.items() if name != "pip"):
        pytest.skip("other versions are installed here than the lock names, and they may need other things")
    assert set(locked()) == set(here)


def test_the_unit_gives_only_settings_and_credentials_that_exist() -> None:
    text = deployed("chatbot.service")
    given = re.findall(r"\b([A-Z][A-Z_]+)=", " ".join(re.findall(r"^#?\s*Environment=(.*)$", text, re.MULTILINE)))
    ours = {name for name in given if not name.startswith("PYTHON")}
    credentials = re.findall(r"^#?LoadCredential=(\w+):", text, re.MULTILINE)
    assert ours == {"DATABASE_PATH"}
    assert ours <= KNOWN
    assert len(credentials) == 4
    assert {name.upper() for name in credentials} <= SPELLINGS


def test_the_unit_does_not_start_again_what_only_a_person_can_mend() -> None:
    assert "RestartPreventExitStatus=2 3 4 5" in instructions("chatbot.service")
    assert "Restart=on-failure" in instructions("chatbot.service")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here to judge the unit")
def test_systemd_finds_the_unit_hard_to_abuse() -> None:
    unit = DEPLOY / "chatbot.service"
    done = subprocess.run(  # noqa: S603 - our own file
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=20", str(unit)],  # noqa: S607
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-200:] + done.stderr


def test_compose_gives_only_settings_that_exist_and_files_it_mounts() -> None:
    text = deployed("compose.yaml")
    given = re.findall(r"^ +(?:# )?([A-Z][A-Z_]+):", text, re.MULTILINE)
    assert "TELEGRAM_OWNERS" in given
    assert set(given) <= KNOWN
    mounted = re.findall(r"^ +(?:# )?- (\w+)$", text, re.MULTILINE)
    for name in given:
        if name.endswith("_FILE"):
            secret = name.removesuffix("_FILE").lower()
            assert f"{name}: /run/secrets/{secret}\n" in text
            assert f"file: ./secrets/{secret}\n" in text
            assert secret in mounted
        else:
            assert name not in SPELLINGS, "a secret comes as a file"


@pytest.mark.parametrize(("seen", "code"), [(WELL, 0), (replace(WELL, room=False), 1), (None, 1)])
def test_the_health_check_of_compose_hears_what_the_bot_tells(seen: Vitals | None, code: int) -> None:
    text = deployed("compose.yaml")
    [port] = re.findall(r'^ +HEALTH_PORT: "([0-9]+)"$', text, re.MULTILINE)
    [script] = re.findall(r'^ +test: \["CMD", "python", "-c", "([^"]+)"\]$', text, re.MULTILINE)
    script = re.sub(r"\\\n +", "", script)
    assert script.count(port) == 1

    async def checked(at: int) -> tuple[int | None, str]:
        words = (sys.executable, "-I", "-c", script.replace(port, str(at)))
        process = await asyncio.create_subprocess_exec(*words, stdout=PIPE, stderr=DEVNULL)
        out, _ = await process.communicate()
        return process.returncode, out.decode()

    async def main() -> None:
        async with HealthPort(0, lambda: seen or WELL) as door:
            if seen is not None:
                assert await checked(door.port) == (code, "\n".join(ailments(seen) or ("ok",)) + "\n")
        if seen is None:
            assert await checked(door.port) == (code, "")

    asyncio.run(main())


@pytest.mark.parametrize("line", ["read_only: true", "- ALL", "- no-new-privileges:true", "core: 0"])
def test_compose_leaves_the_container_nothing_it_does_not_need(line: str) -> None:
    assert line in instructions("compose.yaml")


def test_the_image_runs_as_a_numbered_person_who_is_not_root() -> None:
    lines = instructions("Dockerfile")
    last_stage = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM ")) :]
    [user] = [line.split()[1] for line in last_stage if line.startswith("USER ")]
    assert re.fullmatch(r"([1-9][0-9]{3,}):\1", user)
    assert last_stage.index(f"USER {user}") < last_stage.index('ENTRYPOINT ["python", "-m", "chatbot"]')
    assert f"-o {user.split(':')[0]} -g {user.split(':')[1]} -m 0700 /data" in deployed("Dockerfile")


def test_the_image_installs_by_the_lock_alone() -> None:
    installs = [line for line in instructions("Dockerfile") if "pip install" in line]
    assert len(installs) == 1
    assert "--require-hashes --only-binary=:all: -r /requirements.lock" in installs[0]


def test_the_image_is_told_only_settings_that_exist_and_no_secret() -> None:
    given = re.findall(r"\b([A-Z][A-Z_]+)=", " ".join(x for x in instructions("Dockerfile") if x.startswith("ENV ")))
    ours = {name for name in given if name != "PATH" and not name.startswith("PYTHON")}
    assert ours == {"DATABASE_PATH"}
    assert ours <= KNOWN - SPELLINGS


def test_only_what_is_named_can_enter_an_image() -> None:
    rules = [line for line in (TOP / ".dockerignore").read_text().split("\n") if line and not line.startswith("#")]
    assert rules == ["*", "!chatbot", "!deploy/requirements.lock", "**/__pycache__"]
    copied = [
        line.split()[1] for line in instructions("Dockerfile") if line.startswith("COPY ") and "--from" not in line
    ]
    assert [f"!{path}" for path in copied] == ["!deploy/requirements.lock", "!chatbot"]
