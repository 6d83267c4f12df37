from datetime import UTC, datetime, time

import pytest

from chatbot.core.preferences import DEFAULT_VOLUMES, Kind, Manner, Preferences, Quiet, Volume

NIGHT = Quiet(since=time(22), until=time(7))
DAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATE = datetime(2026, 11, 21, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [(time(21, 59), False), (time(22), True), (time(0), True), (time(6, 59), True), (time(7), False)],
)
def test_quiet_hours_go_over_midnight(moment: time, *, quiet: bool) -> None:
    assert NIGHT.covers(moment) is quiet


def test_quiet_hours_of_one_day_begin_and_end_in_it() -> None:
    nap = Quiet(since=time(13), until=time(14))
    assert [nap.covers(time(hour)) for hour in (12, 13, 14)] == [False, True, False]


def test_at_night_prices_wait_and_money_that_moves_rings() -> None:
    asleep = Preferences(quiet=NIGHT)
    assert {kind: asleep.manner(kind, LATE) for kind in Kind} == {
        Kind.PRICE: Manner.HOLD,
        Kind.FUNDING: Manner.HOLD,
        Kind.DIGEST: Manner.SILENT,
        Kind.LIQUIDATION: Manner.RING,
        Kind.ORDERS: Manner.RING,
        Kind.SYSTEM: Manner.RING,
    }
    assert asleep.manner(Kind.PRICE, DAY) is Manner.RING


def test_what_is_off_stays_off_and_what_is_silent_stays_silent_by_day_and_night() -> None:
    volumes = {**DEFAULT_VOLUMES, Kind.PRICE: Volume.OFF, Kind.ORDERS: Volume.SILENT}
    each = Preferences(quiet=NIGHT, volumes=volumes)
    for now in (DAY, LATE):
        assert each.manner(Kind.PRICE, now) is Manner.DROP
        assert each.manner(Kind.ORDERS, now) is Manner.SILENT
