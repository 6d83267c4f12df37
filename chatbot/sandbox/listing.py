"""What the sandbox lists: coins, spot symbols and contracts, read from the tables beside this file."""

import csv
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from chatbot.core.market import Instrument, Symbol, Venue
from chatbot.core.values import frozen

SPOT_FEE = Decimal("0.001")
FUTURES_FEE = Decimal("0.0006")


@frozen
class Coin:
    """`price` is in US dollars where a walk begins, `volatility` a yearly fraction, `turnover` dollars a day."""

    name: str
    price: Decimal
    volatility: Decimal
    turnover: Decimal


@frozen
class Listed:
    """An instrument and what its price is made of: `coins_per_unit` of `base` in terms of `quote`."""

    instrument: Instrument
    base: str
    quote: str
    coins_per_unit: Decimal = Decimal(1)


@frozen
class FundingTerms:
    """Around which `rate` a perpetual's funding moves, how often it is paid, and whether the next rate is told."""

    rate: Decimal
    cap: Decimal
    interval: timedelta
    predicted: bool


@frozen
class Listing:
    coins: dict[str, Coin]
    listed: dict[Symbol, Listed]
    funding: dict[Symbol, FundingTerms]


def load() -> Listing:
    contracts = _rows("contracts.csv")
    listed = [_spot(row) for row in _rows("symbols.csv")] + [_contract(row) for row in contracts]
    return Listing(
        coins={row["coin"]: _coin(row) for row in _rows("coins.csv")},
        listed={each.instrument.symbol: each for each in listed},
        funding={Symbol(row["symbol"]): _funding(row) for row in contracts},
    )


def _rows(name: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / name).open(newline="", encoding="ascii") as table:
        return list(csv.DictReader(table))


def _coin(row: dict[str, str]) -> Coin:
    return Coin(
        name=row["coin"],
        price=Decimal(row["price"]),
        volatility=Decimal(row["volatility"]),
        turnover=Decimal(row["turnover"]),
    )


def _spot(row: dict[str, str]) -> Listed:
    instrument = Instrument(
        symbol=Symbol(row["symbol"]),
        venue=Venue.SPOT,
        base=row["base"],
        quote=row["quote"],
        price_increment=Decimal(row["price_increment"]),
        size_increment=Decimal(row["size_increment"]),
        min_size=Decimal(row["min_size"]),
        max_size=Decimal(10_000_000_000),
        funds_increment=Decimal(row["funds_increment"]),
        min_funds=Decimal(row["min_funds"]),
        max_funds=Decimal(99_999_999),
        tradable=row["tradable"] == "yes",
        taker_fee_rate=SPOT_FEE,
    )
    return Listed(instrument=instrument, base=row["base"], quote=row["quote"])


def _contract(row: dict[str, str]) -> Listed:
    units = Decimal(row["coins_per_unit"])
    base = "XBT" if row["coin"] == "BTC" else row["coin"] if units == 1 else f"{units}{row['coin']}"
    instrument = Instrument(
        symbol=Symbol(row["symbol"]),
        venue=Venue.FUTURES,
        base=base,
        quote=row["quote"],
        price_increment=Decimal(row["price_increment"]),
        size_increment=Decimal(1),
        min_size=Decimal(1),
        max_size=Decimal(row["max_lots"]),
        funds_increment=Decimal("0.01"),
        min_funds=Decimal(0),
        max_funds=Decimal(99_999_999),
        tradable=True,
        taker_fee_rate=FUTURES_FEE,
        multiplier=Decimal(row["multiplier"]),
        inverse=row["quote"] == "USD",
    )
    return Listed(instrument=instrument, base=row["coin"], quote=row["quote"], coins_per_unit=units)


def _funding(row: dict[str, str]) -> FundingTerms:
    return FundingTerms(
        rate=Decimal(row["funding_rate"]),
        cap=Decimal(row["funding_cap"]),
        interval=timedelta(hours=int(row["interval_hours"])),
        predicted=row["predicted"] == "yes",
    )
