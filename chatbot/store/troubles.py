"""What a failure of the database means: try later, make room, or restore a backup."""

import sqlite3
from pathlib import Path

_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_CLOSED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN}
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

_STORAGE = _LOCKED | _CLOSED | _BROKEN | {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}

_NO_ROOM_TO_SHARE = sqlite3.SQLITE_IOERR_SHMSIZE
"""A full disk is told so when the file of shared memory cannot grow."""


class StorageTrouble(Exception):
    """The database cannot be used now, and is sound as far as anybody knows. The sentence says what to do."""


class Damaged(Exception):
    """The file is not a sound database of a version we know. It is left as it is."""


def code_of(error: sqlite3.Error) -> int | None:
    """SQLite's primary code. What Python's own module complains of has none."""
    code = getattr(error, "sqlite_errorcode", None)
    if code == _NO_ROOM_TO_SHARE:
        return sqlite3.SQLITE_FULL
    return None if code is None else code & 0xFF


def fails(error: Exception) -> bool:
    """Whether it is trouble of the storage, and no bug of ours."""
    return isinstance(error, sqlite3.Error) and code_of(error) in _STORAGE


def lost_trust(error: sqlite3.Error) -> bool:
    """Nothing may be written after it: what a disk failed to write, or wrote wrongly, a second try only hides."""
    return code_of(error) in {sqlite3.SQLITE_IOERR, *_BROKEN}


def meant(path: Path, error: sqlite3.Error) -> StorageTrouble | Damaged | None:
    """None for what is no trouble of the storage: a bug of ours."""
    code = code_of(error)
    if code in _BROKEN:
        return Damaged(f"{path} is not a sound database ({error}). Restore a backup; nothing was repaired.")
    if code in _LOCKED:
        return StorageTrouble(f"{path} is locked by another program. Close that one, then start me again.")
    if code in _CLOSED:
        return StorageTrouble(f"{path} cannot be written ({error}). Make it and its folder writable for me.")
    if code == sqlite3.SQLITE_FULL:
        return StorageTrouble(f"The disk of {path} is full. Make room, then start me again.")
    if code == sqlite3.SQLITE_IOERR:
        return StorageTrouble(f"The disk failed under {path} ({error}). Look at the disk before you start me again.")
    return None
