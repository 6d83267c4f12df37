"""However a level is reached, and whatever the feed was doing then, it is told once and called what it was."""

from pathlib import Path

import pytest

from chatbot.core.alerts import AlertState
from chatbot.core.feed import Channel, FeedGap, Stream
from chatbot.core.market import Venue
from tests.services.desk import Desk, story
from tests.services.test_services_listening import Ears

SPOT_PRICES = Stream(venue=Venue.SPOT, channel=Channel.PUBLIC)
REACHED = pytest.mark.parametrize(
    ("line", "to", "back"),
    [
        ("BTC > 68000", "68000", "67412.3"),
        ("BTC > 68000", "68000.1", "67412.3"),
        ("BTC > 68000", "68120", "68120"),
        ("BTC < 67000", "67000", "67412.3"),
        ("BTC < 67000", "66999.9", "67412.3"),
        ("BTC < 67000", "66500", "66500"),
    ],
    ids=["up to it", "just above", "above and stays", "down to it", "just below", "below and stays"],
)


async def minutes(desk: Desk, count: float) -> None:
    """As the clock's jobs do it."""
    for _ in range(round(count * 6)):
        desk.wait(10)
        desk.lookout.settle_due()
        await desk.watching.stand_in()
        desk.blindness.look()
        await desk.audit.look()


async def watched(folder: Path, line: str) -> Desk:
    """A rule of some minutes' age, and a price heard."""
    desk = Desk(folder)
    await desk.alert(line)
    await minutes(desk, 3)
    desk.tick("67412.3")
    return desk


def told_once(desk: Desk, to: str, source: str) -> None:
    (told,) = desk.fired()
    value, kind = told.removeprefix("1·1 ").split()
    assert (float(value), kind) == (float(to), source)
    rule = desk.store.alerts.rule(1)
    assert rule is not None
    assert rule.state is AlertState.DONE


@REACHED
@story
async def test_a_tick_tells_it_live(tmp_path: Path, line: str, to: str, back: str) -> None:
    desk = await watched(tmp_path, line)
    for price in (to, back):
        desk.price(price)
        desk.tick(price)
    await minutes(desk, 5)
    told_once(desk, to, "live")


@REACHED
@story
async def test_between_two_ticks_the_candle_tells_it(tmp_path: Path, line: str, to: str, back: str) -> None:
    """The feed samples ten times a second; what comes and goes within, candles alone show."""
    desk = await watched(tmp_path, line)
    desk.price(to)
    desk.wait(0.05)
    desk.price("67412.3")
    desk.tick("67412.3")
    await minutes(desk, 2.5)
    told_once(desk, to, "candle")
    desk.price(back)
    desk.tick(back)
    await minutes(desk, 5)
    told_once(desk, to, "candle")


@REACHED
@story
async def test_inside_a_gap_the_candle_tells_it(tmp_path: Path, line: str, to: str, back: str) -> None:
    desk = await watched(tmp_path, line)
    since = desk.time()
    desk.feed.fall()
    desk.price(to)
    desk.wait(0.5)
    desk.price("67412.3")
    desk.wait(2)
    desk.feed.rise()
    Ears(desk).listening.gap(FeedGap(stream=SPOT_PRICES, since=since, until=desk.time(), reason="reset"))
    await minutes(desk, 2.5)
    desk.price(back)
    desk.tick(back)
    await minutes(desk, 5)
    told_once(desk, to, "candle")


@REACHED
@story
async def test_while_the_feed_is_down_an_answer_tells_it(tmp_path: Path, line: str, to: str, back: str) -> None:
    desk = await watched(tmp_path, line)
    desk.feed.fall()
    desk.wait(6)
    desk.price(to)
    await desk.watching.stand_in()
    desk.price(back)
    desk.feed.rise()
    desk.tick(back)
    await minutes(desk, 5)
    told_once(desk, to, "poll")
