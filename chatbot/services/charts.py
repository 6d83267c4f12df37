"""What is drawn of one market for one person: its candles, their alerts, and what the account has there."""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from typing import TypeVar

from chatbot.core.account import Position
from chatbot.core.alerts import AlertKind
from chatbot.core.charts import BARS, Chart, Level, LevelKind, Timeframe
from chatbot.core.errors import KucoinError, NoPermission, UsageError
from chatbot.core.exchange import AtRest, Resting
from chatbot.core.market import Instrument, Symbol, Venue
from chatbot.core.orders import Side
from chatbot.core.times import Now, in_words
from chatbot.core.values import frozen
from chatbot.services.exchange import Exchange
from chatbot.services.market import Markets
from chatbot.store.store import Store

log = logging.getLogger(__name__)

T = TypeVar("T")

_PATIENCE = 3.0
"""Seconds that the picture waits for the account."""

_PLACES = {
    Venue.SPOT: (Resting.SPOT_ORDERS, Resting.SPOT_STOPS),
    Venue.FUTURES: (Resting.FUTURES_ORDERS, Resting.FUTURES_STOPS),
}
_KINDS = {Side.BUY: LevelKind.BUY, Side.SELL: LevelKind.SELL}


@frozen
class Drawn:
    """`blind`: the account could not be read, so nothing of it is in the chart."""

    chart: Chart
    blind: bool


class Charts:
    def __init__(self, *, exchange: Exchange, markets: Markets, store: Store, now: Now) -> None:
        self._exchange = exchange
        self._markets = markets
        self._store = store
        self._now = now

    async def of(self, word: str, timeframe: Timeframe, person_id: int, *, account: bool) -> Drawn:
        """`account`: with its orders and its position. Raises UsageError, KucoinError."""
        instrument = (await self._markets.catalogue()).find(word)
        bars, orders, positions = await asyncio.gather(
            self._exchange.market.bars(instrument, timeframe, self._now()),
            self._orders(instrument) if account else _nothing(),
            self._positions(instrument) if account else _nothing(),
        )
        if not bars:
            span = in_words(timeframe.span * BARS)
            raise UsageError(
                f"{instrument.symbol} had no trade in {span}: there is nothing to draw.",
                example=f"/chart {instrument.symbol} {Timeframe.WEEK.value}",
            )
        levels = (*self._alerts(instrument.symbol, person_id), *_resting(orders or ()), *_entries(positions or ()))
        chart = Chart(instrument=instrument, timeframe=timeframe, bars=bars, levels=levels, read_at=self._now())
        return Drawn(chart=chart, blind=account and (orders is None or positions is None))

    def _alerts(self, symbol: Symbol, person_id: int) -> list[Level]:
        rules = self._store.alerts.alive_of(person_id)
        return [
            Level(kind=LevelKind.ALERT, price=rule.question.level, label=rule.name)
            for rule in rules
            if rule.question.kind is AlertKind.PRICE and rule.question.symbol == symbol
        ]

    async def _orders(self, instrument: Instrument) -> Sequence[AtRest] | None:
        places = _PLACES[instrument.venue]
        lists = await _if_told(asyncio.gather(*(self._exchange.orders.resting(place) for place in places)))
        return None if lists is None else [o for found in lists for o in found if o.symbol == instrument.symbol]

    async def _positions(self, instrument: Instrument) -> Sequence[Position] | None:
        if instrument.venue is not Venue.FUTURES:
            return ()
        found = await _if_told(self._exchange.account.positions())
        return None if found is None else [position for position in found if position.symbol == instrument.symbol]


async def _nothing() -> tuple[()]:
    return ()


async def _if_told(asked: Awaitable[Sequence[T]]) -> Sequence[T] | None:
    """A picture does not wait for an account that cannot be read. A key without the right to it has nothing there."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await asked
    except NoPermission:
        return ()
    except (KucoinError, TimeoutError) as error:
        log.warning("a chart is drawn without the account: %s", error or type(error).__name__)
        return None


def _resting(orders: Sequence[AtRest]) -> list[Level]:
    """Without sizes: a picture is easily shown around. A stop stands where it is triggered."""
    levels = []
    for order in orders:
        price = order.price if order.trigger is None else order.trigger
        if order.side is not None and price is not None and price > 0:
            stop = "" if order.trigger is None else " stop"
            levels.append(Level(kind=_KINDS[order.side], price=price, label=f"{order.side.value}{stop}"))
    return levels


def _entries(positions: Sequence[Position]) -> list[Level]:
    return [
        Level(kind=LevelKind.ENTRY, price=position.entry_price, label="long" if position.lots > 0 else "short")
        for position in positions
        if position.lots and position.entry_price > 0
    ]
