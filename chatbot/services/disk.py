"""What can be said of the database's file: how large it is, when it was gone over, when a copy was made."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from chatbot.core.values import frozen
from chatbot.store.database import backup_mark
from chatbot.store.store import Store

_EXAMINED = "database examined"


@frozen
class Disk:
    """`size` in bytes, with what is written beside the file. `backed_up_at`: by `chatbot backup`, the last time."""

    size: int = 0
    examined_at: datetime | None = None
    backed_up_at: datetime | None = None


def look(store: Store) -> Disk:
    path, examined = store.path, store.facts.get(_EXAMINED)
    return Disk(
        size=_size(path) + _size(path.with_name(path.name + "-wal")),
        examined_at=None if examined is None else datetime.fromisoformat(examined),
        backed_up_at=_changed(backup_mark(path)),
    )


def free_bytes(store: Store) -> int | None:
    """What anybody but root may still write beside the database; None where nobody says."""
    try:
        return shutil.disk_usage(store.path.parent).free
    except OSError:
        return None


def note_examined(store: Store) -> None:
    """All of it is sound as of now."""
    store.facts.set(_EXAMINED, store.now().isoformat())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _changed(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return None
