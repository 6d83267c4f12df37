import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.core.alerts import AlertRule, AlertState, snoozed
from chatbot.core.market import Symbol, Venue
from chatbot.services.settling import AT_ONCE
from chatbot.store.watches import TO_CHANGE
from tests.sandbox.worlds import BTC
from tests.services.desk import BEN, Desk, story
from tests.store.rules import asks, price

HOUR = timedelta(hours=1)
ETH = Symbol("ETH-USDT")


@story
async def test_a_price_that_crosses_the_level_fires_with_its_letter_and_disarms(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000")
    desk.tick("67999.9")
    assert desk.fired() == []
    desk.tick("68012.4")
    assert desk.fired() == ["1·1 68012.4 live"]
    assert desk.rule(rule).state is AlertState.DONE
    desk.tick("67000")
    desk.tick("68012.4")
    assert desk.fired() == ["1·1 68012.4 live"]


@story
async def test_a_price_just_at_the_level_fires_in_either_direction(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000.1")
    await desk.alert("BTC < 66000.3")
    desk.tick("68000.1")
    desk.tick("66000.3")
    assert desk.fired() == ["1·1 68000.1 live", "2·1 66000.3 live"]


@story
async def test_digits_beyond_a_float_decide(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    level = "68000.000000000002"
    await desk.alert(f"BTC > {level}")
    desk.tick("68000.000000000001")
    assert desk.fired() == []
    desk.tick(level)
    assert desk.fired() == [f"1·1 {level} live"]


@story
async def test_a_price_that_trembles_at_the_level_tells_it_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000 every 1m")
    for _ in range(5):
        desk.tick("68001")
        desk.wait(90)
        desk.lookout.settle_due()
        desk.tick("67990")
    assert desk.fired() == ["1·1 68001 live"]


@story
async def test_a_repeating_rule_fires_again_after_its_rest_and_the_way_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000 every 4h")
    desk.tick("68001")
    desk.tick("67000")
    desk.tick("68002")
    assert desk.fired() == ["1·1 68001 live"], "it rests"
    desk.wait(4 * 3600)
    desk.lookout.settle_due()
    assert desk.rule(rule).state is AlertState.WAITING, "the price stands beyond"
    desk.tick("67932")
    assert desk.rule(rule).state is AlertState.ARMED
    desk.tick("68003")
    assert desk.fired() == ["1·1 68001 live", "1·2 68003 live"]


@story
async def test_a_rule_whose_price_went_back_while_it_rested_is_armed_at_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000 every 1h")
    desk.tick("68001")
    desk.tick("67000")
    desk.wait(3600)
    desk.lookout.settle_due()
    assert desk.rule(rule).state is AlertState.ARMED
    desk.tick("68500")
    assert desk.fired()[1:] == ["1·2 68500 live"]


@story
async def test_a_price_from_before_a_gap_arms_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000 every 1h")
    desk.tick("68001")
    desk.tick("67000")
    desk.wait(3600)
    desk.lookout.interrupt(Venue.SPOT)
    desk.lookout.settle_due()
    assert desk.rule(rule).state is AlertState.WAITING
    desk.wait(1)
    desk.tick("68002")
    assert len(desk.fired()) == 1, "nobody knows that it went back: candles will tell"


@story
async def test_after_its_end_a_rule_is_silent_and_gone(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000 until 2026-03-01 13:00")
    desk.wait(3600)
    desk.tick("68001")
    assert desk.fired() == [], "even before the clock has ended it"
    desk.lookout.settle_due()
    assert desk.rule(rule).state is AlertState.ARMED, "what crossed before its end may still be found"
    desk.wait(10)
    await desk.audit.look()
    desk.lookout.settle_due()
    assert desk.rule(rule).state is AlertState.ENDED
    assert not desk.lookout.met_between(BTC, Decimal(60_000), Decimal(70_000)), "nor does it take up memory"
    desk.tick("67000")
    desk.tick("68001")
    assert desk.fired() == []


@story
async def test_a_move_over_a_window_fires_and_is_armed_again_when_it_shrank(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC +5% 1h every 1m")
    desk.tick("60000")
    desk.wait(60)
    desk.tick("62999.9")
    assert desk.fired() == []
    desk.tick("63000")
    assert desk.fired() == ["1·1 0.05 live"]
    desk.wait(120)
    desk.lookout.settle_due()
    desk.tick("63100")
    desk.tick("62000")
    desk.tick("63300")
    assert desk.fired() == ["1·1 0.05 live", "1·2 0.055 live"]


@story
async def test_a_move_that_took_longer_than_its_window_does_not_fire(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC -3% 15m")
    for step in range(8):
        desk.tick(str(67_400 - 500 * step))
        desk.wait(15 * 60)
    assert desk.fired() == []


@story
async def test_after_a_restart_everything_is_watched_as_before(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await desk.alert("ETH < 3000", BEN)
    await desk.alert("BTC +5% 1h")
    desk.restart()
    desk.tick("68001")
    desk.tick("2999", ETH)
    assert desk.fired() == ["1·1 68001 live", "2·1 2999 live"]
    desk.tick("71402")
    assert desk.fired()[2].startswith("3·1 0.05001397")


@story
async def test_a_crowd_is_settled_in_turns_and_completely(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    crowd = 3 * AT_ONCE + 7
    for n in range(crowd):
        await desk.alert(f"BTC > {68_000 + n}")
    desk.tick("69000")
    assert desk.fired() == [], "a crowd waits for its turn"
    await _run_until(desk, lambda: len(desk.fired()) == crowd)
    assert [line.partition("·")[0] for line in desk.fired()] == [str(n + 1) for n in range(crowd)]


@story
async def test_while_a_crowd_is_settled_a_single_one_does_not_wait(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for n in range(2 * AT_ONCE):
        await desk.alert(f"BTC > {68_000 + n}")
    await desk.alert("ETH > 4000")
    desk.tick("69000")
    desk.tick("4001", ETH)
    assert desk.fired() == [f"{2 * AT_ONCE + 1}·1 4001 live"]


def _crowd(desk: Desk, count: int, person: int, change: Callable[[AlertRule], AlertRule]) -> None:
    with desk.store.atomic():
        for n in range(count):
            desk.store.alerts.add(change(asks(price(str(68_000 + n)), person_id=person)))
    desk.restart()


def _states(desk: Desk) -> dict[str, int]:
    return dict(desk.store.db.execute("SELECT state, count(*) FROM alerts GROUP BY state").fetchall())


@pytest.mark.parametrize(("resting", "over"), [(107, 0), (0, 107), (130, 107)])
@story
async def test_rules_that_are_due_together_are_changed_in_parts_each_a_single_transaction(
    tmp_path: Path, resting: int, over: int
) -> None:
    desk = Desk(tmp_path)
    soon = desk.time() + HOUR
    _crowd(desk, resting, 100, lambda rule: replace(snoozed(rule, soon), every=HOUR))
    _crowd(desk, over, 101, lambda rule: replace(rule, until=soon))
    desk.tick("67000")
    desk.wait(3600)
    desk.store.alerts.mark_audited(BTC, Venue.SPOT, desk.time())
    statements: list[str] = []
    desk.store.db.conn.set_trace_callback(statements.append)
    desk.lookout.settle_due()
    desk.store.db.conn.set_trace_callback(None)
    assert statements.count("COMMIT") == 1
    left = {"cooling": max(resting - TO_CHANGE, 0), "ended": min(over, TO_CHANGE)}
    assert {state: _states(desk).get(state, 0) for state in left} == left
    settled = {state: n for state, n in (("armed", resting), ("ended", over)) if n}
    await _run_until(desk, lambda: _states(desk) == settled)
    desk.tick("68000")
    assert len(desk.fired()) == (1 if resting else 0), "they are watched"


async def _run_until(desk: Desk, done: Callable[[], bool]) -> None:
    work = asyncio.create_task(desk.lookout.run())
    async with asyncio.timeout(10):
        while not done():  # noqa: ASYNC110 - what is looked at belongs to no event
            await asyncio.sleep(0)
    work.cancel()
