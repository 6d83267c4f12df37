"""From the text of one setting to its value, by strict grammars.

Every reader raises ValueError for text it will not have, and says nothing about it: the
sentence for the person belongs to the setting, and the text may be a secret in the wrong place.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

_MONEY = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?", re.ASCII)
_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]+", re.ASCII)
_SYMBOL = re.compile(r"[A-Za-z0-9]{1,20}(-[A-Za-z0-9]{1,20})?", re.ASCII)
_SPOT_SYMBOL = re.compile(r"[A-Za-z0-9]{1,20}-[A-Za-z0-9]{1,20}", re.ASCII)
_MANY_SECONDS = re.compile(r"[0-9]{1,5}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,3}", re.ASCII)
_PORT = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_PERSON = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_GROUP = re.compile(r"-[1-9][0-9]{0,15}", re.ASCII)
_HEADER = re.compile(r"[!-~]+", re.ASCII)
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+(/[A-Za-z0-9._~/-]*)?", re.ASCII)
_BASE32 = re.compile(r"[A-Z2-7]{16,128}", re.ASCII)
_NAME = re.compile(r"[A-Za-z]+", re.ASCII)

_SHORTEST_CONFIRM = timedelta(seconds=5)
_LONGEST_CONFIRM = timedelta(seconds=600)
_SHORTEST_DEAD_MAN, _LONGEST_DEAD_MAN = timedelta(seconds=60), timedelta(days=1)
_MOST_SYMBOLS = 50
_LARGEST_DRIFT = Decimal(50)
_MOST_ORDERS = 600
_LAST_PORT = 65535

Named = TypeVar("Named", bound=Enum)


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError
    return text


def bot_token(text: str) -> str:
    return _matching(_TOKEN, text)


def header_secret(text: str) -> str:
    """Sent as a header as it stands."""
    return _matching(_HEADER, text)


def secret(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError
    return text


def people(text: str) -> frozenset[int]:
    return frozenset(int(_matching(_PERSON, part.strip())) for part in text.split(","))


def groups(text: str) -> frozenset[int]:
    return frozenset(int(_matching(_GROUP, part.strip())) for part in text.split(","))


def symbols(text: str) -> frozenset[str] | None:
    if text == "*":
        return None
    return frozenset(_matching(_SYMBOL, part.strip()).upper() for part in text.split(","))


def spot_symbols(text: str) -> frozenset[str]:
    """As many as KuCoin's dead man's switch takes."""
    found = frozenset(_matching(_SPOT_SYMBOL, part.strip()).upper() for part in text.split(","))
    if len(found) > _MOST_SYMBOLS:
        raise ValueError
    return found


def dead_man_time(text: str) -> timedelta:
    span = timedelta(seconds=int(_matching(_MANY_SECONDS, text)))
    if not _SHORTEST_DEAD_MAN <= span <= _LONGEST_DEAD_MAN:
        raise ValueError
    return span


def url(text: str) -> str:
    """Without the slash at its end. Unencrypted only on this machine; no password, query or fragment in it."""
    parts = urlsplit(_matching(_ADDRESS, text))
    host = parts.hostname or ""
    if not host or not (parts.scheme == "https" or on_this_machine(text)) or parts.port == 0:
        raise ValueError
    return text.rstrip("/")


def on_this_machine(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def money(text: str) -> Decimal:
    value = Decimal(_matching(_MONEY, text))
    if not value:
        raise ValueError
    return value


def money_or_nothing(text: str) -> Decimal:
    return Decimal(_matching(_MONEY, text))


def per_minute(text: str) -> int:
    value = int(_matching(_SECONDS, text))
    if not 1 <= value <= _MOST_ORDERS:
        raise ValueError
    return value


def port(text: str) -> int:
    value = int(_matching(_PORT, text))
    if value > _LAST_PORT:
        raise ValueError
    return value


def base32_secret(text: str) -> str:
    """As authenticator apps take it: eighty bits at least, in either case, spaces between the groups."""
    return _matching(_BASE32, text.replace(" ", "").upper().rstrip("="))


def drift(text: str) -> Decimal:
    value = money(text)
    if value > _LARGEST_DRIFT:
        raise ValueError
    return value


def confirm_time(text: str) -> timedelta:
    value = timedelta(seconds=int(_matching(_SECONDS, text)))
    if not _SHORTEST_CONFIRM <= value <= _LONGEST_CONFIRM:
        raise ValueError
    return value


def zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (KeyError, OSError) as error:
        raise ValueError from error


def one_of(kind: type[Named]) -> Callable[[str], Named]:
    """A member by its name, in either case."""

    def read(text: str) -> Named:
        try:
            return kind[_matching(_NAME, text).upper()]
        except KeyError:
            raise ValueError from None

    return read


def key_version(text: str) -> int:
    if text not in ("2", "3"):
        raise ValueError
    return int(text)


def yes_or_no(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise ValueError
    return text.lower() == "yes"


def path(text: str) -> Path:
    if not text.isprintable():
        raise ValueError
    return Path(text)
