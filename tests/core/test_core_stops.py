from collections.abc import Iterable

import pytest

from chatbot.core.stops import PlaceSwept, StillOpen, StopReport

_DONE = PlaceSwept(place="spot orders", problem="")
_FAILED = PlaceSwept(place="futures orders", problem="KuCoin did not answer.")
_ORDER = StillOpen(order_id="67", symbol="BTC-USDT", side="buy", size="1", price="5")


@pytest.mark.parametrize(
    ("places", "resting"),
    [((), None), ((), ()), ((_DONE,), None), ((_DONE,), (_ORDER,)), ((_DONE, _FAILED), ()), ((_FAILED,), None)],
)
def test_a_sweep_is_not_clean_while_anything_is_doubtful(
    places: Iterable[PlaceSwept], resting: tuple[StillOpen, ...] | None
) -> None:
    assert not StopReport(places=tuple(places), resting=resting).clean


def test_a_sweep_is_clean_when_every_place_answered_and_nothing_rests() -> None:
    assert StopReport(places=(_DONE, _DONE), resting=()).clean
