"""Spot's public endpoints. Numbers are strings."""

from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.market import Instrument, Venue
from chatbot.core.numbers import plain
from chatbot.core.orders import Side
from chatbot.core.times import from_millis, to_millis
from chatbot.sandbox.book import levels, maker_rate
from chatbot.sandbox.kucoin_calls import Call, Row, public
from chatbot.sandbox.kucoin_symbols import symbol_row
from chatbot.sandbox.prices import Quote
from chatbot.sandbox.refusals import Refusal

STEPS = {
    "1min": 1,
    "3min": 3,
    "5min": 5,
    "15min": 15,
    "30min": 30,
    "1hour": 60,
    "2hour": 120,
    "4hour": 240,
    "6hour": 360,
    "8hour": 480,
    "12hour": 720,
    "1day": 1440,
    "1week": 10080,
}
_MAX_CANDLES = 1500

_TETHER = {
    "USD": Decimal("0.9995"),
    "EUR": Decimal("0.92"),
    "GBP": Decimal("0.79"),
    "CHF": Decimal("0.88"),
    "JPY": Decimal("149.5"),
    "TRY": Decimal("34.2"),
}
"""What a USDT costs, a few of the currencies that KuCoin knows; never changing."""


def timestamp(call: Call) -> int:
    return to_millis(call.now)


def status(call: Call) -> Row:
    return {"status": call.status, "msg": "" if call.status == "open" else "Maintenance in progress"}


def my_ip(call: Call) -> str:
    return call.ip


def symbols(call: Call) -> list[Row]:
    market = call.query.get("market")
    rows = [symbol_row(each) for each in call.listed(Venue.SPOT)]
    return [row for row in rows if not market or row["market"] == market]


def symbol(call: Call) -> Row:
    return symbol_row(_known(call, call.path["symbol"]))


def level1(call: Call) -> Row | None:
    """An unknown symbol is answered with data null; KuCoin's answer is not documented."""
    instrument = call.instrument(Venue.SPOT, call.need("symbol"))
    quote = call.exchange.prices.quote(instrument.symbol) if instrument else None
    if instrument is None or quote is None:
        return None
    ask, bid = levels(instrument, quote, Side.BUY, 1)[0], levels(instrument, quote, Side.SELL, 1)[0]
    return {
        "time": to_millis(call.now),
        "sequence": _sequence(quote),
        "price": plain(quote.last),
        "size": plain(instrument.min_size),
        "bestBid": plain(bid.price),
        "bestBidSize": plain(bid.size),
        "bestAsk": plain(ask.price),
        "bestAskSize": plain(ask.size),
    }


def stats(call: Call) -> Row:
    instrument = _known(call, call.need("symbol"))
    quote = call.exchange.prices.quote(instrument.symbol)
    row = _day(instrument, quote) if quote else dict.fromkeys(_DAY_FIELDS)
    return {"time": to_millis(call.now), "symbol": instrument.symbol, **row}


def all_tickers(call: Call) -> Row:
    rows = []
    for instrument in call.listed(Venue.SPOT):
        quote = call.exchange.prices.quote(instrument.symbol)
        if quote is not None:
            rows.append(_ticker(instrument, quote))
    return {"time": to_millis(call.now), "ticker": rows}


def candles(call: Call) -> list[list[str]]:
    """Newest first; open, close, high, low; times in seconds."""
    instrument = call.instrument(Venue.SPOT, call.need("symbol"))
    minutes = STEPS.get(call.need("type"))
    if instrument is None or minutes is None:
        raise Refusal("400100", "Unsupported trading pair." if minutes else "The type is not supported.")
    step = timedelta(minutes=minutes)
    end = _moment(call, "endAt") or call.now
    start = _moment(call, "startAt") or end - 100 * step
    start = max(start, end - _MAX_CANDLES * step + timedelta(seconds=1))
    rows = call.exchange.prices.candles(instrument.symbol, step, start, end)
    return [
        [
            str(to_millis(c.start) // 1000),
            *map(plain, (c.open, c.close, c.high, c.low, c.volume, c.turnover)),
        ]
        for c in reversed(rows)
    ]


def _moment(call: Call, name: str) -> datetime | None:
    """In seconds; 0 is KuCoin's way to leave it out."""
    seconds = call.integer(name, 0)
    return from_millis(seconds * 1000) if seconds else None


def fiat_prices(call: Call) -> dict[str, str]:
    """Prices of what has a USDT pair, in dollars or in another fiat currency; of an unknown one there are none."""
    wanted = {each for each in call.query.get("currencies", "").split(",") if each}
    tether = _TETHER.get(call.query.get("base") or "USD")
    if tether is None:
        return {}
    answer = {"USDT": plain(tether)} if not wanted or "USDT" in wanted else {}
    for instrument in call.listed(Venue.SPOT):
        quote = call.exchange.prices.quote(instrument.symbol)
        if instrument.quote == "USDT" and quote and (not wanted or instrument.base in wanted):
            answer[instrument.base] = plain(quote.last * tether)
    return answer


def book20(call: Call) -> Row | None:
    return _book(call, 20)


def book100(call: Call) -> Row | None:
    return _book(call, 100)


def _book(call: Call, count: int) -> Row | None:
    instrument = call.instrument(Venue.SPOT, call.need("symbol"))
    quote = call.exchange.prices.quote(instrument.symbol) if instrument else None
    if instrument is None or quote is None:
        return None
    sides = {"bids": Side.SELL, "asks": Side.BUY}
    return {
        "time": to_millis(call.now),
        "sequence": _sequence(quote),
        **{
            name: [[plain(each.price), plain(each.size)] for each in levels(instrument, quote, side, count)]
            for name, side in sides.items()
        },
    }


def _known(call: Call, name: str) -> Instrument:
    instrument = call.instrument(Venue.SPOT, name)
    if instrument is None:
        raise Refusal("900001", "symbol not exists")
    return instrument


def _sequence(quote: Quote) -> str:
    return str(to_millis(quote.time) // 100)


_DAY_FIELDS = (
    "buy",
    "sell",
    "changeRate",
    "changePrice",
    "high",
    "low",
    "vol",
    "volValue",
    "last",
    "averagePrice",
    "takerFeeRate",
    "makerFeeRate",
    "takerCoefficient",
    "makerCoefficient",
)


def _day(instrument: Instrument, quote: Quote) -> Row:
    change = quote.last - quote.open
    return {
        "buy": plain(quote.bid),
        "sell": plain(quote.ask),
        "changeRate": plain((change / quote.open).quantize(Decimal("0.0001"))),
        "changePrice": plain(change),
        "high": plain(quote.high),
        "low": plain(quote.low),
        "vol": plain(quote.volume),
        "volValue": plain(quote.turnover),
        "last": plain(quote.last),
        "averagePrice": plain((quote.high + quote.low) / 2),
        "takerFeeRate": plain(instrument.taker_fee_rate),
        "makerFeeRate": plain(maker_rate(instrument)),
        "takerCoefficient": "1",
        "makerCoefficient": "1",
    }


def _ticker(instrument: Instrument, quote: Quote) -> Row:
    ask, bid = levels(instrument, quote, Side.BUY, 1)[0], levels(instrument, quote, Side.SELL, 1)[0]
    return {
        "symbol": instrument.symbol,
        "symbolName": instrument.symbol,
        "bestBidSize": plain(bid.size),
        "bestAskSize": plain(ask.size),
        **_day(instrument, quote),
    }


SPOT_MARKET = (
    public("GET /api/v1/timestamp", 3, timestamp),
    public("GET /api/v1/status", 3, status),
    public("GET /api/v1/my-ip", 0, my_ip),
    public("GET /api/v2/symbols", 4, symbols),
    public("GET /api/v2/symbols/{symbol}", 4, symbol),
    public("GET /api/v1/market/orderbook/level1", 2, level1),
    public("GET /api/v1/market/orderbook/level2_20", 2, book20),
    public("GET /api/v1/market/orderbook/level2_100", 4, book100),
    public("GET /api/v1/market/allTickers", 15, all_tickers),
    public("GET /api/v1/market/stats", 15, stats),
    public("GET /api/v1/market/candles", 3, candles),
    public("GET /api/v1/prices", 3, fiat_prices),
)
