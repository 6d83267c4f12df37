"""From a typed command to the reply's request: the bot against python-telegram-bot's echo, plus the calls it needs.

    python -m tests.benchmarks.commands     goal: at most 1.3 times

/help needs no call to KuCoin. /price asks two questions at the same time; their cost is measured
as two bare httpx requests sent together, over connections that are kept.
"""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from chatbot.sandbox.telegram_phone import Phone
from chatbot.sandbox.world import OWNER, Sandbox
from tests.benchmarks.bots import bare, first_poll, ours, unlimited_sandbox

RUNS = 15
PAUSE = 1.1
"""Seconds between commands of one chat: the bot keeps to Telegram's message a second."""

QUESTIONS = ("/spot/api/v1/market/stats?symbol=BTC-USDT", "/futures/api/v1/contracts/XBTUSDTM")


async def reply_time(sandbox: Sandbox, phone: Phone, line: str) -> float:
    replies = len(sandbox.telegram.calls("sendMessage"))
    began = time.perf_counter()
    phone.write(line)
    await sandbox.telegram.until(lambda: len(sandbox.telegram.calls("sendMessage")) > replies or None)
    return time.perf_counter() - began


async def calls_time(client: httpx.AsyncClient, sandbox: Sandbox) -> float:
    began = time.perf_counter()
    await asyncio.gather(*(client.get(sandbox.url + question) for question in QUESTIONS))
    return time.perf_counter() - began


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            unlimited_sandbox() as mine,
            unlimited_sandbox() as theirs,
            ours(mine, Path(folder)),
            bare(theirs),
            httpx.AsyncClient() as client,
        ):
            await asyncio.gather(first_poll(mine), first_poll(theirs))
            await measure(mine, theirs, client)


async def measure(mine: Sandbox, theirs: Sandbox, client: httpx.AsyncClient) -> None:
    my_phone, their_phone = Phone(mine.telegram, OWNER.user), Phone(theirs.telegram, OWNER.user)
    for line in ("/price btc", "/help"):
        await reply_time(mine, my_phone, line)
    await reply_time(theirs, their_phone, "warm")
    await calls_time(client, mine)
    helps, prices, echoes, calls = [], [], [], []
    for _ in range(RUNS):
        await asyncio.sleep(PAUSE)
        helps.append(await reply_time(mine, my_phone, "/help"))
        echoes.append(await reply_time(theirs, their_phone, "hello"))
        await asyncio.sleep(PAUSE)
        prices.append(await reply_time(mine, my_phone, "/price btc"))
        calls.append(await calls_time(client, mine))
    echo, call = statistics.median(echoes), statistics.median(calls)
    print(f"/help against an echo: {statistics.median(helps) / echo:.2f} (goal 1.3)")
    print(f"/price against an echo and its two calls: {statistics.median(prices) / (echo + call):.2f} (goal 1.3)")
    print(f"  echo {echo * 1000:.1f} ms, calls {call * 1000:.1f} ms,", end=" ")
    print(f"/help {statistics.median(helps) * 1000:.1f} ms, /price {statistics.median(prices) * 1000:.1f} ms")


if __name__ == "__main__":
    asyncio.run(main())
