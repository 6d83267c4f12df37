"""The painter's process: started when wanted, handed nothing, never outliving the bot, and replaced when it fails."""

import asyncio
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path

import pytest

from chatbot.chat.easel import Easel, NotDrawn
from chatbot.core.chart_picture import picture
from tests.core.charted import chart
from tests.playground import eventually

PICTURE = picture(chart(["100", "101", "99"]), UTC)
HEAD = "import os, struct, sys\nread, write = sys.stdin.buffer.read, sys.stdout.buffer.write\n"
READY = "write(bytes(4)); sys.stdout.flush()\n"
"""What a painter of a few lines begins with: its pipes, and the word that it is ready."""

ANSWERS = """
while head := read(4):
    asked = read(*struct.unpack('>I', head))
    {deed}
    write(struct.pack('>I', len(answer)) + answer); sys.stdout.flush()
"""


def _painter(deed: str, before: str = READY) -> tuple[str, ...]:
    return (sys.executable, "-c", HEAD + before + ANSWERS.format(deed=deed))


@contextlib.asynccontextmanager
async def _easel(*painter: str, within: float = 10.0) -> AsyncIterator[Easel]:
    """As long as the bot runs."""
    easel = Easel(painter=painter, within=within) if painter else Easel(within=within)
    running = asyncio.create_task(easel.run())
    try:
        yield easel
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert easel.painter is None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_picture_is_a_png_and_one_process_draws_them_all() -> None:
    async def story() -> None:
        async with _easel() as easel:
            assert easel.painter is None
            pictures = await asyncio.gather(*(easel.draw(PICTURE) for _ in range(3)))
            assert all(png.startswith(b"\x89PNG\r\n\x1a\n") for png in pictures)
            first = easel.painter
            await easel.draw(PICTURE)
            assert easel.painter == first

    asyncio.run(story())


def test_it_is_handed_no_setting_and_only_what_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUCOIN_API_SECRET", "made-up-secret")

    async def story() -> None:
        deed = "answer = repr(sorted(os.environ)).encode() + repr(dict(os.environ)).encode() + asked"
        async with _easel(*_painter(deed)) as easel:
            seen = await easel.draw(PICTURE)
            assert b"made-up" not in seen
            assert b"KUCOIN" not in seen
            assert pickle.loads(seen[seen.index(pickle.dumps(PICTURE)) :]) == PICTURE  # noqa: S301 - our own

    asyncio.run(story())


def test_one_that_dies_costs_one_picture() -> None:
    async def story() -> None:
        deed = "answer = b'drawn' if not os.path.exists({0!r}) else os._exit(7)"
        async with _easel() as easel:
            await easel.draw(PICTURE)
            assert easel.painter is not None
            os.kill(easel.painter, signal.SIGKILL)
            with pytest.raises(NotDrawn, match=r"The drawing broke\. Nothing else was touched; ask again\."):
                await easel.draw(PICTURE)
            assert (await easel.draw(PICTURE)).startswith(b"\x89PNG")
        async with _easel(*_painter(deed.format(sys.executable))) as easel:
            for _ in range(2):
                with pytest.raises(NotDrawn, match="broke"):
                    await easel.draw(PICTURE)

    asyncio.run(story())


def test_one_that_hangs_is_ended_and_the_next_picture_is_drawn(tmp_path: Path) -> None:
    async def story() -> None:
        mark = tmp_path / "hung"
        deed = f"""
    if not os.path.exists({str(mark)!r}):
        open({str(mark)!r}, 'w').close()
        while True: pass
    answer = b'drawn'"""
        async with _easel(*_painter(deed), within=0.3) as easel:
            hanging = asyncio.create_task(easel.draw(PICTURE))
            await eventually(mark.exists)
            pid = easel.painter
            assert pid is not None
            with pytest.raises(NotDrawn, match="took too long"):
                await hanging
            assert not _alive(pid)
            assert await easel.draw(PICTURE) == b"drawn"

    asyncio.run(story())


@pytest.mark.parametrize(
    "before",
    ["sys.exit(1)\n", "raise RuntimeError('made up')\n", "write(b'\\xff' * 4); sys.stdout.flush()\n"],
)
def test_one_that_cannot_begin_is_told_plainly(before: str, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with _easel(*_painter("answer = b''", before)) as easel:
            for _ in range(2):
                with pytest.raises(NotDrawn, match="broke"):
                    await easel.draw(PICTURE)
                assert easel.painter is None

    asyncio.run(story())
    assert ("made up" in before) == any("RuntimeError: made up" in record.message for record in caplog.records)


def test_a_command_that_is_not_there_is_told_plainly() -> None:
    async def story() -> None:
        async with _easel("/nowhere/python") as easel:
            with pytest.raises(NotDrawn, match="broke"):
                await easel.draw(PICTURE)

    asyncio.run(story())


def test_it_rests_when_it_drew_nothing_for_a_while() -> None:
    async def story() -> None:
        async with _easel(*_painter("answer = b'drawn'")) as easel:
            await easel.rest(0)
            await easel.draw(PICTURE)
            pid = easel.painter
            await easel.rest(60)
            assert easel.painter == pid
            await easel.rest(0)
            assert easel.painter is None
            assert pid is not None
            assert not _alive(pid)
            assert await easel.draw(PICTURE) == b"drawn"

    asyncio.run(story())


def test_what_a_painter_leaves_behind_holds_nobody_up(tmp_path: Path) -> None:
    """A child of its own that keeps its pipes open."""

    async def story() -> None:
        mark = tmp_path / "child"
        deed = f"""
    child = os.fork()
    if not child:
        import time
        time.sleep(60)
    open({str(mark)!r}, 'w').write(str(child))
    while True: pass"""
        async with asyncio.timeout(5):
            async with _easel(*_painter(deed), within=0.5) as easel:
                with pytest.raises(NotDrawn, match="took too long"):
                    await easel.draw(PICTURE)
        assert not _alive(int(mark.read_text()))

    asyncio.run(story())


def test_a_picture_given_up_does_not_come_as_the_answer_to_the_next() -> None:
    async def story() -> None:
        deed = "import time; time.sleep(0.2); answer = asked"
        async with _easel(*_painter(deed)) as easel:
            given_up = asyncio.create_task(easel.draw(PICTURE))
            await eventually(lambda: easel.painter is not None)
            given_up.cancel()
            await asyncio.gather(given_up, return_exceptions=True)
            other = picture(chart(["1", "2"]), UTC)
            assert await easel.draw(other) == pickle.dumps(other)

    asyncio.run(story())


def _closed_to_others(folder: Path) -> bool:
    return folder.is_dir() and folder.stat().st_mode & 0o77 == 0


def _gone(folder: Path) -> bool:
    return not folder.exists()


def test_its_folder_goes_with_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with _easel(*_painter("answer = os.environ['MPLCONFIGDIR'].encode()")) as easel:
            folder = Path((await easel.draw(PICTURE)).decode())
            assert _closed_to_others(folder)
        assert _gone(folder)

    asyncio.run(story())


def test_it_dies_with_a_bot_that_is_killed() -> None:
    script = textwrap.dedent(
        """
        import asyncio, os
        from datetime import UTC
        from chatbot.chat.easel import Easel
        from chatbot.core.chart_picture import picture
        from tests.core.charted import chart

        async def main() -> None:
            easel = Easel()
            await easel.draw(picture(chart(["100", "101"]), UTC))
            print(easel.painter, flush=True)
            await asyncio.sleep(60)

        asyncio.run(main())
        """
    )
    # Our own interpreter, our own lines.
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as bot:  # noqa: S603
        assert bot.stdout is not None
        painter = int(bot.stdout.readline())
        assert _alive(painter)
        bot.kill()
    deadline = time.monotonic() + 10
    while _alive(painter) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _alive(painter)
