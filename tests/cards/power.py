"""What a disk holds when the power goes: the writes of each file up to its last sync, and of the rest nothing or half.

strace tells every write, cut and sync of the bot, and the moment at which an order's bytes left.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from chatbot.core.values import frozen

_LINE = re.compile(
    r"^\d+ +(?P<call>pwrite64|ftruncate|fdatasync|fsync|sendto|unlink)\((?:\d+<(?P<file>[^>]*)>|\"(?P<gone>[^\"]*)\")"
    r"(?:, \"(?P<data>[^\"]*)\"(?:\.\.\.)?, \d+)?(?:, (?P<number>\d+))?"
)
TRACED = ("-y", "-xx", "-s", "70000", "-e", "trace=pwrite64,ftruncate,fdatasync,fsync,sendto,unlink")
_ORDER = b"POST /spot/api/v1/hf/orders "


@dataclass(slots=True)
class _File:
    durable: bytes = b""
    cached: bytearray = field(default_factory=bytearray)
    last: tuple[int, bytes] = (0, b"")

    def change(self, call: str, offset: int, data: bytes) -> None:
        if call == "ftruncate":
            del self.cached[offset:]
            return
        self.cached.extend(bytes(max(0, offset + len(data) - len(self.cached))))
        self.cached[offset : offset + len(data)] = data
        self.last = offset, data

    def torn(self) -> bytes:
        """With the first half of the latest write that was not synced."""
        offset, data = self.last
        kept = bytearray(self.durable)
        half = data[: len(data) // 2]
        kept.extend(bytes(max(0, offset + len(half) - len(kept))))
        kept[offset : offset + len(half)] = half
        return bytes(kept)


@frozen
class PowerLoss:
    """The files as they are found, by name; `sent` when an order's bytes had left before."""

    files: dict[str, bytes]
    sent: bool

    def lay(self, folder: Path) -> None:
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


def losses(log: Path, database: Path) -> Iterator[PowerLoss]:
    """One before each sync of the database and its log, and one with its last write torn; and when the order leaves."""
    files: dict[str, _File] = {}
    sent = False
    for found in filter(None, map(_LINE.match, log.read_text().splitlines())):
        name, call = _text(found["file"] or found["gone"] or ""), found["call"]
        if call == "sendto" and not sent and _bytes(found["data"] or "").startswith(_ORDER):
            sent = True
            yield _found(files, sent=True)
        if not name.startswith(str(database)):
            continue
        file = files.setdefault(name, _File())
        if call in ("fdatasync", "fsync"):
            yield _found(files, sent=sent)
            yield _found(files, sent=sent, torn=name)
            file.durable = bytes(file.cached)
        elif call == "unlink":
            del files[name]
        else:
            file.change(call, int(found["number"]), _bytes(found["data"] or ""))


def _found(files: dict[str, _File], *, sent: bool, torn: str = "") -> PowerLoss:
    kept = {Path(name).name: file.torn() if name == torn else file.durable for name, file in files.items()}
    return PowerLoss(files={name: kept[name] for name in kept if not name.endswith("-shm")}, sent=sent)


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


def _text(name: str) -> str:
    return _bytes(name).decode() if name.startswith("\\x") else name
