"""A watch over a KuCoin that is a few rows of JSON written by a test. Client, store and teller are the real ones."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from chatbot.core.alerts import AlertKind, AlertRule, Direction, Firing, Question
from chatbot.core.market import Symbol, Venue
from chatbot.core.times import to_millis
from chatbot.kucoin.account import Account
from chatbot.kucoin.clock import ExchangeClock
from chatbot.kucoin.market import Market
from chatbot.kucoin.orders import Orders
from chatbot.kucoin.pools import Pools
from chatbot.kucoin.rest import Host, Rest
from chatbot.kucoin.signing import Credentials
from chatbot.services.exchange import Exchange
from chatbot.services.firing import Teller
from chatbot.services.funding import FundingWatch
from chatbot.store.store import open_store
from tests.sandbox.worlds import Clock
from tests.services.desk import WORDS

PERP, OTHER = Symbol("XBTUSDTM"), Symbol("ETHUSDTM")
EIGHT, FOUR, MINUTE = timedelta(hours=8), timedelta(hours=4), timedelta(minutes=1)
NEXT = datetime(2026, 3, 1, 16, tzinfo=UTC)
"""The settlement that is next when a test begins, at noon."""

CONTRACTS = "/api/v1/contracts/active"
HISTORY = "/api/v1/contract/funding-rates"
POSITIONS = "/api/v1/positions"

TRIES = 4
"""How often the client asks before it says that there is no answer."""

LEVEL, FLIP, BOUND = AlertKind.FUNDING_LEVEL, AlertKind.FUNDING_FLIP, AlertKind.FUNDING_BOUND
INTERVAL, PAYMENT = AlertKind.FUNDING_INTERVAL, AlertKind.FUNDING_PAYMENT

Told = list[tuple[int, str, str, str]]


class KuCoin:
    """What its futures say: the rates of `set` until others are, and of the past what stands in `settled`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.rows: dict[str, dict[str, object]] = {}
        self.settled: dict[str, list[tuple[datetime, str]]] = {}
        self.positions: list[dict[str, object]] = []
        self.down: set[str] = set()
        self.refused: set[str] = set()
        self.nonsense: set[str] = set()
        """Symbols whose history nobody can read."""
        self.asked: list[str] = []
        self.reached, self.opened = asyncio.Event(), asyncio.Event()
        self.opened.set()

    def hold_answers(self) -> None:
        """Until `opened`."""
        self.opened.clear()

    def set(
        self,
        rate: str,
        predicted: str | None = None,
        *,
        symbol: str = PERP,
        interval: timedelta = EIGHT,
        **more: object,
    ) -> None:
        span = interval // timedelta(milliseconds=1)
        self.rows[symbol] = {
            "symbol": symbol, "status": "Open", "baseCurrency": "XBT", "quoteCurrency": "USDT", "lotSize": 1,
            "multiplier": 0.001, "tickSize": 0.1, "fundingFeeRate": Decimal(rate), "fundingRateGranularity": span,
            "predictedFundingFeeRate": None if predicted is None else Decimal(predicted),
            "fundingRateCap": Decimal("0.003"), "fundingRateFloor": Decimal("-0.003"), **more,
        }  # fmt: skip

    def hold(self, lots: int, value: str, symbol: str = PERP) -> None:
        self.positions = [
            {
                "symbol": symbol,
                "isOpen": True,
                "currentQty": lots,
                "markValue": Decimal(value),
                "settleCurrency": "USDT",
            }
        ]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        path, query = scope["path"], dict(pair.split("=") for pair in scope["query_string"].decode().split("&") if pair)
        self.asked.append(path)
        self.reached.set()
        await self.opened.wait()
        body: dict[str, object] = {"code": "200000", "data": self._answer(path, query)}
        if path in self.refused:
            body = {"code": "100001", "msg": "no such symbol"}
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 503 if path in self.down else 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body, default=_bare).encode()})

    def _answer(self, path: str, query: dict[str, str]) -> object:
        match path:
            case "/api/v1/contracts/active":
                return self._contracts()
            case "/api/v1/contract/funding-rates":
                return self._history(query)
            case "/api/v1/positions":
                return self.positions
            case _:
                return to_millis(self.clock())

    def _contracts(self) -> object:
        now = to_millis(self.clock())
        rows = []
        for row in self.rows.values():
            span = row["fundingRateGranularity"]
            left = span - now % span if isinstance(span, int) else None
            rows.append({"nextFundingRateTime": left, **row})
        return rows

    def _history(self, query: dict[str, str]) -> object:
        rows = [
            {"symbol": query["symbol"], "fundingRate": Decimal(rate), "timepoint": to_millis(at)}
            for at, rate in self.settled.get(query["symbol"], [])
            if int(query["from"]) <= to_millis(at) <= int(query["to"]) and at <= self.clock()
        ]
        return [{"symbol": query["symbol"]}] if query["symbol"] in self.nonsense else rows[::-1]


def _bare(value: object) -> float:
    assert isinstance(value, Decimal)
    return float(value)


class Desk:
    """Noon, eight hourly settlements, and a rate of 0.0001 until it is set."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "chatbot.db"
        self.clock = Clock()
        self.kucoin = KuCoin(self.clock)
        self.kucoin.set("0.0001")
        self.over: list[int] = []
        self.start()

    def start(self) -> None:
        self.store = open_store(self.path, self.clock)
        clock, pools = ExchangeClock(self.clock), Pools(now=self.clock, sleep=self._sleep, chance=lambda: 0.0)
        key = Credentials(key="k", secret="s", passphrase="p")
        spot, futures = (
            Rest(
                Host(url="http://kucoin", venue=venue, credentials=key, app=self.kucoin),
                clock=clock,
                pools=pools,
                sleep=self._sleep,
            )
            for venue in Venue
        )
        exchange = Exchange(market=Market(spot, futures), account=Account(spot, futures), orders=Orders(spot, futures))
        self.teller = Teller(store=self.store, owed=lambda: None, now=self.clock)
        self.watch = FundingWatch(
            exchange=exchange,
            store=self.store,
            teller=self.teller,
            gone=lambda rule: self.over.append(rule.id),
            wording=WORDS,
            now=self.clock,
        )

    def restart(self) -> None:
        self.store.close()
        self.start()

    async def _sleep(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await asyncio.sleep(0)

    def rule(self, kind: AlertKind, level: str = "0", direction: Direction | None = None, **more: Any) -> AlertRule:  # noqa: ANN401 - of AlertRule
        symbol = more.pop("symbol", PERP)
        question = Question(kind=kind, symbol=symbol, venue=Venue.FUTURES, direction=direction, level=Decimal(level))
        now = self.clock()
        fields: dict[str, Any] = {"person_id": 7, "person": "Anna", "chat_id": 7, "armed_at": now, "created_at": now}
        rule, added = self.store.alerts.add(AlertRule(question=question, **(fields | more)))
        assert added
        return rule

    def now(self, rule: AlertRule) -> AlertRule:
        found = self.store.alerts.rule(rule.id)
        assert found is not None
        return found

    async def scan(self, after: timedelta = timedelta(0)) -> None:
        self.clock.time += after
        await self.watch.scan()

    def firings(self) -> list[Firing]:
        ids = [row["id"] for row in self.store.db.query("SELECT id FROM firings ORDER BY id")]
        found = [self.store.alerts.firing(each) for each in ids]
        return [firing for firing in found if firing is not None]

    def told(self) -> Told:
        return [(f.rule_id, f.occasion, str(f.value), _word(f.detail)) for f in self.firings()]

    def letters(self) -> int:
        return len(self.store.outbox.due(1000))

    def plain_letters(self) -> list[tuple[int, str]]:
        rows = self.store.db.query("SELECT chat_id, text FROM outbox WHERE subject IS NULL ORDER BY chat_id, id")
        return [(row["chat_id"], row["text"]) for row in rows]

    def seen(self) -> tuple[str, str]:
        found = self.store.alerts.seen_funding(PERP)
        assert found is not None
        return f"{found.settles_at:%d %H:%M}", str(found.rate)


def above(level: str) -> dict[str, Any]:
    return {"level": level, "direction": Direction.ABOVE}


def _word(detail: str) -> str:
    """Without what was asked."""
    return detail.partition(" above ")[0].partition(" below ")[0]
