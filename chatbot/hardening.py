"""Keeps what this process holds from other processes: no core dump, nothing to read for those of the same user.

Python cannot wipe the secrets it works with. What can be closed is closed, where the system knows how.
"""

import ctypes
import os
import resource
import sys
from collections.abc import Iterable
from contextlib import suppress

_PR_SET_DUMPABLE = 4


def close_to_others() -> None:
    """No core file, on Linux no debugger and no look into /proc either, but for root."""
    with suppress(OSError, ValueError):  # a supervisor may have forbidden the call, having set the limit itself
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def forget(names: Iterable[str]) -> None:
    """Takes these variables out of the environment, and their text out of what the process was started with."""
    for name in names:
        if name not in os.environ:
            continue
        if sys.platform == "linux":
            _blot_out(name)
        del os.environ[name]


def _blot_out(name: str) -> None:
    """Overwritten where it stands: unsetting a variable leaves its text in /proc/self/environ."""
    getenv = ctypes.CDLL(None).getenv
    getenv.restype, getenv.argtypes = ctypes.c_void_p, (ctypes.c_char_p,)
    place = getenv(os.fsencode(name))
    if place:
        ctypes.memset(place, 0, len(ctypes.string_at(place)))
