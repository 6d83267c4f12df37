"""The running bot right after a start: deaf to nothing, and careful with orders until it knows what there is."""

import asyncio
from pathlib import Path

from chatbot.sandbox.faults import Fault
from tests.playground import running, sandbox_and_people


def test_a_kill_is_heard_while_the_start_is_not_over(tmp_path: Path) -> None:
    async def tell() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            ground.sandbox.faults.switch(Fault.UNAVAILABLE, on=True)
            async with running(ground.settings):
                await ground.owner.asks("/status", "still finding out what rests on KuCoin")
                await ground.owner.asks("/kill", "STOPPED")
                ground.sandbox.faults.clear()
            assert ground.sandbox.exchange.posts == []

    asyncio.run(tell())


def test_an_order_is_refused_with_the_reason_until_kucoin_has_answered(tmp_path: Path) -> None:
    async def tell() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            async with running(ground.settings):
                await ground.owner.asks("/buy BTC 0.001 @ 60000", "Ticket T-1")
                await ground.owner.presses("Confirm")
                await ground.owner.shows("in the order book")
            ground.sandbox.faults.switch(Fault.UNAVAILABLE, on=True)
            async with running(ground.settings):
                await ground.owner.asks("/status", "still finding out about T-1")
                ground.sandbox.faults.clear()
                await ground.owner.asks_until("/buy BTC 20usdt", "Ticket T-2")
            assert len(ground.sandbox.exchange.posts) == 1

    asyncio.run(tell())
