"""Whether an order can be written down safely now: the file is where we opened it, and there is room to spare."""

from collections.abc import Callable
from pathlib import Path

from chatbot.core.errors import Refused
from chatbot.store.fence import Fence
from chatbot.store.reserve import Reserve
from chatbot.store.troubles import StorageTrouble


class Safety:
    """`tell` hears of what ends the database's use."""

    def __init__(self, path: Path, reserve: Reserve, fence: Fence, tell: Callable[[Exception], None]) -> None:
        self._path = path
        self._file = self._identity()
        self.reserve = reserve
        self.fence = fence
        self._tell = tell

    def look(self) -> None:
        """SQLite would go on writing to a file that nobody will find again. Raises StorageTrouble."""
        if self._file is None or self._identity() != self._file:
            trouble = StorageTrouble(f"{self._path} was moved or removed while I used it. Put it back, then start me.")
            self._tell(trouble)
            raise trouble

    def hold(self) -> None:
        """Raises Refused while no order may leave."""
        try:
            self.look()
        except StorageTrouble as trouble:
            raise Refused(f"{trouble} Nothing was sent.") from trouble
        if not self.reserve.there:
            raise Refused("The disk under my database is full. No order leaves before there is room.")
        if self.fence.failed:
            raise Refused(f"I cannot write beside my database ({self.fence.failed}). No order leaves before I can.")

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
