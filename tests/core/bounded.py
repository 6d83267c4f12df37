"""Spot BTC at 68,000, and an account and limits to trade it within."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from chatbot.core.limits import Limits
from chatbot.core.market import Instrument, Symbol, Ticker, Venue
from chatbot.core.modes import TradingMode
from chatbot.core.terms import Terms

BTC = Instrument(
    symbol=Symbol("BTC-USDT"),
    venue=Venue.SPOT,
    base="BTC",
    quote="USDT",
    price_increment=Decimal("0.1"),
    size_increment=Decimal("0.00000001"),
    min_size=Decimal("0.00001"),
    max_size=Decimal(100),
    funds_increment=Decimal("0.000001"),
    min_funds=Decimal("0.1"),
    max_funds=Decimal(999999),
    tradable=True,
    taker_fee_rate=Decimal("0.001"),
)
TICKER = Ticker(
    symbol=Symbol("BTC-USDT"),
    price=Decimal(68000),
    bid=Decimal("67990.1"),
    ask=Decimal("68010.3"),
    time=datetime(2026, 3, 1, tzinfo=UTC),
)
TERMS = Terms(
    instrument=BTC,
    ticker=TICKER,
    fee_rate=Decimal("0.001"),
    base_free=Decimal("0.5"),
    quote_free=Decimal(1001),
    base_in_main=Decimal(0),
    quote_in_main=Decimal(0),
    quote_in_usdt=Decimal(1),
)
LIMITS = Limits(
    mode=TradingMode.PAPER,
    symbols=None,
    max_notional=Decimal(100),
    daily_max=Decimal(500),
    confirm=timedelta(seconds=60),
    max_drift=Decimal("0.5"),
)
