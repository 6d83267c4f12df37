"""A futures contract as KuCoin writes it: rules, prices and funding in one row of bare numbers."""

from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.market import FundingRate, Instrument
from chatbot.core.times import to_millis
from chatbot.sandbox.book import maker_rate
from chatbot.sandbox.kucoin_calls import Call, Row
from chatbot.sandbox.positions import MAINTENANCE, MAX_LEVERAGE
from chatbot.sandbox.prices import Quote
from chatbot.sandbox.rules import FUTURES_BAND

_OPENED = datetime.fromisoformat("2020-03-30T08:00:00+00:00")


def contract_row(call: Call, instrument: Instrument, quote: Quote) -> Row:
    """On the wire the inverse multiplier is negative, as KuCoin sends it."""
    base = _wire_base(instrument)
    settle = base if instrument.inverse else instrument.quote
    return {
        "symbol": instrument.symbol,
        "rootSymbol": settle,
        "type": "FFWCSX",
        "firstOpenDate": to_millis(_OPENED),
        "expireDate": None,
        "settleDate": None,
        "baseCurrency": base,
        "quoteCurrency": instrument.quote,
        "settleCurrency": settle,
        "maxOrderQty": int(instrument.max_size),
        "maxPrice": 1_000_000,
        "lotSize": int(instrument.size_increment),
        "tickSize": instrument.price_increment,
        "indexPriceTickSize": instrument.price_increment / 10,
        "multiplier": -instrument.multiplier if instrument.inverse else instrument.multiplier,
        **_terms(instrument, base),
        "status": "Open" if instrument.tradable else "Paused",
        **_funding(call, call.exchange.prices.funding(instrument.symbol)),
        **_prices(quote, instrument),
        "sourceExchanges": ["okex", "binance", "kucoin"],
        "supportCross": True,
    }


def _wire_base(instrument: Instrument) -> str:
    return "XBT" if instrument.base == "BTC" else instrument.base


def _terms(instrument: Instrument, base: str) -> Row:
    quote = instrument.quote
    return {
        "initialMargin": 1 / MAX_LEVERAGE,
        "maintainMargin": MAINTENANCE,
        "maxRiskLimit": 100_000,
        "minRiskLimit": 100_000,
        "riskStep": 50_000,
        "makerFeeRate": maker_rate(instrument),
        "takerFeeRate": instrument.taker_fee_rate,
        "takerFixFee": 0,
        "makerFixFee": 0,
        "settlementFee": None,
        "isDeleverage": True,
        "isQuanto": False,
        "isInverse": instrument.inverse,
        "markMethod": "FairPrice",
        "fairMethod": "FundingRate",
        "fundingBaseSymbol": f".{base}INT8H",
        "fundingQuoteSymbol": f".{quote}INT8H",
        "fundingBaseSymbol1M": f".{base}INT",
        "fundingQuoteSymbol1M": f".{quote}INT",
        "fundingRateSymbol": funding_symbol(instrument.symbol),
        "premiumsSymbol1M": f".{instrument.symbol}PI",
        "premiumsSymbol8H": f".{instrument.symbol}PI8H",
        "indexSymbol": f".K{base}{quote}",
        "settlementSymbol": "",
        "maxLeverage": int(MAX_LEVERAGE),
        "k": 490,
        "m": 300,
        "f": Decimal("1.3"),
        "mmrLimit": Decimal("0.3"),
        "mmrLevConstant": int(MAX_LEVERAGE),
    }


def _funding(call: Call, funding: FundingRate | None) -> Row:
    """`nextFundingRateTime` is what remains, in milliseconds, whatever its name says."""
    remaining = max(millis(funding.next_at - call.now), 0) if funding else None
    return {
        "fundingFeeRate": funding.rate if funding else None,
        "predictedFundingFeeRate": funding.predicted if funding else None,
        "fundingRateGranularity": millis(funding.interval) if funding else None,
        "currentFundingRateGranularity": millis(funding.interval) if funding else None,
        "nextFundingRateTime": remaining,
        "nextFundingRateDateTime": to_millis(funding.next_at) if funding else None,
        "fundingRateCap": funding.cap if funding else None,
        "fundingRateFloor": funding.floor if funding else None,
    }


def _prices(quote: Quote, instrument: Instrument) -> Row:
    change = quote.last - quote.open
    return {
        "openInterest": str(int(quote.volume / instrument.multiplier)),
        "turnoverOf24h": quote.turnover,
        "volumeOf24h": quote.volume,
        "markPrice": quote.mark,
        "indexPrice": quote.index,
        "lastTradePrice": quote.last,
        "lowPrice": quote.low,
        "highPrice": quote.high,
        "priceChgPct": (change / quote.open).quantize(Decimal("0.0001")),
        "priceChg": change,
        "buyLimit": instrument.round_price(quote.mark * (1 + FUTURES_BAND)),
        "sellLimit": instrument.round_price(quote.mark * (1 - FUTURES_BAND)),
    }


def funding_symbol(symbol: str) -> str:
    return f".{symbol}FPI8H"


def millis(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
