from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chatbot.core.stops import OpenPosition, PlaceSwept, StillOpen, StopReport
from chatbot.store.store import Store, open_store

_CLEAN = StopReport(
    tickets_expired=1,
    found=3,
    places=(PlaceSwept(place="spot orders", problem=""),),
    resting=(),
    positions=(OpenPosition(symbol="XBTUSDTM", lots="50"),),
    checked_at="18:31:04",
)
_DIRTY = StopReport(
    places=(PlaceSwept(place="spot orders", problem="KuCoin did not answer."),),
    resting=(StillOpen(order_id="67", symbol="BTC-USDT", side="buy", size="1", price="5"),),
)


def _whats(store: Store) -> list[tuple[str, str, str]]:
    return [(record.person, record.what, record.detail) for record in reversed(store.audit.latest(9))]


def test_nothing_is_stopped_at_first(store: Store) -> None:
    assert store.stops.standing() is None
    assert store.stops.get(1) is None
    assert store.stops.resume("Chris", "no reason") is None
    assert _whats(store) == []


def test_a_kill_stands_over_a_restart(store: Store, path: Path, clock: list[datetime]) -> None:
    stop = store.stops.kill("Anna", 70)
    assert (stop.at, stop.person, stop.chat_id, stop.report) == (clock[0], "Anna", 70, StopReport())
    assert (stop.swept_at, stop.resumed_at, stop.card_id) == (None, None, 0)
    again = open_store(path, lambda: clock[0])
    assert again.stops.standing() == stop
    again.close()


def test_a_second_kill_is_the_one_that_stands_told_where_it_was_given(store: Store) -> None:
    first = store.stops.kill("Anna", 70)
    second = store.stops.kill("Ben", 80)
    assert (second.id, second.person, second.chat_id) == (first.id, "Anna", 80)
    assert store.stops.standing() == second
    assert _whats(store) == [("Anna", "killed", "")]


def test_a_resume_ends_the_kill_and_the_next_one_is_new(store: Store, clock: list[datetime]) -> None:
    first = store.stops.kill("Anna", 70)
    clock[0] += timedelta(minutes=5)
    resumed = store.stops.resume("Chris", "news over")
    assert resumed is not None
    assert (resumed.resumed_at, resumed.resumed_by, resumed.reason) == (clock[0], "Chris", "news over")
    assert store.stops.standing() is None
    assert store.stops.get(first.id) == resumed
    assert store.stops.resume("Chris", "again") is None
    assert store.stops.kill("Ben", 80).id != first.id
    assert _whats(store) == [("Anna", "killed", ""), ("Chris", "resumed", "news over"), ("Ben", "killed", "")]


@pytest.mark.parametrize("report", [_CLEAN, _DIRTY, StopReport(), StopReport(resting=(), positions=())])
def test_what_is_known_of_a_sweep_comes_back_as_it_was_noted(store: Store, report: StopReport) -> None:
    stop = store.stops.kill("Anna", 70)
    store.stops.note(stop.id, report)
    latest = store.stops.standing()
    assert latest is not None
    assert latest.report == report


def test_a_kill_is_swept_only_while_the_last_look_was_clean(store: Store, clock: list[datetime]) -> None:
    stop = store.stops.kill("Anna", 70)
    swept = []
    for report in (_DIRTY, _CLEAN, _DIRTY):
        store.stops.note(stop.id, report)
        latest = store.stops.get(stop.id)
        assert latest is not None
        swept.append(latest.swept_at)
    assert swept == [None, clock[0], None]


def test_a_kill_is_bound_to_the_card_that_shows_it(store: Store) -> None:
    stop = store.stops.kill("Anna", 70)
    store.stops.show_on(stop.id, 55)
    latest = store.stops.standing()
    assert latest is not None
    assert latest.card_id == 55


def test_a_kill_falls_with_the_transaction_it_joins(store: Store) -> None:
    def fail_after_killing() -> None:
        with store.atomic():
            store.stops.kill("Anna", 70)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_killing()
    assert store.stops.standing() is None
    assert _whats(store) == []
