"""Room kept free beside the database: a full disk must not keep a kill from being written."""

import contextlib
import errno
import os
from pathlib import Path

SIZE = 1024 * 1024
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Reserve:
    """A file that is given back to the disk when a write finds no room, and made again when there is some."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def there(self) -> bool:
        with contextlib.suppress(OSError):
            return self._path.stat().st_size == SIZE
        return False

    def keep(self) -> bool:
        """Makes it where it is missing. False when there is no room for it, and as much again."""
        if self.there:
            return True
        handle = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o600)
        try:
            os.posix_fallocate(handle, 0, 2 * SIZE)  # what only just fits would be needed again at once
            os.ftruncate(handle, SIZE)
        except OSError as error:
            os.ftruncate(handle, 0)
            if error.errno not in _NO_ROOM:
                raise
        finally:
            os.close(handle)
        return self.there

    def release(self) -> bool:
        """Gives the room back. False when there was none to give."""
        if not self.there:
            return False
        os.truncate(self._path, 0)
        return True
