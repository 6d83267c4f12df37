"""The chat page in a real browser, with a bot of a few lines behind the Bot API."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Locator, Page, expect
from starlette.applications import Starlette
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update

from chatbot.core.times import utc_now
from chatbot.sandbox.chat_page import build_page
from chatbot.sandbox.faults import Faults
from chatbot.sandbox.listing import load
from chatbot.sandbox.page_market import PageMarket
from chatbot.sandbox.page_views import PagePerson
from chatbot.sandbox.prices import SeededWalk
from chatbot.sandbox.server import Server
from chatbot.sandbox.telegram import build_telegram
from chatbot.sandbox.telegram_limits import UNLIMITED
from chatbot.sandbox.telegram_server import TelegramServer
from chatbot.sandbox.telegram_values import TelegramUser

TOKEN = "7000001:made-up"
PEOPLE = (
    PagePerson(id=11, name="Anna", label="Owner", role="owner, may do everything"),
    PagePerson(id=12, name="Ben", label="Viewer", role="viewer, may look"),
    PagePerson(id=13, name="Mallory", label="Stranger", role="not on the list, gets no answer"),
)
LISTED = {11, 12}
OpenPage = Callable[..., AbstractAsyncContextManager[Page]]


@dataclass(frozen=True, kw_only=True)
class Scene:
    page: Page
    bot: Bot
    telegram: TelegramServer
    faults: Faults

    async def say(self, text: str) -> None:
        await self.page.get_by_label("Message", exact=True).fill(text)
        await self.page.keyboard.press("Enter")

    def bubble(self, text: str) -> Locator:
        return self.page.locator(".message", has_text=text)

    def key(self, text: str) -> Locator:
        return self.page.get_by_role("button", name=text, exact=True)

    async def switch_to(self, label: str) -> None:
        await self.page.locator(".people").get_by_text(label, exact=True).click()


Story = Callable[[Scene], Awaitable[None]]
Play = Callable[..., None]


async def _echo(bot: Bot) -> None:
    """Answers listed people with their words and three buttons, and taps with a toast, a pop-up or an edit."""
    offset = 0
    while True:
        for update in await bot.get_updates(offset=offset, timeout=30):
            offset = update.update_id + 1
            await _answer(bot, update)


async def _answer(bot: Bot, update: Update) -> None:
    query, message = update.callback_query, update.message
    if query is not None and query.data == "no":
        await query.answer("Only Ben can cancel.", show_alert=True)
    elif query is not None:
        await query.answer("Sending")
        await query.edit_message_text("Filled at <b>68,013.6</b>", parse_mode="HTML")
    elif message is not None and message.chat_id in LISTED:
        buttons = [
            InlineKeyboardButton("Confirm", callback_data="go", style="success"),
            InlineKeyboardButton("Cancel", callback_data="no", style="danger"),
            InlineKeyboardButton("Refresh", callback_data="again", style="primary"),
        ]
        markup = InlineKeyboardMarkup([buttons])
        await bot.send_message(message.chat_id, f"heard {message.text}", reply_markup=markup)


@asynccontextmanager
async def scene(open_page: OpenPage, size: dict[str, int], *, echo: bool) -> AsyncIterator[Scene]:
    desk = TelegramUser(id=7000001, first_name="Desk", username="desk_bot", is_bot=True)
    telegram, faults = TelegramServer(token=TOKEN, bot=desk, now=utc_now, limits=UNLIMITED), Faults()
    market = PageMarket(SeededWalk(1, utc_now, load(), volatility=0.0))
    app = Starlette(routes=[*build_telegram(telegram), *build_page(telegram, faults, market, PEOPLE)])
    async with (
        asyncio.timeout(60),
        Server(app) as server,
        Bot(TOKEN, base_url=f"{server.url}/bot") as bot,
        open_page(server.url, **size) as page,
    ):
        await expect(page.get_by_text("Anna · owner, may do everything")).to_be_visible()
        answering = asyncio.create_task(_echo(bot) if echo else asyncio.sleep(0))
        yield Scene(page=page, bot=bot, telegram=telegram, faults=faults)
        answering.cancel()
        await asyncio.wait([answering])
