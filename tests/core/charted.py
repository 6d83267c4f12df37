"""Charts as tests want them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from chatbot.core.charts import Bar, Chart, Level, LevelKind, Timeframe
from chatbot.core.market import Instrument, Symbol, Venue

NOW = datetime(2026, 3, 3, 12, 34, 56, tzinfo=UTC)


def instrument(symbol: str = "BTC-USDT", step: str = "0.1") -> Instrument:
    return Instrument(
        symbol=Symbol(symbol), venue=Venue.SPOT, base=symbol.split("-")[0], quote="USDT", price_increment=Decimal(step),
        size_increment=Decimal("0.0001"), min_size=Decimal(1), max_size=Decimal(10), funds_increment=Decimal(1),
        min_funds=Decimal(1), max_funds=Decimal(10), tradable=True, taker_fee_rate=Decimal(0),
    )  # fmt: skip


def bars(closes: Iterable[str], timeframe: Timeframe = Timeframe.HOUR) -> tuple[Bar, ...]:
    """Up to the timeframe that NOW is in, each opening where the one before closed."""
    prices = [Decimal(close) for close in closes]
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    newest = epoch + (NOW - epoch) // timeframe.span * timeframe.span
    opens = [prices[0], *prices[:-1]]
    return tuple(
        Bar(
            start=newest - timeframe.span * (len(prices) - 1 - n),
            open=opened,
            high=max(opened, close),
            low=min(opened, close),
            close=close,
            volume=Decimal(n + 1),
        )
        for n, (opened, close) in enumerate(zip(opens, prices, strict=True))
    )


def chart(
    closes: Iterable[str], *levels: Level, of: Instrument | None = None, timeframe: Timeframe = Timeframe.HOUR
) -> Chart:
    found = bars(closes, timeframe)
    return Chart(instrument=of or instrument(), timeframe=timeframe, bars=found, levels=levels, read_at=NOW)


def level(price: str, label: str = "#1", kind: LevelKind = LevelKind.ALERT) -> Level:
    return Level(kind=kind, price=Decimal(price), label=label)
