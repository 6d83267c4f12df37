"""A websocket client by KuCoin's book, for a sandbox on a clock of our own."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import ClientConnection, connect

from chatbot.core.feed import Channel
from chatbot.core.market import Venue
from chatbot.core.times import Now, to_millis
from chatbot.sandbox.kucoin_ws_tokens import Heartbeat
from chatbot.sandbox.world import Sandbox
from tests.sandbox.worlds import Json

PATIENCE = 5.0
"""Real seconds after which a message that does not come has failed to."""

NEVER = 3600.0
"""A pace at which nothing is told unless a test pumps."""


def still(now: Now, *, pace: float = NEVER, heartbeat: Heartbeat | None = None) -> Sandbox:
    """Prices that stand still until moved."""
    return Sandbox(seed=7, now=now, volatility=0.0, pace=pace, heartbeat=heartbeat or Heartbeat())


def signed(sandbox: Sandbox, method: str, path: str) -> dict[str, str]:
    """Headers of a request without a body."""
    access, stamp = sandbox.access, str(to_millis(sandbox.exchange.now))

    def mac(text: str) -> str:
        return base64.b64encode(hmac.new(access.secret.encode(), text.encode(), hashlib.sha256).digest()).decode()

    return {
        "KC-API-KEY": access.key,
        "KC-API-SIGN": mac(f"{stamp}{method}{path}"),
        "KC-API-TIMESTAMP": stamp,
        "KC-API-PASSPHRASE": mac(access.passphrase),
        "KC-API-KEY-VERSION": "3",
    }


async def bullet(sandbox: Sandbox, venue: Venue = Venue.SPOT, channel: Channel = Channel.PUBLIC) -> httpx.Response:
    path = f"/api/v1/bullet-{channel.value}"
    headers = signed(sandbox, "POST", path) if channel is Channel.PRIVATE else {}
    async with httpx.AsyncClient(base_url=f"{sandbox.url}/{venue.value}") as client:
        return await client.post(path, headers=headers)


async def address(sandbox: Sandbox, venue: Venue = Venue.SPOT, channel: Channel = Channel.PUBLIC) -> str:
    """With a token of its own."""
    data = (await bullet(sandbox, venue, channel)).json()["data"]
    return f"{data['instanceServers'][0]['endpoint']}?{urlencode({'token': data['token'], 'connectId': 'c-1'})}"


class Listener:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._asked = 0
        self._news: list[dict[str, Json]] = []

    async def frame(self) -> str | bytes:
        async with asyncio.timeout(PATIENCE):
            return await self.socket.recv()

    async def hears(self) -> dict[str, Json]:
        found: dict[str, Json] = json.loads(await self.frame())
        return found

    async def says(self, kind: str, **fields: Json) -> str:
        """The id it was said under."""
        self._asked += 1
        await self.socket.send(json.dumps({"id": str(self._asked), "type": kind, **fields}))
        return str(self._asked)

    async def asks(self, kind: str, **fields: Json) -> dict[str, Json]:
        """Says it and hears the answer; news in between is kept."""
        asked = await self.says(kind, **fields)
        while (answer := await self.hears()).get("id") != asked:
            self._news.append(answer)
        return answer

    async def subscribes(self, topic: str, *, private: bool = False) -> None:
        answer = await self.asks("subscribe", topic=topic, privateChannel=private, response=True)
        assert answer["type"] == "ack", answer

    async def told(self) -> list[dict[str, Json]]:
        """The news since the last call: all that came before the answer to a ping."""
        assert (await self.asks("ping"))["type"] == "pong"
        news, self._news = self._news, []
        return news


@asynccontextmanager
async def listening(
    sandbox: Sandbox, venue: Venue = Venue.SPOT, channel: Channel = Channel.PUBLIC
) -> AsyncIterator[Listener]:
    """Welcomed already. It sends no protocol pings of its own."""
    async with connect(await address(sandbox, venue, channel), ping_interval=None, max_size=None) as socket:
        listener = Listener(socket)
        assert await listener.hears() == {"id": "c-1", "type": "welcome"}
        yield listener
