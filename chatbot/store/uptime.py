"""How long the host has been up, and since which of its starts."""

import os
from datetime import timedelta
from pathlib import Path

from chatbot.core.times import Uptime, waking_seconds

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def host_uptime() -> Uptime:
    """Where the host does not tell its starts apart, those of this process stand in: the stricter of the two."""
    try:
        boot = _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        boot = f"process {os.getpid()}"
    return Uptime(boot=boot, awake=timedelta(seconds=waking_seconds()))
