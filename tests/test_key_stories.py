"""T1, F28: what becomes of a key while the whole bot runs, as its people read it."""

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from chatbot import app
from chatbot.core.errors import BadCredentials
from chatbot.sandbox.faults import Fault
from tests.playground import Playground, playing, running, sandbox_and_people


def change(ground: Playground, **changes: Any) -> None:  # noqa: ANN401 - of ApiKey
    keys = ground.sandbox.kucoin.keys
    for name, key in list(keys.items()):
        keys[name] = dataclasses.replace(key, **changes)


def rights(*names: str) -> frozenset[str]:
    return frozenset({"General", *names})


@pytest.mark.parametrize("right", ["Transfer", "Withdrawal", "FlexTransfers", "Something"])
def test_a_key_that_could_let_money_out_does_not_start_unless_the_settings_say_so(tmp_path: Path, right: str) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            change(ground, permissions=rights("Spot", "Futures", right))
            with pytest.raises(BadCredentials, match=right):
                await app.run(ground.settings, asyncio.Event())
            assert ground.sandbox.telegram.polls == 0
            accepting = ground.settings.model_copy(update={"kucoin_accept_transfer_right": True})
            async with running(accepting):
                for _ in range(2):
                    await ground.owner.asks("/status", right, "KUCOIN_ACCEPT_TRANSFER_RIGHT accepts")
                await ground.owner.asks_until("/buy btc 20usdt", "BUY BTC-USDT")

    asyncio.run(story())


def test_f28_a_key_that_is_revoked_stops_orders_once_and_alerts_go_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            keys = ground.sandbox.kucoin.keys
            card = await ground.owner.asks_until("/buy btc 20usdt", "BUY BTC-USDT")
            await ground.owner.asks("/alert BTC > 1", "BTC")
            sound = dict(keys)
            keys.clear()
            await ground.owner.asks("/balance", "does not know this API key")
            told = await ground.owner.shows("Orders are held", "does not know this API key (400003)", "chatbot check")
            await ground.owner.asks("/status", "orders are held")
            await ground.owner.asks("/buy btc 20usdt", "Orders are held")
            await ground.owner.asks("/alerts", "BTC")
            await ground.owner.asks("/price btc", "BTC-USDT")
            posts = len(ground.sandbox.exchange.posts)
            assert (await ground.owner.presses("Confirm")) is not None
            assert len(ground.sandbox.exchange.posts) == posts == 0
            assert [m.id for m in ground.owner.answers if "Alerts and cancels go on" in m.text] == [told.id]
            assert all("Orders are held" not in m.text for m in ground.viewer.answers)
            assert card.id
            keys.update(sound)

    asyncio.run(story())


def test_a_kucoin_that_hangs_at_the_start_keeps_no_word_waiting(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            ground.sandbox.faults.switch(Fault.SLOW, on=True)
            async with running(ground.settings):
                await ground.owner.asks("/start", "Hello")
                ground.sandbox.faults.switch(Fault.SLOW, on=False)
                await ground.owner.asks_until("/buy btc 20usdt", "BUY BTC-USDT")

    asyncio.run(story())


def test_a_right_gained_while_running_is_in_every_status_until_it_is_gone(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            change(ground, permissions=rights("Spot"))
            async with running(ground.settings):
                await ground.owner.asks("/status", "Key Spot; IP bound; cannot withdraw")
            change(ground, permissions=rights("Spot", "Earn"))
            async with running(ground.settings):
                await ground.owner.reads("The rights of the key changed: it now has Earn")
                await ground.owner.asks("/status", "the key may Earn")

    asyncio.run(story())
