from datetime import timedelta
from pathlib import Path

from chatbot.core.market import Venue
from chatbot.sandbox.faults import Fault
from tests.services.desk import ANNA, BEN, Desk, story


async def pass_time(desk: Desk, seconds: int) -> None:
    """As the clock's jobs do it."""
    for _ in range(seconds // 5):
        desk.wait(5)
        await desk.watching.stand_in()
        await desk.audit.look()
        desk.blindness.look()


@story
async def test_blindness_is_told_ever_more_rarely_and_its_end_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await desk.alert("BTC < 60000")
    await pass_time(desk, 120)
    desk.feed.fall()
    desk.switch(Fault.UNAVAILABLE)
    began, told_after = desk.time(), list[int]()
    while (passed := desk.time() - began) < timedelta(minutes=50):
        told_after += [passed // timedelta(minutes=1)] * (len(desk.letters()) - len(told_after))
        await pass_time(desk, 5)
    first, second, third = told_after
    assert (second - first, third - second) in {(15, 30), (15, 31), (16, 30)}
    assert desk.letters() == ["blind since 12:02, spot, 2 alerts"] * 3
    desk.feed.rise()
    desk.switch(Fault.UNAVAILABLE, on=False)
    await pass_time(desk, 180)
    *_, back = desk.letters()
    assert (back[:11], back[-8:]) == ("back 12:02-", ", 0 late")
    await pass_time(desk, 600)
    assert len(desk.letters()) == 4


@story
async def test_what_crossed_in_the_dark_is_told_late_and_counted_for_its_chat(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await desk.alert("BTC > 90000", BEN)
    await pass_time(desk, 120)
    desk.feed.fall()
    desk.switch(Fault.UNAVAILABLE)
    await pass_time(desk, 300)
    desk.price("68120")
    await pass_time(desk, 30)
    desk.price("67000")
    await pass_time(desk, 300)
    desk.feed.rise()
    desk.switch(Fault.UNAVAILABLE, on=False)
    await pass_time(desk, 180)
    assert desk.fired() == ["1·1 68120 candle"]
    assert desk.letters()[-1].endswith("1 late")
    assert desk.letters(BEN.id)[-1].endswith("0 late")


@story
async def test_short_gaps_and_a_feed_that_is_stood_in_for_are_not_worth_a_word(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    desk.feed.fall()
    desk.switch(Fault.UNAVAILABLE)
    await pass_time(desk, 20)
    desk.switch(Fault.UNAVAILABLE, on=False)
    await pass_time(desk, 600)
    assert desk.letters() == []


@story
async def test_a_bot_that_was_off_tells_what_crossed_meanwhile_and_that_it_was(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await pass_time(desk, 120)
    desk.stop()
    desk.wait(3600)
    desk.price("68120")
    desk.wait(60)
    desk.price("67000")
    desk.wait(3600)
    desk.start()
    await pass_time(desk, 180)
    assert desk.fired() == ["1·1 68120 candle"]
    (text,) = desk.letters()
    assert (text[:10], text[-6:]) == ("off 12:01-", "1 late")


@story
async def test_a_bot_that_was_off_for_a_minute_says_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await pass_time(desk, 120)
    desk.stop()
    desk.wait(60)
    desk.start()
    await pass_time(desk, 300)
    assert desk.letters() == []


@story
async def test_a_restart_in_the_dark_tells_neither_end_twice(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    desk.switch(Fault.UNAVAILABLE)
    desk.feed.fall()
    await pass_time(desk, 300)
    desk.restart()
    desk.feed.fall()
    await pass_time(desk, 300)
    assert len(desk.letters()) == 1
    desk.feed.rise()
    desk.switch(Fault.UNAVAILABLE, on=False)
    await pass_time(desk, 300)
    assert [text[:5] for text in desk.letters()] == ["blind", "back "]


@story
async def test_nobody_is_bothered_who_has_no_alert_on_these_prices(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("XBTUSDTM > 90000", BEN)
    desk.feed.fall(Venue.SPOT)
    desk.feed.fall(Venue.FUTURES)
    desk.switch(Fault.UNAVAILABLE)
    await pass_time(desk, 300)
    assert desk.letters(ANNA.id) == []
    assert [text.split(", ")[1] for text in desk.letters(BEN.id)] == ["futures"]
