"""What machines may know of the bot: each figure from where it is known, nothing of anybody's, and what is not well."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chatbot.core.notices import Lane, Letter
from chatbot.core.orders import TicketState
from chatbot.sandbox.faults import Fault
from chatbot.services.vitals import StreamVitals, ailments
from chatbot.store.database import back_up
from tests.services.desk import Desk, story
from tests.services.well import SPOT, WELL

DEAF = timedelta(minutes=3)


def streams(**changes: object) -> tuple[StreamVitals, ...]:
    return (replace(SPOT, **changes),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, ()),
        ({"telegram_silence": timedelta(seconds=75)}, ()),
        ({"telegram_silence": DEAF}, ("Telegram: not heard for 3 m",)),
        ({"streams": ()}, ()),
        ({"streams": streams(down_for=DEAF)}, ()),  # all tickers are asked for instead
        ({"streams": streams(down_for=DEAF, missing=timedelta(seconds=45))}, ()),
        ({"streams": streams(down_for=DEAF, missing=DEAF)}, ("feed spot public: no prices for 3 m",)),
        ({"streams": streams(down_for=DEAF, missing=None)}, ()),  # orders are looked up instead
        ({"room": False}, ("database: no room on the disk",)),
        ({"fenced": False}, ("database: the fence beside it cannot be written",)),
        ({"finding_out": True}, ("start: still finding out what rests on KuCoin",)),
        ({"begun": False}, ("start: still under way",)),
        ({"begun": False, "room": False, "finding_out": True}, ("start: still under way",)),
        ({"killed": True}, ()),
        ({"held": True}, ()),
        ({"undelivered": 9, "clock_offset": None, "clock_age": None, "free_bytes": None}, ()),
    ],
)
def test_only_what_keeps_the_bot_from_its_work_is_an_ailment(
    changes: dict[str, object], lines: tuple[str, ...]
) -> None:
    assert ailments(replace(WELL, **changes)) == lines  # type: ignore[arg-type]


def test_everything_that_is_not_well_is_said_at_once() -> None:
    ill = replace(WELL, telegram_silence=DEAF, streams=streams(missing=DEAF), room=False, fenced=False)
    assert [line.partition(":")[0] for line in ailments(ill)] == ["Telegram", "feed spot public", *["database"] * 2]


def fit(desk: Desk) -> Desk:
    """With the reserve that a start makes."""
    desk.store.safety.reserve.keep()
    return desk


@story
async def test_a_fresh_desk_is_well_and_nobody_was_asked(desk: Desk) -> None:
    asked = len(desk.wire.lines)
    seen = fit(desk).checkup.vitals()
    assert ailments(seen) == ()
    assert len(desk.wire.lines) == asked
    assert (seen.read_at, seen.started_at, seen.streams) == (desk.time(), desk.time(), ())
    assert (seen.clock_offset, seen.clock_age, seen.key_age, seen.token_age, seen.backup_age) == (None,) * 5
    assert seen.database_bytes > 0
    assert (seen.free_bytes or 0) > 0


@story
async def test_telegram_is_silent_since_the_start_or_the_last_poll(desk: Desk) -> None:
    desk.wait(74)
    assert ailments(fit(desk).checkup.vitals()) == ()
    desk.wait(2)
    assert ailments(desk.checkup.vitals()) == ("Telegram: not heard for 1 m 16 s",)
    desk.checkup.heard_telegram()
    assert ailments(desk.checkup.vitals()) == ()


@story
async def test_a_clock_set_back_does_not_hide_that_telegram_is_silent(desk: Desk) -> None:
    desk.clock_off = timedelta(hours=1)
    desk.checkup.heard_telegram()
    desk.clock_off = timedelta(hours=-1)
    desk.wait(180)
    assert ailments(fit(desk).checkup.vitals()) == ("Telegram: not heard for 3 m",)


@story
async def test_a_feed_that_is_down_is_an_ailment_only_where_prices_are_watched_and_do_not_come(desk: Desk) -> None:
    fit(desk)
    desk.feed.fall()
    desk.wait(60)
    assert ailments(desk.checkup.vitals()) == ()
    await desk.alert("BTC > 68000")
    desk.watching.follow()
    assert ailments(desk.checkup.vitals()) == ("feed spot public: no prices for 1 m",)
    await desk.watching.stand_in()
    assert ailments(desk.checkup.vitals()) == ()
    (seen,) = desk.checkup.vitals().streams
    assert (seen.down_for, seen.missing) == (timedelta(minutes=1), timedelta(0))
    desk.switch(Fault.UNAVAILABLE)
    desk.wait(60)
    desk.checkup.heard_telegram()
    await desk.watching.stand_in()
    assert ailments(desk.checkup.vitals()) == ("feed spot public: no prices for 1 m",)
    desk.feed.rise()
    assert ailments(desk.checkup.vitals()) == ()


@story
async def test_tickets_are_counted_by_state_and_the_oldest_unknown_has_an_age(desk: Desk) -> None:
    await desk.order("buy btc 0.001 @ 60000")
    desk.switch(Fault.ERROR_AFTER_ACCEPT, Fault.HIDDEN_ORDERS)
    unknown = await desk.order("buy btc 100usdt")
    sent = desk.now(unknown).submitted_at
    assert sent is not None
    desk.wait(90)
    seen = desk.checkup.vitals()
    assert seen.tickets == {
        TicketState.SUBMITTING: 0,
        TicketState.UNKNOWN: 1,
        TicketState.PARKED: 0,
        TicketState.OPEN: 1,
        TicketState.PARTIAL: 0,
    }
    assert seen.unknown_age == desk.time() - sent


@story
async def test_letters_a_kill_a_backup_and_a_start_that_is_not_over_are_seen(desk: Desk) -> None:
    desk.store.outbox.put(Letter(chat_id=1, lane=Lane.REPORT, text="x"))
    desk.store.outbox.dead(desk.store.outbox.put(Letter(chat_id=1, lane=Lane.ANSWER, text="y")), "blocked")
    await desk.alert("BTC > 68000")
    back_up(desk.path, desk.path.with_name("copy.db"))
    before = desk.checkup.vitals(begun=False)
    assert (before.tally.letters[Lane.REPORT], before.undelivered, before.alerts) == (1, 1, 1)
    assert (before.killed, before.backup_age is not None) == (False, True)
    assert ailments(before) == ("start: still under way",)
    desk.kill()
    assert desk.checkup.vitals().killed


@story
async def test_a_disk_without_room_is_an_ailment(desk: Desk) -> None:
    fit(desk).store.safety.reserve.release()
    assert ailments(desk.checkup.vitals()) == ("database: no room on the disk",)
