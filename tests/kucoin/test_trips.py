import pytest

from chatbot.core.errors import KucoinError, OutcomeUnknown, Unavailable
from chatbot.kucoin import endpoints
from chatbot.kucoin.endpoints import Endpoint
from chatbot.kucoin.trips import Trip


def trip(endpoint: Endpoint, **params: str) -> Trip:
    return Trip(endpoint=endpoint, params=params, credentials=None, ends_at=0)


def test_placeholders_go_into_the_path_and_the_rest_into_the_query() -> None:
    found = trip(endpoints.SPOT_BY_OID, clientOid="t-1", symbol="BTC-USDT").target(raw=True)
    assert found == "/api/v1/hf/orders/client-order/t-1?symbol=BTC-USDT"
    assert trip(endpoints.SPOT_CANCEL_ALL).target(raw=True) == "/api/v1/hf/orders/cancelAll"


@pytest.mark.parametrize("order_id", ["", ".", "..", "/", "./.."])
def test_cancelling_an_order_without_a_number_cannot_become_cancelling_all(order_id: str) -> None:
    with pytest.raises(ValueError, match="missing"):
        trip(endpoints.SPOT_CANCEL, orderId=order_id, symbol="BTC-USDT").target(raw=True)


@pytest.mark.parametrize(
    ("endpoint", "flying", "doubted", "kind"),
    [
        (endpoints.SPOT_PLACE, False, False, Unavailable),
        (endpoints.SPOT_PLACE, True, False, OutcomeUnknown),
        (endpoints.SPOT_CANCEL, False, True, OutcomeUnknown),
        (endpoints.SPOT_CANCEL, False, False, Unavailable),
        (endpoints.BALANCES, True, True, Unavailable),
    ],
)
def test_only_what_left_and_changes_something_is_in_doubt(
    endpoint: Endpoint, flying: bool, doubted: bool, kind: type[KucoinError]
) -> None:
    call = trip(endpoint)
    call.flying, call.doubted = flying, doubted
    assert type(call.failure("why", "1")) is kind


def test_no_value_can_break_out_of_its_place_in_the_address() -> None:
    call = trip(endpoints.SPOT_CANCEL, orderId="a/b?c", symbol="X&symbol=Y#z +%")
    assert call.target(raw=False) == "/api/v1/hf/orders/a%2Fb%3Fc?symbol=X%26symbol%3DY%23z%20%2B%25"
