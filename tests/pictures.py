"""Takes the pictures of the README from the demo, in Chromium: `python -m tests.pictures deploy`."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

from PIL import Image
from playwright.async_api import Page, async_playwright, expect

from chatbot.core.market import Symbol
from chatbot.demo import settings_for
from chatbot.sandbox.world import Sandbox
from tests.conftest import CHROMIUM_FLAGS
from tests.playground import running
from tests.test_page import bubble, button, push, say

WIDTH = 390
SCALE = 2
COLOURS = 128
SEED = 11
BTC = Symbol("BTC-USDT")

Moment = Callable[[Page, Decimal], Awaitable[None]]


def _hundreds(price: Decimal, share: str) -> int:
    return int(round(price * Decimal(share), -2))


async def _price(page: Page, _price_now: Decimal) -> None:
    await say(page, "/price BTC")
    await expect(bubble(page, "BTC-USDT")).to_contain_text("Funding")
    await expect(button(page, "Refresh")).to_be_visible()


async def _ticket(page: Page, _price_now: Decimal) -> None:
    await say(page, "/buy BTC 100usdt")
    await expect(button(page, "Confirm buy")).to_be_visible()


async def _alert(page: Page, price_now: Decimal) -> None:
    await say(page, f"/alert BTC > {_hundreds(price_now, '1.006')} every 4h note resistance")
    await expect(bubble(page, "#1")).to_contain_text("resistance")
    await page.get_by_role("button", name="Market and faults").click()
    await push(page, "BTC", "+1 %")
    await page.keyboard.press("Escape")
    await expect(button(page, "Snooze 1h")).to_be_visible()


async def _chart(page: Page, price_now: Decimal) -> None:
    await say(page, f"/alert BTC < {_hundreds(price_now, '0.99')}")
    await expect(bubble(page, "crosses below")).to_be_visible()
    await say(page, "/chart BTC 1h")
    picture = page.locator(".picture img").last
    await expect(picture).to_be_visible(timeout=60_000)
    await picture.evaluate("image => image.decode()")


MOMENTS: tuple[tuple[str, int, Moment], ...] = (
    ("price", 640, _price),
    ("ticket", 640, _ticket),
    ("alert", 640, _alert),
    ("chart", 800, _chart),
)
"""The name of each picture, its height on the phone, and what is done for it at BTC's price of then."""


async def _take(page: Page, path: Path, height: int) -> None:
    await page.set_viewport_size({"width": WIDTH, "height": height})
    await expect(page.locator(".toast.shown")).to_have_count(0)
    await page.evaluate("document.activeElement.blur()")
    await page.mouse.move(0, 0)
    await page.screenshot(path=path)
    with Image.open(path) as taken:
        few = taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


@asynccontextmanager
async def _demo() -> AsyncIterator[Sandbox]:
    with tempfile.TemporaryDirectory() as folder:
        async with Sandbox(seed=SEED) as sandbox, running(settings_for(sandbox, Path(folder))):
            yield sandbox


async def _take_all(folder: Path) -> None:
    async with _demo() as sandbox, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS.split()
        )
        page = await browser.new_page(
            viewport={"width": WIDTH, "height": 844},
            device_scale_factor=SCALE,
            color_scheme="dark",
            reduced_motion="reduce",
        )
        await page.goto(sandbox.url)
        for name, height, play in MOMENTS:
            quote = sandbox.prices.quote(BTC)
            assert quote is not None
            await play(page, quote.last)
            await _take(page, folder / f"{name}.png", height)
        await browser.close()


if __name__ == "__main__":
    os.environ["PTB_TIMEDELTA"] = "1"
    asyncio.run(_take_all(Path(sys.argv[1])))
