"""The scan of all contracts: what it asks for, what it tells, and what survives errors, gaps and restarts.

KuCoin is a few rows of JSON that a test writes; the client, the store and the teller are the real ones.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chatbot.core.alerts import AlertKind, AlertRule, AlertState, Direction, Firing, Question, Source
from chatbot.core.feed import PredictedRate
from chatbot.core.funding_alerts import LAG
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import OrderType
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
from chatbot.services.funding import AT_ONCE, REACH, FundingWatch
from chatbot.store.store import open_store
from tests.sandbox.worlds import Clock
from tests.services import desk as sandbox
from tests.services.desk import story

PERP, OTHER = Symbol("XBTUSDTM"), Symbol("ETHUSDTM")
EIGHT, FOUR, MINUTE = timedelta(hours=8), timedelta(hours=4), timedelta(minutes=1)
SIX = datetime(2026, 3, 1, 16, tzinfo=UTC)
"""The settlement that is next when a test begins, at noon."""

CONTRACTS, HISTORY = "/api/v1/contracts/active", "/api/v1/contract/funding-rates"
TRIES = 4
"""How often the client asks before it says that there is no answer."""

POSITIONS = "/api/v1/positions"

LEVEL, FLIP, BOUND = AlertKind.FUNDING_LEVEL, AlertKind.FUNDING_FLIP, AlertKind.FUNDING_BOUND
INTERVAL, PAYMENT = AlertKind.FUNDING_INTERVAL, AlertKind.FUNDING_PAYMENT

Told = list[tuple[int, str, str, str]]


class KuCoin:
    """What its futures say. A settlement passes when the clock does: the rate then is the one of `set`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.rows: dict[str, dict[str, object]] = {}
        self.settled: dict[str, list[tuple[datetime, str]]] = {}
        self.positions: list[dict[str, object]] = []
        self.down: set[str] = set()
        self.refused: set[str] = set()
        self.asked: list[str] = []

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
        return rows[::-1]


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
        return [(f.rule_id, f.occasion, str(f.value), f.detail) for f in self.firings()]

    def letters(self) -> int:
        return len(self.store.outbox.due(1000))

    def seen(self) -> tuple[str, str]:
        found = self.store.alerts.seen_funding(PERP)
        assert found is not None
        return f"{found.settles_at:%d %H:%M}", str(found.rate)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.store.close()


def above(level: str) -> dict[str, Any]:
    return {"level": level, "direction": Direction.ABOVE}


@story
async def test_without_funding_rules_nothing_is_asked(desk: Desk) -> None:
    await desk.scan()
    over = desk.rule(FLIP, state=AlertState.DONE)
    await desk.scan()
    assert (desk.kucoin.asked, desk.now(over).state) == ([], AlertState.DONE)


@story
async def test_one_request_tells_of_all_contracts(desk: Desk) -> None:
    desk.kucoin.set("-0.0002", symbol=OTHER)
    one = desk.rule(LEVEL, **above("0.0001"))
    two = desk.rule(LEVEL, "-0.0001", Direction.BELOW, symbol=OTHER)
    await desk.scan()
    assert desk.kucoin.asked == [CONTRACTS]
    told = sorted(desk.told())
    assert told == [
        (one.id, "settles 2026-03-01T16:00Z", "0.0001", "current"),
        (two.id, "settles 2026-03-01T16:00Z", "-0.0002", "current"),
    ]
    first = min(desk.firings(), key=lambda f: f.rule_id)
    assert (first.source, first.at, first.settles_at, first.number) == (Source.POLL, desk.clock(), SIX, 1)
    assert desk.letters() == 2
    assert [desk.now(r).state for r in (one, two)] == [AlertState.DONE, AlertState.DONE]


@story
async def test_a_rule_tells_a_settlement_once_and_the_next_one_again(desk: Desk) -> None:
    rule = desk.rule(LEVEL, **above("0.0001"), every=MINUTE)
    for _ in range(10):
        await desk.scan(MINUTE)
    assert len(desk.told()) == 1
    desk.clock.time = SIX + MINUTE
    for _ in range(3):
        await desk.scan(MINUTE)
    assert [name for _, name, _, _ in desk.told()] == ["settles 2026-03-01T16:00Z", "settles 2026-03-02T00:00Z"]
    assert (desk.now(rule).fired, desk.letters()) == (2, 2)


@story
async def test_the_predicted_rate_is_told_too_and_not_again_when_it_has_become_the_current_one(desk: Desk) -> None:
    desk.rule(LEVEL, **above("0.0005"), every=MINUTE)
    desk.kucoin.set("0.0006", "0.0007")
    for _ in range(4):
        await desk.scan(MINUTE)
    assert [(name, detail) for _, name, _, detail in desk.told()] == [
        ("settles 2026-03-01T16:00Z", "current"),
        ("settles 2026-03-02T00:00Z", "predicted"),
    ]
    desk.kucoin.set("0.0007")
    desk.clock.time = SIX + MINUTE
    await desk.scan()
    assert len(desk.told()) == 2


@story
async def test_a_rule_rests_as_long_as_it_was_asked_to_and_is_armed_again_by_the_clock(desk: Desk) -> None:
    rule = desk.rule(LEVEL, **above("0.0001"), every=timedelta(hours=1))
    await desk.scan()
    desk.kucoin.set("0")
    await desk.scan(timedelta(minutes=59))
    assert desk.now(rule).state is AlertState.COOLING
    await desk.scan(MINUTE)
    again = desk.now(rule)
    assert (again.state, again.arms, again.armed_at) == (AlertState.ARMED, 2, desk.clock())


@story
async def test_a_flip_is_told_when_the_cycle_with_the_other_sign_begins(desk: Desk) -> None:
    rule = desk.rule(FLIP)
    await desk.scan()
    desk.kucoin.set("-0.0002")
    await desk.scan(SIX - desk.clock.time - MINUTE)
    await desk.scan(2 * MINUTE)
    assert desk.told() == [(rule.id, "settles 2026-03-01T16:00Z", "-0.0002", "current")]


@story
async def test_plus_zero_minus_is_one_flip_also_over_a_restart(desk: Desk) -> None:
    rule = desk.rule(FLIP)
    await desk.scan()
    desk.kucoin.set("0")
    await desk.scan(MINUTE)
    desk.restart()
    await desk.scan(MINUTE)
    assert desk.told() == []
    desk.kucoin.set("-0.0001")
    await desk.scan(MINUTE)
    assert desk.told() == [(rule.id, "settles 2026-03-01T16:00Z", "-0.0001", "current")]


@story
async def test_a_rate_near_its_cap_and_a_changed_interval_are_told(desk: Desk) -> None:
    bound, interval = desk.rule(BOUND), desk.rule(INTERVAL)
    await desk.scan()
    desk.kucoin.set("0.0028", interval=FOUR)
    await desk.scan(MINUTE)
    assert desk.told() == [
        (bound.id, "settles 2026-03-01T16:00Z", "0.0028", "cap"),
        (interval.id, "settles 2026-03-01T16:00Z 28800>14400", "14400", "28800>14400"),
    ]


@story
async def test_positions_are_read_only_before_a_settlement_that_a_rule_asks_about(desk: Desk) -> None:
    desk.kucoin.hold(50, "3370")
    desk.rule(LEVEL, **above("1"))
    await desk.scan(SIX - desk.clock.time - timedelta(minutes=20))
    assert POSITIONS not in desk.kucoin.asked
    desk.clock.time = SIX - timedelta(minutes=31)
    payment = desk.rule(PAYMENT, "0.3")
    await desk.scan()
    assert POSITIONS not in desk.kucoin.asked
    for _ in range(3):
        await desk.scan(MINUTE)
    assert desk.kucoin.asked.count(POSITIONS) == 1
    assert desk.told() == [(payment.id, "settles 2026-03-01T16:00Z", "0.337", "long USDT")]


@story
async def test_a_scan_reads_the_positions_once_for_all_rules(desk: Desk) -> None:
    desk.kucoin.set("0.0001", symbol=OTHER)
    desk.rule(PAYMENT)
    desk.rule(PAYMENT, symbol=OTHER)
    await desk.scan(SIX - desk.clock.time - MINUTE)
    assert desk.kucoin.asked.count(POSITIONS) == 1
    assert desk.told() == []


@story
async def test_positions_that_cannot_be_read_hold_up_the_payments_alone(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.kucoin.hold(-50, "3370")
    desk.kucoin.set("-0.0001")
    payment, level = desk.rule(PAYMENT), desk.rule(LEVEL, "0", Direction.BELOW)
    desk.kucoin.down.add(POSITIONS)
    desk.clock.time = SIX - timedelta(minutes=20)
    await desk.scan()
    await desk.scan(MINUTE)
    assert [rule_id for rule_id, _, _, _ in desk.told()] == [level.id]
    desk.kucoin.down.clear()
    await desk.scan(MINUTE)
    assert desk.told()[1:] == [(payment.id, "settles 2026-03-01T16:00Z", "0.337", "short USDT")]
    assert len([r for r in caplog.records if "positions" in r.message and r.name.endswith("funding")]) == 1


@story
async def test_the_feeds_predicted_rate_stands_in_for_five_minutes(desk: Desk) -> None:
    rule = desk.rule(LEVEL, **above("0.0005"))
    heard = PredictedRate(symbol=PERP, rate=Decimal("0.0009"), at=desk.clock())
    desk.watch.hear(heard)
    desk.watch.hear(replace(heard, rate=Decimal(0), at=heard.at - MINUTE))
    await desk.scan(6 * MINUTE)
    assert desk.told() == []
    desk.watch.hear(replace(heard, at=desk.clock()))
    await desk.scan(5 * MINUTE)
    assert desk.told() == [(rule.id, "settles 2026-03-02T00:00Z", "0.0009", "predicted")]


@story
async def test_right_after_a_settlement_the_figures_are_not_believed(desk: Desk) -> None:
    desk.rule(LEVEL, **above("0.0005"))
    desk.kucoin.set("0.0009")
    desk.clock.time = SIX + timedelta(seconds=20)
    await desk.scan()
    assert desk.told() == []
    desk.kucoin.set("0.0001")
    await desk.scan(MINUTE)
    assert desk.told() == []


@story
async def test_a_contract_without_funding_is_neither_judged_nor_gone(desk: Desk) -> None:
    desk.kucoin.set("0.0009", fundingRateGranularity=None)
    rule = desk.rule(LEVEL, **above("0.0005"))
    for _ in range(3):
        await desk.scan(MINUTE)
    assert (desk.told(), desk.now(rule).state, desk.over) == ([], AlertState.ARMED, [])


@story
async def test_an_exchange_that_is_away_is_logged_once_and_once_when_it_is_back(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk.rule(LEVEL, **above("0.0001"))
    desk.kucoin.down.add(CONTRACTS)
    for _ in range(3):
        await desk.scan(MINUTE)
    assert desk.told() == []
    desk.kucoin.down.clear()
    for _ in range(2):
        await desk.scan(MINUTE)
    assert len(desk.told()) == 1
    said = [record.levelname for record in caplog.records if record.name == "chatbot.services.funding"]
    assert said == ["WARNING", "INFO"]


def _many(desk: Desk, count: int = 10) -> None:
    for number in range(count):
        desk.kucoin.set("0.0001", symbol=f"C{number}USDTM")


@story
async def test_the_rules_of_a_delisted_contract_end_after_two_looks_and_are_told_once(desk: Desk) -> None:
    _many(desk)
    rules = [desk.rule(FLIP), desk.rule(BOUND)]
    await desk.scan()
    del desk.kucoin.rows[PERP]
    await desk.scan(MINUTE)
    assert desk.over == []
    for _ in range(3):
        await desk.scan(MINUTE)
    assert desk.over == [rule.id for rule in rules]
    assert [desk.now(rule).state for rule in rules] == [AlertState.GONE, AlertState.GONE]


@story
async def test_one_look_without_a_contract_is_forgotten_when_it_is_back(desk: Desk) -> None:
    _many(desk)
    rule = desk.rule(FLIP)
    kept = desk.kucoin.rows.pop(PERP)
    for there in (False, True, False, True):
        if there:
            desk.kucoin.rows[PERP] = kept
        else:
            desk.kucoin.rows.pop(PERP, None)
        await desk.scan(MINUTE)
    assert (desk.over, desk.now(rule).state) == ([], AlertState.ARMED)


@story
async def test_a_list_that_is_suspiciously_short_ends_no_rule(desk: Desk) -> None:
    _many(desk)
    rule = desk.rule(FLIP)
    await desk.scan()
    desk.kucoin.rows = {symbol: desk.kucoin.rows[symbol] for symbol in ("C1USDTM", "C2USDTM")}
    for _ in range(5):
        await desk.scan(MINUTE)
    desk.kucoin.rows = {}
    await desk.scan(MINUTE)
    assert (desk.over, desk.now(rule).state) == ([], AlertState.ARMED)


async def _off(desk: Desk, until: datetime, *settled: str) -> None:
    """The bot is down while these settlements pass, eight hours apart, and looks again at `until`."""
    await desk.scan()
    desk.kucoin.settled[PERP] = [(SIX + n * EIGHT, rate) for n, rate in enumerate(settled)]
    desk.clock.time = until
    desk.restart()


@story
async def test_settlements_that_passed_while_the_bot_was_off_are_told_as_late(desk: Desk) -> None:
    once = desk.rule(LEVEL, **above("0.0005"))
    often = desk.rule(LEVEL, **above("0.0004"), every=timedelta(hours=1))
    flip = desk.rule(FLIP, every=timedelta(hours=1))
    await _off(desk, SIX + 3 * EIGHT + timedelta(hours=1), "0.0001", "0.0006", "-0.0001", "0.0007")
    for _ in range(3):
        await desk.scan()
        desk.restart()
    assert sorted(desk.told()) == [
        (once.id, "settles 2026-03-02T00:00Z", "0.0006", "current"),
        (often.id, "settles 2026-03-02T00:00Z", "0.0006", "current"),
        (often.id, "settles 2026-03-02T16:00Z", "0.0007", "current"),
        (flip.id, "settles 2026-03-02T08:00Z", "-0.0001", "current"),
        (flip.id, "settles 2026-03-02T16:00Z", "0.0007", "current"),
    ]
    assert all(f.late and f.at == f.settles_at and f.told_at == desk.clock() for f in desk.firings())
    assert (desk.letters(), desk.seen()) == (5, ("03 00:00", "0.0001"))


@story
async def test_the_rate_of_now_is_compared_with_the_last_one_that_settled(desk: Desk) -> None:
    desk.rule(FLIP)
    await _off(desk, SIX + EIGHT + timedelta(hours=1), "0.0001", "0")
    desk.kucoin.set("-0.0003")
    await desk.scan()
    assert [(f.occasion, f.source) for f in desk.firings()] == [("settles 2026-03-02T08:00Z", Source.POLL)]


@story
async def test_nothing_is_read_back_when_no_settlement_passed_or_no_rule_can_use_it(desk: Desk) -> None:
    desk.rule(BOUND)
    await _off(desk, SIX + EIGHT + timedelta(hours=1), "0.0029")
    await desk.scan()
    desk.rule(LEVEL, **above("0.0005"))
    desk.restart()
    await desk.scan()
    assert (HISTORY in desk.kucoin.asked, desk.told()) == (False, [])


@story
async def test_a_settlement_passed_between_two_looks_is_no_gap(desk: Desk) -> None:
    desk.rule(LEVEL, **above("0.0005"))
    desk.clock.time = SIX - 2 * MINUTE
    for _ in range(5):
        await desk.scan(MINUTE)
    assert (HISTORY in desk.kucoin.asked, desk.seen()[0]) == (False, "02 00:00")


@story
async def test_a_long_silence_of_the_exchange_is_read_back_as_well(desk: Desk) -> None:
    rule = desk.rule(LEVEL, **above("0.0005"))
    await desk.scan()
    desk.kucoin.settled[PERP] = [(SIX, "0.0009")]
    desk.kucoin.down.add(CONTRACTS)
    await desk.scan(timedelta(hours=4))
    desk.kucoin.down.clear()
    await desk.scan(5 * MINUTE)
    assert desk.told() == [(rule.id, "settles 2026-03-01T16:00Z", "0.0009", "current")]


@story
async def test_a_rule_made_just_before_a_settlement_or_a_stop_is_judged_by_it(desk: Desk) -> None:
    desk.rule(FLIP)
    await desk.scan(SIX - desk.clock.time - timedelta(seconds=90))
    desk.kucoin.settled |= {PERP: [(SIX, "0.0009")], OTHER: [(SIX, "0.0008")]}
    desk.clock.time = SIX - timedelta(seconds=40)
    alone = desk.rule(LEVEL, **above("0.0005"), symbol=OTHER)
    beside = desk.rule(LEVEL, **above("0.0005"))
    desk.kucoin.set("0.0001", symbol=OTHER)
    desk.clock.time = SIX + 2 * MINUTE
    await desk.scan()
    assert desk.told() == [
        (alone.id, "settles 2026-03-01T16:00Z", "0.0008", "current"),
        (beside.id, "settles 2026-03-01T16:00Z", "0.0009", "current"),
    ]
    asked = len(desk.kucoin.asked)
    desk.kucoin.set("0.0001", symbol="SOLUSDTM")
    desk.rule(LEVEL, **above("0.0005"), symbol="SOLUSDTM")
    await desk.scan(MINUTE)
    assert desk.kucoin.asked[asked:] == [CONTRACTS]


@story
async def test_an_interval_that_changed_while_the_bot_was_off_is_told(desk: Desk) -> None:
    desk.rule(LEVEL, **above("0.0005"))
    rule = desk.rule(INTERVAL)
    await _off(desk, SIX + timedelta(hours=1), "0.0001")
    desk.kucoin.set("0.0001", interval=FOUR)
    await desk.scan()
    assert desk.told() == [(rule.id, "settles 2026-03-01T20:00Z 28800>14400", "14400", "28800>14400")]


@story
async def test_no_rule_is_judged_by_what_settled_before_it_was_made_or_while_it_rested(desk: Desk) -> None:
    desk.rule(FLIP)
    await _off(desk, SIX + EIGHT + timedelta(hours=1), "0.0009", "0.0009")
    late = desk.rule(LEVEL, **above("0.0005"))
    rest: dict[str, Any] = {
        "state": AlertState.COOLING,
        "eligible_at": SIX + timedelta(hours=1),
        "created_at": SIX - EIGHT,
    }
    rested = desk.rule(LEVEL, **above("0.0006"), every=timedelta(hours=1), **rest)
    until = desk.rule(LEVEL, **above("0.0007"), until=SIX + MINUTE, created_at=SIX - EIGHT, armed_at=SIX - EIGHT)
    await desk.scan()
    assert desk.told() == [
        (until.id, "settles 2026-03-01T16:00Z", "0.0009", "current"),
        (rested.id, "settles 2026-03-02T00:00Z", "0.0009", "current"),
    ]
    assert desk.now(late).state is AlertState.ARMED


@story
async def test_no_more_than_seven_days_are_read_back(desk: Desk) -> None:
    desk.rule(LEVEL, **above("0.0005"), every=MINUTE)
    await _off(desk, SIX + 25 * EIGHT + timedelta(hours=1), *["0.0009"] * 26)
    await desk.scan()
    told = desk.firings()
    assert len(told) == 21
    assert min(f.at for f in told) >= desk.clock() - REACH


@story
async def test_a_history_that_lags_is_waited_for_and_holds_nothing_else_up(desk: Desk) -> None:
    late, live = desk.rule(LEVEL, **above("0.0005")), desk.rule(BOUND)
    await _off(desk, SIX + 2 * MINUTE)
    desk.kucoin.set("0.0001", "-0.003")
    await desk.scan()
    assert [rule_id for rule_id, _, _, _ in desk.told()] == [live.id]
    assert desk.seen()[0] == "01 16:00"
    desk.kucoin.settled[PERP] = [(SIX, "0.0009")]
    desk.kucoin.set("0.0001")
    await desk.scan(MINUTE)
    assert desk.told()[1:] == [(late.id, "settles 2026-03-01T16:00Z", "0.0009", "current")]
    assert desk.seen()[0] == "02 00:00"


@story
async def test_a_history_that_stays_empty_is_not_waited_for_for_ever(desk: Desk) -> None:
    desk.rule(LEVEL, **above("0.0005"))
    await _off(desk, SIX + 2 * MINUTE)
    await desk.scan()
    assert desk.seen()[0] == "01 16:00"
    await desk.scan(LAG)
    assert desk.seen()[0] == "02 00:00"


@pytest.mark.parametrize("refused", [False, True])
@story
async def test_a_history_that_cannot_be_read_is_asked_for_again_and_one_that_is_refused_is_not(
    desk: Desk, refused: bool
) -> None:
    desk.kucoin.set("0.0001", symbol=OTHER)
    desk.rule(LEVEL, **above("0.0005"))
    desk.rule(LEVEL, **above("0.0005"), symbol=OTHER)
    await _off(desk, SIX + timedelta(hours=1), "0.0009")
    (desk.kucoin.refused if refused else desk.kucoin.down).add(HISTORY)
    desk.kucoin.asked.clear()
    await desk.scan()
    asked = desk.kucoin.asked.count(HISTORY)
    desk.kucoin.refused.clear()
    desk.kucoin.down.clear()
    await desk.scan(MINUTE)
    assert len(desk.told()) == (0 if refused else 1)
    assert (asked, desk.kucoin.asked.count(HISTORY) - asked) == ((2, 0) if refused else (TRIES, 2))


async def _until(done: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if done():
            return
        await asyncio.sleep(0)
    pytest.fail("it never came to that")


@story
async def test_who_stops_before_the_end_of_a_scan_neither_loses_nor_doubles(desk: Desk) -> None:
    rules = [desk.rule(LEVEL, "0.0001", Direction.ABOVE, person_id=n) for n in range(2 * AT_ONCE + 1)]
    flips = [desk.rule(FLIP, person_id=n) for n in range(3)]
    await desk.scan()
    first = len(desk.told())
    desk.kucoin.set("-0.0002")
    scan = asyncio.ensure_future(desk.watch.scan())
    await _until(lambda: len(desk.told()) > first)
    scan.cancel()
    await asyncio.gather(scan, return_exceptions=True)
    desk.restart()
    for _ in range(2):
        await desk.scan()
    told = desk.told()
    assert first <= len(rules)
    assert len(told) == len(set(told)) == desk.letters() == first + len(flips)


@story
async def test_a_rule_that_was_changed_during_the_scan_is_left_to_the_next_one(desk: Desk) -> None:
    rules = [desk.rule(LEVEL, "0.0001", Direction.ABOVE, person_id=n) for n in range(AT_ONCE + 1)]
    last = rules[-1]
    scan = asyncio.ensure_future(desk.watch.scan())
    await _until(lambda: bool(desk.told()))
    assert desk.store.alerts.change(last, replace(last, state=AlertState.DELETED))
    await scan
    assert last.id not in [rule_id for rule_id, _, _, _ in desk.told()]
    assert len(desk.told()) == AT_ONCE


@story
async def test_the_sandboxs_kucoin_is_understood_in_all_of_this(opened: Callable[..., sandbox.Desk]) -> None:
    desk = opened()
    desk.exchange.advance()
    teller = Teller(store=desk.store, owed=lambda: None, now=desk.time)
    watch = FundingWatch(exchange=desk.kucoin, store=desk.store, teller=teller, gone=lambda rule: None, now=desk.time)
    desk.elsewhere(
        venue=Venue.FUTURES, symbol=PERP, type=OrderType.MARKET, price=None, size=Decimal(50), leverage=Decimal(5)
    )
    rate = desk.prices.funding(PERP)
    assert rate is not None
    fields: dict[str, Any] = {"person_id": 7, "person": "Anna", "chat_id": 7, "every": MINUTE}
    kinds = (LEVEL, Direction.ABOVE if rate.rate > 0 else Direction.BELOW), (PAYMENT, None)
    for kind, direction in kinds:
        question = Question(kind=kind, symbol=PERP, venue=Venue.FUTURES, direction=direction)
        now = desk.time()
        desk.store.alerts.add(AlertRule(question=question, armed_at=now, created_at=now, **fields))
    desk.wait((rate.next_at - desk.time()).total_seconds() - 600)
    await watch.scan()
    desk.wait(rate.interval.total_seconds() * 2)
    await watch.scan()
    rows = desk.store.db.query("SELECT occasion, source FROM firings WHERE rule_id = 1 ORDER BY id")
    names = [f"settles {rate.next_at + n * rate.interval:%Y-%m-%dT%H:%MZ}" for n in range(3)]
    assert [(r["occasion"], r["source"]) for r in rows] == [
        (names[0], "poll"),
        (names[1], "history"),
        (names[2], "poll"),
    ]
    paid = desk.store.alerts.latest_firing(2)
    assert (paid is not None) is (rate.rate > 0)
