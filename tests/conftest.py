"""What all tests share: no deadline for properties, and a browser for the chat page, the distribution's Chromium."""

import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from hypothesis import settings
from playwright.async_api import ConsoleMessage, Page, async_playwright

os.environ["PTB_TIMEDELTA"] = "1"
"""As the command line sets it: python-telegram-bot then gives waiting times as spans, and does not warn."""

settings.register_profile("shared machines", deadline=None)
settings.load_profile("shared machines")

CHROMIUM_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)


@asynccontextmanager
async def _open_page(url: str, *, width: int = 390, height: int = 844) -> AsyncIterator[Page]:
    """The page in the distribution's Chromium. Fails at the end if the console told of an error."""
    errors: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            errors.append(message.text)

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS.split()
        )
        page = await browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
        page.set_default_timeout(10_000)
        page.on("console", listen)
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(url)
        yield page
        await browser.close()
    assert errors == []


@pytest.fixture
def open_page() -> Callable[..., AbstractAsyncContextManager[Page]]:
    """`async with open_page(url, width=…, height=…) as page`. Skipped where there is no Chromium, but not in CI."""
    if shutil.which("chromium") is None:
        if os.environ.get("CI"):
            pytest.fail("the page is tested in Chromium, and there is none")
        pytest.skip("no chromium on this machine")
    return _open_page
