"""KuCoin's own SDK as a judge: its typed models must be able to read every answer of the sandbox."""

import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
import uvicorn

from chatbot.core.times import utc_now
from chatbot.sandbox import listing
from chatbot.sandbox.demo_account import demo_account
from chatbot.sandbox.exchange import Exchange
from chatbot.sandbox.faults import Faults
from chatbot.sandbox.kucoin_auth import ApiKey
from chatbot.sandbox.kucoin_rest import KucoinFace
from chatbot.sandbox.prices import SeededWalk

with warnings.catch_warnings():
    # The SDK declares its fields in a way pydantic wants changed before its third version.
    warnings.simplefilter("ignore", DeprecationWarning)
    from kucoin_universal_sdk.api.client import DefaultClient
    from kucoin_universal_sdk.generate.account import account, fee
    from kucoin_universal_sdk.generate.futures import fundingfees, positions
    from kucoin_universal_sdk.generate.futures import market as futures_market
    from kucoin_universal_sdk.generate.futures import order as futures_order
    from kucoin_universal_sdk.generate.spot import market, order
    from kucoin_universal_sdk.model.client_option import ClientOptionBuilder
    from kucoin_universal_sdk.model.common import RestError
    from kucoin_universal_sdk.model.transport_option import TransportOptionBuilder

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:kucoin_universal_sdk")


Model = Any  # one of the SDK's own values: it ships no type information


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    prices = SeededWalk(7, utc_now, listing.load(), volatility=0)
    exchange = Exchange(prices, utc_now)
    demo_account(exchange)
    key = ApiKey(
        key="key-one",
        secret="secret-one",
        passphrase="phrase-one",
        uid=100_000_001,
        permissions=frozenset({"General", "Spot", "Futures"}),
        created_at=utc_now(),
    )
    face = KucoinFace(exchange, [key], Faults())
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        server = uvicorn.Server(uvicorn.Config(face.app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        face.hang_up()
        server.should_exit = True
        thread.join()


def _client(address: str, *, secret: str) -> DefaultClient:
    transport = TransportOptionBuilder().set_keep_alive(False).build()
    builder = ClientOptionBuilder().set_key("key-one").set_secret(secret).set_passphrase("phrase-one")
    builder = builder.set_spot_endpoint(f"{address}/spot").set_futures_endpoint(f"{address}/futures")
    return DefaultClient(builder.set_transport_option(transport).build())


@pytest.fixture(scope="module")
def client(address: str) -> Model:
    return _client(address, secret="secret-one").rest_service()


def read(answer: Model) -> Model:
    """The SDK keeps quiet about what it cannot parse: then it hands back its model's class, not a value."""
    assert not isinstance(answer, type), answer
    assert answer.common_response.code == "200000"
    assert answer.common_response.rate_limit.limit in (2000, 4000)
    return answer


def filled_in(row: Model, *but: str) -> None:
    empty = {name for name, value in row if value is None} - {"common_response", *but}
    assert empty == set()


def test_it_reads_public_spot_data(client: Model) -> None:
    api = client.get_spot_service().get_market_api()
    assert read(api.get_server_time()).data > 1_700_000_000_000
    assert read(api.get_service_status()).status.value == "open"
    symbols = read(api.get_all_symbols(market.GetAllSymbolsReq.from_dict({}))).data
    assert len(symbols) >= 30
    assert read(api.get_symbol(market.GetSymbolReq.from_dict({"symbol": "PEPE-USDT"}))).base_increment == "1"
    filled_in(read(api.get_ticker(market.GetTickerReq.from_dict({"symbol": "BTC-USDT"}))))
    filled_in(read(api.get24hr_stats(market.Get24hrStatsReq.from_dict({"symbol": "ETH-BTC"}))))
    filled_in(read(api.get_all_tickers()).ticker[0])
    book = read(api.get_part_order_book(market.GetPartOrderBookReq.from_dict({"symbol": "BTC-USDT", "size": "20"})))
    assert len(book.bids) == len(book.asks) == 20
    assert read(api.get_client_ip_address()).data == "127.0.0.1"
    assert read(api.get_fiat_price(market.GetFiatPriceReq.from_dict({"currencies": "BTC,ETH"}))).btc


def test_it_reads_candles_of_both_hosts(client: Model) -> None:
    spot = client.get_spot_service().get_market_api()
    rows = read(spot.get_klines(market.GetKlinesReq.from_dict({"symbol": "BTC-USDT", "type": "1hour"}))).data
    assert len(rows) == 100
    futures = client.get_futures_service().get_market_api()
    request = futures_market.GetKlinesReq.from_dict({"symbol": "XBTUSDTM", "granularity": 60})
    assert len(read(futures.get_klines(request)).data) == 500


def test_it_reads_the_account(client: Model) -> None:
    api = client.get_account_service().get_account_api()
    rows = read(api.get_spot_account_list(account.GetSpotAccountListReq.from_dict({}))).data
    for row in rows:
        filled_in(row)
    detail = account.GetSpotAccountDetailReq.from_dict({"accountId": rows[0].id})
    assert read(api.get_spot_account_detail(detail)).currency == rows[0].currency
    filled_in(read(api.get_apikey_info()), "ip_whitelist", "sub_name")
    filled_in(read(api.get_account_info()))
    assert read(api.get_spot_account_type()).data is True
    filled_in(read(api.get_futures_account(account.GetFuturesAccountReq.from_dict({"currency": "USDT"}))))


def test_it_reads_fees(client: Model) -> None:
    api = client.get_account_service().get_fee_api()
    filled_in(read(api.get_basic_fee(fee.GetBasicFeeReq.from_dict({"currencyType": 0}))))
    spot = fee.GetSpotActualFeeReq.from_dict({"symbols": "BTC-USDT,ETH-USDT"})
    assert [row.symbol for row in read(api.get_spot_actual_fee(spot)).data] == ["BTC-USDT", "ETH-USDT"]
    filled_in(read(api.get_futures_actual_fee(fee.GetFuturesActualFeeReq.from_dict({"symbol": "XBTUSDTM"}))))


def test_it_places_finds_and_cancels_a_limit_order(client: Model) -> None:
    api = client.get_spot_service().get_order_api()
    body = {"clientOid": "limit-1", "symbol": "BTC-USDT", "side": "buy", "type": "limit"}
    placed = read(api.add_order(order.AddOrderReq.from_dict({**body, "price": "50000", "size": "0.001"})))
    by_id = {"symbol": "BTC-USDT", "orderId": placed.order_id}
    found = read(api.get_order_by_order_id(order.GetOrderByOrderIdReq.from_dict(by_id)))
    filled_in(found, "stp", "remark", "tags")
    by_oid = {"symbol": "BTC-USDT", "clientOid": "limit-1"}
    assert read(api.get_order_by_client_oid(order.GetOrderByClientOidReq.from_dict(by_oid))).id == placed.order_id
    opened = read(api.get_open_orders(order.GetOpenOrdersReq.from_dict({"symbol": "BTC-USDT"}))).data
    assert [each.id for each in opened] == [placed.order_id]
    page = read(api.get_open_orders_by_page(order.GetOpenOrdersByPageReq.from_dict({"symbol": "BTC-USDT"})))
    assert page.total_num == 1
    assert read(api.get_symbols_with_open_order()).symbols == ["BTC-USDT"]
    cancelled = read(api.cancel_order_by_client_oid(order.CancelOrderByClientOidReq.from_dict(by_oid)))
    assert cancelled.client_oid == "limit-1"
    done = read(api.get_closed_orders(order.GetClosedOrdersReq.from_dict({"symbol": "BTC-USDT"})))
    assert done.items[0].cancel_exist is True
    assert read(api.cancel_all_orders()).failed_symbols == []


def test_it_sees_a_market_order_fill(client: Model) -> None:
    api = client.get_spot_service().get_order_api()
    body = {"clientOid": "market-1", "symbol": "ETH-USDT", "side": "buy", "type": "market", "funds": "100"}
    placed = read(api.add_order_sync(order.AddOrderSyncReq.from_dict(body)))
    filled_in(placed)
    assert placed.status.value == "done"
    fills = read(
        api.get_trade_history(order.GetTradeHistoryReq.from_dict({"symbol": "ETH-USDT", "orderId": placed.order_id}))
    ).items
    filled_in(fills[0])
    assert sum(Decimal(each.size) for each in fills) == Decimal(placed.deal_size)


def test_it_reads_stop_orders_and_the_dead_mans_switch(client: Model) -> None:
    api = client.get_spot_service().get_order_api()
    body = {"clientOid": "stop-1", "symbol": "ETH-USDT", "side": "sell", "type": "limit", "tradeType": "TRADE"}
    body |= {"price": "2000", "size": "0.01", "stopPrice": "2100"}
    placed = read(api.add_stop_order(order.AddStopOrderReq.from_dict(body)))
    listed = read(api.get_stop_orders_list(order.GetStopOrdersListReq.from_dict({"symbol": "ETH-USDT"})))
    assert [each.id for each in listed.items] == [placed.order_id]
    mine = order.GetStopOrderByClientOidReq.from_dict({"symbol": "ETH-USDT", "clientOid": "stop-1"})
    assert [each.id for each in read(api.get_stop_order_by_client_oid(mine)).data] == [placed.order_id]
    batch = order.BatchCancelStopOrderReq.from_dict({"symbol": "ETH-USDT", "orderIds": placed.order_id})
    assert read(api.batch_cancel_stop_order(batch)).cancelled_order_ids == [placed.order_id]
    assert read(api.get_dcp()).timeout is None
    filled_in(read(api.set_dcp(order.SetDcpReq.from_dict({"timeout": 60, "symbols": "ETH-USDT"}))))
    filled_in(read(api.get_dcp()))


def test_it_reads_public_futures_data(client: Model) -> None:
    api = client.get_futures_service().get_market_api()
    may_be_null = {"expire_date", "settle_date", "settlement_fee", "predicted_funding_fee_rate"}
    for row in read(api.get_all_symbols()).data:
        filled_in(row, *may_be_null)
    filled_in(read(api.get_symbol(futures_market.GetSymbolReq.from_dict({"symbol": "XBTUSDM"}))), *may_be_null)
    filled_in(read(api.get_ticker(futures_market.GetTickerReq.from_dict({"symbol": "XBTUSDTM"}))))
    filled_in(read(api.get_all_tickers()).data[0])
    filled_in(read(api.get_mark_price(futures_market.GetMarkPriceReq.from_dict({"symbol": "XBTUSDTM"}))))
    assert read(api.get_service_status()).status.value == "open"


def test_it_reads_funding(client: Model) -> None:
    api = client.get_futures_service().get_funding_fees_api()
    current = fundingfees.GetCurrentFundingRateReq.from_dict
    filled_in(read(api.get_current_funding_rate(current({"symbol": "XBTUSDTM"}))))
    assert read(api.get_current_funding_rate(current({"symbol": "ETHUSDTM"}))).predicted_value is None
    span = {"symbol": "XBTUSDTM", "from": 1_772_200_000_000, "to": 1_772_300_000_000}
    history = read(api.get_public_funding_history(fundingfees.GetPublicFundingHistoryReq.from_dict(span))).data
    filled_in(history[0])
    private = fundingfees.GetPrivateFundingHistoryReq.from_dict({"symbol": "XBTUSDTM"})
    assert read(api.get_private_funding_history(private)).has_more is False


def test_it_places_finds_and_cancels_a_futures_order(client: Model) -> None:
    api = client.get_futures_service().get_order_api()
    body = {"clientOid": "f-1", "symbol": "XBTUSDTM", "side": "buy", "type": "limit", "price": "60000", "size": 1}
    placed = read(api.add_order(futures_order.AddOrderReq.from_dict({**body, "leverage": 5})))
    by_id = futures_order.GetOrderByOrderIdReq.from_dict({"order-id": placed.order_id})
    filled_in(read(api.get_order_by_order_id(by_id)), "stop_price", "remark", "end_at")
    by_oid = futures_order.GetOrderByClientOidReq.from_dict({"clientOid": "f-1"})
    assert read(api.get_order_by_client_oid(by_oid)).id == placed.order_id
    active = futures_order.GetOrderListReq.from_dict({"status": "active"})
    assert [each.id for each in read(api.get_order_list(active)).items] == [placed.order_id]
    value = futures_order.GetOpenOrderValueReq.from_dict({"symbol": "XBTUSDTM"})
    assert read(api.get_open_order_value(value)).open_order_buy_size == 1
    everything = futures_order.CancelAllOrdersV3Req.from_dict({"symbol": "XBTUSDTM"})
    assert read(api.cancel_all_orders_v3(everything)).cancelled_order_ids == [placed.order_id]
    stops = futures_order.CancelAllStopOrdersReq.from_dict({})
    assert read(api.cancel_all_stop_orders(stops)).cancelled_order_ids == []


def test_it_reads_positions_and_futures_fills(client: Model) -> None:
    api = client.get_futures_service().get_positions_api()
    rows = read(api.get_position_list(positions.GetPositionListReq.from_dict({"currency": "USDT"}))).data
    assert [row.symbol for row in rows] == ["XBTUSDTM"]
    filled_in(rows[0])
    request = positions.GetPositionDetailsReq.from_dict({"symbol": "XBTUSDTM"})
    assert read(api.get_position_details(request)).current_qty == 50
    mode = positions.GetMarginModeReq.from_dict({"symbol": "XBTUSDTM"})
    assert read(api.get_margin_mode(mode)).margin_mode.value == "ISOLATED"
    room = positions.GetMaxOpenSizeReq.from_dict({"symbol": "XBTUSDTM", "price": "67000", "leverage": 5})
    assert read(api.get_max_open_size(room)).max_buy_open_size > 0
    orders = client.get_futures_service().get_order_api()
    recent = futures_order.GetRecentTradeHistoryReq.from_dict({"symbol": "XBTUSDTM"})
    filled_in(read(orders.get_recent_trade_history(recent)).data[0], "sub_trade_type")
    paged = futures_order.GetTradeHistoryReq.from_dict({"symbol": "XBTUSDTM"})
    filled_in(read(orders.get_trade_history(paged)).items[0], "sub_trade_type")
    done = futures_order.GetRecentClosedOrdersReq.from_dict({"symbol": "XBTUSDTM"})
    assert read(orders.get_recent_closed_orders(done)).data


def test_its_signature_is_refused_with_a_wrong_secret(address: str) -> None:
    api = _client(address, secret="another").rest_service().get_account_service().get_account_api()
    with pytest.raises(RestError, match="400004"):
        api.get_apikey_info()
