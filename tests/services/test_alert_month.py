"""Thirty simulated days of a driven clock: the feed fails every five minutes, the bot stops now and then."""

import asyncio
import random
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.core.alerts import AlertKind, AlertRule, AlertState, Direction, Question, watch_of
from chatbot.core.feed import Tick
from chatbot.core.market import Candle, Instrument, Symbol, Venue
from chatbot.core.symbols import Catalogue
from chatbot.core.times import to_millis
from chatbot.services.auditing import CandleAudit
from chatbot.services.firing import Teller
from chatbot.services.lookout import Lookout
from chatbot.services.replaying import Replaying
from chatbot.store.store import open_store
from tests.sandbox.worlds import BTC, NOON, Clock
from tests.services.desk import small_market

STEP = timedelta(seconds=10)
MINUTE = timedelta(minutes=1)
A_MINUTE = 6
DAYS = 30
STEPS = DAYS * 24 * 60 * A_MINUTE
BLOCK = 5 * A_MINUTE
"""Steps between two failures of the feed."""


class Market:
    """A price every ten seconds, and the candles made of these."""

    def __init__(self, dice: random.Random) -> None:
        price, self.prices = 6_700_000, []
        for _ in range(STEPS + BLOCK):
            price += round(dice.gauss(0, 1500) + (6_700_000 - price) * 0.0004)
            self.prices.append(Decimal(price) / 100)
        self._catalogue = Catalogue(tuple(each.instrument for each in small_market().listed.values()))

    async def catalogue(self) -> Catalogue:
        return self._catalogue

    async def candles(self, instrument: Instrument, start: datetime, end: datetime) -> tuple[Candle, ...]:
        first, last = (start - NOON) // MINUTE, (end - NOON) // MINUTE
        return tuple(self.candle(instrument.symbol, minute) for minute in range(max(first, 0), last))

    def candle(self, symbol: Symbol, minute: int) -> Candle:
        prices = self.prices[minute * A_MINUTE : (minute + 1) * A_MINUTE]
        start = NOON + minute * MINUTE
        return Candle(symbol=symbol, start=start, open=prices[0], high=max(prices), low=min(prices), close=prices[-1])


class Month:
    def __init__(self, folder: Path, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - a seed makes the same month again
        self.market = Market(self.dice)
        self.clock = Clock()
        self.path = folder / "month.db"
        self.checked = NOON
        self.start()

    def start(self) -> None:
        self.store = open_store(self.path, self.clock)
        teller = Teller(store=self.store, owed=lambda: None, now=self.clock)
        self.lookout = Lookout(store=self.store, teller=teller, now=self.clock)
        self.audit = CandleAudit(
            markets=self.market,
            store=self.store,
            lookout=self.lookout,
            replaying=Replaying(store=self.store, teller=teller, lookout=self.lookout),
            gone=lambda _: None,
            now=self.clock,
        )
        self.lookout.load()
        self.lookout.settle_due()

    def make_rules(self) -> None:
        every = (None, MINUTE, timedelta(minutes=7), timedelta(hours=1), timedelta(hours=6))
        now = self.market.prices[0]
        for n in range(40):
            level = Decimal(round(float(now) + self.dice.uniform(-1800, 1800)))
            question = Question(
                kind=AlertKind.PRICE,
                symbol=BTC,
                venue=Venue.SPOT,
                direction=Direction.ABOVE if level > now else Direction.BELOW,
                level=level,
            )
            rule = AlertRule(
                question=question, person_id=n, person="Anna", chat_id=7, every=every[n % 5], armed_at=NOON,
                created_at=NOON,
            )  # fmt: skip
            with self.store.atomic():
                self.audit.begin(BTC, Venue.SPOT)
                kept, _ = self.store.alerts.add(rule)
            self.lookout.watch(kept)

    async def live(self) -> None:
        """The feed is deaf for a part of every five minutes; twice a week the bot is off for hours."""
        off_until = step = 0
        while step < STEPS:
            deaf_from = self.dice.randrange(BLOCK)
            deaf_to = deaf_from + self.dice.randrange(1, BLOCK)
            for n in range(BLOCK):
                if step + n >= off_until:
                    self.second_hand(step + n, deaf=deaf_from <= n < deaf_to)
            step += BLOCK
            self.clock.time = NOON + step * STEP + timedelta(seconds=9)
            if step < off_until:
                continue
            if off_until == 0 and self.dice.random() < 0.001:
                self.store.close()
                off_until = step + self.dice.randrange(BLOCK, 18 * 60 * A_MINUTE) // BLOCK * BLOCK
                continue
            if off_until:
                self.start()
                off_until = 0
            await self.audit.look()
            self.check()

    def second_hand(self, step: int, *, deaf: bool) -> None:
        self.clock.time = NOON + step * STEP
        if deaf:
            self.lookout.interrupt(Venue.SPOT)
        if step % A_MINUTE == 0:
            self.lookout.settle_due()
        if not deaf:
            self.lookout.hear(Tick(BTC, str(self.market.prices[step]), to_millis(self.clock.time)))

    def check(self) -> None:
        """No rule stands as if something had not happened that a closed candle shows."""
        until = self.audit.read_until([BTC])
        assert until is not None
        minutes = range((self.checked - NOON) // MINUTE, (until - NOON) // MINUTE)
        candles = [self.market.candle(BTC, minute) for minute in minutes]
        for rule in self.store.alerts.on_symbol(BTC):
            since = rule.armed_at if rule.state is AlertState.ARMED else rule.eligible_at
            watch = watch_of(rule)
            if watch is None or since is None:
                continue
            after = [c for c in candles if c.start >= since]
            missed = [c for c in after if watch.met_by(c.high if watch.rising else c.low)]
            assert missed == [], f"{rule.name} {rule.state} since {since}"
        self.checked = until


@pytest.mark.parametrize("seed", [20261121])
def test_a_month_with_a_failure_every_five_minutes_misses_nothing_and_doubles_nothing(
    tmp_path: Path, seed: int
) -> None:
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    month = Month(tmp_path, seed)
    month.make_rules()
    asyncio.run(month.live())
    rows = list(month.store.db.query("SELECT * FROM firings ORDER BY rule_id, id"))
    assert len(rows) > 1000
    assert {r["source"] for r in rows} == {"live", "candle"}
    letters = list(month.store.db.query("SELECT subject_id FROM outbox WHERE subject = 'alert'"))
    assert sorted(row["subject_id"] for row in letters) == sorted(r["id"] for r in rows), "one letter each"
    for rule in map(month.store.alerts.rule, {r["rule_id"] for r in rows}):
        assert rule is not None
        check_firings(month, rule, [r for r in rows if r["rule_id"] == rule.id])
    month.store.close()


def check_firings(month: Month, rule: AlertRule, firings: list[dict[str, str]]) -> None:
    """Each is counted, at a price that was there, and between two of them the price had gone back."""
    assert [int(f["number"]) for f in firings] == list(range(1, len(firings) + 1))
    rising = rule.question.direction is Direction.ABOVE
    level = rule.question.level
    back = level * (Decimal("0.999") if rising else Decimal("1.001"))
    before: int | None = None
    for firing in firings:
        step = (datetime.fromisoformat(firing["at"]) - NOON) // STEP
        steps = 1 if firing["source"] == "live" else A_MINUTE
        seen = month.market.prices[step : step + steps]
        assert Decimal(firing["value"]) in seen
        assert (Decimal(firing["value"]) >= level) if rising else (Decimal(firing["value"]) <= level)
        if before is not None:
            between = month.market.prices[before : step + steps]
            assert (min(between) <= back) if rising else (max(between) >= back)
            assert rule.every is not None
            assert step + steps - before >= rule.every // STEP
        before = step
