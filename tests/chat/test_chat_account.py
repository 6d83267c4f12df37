"""Handlers of balances and fills, before a sandbox KuCoin."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.faults import Fault
from tests.chat.desk import ANNA, BEN, CARA, open_desk


def test_a_balance_at_home_is_a_message_and_refreshed_in_place(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (card,) = (await desk.says(CARA, "/balance")).letters
            assert "Total <b>6,507.81 USDT</b>" in card.text
            desk.move_btc("1.1")
            desk.clock.advance(6)
            (edit,) = (await desk.taps(CARA, card, "Refresh")).letters
            assert edit.edits == card.id
            assert "0.0421 BTC = 3,121.86" in edit.text

    asyncio.run(story())


def test_in_a_group_only_who_presses_reads_the_amounts(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (card,) = (await desk.says(CARA, "/balance", group=True)).letters
            assert card.text == "Amounts are not shown in a group."
            for person in (ANNA, BEN, CARA):
                said = await desk.taps(person, card, "Show to me only")
                assert said.toast is not None
                assert said.toast.popup
                assert said.toast.text == "Total 6,507.81 USDT\nTrade 4,079.61\nMain 412.00\nFutures 2,016.19"
                assert said.letters == []

    asyncio.run(story())


def test_a_key_without_futures_still_shows_the_rest(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, permissions=frozenset({"General", "Spot"})) as desk:
            said = await desk.says(CARA, "/balance")
            assert "not visible: the key has no Futures permission" in said.text
            assert "Total <b>4,491.61 USDT</b>" in said.text

    asyncio.run(story())


def test_a_balance_that_cannot_be_read_is_said_in_words(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (card,) = (await desk.says(CARA, "/balance")).letters
            desk.faults.switch(Fault.UNAVAILABLE, on=True)
            assert "/status shows whether KuCoin answers" in (await desk.says(CARA, "/balance")).text
            said = await desk.taps(CARA, card, "Refresh")
            assert said.toast is not None
            assert said.toast.popup
            assert "Nothing was done." in said.toast.text

    asyncio.run(story())


def test_fills_without_any_to_show_ask_for_a_symbol(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, permissions=frozenset({"General", "Spot"})) as desk:
            (question,) = (await desk.says(CARA, "/fills")).letters
            assert (question.asks, question.hint) == ("/fills", "BTC")
            said = await desk.says(CARA, "btc", answers=question.message_id)
            assert "No fills lately on BTC-USDT." in said.text

    asyncio.run(story())


def test_fills_of_what_was_traded_watched_or_named(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (card,) = (await desk.says(BEN, "/buy btc 50usdt")).letters
            said = await desk.taps(BEN, card, "Confirm")
            await desk.finish(said)
            for line in ("/fills", "/fills btc", "/fills BTC-USDT eth"):
                assert "BTC-USDT bought 0.00074" in (await desk.says(CARA, line)).text
            assert "XBTUSDTM bought 50 lots" in (await desk.says(CARA, "/fills XBTUSDTM")).text
            await desk.says(CARA, "/watch eth")
            assert "<b>Fills BTC-USDT, ETH-USDT, futures</b>, the latest" in (await desk.says(CARA, "/fills")).text

    asyncio.run(story())


def test_amounts_are_hidden_on_every_card_and_looked_at_in_a_pop_up(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (card,) = (await desk.says(BEN, "/balance")).letters
            (hidden,) = (await desk.taps(BEN, card, "Hide amounts")).letters
            assert hidden.edits == card.id
            assert "Total <b>••• USDT</b>" in hidden.text
            peeked = await desk.taps(BEN, hidden, "Peek")
            assert peeked.toast is not None
            assert peeked.toast.popup
            assert peeked.toast.text.startswith("Total 6,507.81 USDT")
            assert peeked.letters == []
            (positions,) = (await desk.taps(BEN, hidden, "Positions")).letters
            assert positions.edits == card.id
            assert "BTC long</b> ••• = ••• BTC" in positions.text
            peeked = await desk.taps(BEN, positions, "Peek")
            assert "BTC long 0.05, PnL " in peeked.toast_text
            (funding,) = (await desk.says(BEN, "/funding btc")).letters
            assert "your long of ••• USDT" in funding.text
            peeked = await desk.taps(BEN, funding, "Peek")
            assert "your long of 3,37" in peeked.toast_text
            assert "After: ••• USDT free" in (await desk.says(BEN, "/buy btc 50usdt")).text
            assert "Total <b>6,507.81 USDT</b>" in (await desk.says(ANNA, "/balance")).text
            (shown,) = (await desk.taps(BEN, positions, "Show amounts")).letters
            assert "BTC long</b> 50 lots = 0.05 BTC" in shown.text

    asyncio.run(story())


def test_the_total_comes_in_the_persons_currency_while_kucoin_names_its_price(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            desk.store.preferences.change(CARA.id, lambda prefers: replace(prefers, currency="EUR"))
            (card,) = (await desk.says(CARA, "/balance")).letters
            assert "Total <b>6,507.81 USDT</b> (5,987.18 EUR)" in card.text
            desk.store.preferences.change(CARA.id, lambda prefers: replace(prefers, currency="XYZ"))
            assert "Total <b>6,507.81 USDT</b>\n" in (await desk.says(CARA, "/balance")).text

    asyncio.run(story())


def test_money_in_the_wrong_pocket_is_explained_on_the_balance_and_in_the_refusal(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            for currency, amount in (("USDT", "-1232.55"), ("BTC", "-0.0421")):
                desk.sandbox.deposit(Pocket.TRADE, currency, Decimal(amount))
            refusal = (await desk.says(BEN, "/buy btc 50usdt")).text
            assert "Trade has 8 free. Main has 412 USDT: move it to Trade in KuCoin's app." in refusal
            desk.sandbox.deposit(Pocket.TRADE, "USDT", Decimal(-8))
            for currency in ("KCS", "DOGE", "PEPE"):
                wallet = desk.sandbox.accounts.wallet(Pocket.TRADE, currency)
                desk.sandbox.deposit(Pocket.TRADE, currency, -wallet.total)
            assert "in KuCoin's app: Assets, Transfer, from Funding" in (await desk.says(BEN, "/balance")).text

    asyncio.run(story())
