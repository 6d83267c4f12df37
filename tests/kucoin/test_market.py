import asyncio
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from chatbot.core.errors import Rejected, Unavailable
from chatbot.core.exchange import ServiceStatus
from chatbot.core.feed import Tick
from chatbot.core.market import FundingRate, Instrument, Symbol, Venue
from chatbot.core.times import Now
from chatbot.kucoin.market import Market
from chatbot.kucoin.rest import Rest

SPOT = {
    "GET /api/v2/symbols": "spot-symbols",
    "GET /api/v1/market/orderbook/level1": "spot-ticker",
    "GET /api/v1/market/stats": "spot-stats",
    "GET /api/v1/market/allTickers": "spot-all-tickers",
    "GET /api/v1/status": "status",
    "GET /api/v1/my-ip": "my-address",
}
FUTURES = {
    "GET /api/v1/contracts/active": "contracts",
    "GET /api/v1/contracts/XBTUSDTM": "contract",
    "GET /api/v1/ticker": "futures-ticker",
    "GET /api/v1/funding-rate/XBTUSDTM/current": "funding-old",
    "GET /api/v1/funding-rate/ETHUSDTM/current": "funding-new",
    "GET /api/v1/status": "status",
}
EMPTY = '{"code":"200000","data":null}'
SETTLES = datetime(2026, 2, 16, 12, tzinfo=UTC)


@pytest.fixture
def seen() -> list[httpx.Request]:
    return []


@pytest.fixture
def market(served: Callable[..., Rest], seen: list[httpx.Request]) -> Market:
    return Market(served(SPOT, Venue.SPOT, seen), served(FUTURES, Venue.FUTURES, seen))


@pytest.fixture
def silent(served: Callable[..., Rest]) -> Market:
    """Answers every question with nothing."""
    return Market(served(dict.fromkeys(SPOT, EMPTY), Venue.SPOT), served(dict.fromkeys(FUTURES, EMPTY), Venue.FUTURES))


@pytest.fixture
def instruments(market: Market) -> dict[str, Instrument]:
    return {instrument.symbol: instrument for instrument in asyncio.run(market.instruments())}


def test_a_spot_pair_has_its_own_steps_and_the_fee_of_its_class(instruments: dict[str, Instrument]) -> None:
    assert instruments["WIF-BTC"] == Instrument(
        symbol=Symbol("WIF-BTC"),
        venue=Venue.SPOT,
        base="WIF",
        quote="BTC",
        price_increment=Decimal("0.0000000001"),
        size_increment=Decimal(1),
        min_size=Decimal(3),
        max_size=Decimal(5_000_000),
        funds_increment=Decimal("0.00000001"),
        min_funds=Decimal("0.00002"),
        max_funds=Decimal(45_000_000),
        tradable=False,
        taker_fee_rate=Decimal("0.003"),
    )
    assert instruments["SOL-USDT"].tradable
    assert instruments["SOL-USDT"].min_funds == Decimal("0.1")


def test_a_future_is_counted_in_lots_and_its_bitcoin_is_called_btc(instruments: dict[str, Instrument]) -> None:
    bitcoin = instruments["XBTUSDTM"]
    assert (bitcoin.base, bitcoin.quote, bitcoin.multiplier) == ("BTC", "USDT", Decimal("0.001"))
    assert (bitcoin.size_increment, bitcoin.min_size, bitcoin.max_size) == (Decimal(1), Decimal(1), Decimal(900_000))
    assert bitcoin.taker_fee_rate == Decimal("0.0006")
    assert bitcoin.tradable
    assert bitcoin.round_funds(Decimal("1.27")) == Decimal("1.2")


def test_an_inverse_contract_has_a_positive_multiplier_and_a_paused_one_is_not_tradable(
    instruments: dict[str, Instrument],
) -> None:
    inverse = instruments["XBTUSDM"]
    assert inverse.inverse
    assert inverse.multiplier == 1
    assert not inverse.tradable


def test_the_two_catalogues_are_asked_for_unsigned(market: Market, seen: list[httpx.Request]) -> None:
    asyncio.run(market.instruments())
    assert {request.url.path for request in seen} == {"/prefix/api/v2/symbols", "/prefix/api/v1/contracts/active"}
    assert not any(name.startswith("kc-api") for request in seen for name in request.headers)


def test_a_ticker_comes_from_the_host_of_its_venue(market: Market, instruments: dict[str, Instrument]) -> None:
    spot = asyncio.run(market.ticker(instruments["SOL-USDT"]))
    assert (spot.price, spot.bid, spot.ask) == (Decimal("143.271"), Decimal("143.268"), Decimal("143.275"))
    assert spot.time == datetime(2026, 2, 16, 9, 36, 7, 891000, tzinfo=UTC)
    futures = asyncio.run(market.ticker(instruments["XBTUSDTM"]))
    assert (futures.symbol, futures.bid) == ("XBTUSDTM", Decimal(97410))
    assert futures.time == datetime(2026, 2, 16, 9, 36, 7, 12000, tzinfo=UTC)


def test_the_day_of_one_pair_and_of_all(market: Market) -> None:
    one = asyncio.run(market.stats(Symbol("SOL-USDT")))
    assert (one.last, one.high, one.low, one.change_rate) == (
        Decimal("143.271"),
        Decimal("146.11"),
        Decimal("137.905"),
        Decimal("0.0317"),
    )
    every = asyncio.run(market.all_stats())
    assert [stats.symbol for stats in every] == ["SOL-USDT", "WIF-BTC"]
    assert str(every[1].last) == "0.0000061204"
    assert every[0].time == datetime(2026, 2, 16, 9, 36, 8, 2000, tzinfo=UTC)


def test_an_old_contract_says_how_long_until_funding_and_a_new_one_when(market: Market, now: Now) -> None:
    old, new, inverse, dated = asyncio.run(market.contracts())
    assert old.funding == FundingRate(
        symbol=Symbol("XBTUSDTM"),
        rate=Decimal("-0.000061"),
        predicted=Decimal("0.000117"),
        interval=timedelta(hours=8),
        next_at=now() + timedelta(milliseconds=9000123),
    )
    assert new.funding == FundingRate(
        symbol=Symbol("ETHUSDTM"),
        rate=Decimal("0.000044"),
        predicted=None,
        interval=timedelta(hours=4),
        next_at=SETTLES,
        cap=Decimal("0.00375"),
        floor=Decimal("-0.00375"),
    )
    assert (old.mark, old.last, new.last) == (Decimal("97412.37"), Decimal("97410.1"), None)
    assert inverse.funding is not None
    assert dated.funding is None


def test_one_contract(market: Market, now: Now) -> None:
    contract = asyncio.run(market.contract(Symbol("XBTUSDTM")))
    assert (contract.symbol, contract.change_rate, contract.time) == ("XBTUSDTM", Decimal("0.0123"), now())


def test_the_current_rate_with_and_without_a_prediction(market: Market) -> None:
    old = asyncio.run(market.funding(Symbol("XBTUSDTM")))
    assert (old.symbol, old.predicted, old.cap) == ("XBTUSDTM", Decimal("0.000117"), Decimal("0.003"))
    new = asyncio.run(market.funding(Symbol("ETHUSDTM")))
    assert (new.predicted, new.interval, new.next_at) == (None, timedelta(hours=4), SETTLES)


@pytest.mark.parametrize(("said", "status"), [("open", "OPEN"), ("close", "CLOSED"), ("cancelonly", "CANCEL_ONLY")])
def test_whether_a_venue_is_open(served: Callable[..., Rest], said: str, status: str) -> None:
    rest = served({"GET /api/v1/status": f'{{"code":"200000","data":{{"status":"{said}","msg":""}}}}'})
    for venue in Venue:
        assert asyncio.run(Market(rest, rest).service(venue)) is ServiceStatus[status]


def test_a_status_nobody_knows_is_not_taken_for_open(served: Callable[..., Rest]) -> None:
    rest = served({"GET /api/v1/status": '{"code":"200000","data":{"status":"half"}}'})
    with pytest.raises(Unavailable):
        asyncio.run(Market(rest, rest).service(Venue.SPOT))


def test_the_address_we_are_seen_at(market: Market) -> None:
    assert asyncio.run(market.own_address()) == "198.51.***.23"


def test_a_symbol_kucoin_is_silent_about_is_told(silent: Market, instruments: dict[str, Instrument]) -> None:
    for question in (
        silent.ticker(instruments["SOL-USDT"]),
        silent.ticker(instruments["XBTUSDTM"]),
        silent.stats(Symbol("SOL-USDT")),
        silent.contract(Symbol("XBTUSDTM")),
        silent.funding(Symbol("XBTUSDTM")),
    ):
        with pytest.raises(Rejected, match=r"SOL-USDT|XBTUSDTM"):
            asyncio.run(question)


def test_a_catalogue_kucoin_is_silent_about_is_no_empty_catalogue(silent: Market) -> None:
    for question in (silent.instruments(), silent.contracts(), silent.all_stats(), silent.own_address()):
        with pytest.raises(Unavailable):
            asyncio.run(question)


def test_a_pair_without_offers_has_no_ticker(served: Callable[..., Rest], instruments: dict[str, Instrument]) -> None:
    said = '{"code":"200000","data":{"time":1771234567891,"price":null,"bestBid":null,"bestAsk":null}}'
    spot = served({"GET /api/v1/market/orderbook/level1": said})
    with pytest.raises(Rejected, match="SOL-USDT has no price"):
        asyncio.run(Market(spot, spot).ticker(instruments["SOL-USDT"]))


NO_PRICES = ('"0"', "0", '"0.000"', '"-1"', "-67412.3", "0E-8")
NOT_EVEN_NUMBERS = ('"NaN"', "NaN", '"Infinity"', "1e400", '"1e999999"')


@pytest.mark.parametrize("price", [*NO_PRICES, *NOT_EVEN_NUMBERS])
@pytest.mark.parametrize("venue", Venue)
def test_what_is_not_above_zero_is_no_price(
    price: str, venue: Venue, served: Callable[..., Rest], instruments: dict[str, Instrument]
) -> None:
    """An alert below any level would fire by it, and an order would be sized by it."""
    odd_one = f"""{{"price":{price},"bestBid":"1","bestAsk":"2","bestBidPrice":"1","bestAskPrice":"2",
        "time":1771234567891,"ts":1771234567891000000}}"""
    said = f'{{"code":"200000","data":{odd_one}}}'
    rest = served(dict.fromkeys(("GET /api/v1/market/orderbook/level1", "GET /api/v1/ticker"), said), venue)
    instrument = instruments["SOL-USDT" if venue is Venue.SPOT else "XBTUSDTM"]
    with pytest.raises(Rejected if price in NO_PRICES else Unavailable):
        asyncio.run(Market(rest, rest).ticker(instrument))


@pytest.mark.parametrize("field", ["bestBid", "bestAsk"])
def test_an_offer_for_nothing_is_no_offer(
    field: str, served: Callable[..., Rest], instruments: dict[str, Instrument]
) -> None:
    fields = {"price": "143", "bestBid": "142", "bestAsk": "144", field: "0"}
    said = json.dumps({"code": "200000", "data": {"time": 1771234567891, **fields}})
    spot = served({"GET /api/v1/market/orderbook/level1": said})
    with pytest.raises(Rejected, match="SOL-USDT has no price or no offers"):
        asyncio.run(Market(spot, spot).ticker(instruments["SOL-USDT"]))


@pytest.mark.parametrize("price", NO_PRICES)
def test_a_list_of_all_prices_leaves_out_the_odd_ones_and_no_others(price: str, served: Callable[..., Rest]) -> None:
    spot = f"""{{"code":"200000","data":{{"time":1771234568002,"ticker":[
        {{"symbol":"ODD-USDT","last":{price},"high":"1","low":"1"}},
        {{"symbol":"SOL-USDT","last":"143.271","high":{price},"low":{price}}}]}}}}"""
    futures = f"""{{"code":"200000","data":[{{"symbol":"ODDUSDTM","price":{price},"ts":1771234567001000000}},
        {{"symbol":"XBTUSDTM","price":"67153.10","ts":1771234567000999999}}]}}"""
    market = Market(
        served({"GET /api/v1/market/allTickers": spot}, Venue.SPOT),
        served({"GET /api/v1/allTickers": futures}, Venue.FUTURES),
    )
    assert {venue: list(asyncio.run(market.last_prices(venue))) for venue in Venue} == {
        Venue.SPOT: ["SOL-USDT"],
        Venue.FUTURES: ["XBTUSDTM"],
    }
    (day,) = asyncio.run(market.all_stats())
    assert (day.symbol, day.last, day.high, day.low) == ("SOL-USDT", *[Decimal("143.271")] * 3)


@pytest.mark.parametrize("price", NO_PRICES)
def test_a_contract_with_an_odd_price_has_none_and_keeps_its_funding(
    price: str, served: Callable[..., Rest], body: Callable[[str], bytes]
) -> None:
    names = ("lastTradePrice", "markPrice", "indexPrice", "highPrice", "lowPrice")
    text = body("contract").decode()
    for name in names:
        text, found = re.subn(rf'"{name}": *[^,}}]+', f'"{name}":{price}', text)
        assert found == 1
    futures = served({"GET /api/v1/contracts/XBTUSDTM": text}, Venue.FUTURES)
    contract = asyncio.run(Market(futures, futures).contract(Symbol("XBTUSDTM")))
    assert (contract.last, contract.mark, contract.index, contract.high, contract.low) == (None,) * 5
    assert contract.funding is not None


def test_last_prices_of_a_venue_are_ticks_in_its_own_digits(served: Callable[..., Rest]) -> None:
    tickers = """{"code":"200000","data":[
        {"symbol":"XBTUSDTM","sequence":17,"price":"67153.10","ts":1771234567000999999},
        {"symbol":"ETHUSDTM","price":6.1E-5,"ts":1771234567001000000},
        {"symbol":"DEADUSDTM","price":null,"ts":1771234567001000000},
        {"symbol":"ODDUSDTM","price":"-3","ts":1771234567001000000}]}"""
    spot = served(SPOT, Venue.SPOT)
    futures = served({"GET /api/v1/allTickers": tickers}, Venue.FUTURES)
    market = Market(spot, futures)
    assert asyncio.run(market.last_prices(Venue.FUTURES)) == {
        "XBTUSDTM": Tick(Symbol("XBTUSDTM"), "67153.10", 1771234567000),
        "ETHUSDTM": Tick(Symbol("ETHUSDTM"), "0.000061", 1771234567001),
    }
    prices = asyncio.run(market.last_prices(Venue.SPOT))
    assert prices[Symbol("SOL-USDT")] == Tick(Symbol("SOL-USDT"), "143.271", 1771234568002)
    assert prices[Symbol("WIF-BTC")].digits == "0.0000061204"


def test_prices_kucoin_is_silent_about_are_no_empty_list(served: Callable[..., Rest]) -> None:
    rest = served({"GET /api/v1/allTickers": EMPTY, "GET /api/v1/market/allTickers": EMPTY})
    for venue in Venue:
        with pytest.raises(Unavailable):
            asyncio.run(Market(rest, rest).last_prices(venue))


def test_candles_and_settlements_come_from_the_host_of_their_venue(
    served: Callable[..., Rest], instruments: dict[str, Instrument]
) -> None:
    seen: list[httpx.Request] = []
    start, end = SETTLES, SETTLES + timedelta(minutes=1)
    second = int(start.timestamp())
    spot_rows = f'{{"code":"200000","data":[["{second}","1","2","3","0.5","9","9"]]}}'
    futures_rows = f'{{"code":"200000","data":[[{second}000,1,3,0.5,2,9]]}}'
    settled = f'{{"code":"200000","data":[{{"symbol":"XBTUSDTM","fundingRate":-1E-5,"timepoint":{second}000}}]}}'
    spot = served({"GET /api/v1/market/candles": spot_rows}, Venue.SPOT, seen)
    futures = served(
        {"GET /api/v1/kline/query": futures_rows, "GET /api/v1/contract/funding-rates": settled}, Venue.FUTURES, seen
    )
    market = Market(spot, futures)
    for symbol in ("SOL-USDT", "XBTUSDTM"):
        (candle,) = asyncio.run(market.candles(instruments[symbol], start, end))
        assert candle.symbol == symbol
        assert [candle.open, candle.high, candle.low, candle.close] == [1, 3, Decimal("0.5"), 2]
    (rate,) = asyncio.run(market.funding_history(Symbol("XBTUSDTM"), start, end))
    assert (rate.rate, rate.at) == (Decimal("-0.00001"), start)
    assert not any(name.startswith("kc-api") for request in seen for name in request.headers)


@pytest.mark.parametrize(
    ("said", "price"),
    [
        ('{"USDT":"0.9212340000000000"}', Decimal("0.921234")),
        ('{"USDT":"0"}', None),
        ('{"USDT":null}', None),
        ('{"BTC":"60000"}', None),
        ("{}", None),
        ("null", None),
    ],
)
def test_a_usdt_has_a_fiat_price_or_none(served: Callable[..., Rest], said: str, price: Decimal | None) -> None:
    seen: list[httpx.Request] = []
    rest = served({"GET /api/v1/prices": f'{{"code":"200000","data":{said}}}'}, Venue.SPOT, seen)
    assert asyncio.run(Market(rest, rest).fiat_price("EUR", "USDT")) == price
    assert dict(seen[-1].url.params) == {"base": "EUR", "currencies": "USDT"}


@pytest.mark.parametrize("said", ['{"USDT":"much"}', "[7]", '"x"'])
def test_a_fiat_price_that_makes_no_sense_is_none_of_ours(served: Callable[..., Rest], said: str) -> None:
    rest = served({"GET /api/v1/prices": f'{{"code":"200000","data":{said}}}'})
    with pytest.raises(Unavailable):
        asyncio.run(Market(rest, rest).fiat_price("EUR", "USDT"))
