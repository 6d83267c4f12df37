"""Process start to first poll, and resident memory: the bot against a bare python-telegram-bot polling bot.

python -m tests.benchmarks.start        goal: at most 1.5 times, under 90 MB
"""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from tests.benchmarks.bots import bare, first_poll, ours, resident_mib, unlimited_sandbox

RUNS = 15


async def timed_ours() -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        async with unlimited_sandbox() as sandbox:
            began = time.perf_counter()
            async with ours(sandbox, Path(folder)) as process:
                took = await first_poll(sandbox) - began
                return took, resident_mib(process)


async def timed_bare() -> tuple[float, float]:
    async with unlimited_sandbox() as sandbox:
        began = time.perf_counter()
        async with bare(sandbox) as process:
            took = await first_poll(sandbox) - began
            return took, resident_mib(process)


async def main() -> None:
    await timed_ours()
    await timed_bare()
    pairs = [(await timed_ours(), await timed_bare()) for _ in range(RUNS)]
    ratios = [mine[0] / theirs[0] for mine, theirs in pairs]
    print(f"start to first poll, ours / bare: median {statistics.median(ratios):.2f} of {RUNS} pairs (goal 1.5)")
    print(f"  ours {statistics.median(m[0] for m, _ in pairs) * 1000:.0f} ms,", end=" ")
    print(f"bare {statistics.median(t[0] for _, t in pairs) * 1000:.0f} ms")
    print(f"resident, ours {max(m[1] for m, _ in pairs):.0f} MiB (goal 90), bare {max(t[1] for _, t in pairs):.0f} MiB")


if __name__ == "__main__":
    asyncio.run(main())
