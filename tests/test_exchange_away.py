"""Whatever runs on the clock or beside the bot meets an exchange that answers nonsense or nothing, and goes on."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from chatbot.core.market import Venue
from chatbot.sandbox.faults import Fault
from tests.services.desk import BRIEF, Desk, story

AWAY = (Fault.UNAVAILABLE, Fault.GARBAGE, Fault.TRUNCATED, Fault.RATE_LIMITED)
LISTS = ("GET /spot/api/v2/symbols", "GET /futures/api/v1/contracts/active")


def work(desk: Desk) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """What `app` and `alerting` have done again and again, by the question that it asks KuCoin."""
    return {
        "orders": desk.reconciler.follow,
        "lost orders": desk.reconciler.watch_lost,
        "a kill": desk.killswitch.finish_unfinished,
        "prices": desk.watching.stand_in,
        "silence": desk.watching.look_for_silence,
        "candles": desk.audit.look,
        "funding": desk.funding.scan,
    }


async def everything_to_do(desk: Desk) -> None:
    """Rules of all kinds, an order that rests, one that nobody knows of, and a kill that was not swept."""
    for line in ("BTC > 90000", "BTC +5% 1h", "XBTUSDTM > 90000", "funding BTC > 0.05%", "funding BTC flip"):
        await desk.alert(line)
    await desk.order("buy btc 0.001 @ 60000")
    desk.switch(Fault.LOST_REQUEST)
    await desk.order("buy btc 0.001 @ 61000")
    desk.switch(Fault.LOST_REQUEST, on=False)
    desk.kill()


async def keeps_at_it(desk: Desk) -> None:
    for down in (False, True):
        for venue in Venue if down else ():
            desk.feed.fall(venue)
        for _ in range(2):
            desk.wait(90)
            for task in work(desk).values():
                await task()
            desk.blindness.look()


@pytest.mark.parametrize("fault", AWAY)
@story
async def test_an_exchange_that_is_away_ends_no_job(fault: Fault, tmp_path: Path) -> None:
    desk = Desk(tmp_path, deadlines=BRIEF)
    await everything_to_do(desk)
    desk.restart()
    desk.switch(fault)
    asked = len(desk.wire.lines)
    await keeps_at_it(desk)
    assert len(desk.wire.lines) > asked + len(work(desk))


@pytest.mark.parametrize("line", LISTS)
@story
async def test_a_list_of_symbols_that_cannot_be_read_from_the_start_ends_no_job(line: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, deadlines=BRIEF)
    await everything_to_do(desk)
    desk.restart()
    desk.wire.broken.add(line)
    await keeps_at_it(desk)
    assert desk.wire.lines.count(line) > 1
