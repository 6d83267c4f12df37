"""The best offers of a spot symbol, as KuCoin tells them."""

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal

import httpx
import pytest

from chatbot.core.errors import Rejected, Unavailable
from chatbot.core.market import Book, Offer, Symbol, Venue
from chatbot.kucoin.market import Market
from chatbot.kucoin.rest import Rest
from tests.kucoin.test_against_sandbox import bot_of
from tests.sandbox.kucoin_caller import World

SYMBOL = Symbol("SOL-USDT")
PATH = "GET /api/v1/market/orderbook/level2_20"


def book_of(served: Callable[..., Rest], **sides: object) -> Book:
    said = json.dumps({"code": "200000", "data": {"time": 1771234567891, "sequence": "1", **sides}})
    spot = served({PATH: said}, Venue.SPOT)
    return asyncio.run(Market(spot, spot).book(SYMBOL))


def test_the_best_offer_of_each_side_comes_first_with_every_digit(served: Callable[..., Rest]) -> None:
    seen: list[httpx.Request] = []
    said = """{"code":"200000","data":{"time":1771234567891,"sequence":"1",
        "bids":[["142.999","1.5"],["143.1","0.00000000000000000000000001"]],"asks":[["143.3","2"],["143.2","0.5"]]}}"""
    spot = served({PATH: said}, Venue.SPOT, seen)
    book = asyncio.run(Market(spot, spot).book(SYMBOL))
    assert book.bids == (
        Offer(price=Decimal("143.1"), size=Decimal("0.00000000000000000000000001")),
        Offer(price=Decimal("142.999"), size=Decimal("1.5")),
    )
    assert [offer.price for offer in book.asks] == [Decimal("143.2"), Decimal("143.3")]
    assert dict(seen[-1].url.params) == {"symbol": SYMBOL}
    assert not any(name.startswith("kc-api") for name in seen[-1].headers)


def test_a_side_may_be_empty_and_an_offer_of_nothing_is_none(served: Callable[..., Rest]) -> None:
    book = book_of(served, bids=[], asks=[["143.2", "0"], ["143.3", "1"]])
    assert book.bids == ()
    assert [offer.price for offer in book.asks] == [Decimal("143.3")]


@pytest.mark.parametrize(
    "row", [["0", "1"], ["-1", "1"], ["143", "-1"], ["NaN", "1"], ["143"], ["143", "1", "2"], "143", None, ["x", "1"]]
)
def test_a_row_nobody_could_trade_by_makes_the_whole_book_unreadable(served: Callable[..., Rest], row: object) -> None:
    with pytest.raises(Unavailable):
        book_of(served, bids=[["142", "1"]], asks=[["143", "1"], row])


def test_a_symbol_kucoin_does_not_know_has_no_book(served: Callable[..., Rest]) -> None:
    spot = served({PATH: '{"code":"200000","data":null}'}, Venue.SPOT)
    with pytest.raises(Rejected, match="knows no SOL-USDT"):
        asyncio.run(Market(spot, spot).book(SYMBOL))


def test_the_sandbox_tells_a_book_around_its_own_quote() -> None:
    bot = bot_of(World())
    symbol = Symbol("BTC-USDT")
    book = asyncio.run(bot.market.book(symbol))
    ticker = asyncio.run(bot.market.ticker(bot.instrument(symbol)))
    assert (book.bids[0].price, book.asks[0].price) == (ticker.bid, ticker.ask)
    assert len(book.bids) == len(book.asks) == 20
