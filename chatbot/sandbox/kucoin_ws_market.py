"""The websocket's public news: what the market says to a topic since it last said something to it.

Each teller takes a look at the market and a topic, notes in `topic.seen` what it told, and
tells nothing twice. A symbol without a price is passed over.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from chatbot.core.market import Instrument, Symbol, Venue
from chatbot.core.numbers import plain
from chatbot.core.orders import Side
from chatbot.core.times import from_millis, to_millis
from chatbot.core.values import frozen
from chatbot.sandbox.book import levels
from chatbot.sandbox.kucoin_calls import Row
from chatbot.sandbox.kucoin_contracts import millis
from chatbot.sandbox.kucoin_spot_market import STEPS
from chatbot.sandbox.kucoin_spot_wire import nanos
from chatbot.sandbox.kucoin_ws_snapshot import snapshot
from chatbot.sandbox.kucoin_ws_topics import ALL, Kind, Topic
from chatbot.sandbox.prices import Candle, Prices, Quote

_SNAPSHOT_EVERY = timedelta(seconds=2)
_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@frozen
class Seen:
    """A symbol as it stands. `sequence` grows with every change, also while the clock stands still."""

    instrument: Instrument
    quote: Quote
    sequence: int

    @property
    def state(self) -> tuple[object, ...]:
        return self.quote.last, self.quote.bid, self.quote.ask


class MarketLook:
    """The market at one moment: each symbol is looked at once, however many sessions ask for it.

    `now` is the exchange's clock, `shown` what it shows.
    """

    def __init__(self, prices: Prices) -> None:
        self.prices = prices
        self.now = self.shown = from_millis(0)
        self._looked: dict[Symbol, Seen | None] = {}
        self._latest: dict[Symbol, Seen] = {}

    def anew(self, now: datetime, shown: datetime) -> None:
        self.now, self.shown = now, shown
        self._looked.clear()

    def symbols(self, venue: Venue) -> list[Symbol]:
        return [each.symbol for each in self.prices.instruments().values() if each.venue is venue]

    def at(self, symbol: Symbol, venue: Venue) -> Seen | None:
        if symbol not in self._looked:
            self._looked[symbol] = self._fresh(symbol, venue)
        return self._looked[symbol]

    def _fresh(self, symbol: Symbol, venue: Venue) -> Seen | None:
        instrument, quote = self.prices.instruments().get(symbol), self.prices.quote(symbol)
        if instrument is None or quote is None or instrument.venue is not venue:
            return None
        latest = self._latest.get(symbol)
        sequence = to_millis(quote.time) // (100 if venue is Venue.SPOT else 1)
        seen = Seen(instrument=instrument, quote=quote, sequence=sequence)
        if latest is not None:
            changed = seen.state != latest.state
            sequence = max(latest.sequence + 1, sequence) if changed else latest.sequence
            seen = Seen(instrument=instrument, quote=quote, sequence=sequence)
        self._latest[symbol] = seen
        return seen


Teller = Callable[[MarketLook, Topic], Iterator[Row]]


def news(look: MarketLook, topic: Topic) -> Iterator[Row]:
    """Whole messages, oldest first."""
    teller = _TELLERS.get(topic.kind)
    return iter(()) if teller is None else teller(look, topic)


def message(topic: str, subject: str, data: object) -> Row:
    return {"topic": topic, "type": "message", "subject": subject, "data": data}


def _spot_ticker(look: MarketLook, topic: Topic) -> Iterator[Row]:
    """One symbol's under a subject of its own kind; of all, each under its name."""
    every = topic.argument == ALL
    for symbol in look.symbols(Venue.SPOT) if every else [topic.symbol]:
        seen = look.at(symbol, Venue.SPOT)
        if seen is None or topic.seen.get(symbol) == seen.state:
            continue
        topic.seen[symbol] = seen.state
        yield message(topic.name, symbol if every else "trade.ticker", _spot_row(seen, look.shown))


def _spot_row(seen: Seen, now: datetime) -> Row:
    """`time` as in KuCoin's schema; one of its samples has `Time`."""
    instrument, quote = seen.instrument, seen.quote
    ask, bid = levels(instrument, quote, Side.BUY, 1)[0], levels(instrument, quote, Side.SELL, 1)[0]
    return {
        "sequence": str(seen.sequence),
        "price": plain(quote.last),
        "size": plain(instrument.min_size),
        "bestAsk": plain(ask.price),
        "bestAskSize": plain(ask.size),
        "bestBid": plain(bid.price),
        "bestBidSize": plain(bid.size),
        "time": to_millis(now),
    }


def _futures_best(look: MarketLook, topic: Topic) -> Iterator[Row]:
    seen = look.at(topic.symbol, Venue.FUTURES)
    if seen is None or topic.seen.get("state") == seen.state:
        return
    topic.seen["state"] = seen.state
    yield {**message(topic.name, "tickerV2", _best_row(seen, look.shown)), "sn": seen.sequence}


def _futures_ticker(look: MarketLook, topic: Topic) -> Iterator[Row]:
    seen = look.at(topic.symbol, Venue.FUTURES)
    if seen is None or topic.seen.get("state") == seen.state:
        return
    topic.seen["state"] = seen.state
    data = _best_row(seen, look.shown) | {
        "side": "sell" if seen.quote.last < seen.quote.open else "buy",
        "size": int(seen.instrument.min_size),
        "price": plain(seen.quote.last),
        "tradeId": str(seen.sequence),
    }
    yield {**message(topic.name, "ticker", data), "sn": seen.sequence}


def _best_row(seen: Seen, now: datetime) -> Row:
    ask, bid = levels(seen.instrument, seen.quote, Side.BUY, 1)[0], levels(seen.instrument, seen.quote, Side.SELL, 1)[0]
    return {
        "symbol": seen.instrument.symbol,
        "sequence": seen.sequence,
        "bestBidSize": int(bid.size),
        "bestBidPrice": plain(bid.price),
        "bestAskPrice": plain(ask.price),
        "bestAskSize": int(ask.size),
        "ts": nanos(now),
    }


def _instrument(look: MarketLook, topic: Topic) -> Iterator[Row]:
    """Mark and index each second, funding each minute: the next rate under a minute's granularity, then this one."""
    seen = look.at(topic.symbol, Venue.FUTURES)
    if seen is None:
        return
    if _due(look.now, topic, "mark", _SECOND):
        stamp = to_millis(look.shown) // 1000 * 1000
        prices = {"markPrice": seen.quote.mark, "indexPrice": seen.quote.index}
        yield message(topic.name, "mark.index.price", {**prices, "granularity": 1000, "timestamp": stamp})
    funding = look.prices.funding(topic.symbol)
    if funding is None or not _due(look.now, topic, "funding", _MINUTE):
        return
    stamp = to_millis(look.shown) // 60_000 * 60_000
    if funding.predicted is not None:
        data = {"granularity": 60_000, "fundingRate": funding.predicted, "timestamp": stamp}
        yield message(topic.name, "funding.rate", data)
    began = to_millis(funding.next_at - funding.interval)
    data = {"granularity": millis(funding.interval), "fundingRate": funding.rate, "timestamp": began}
    yield message(topic.name, "funding.rate", data)


def _due(now: datetime, topic: Topic, what: str, every: timedelta) -> bool:
    turn = to_millis(now) // millis(every)
    if topic.seen.get(what) == turn:
        return False
    topic.seen[what] = turn
    return True


def _announcement(look: MarketLook, topic: Topic) -> Iterator[Row]:
    """What was settled since the last look. The message's topic is without a symbol, whatever was asked for."""
    since, topic.looked_at = topic.looked_at or look.now, look.now
    for symbol in [topic.symbol] if topic.argument else look.symbols(Venue.FUTURES):
        for due in look.prices.settlements(symbol, since, look.now):
            data = {"symbol": symbol, "fundingTime": to_millis(due.time), "fundingRate": due.rate}
            for subject, at in (("funding.begin", due.time), ("funding.end", look.now)):
                yield message(Kind.ANNOUNCEMENT.value, subject, {**data, "timestamp": to_millis(at)})


def _snapshot(look: MarketLook, topic: Topic) -> Iterator[Row]:
    seen = look.at(topic.symbol, Venue.SPOT)
    if seen is not None and _due(look.now, topic, "turn", _SNAPSHOT_EVERY):
        data = snapshot(look.prices, seen.instrument, seen.quote, look.now)
        yield message(topic.name, "trade.snapshot", {"sequence": str(seen.sequence), "data": data})


def _candles(look: MarketLook, topic: Topic) -> Iterator[Row]:
    """The growing candle whenever it changed; looked at only when the price did, or another has begun."""
    step = timedelta(minutes=STEPS[topic.argument.partition("_")[2]])
    seen = look.at(topic.symbol, Venue.SPOT)
    mark = (seen.state if seen else None, to_millis(look.now) // millis(step))
    if seen is None or topic.seen.get("mark") == mark:
        return
    topic.seen["mark"] = mark
    candle = look.prices.candles(topic.symbol, step, look.now - step, look.now)[-1]
    before, topic.seen["start"] = topic.seen.get("start"), candle.start
    subject = "trade.candles.update" if before in (None, candle.start) else "trade.candles.add"
    data = {"symbol": topic.symbol, "candles": _candle_row(candle), "time": nanos(look.shown)}
    yield message(topic.name, subject, data)


def _candle_row(candle: Candle) -> list[str]:
    numbers = (candle.open, candle.close, candle.high, candle.low, candle.volume, candle.turnover)
    return [str(to_millis(candle.start) // 1000), *map(plain, numbers)]


_TELLERS: Mapping[Kind, Teller] = {
    Kind.TICKER: _spot_ticker,
    Kind.SNAPSHOT: _snapshot,
    Kind.CANDLES: _candles,
    Kind.FUTURES_BEST: _futures_best,
    Kind.FUTURES_TICKER: _futures_ticker,
    Kind.INSTRUMENT: _instrument,
    Kind.ANNOUNCEMENT: _announcement,
}
