"""The futures host's public endpoints. Contracts carry bare numbers, tickers strings."""

from datetime import timedelta
from decimal import Decimal

from chatbot.core.market import Instrument, Venue
from chatbot.core.numbers import plain
from chatbot.core.orders import Side
from chatbot.core.times import from_millis, to_millis
from chatbot.sandbox.book import levels
from chatbot.sandbox.kucoin_calls import Call, Row, public
from chatbot.sandbox.kucoin_contracts import contract_row, funding_symbol, millis
from chatbot.sandbox.prices import Quote
from chatbot.sandbox.refusals import Refusal

_GRANULARITIES = (1, 5, 15, 30, 60, 120, 240, 480, 720, 1440, 10080)
_MAX_CANDLES = 500
_HISTORY = 100

_INTEREST = Decimal("0.0003")


def timestamp(call: Call) -> int:
    return to_millis(call.now)


def status(call: Call) -> Row:
    return {"msg": "" if call.status == "open" else "Maintenance in progress", "status": call.status}


def contracts(call: Call) -> list[Row]:
    return [contract_row(call, each, quote_of(call, each)) for each in call.listed(Venue.FUTURES)]


def contract(call: Call) -> Row:
    instrument = known(call, call.path["symbol"])
    return contract_row(call, instrument, quote_of(call, instrument))


def ticker(call: Call) -> Row:
    instrument = known(call, call.need("symbol"))
    return _ticker(call, instrument, quote_of(call, instrument))


def all_tickers(call: Call) -> list[Row]:
    return [_ticker(call, each, quote_of(call, each)) for each in call.listed(Venue.FUTURES)]


def mark_price(call: Call) -> Row:
    instrument = known(call, call.path["symbol"])
    quote = quote_of(call, instrument)
    return {
        "symbol": instrument.symbol,
        "granularity": 1000,
        "timePoint": to_millis(call.now) // 1000 * 1000,
        "value": quote.mark,
        "indexPrice": quote.index,
    }


def funding_rate(call: Call) -> Row | None:
    """Data null for what has no funding and for unknown symbols: KuCoin's answer is not documented."""
    instrument = call.instrument(Venue.FUTURES, call.path["symbol"])
    funding = call.exchange.prices.funding(instrument.symbol) if instrument else None
    if funding is None:
        return None
    row: Row = {
        "symbol": funding_symbol(funding.symbol),
        "granularity": millis(funding.interval),
        "timePoint": to_millis(funding.next_at - funding.interval),
        "value": funding.rate,
        "dailyInterestRate": _INTEREST,
        "fundingRateCap": funding.cap,
        "fundingRateFloor": funding.floor,
        "period": 1,
        "fundingTime": to_millis(funding.next_at),
    }
    if funding.predicted is not None:
        row["predictedValue"] = funding.predicted
    return row


def funding_rates(call: Call) -> list[Row]:
    """Newest first."""
    instrument = known(call, call.need("symbol"))
    since, until = from_millis(call.integer("from", 0)), from_millis(call.integer("to", 0))
    if not call.query.get("from") or not call.query.get("to"):
        raise Refusal("100001", "from and to are required.")
    due = call.exchange.prices.settlements(
        instrument.symbol, max(since, until - timedelta(days=100)), min(until, call.now)
    )
    rows = [{"symbol": instrument.symbol, "fundingRate": s.rate, "timepoint": to_millis(s.time)} for s in due]
    return list(reversed(rows))[:_HISTORY]


def klines(call: Call) -> list[list[object]]:
    """Oldest first; open, high, low, close; times in milliseconds; the volume in lots."""
    instrument = known(call, call.need("symbol"))
    granularity = call.integer("granularity", 0)
    if granularity not in _GRANULARITIES:
        raise Refusal("100001", "granularity is not supported.")
    step = timedelta(minutes=granularity)
    end = call.moment("to", call.now)
    earliest = end - _MAX_CANDLES * step + timedelta(seconds=1)
    start = max(call.moment("from", earliest), earliest)
    return [
        [to_millis(c.start), c.open, c.high, c.low, c.close, int(c.volume / abs(instrument.multiplier))]
        for c in call.exchange.prices.candles(instrument.symbol, step, start, end)
    ]


def known(call: Call, name: str) -> Instrument:
    instrument = call.instrument(Venue.FUTURES, name)
    if instrument is None:
        raise Refusal("200003", "symbol invalid")
    return instrument


def quote_of(call: Call, instrument: Instrument) -> Quote:
    quote = call.exchange.prices.quote(instrument.symbol)
    if quote is None:
        raise Refusal("300002", f"{instrument.symbol} has no price now.")
    return quote


def _ticker(call: Call, instrument: Instrument, quote: Quote) -> Row:
    ask, bid = levels(instrument, quote, Side.BUY, 1)[0], levels(instrument, quote, Side.SELL, 1)[0]
    time = to_millis(call.now)
    return {
        "sequence": time,
        "symbol": instrument.symbol,
        "side": "sell" if quote.last < quote.open else "buy",
        "size": int(instrument.min_size),
        "tradeId": str(time),
        "price": plain(quote.last),
        "bestBidPrice": plain(bid.price),
        "bestBidSize": int(bid.size),
        "bestAskPrice": plain(ask.price),
        "bestAskSize": int(ask.size),
        "ts": time * 1_000_000,
    }


FUTURES_MARKET = (
    public("GET /api/v1/timestamp", 2, timestamp),
    public("GET /api/v1/status", 4, status),
    public("GET /api/v1/contracts/active", 3, contracts),
    public("GET /api/v1/contracts/{symbol}", 3, contract),
    public("GET /api/v1/ticker", 2, ticker),
    public("GET /api/v1/allTickers", 5, all_tickers),
    public("GET /api/v1/mark-price/{symbol}/current", 3, mark_price),
    public("GET /api/v1/funding-rate/{symbol}/current", 2, funding_rate),
    public("GET /api/v1/contract/funding-rates", 5, funding_rates),
    public("GET /api/v1/kline/query", 3, klines),
)
