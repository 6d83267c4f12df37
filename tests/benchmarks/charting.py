"""A chart of 200 candles: how long it takes, and whether anything else waits for it.

    python -m tests.benchmarks.charting     goals: 300 ms warm, the loop held up for 20 ms, others answered within 1 s

The loop is looked at every millisecond while one picture after another is drawn. The others are /help and a
tap on Refresh by another person, sent to the running bot while it draws four charts.
"""

import asyncio
import statistics
import tempfile
import time
from datetime import UTC
from decimal import Decimal
from pathlib import Path

from chatbot.chat.easel import Easel
from chatbot.core.chart_picture import ChartPicture, picture
from chatbot.core.charts import Chart, Timeframe
from chatbot.sandbox.world import OWNER, VIEWER, Sandbox
from tests.benchmarks.bots import first_poll, ours, unlimited_sandbox
from tests.core.charted import NOW, bars, instrument, level
from tests.playground import Talk

RUNS = 20
CANDLES = 200


def hilly() -> ChartPicture:
    closes = [str(Decimal(67_000) + (n * 7919) % 1500 - n) for n in range(CANDLES)]
    levels = tuple(level(str(66_000 + 100 * n), f"#{n}") for n in range(12))
    return picture(
        Chart(instrument=instrument(), timeframe=Timeframe.HOUR, bars=bars(closes), levels=levels, read_at=NOW), UTC
    )


async def lag(stop: asyncio.Event) -> float:
    """The longest that the loop came late, in seconds."""
    worst, pause = 0.0, 0.001
    while not stop.is_set():
        began = time.perf_counter()
        await asyncio.sleep(pause)
        worst = max(worst, time.perf_counter() - began - pause)
    return worst


async def drawing() -> None:
    easel, stop = Easel(), asyncio.Event()
    keeping = asyncio.create_task(easel.run())
    shown = hilly()
    began = time.perf_counter()
    await easel.draw(shown)
    cold = time.perf_counter() - began
    looking = asyncio.create_task(lag(stop))
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        png = await easel.draw(shown)
        times.append(time.perf_counter() - began)
    stop.set()
    held = await looking * 1000
    idle = asyncio.Event()
    asyncio.get_running_loop().call_later(sum(times), idle.set)
    alone = await lag(idle) * 1000
    warm = statistics.median(times) * 1000
    print(f"{CANDLES} candles: {warm:.0f} ms warm (goal 300), slowest {max(times) * 1000:.0f}, cold {cold * 1000:.0f}")
    print(f"the loop came late by {held:.1f} ms at most (goal 20), by {alone:.1f} when nothing was drawn")
    print(f"the picture has {len(png):,} bytes")
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def others(sandbox: Sandbox) -> None:
    owner, viewer = Talk(sandbox, OWNER.user), Talk(sandbox, VIEWER.user)
    price = await viewer.asks("/price btc", "BTC-USDT")
    data = price.keyboard[0][0].data
    await owner.asks("/chart btc 15m", "BTC-USDT 15m")
    helped, tapped = [], []
    for _ in range(5):
        for symbol in ("btc", "eth", "sol", "xrp"):
            owner.write(f"/chart {symbol} 15m")
        await asyncio.sleep(0.05)
        began = time.perf_counter()
        await viewer.asks("/help price", "/price")
        helped.append(time.perf_counter() - began)
        began = time.perf_counter()
        await viewer.answered(viewer.phone.tap(price.id, data).id)
        tapped.append(time.perf_counter() - began)
        await owner.reads("XRP-USDT 15m")
    print(
        f"while four charts are drawn: /help {max(helped) * 1000:.0f} ms, a tap {max(tapped) * 1000:.0f} ms (goal 1000)"
    )


async def main() -> None:
    await drawing()
    with tempfile.TemporaryDirectory() as folder:
        async with unlimited_sandbox() as sandbox, ours(sandbox, Path(folder)):
            await first_poll(sandbox)
            await others(sandbox)


if __name__ == "__main__":
    asyncio.run(main())
