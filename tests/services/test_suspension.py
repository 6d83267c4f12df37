"""A machine that slept for hours with the bot on it: nothing old is believed, nothing missed, nothing told twice."""

from datetime import datetime
from pathlib import Path

import pytest

from chatbot.core.alerts import AlertState
from chatbot.core.errors import TicketGone
from chatbot.core.feed import Channel, FeedGap, Stream
from chatbot.core.market import Venue
from chatbot.core.orders import TicketState
from tests.services.desk import Desk, story
from tests.services.test_services_listening import Ears

HOURS = 8
SPOT_PRICES = Stream(venue=Venue.SPOT, channel=Channel.PUBLIC)


async def clock_work(desk: Desk) -> None:
    """What became due runs once, however late: jobs are coalesced."""
    desk.trading.expire_overdue()
    desk.lookout.notice_sleep()
    desk.lookout.settle_due()
    await desk.watching.stand_in()
    desk.blindness.look()
    await desk.audit.look()


async def awake(desk: Desk, minutes: int) -> None:
    for _ in range(minutes * 6):
        desk.wait(10)
        await clock_work(desk)


def sleep_through(desk: Desk, *prices: str) -> datetime:
    """Each price stands for an hour. Since when nobody looked."""
    since = desk.time()
    for price in (*prices, *["67412.3"] * (HOURS - len(prices))):
        desk.price(price)
        desk.wait(3600)
    return since


def find_out(desk: Desk, since: datetime) -> None:
    """As the feed tells it when its new connection is whole; what waited in the old one it has dropped."""
    Ears(desk).listening.gap(
        FeedGap(stream=SPOT_PRICES, since=since, until=desk.time(), reason="Nothing was heard for too long.")
    )


@story
async def test_what_crossed_while_the_machine_slept_is_told_late_and_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await desk.alert("BTC < 60000 every 1h")
    await awake(desk, 3)
    since = sleep_through(desk, "68120", "67000", "59000", "67000", "58000")
    find_out(desk, since)
    await awake(desk, 30)
    assert desk.fired() == ["1·1 68120 candle", "2·1 59000 candle", "2·2 58000 candle"]


@story
@pytest.mark.parametrize("gap_first", [False, True])
async def test_neither_the_clock_nor_the_feed_coming_first_tells_anything_twice(
    tmp_path: Path, *, gap_first: bool
) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000")
    await awake(desk, 3)
    since = sleep_through(desk, "68120", "68120")
    if gap_first:
        find_out(desk, since)
    await clock_work(desk)
    find_out(desk, since)
    desk.tick("68300")
    await awake(desk, 10)
    assert len(desk.fired()) == 1
    assert desk.rule(rule).state is AlertState.DONE


@pytest.mark.parametrize("clock_first", [False, True])
@story
async def test_a_rest_that_ended_in_the_sleep_arms_nothing_by_a_price_from_before_it(
    tmp_path: Path, clock_first: bool
) -> None:
    """The last tick stood below the level; while nobody listened the price went above it, and stays there."""
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000 every 1h")
    desk.tick("68010")
    assert desk.rule(rule).state is AlertState.COOLING
    desk.tick("67000")
    await clock_work(desk)
    since = sleep_through(desk, *["68500"] * HOURS)
    if clock_first:
        desk.lookout.notice_sleep()
        desk.lookout.settle_due()
    find_out(desk, since)
    await clock_work(desk)
    desk.tick("68500")
    assert desk.fired() == ["1·1 68010 live"]
    assert desk.rule(rule).state is AlertState.WAITING


@story
async def test_a_move_within_the_sleep_is_told_late_and_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC +5% 1h")
    await awake(desk, 3)
    desk.tick("67412.3")
    since = sleep_through(desk, "72000")
    find_out(desk, since)
    desk.tick("67412.3")
    await awake(desk, 10)
    assert [line.split()[::2] for line in desk.fired()] == [["1·1", "candle"]]


@story
async def test_cards_from_before_the_sleep_buy_nothing_after_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    tapped, left = await desk.propose("buy btc 100usdt"), await desk.propose("buy btc 50usdt")
    sleep_through(desk)
    with pytest.raises(TicketGone, match="expired"):
        await desk.confirm(tapped)
    await clock_work(desk)
    assert [desk.state(each) for each in (tapped, left)] == [TicketState.EXPIRED] * 2
    assert desk.posts == 0


@story
async def test_whoever_slept_says_how_long_nobody_was_looking_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await awake(desk, 3)
    desk.feed.fall()  # its last word is that old, as it finds out at once
    sleep_through(desk, "68120")
    desk.blindness.look()
    desk.feed.rise()
    find_out(desk, desk.time())
    await awake(desk, 10)
    blind, back = desk.letters()
    assert desk.fired() == ["1·1 68120 candle"]
    assert blind == "blind since 12:03, spot, 1 alerts"
    assert (back[:10], back[-8:]) == ("back 12:03", ", 1 late")
