"""Ways in which an alert could be missed or doubled, each once found by looking for it."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from chatbot.core.alerts import AlertRule, AlertState, Source
from chatbot.core.feed import Tick
from chatbot.core.times import to_millis
from chatbot.services.settling import AT_ONCE
from tests.sandbox.worlds import BTC
from tests.services.desk import ANNA, Desk, story

HOUR = timedelta(hours=1)


def spike(desk: Desk, to: str) -> None:
    """There and back within ten seconds."""
    before = desk.prices.quote(BTC)
    assert before is not None
    desk.prices.move(BTC, Decimal(to))
    desk.wait(5)
    desk.prices.move(BTC, before.last)
    desk.wait(5)


async def seconds(desk: Desk, count: int) -> None:
    for _ in range(count):
        desk.wait(1)
        desk.lookout.settle_due()


async def settled(desk: Desk, done: Callable[[], bool]) -> None:
    work = asyncio.create_task(desk.lookout.run())
    async with asyncio.timeout(20):
        while not done():  # noqa: ASYNC110 - what is looked at belongs to no event
            await asyncio.sleep(0)
    work.cancel()


@story
async def test_what_crossed_before_a_rules_end_is_told_by_a_bot_that_was_off(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000 until 2026-03-01 18:00")
    desk.stop()
    desk.wait(3 * 3600)
    spike(desk, "68500")
    desk.wait(5 * 3600)
    desk.start()
    desk.lookout.settle_due()
    assert desk.rule(rule).state is AlertState.ARMED, "its time is over, but not yet read"
    await desk.audit.look()
    assert desk.fired() == ["1·1 68500 candle"]


@story
async def test_what_crossed_in_a_gap_over_a_rules_end_is_told_and_then_the_rule_ends(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000 every 1m until 2026-03-01 12:10")
    desk.wait(120)
    await desk.audit.look()
    desk.audit.missed([BTC])
    desk.wait(240)
    spike(desk, "68500")
    await seconds(desk, 500)
    await desk.audit.look()
    desk.lookout.settle_due()
    assert (desk.fired(), desk.rule(rule).state) == (["1·1 68500 candle"], AlertState.ENDED)


@story
async def test_a_quiet_coins_second_jump_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC +5% 1m every 5m")
    desk.wait(600)
    desk.tick("67412.3")
    desk.wait(600)
    desk.tick("71000")
    assert len(desk.fired()) == 1
    await seconds(desk, 3600)
    assert desk.rule(rule).state is AlertState.ARMED, "nothing has moved within the last minute"
    desk.tick("75500")
    assert len(desk.fired()) == 2


@story
async def test_a_rule_that_waits_is_armed_by_silence_and_sees_the_jump_that_ends_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC +5% 1m every 1m")
    desk.tick("67412.3")
    desk.wait(1)
    desk.tick("71000")
    desk.wait(50)
    desk.tick("71001")
    desk.wait(10.5)
    desk.lookout.settle_due()
    assert desk.rule(rule).state is AlertState.ARMED
    desk.wait(3600)
    desk.tick("75500")
    assert len(desk.fired()) == 2


@story
async def test_the_first_trade_of_a_quiet_coin_is_held_against_the_price_known_when_the_rule_was_made(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path)
    desk.wire.instead["market/candles"] = no_trades
    await desk.alert("BTC +5% 5m")
    desk.wait(60)
    desk.tick("72000")
    assert len(desk.fired()) == 1


@story
async def test_two_moves_in_one_gap_are_both_told_when_the_rest_lies_between(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC +5% 1h every 1h")
    desk.tick("67412.3")
    desk.wait(120)
    await desk.audit.look()
    desk.stop()
    for to in ("71000", "67412.3", "71500"):
        desk.wait(3 * 3600)
        desk.price(to)
    desk.wait(3600)
    desk.start()
    await desk.audit.look()
    assert [told.partition(" ")[0] for told in desk.fired()] == ["1·1", "1·2"]


async def no_trades(scope: Scope, receive: Receive, send: Send) -> None:
    await JSONResponse({"code": "200000", "data": []})(scope, receive, send)


async def crowd(desk: Desk, size: int, line: str) -> list[AlertRule]:
    return [await desk.alert(line, replace(ANNA, id=2000 + n)) for n in range(size)]


@story
async def test_a_crowd_whose_rest_ended_while_the_bot_was_off_is_all_judged(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    size = 2 * AT_ONCE + 7
    await crowd(desk, size, "BTC > 68000 every 1h")
    desk.tick("68100")
    await settled(desk, lambda: len(desk.fired()) == size)
    desk.tick("67412.3")
    desk.wait(90)
    await desk.audit.look()
    desk.stop()
    desk.wait(3 * 3600)
    spike(desk, "68500")
    desk.wait(3600)
    desk.start()
    await desk.audit.look()
    assert sum("candle" in told for told in desk.fired()) == size


@story
async def test_a_crowd_that_is_armed_again_sees_what_crossed_before_its_turn_came(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    size = 2 * AT_ONCE + 7
    await crowd(desk, size, "BTC > 68000 every 1m")
    desk.tick("68100")
    await settled(desk, lambda: len(desk.fired()) == size)
    work = asyncio.create_task(desk.lookout.run())
    await seconds(desk, 70)
    for _ in range(100):
        await asyncio.sleep(0)
    work.cancel()
    assert all(rule.state is AlertState.WAITING for rule in desk.store.alerts.on_symbol(BTC))
    for price in ("67900", "68200", "67950"):
        desk.wait(1)
        desk.tick(price)
    await settled(desk, lambda: len(desk.fired()) == 2 * size)
    assert {told.partition(" ")[2] for told in desk.fired()[size:]} == {"68200 live"}


@pytest.mark.parametrize("late", [Source.LIVE, Source.POLL])
@story
async def test_a_price_older_than_the_last_one_decides_nothing(tmp_path: Path, late: Source) -> None:
    desk = Desk(tmp_path)
    earlier = to_millis(desk.time())
    desk.wait(2)
    desk.tick("68100")
    await desk.alert("BTC < 68000")
    desk.lookout.hear(Tick(BTC, "67990", earlier), late)
    assert desk.fired() == []
    latest = desk.lookout.latest(BTC)
    assert latest is not None
    assert latest.digits == "68100"
    desk.lookout.hear(Tick(BTC, "67990", to_millis(desk.time())), late)
    assert len(desk.fired()) == 1


@story
async def test_a_day_off_with_many_rules_does_not_hold_the_others_up(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for n in range(300):
        await desk.alert(f"BTC > {68_000 + n} every 1m")
    desk.stop()
    desk.wait(20 * 3600)
    spike(desk, "69500")
    desk.wait(3600)
    desk.start()
    pauses = asyncio.create_task(_longest_pause())
    began = time.perf_counter()
    await desk.audit.look()
    took = time.perf_counter() - began
    pauses.cancel()
    longest = await pauses
    assert len(desk.fired()) == 300
    # Were it done at one go, the longest pause would be most of the time it took.
    assert longest < took / 4


async def _longest_pause() -> float:
    longest, last = 0.0, time.perf_counter()
    try:
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
    except asyncio.CancelledError:
        return longest


@story
async def test_a_window_that_no_rule_looks_into_is_forgotten(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rules = [await desk.alert(f"BTC +5% {n}m") for n in (3, 4, 5)]
    twin = await desk.alert("BTC -5% 5m")
    for rule in rules:
        desk.alerts.remove(rule.id, ANNA)
    desk.lookout.settle_due()
    assert desk.lookout.windows_of(BTC) == (timedelta(minutes=5),)
    desk.alerts.remove(twin.id, ANNA)
    desk.lookout.settle_due()
    assert desk.lookout.windows_of(BTC) == ()


@story
async def test_a_window_stays_while_a_rule_rests_and_over_a_restart(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC +5% 5m every 1h")
    desk.tick("67412.3")
    desk.wait(1)
    desk.tick("71000")
    assert desk.rule(rule).state is AlertState.COOLING
    desk.restart()
    assert desk.lookout.windows_of(BTC) == (timedelta(minutes=5),)
    done = await desk.alert("BTC -5% 10m")
    desk.tick("60000")
    assert desk.rule(done).state is AlertState.DONE
    desk.lookout.settle_due()
    assert timedelta(minutes=10) in desk.lookout.windows_of(BTC), "it may be woken again"


@story
async def test_rules_of_many_windows_that_one_price_meets_are_settled_in_parts(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.tick("67412.3")
    for n in range(1, AT_ONCE + 20):
        await desk.alert(f"BTC +5% {n}m")
    desk.wait(1)
    desk.tick("71000")
    assert desk.fired() == [], "a crowd, whatever its rules look at"
    await settled(desk, lambda: len(desk.fired()) == AT_ONCE + 19)


@story
async def test_rules_are_watched_again_when_their_firing_could_not_be_stored(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    desk.store.db.execute("CREATE TRIGGER full BEFORE INSERT ON firings BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(sqlite3.IntegrityError, match="disk full"):
        desk.tick("68001")
    desk.store.db.execute("DROP TRIGGER full")
    desk.wait(1)
    desk.tick("68002")
    assert desk.fired() == ["1·1 68002 live"]
