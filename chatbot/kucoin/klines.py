"""Candles of any timeframe, for pictures, in one question: fewer than any answer of KuCoin's was ever cut to."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.charts import BARS, Bar, Timeframe
from chatbot.core.errors import Unavailable
from chatbot.core.market import Symbol
from chatbot.core.times import from_millis, to_millis
from chatbot.kucoin import endpoints
from chatbot.kucoin.answers import exact
from chatbot.kucoin.rest import Rest

_SPOT_TYPES: Mapping[Timeframe, str] = {
    Timeframe.MINUTE: "1min",
    Timeframe.FIVE_MINUTES: "5min",
    Timeframe.QUARTER: "15min",
    Timeframe.HOUR: "1hour",
    Timeframe.FOUR_HOURS: "4hour",
    Timeframe.DAY: "1day",
    Timeframe.WEEK: "1week",
}


async def spot_bars(rest: Rest, symbol: Symbol, timeframe: Timeframe, now: datetime) -> tuple[Bar, ...]:
    """The latest `BARS` timeframes, the one that still grows among them, oldest first; those without a trade are not.

    Rows are text: second, open, CLOSE, high, low, volume.
    """
    start, end = _stretch(timeframe, now)
    params = {
        "symbol": str(symbol),
        "type": _SPOT_TYPES[timeframe],
        "startAt": str(to_millis(start) // 1000),
        "endAt": str(to_millis(end) // 1000),
    }
    rows = await rest.call(endpoints.SPOT_CANDLES, params)
    return _bars(rows, 1000, (1, 3, 4, 2))


async def futures_bars(rest: Rest, symbol: Symbol, timeframe: Timeframe, now: datetime) -> tuple[Bar, ...]:
    """Like `spot_bars`. Rows are numbers: millisecond, open, high, low, close, volume in lots."""
    start, end = _stretch(timeframe, now)
    params = {
        "symbol": str(symbol),
        "granularity": str(timeframe.span // timedelta(minutes=1)),
        "from": str(to_millis(start)),
        "to": str(to_millis(end)),
    }
    rows = await rest.call(endpoints.FUTURES_CANDLES, params)
    return _bars(rows, 1, (1, 2, 3, 4))


def _stretch(timeframe: Timeframe, now: datetime) -> tuple[datetime, datetime]:
    """A little into the future: KuCoin's clock may be ahead of ours."""
    return now - timeframe.span * BARS, now + timedelta(minutes=1)


def _bars(rows: object, unit: int, order: tuple[int, int, int, int]) -> tuple[Bar, ...]:
    """Nothing at all is how KuCoin says that there was no trade. Raises Unavailable for what is no list of candles."""
    if not isinstance(rows, list | None):
        raise Unavailable("KuCoin's answer makes no sense: no list of candles.")
    bars = {bar.start: bar for bar in (_bar(row, unit, order) for row in rows or [])}
    return tuple(bars[start] for start in sorted(bars)[-BARS:])


def _bar(row: object, unit: int, order: tuple[int, int, int, int]) -> Bar:
    """`order` is where open, high, low and close stand; `unit` the milliseconds that the time is counted in."""
    try:
        if not isinstance(row, list):
            raise TypeError
        start = from_millis(int(exact(str(row[0]))) * unit)
        opened, high, low, close = (exact(str(row[place])) for place in order)
        volume = exact(str(row[5]))
    except (ValueError, TypeError, LookupError, OverflowError, OSError):
        pass
    else:
        if min(opened, high, low, close) > 0 and volume >= 0:
            return _whole(start, (opened, high, low, close), volume)
    raise Unavailable("KuCoin's answer makes no sense: no candle.")


def _whole(start: datetime, prices: tuple[Decimal, Decimal, Decimal, Decimal], volume: Decimal) -> Bar:
    """A candle whose ends lie within it, whatever the row said."""
    return Bar(start=start, open=prices[0], high=max(prices), low=min(prices), close=prices[3], volume=volume)
