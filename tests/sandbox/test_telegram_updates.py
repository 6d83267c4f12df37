from datetime import UTC, datetime, timedelta

from chatbot.sandbox.telegram_updates import MOST, UpdateKind, UpdateQueue

START = datetime(2026, 3, 1, tzinfo=UTC)


def _queue(count: int) -> UpdateQueue:
    queue = UpdateQueue(lambda: START, first_id=100)
    for number in range(count):
        queue.put(UpdateKind.MESSAGE, {"number": number})
    return queue


def _ids(queue: UpdateQueue, offset: int = 0, limit: int = 100) -> list[int]:
    return [update.id for update in queue.take(offset, limit)]


def test_ids_rise_by_one() -> None:
    assert _ids(_queue(3)) == [100, 101, 102]


def test_updates_stay_until_a_higher_offset_confirms_them() -> None:
    queue = _queue(3)

    assert _ids(queue, 100) == [100, 101, 102]
    assert _ids(queue, 102) == [102]
    assert _ids(queue) == [102]
    assert _ids(queue, 103) == []
    assert queue.pending == 0


def test_a_negative_offset_keeps_the_newest_and_forgets_the_rest() -> None:
    queue = _queue(5)

    assert _ids(queue, -2) == [103, 104]
    assert _ids(queue) == [103, 104]
    assert _ids(queue, -9) == [103, 104]


def test_one_answer_holds_no_more_than_the_limit() -> None:
    queue = _queue(MOST + 5)

    assert len(_ids(queue, limit=2)) == 2
    assert len(_ids(queue, limit=1000)) == MOST
    assert len(_ids(queue, limit=0)) == MOST


def test_nobody_waits_longer_than_a_day() -> None:
    now = START
    queue = UpdateQueue(lambda: now)
    queue.put(UpdateKind.MESSAGE, {})
    now = START + timedelta(hours=24)
    assert queue.pending == 1

    now = START + timedelta(hours=24, seconds=1)

    assert _ids(queue) == []


def test_only_wanted_kinds_are_queued_and_the_wish_lasts() -> None:
    queue = UpdateQueue(lambda: START)
    queue.put(UpdateKind.EDITED_MESSAGE, {})
    queue.want(["message"])
    queue.put(UpdateKind.EDITED_MESSAGE, {})
    queue.put(UpdateKind.MESSAGE, {})

    assert [update.kind for update in queue.take(0, 100)] == [UpdateKind.EDITED_MESSAGE, UpdateKind.MESSAGE]

    queue.want([])
    queue.put(UpdateKind.CALLBACK_QUERY, {})
    assert queue.pending == 3


def test_a_confirmed_update_can_come_again_once() -> None:
    queue = _queue(2)
    queue.take(102, 100)

    queue.repeat(100)

    assert _ids(queue, 102) == [100]
    assert _ids(queue, 102) == []


def test_after_a_silent_week_ids_may_be_lower_and_still_arrive() -> None:
    queue = _queue(1)
    queue.take(101, 100)
    queue.renumber(5)
    queue.put(UpdateKind.MESSAGE, {})

    assert _ids(queue, 101) == [5]
    assert _ids(queue, 6) == []
