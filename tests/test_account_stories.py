"""Whole-bot stories of the account: positions from a phone, closed once, and amounts that stay out of sight."""

import asyncio
from decimal import Decimal
from pathlib import Path

from chatbot.core.market import Symbol
from chatbot.sandbox.faults import Fault
from tests.playground import playing

PERP = Symbol("XBTUSDTM")


def test_half_a_position_is_closed_by_twenty_taps_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            await ground.owner.asks("/positions", "BTC long", "50 lots = 0.05 BTC", "liquidation", "funding in")
            await ground.owner.presses("Close half")
            card = await ground.owner.reads("Ticket T-1", "CLOSE XBTUSDTM", "25 lots stay open")
            assert [b.text for row in card.keyboard for b in row] == ["Confirm close", "Cancel"]
            assert ground.sandbox.exchange.posts == []
            taps = [ground.owner.phone.tap(card.id, card.keyboard[0][0].data) for _ in range(20)]
            answers = [await ground.owner.answered(t.id) for t in taps]
            assert sum(a.text == "Sending T-1…" for a in answers) == 1
            await ground.owner.sees(card, "Filled 25 lots")
            assert ground.sandbox.exchange.positions[PERP].lots == Decimal(25)
            assert len(ground.sandbox.exchange.posts) == 1

    asyncio.run(story())


def test_a_close_without_an_answer_is_looked_up_and_holds_the_next_one(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            ground.sandbox.faults.switch(Fault.ERROR_AFTER_ACCEPT, on=True)
            ground.sandbox.faults.switch(Fault.HIDDEN_ORDERS, on=True)
            card = await ground.owner.asks("/close btc 50%", "Ticket T-1")
            await ground.owner.presses("Confirm")
            await ground.owner.sees(card, "KuCoin gave no answer", "NOT sent it again")
            await ground.owner.asks("/close btc", "T-1 is still unknown")
            ground.sandbox.faults.clear()
            await ground.owner.sees(card, "Filled 25 lots")
            assert len(ground.sandbox.exchange.posts) == 1

    asyncio.run(story())


def test_amounts_hidden_by_a_tap_are_hidden_on_the_next_card(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            card = await ground.owner.asks("/balance", "Total 6,507")
            await ground.owner.presses("Hide amounts")
            await ground.owner.sees(card, "Total ••• USDT")
            toast = await ground.owner.presses("Peek")
            assert toast.text.startswith("Total 6,507")
            await ground.owner.asks("/buy btc 50usdt", "Ticket T-1", "After: ••• USDT free")

    asyncio.run(story())
