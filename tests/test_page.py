"""The whole bot on the demo's page, in a real browser: what a newcomer does in the first five minutes."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from chatbot.sandbox.faults import Fault
from tests.playground import Ahead, playing

OpenPage = Callable[..., AbstractAsyncContextManager[Page]]


async def say(page: Page, text: str) -> None:
    await page.get_by_label("Message", exact=True).fill(text)
    await page.keyboard.press("Enter")


def bubble(page: Page, text: str) -> Locator:
    return page.locator(".message", has_text=text).last


def button(page: Page, text: str) -> Locator:
    return page.get_by_role("button", name=text, exact=True).last


async def become(page: Page, label: str) -> None:
    await page.locator(".people").get_by_text(label, exact=True).click()


def test_a_newcomer_buys_for_a_hundred_dollars(tmp_path: Path, open_page: OpenPage) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground, open_page(ground.sandbox.url) as page:
            await say(page, "/buy BTC 100usdt")
            await expect(bubble(page, "Ticket T-1")).to_contain_text("Spend 100.00 USDT")
            await button(page, "Confirm buy").click()
            await expect(page.get_by_text("Sending T-1…")).to_be_visible()
            await expect(bubble(page, "Ticket T-1")).to_contain_text("Filled 0.0014")
            await expect(page.get_by_role("button", name="Confirm buy")).to_have_count(0)
            assert len(ground.sandbox.exchange.posts) == 1

    asyncio.run(story())


def test_pressing_confirm_twice_sends_once(tmp_path: Path, open_page: OpenPage) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground, open_page(ground.sandbox.url) as page:
            await say(page, "/buy BTC 100usdt")
            await button(page, "Confirm buy").dblclick()
            await expect(bubble(page, "Ticket T-1")).to_contain_text("Filled")
            assert len(ground.sandbox.exchange.posts) == 1

    asyncio.run(story())


def test_a_stranger_reads_nothing(tmp_path: Path, open_page: OpenPage) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground, open_page(ground.sandbox.url) as page:
            await say(page, "/start")
            await expect(bubble(page, "you are an owner")).to_be_visible()
            await become(page, "Stranger")
            await say(page, "/buy BTC 100usdt")
            await become(page, "Owner")
            await expect(bubble(page, "Somebody not on the list")).to_be_visible()
            await become(page, "Stranger")
            await expect(bubble(page, "/buy BTC 100usdt")).to_be_visible()
            await expect(page.locator(".message.theirs:not(.typing)")).to_have_count(0)
            assert ground.sandbox.exchange.posts == []

    asyncio.run(story())


def test_a_lost_answer_is_told_and_found(tmp_path: Path, open_page: OpenPage) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground, open_page(ground.sandbox.url) as page:
            await page.get_by_role("button", name="Market and faults").click()
            for fault in (Fault.ERROR_AFTER_ACCEPT, Fault.HIDDEN_ORDERS):
                await page.get_by_role("switch", name=fault.value).click()
            await page.keyboard.press("Escape")
            await say(page, "/buy BTC 50usdt")
            await button(page, "Confirm buy").click()
            await expect(bubble(page, "Ticket T-1")).to_contain_text("NOT sent it again")
            await button(page, "Check again").click()
            await expect(bubble(page, "Ticket T-1")).to_contain_text("NOT sent it again")
            await page.get_by_role("button", name="Switch off").click()
            await expect(bubble(page, "Ticket T-1")).to_contain_text("Filled", timeout=20_000)
            assert len(ground.sandbox.exchange.posts) == 1

    asyncio.run(story())


def test_a_kill_is_pinned_and_resumed_with_a_reason(tmp_path: Path, open_page: OpenPage) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground, open_page(ground.sandbox.url) as page:
            await say(page, "/buy BTC 0.001 @ 60000")
            await button(page, "Confirm buy").click()
            await expect(bubble(page, "Ticket T-1")).to_contain_text("in the order book")
            await say(page, "/kill")
            await expect(bubble(page, "STOPPED")).to_contain_text("cancelled 1 of 1")
            await button(page, "Resume (owner)").click()
            await expect(bubble(page, "Why is it safe")).to_be_visible()
            await say(page, "news are over")
            await expect(bubble(page, "Trading goes on")).to_contain_text("news are over")

    asyncio.run(story())


async def push(page: Page, coin: str, by: str) -> None:
    await page.locator(".pushes li").filter(has_text=coin).get_by_role("button", name=by, exact=True).click()


def test_an_alert_arrives_and_is_put_off_moved_and_deleted_by_its_buttons(tmp_path: Path, open_page: OpenPage) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground, open_page(ground.sandbox.url, width=1280, height=960) as page:
            await say(page, "/alert BTC > 68000 every 15m note resistance")
            await expect(bubble(page, "#1 BTC crosses above 68,000")).to_contain_text("resistance")
            await push(page, "BTC", "+1 %")
            await expect(bubble(page, "BTC crossed above 68,000")).to_contain_text("68,086.4")
            await button(page, "Snooze 1h").click()
            await expect(bubble(page, "BTC crossed above 68,000")).to_contain_text("quiet until")
            await page.get_by_role("button", name="Move to").last.click()
            await expect(bubble(page, "BTC crossed above")).to_contain_text("68,500")
            await button(page, "Delete").click()
            await say(page, "/alerts")
            await expect(bubble(page, "No alerts")).to_be_visible()

    asyncio.run(story())


def test_after_a_stalled_feed_what_crossed_is_told_late_with_its_minute(tmp_path: Path, open_page: OpenPage) -> None:
    async def story() -> None:
        clock = Ahead()
        async with (
            playing(tmp_path, now=clock) as ground,
            open_page(ground.sandbox.url, width=1280, height=960) as page,
        ):
            await say(page, "/alert BTC > 68000")
            await expect(bubble(page, "#1 BTC crosses above 68,000")).to_be_visible()
            clock.pass_time(timedelta(minutes=1))
            await page.get_by_role("switch", name=Fault.FEED_STALL.value).click()
            await push(page, "BTC", "+1 %")
            await expect(page.get_by_text("BTC-USDT trades at 68,086.4")).to_be_visible()
            clock.pass_time(timedelta(seconds=5))
            await push(page, "BTC", "\N{MINUS SIGN}1 %")
            await expect(page.get_by_text("BTC-USDT trades at 67,405.5")).to_be_visible()
            clock.pass_time(timedelta(minutes=2))
            await say(page, "/balance")  # a signed call finds out that the clock went on
            late = bubble(page, "BTC crossed above 68,000")
            await expect(late).to_contain_text("late", timeout=20_000)
            await expect(late).to_contain_text("68,086.4")
            await expect(late.get_by_role("button", name="Snooze 1h")).to_be_visible()

    asyncio.run(story())
