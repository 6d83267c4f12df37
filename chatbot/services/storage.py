"""The database while the bot runs: trusted at the start or not, kept room for, looked over, given up when it fails."""

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path

from chatbot import __version__
from chatbot.core.notices import Lane, Letter
from chatbot.core.preferences import Kind
from chatbot.core.times import in_words
from chatbot.services.disk import note_examined
from chatbot.services.killswitch import KillSwitch
from chatbot.services.routing import tell_desk
from chatbot.store.database import look_at
from chatbot.store.store import Store

log = logging.getLogger(__name__)

_BOOT = "start of the host"
_DISK = "no room on the disk"

FULL = "The disk under my database is full. /kill still works; no order leaves before there is room."
ROOM = "There is room on the disk again, after {}: orders may leave."


class Alarm:
    """Rung by the first trouble that ends the database's use, whoever else caught its error."""

    def __init__(self) -> None:
        self.trouble: Exception | None = None
        self._rung = asyncio.Event()

    def ring(self, trouble: Exception) -> None:
        if self.trouble is None:
            log.critical("%s", trouble)
            self.trouble = trouble
            self._rung.set()

    async def sound(self) -> None:
        """Raises the trouble once there is one."""
        await self._rung.wait()
        if self.trouble is not None:
            raise self.trouble


class Storage:
    def __init__(self, *, store: Store, path: Path, owners: Iterable[int]) -> None:
        self._store = store
        self._path = path
        self._owners = tuple(owners)
        self._full = False
        self.begun = False
        """Whether the database could be written, at least once."""

    def begin(self, killswitch: KillSwitch) -> None:
        """Before anything is sent. In a database that may not be the one we left, trading is stopped.

        What it holds was perhaps done already: updates are not handled again, and every letter
        that waits is marked as a possible repeat.
        """
        self._store.facts.set("last start", __version__)
        self.begun = True
        self._notice_new_start()
        safety = self._store.safety
        cause = safety.fence.doubt()
        if cause:
            log.error("trading is stopped: %s", cause)
            with self._store.atomic():
                self._store.distrust()
                stood = killswitch.standing() is not None
                killswitch.halt(cause)
                if stood:
                    self._say(f"Trading stays stopped, for one more reason: {cause}")
        safety.fence.write()
        self._full = not safety.reserve.keep()
        self._tell_room()

    def _notice_new_start(self) -> None:
        """Of the host: with its power, marks of what was being sent may have been lost."""
        boot, facts = self._store.uptime().boot, self._store.facts
        if facts.get(_BOOT) != boot:
            with self._store.atomic():
                self._store.doubt_letters()
                facts.set(_BOOT, boot)

    async def tend(self) -> None:
        """Every few seconds. Raises StorageTrouble."""
        safety = self._store.safety
        safety.look()
        safety.fence.write()
        if safety.reserve.there:
            return
        self._full = True
        self._tell_room()
        self._full = not safety.reserve.keep()
        self._tell_room()

    async def examine(self) -> None:
        """All of it, every page and every record, by a connection of its own. Raises Damaged."""
        await asyncio.to_thread(look_at, self._path)
        note_examined(self._store)

    def _tell_room(self) -> None:
        """Once when there is none, then ever more rarely while there is none, and once when there is again."""
        complaints = self._store.complaints
        with self._store.atomic():
            if self._full:
                if complaints.due(_DISK, self._store.now()) is not None:
                    self._say(FULL)
            elif (span := complaints.over(_DISK)) is not None:
                self._say(ROOM.format(in_words(span)))

    def _say(self, text: str) -> None:
        tell_desk(self._store, self._owners, Letter(chat_id=0, lane=Lane.ANSWER, text=text, kind=Kind.SYSTEM))
