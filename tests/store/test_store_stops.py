from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chatbot.core.stops import Line, OpenPosition, PlaceSwept, Result, StopReport
from chatbot.store.stops import COUNTED
from chatbot.store.store import Store, open_store

_PLACES = (PlaceSwept(place="spot orders"), PlaceSwept(place="futures orders", barred=True))
_GONE = Line(
    order_id="66", place="spot orders", symbol="BTC-USDT", side="sell", size="1", price="5", trigger="6",
    external=True, result=Result.GONE,
)  # fmt: skip
_CLEAN = StopReport(
    tickets_expired=1,
    lines=(_GONE,),
    places=_PLACES,
    positions=(OpenPosition(symbol="XBTUSDTM", lots="50"),),
    checked_at="18:31:04",
)
_DIRTY = replace(
    _CLEAN,
    lines=(_GONE, replace(_GONE, order_id="67", result=Result.RESTING)),
    places=(PlaceSwept(place="spot orders", problem="KuCoin did not answer.", unread="slow"),),
    positions=None,
)


def _whats(store: Store) -> list[tuple[str, str, str]]:
    return [(record.person, record.what, record.detail) for record in reversed(store.audit.latest(9))]


def test_nothing_is_stopped_at_first(store: Store) -> None:
    assert store.stops.standing() is None
    assert store.stops.get(1) is None
    assert store.stops.resume("Chris", "no reason", 101) is None
    assert _whats(store) == []


def test_a_kill_stands_over_a_restart(store: Store, path: Path, clock: list[datetime]) -> None:
    stop = store.stops.kill("Anna", 70, 1)
    assert (stop.at, stop.person, stop.chat_id, stop.report) == (clock[0], "Anna", 70, StopReport())
    assert (stop.swept_at, stop.resumed_at, stop.card_id) == (None, None, 0)
    again = open_store(path, lambda: clock[0])
    assert again.stops.standing() == stop
    again.close()


def test_a_second_kill_is_the_one_that_stands_told_where_it_was_given(store: Store) -> None:
    first = store.stops.kill("Anna", 70, 2)
    second = store.stops.kill("Ben", 80, 3)
    assert (second.id, second.person, second.chat_id) == (first.id, "Anna", 80)
    assert store.stops.standing() == second
    assert _whats(store) == [("Anna", "killed", "")]


def test_a_resume_ends_the_kill_and_the_next_one_is_new(store: Store, clock: list[datetime]) -> None:
    first = store.stops.kill("Anna", 70, 4)
    clock[0] += timedelta(minutes=5)
    resumed = store.stops.resume("Chris", "news over", 102)
    assert resumed is not None
    assert (resumed.resumed_at, resumed.resumed_by, resumed.reason) == (clock[0], "Chris", "news over")
    assert store.stops.standing() is None
    assert store.stops.get(first.id) == resumed
    assert store.stops.resume("Chris", "again", 103) is None
    assert store.stops.kill("Ben", 80, 5).id != first.id
    assert _whats(store) == [("Anna", "killed", ""), ("Chris", "resumed", "news over"), ("Ben", "killed", "")]


@pytest.mark.parametrize("report", [_CLEAN, _DIRTY, StopReport(), StopReport(positions=())])
def test_what_is_known_of_a_sweep_comes_back_as_it_was_noted(store: Store, report: StopReport) -> None:
    stop = store.stops.kill("Anna", 70, 6)
    store.stops.note(stop.id, report)
    latest = store.stops.standing()
    assert latest is not None
    assert latest.report == report


def test_a_kill_is_swept_only_while_the_last_look_was_clean(store: Store, clock: list[datetime]) -> None:
    stop = store.stops.kill("Anna", 70, 7)
    swept = []
    for report in (_DIRTY, _CLEAN, _DIRTY):
        store.stops.note(stop.id, report)
        latest = store.stops.get(stop.id)
        assert latest is not None
        swept.append(latest.swept_at)
    assert swept == [None, clock[0], None]


def test_a_kill_is_bound_to_the_card_that_shows_it(store: Store) -> None:
    stop = store.stops.kill("Anna", 70, 8)
    store.stops.show_on(stop.id, 55)
    latest = store.stops.standing()
    assert latest is not None
    assert latest.card_id == 55


def test_a_kill_falls_with_the_transaction_it_joins(store: Store) -> None:
    def fail_after_killing() -> None:
        with store.atomic():
            store.stops.kill("Anna", 70, 9)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_killing()
    assert store.stops.standing() is None
    assert _whats(store) == []


def test_an_update_kills_once_whatever_was_resumed_since(store: Store) -> None:
    first = store.stops.kill("Anna", 70, 1)
    assert store.stops.kill("Ben", 80, 2).id == first.id
    assert store.stops.kill("Anna", 70, 1) == store.stops.get(first.id)
    ended = store.stops.resume("Anna", "over", 3)
    for update in (1, 2):
        assert store.stops.kill("Ben", 80, update) == ended
    assert store.stops.standing() is None
    assert [what for _, what, _ in _whats(store)] == ["killed", "resumed"]


def test_an_update_resumes_once_whatever_was_stopped_since(store: Store) -> None:
    store.stops.kill("Anna", 70, 1)
    ended = store.stops.resume("Anna", "over", 2)
    later = store.stops.kill("Ben", 80, 3)
    assert store.stops.resume("Anna", "over", 2) == ended
    assert store.stops.standing() == later


def test_a_stop_knows_what_asked_for_it_after_another_update_for_days(store: Store, clock: list[datetime]) -> None:
    stop = store.stops.kill("Anna", 70, 5)
    assert store.stops.killed_after(stop.id, 4)
    assert not store.stops.killed_after(stop.id, 6)
    store.stops.kill("Ben", 80, 7)
    assert store.stops.killed_after(stop.id, 6)
    clock[0] += COUNTED
    assert not store.stops.killed_after(stop.id, 4)


def test_the_bot_stops_itself_for_a_cause_and_moves_nobodys_card(store: Store) -> None:
    own = store.stops.kill("the bot", 70, None, "11 orders in a minute")
    assert (own.cause, own.chat_id) == ("11 orders in a minute", 70)
    assert _whats(store) == [("the bot", "killed", "11 orders in a minute")]
    assert store.stops.kill("the bot", 90, None, "another") == own
    assert store.stops.kill("Anna", 80, 1).chat_id == 80


def test_what_the_first_version_knew_of_a_sweep_is_looked_at_anew(store: Store) -> None:
    stop = store.stops.kill("Anna", 70, 1)
    old = '{"tickets_expired": 2, "found": 1, "places": [{"place": "spot orders", "problem": "", "barred": false}],'
    old += ' "resting": [], "positions": [], "in_flight": [], "checked_at": "18:31:04"}'
    store.db.execute("UPDATE stops SET report = ? WHERE id = ?", [old, stop.id])
    latest = store.stops.get(stop.id)
    assert latest is not None
    assert latest.report == StopReport(tickets_expired=2)
    assert not latest.report.settled
