"""Whole-bot stories: the sandbox's KuCoin and Telegram, and the bot that `run` starts between them."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chatbot.core.market import Symbol
from chatbot.core.modes import TradingMode
from chatbot.sandbox.faults import Fault
from chatbot.sandbox.kucoin_pools import Pool
from chatbot.sandbox.telegram_groups import found_group
from tests.playground import eventually, playing, running, sandbox_and_people

BTC = Symbol("BTC-USDT")


def test_a_market_order_goes_from_words_to_fills(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            card = await ground.owner.asks("/buy btc 100usdt", "Ticket T-1", "Spend 100.00 USDT")
            labels = [b.text for row in card.keyboard for b in row]
            assert labels == ["Confirm buy", "Cancel"]
            assert ground.sandbox.exchange.posts == []
            toast = await ground.owner.presses("Confirm")
            assert toast.text == "Sending T-1…"
            done = await ground.owner.sees(card, "Filled", "fee 0.10 USDT")
            assert done.keyboard == ()
            assert len(ground.sandbox.exchange.posts) == 1

    asyncio.run(story())


def test_two_taps_place_one_order(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            card = await ground.owner.asks("/buy btc 100usdt", "Ticket T-1")
            data = card.keyboard[0][0].data
            taps = [ground.owner.phone.tap(card.id, data) for _ in range(20)]
            answers = [await ground.owner.answered(t.id) for t in taps]
            assert sum(a.text == "Sending T-1…" for a in answers) == 1
            await ground.owner.sees(card, "Filled")
            assert len(ground.sandbox.exchange.posts) == 1

    asyncio.run(story())


def test_a_lost_answer_is_told_looked_up_and_never_sent_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            ground.sandbox.faults.switch(Fault.ERROR_AFTER_ACCEPT, on=True)
            ground.sandbox.faults.switch(Fault.HIDDEN_ORDERS, on=True)
            card = await ground.owner.asks("/buy btc 100usdt", "Ticket T-1")
            await ground.owner.presses("Confirm")
            await ground.owner.sees(card, "KuCoin gave no answer", "NOT sent it again")
            await ground.owner.asks("/buy btc 50usdt", "T-1 is still unknown")
            ground.sandbox.faults.clear()
            await ground.owner.sees(card, "Filled")
            assert len(ground.sandbox.exchange.posts) == 1

    asyncio.run(story())


def test_a_stranger_gets_silence_and_the_owner_hears_of_it_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            await ground.owner.asks("/start", "you are an owner")
            for line in ("/start", "/buy btc 100usdt", "hello", "/kill"):
                ground.stranger.write(line)
            await ground.owner.reads("Somebody not on the list", "1003")
            await ground.owner.asks("/status details", "strangers turned away 1")
            assert ground.stranger.answers == []
            assert sum("not on the list" in m.text for m in ground.owner.answers) == 1

    asyncio.run(story())


def test_a_viewer_may_look_and_not_trade(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            price = await ground.viewer.asks("/price btc", "BTC-USDT")
            assert not any(b.text in ("Buy", "Sell") for row in price.keyboard for b in row)
            await ground.viewer.asks("/buy btc 100usdt", "/buy is for traders; you are a viewer.")
            await ground.viewer.asks("/kill", "/kill is for traders")
            assert ground.sandbox.exchange.posts == []

    asyncio.run(story())


def test_a_kill_cancels_what_rests_and_blocks_until_an_owner_resumes(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            async with running(ground.settings):
                order = await ground.owner.asks("/buy btc 0.001 @ 60000", "Ticket T-1")
                await ground.owner.presses("Confirm")
                await ground.owner.sees(order, "in the order book")
                waiting = await ground.owner.asks("/buy btc 50usdt", "Ticket T-2")
                card = await ground.owner.asks("/kill", "STOPPED")
                await ground.owner.sees(card, "cancelled 1 of 1", "nothing is resting", "XBTUSDTM", "still open")
                await ground.owner.sees(waiting, "trading was stopped", "Nothing was sent")
                await ground.owner.sees(order, "Cancelled")
            async with running(ground.settings):
                await ground.owner.asks("/buy btc 50usdt", "Trading was stopped")
                prompt = await ground.owner.asks("/resume", "Why is it safe")
                ground.owner.phone.write("news are over", replies_to=prompt.id)
                await ground.owner.reads("Trading goes on", "news are over")
                await ground.owner.asks("/buy btc 50usdt", "Ticket T-3")

    asyncio.run(story())


def test_what_was_typed_while_the_bot_was_away_is_not_lost_and_money_waits_for_a_second_word(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            telegram = ground.sandbox.telegram
            real, telegram.now = telegram.now, lambda: real() - timedelta(minutes=5)
            ground.owner.write("/price btc")
            ground.owner.write("/buy btc 100usdt")
            ground.owner.write("/resume now")
            ground.owner.write("/kill")
            telegram.now = real
            async with running(ground.settings):
                await ground.owner.shows("while I was away", "BTC-USDT")
                await ground.owner.shows("/buy was asked at", "did not act")
                await ground.owner.shows("/resume was asked at", "did not act")
                await ground.owner.shows("STOPPED")
                assert ground.sandbox.exchange.posts == []

    asyncio.run(story())


def test_a_price_that_ran_away_is_not_bought(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            card = await ground.owner.asks("/buy btc 100usdt", "Ticket T-1")
            quote = ground.sandbox.prices.quote(BTC)
            assert quote is not None
            ground.sandbox.prices.move(BTC, quote.last * Decimal("1.01"))
            popup = await ground.owner.presses("Confirm")
            assert popup.alert
            assert "The price moved" in popup.text
            await ground.owner.reads("Ticket T-2")
            await ground.owner.sees(card, "Expired: the price moved")
            assert ground.sandbox.exchange.posts == []
            await ground.owner.presses("Confirm")
            await ground.owner.sees(ground.owner.answers[-1], "Filled")

    asyncio.run(story())


def test_a_ticket_nobody_taps_expires_and_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path, order_confirm_seconds=timedelta(seconds=1)) as ground:
            card = await ground.owner.asks("/buy btc 100usdt", "Ticket T-1")
            data = card.keyboard[0][0].data
            expired = await ground.owner.sees(card, "Expired, nothing was sent")
            assert [b.text for row in expired.keyboard for b in row] == ["Quote again"]
            tap = ground.owner.phone.tap(card.id, data)
            assert "expired" in (await ground.owner.answered(tap.id)).text
            assert ground.sandbox.exchange.posts == []

    asyncio.run(story())


def test_a_limit_order_rests_is_listed_and_cancelled_by_its_button(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            card = await ground.owner.asks("/sell btc 0.001 @ 90000", "Ticket T-1")
            await ground.owner.presses("Confirm")
            await ground.owner.sees(card, "in the order book")
            await ground.owner.asks("/orders", "1 open", "T-1")
            await ground.owner.presses("Cancel T-1")
            await ground.owner.sees(card, "Cancelled, nothing was filled")
            await ground.owner.asks("/orders", "No open orders")

    asyncio.run(story())


def test_a_resting_order_that_fills_later_is_told_on_its_card(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            card = await ground.owner.asks("/buy btc 0.001 @ 60000", "Ticket T-1")
            await ground.owner.presses("Confirm")
            await ground.owner.sees(card, "in the order book")
            ground.sandbox.prices.move(BTC, Decimal(59000))
            await ground.owner.sees(card, "Filled 0.001 BTC at 60,000.0")

    asyncio.run(story())


def test_a_crash_after_the_tap_finds_the_order_at_the_next_start(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            ground.sandbox.faults.switch(Fault.LOST_ANSWER, on=True)
            async with running(ground.settings) as bot:
                card = await ground.owner.asks("/buy btc 100usdt", "Ticket T-1")
                await ground.owner.presses("Confirm")
                await eventually(lambda: bool(ground.sandbox.exchange.posts))
                bot.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await bot
            ground.sandbox.faults.clear()
            async with running(ground.settings):
                await ground.owner.sees(card, "Filled")
            assert len(ground.sandbox.exchange.posts) == 1

    asyncio.run(story())


def test_on_paper_the_market_is_real_and_no_signed_call_leaves(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path, trading_mode=TradingMode.PAPER) as ground:
            async with running(ground.settings):
                await ground.owner.asks("/balance", "PAPER", "Total 1,000.00 USDT")
                card = await ground.owner.asks("/buy btc 100usdt", "PAPER", "Ticket T-1")
                await ground.owner.presses("Confirm")
                await ground.owner.sees(card, "PAPER", "Filled")
                await ground.owner.asks("/fills", "PAPER", "BTC-USDT bought")
            async with running(ground.settings):
                await ground.owner.asks("/balance", "PAPER", "BTC")
            assert ground.sandbox.exchange.posts == []
            spent = ground.sandbox.kucoin.pools.spend
            now = ground.sandbox.exchange.now
            untouched = [spent(pool, "1", 0, now).remaining == pool.limit for pool in Pool if pool is not Pool.PUBLIC]
            assert all(untouched)

    asyncio.run(story())


def test_with_trading_off_nothing_is_proposed(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path, trading_mode=TradingMode.OFF) as ground:
            await ground.owner.asks("/buy btc 100usdt", "Trading is off (TRADING_MODE)")

    asyncio.run(story())


def test_an_edited_a_forwarded_and_a_foreign_bots_message_change_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            owner = ground.owner
            await owner.asks("/start", "Hello")
            mine = owner.write("/price btc")
            await owner.reads("BTC-USDT")
            before = len(owner.answers)
            owner.phone.edit(mine.id, "/buy btc 100usdt")
            owner.phone.forward("/buy btc 100usdt", ground.viewer.phone.user)
            await owner.asks("/status", "KuCoin")
            assert len(owner.answers) == before + 1

    asyncio.run(story())


def test_only_the_proposer_may_tap(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            owner, viewer = ground.owner.phone.user, ground.viewer.phone.user
            group = found_group(ground.sandbox.telegram, -1001, "Desk", [owner, viewer])
            traders = frozenset({viewer.id})
            settings = ground.settings.model_copy(
                update={"telegram_groups": frozenset({group.id}), "telegram_traders": traders}
            )
            async with running(settings):
                proposer, other = ground.talk(owner, group.id), ground.talk(viewer, group.id)
                card = await proposer.asks("/buy btc 100usdt", "Ticket T-1")
                data = card.keyboard[0][0].data
                popup = await other.answered(other.phone.tap(card.id, data).id)
                assert popup.text == "Only Owner can tap T-1."
                assert ground.sandbox.exchange.posts == []

    asyncio.run(story())


def test_times_are_worded_in_the_zone_of_the_settings(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path, timezone=ZoneInfo("Asia/Tokyo")) as ground:
            await ground.owner.asks("/kill", "STOPPED by Owner at ", " JST")

    asyncio.run(story())
