"""Where pictures are drawn: a process that is started when one is wanted, and ends when none was for some minutes.

It is handed no setting and no secret, only the numbers of one picture; it ends with us, for its input closes then. One
that dies, or does not answer in time, costs the picture it was drawing: the next starts another.
"""

import asyncio
import contextlib
import logging
import os
import pickle
import signal
import struct
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import chatbot
from chatbot.core.chart_picture import ChartPicture
from chatbot.core.errors import ChatbotError

log = logging.getLogger(__name__)

PAINTER = (sys.executable, "-P", "-m", "chatbot.chat.painting")

_LENGTH = struct.Struct(">I")
_LARGEST = 8 * 1024 * 1024
_STARTS_WITHIN = 30.0
_DRAWS_WITHIN = 10.0
_TIDIES_WITHIN = 1.0
_LAST_WORDS = 500


class NotDrawn(ChatbotError):
    """The picture could not be made; nothing else was touched."""


class _Painter:
    """The process, and a folder of its own for what matplotlib writes down."""

    def __init__(self, process: asyncio.subprocess.Process, folder: "tempfile.TemporaryDirectory[str]") -> None:
        self._process = process
        self._folder = folder
        self._asked, self._answers, self._errors = process.stdin, process.stdout, process.stderr

    @property
    def pid(self) -> int:
        return self._process.pid

    async def draw(self, picture: bytes) -> bytes:
        """Raises EOFError (IncompleteReadError) and OSError when it died."""
        if self._asked is None:
            raise EOFError
        self._asked.write(_LENGTH.pack(len(picture)) + picture)
        await self._asked.drain()
        return await self.answer()

    async def answer(self) -> bytes:
        """Raises like `draw`."""
        if self._answers is None:
            raise EOFError
        (length,) = _LENGTH.unpack(await self._answers.readexactly(_LENGTH.size))
        if length > _LARGEST:
            raise EOFError
        return await self._answers.readexactly(length)

    async def end(self, patience: float) -> str:
        """Its input is closed; if it does not end with that in time it is killed. Returns its last words."""
        if self._asked is not None:
            self._asked.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # with whatever it started: that may hold its pipes open
        await self._process.wait()
        said = b"" if self._errors is None else await self._errors.read()
        self._folder.cleanup()
        return said.decode(errors="replace").strip()[-_LAST_WORDS:]


class Easel:
    """`painter` is the command that is run, `within` the seconds one picture may take."""

    def __init__(self, *, painter: Sequence[str] = PAINTER, within: float = _DRAWS_WITHIN) -> None:
        self._command = painter
        self._within = within
        self._turn = asyncio.Lock()
        self._painter: _Painter | None = None
        self._used_at = 0.0

    @property
    def painter(self) -> int | None:
        """The process that draws now, if one does."""
        return None if self._painter is None else self._painter.pid

    async def draw(self, picture: ChartPicture) -> bytes:
        """A PNG. Raises NotDrawn."""
        asked = pickle.dumps(picture)
        async with self._turn:
            try:
                if self._painter is None:
                    self._painter = await self._begun()
                async with asyncio.timeout(self._within):
                    return await self._painter.draw(asked)
            except (TimeoutError, EOFError, OSError) as error:
                log.warning("a chart could not be drawn (%s): %s", type(error).__name__, await self._dismissed())
                raise NotDrawn(_sentence(error)) from error
            except asyncio.CancelledError:
                await self._dismissed()  # half an answer may be on its way
                raise
            finally:
                self._used_at = asyncio.get_running_loop().time()

    async def rest(self, idle: float) -> None:
        """Ends a process that has drawn nothing for so many seconds."""
        async with self._turn:
            if self._painter is not None and asyncio.get_running_loop().time() - self._used_at >= idle:
                await self._dismissed(_TIDIES_WITHIN)

    async def run(self) -> None:
        """Until cancelled, as long as the bot: no process outlives it."""
        try:
            await asyncio.Event().wait()
        finally:
            await self._dismissed(_TIDIES_WITHIN)

    async def _begun(self) -> _Painter:
        folder = tempfile.TemporaryDirectory(prefix="chart-", ignore_cleanup_errors=True)
        try:
            process = await _started(self._command, folder.name)
        except BaseException:
            folder.cleanup()
            raise
        painter = self._painter = _Painter(process, folder)
        async with asyncio.timeout(_STARTS_WITHIN):
            await painter.answer()
        return painter

    async def _dismissed(self, patience: float = 0.0) -> str:
        painter, self._painter = self._painter, None
        return "" if painter is None else await painter.end(patience)


async def _started(command: Sequence[str], folder: str) -> asyncio.subprocess.Process:
    """In a session of its own: Ctrl-C is for the bot, which ends it in its turn."""
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, stderr=pipe, env=_environment(folder), start_new_session=True
    )


def _sentence(error: Exception) -> str:
    why = "took too long" if isinstance(error, TimeoutError) else "broke"
    return f"The drawing {why}. Nothing else was touched; ask again."


def _environment(folder: str) -> dict[str, str]:
    """None of ours: there are secrets in it. Only matplotlib's own fonts are looked through, which is quicker."""
    return {
        "PYTHONPATH": str(Path(chatbot.__file__).resolve().parent.parent),
        "PATH": os.defpath,
        "MPLCONFIGDIR": folder,
        "MPL_IGNORE_SYSTEM_FONTS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
