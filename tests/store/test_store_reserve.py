import resource
import stat
import subprocess
import sys
from pathlib import Path

from chatbot.store.reserve import SIZE, Reserve


def test_the_reserve_is_real_room_that_nobody_else_reads(tmp_path: Path) -> None:
    path = tmp_path / "chatbot.db.reserve"
    reserve = Reserve(path)
    assert not reserve.there
    assert not reserve.release()
    assert reserve.keep()
    assert reserve.keep()
    assert (path.stat().st_size, stat.S_IMODE(path.stat().st_mode)) == (SIZE, 0o600)
    assert path.stat().st_blocks * 512 >= SIZE


def test_what_is_released_is_room_again_and_is_made_anew(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "chatbot.db.reserve")
    reserve.keep()
    assert reserve.release()
    assert (tmp_path / "chatbot.db.reserve").stat().st_blocks == 0
    assert not reserve.there
    assert not reserve.release()
    assert reserve.keep()
    assert reserve.there


_KEEP = """
import resource, signal, sys
from pathlib import Path
from chatbot.store.reserve import Reserve
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
print(Reserve(Path(sys.argv[1])).keep())
"""


def test_without_room_there_is_no_reserve_and_no_error(tmp_path: Path) -> None:
    path = tmp_path / "chatbot.db.reserve"
    for most, kept in ((SIZE, "False"), (2 * SIZE, "True")):
        done = subprocess.run(  # noqa: S603 - our own
            [sys.executable, "-c", _KEEP, str(path), str(most)], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == kept
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
