"""What goes into a chart: candles of the market, levels of the person, and of the account only what may be seen."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.core.charts import BARS, LevelKind, Timeframe
from chatbot.core.errors import UnknownSymbol, UsageError
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import OrderType, Side
from chatbot.sandbox import listing
from chatbot.sandbox.faults import Fault
from chatbot.sandbox.orders import OrderRequest, Stop, Trigger
from chatbot.sandbox.prices import Candle, SeededWalk
from chatbot.services.charts import Charts, Drawn
from chatbot.services.exchange import Exchange
from chatbot.services.market import Markets
from chatbot.store.store import Store, open_store
from tests.kucoin.test_against_sandbox import bot_of
from tests.sandbox.kucoin_caller import World
from tests.store.rules import asks, funding, move, price

BTC, PERP = Symbol("BTC-USDT"), Symbol("XBTUSDTM")
ANNA, BEN = 7, 8

Draw = Callable[..., Drawn]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def store(world: World, tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "charts.db", world.clock)
    yield store
    store.close()


@pytest.fixture
def draw(world: World, store: Store) -> Draw:
    def drawn(
        word: str = "btc", timeframe: Timeframe = Timeframe.HOUR, *, account: bool = True, key: str = ""
    ) -> Drawn:
        bot = bot_of(world, key=key)
        charts = Charts(
            exchange=Exchange(market=bot.market, account=bot.account, orders=bot.orders),
            markets=Markets(bot.market, world.clock),
            store=store,
            now=world.clock,
        )
        return asyncio.run(charts.of(word, timeframe, ANNA, account=account))

    return drawn


def _rest(world: World, side: Side, at: str, *, stop: str = "", symbol: Symbol = BTC) -> None:
    venue = Venue.SPOT if symbol == BTC else Venue.FUTURES
    request = OrderRequest(
        client_oid=f"{side.value}{at}{stop}",
        symbol=symbol,
        side=side,
        type=OrderType.LIMIT,
        price=Decimal(at),
        size=Decimal("0.01") if symbol == BTC else Decimal(1),
        stop=Stop(trigger=Trigger.DOWN, price=Decimal(stop)) if stop else None,
        leverage=Decimal(5),
    )
    world.exchange.place(venue, request)


def _levels(drawn: Drawn) -> list[tuple[LevelKind, str, str]]:
    return [(level.kind, level.label, str(level.price.normalize())) for level in drawn.chart.levels]


@pytest.mark.parametrize("word", ["btc", "XBTUSDTM"])
def test_every_timeframe_has_as_many_candles_as_there_are_up_to_the_one_that_grows(
    world: World, draw: Draw, word: str
) -> None:
    for timeframe in Timeframe:
        chart = draw(word, timeframe).chart
        began = [bar.start for bar in chart.bars]
        assert began == sorted(set(began))
        assert world.clock() - timeframe.span < began[-1] <= world.clock()
        assert len(chart.bars) == BARS if timeframe.span < timedelta(hours=12) else len(chart.bars) >= 8
        quote = world.prices.quote(chart.instrument.symbol)
        assert quote is not None
        assert chart.last == quote.last


def test_only_the_persons_own_living_price_alerts_on_the_symbol_are_drawn(draw: Draw, store: Store) -> None:
    mine, _ = store.alerts.add(asks(price("68000")))
    for other in (
        asks(price("69000"), BEN), asks(price("4000", symbol="ETH-USDT")), asks(move()), asks(funding()),
    ):  # fmt: skip
        store.alerts.add(other)
    assert _levels(draw(account=False)) == [(LevelKind.ALERT, mine.name, "6.8E+4")]


def test_orders_and_stops_of_the_symbol_and_the_positions_entry_are_drawn(world: World, draw: Draw) -> None:
    _rest(world, Side.BUY, "60000")
    _rest(world, Side.SELL, "61000", stop="62000")
    assert _levels(draw()) == [(LevelKind.BUY, "buy", "6E+4"), (LevelKind.SELL, "sell stop", "6.2E+4")]
    assert _levels(draw("eth")) == []
    order = OrderRequest(
        client_oid="p", symbol=PERP, side=Side.SELL, type=OrderType.MARKET, size=Decimal(5), leverage=Decimal(5)
    )
    world.exchange.place(Venue.FUTURES, order)
    _rest(world, Side.BUY, "60000", symbol=PERP)
    kinds = [(kind, label) for kind, label, _ in _levels(draw("XBTUSDTM"))]
    assert kinds == [(LevelKind.BUY, "buy"), (LevelKind.ENTRY, "short")]


def test_nothing_of_the_account_is_asked_for_where_it_may_not_be_shown(world: World, draw: Draw) -> None:
    _rest(world, Side.BUY, "60000")
    drawn = draw(account=False, key="another key")
    assert (_levels(drawn), drawn.blind) == ([], False)


def test_an_account_that_cannot_be_read_is_told_and_the_market_drawn(draw: Draw, store: Store) -> None:
    store.alerts.add(asks(price("68000")))
    drawn = draw(key="another key")
    assert drawn.blind
    assert [kind for kind, _, _ in _levels(drawn)] == [LevelKind.ALERT]
    assert len(drawn.chart.bars) == BARS


def test_a_key_that_may_not_see_futures_has_nothing_there(store: Store) -> None:
    world = World(permissions=frozenset({"General", "Spot"}))
    bot = bot_of(world)
    charts = Charts(
        exchange=Exchange(market=bot.market, account=bot.account, orders=bot.orders),
        markets=Markets(bot.market, world.clock),
        store=store,
        now=world.clock,
    )
    drawn = asyncio.run(charts.of("XBTUSDTM", Timeframe.HOUR, ANNA, account=True))
    assert not drawn.blind


def test_a_symbol_that_is_not_there_and_an_exchange_that_is_away_raise_their_own_errors(
    world: World, draw: Draw
) -> None:
    with pytest.raises(UnknownSymbol):
        draw("bct")
    world.faults.switch(Fault.UNAVAILABLE, on=True)
    with pytest.raises(Exception, match="KuCoin"):
        draw("btc")


class Silent(SeededWalk):
    """Quoted, and never traded."""

    def candles(self, symbol: Symbol, step: timedelta, start: datetime, end: datetime) -> Sequence[Candle]:
        return ()


def test_a_market_without_a_trade_gets_a_sentence(world: World, draw: Draw) -> None:
    world.exchange.prices = Silent(7, world.clock, listing.load())
    for word in ("BTC-USDT", "XBTUSDTM"):
        with pytest.raises(UsageError, match=f"{word} had no trade in 5 d: there is nothing to draw"):
            draw(word)
