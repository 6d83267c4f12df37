"""Positions near their liquidation: each rung told once to all who can act, whatever the feed does."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from chatbot.core.account import Position
from chatbot.core.errors import Unavailable
from chatbot.core.feed import PositionNews
from chatbot.core.liquidation import Danger
from chatbot.core.market import Symbol
from chatbot.core.notices import Button, Buttons
from chatbot.core.preferences import Kind
from chatbot.services.liquidation import LiquidationWatch, LiquidationWording
from chatbot.store.store import open_store
from tests.sandbox.worlds import Clock

PERP = Symbol("XBTUSDTM")
LONG = Position(
    symbol=PERP,
    lots=Decimal(50),
    entry_price=Decimal(100),
    mark_price=Decimal(100),
    liquidation_price=Decimal(80),
    value=Decimal(5000),
    unrealised_pnl=Decimal(0),
    currency="USDT",
)
CROSS = replace(LONG, cross=True, liquidation_price=None)
BUTTONS = ((Button(text="Positions", action="positions"),),)


class KuCoin:
    """What the account holds, as the test says."""

    def __init__(self) -> None:
        self.held: Sequence[Position] = (LONG,)
        self.risk: Decimal | None = None
        self.down = False
        self.riskless = False
        self.asked = 0

    async def positions(self) -> Sequence[Position]:
        self.asked += 1
        if self.down:
            raise Unavailable("KuCoin is away.")
        return self.held

    async def risk_rate(self, currency: str) -> Decimal | None:
        assert currency == "USDT"
        if self.riskless:
            raise Unavailable("KuCoin does not answer.")
        return self.risk


def _word(found: Danger, rung: Decimal, now: datetime) -> tuple[str, Buttons]:
    return f"{found.position.symbol} {'long' if found.position.lots > 0 else 'short'} {rung * 100:.0f}", BUTTONS


class Watch:
    """Anna and Ben are told."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "chatbot.db"
        self.clock, self.kucoin = Clock(), KuCoin()
        self.start()

    def start(self) -> None:
        self.store = open_store(self.path, self.clock)
        self.watch = LiquidationWatch(
            source=self.kucoin,
            store=self.store,
            people={7, 8},
            wording=LiquidationWording(danger=_word, unknown=lambda p: f"{p.symbol} unknown"),
            now=self.clock,
        )

    def look(self, mark: str = "", after: float = 60) -> list[str]:
        """What one look tells Anna; Ben hears the same."""
        if mark:
            self.kucoin.held = [replace(p, mark_price=Decimal(mark)) for p in self.kucoin.held]
        self.clock.advance(after)
        asyncio.run(self.watch.look())
        return self.told()

    def hear(self, mark: str, symbol: Symbol | None = PERP, *, changed: bool = False) -> list[str]:
        self.watch.hear(PositionNews(symbol=symbol, mark=Decimal(mark), changed=changed))
        return self.told()

    def told(self) -> list[str]:
        letters = self.store.outbox.due(100)
        for letter in letters:
            assert letter.kind is Kind.LIQUIDATION
            self.store.outbox.sent(letter, 1)
        told = {p: [each.text for each in letters if each.chat_id == p] for p in (7, 8)}
        assert told[7] == told[8]
        return told[7]


def test_each_rung_is_told_once_and_again_only_after_it_was_left(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    assert watch.look("100") == []
    assert watch.look("94") == ["XBTUSDTM long 15"]
    assert watch.look("93.9") == []
    assert watch.look("88.5") == ["XBTUSDTM long 10"]
    assert watch.look("84") == ["XBTUSDTM long 5"]
    assert watch.look("83") == []
    assert watch.look("100") == []
    assert watch.look("84") == ["XBTUSDTM long 5"]


def test_the_feed_tells_between_two_looks(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    watch.look("100")
    asked = watch.kucoin.asked
    assert watch.hear("94") == ["XBTUSDTM long 15"]
    assert watch.hear("93") == []
    assert watch.hear("88") == ["XBTUSDTM long 10"]
    assert watch.kucoin.asked == asked


def test_a_dead_feed_costs_a_minute_and_nothing_when_it_is_near(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    assert watch.look("150") == []
    asked = watch.kucoin.asked
    assert watch.look("94", after=50) == []
    assert watch.kucoin.asked == asked, "far away it is looked at once a minute"
    assert watch.look(after=10) == ["XBTUSDTM long 15"]
    assert watch.look("88", after=10) == ["XBTUSDTM long 10"], "near it is looked at each time"


def test_a_restart_neither_repeats_nor_misses(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    assert watch.look("94") == ["XBTUSDTM long 15"]
    watch.store.close()
    watch.start()
    assert watch.look("94") == []
    assert watch.look("89", after=10) == [], "10.1 %"
    assert watch.look("88", after=10) == ["XBTUSDTM long 10"]
    watch.store.close()
    watch.start()
    assert watch.look("83") == ["XBTUSDTM long 5"], "it fell while the bot was away"


def test_a_position_that_is_gone_begins_anew(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    watch.look("94")
    watch.kucoin.held = ()
    assert watch.look(after=10) == []
    assert watch.store.rungs.all() == {}
    watch.kucoin.held = (LONG,)
    assert watch.look("94") == ["XBTUSDTM long 15"]


def test_a_long_and_a_short_of_one_contract_are_told_apart(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    short = replace(LONG, lots=Decimal(-10), liquidation_price=Decimal(120), hedged=True)
    watch.kucoin.held = (replace(LONG, hedged=True), short)
    watch.look("100")
    assert watch.hear("94") == ["XBTUSDTM long 15"]
    assert watch.hear("106") == ["XBTUSDTM short 15"]


def test_cross_margin_is_judged_by_the_risk_rate(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    watch.kucoin.held, watch.kucoin.risk = (CROSS,), Decimal("0.4")
    assert watch.look() == []
    watch.kucoin.risk = Decimal("0.91")
    assert watch.look() == ["XBTUSDTM long 10"]
    assert watch.hear("1") == [], "a mark price says nothing of the risk rate"


def test_what_nobody_can_know_is_owned_up_to_once(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    watch.kucoin.held = (CROSS,)
    assert watch.look() == ["XBTUSDTM unknown"]
    assert watch.look() == []
    watch.store.close()
    watch.start()
    assert watch.look() == []


def test_an_exchange_that_is_away_is_asked_again_and_changes_nothing(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    assert watch.look("94") == ["XBTUSDTM long 15"]
    watch.kucoin.down = True
    assert watch.look() == []
    assert watch.hear("88") == ["XBTUSDTM long 10"], "the last known price of liquidation still counts"
    watch.kucoin.down = False
    assert watch.look("88", after=1) == []


def test_a_mark_price_that_is_missing_is_waited_for(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    assert watch.look("0") == [], "it has a price of liquidation: the next mark will do"
    assert watch.hear("94") == ["XBTUSDTM long 15"]


def test_a_risk_rate_that_cannot_be_read_holds_up_no_other_position(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    other = replace(CROSS, symbol=Symbol("ETHUSDTM"))
    watch.kucoin.held, watch.kucoin.risk, watch.kucoin.riskless = (LONG, other), Decimal("0.91"), True
    assert watch.look("94") == ["XBTUSDTM long 15"]
    assert watch.hear("88") == ["XBTUSDTM long 10"]
    watch.kucoin.riskless = False
    assert watch.look("88", after=10) == ["ETHUSDTM long 10"], "not known is not unknowable, and it is asked soon again"


def test_news_of_what_is_not_known_make_it_be_read_at_once(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    watch.kucoin.held = ()
    watch.look()
    watch.kucoin.held = (LONG,)
    assert watch.hear("94") == []
    assert watch.look("94", after=1) == ["XBTUSDTM long 15"]
    watch.kucoin.held = (replace(LONG, liquidation_price=Decimal(90)),)
    watch.hear("94", changed=True)
    assert watch.look("94", after=1) == ["XBTUSDTM long 5"], "margin was taken out of it"
    watch.kucoin.held = ()
    watch.hear("94", None)
    watch.look(after=1)
    assert watch.store.rungs.all() == {}
