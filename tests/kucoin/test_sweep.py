import asyncio
from collections.abc import Callable, Sequence

import httpx
import pytest

from chatbot.core.errors import BadCredentials, OutcomeUnknown, Rejected
from chatbot.core.exchange import Resting, Sweep
from chatbot.core.market import Symbol, Venue
from chatbot.kucoin.orders import Orders
from chatbot.kucoin.rest import Rest

SPOT = {
    "DELETE /api/v1/hf/orders/cancelAll": "spot-cancelled-all",
    "DELETE /api/v1/stop-order/cancel": "cancelled-ids",
    "DELETE /api/v3/oco/orders": "cancelled-ids",
}
FUTURES = {
    "GET /api/v1/orders": "futures-orders",
    "DELETE /api/v1/orders": "cancelled-ids",
    "DELETE /api/v3/orders": "cancelled-ids",
    "DELETE /api/v1/stopOrders": "cancelled-ids",
}
REFUSED = '{"code":"400007","msg":"Access denied"}'
BROKEN = '{"code":"500000","msg":"error"}'
Sweeps = dict[Resting, Sweep]
KNOWN = [Symbol("ETHUSDTM"), Symbol("XBTUSDTM")]
IDS = ("300000000000000001", "300000000000000002")


@pytest.fixture
def seen() -> list[httpx.Request]:
    return []


@pytest.fixture
def sweep(served: Callable[..., Rest], seen: list[httpx.Request]) -> Callable[..., Sweeps]:
    def run(
        spot: dict[str, str] | None = None,
        futures: dict[str, str] | None = None,
        contracts: Sequence[Symbol] | None = KNOWN,
    ) -> Sweeps:
        rests = served(SPOT | (spot or {}), Venue.SPOT, seen), served(FUTURES | (futures or {}), Venue.FUTURES, seen)
        orders = Orders(*rests)
        return {place: asyncio.run(orders.cancel_place(place, contracts)) for place in Resting}

    return run


def test_every_place_where_an_order_can_rest_is_swept(sweep: Callable[..., Sweeps], seen: list[httpx.Request]) -> None:
    report = sweep()
    assert {place: found.place for place, found in report.items()} == {place: place for place in Resting}
    assert report[Resting.SPOT_ORDERS] == Sweep(
        place=Resting.SPOT_ORDERS, cancelled=("SOL-USDT",), failed=(Symbol("WIF-BTC"),)
    )
    assert report[Resting.SPOT_STOPS].cancelled == IDS
    assert report[Resting.FUTURES_ORDERS].cancelled == IDS + IDS
    assert report[Resting.FUTURES_STOPS].cancelled == IDS
    swept = {str(request.url.params) for request in seen if request.url.path.endswith("/v3/orders")}
    assert swept == {"symbol=ETHUSDTM", "symbol=XBTUSDTM"}


def test_a_sweep_without_failures_is_complete(sweep: Callable[..., Sweeps]) -> None:
    emptied = '{"code":"200000","data":{"succeedSymbols":null,"failedSymbols":null}}'
    none_resting = '{"code":"200000","data":null}'
    report = sweep(
        {"DELETE /api/v1/hf/orders/cancelAll": emptied, "DELETE /api/v1/stop-order/cancel": none_resting},
        {"DELETE /api/v1/orders": none_resting},
        contracts=None,
    )
    assert all(found.error is None and not found.failed for found in report.values())
    assert report[Resting.FUTURES_ORDERS].cancelled == ()


@pytest.mark.parametrize("route", ["DELETE /api/v1/hf/orders/cancelAll", "DELETE /api/v1/stop-order/cancel"])
def test_one_place_failing_does_not_hide_the_others(sweep: Callable[..., Sweeps], route: str) -> None:
    report = sweep({route: BROKEN})
    failed = [found for found in report.values() if found.error is not None]
    assert [type(found.error) for found in failed] == [OutcomeUnknown]
    assert report[Resting.FUTURES_STOPS].cancelled == IDS


def test_a_key_without_futures_still_empties_spot(sweep: Callable[..., Sweeps]) -> None:
    report = sweep(futures=dict.fromkeys(FUTURES, REFUSED))
    assert isinstance(report[Resting.FUTURES_ORDERS].error, BadCredentials)
    assert isinstance(report[Resting.FUTURES_STOPS].error, BadCredentials)
    assert report[Resting.SPOT_ORDERS].cancelled == ("SOL-USDT",)


def test_where_nobody_knows_which_contracts_hold_orders_all_are_emptied_in_one_dear_call(
    sweep: Callable[..., Sweeps], seen: list[httpx.Request]
) -> None:
    assert sweep(contracts=None)[Resting.FUTURES_ORDERS].cancelled == IDS
    asked = [
        request.method for request in seen if request.url.path.endswith("/orders") and "oco" not in str(request.url)
    ]
    assert asked == ["DELETE"]


@pytest.mark.parametrize("gone", [BROKEN, '{"code":"404","msg":"Not Found"}', '{"code":"100001","msg":"x"}'])
def test_should_that_call_be_gone_the_contracts_are_listed_and_asked_one_by_one(
    sweep: Callable[..., Sweeps], seen: list[httpx.Request], gone: str
) -> None:
    found = sweep(futures={"DELETE /api/v1/orders": gone}, contracts=None)[Resting.FUTURES_ORDERS]
    assert (found.cancelled, found.error) == (IDS + IDS, None)
    swept = {str(request.url.params) for request in seen if request.url.path.endswith("/v3/orders")}
    assert swept == {"symbol=ETHUSDTM", "symbol=XBTUSDTM"}


def test_without_futures_orders_nothing_is_asked_of_futures(
    sweep: Callable[..., Sweeps], seen: list[httpx.Request]
) -> None:
    assert sweep(contracts=[])[Resting.FUTURES_ORDERS] == Sweep(place=Resting.FUTURES_ORDERS)
    assert not [request for request in seen if request.url.path.endswith("/v3/orders")]


def test_a_contract_that_could_not_be_emptied_is_named(sweep: Callable[..., Sweeps]) -> None:
    found = sweep(futures={"DELETE /api/v3/orders": '{"code":"300002","msg":"x"}'})[Resting.FUTURES_ORDERS]
    assert found.failed == ("ETHUSDTM", "XBTUSDTM")
    assert isinstance(found.error, Rejected)


@pytest.mark.parametrize("data", ["{}", "[]", '"success"', '{"orderId":"1"}'])
def test_an_answer_of_another_shape_is_an_error_not_an_empty_success(sweep: Callable[..., Sweeps], data: str) -> None:
    said = f'{{"code":"200000","data":{data}}}'
    report = sweep(dict.fromkeys(SPOT, said), dict.fromkeys(FUTURES, said))
    assert {type(found.error) for found in report.values()} == {OutcomeUnknown}
