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
    lines = ("/help", "/price btc", "same as /help", "same as /price btc")
    times: dict[str, list[float]] = {line: [] for line in lines}
    calls = []
    for _ in range(RUNS + 1):
        for line in ("/help", "/price btc"):
            await asyncio.sleep(PAUSE)
            times[line].append(await reply_time(mine, my_phone, line))
            said = mine.telegram.calls("sendMessage")[-1].fields["text"]
            buttons = sum(map(len, my_phone.messages[-1].keyboard))
            times[f"same as {line}"].append(await reply_time(theirs, their_phone, f"{buttons} {said}"))
        calls.append(await calls_time(client, mine))
    middle = {line: statistics.median(taken[1:]) * 1000 for line, taken in times.items()}
    call = statistics.median(calls[1:]) * 1000
    price = middle["/price btc"] / (middle["same as /price btc"] + call)
    print(f"/help against an echo of the same message: {middle['/help'] / middle['same as /help']:.2f} (goal 1.3)")
    print(f"/price against such an echo and its two calls: {price:.2f} (goal 1.3)")
    print("  ms:", ", ".join(f"{line} {taken:.1f}" for line, taken in middle.items()), f"calls {call:.1f}", sep=" ")


if __name__ == "__main__":
    asyncio.run(main())
