"""Things that happen in an unlucky order: none of them loses an alert, and none tells one twice."""

import asyncio
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.chat.views.alert_phrases import happened
from chatbot.chat.views.alerts import fired
from chatbot.core.alerts import AlertKind, AlertState, Direction
from chatbot.core.errors import Refused
from chatbot.core.feed import Channel, FeedGap, Stream
from chatbot.core.market import Venue
from chatbot.core.wishes import Wish
from chatbot.services.settling import AT_ONCE
from tests.sandbox.worlds import BTC
from tests.services.desk import ANNA, BEN, Desk, story
from tests.services.test_services_listening import Ears


def stays(desk: Desk, at: str, seconds: int) -> None:
    desk.price(at)
    desk.wait(seconds)


async def waiting(desk: Desk, line: str = "BTC > 68000 every 1m") -> None:
    """A rule that has fired, and waits for the price to go back."""
    await desk.alert(line)
    desk.wait(5)
    stays(desk, "68500", 1)
    desk.tick("68500")
    for _ in range(3):
        stays(desk, "68500", 60)
        desk.lookout.settle_due()
    await desk.audit.look()
    desk.lookout.interrupt(Venue.SPOT)
    desk.audit.missed([BTC])


@pytest.mark.parametrize("off", [False, True])
@story
async def test_a_gap_in_which_a_rule_was_armed_and_crossed_is_told_though_a_tick_comes_first(
    tmp_path: Path, off: bool
) -> None:
    desk = Desk(tmp_path)
    await waiting(desk)
    if off:
        desk.stop()
    stays(desk, "67000", 300)
    stays(desk, "68600", 300)
    stays(desk, "67500", 120)
    if off:
        desk.start()
    else:
        desk.lookout.interrupt(Venue.SPOT)
        desk.audit.missed([BTC])
    desk.wait(1)
    desk.tick("67500")
    await desk.audit.look()
    assert [line.split()[0::2] for line in desk.fired()] == [["1·1", "live"], ["1·2", "candle"]]
    desk.wait(200)
    await desk.audit.look()
    assert len(desk.fired()) == 2


@story
async def test_a_move_in_a_gap_that_armed_its_rule_is_told_though_a_tick_comes_first(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await waiting(desk, "BTC +1% 30m every 1m")
    stays(desk, "68500", 40 * 60)
    stays(desk, "70000", 120)
    stays(desk, "68500", 40 * 60)
    desk.lookout.interrupt(Venue.SPOT)
    desk.audit.missed([BTC])
    desk.wait(1)
    desk.tick("68500")
    await desk.audit.look()
    assert [line.split()[0::2] for line in desk.fired()] == [["1·1", "live"], ["1·2", "candle"]]


@story
async def test_a_rule_that_a_tick_armed_without_a_crossing_in_the_gap_tells_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await waiting(desk)
    stays(desk, "68600", 300)
    stays(desk, "67500", 300)
    desk.lookout.interrupt(Venue.SPOT)
    desk.audit.missed([BTC])
    desk.tick("67500")
    await desk.audit.look()
    desk.wait(200)
    await desk.audit.look()
    assert len(desk.fired()) == 1


@story
async def test_a_crowd_that_waits_to_be_settled_sees_the_gap_before_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    count = AT_ONCE + 10
    for n in range(count):
        await desk.alert(f"BTC > {68000 + n} every 1m", ANNA)
    desk.wait(5)
    stays(desk, "68500", 1)
    desk.tick("68500")
    work = asyncio.create_task(desk.lookout.run())
    await desk.lookout.nothing_waits(BTC)
    for _ in range(3):
        stays(desk, "68500", 60)
        for _ in range(4):
            desk.lookout.settle_due()
    await desk.audit.look()
    desk.lookout.interrupt(Venue.SPOT)
    stays(desk, "67000", 300)
    stays(desk, "68600", 300)
    stays(desk, "67500", 120)
    desk.tick("67500")  # all of them are out of the book now
    await desk.audit.look()
    work.cancel()
    assert len(desk.fired()) == 2 * count


@story
async def test_a_move_just_before_the_turn_of_the_minute_is_told_when_the_gap_is_known_after_it(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC +3% 10m")
    desk.tick("67412.3")
    desk.wait(60 - desk.time().second + 40)
    since = desk.time()
    stays(desk, "70000", 10)
    stays(desk, "67412.3", 25)
    await desk.audit.look()  # that minute is read, and nobody knows yet that it was not heard
    assert desk.fired() == []
    prices = Stream(venue=Venue.SPOT, channel=Channel.PUBLIC)
    Ears(desk).listening.gap(FeedGap(stream=prices, since=since, until=desk.time(), reason="mute"))
    desk.wait(90)
    await desk.audit.look()
    assert [line.split()[0::2] for line in desk.fired()] == [["1·1", "candle"]]


@story
async def test_a_muted_late_alert_is_not_counted_as_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    since = desk.time()
    rule = await desk.alert("BTC > 68000")
    await desk.alert("BTC > 68100", BEN)
    desk.alerts.mute(rule.id, ANNA, on=True)
    desk.wait(60)
    stays(desk, "68500", 20)
    stays(desk, "67412.3", 100)
    await desk.audit.look()
    assert desk.store.alerts.late_since(since) == {BEN.id: 1}


@story
async def test_the_same_question_is_not_answered_with_a_rule_that_is_over(tmp_path: Path) -> None:
    """Its last minutes are still to be read, so it stands; but it will never watch again."""
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000 until 2026-03-01 18:00")
    desk.wait(6 * 3600 + 5)
    desk.lookout.settle_due()
    with pytest.raises(Refused, match="ended just now") as refused:
        await desk.alert("BTC > 68000")
    assert "\n" not in str(refused.value)
    desk.wait(70)
    await desk.audit.look()
    desk.wait(180)
    await desk.audit.look()
    desk.lookout.settle_due()
    assert (await desk.alert("BTC > 68000")).state is AlertState.ARMED


@story
async def test_a_snooze_makes_no_rule_louder(tmp_path: Path) -> None:
    """One that rests for four hours does not come back after one."""
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000 every 4h")
    desk.tick("68100")
    before = desk.rule(rule).eligible_at
    standing = desk.alerts.snooze(rule.id, ANNA, timedelta(hours=1))
    assert (standing.rule.state, standing.rule.eligible_at) == (AlertState.COOLING, before)


@story
async def test_what_fired_is_told_as_it_was_asked_then(tmp_path: Path) -> None:
    """A letter may wait for a night; the rule may ask the other way round by then."""
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000")
    desk.tick("68100")
    wish = Wish(kind=AlertKind.PRICE, word=str(BTC), level=Decimal(60_000))
    await desk.alerts.edit(rule.id, ANNA, wish)
    firing = desk.store.alerts.latest_firing(rule.id)
    assert firing is not None
    question = desk.rule(rule).question
    assert question.direction is Direction.BELOW
    assert happened(firing, question, None, amounts=True) == "BTC-USDT crossed above 68,000"


@story
async def test_a_move_that_was_edited_since_is_told_with_what_was_asked_then(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC +3% 1h")
    desk.tick("70000")
    wish = Wish(kind=AlertKind.MOVE, word=str(BTC), level=Decimal("0.08"), window=timedelta(hours=1))
    await desk.alerts.edit(rule.id, ANNA, wish)
    firing = desk.store.alerts.latest_firing(rule.id)
    assert firing is not None
    card = fired(desk.alerts.told(firing.id, UTC), desk.time(), may_trade=True, charts=False)
    assert "asked for 3 %" in card.text


@story
async def test_windows_of_a_stream_that_came_up_late_are_read_from_candles(tmp_path: Path) -> None:
    """Nobody was listening, so no gap is told; but what stood meanwhile nobody knows."""
    desk = Desk(tmp_path)
    await desk.alert("BTC +3% 30m")
    desk.wait(200)
    await desk.audit.look()
    desk.feed.fall()
    desk.wait(10)
    await desk.watching.stand_in()
    desk.blindness.look()
    desk.feed.rise()
    desk.lookout.interrupt(Venue.SPOT)
    desk.wait(45 * 60)
    await desk.audit.look()
    stays(desk, "70000", 1)
    desk.tick("70000")
    assert [line.split()[0::2] for line in desk.fired()] == [["1·1", "live"]]


@story
async def test_a_pause_of_everything_leaves_no_window_in_doubt(tmp_path: Path) -> None:
    """The feed may not even have noticed: its clock is another one."""
    desk = Desk(tmp_path)
    await desk.alert("BTC +3% 30m")
    assert desk.lookout.notice_sleep() is False
    desk.wait(60)
    assert desk.lookout.notice_sleep() is True
    desk.blindness.slept()
    desk.wait(45 * 60)
    await desk.audit.look()
    stays(desk, "70000", 1)
    desk.tick("70000")
    assert [line.split()[0::2] for line in desk.fired()] == [["1·1", "live"]]


@story
async def test_removing_all_gives_others_their_turns_and_takes_only_what_there_was(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for n in range(3 * AT_ONCE):
        await desk.alert(f"BTC > {68000 + n}")
    removing = asyncio.create_task(desk.alerts.remove_all(ANNA))
    seen = set()
    while not removing.done():
        await asyncio.sleep(0)
        seen.add(desk.store.alerts.count_of(ANNA.id))
        if len(seen) == 3:
            await desk.alert("BTC < 60000")
    assert await removing == 3 * AT_ONCE
    assert len(seen) > 4
    assert [standing.rule.question.level for standing in desk.alerts.of(ANNA)] == [Decimal(60_000)]
    desk.tick("70000")
    assert desk.fired() == []


@story
async def test_a_rule_that_is_moved_while_its_crowd_waits_is_judged_by_what_comes_after(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rules = [await desk.alert(f"BTC > {68000 + n}") for n in range(AT_ONCE + 10)]
    for price in ("70000", "68900", "70100"):
        desk.wait(1)
        desk.price(price)
        desk.tick(price)
    standing = await desk.alerts.move(rules[0].id, ANNA, Decimal(71_000))
    other = Wish(kind=AlertKind.PRICE, word=str(BTC), level=Decimal(69_000))
    await desk.alerts.edit(rules[1].id, ANNA, other)
    desk.alerts.note(rules[2].id, ANNA, "mine")
    work = asyncio.create_task(desk.lookout.run())
    await desk.lookout.nothing_waits(BTC)
    work.cancel()
    told = {int(line.partition("·")[0]) for line in desk.fired()}
    assert told == {rule.id for rule in rules[2:]}
    assert standing.rule.state is AlertState.ARMED
    desk.wait(1)
    desk.tick("68999")
    assert desk.fired()[-1] == f"{rules[1].id}·1 68999 live"
    desk.tick("71000")
    assert desk.fired()[-1] == f"{rules[0].id}·1 71000 live"
