"""Where the text of a setting comes from: the environment, `.env`, a secret's file, a systemd credential.

Nothing is interpreted here beyond finding it. No sentence of this module ever holds
a value: whoever pasted a token into the wrong line must not read it again in a log.
"""

import difflib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import Path

from chatbot.core.values import frozen

SECRETS: Mapping[str, tuple[str, ...]] = {
    "TELEGRAM_BOT_TOKEN": (),
    "KUCOIN_API_KEY": (),
    "KUCOIN_API_SECRET": ("KUCOIN_SECRET_KEY",),
    "KUCOIN_API_PASSPHRASE": ("KUCOIN_PASSPHRASE",),
    "KUCOIN_FUTURES_API_KEY": (),
    "KUCOIN_FUTURES_API_SECRET": (),
    "KUCOIN_FUTURES_API_PASSPHRASE": (),
    "TOTP_SECRET": (),
}
"""Every secret, with the other names it answers to."""

OUR_PREFIXES = ("KUCOIN_", "TELEGRAM_", "ORDER_", "DAILY_", "TRADING_", "TOTP_")
"""A name of the environment that begins so is meant for us, and refused when we do not know it."""

_DOT_ENV = ".env"
_LARGEST_SECRET = 4096
_PRIVATE = stat.S_IRUSR | stat.S_IWUSR
_WRITABLE = stat.S_IWGRP | stat.S_IWOTH
_LINE = re.compile(
    r"""(?:export\s+)? ([A-Z][A-Z0-9_]*) \s* = \s*+
        (?: '([^']*)' | "([^"]*)" | ((?!['"]) (?: (?!(?<=\s)\#) . )*) )
        \s* (?: (?<=\s)\#.* )?""",
    re.VERBOSE | re.ASCII,
)
"""`NAME=value`, `NAME="value"`, `export NAME='value'  # note`. Nothing is escaped or interpolated."""


class Unreadable(Exception):
    """A source was named but cannot be used; the text says why, without its contents."""


@frozen
class Gathered:
    """`texts` by setting; `problems` are lines without a value; `broken` settings were given, but unusably."""

    texts: Mapping[str, str] = field(repr=False)
    problems: tuple[str, ...]
    broken: frozenset[str]


def gather(environ: Mapping[str, str], directory: Path, names: Iterable[str]) -> Gathered:
    """The text of every setting of `names` that is given. An empty string is no text; the environment beats `.env`."""
    known = _spellings(names)
    written, problems = _read_dot_env(directory / _DOT_ENV)
    problems += [_unknown(name, "the environment", known) for name in environ if _ours(name) and name not in known]
    problems += [_unknown(name, _DOT_ENV, known) for name in written if name not in known]
    given = {name: text for source in (written, environ) for name, text in source.items() if text and name in known}
    texts = {name: given[name].strip() for name in names if name in given and name not in SECRETS}
    broken = set()
    for name in SECRETS:
        try:
            found = list(_sources(name, given, directory, environ.get("CREDENTIALS_DIRECTORY", "")))
            texts.update({name: _agreed(found)} if found else {})
        except Unreadable as error:
            problems.append(f"{name}: {error}")
            broken.add(name)
    return Gathered(texts=texts, problems=tuple(problems), broken=frozenset(broken))


def _spellings(names: Iterable[str]) -> frozenset[str]:
    secret = {spelling for name, others in SECRETS.items() for spelling in (name, *others)}
    return frozenset({*names, *secret, *(f"{spelling}_FILE" for spelling in secret)})


def _ours(name: str) -> bool:
    return name.startswith(OUR_PREFIXES)


def _unknown(name: str, place: str, known: frozenset[str]) -> str:
    nearest = difflib.get_close_matches(name, sorted(known), n=1)
    return f"{name}: no such setting (in {place})" + (f"; did you mean {nearest[0]}?" if nearest else "")


def _read_dot_env(path: Path) -> tuple[dict[str, str], list[str]]:
    """A stricter reader than the usual ones: nothing is interpolated, and a line it cannot read is a problem.

    Refused when others can write it, for it names who may trade, or can read a secret in it.
    """
    if not path.is_file():
        return {}, []
    try:
        found, problems = _pairs(path.read_text(encoding="utf-8-sig"))
        secret = any(found.get(spelling) for name, others in SECRETS.items() for spelling in (name, *others))
        _check_place(path, path.stat(), private=secret)
    except (OSError, UnicodeDecodeError) as error:
        return {}, [f"{_DOT_ENV}: cannot be read ({_reason(error)})"]
    except Unreadable as error:
        return found, [*problems, f"{_DOT_ENV}: {error}"]
    return found, problems


def _pairs(text: str) -> tuple[dict[str, str], list[str]]:
    found: dict[str, str] = {}
    problems: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        pair = _LINE.fullmatch(line.strip())
        if pair is None:
            problems.append(f"{_DOT_ENV} line {number}: expected NAME=value, for example ORDER_MAX_NOTIONAL=100")
        elif pair[1] in found:
            problems.append(f"{pair[1]}: given twice in {_DOT_ENV} (again in line {number})")
        else:
            found[pair[1]] = pair[2] or pair[3] or (pair[4] or "").rstrip()
    return found, problems


@frozen
class _Source:
    """One place that gives a secret: of what kind, how people call it, and the text it holds."""

    kind: str
    label: str
    text: str = field(repr=False)


def _agreed(found: list[_Source]) -> str:
    """The one text a secret has. Raises Unreadable when its sources are two, or disagree."""
    if len({source.kind for source in found}) > 1 or len({source.text for source in found}) > 1:
        raise Unreadable(f"given by {' and by '.join(source.label for source in found)}; leave one of them")
    return found[0].text


def _sources(name: str, given: Mapping[str, str], directory: Path, credentials: str) -> Iterator[_Source]:
    """`credentials` is systemd's folder, empty where there is none. Raises Unreadable."""
    for spelling in (name, *SECRETS[name]):
        if spelling in given:
            yield _Source(kind="value", label=spelling, text=given[spelling])
        if path := given.get(f"{spelling}_FILE"):
            text = _read_secret(directory / path, private=True)
            yield _Source(kind="file", label=f"{spelling}_FILE", text=text)
        credential = directory / credentials / spelling.lower()
        if credentials and credential.exists():
            text = _read_secret(credential, private=False)
            yield _Source(kind="credential", label=f"the systemd credential {spelling.lower()}", text=text)


def _read_secret(path: Path, *, private: bool) -> str:
    """The file's text without its trailing newline. Raises Unreadable."""
    try:
        raw = _checked_bytes(path, private=private)
        text = raw.decode("utf-8").rstrip("\r\n")
    except OSError as error:
        raise Unreadable(f"its file cannot be read ({_reason(error)})") from None
    except UnicodeDecodeError:
        raise Unreadable("its file is not text") from None
    except ValueError:
        raise Unreadable("its file cannot be read (not a path)") from None
    if len(raw) > _LARGEST_SECRET:
        raise Unreadable(f"its file is larger than {_LARGEST_SECRET} bytes")
    if not text:
        raise Unreadable("its file is empty")
    return text


def _checked_bytes(path: Path, *, private: bool) -> bytes:
    """Opened once, so that what is checked is what is read; not waiting, because a pipe could make us."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("its file is not a regular file")
        if private:
            _check_place(path, status, private=True)
        return os.read(handle, _LARGEST_SECRET + 1)
    finally:
        os.close(handle)


def _check_place(path: Path, status: os.stat_result, *, private: bool) -> None:
    """Nobody but us and root may write the file, put another in its place or, if `private`, read it.

    Raises Unreadable.
    """
    if status.st_uid not in (0, os.geteuid()):
        raise Unreadable(f"its file belongs to somebody else; run: chown {os.geteuid()} {path}")
    if stat.S_IMODE(status.st_mode) & (~_PRIVATE if private else _WRITABLE):
        raise Unreadable(f"its file is open to other people of this machine; run: chmod 600 {path}")
    for folder in sorted({*path.absolute().parents, *path.resolve().parents}, reverse=True):
        of_folder = folder.stat()
        if of_folder.st_uid not in (0, os.geteuid()):
            raise Unreadable(f"the folder {folder} belongs to somebody else, who could exchange the file")
        if of_folder.st_mode & _WRITABLE and not of_folder.st_mode & stat.S_ISVTX:
            raise Unreadable(f"others could exchange the file; run: chmod go-w {folder}")


def _reason(error: Exception) -> str:
    return (error.strerror or "refused").lower() if isinstance(error, OSError) else "not text"
