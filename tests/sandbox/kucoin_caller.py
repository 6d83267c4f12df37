"""The sandbox's KuCoin on a clock of our own, and a client that signs by KuCoin's book."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

import httpx

from chatbot.core.times import to_millis
from chatbot.core.values import frozen
from chatbot.sandbox import listing
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.exchange import Exchange
from chatbot.sandbox.faults import Faults
from chatbot.sandbox.kucoin_auth import ApiKey
from chatbot.sandbox.kucoin_rest import KucoinFace
from chatbot.sandbox.prices import SeededWalk
from tests.sandbox.worlds import BTC, NOON, PERP, Clock, Json


def api_key(**changes: Json) -> ApiKey:
    fields: dict[str, Json] = {
        "key": "key-one",
        "secret": "secret-one",
        "passphrase": "a phrase of mine",
        "uid": 100_000_001,
        "permissions": frozenset({"General", "Spot", "Futures"}),
        "created_at": NOON,
    }
    return ApiKey(**(fields | changes))


@frozen
class Answer:
    status: int
    body: dict[str, Json]
    headers: httpx.Headers

    @property
    def code(self) -> str:
        return str(self.body["code"])

    @property
    def data(self) -> Json:
        return self.body["data"]


class World:
    """Still prices: BTC stands at 67,412.3 until moved. The trade pocket holds 10,000 USDT and 1 BTC."""

    def __init__(self, *, volatility: float = 0.0, visible_after: timedelta = timedelta(0), **key: Json) -> None:
        self.clock = Clock()
        self.prices = SeededWalk(7, self.clock, listing.load(), volatility=volatility)
        self.exchange = Exchange(self.prices, self.clock, visible_after=visible_after)
        self.exchange.deposit(Pocket.MAIN, "USDT", Decimal(500))
        self.exchange.deposit(Pocket.TRADE, "USDT", Decimal(10_000))
        self.exchange.deposit(Pocket.TRADE, "BTC", Decimal(1))
        self.exchange.deposit(Pocket.FUTURES, "USDT", Decimal(5_000))
        self.key = api_key(**key)
        self.faults = Faults()
        self.slept: list[float] = []
        self.face = KucoinFace(self.exchange, [self.key], self.faults, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    def signed(self, method: str, target: str, body: str = "", *, ahead: float = 0) -> dict[str, str]:
        """`target` is the path and the query as they read before percent-encoding."""
        stamp = str(to_millis(self.clock() + timedelta(seconds=ahead)))
        return {
            "KC-API-KEY": self.key.key,
            "KC-API-SIGN": _mac(self.key.secret, stamp + method + target + body),
            "KC-API-TIMESTAMP": stamp,
            "KC-API-PASSPHRASE": _mac(self.key.secret, self.key.passphrase),
            "KC-API-KEY-VERSION": "3",
            "Content-Type": "application/json",
        }

    async def send(
        self, method: str, url: str, body: str = "", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.face.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            return await client.request(method, url, content=body, headers=headers)

    def call(self, method: str, url: str, body: Mapping[str, object] | None = None) -> Answer:
        """A signed call; `url` begins with the host, `/spot` or `/futures`."""
        text = json.dumps(body) if body is not None else ""
        target = url.removeprefix("/spot").removeprefix("/futures")
        return self.ask(method, url, text, self.signed(method, target, text))

    def ask(self, method: str, url: str, body: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        response = asyncio.run(self.send(method, url, body, headers))
        return Answer(
            status=response.status_code, body=json.loads(response.text, parse_float=Decimal), headers=response.headers
        )

    def get(self, url: str) -> Json:
        return self.call("GET", url).data

    def place(self, **order: object) -> Answer:
        spot = {"clientOid": "one", "symbol": BTC, "side": "buy", "type": "limit"}
        return self.call("POST", "/spot/api/v1/hf/orders", spot | order)

    def place_futures(self, **order: object) -> Answer:
        futures = {"clientOid": "one", "symbol": PERP, "side": "buy", "type": "market", "leverage": 5}
        return self.call("POST", "/futures/api/v1/orders", futures | order)


def _mac(secret: str, text: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()
