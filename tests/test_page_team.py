"""A team on the demo's page: a group with topics, two people at one card, and an order that needs both."""

import asyncio
from pathlib import Path

from playwright.async_api import Page, expect

from chatbot.sandbox.world import DESK, TRADER
from tests.playground import playing
from tests.test_page import OpenPage, become, bubble, button, push, say


async def enter(page: Page, title: str) -> None:
    await page.get_by_role("button", name="All chats").click()
    await page.locator(".chat", has_text=title).click()


def test_only_the_one_who_asked_can_confirm_in_a_group(tmp_path: Path, open_page: OpenPage) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground, open_page(ground.sandbox.url) as page:
            await enter(page, "Desk")
            await say(page, "/buy BTC 50usdt")
            await expect(bubble(page, "Ticket T-1").locator(".quote")).to_contain_text("/buy BTC 50usdt")
            await become(page, "Trader")
            await button(page, "Confirm buy").click()
            await expect(page.get_by_role("dialog")).to_contain_text("Only Owner can tap T-1")
            await page.keyboard.press("Enter")
            await become(page, "Owner")
            await button(page, "Confirm buy").click()
            await expect(bubble(page, "Ticket T-1")).to_contain_text("Filled")
            assert len(ground.sandbox.exchange.posts) == 1

    asyncio.run(story())


def test_a_large_order_waits_until_a_second_person_approves(tmp_path: Path, open_page: OpenPage) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground, open_page(ground.sandbox.url) as page:
            await say(page, "/buy BTC 150usdt")
            await button(page, "Confirm buy").click()
            await expect(bubble(page, "Ticket T-1")).to_contain_text("needs a second person")
            assert ground.sandbox.exchange.posts == []
            await expect(page.locator(f"#waits{TRADER.id}")).to_be_visible()
            await become(page, "Trader")
            await button(page, "Approve").click()
            await expect(bubble(page, "T-1")).to_contain_text("Approved")
            await become(page, "Owner")
            await expect(bubble(page, "Ticket T-1")).to_contain_text("Filled")
            assert len(ground.sandbox.exchange.posts) == 1

    asyncio.run(story())


def test_an_alert_set_in_a_topic_fires_there_and_is_counted_elsewhere(tmp_path: Path, open_page: OpenPage) -> None:
    async def story() -> None:
        async with (
            playing(tmp_path) as ground,
            open_page(ground.sandbox.url, width=1280, height=960) as page,
        ):
            await enter(page, "Desk")
            await page.get_by_role("tab", name="Alerts").click()
            await say(page, "/alert BTC > 68000")
            await expect(bubble(page, "#1 BTC crosses above 68,000")).to_be_visible()
            await page.get_by_role("tab", name="General").click()
            await expect(bubble(page, "#1 BTC")).to_have_count(0)
            await push(page, "BTC", "+1 %")
            await page.get_by_role("tab", name="Alerts 1").click()
            await expect(bubble(page, "BTC crossed above 68,000")).to_be_visible()
            topic = ground.sandbox.telegram.messages(DESK)[-1].thread_id
            assert ground.sandbox.telegram.chats.room(DESK).topics == {topic: "Alerts"}

    asyncio.run(story())
