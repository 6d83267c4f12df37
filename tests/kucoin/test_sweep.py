import asyncio
from collections.abc import Callable

import httpx
import pytest

from chatbot.core.errors import BadCredentials, OutcomeUnknown, Rejected, Unavailable
from chatbot.core.exchange import CancelReport, Resting, Sweep
from chatbot.core.market import Venue
from chatbot.kucoin.orders import Orders
from chatbot.kucoin.rest import Rest

SPOT = {
    "DELETE /api/v1/hf/orders/cancelAll": "spot-cancelled-all",
    "DELETE /api/v1/stop-order/cancel": "cancelled-ids",
}
FUTURES = {
    "GET /api/v1/orders": "futures-orders",
    "DELETE /api/v3/orders": "cancelled-ids",
    "DELETE /api/v1/stopOrders": "cancelled-ids",
}
REFUSED = '{"code":"400007","msg":"Access denied"}'
BROKEN = '{"code":"500000","msg":"error"}'
IDS = ("300000000000000001", "300000000000000002")


@pytest.fixture
def seen() -> list[httpx.Request]:
    return []


@pytest.fixture
def sweep(served: Callable[..., Rest], seen: list[httpx.Request]) -> Callable[..., CancelReport]:
    def run(spot: dict[str, str] | None = None, futures: dict[str, str] | None = None) -> CancelReport:
        rests = served(SPOT | (spot or {}), Venue.SPOT, seen), served(FUTURES | (futures or {}), Venue.FUTURES, seen)
        return asyncio.run(Orders(*rests).cancel_everything())

    return run


def of(report: CancelReport, place: Resting) -> Sweep:
    (found,) = (sweep for sweep in report.sweeps if sweep.place is place)
    return found


def test_every_place_where_an_order_can_rest_is_swept(
    sweep: Callable[..., CancelReport], seen: list[httpx.Request]
) -> None:
    report = sweep()
    assert {found.place for found in report.sweeps} == set(Resting)
    assert of(report, Resting.SPOT_ORDERS) == Sweep(
        place=Resting.SPOT_ORDERS, cancelled=("SOL-USDT",), failed=report.sweeps[0].failed
    )
    assert of(report, Resting.SPOT_ORDERS).failed == ("WIF-BTC",)
    assert of(report, Resting.SPOT_STOPS).cancelled == IDS
    assert of(report, Resting.FUTURES_ORDERS).cancelled == IDS + IDS
    assert of(report, Resting.FUTURES_STOPS).cancelled == IDS
    swept = {str(request.url.params) for request in seen if request.url.path.endswith("/v3/orders")}
    assert swept == {"symbol=ETHUSDTM", "symbol=XBTUSDTM"}


def test_a_sweep_without_failures_is_complete(sweep: Callable[..., CancelReport]) -> None:
    emptied = '{"code":"200000","data":{"succeedSymbols":null,"failedSymbols":null}}'
    none_resting = '{"code":"200000","data":null}'
    report = sweep(
        {"DELETE /api/v1/hf/orders/cancelAll": emptied, "DELETE /api/v1/stop-order/cancel": none_resting},
        {"GET /api/v1/orders": none_resting},
    )
    assert all(found.error is None and not found.failed for found in report.sweeps)
    assert of(report, Resting.FUTURES_ORDERS).cancelled == ()


@pytest.mark.parametrize("route", ["DELETE /api/v1/hf/orders/cancelAll", "DELETE /api/v1/stop-order/cancel"])
def test_one_place_failing_does_not_hide_the_others(sweep: Callable[..., CancelReport], route: str) -> None:
    report = sweep({route: BROKEN})
    failed = [found for found in report.sweeps if found.error is not None]
    assert [type(found.error) for found in failed] == [OutcomeUnknown]
    assert of(report, Resting.FUTURES_STOPS).cancelled == IDS


def test_a_key_without_futures_still_empties_spot(sweep: Callable[..., CancelReport]) -> None:
    report = sweep(futures=dict.fromkeys(FUTURES, REFUSED))
    assert isinstance(of(report, Resting.FUTURES_ORDERS).error, BadCredentials)
    assert isinstance(of(report, Resting.FUTURES_STOPS).error, BadCredentials)
    assert of(report, Resting.SPOT_ORDERS).cancelled == ("SOL-USDT",)


def test_a_contract_that_could_not_be_emptied_is_named(sweep: Callable[..., CancelReport]) -> None:
    found = of(sweep(futures={"DELETE /api/v3/orders": '{"code":"300002","msg":"x"}'}), Resting.FUTURES_ORDERS)
    assert found.failed == ("ETHUSDTM", "XBTUSDTM")
    assert isinstance(found.error, Rejected)


@pytest.mark.parametrize("data", ["{}", "[]", '"success"', '{"orderId":"1"}'])
def test_an_answer_of_another_shape_is_an_error_not_an_empty_success(
    sweep: Callable[..., CancelReport], data: str
) -> None:
    said = f'{{"code":"200000","data":{data}}}'
    report = sweep(dict.fromkeys(SPOT, said), dict.fromkeys(FUTURES, said))
    errors = {found.place: type(found.error) for found in report.sweeps}
    listed = errors.pop(Resting.FUTURES_ORDERS)
    assert listed is Unavailable, "the list failed: no cancel was asked for"
    assert set(errors.values()) == {OutcomeUnknown}
