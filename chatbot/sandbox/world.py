"""The whole sandbox on one loopback port: KuCoin's two hosts, the Bot API and the chat page.

/spot/api/…   /futures/api/…   /spot/ws/   /futures/ws/   /bot<token>/<method>   /   (the page)
"""

import asyncio
import contextlib
import secrets
from dataclasses import field
from types import TracebackType
from typing import Self

from starlette.applications import Starlette

from chatbot.core.times import Now, utc_now
from chatbot.core.values import frozen
from chatbot.sandbox.chat_page import build_page
from chatbot.sandbox.demo_account import demo_account
from chatbot.sandbox.exchange import Exchange
from chatbot.sandbox.faults import Faults
from chatbot.sandbox.kucoin_auth import ApiKey
from chatbot.sandbox.kucoin_rest import KucoinFace
from chatbot.sandbox.kucoin_ws import PACE, KucoinSockets
from chatbot.sandbox.kucoin_ws_tokens import KUCOINS, Heartbeat
from chatbot.sandbox.listing import load
from chatbot.sandbox.page_market import PageMarket
from chatbot.sandbox.page_views import PagePerson
from chatbot.sandbox.prices import SeededWalk
from chatbot.sandbox.server import Server
from chatbot.sandbox.telegram import build_telegram
from chatbot.sandbox.telegram_groups import found_group, open_topic
from chatbot.sandbox.telegram_server import TelegramServer
from chatbot.sandbox.telegram_values import TelegramUser

OWNER = PagePerson(id=1001, name="Owner", label="Owner", role="may do everything")
TRADER = PagePerson(id=1004, name="Trader", label="Trader", role="may trade, and approve")
VIEWER = PagePerson(id=1002, name="Viewer", label="Viewer", role="may look, not trade")
STRANGER = PagePerson(id=1003, name="Stranger", label="Stranger", role="on no list: the bot stays silent")

DESK = -1_000_000_001_005
"""The group of everybody on the list, a forum. A topic for alerts stands beside its General one."""

_PACE = 1.0
"""Seconds between two looks of resting orders at the market."""

_BOT = TelegramUser(id=7000000001, first_name="KuCoin chat bot", username="kucoin_demo_bot", is_bot=True)


@frozen
class Access:
    """What a client needs to speak to the sandbox. Made up anew at every start."""

    token: str = field(repr=False, default_factory=lambda: f"{_BOT.id}:{secrets.token_hex(18)}")
    key: str = field(default_factory=lambda: secrets.token_hex(12))
    secret: str = field(repr=False, default_factory=lambda: secrets.token_hex(16))
    passphrase: str = field(repr=False, default_factory=lambda: secrets.token_hex(8))


class Sandbox:
    """`async with Sandbox(seed=1) as sandbox: sandbox.url`. Port 0 takes any free one; a taken one raises OSError.

    `heartbeat` is what the websocket asks of its clients; every `pace` seconds it tells its news.
    """

    def __init__(
        self,
        *,
        seed: int,
        port: int = 0,
        now: Now = utc_now,
        volatility: float = 1.0,
        heartbeat: Heartbeat = KUCOINS,
        pace: float = PACE,
    ) -> None:
        self.access = Access()
        self.faults = Faults()
        self.prices = SeededWalk(seed, now, load(), volatility=volatility)
        self.exchange = Exchange(self.prices, now)
        demo_account(self.exchange)
        self.kucoin = KucoinFace(self.exchange, [self._api_key(now)], self.faults, heartbeat=heartbeat)
        self.sockets = KucoinSockets(self.kucoin, pace=pace)
        self.telegram = TelegramServer(token=self.access.token, bot=_BOT, now=now)
        page = build_page(self.telegram, self.faults, PageMarket(self.prices), (OWNER, TRADER, VIEWER, STRANGER))
        listed = [person.user for person in (OWNER, TRADER, VIEWER)]
        self.telegram.chats.meet(TRADER.user).bot_present = True  # else the bot could bring no order to approve
        found_group(self.telegram, DESK, "Desk", listed, bot_may_delete=True, forum=True)
        open_topic(self.telegram, DESK, "Alerts", OWNER.user)
        self.telegram.updates.drop()  # the bot was let in when all this was there
        self._server = Server(
            Starlette(routes=[*self.sockets.routes, *self.kucoin.app.routes, *build_telegram(self.telegram), *page]),
            port=port,
        )

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def spot_url(self) -> str:
        return f"{self.url}/spot"

    @property
    def futures_url(self) -> str:
        return f"{self.url}/futures"

    async def __aenter__(self) -> Self:
        await self._server.start()
        self._running = [asyncio.create_task(self._go_on()), asyncio.create_task(self.sockets.run())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._running:
            task.cancel()
        self.kucoin.hang_up()
        await self._server.stop()
        for task in self._running:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _go_on(self) -> None:
        """Resting orders meet the market whether or not anybody asks."""
        while True:
            await asyncio.sleep(_PACE)
            self.exchange.advance()

    def _api_key(self, now: Now) -> ApiKey:
        return ApiKey(
            key=self.access.key,
            secret=self.access.secret,
            passphrase=self.access.passphrase,
            uid=1,
            permissions=frozenset({"General", "Spot", "Futures"}),
            created_at=now(),
            ips=frozenset({"127.0.0.1"}),
        )
