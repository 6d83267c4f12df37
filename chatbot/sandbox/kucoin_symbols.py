"""A spot symbol's rules as KuCoin writes them."""

from chatbot.core.market import Instrument
from chatbot.core.numbers import plain
from chatbot.sandbox.book import PRICE_BAND
from chatbot.sandbox.kucoin_calls import Row


def market_of(instrument: Instrument) -> str:
    return "USDS" if instrument.quote in ("USDT", "USDC") else instrument.quote


def symbol_row(instrument: Instrument) -> Row:
    return {
        "symbol": instrument.symbol,
        "name": instrument.symbol,
        "baseCurrency": instrument.base,
        "quoteCurrency": instrument.quote,
        "feeCurrency": instrument.quote,
        "market": market_of(instrument),
        "baseMinSize": plain(instrument.min_size),
        "quoteMinSize": plain(instrument.min_funds),
        "baseMaxSize": plain(instrument.max_size),
        "quoteMaxSize": plain(instrument.max_funds),
        "baseIncrement": plain(instrument.size_increment),
        "quoteIncrement": plain(instrument.funds_increment),
        "priceIncrement": plain(instrument.price_increment),
        "priceLimitRate": plain(PRICE_BAND),
        "minFunds": plain(instrument.min_funds),
        "isMarginEnabled": False,
        "enableTrading": instrument.tradable,
        "feeCategory": 1,
        "makerFeeCoefficient": "1.00",
        "takerFeeCoefficient": "1.00",
        "st": not instrument.tradable,
        "callauctionIsEnabled": False,
        "callauctionPriceFloor": None,
        "callauctionPriceCeiling": None,
        "callauctionFirstStageStartTime": None,
        "callauctionSecondStageStartTime": None,
        "callauctionThirdStageStartTime": None,
        "tradingStartTime": None,
    }
