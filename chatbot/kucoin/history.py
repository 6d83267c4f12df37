"""What happened while nobody listened: one-minute candles and settled funding, read to the last row."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.errors import Unavailable
from chatbot.core.market import Candle, SettledRate, Symbol
from chatbot.core.times import from_millis, to_millis
from chatbot.kucoin import endpoints
from chatbot.kucoin.answers import exact
from chatbot.kucoin.rest import Rest
from chatbot.kucoin.schemas import Moment, Number, Wire, every

_MINUTE = 60_000
"""Milliseconds."""

_SPOT_PAGE, _FUTURES_PAGE = 1500, 500
"""Minutes to ask for at once: KuCoin's longest answers."""

_MAYBE_CUT = 200
"""An answer of so many rows or more may have been cut short at either end; a shorter one is surely whole."""

_MOST_QUESTIONS = 200
_SETTLEMENTS_SPAN = timedelta(days=3)
"""Of one question: at most 72 settlements, should they come every hour."""


class _Settled(Wire):
    funding_rate: Number
    timepoint: Moment


_Page = Callable[[int, int], Awaitable[list[Candle]]]
"""The minutes that begin from the first up to and without the second, in milliseconds."""


async def spot_candles(rest: Rest, symbol: Symbol, start: datetime, end: datetime) -> tuple[Candle, ...]:
    """Rows are text: second, open, CLOSE, high, low."""

    async def page(first: int, last: int) -> list[Candle]:
        params = {
            "symbol": str(symbol),
            "type": "1min",
            "startAt": str(first // 1000),
            "endAt": str(last // 1000),
        }
        rows = await rest.call(endpoints.SPOT_CANDLES, params)
        return [_candle(symbol, row, 1000, (1, 3, 4, 2)) for row in _listed(rows)]

    return await _minutes(page, _SPOT_PAGE, start, end)


async def futures_candles(rest: Rest, symbol: Symbol, start: datetime, end: datetime) -> tuple[Candle, ...]:
    """Rows are numbers: millisecond, open, high, low, close."""

    async def page(first: int, last: int) -> list[Candle]:
        params = {"symbol": str(symbol), "granularity": "1", "from": str(first), "to": str(last)}
        rows = await rest.call(endpoints.FUTURES_CANDLES, params)
        return [_candle(symbol, row, 1, (1, 2, 3, 4)) for row in _listed(rows)]

    return await _minutes(page, _FUTURES_PAGE, start, end)


def _listed(rows: object) -> list[object]:
    """Nothing at all is how KuCoin says that there was no trade."""
    if rows is None:
        return []
    if isinstance(rows, list):
        return rows
    raise Unavailable("KuCoin's answer makes no sense: no list of candles.")


def _candle(symbol: Symbol, row: object, unit: int, order: tuple[int, int, int, int]) -> Candle:
    """`order` is where open, high, low and close stand; `unit` the milliseconds that the time is counted in.

    A row that cannot be read is no missing minute: what happened in it might be what is looked for.
    """
    try:
        if not isinstance(row, list):
            raise TypeError
        millis = int(exact(str(row[0]))) * unit
        opened, high, low, close = (_price(row[place]) for place in order)
        start = from_millis(millis - millis % _MINUTE)
    except (ValueError, TypeError, LookupError, OverflowError, OSError):
        pass
    else:
        return Candle(
            symbol=symbol,
            start=start,
            open=opened,
            high=max(opened, high, low, close),
            low=min(opened, high, low, close),
            close=close,
        )
    raise Unavailable("KuCoin's answer makes no sense: no candle.")


def _price(value: object) -> Decimal:
    price = exact(str(value))
    if price <= 0:
        raise ValueError("not a price")
    return price


async def _minutes(page: _Page, size: int, start: datetime, end: datetime) -> tuple[Candle, ...]:
    """Whatever part of a span a full answer leaves out is asked for again."""
    first, last = to_millis(start) // _MINUTE, -(-to_millis(end) // _MINUTE)
    spans = [(low, min(low + size, last)) for low in range(first, last, size)]
    found: dict[int, Candle] = {}
    for _ in range(_MOST_QUESTIONS):
        if not spans:
            return tuple(found[minute] for minute in sorted(found))
        low, high = spans.pop()
        candles = await page(low * _MINUTE, high * _MINUTE)
        inside = {to_millis(candle.start) // _MINUTE: candle for candle in candles}
        inside = {minute: candle for minute, candle in inside.items() if low <= minute < high}
        found |= inside
        if len(candles) >= _MAYBE_CUT and inside:
            spans += [span for span in ((low, min(inside)), (max(inside) + 1, high)) if span[0] < span[1]]
    raise Unavailable("KuCoin's list does not end.")


async def settled_rates(rest: Rest, symbol: Symbol, start: datetime, end: datetime) -> tuple[SettledRate, ...]:
    found: dict[datetime, SettledRate] = {}
    while start <= end:
        until = min(start + _SETTLEMENTS_SPAN, end)
        params = {"symbol": str(symbol), "from": str(to_millis(start)), "to": str(to_millis(until))}
        data = await rest.call(endpoints.SETTLED_RATES, params)
        for row in every(_Settled, [] if data is None else data):
            if start <= row.timepoint <= until:
                found[row.timepoint] = SettledRate(symbol=symbol, rate=row.funding_rate, at=row.timepoint)
        start = until + timedelta(milliseconds=1)
    return tuple(found[at] for at in sorted(found))
