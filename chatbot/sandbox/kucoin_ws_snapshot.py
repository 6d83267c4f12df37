"""The websocket's snapshot of a spot symbol: its day, and what changed in one, four and 24 hours. Bare numbers."""

from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.market import Instrument
from chatbot.core.orders import Side
from chatbot.core.times import to_millis
from chatbot.sandbox.book import levels, maker_rate
from chatbot.sandbox.kucoin_calls import Row
from chatbot.sandbox.kucoin_symbols import market_of
from chatbot.sandbox.prices import Prices, Quote

_RATIO = Decimal("0.0001")
_COMMON: Row = {
    "board": 1,
    "makerCoefficient": 1,
    "marginTrade": False,
    "mark": 0,
    "siteTypes": ["global"],
    "sort": 100,
    "takerCoefficient": 1,
}


def snapshot(prices: Prices, instrument: Instrument, quote: Quote, now: datetime) -> Row:
    ask, bid = levels(instrument, quote, Side.BUY, 1)[0], levels(instrument, quote, Side.SELL, 1)[0]
    market = market_of(instrument)
    return _COMMON | {
        "askSize": ask.size,
        "averagePrice": (quote.high + quote.low) / 2,
        "baseCurrency": instrument.base,
        "bidSize": bid.size,
        "buy": bid.price,
        "changePrice": quote.last - quote.open,
        "changeRate": _ratio(quote.last, quote.open),
        "close": quote.last,
        "datetime": to_millis(now),
        "high": quote.high,
        "lastTradedPrice": quote.last,
        "low": quote.low,
        "makerFeeRate": maker_rate(instrument),
        "market": market,
        "marketChange1h": _change(prices, quote, now, timedelta(hours=1)),
        "marketChange24h": _day(quote),
        "marketChange4h": _change(prices, quote, now, timedelta(hours=4)),
        "markets": [market],
        "open": quote.open,
        "quoteCurrency": instrument.quote,
        "sell": ask.price,
        "symbol": instrument.symbol,
        "symbolCode": instrument.symbol,
        "takerFeeRate": instrument.taker_fee_rate,
        "trading": instrument.tradable,
        "vol": quote.volume,
        "volValue": quote.turnover,
    }


def _change(prices: Prices, quote: Quote, now: datetime, span: timedelta) -> Row:
    candles = prices.candles(quote.symbol, timedelta(minutes=5), now - span, now)
    start = candles[0].open if candles else quote.last
    return {
        "changePrice": quote.last - start,
        "changeRate": _ratio(quote.last, start),
        "high": max([quote.last, *(c.high for c in candles)]),
        "low": min([quote.last, *(c.low for c in candles)]),
        "open": start,
        "vol": sum((c.volume for c in candles), Decimal(0)),
        "volValue": sum((c.turnover for c in candles), Decimal(0)),
    }


def _day(quote: Quote) -> Row:
    return {
        "changePrice": quote.last - quote.open,
        "changeRate": _ratio(quote.last, quote.open),
        "high": quote.high,
        "low": quote.low,
        "open": quote.open,
        "vol": quote.volume,
        "volValue": quote.turnover,
    }


def _ratio(now: Decimal, then: Decimal) -> Decimal:
    return ((now - then) / then).quantize(_RATIO)
