import asyncio
from dataclasses import replace
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chatbot.core.alerts import MOST_RULES, AlertState, Direction
from chatbot.core.errors import NotAllowed, Refused, UnknownSymbol, UsageError
from chatbot.core.people import Person, Role
from chatbot.core.wishes import FeedHealth
from chatbot.services.wishing import AlreadyPassed, WhichWay
from tests.services.desk import ANNA, BEN, Desk, story

CARA = Person(id=9, name="Cara", role=Role.VIEWER)
HOUR = timedelta(hours=1)


@story
async def test_the_same_rule_twice_is_shown_not_doubled(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    first, again = await desk.alert("BTC > 68000"), await desk.alert("btc-usdt > 68k every 4h note twice")
    assert (again.id, again.every, again.note) == (first.id, None, "")
    assert (await desk.alert("BTC > 68000", BEN)).id != first.id, "another person's is another rule"


@story
async def test_a_level_without_a_direction_asks_which_way(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with pytest.raises(WhichWay) as asked:
        await desk.alert("BTC 68000")
    assert (asked.value.price, asked.value.wish.level) == (Decimal("67412.3"), Decimal(68_000))
    assert desk.alerts.of(ANNA) == ()


@pytest.mark.parametrize("line", ["BTC > 67412.3", "BTC > 60000", "BTC < 67412.3", "BTC < 70k"])
def test_a_level_already_passed_makes_no_rule(tmp_path: Path, line: str) -> None:
    @story
    async def tell() -> None:
        desk = Desk(tmp_path)
        with pytest.raises(AlreadyPassed):
            await desk.alert(line)
        assert desk.alerts.of(ANNA) == ()

    tell()


@story
async def test_a_level_may_be_told_from_the_price_of_now(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > +1%")
    assert rule.question.level == Decimal("68086.5"), "1 % is 68,086.423"
    rule = await desk.alert("BTC < -1%")
    assert rule.question.level == Decimal("66738.1"), "1 % is 66,738.177"


@pytest.mark.parametrize("direction", ["> +", "< -"])
def test_a_level_closer_than_one_step_is_one_step_away(tmp_path: Path, direction: str) -> None:
    @story
    async def tell() -> None:
        desk = Desk(tmp_path)
        rule = await desk.alert(f"BTC {direction}0.00001%")
        assert abs(rule.question.level - Decimal("67412.3")) == Decimal("0.1")

    tell()


@story
async def test_an_unknown_symbol_offers_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownSymbol) as unknown:
        await Desk(tmp_path).alert("BCT > 68000")
    assert "BTC" in unknown.value.nearest


@story
async def test_an_order_on_an_alert_is_for_traders(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    line = "BTC < 60k buy 0.001 @ 60000"
    with pytest.raises(NotAllowed):
        await desk.alert(line, CARA)
    assert (await desk.alert(line, BEN)).order


@story
async def test_a_person_has_a_thousand_rules_and_no_more(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for n in range(MOST_RULES):
        await desk.alert(f"BTC > {68_000 + n}")
    with pytest.raises(Refused, match="1,000 alerts"):
        await desk.alert("BTC > 90000")
    assert desk.store.alerts.count_of(ANNA.id) == MOST_RULES
    await desk.alert("BTC > 90000", BEN)


@story
async def test_the_list_begins_with_the_nearest(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for line in ("BTC > 80000", "funding BTC flip", "BTC < 67000", "BTC > 68000"):
        await desk.alert(line)
    desk.tick("67412.3")
    assert [s.rule.id for s in desk.alerts.of(ANNA)] == [3, 4, 1, 2]
    assert desk.alerts.of(BEN) == ()


@story
async def test_a_removed_rule_never_fires(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000")
    desk.alerts.remove(rule.id, ANNA)
    desk.tick("69000")
    assert desk.fired() == []
    with pytest.raises(UsageError):
        desk.alerts.remove(rule.id, ANNA)


@story
async def test_all_of_ones_own_rules_go_at_once_and_nobody_elses(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for line in ("BTC > 68000", "BTC +5% 1h", "funding BTC flip"):
        await desk.alert(line)
    kept = await desk.alert("BTC > 68000", BEN)
    assert await desk.alerts.remove_all(ANNA) == 3
    desk.tick("69000")
    assert desk.fired() == [f"{kept.id}·1 69000 live"]


@story
async def test_somebody_elses_rule_is_not_touched_but_by_an_owner(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000")
    with pytest.raises(Refused, match="is Anna's"):
        desk.alerts.remove(rule.id, BEN)
    bens = await desk.alert("BTC > 68000", BEN)
    desk.alerts.remove(bens.id, ANNA)
    assert desk.rule(bens).state is AlertState.DELETED


@story
async def test_a_snoozed_rule_is_silent_for_its_hour_and_then_watches_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000")
    desk.tick("68001")
    desk.alerts.snooze(rule.id, ANNA, HOUR)
    desk.tick("67000")
    desk.tick("68002")
    assert len(desk.fired()) == 1
    desk.wait(3600)
    desk.lookout.settle_due()
    desk.tick("67900")
    desk.tick("68003")
    assert desk.fired()[1:] == ["1·2 68003 live"]


@story
async def test_a_snoozed_rule_that_was_armed_misses_what_happens_meanwhile(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000")
    desk.alerts.snooze(rule.id, ANNA, HOUR)
    desk.tick("68001")
    assert desk.fired() == []


@story
async def test_no_rule_is_silenced_beyond_its_own_end(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000 until 2026-03-01 13:00")
    desk.tick("68001")
    kept = desk.rule(rule)
    desk.wait(600)
    with pytest.raises(Refused, match=r"#1 ends in 50 m, before it would tell again: nothing was changed\."):
        desk.alerts.snooze(rule.id, ANNA, HOUR)
    assert desk.rule(rule) == kept
    assert desk.alerts.snooze(rule.id, ANNA, timedelta(minutes=49)).rule.state is AlertState.COOLING


@story
async def test_a_rule_that_has_ended_gets_no_further_turn(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000 until 2026-03-01 13:00")
    desk.tick("68001")
    desk.tick("67000")
    kept = desk.rule(rule)
    desk.wait(2 * 3600)
    ended = r"#1 ended 1 h ago: nothing was changed\. Make a new one\."
    with pytest.raises(Refused, match=ended):
        desk.alerts.again(rule.id, ANNA)
    with pytest.raises(Refused, match=ended):
        desk.alerts.snooze(rule.id, ANNA, HOUR)
    with pytest.raises(Refused, match=ended):
        await desk.alerts.move(rule.id, ANNA, Decimal(69_000))
    assert desk.rule(rule) == kept


@story
async def test_a_rule_gets_its_turn_until_the_moment_it_ends(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000 until 2026-03-01 13:00")
    desk.tick("68001")
    desk.wait(3599)
    desk.tick("67000")
    assert desk.alerts.again(rule.id, ANNA).rule.state is AlertState.ARMED


@story
async def test_a_rule_that_was_done_gets_another_turn(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000")
    desk.tick("68001")
    assert desk.alerts.again(rule.id, ANNA).rule.state is AlertState.WAITING, "the price still stands beyond"
    desk.tick("67900")
    desk.tick("68002")
    assert desk.fired() == ["1·1 68001 live", "1·2 68002 live"]


@story
async def test_no_rule_comes_back_beside_the_same_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    done = await desk.alert("BTC > 68000")
    desk.tick("68001")
    desk.tick("67000")
    await desk.alert("BTC > 68000")
    with pytest.raises(Refused, match="asks the same already"):
        desk.alerts.again(done.id, ANNA)


@story
async def test_a_rule_moves_to_another_level_and_is_armed_there(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000 note resistance")
    desk.tick("68001")
    desk.price("68001")
    moved = await desk.alerts.move(rule.id, ANNA, Decimal(68_500))
    question = moved.rule.question
    assert (question.level, question.direction, moved.rule.note) == (Decimal(68_500), Direction.ABOVE, "resistance")
    desk.tick("68400")
    desk.tick("68501")
    assert desk.fired() == ["1·1 68001 live", "1·2 68501 live"]


@story
async def test_a_rule_does_not_move_to_where_the_price_is_already(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000")
    desk.tick("68001")
    desk.price("69000")
    desk.wait(10)
    with pytest.raises(AlreadyPassed):
        await desk.alerts.move(rule.id, ANNA, Decimal(68_500))
    assert desk.rule(rule).state is AlertState.DONE


@story
async def test_why_tells_value_distance_and_how_prices_come_in(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000")
    desk.tick("67000")
    why = desk.alerts.why(rule.id, ANNA)
    assert (why.standing.last, why.standing.distance) == (Decimal(67_000), Decimal(1000) / 67_000)
    assert (why.feed, why.last_firing) == (FeedHealth.LIVE, None)
    with pytest.raises(UsageError, match="no alert #99"):
        desk.alerts.why(99, ANNA)


@story
async def test_what_is_told_counts_the_firings_of_the_day(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000 every 1m")
    for _ in range(2):
        desk.tick("68001")
        desk.tick("67000")
        desk.wait(60)
        desk.lookout.settle_due()
    assert [desk.alerts.told(n, UTC).today for n in (1, 2)] == [1, 2]
    assert desk.alerts.told(2, UTC).firing.number == 2
    with pytest.raises(LookupError):
        desk.alerts.told(3, UTC)


@story
async def test_the_day_is_the_one_of_the_peoples_clocks(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000 every 1m")
    for _ in range(24):  # an hour apart, the first at noon UTC
        desk.tick("68001")
        desk.tick("67000")
        desk.wait(3600)
        desk.lookout.settle_due()
        desk.tick("67000")
    assert len(desk.fired()) == 24
    new_york, kolkata = ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")
    assert [desk.alerts.told(n, new_york).today for n in (12, 13, 17, 18)] == [12, 13, 17, 1]
    assert [desk.alerts.told(n, kolkata).today for n in (7, 8)] == [7, 1]
    assert [desk.alerts.told(n, UTC).today for n in (12, 13)] == [12, 1]


@story
async def test_what_a_person_does_to_a_rule_stands_in_the_audit(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000")
    desk.alerts.snooze(rule.id, ANNA, HOUR)
    desk.alerts.remove(rule.id, ANNA)
    rows = desk.store.db.query("SELECT person, what, detail FROM audit ORDER BY id")
    assert [(r["person"], r["what"], r["detail"]) for r in rows] == [
        ("Anna", what, "#1 BTC-USDT price above 68000") for what in ("alert", "snooze", "unalert")
    ]


@story
async def test_a_level_moved_while_its_rule_is_being_resumed_is_the_one_that_is_watched(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000")
    paused = desk.alerts.pause(rule.id, ANNA).rule
    desk.time.advance(3600)
    resuming = asyncio.create_task(desk.alerts.resume(rule.id, ANNA))
    await asyncio.sleep(0)
    with desk.store.atomic():
        assert desk.store.alerts.change(
            paused, replace(paused, question=replace(paused.question, level=Decimal(70_000)))
        )
    with pytest.raises(Refused, match="has just changed"):
        await resuming
    resumed = (await desk.alerts.resume(rule.id, ANNA)).rule
    assert desk.lookout.met_between(rule.question.symbol, Decimal(67_000), Decimal(69_000)) == []
    assert (resumed.state, desk.store.alerts.rule(rule.id)) == (AlertState.ARMED, resumed)
