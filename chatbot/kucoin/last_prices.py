"""The last trade of every symbol, in one call for each venue: what is asked while the feed is silent."""

from chatbot.core.feed import Tick
from chatbot.core.market import Symbol
from chatbot.core.times import to_millis
from chatbot.kucoin import endpoints
from chatbot.kucoin.market_schemas import AllTickers
from chatbot.kucoin.rest import Rest
from chatbot.kucoin.schemas import Digits, Moment, Name, Wire, many, one


class _SpotLast(Wire):
    """A row of `/market/allTickers`; dead pairs have no price."""

    symbol: Name
    last: Digits | None = None


class _FuturesLast(Wire):
    symbol: Name
    price: Digits | None = None
    ts: Moment


async def spot_last_prices(rest: Rest) -> dict[Symbol, Tick]:
    """Spot tells the time of its answer, not of each trade."""
    page = one(AllTickers, await rest.call(endpoints.SPOT_TICKERS))
    millis = to_millis(page.time)
    rows = many(_SpotLast, page.ticker)
    return {Symbol(row.symbol): Tick(Symbol(row.symbol), row.last, millis) for row in rows if row.last}


async def futures_last_prices(rest: Rest) -> dict[Symbol, Tick]:
    rows = many(_FuturesLast, await rest.call(endpoints.FUTURES_TICKERS))
    return {Symbol(row.symbol): Tick(Symbol(row.symbol), row.price, to_millis(row.ts)) for row in rows if row.price}
