from hypothesis import given
from hypothesis import strategies as st

from chatbot.kucoin.pace import Pace


@given(st.lists(st.integers(min_value=0, max_value=7), max_size=40))
def test_no_span_ever_holds_more_than_may_be(pauses: list[int]) -> None:
    pace, now, done = Pace(3, 10.0), 0.0, []
    for pause in pauses:
        now += pause
        at = pace.free_at(now)
        assert at >= now
        pace.take(at)
        done.append(at)
    assert all(later - earlier >= 10 for earlier, later in zip(done, done[3:], strict=False))


def test_what_is_within_bounds_waits_for_nothing() -> None:
    pace = Pace(2, 10.0)
    pace.take(pace.free_at(1.0))
    assert pace.free_at(1.0) == 1.0
    pace.take(1.0)
    assert pace.free_at(5.0) == 11.0
    assert pace.free_at(11.0) == 11.0
