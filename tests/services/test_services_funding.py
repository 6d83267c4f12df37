"""The scan of all contracts: what it asks for, what it tells, and what survives errors and stops."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chatbot.core.alerts import AlertRule, AlertState, Direction, Question, Source
from chatbot.core.feed import PredictedRate
from chatbot.core.market import Venue
from chatbot.services.firing import Teller
from chatbot.services.funding import AT_ONCE, FundingWatch
from tests.services import desk as sandbox
from tests.services.desk import WORDS, story
from tests.services.funding_desk import (
    BOUND,
    CONTRACTS,
    FLIP,
    FOUR,
    INTERVAL,
    LEVEL,
    MINUTE,
    NEXT,
    OTHER,
    PAYMENT,
    PERP,
    POSITIONS,
    Desk,
    above,
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.store.close()


@story
async def test_without_funding_rules_nothing_is_asked(desk: Desk) -> None:
    await desk.scan()
    over = desk.rule(FLIP, state=AlertState.DONE)
    await desk.scan()
    assert (desk.kucoin.asked, desk.now(over).state) == ([], AlertState.DONE)


@story
async def test_one_request_tells_of_all_contracts(desk: Desk) -> None:
    desk.kucoin.set("-0.0002", symbol=OTHER)
    one = desk.rule(LEVEL, **above("0.0001"))
    two = desk.rule(LEVEL, "-0.0001", Direction.BELOW, symbol=OTHER)
    await desk.scan()
    assert desk.kucoin.asked == [CONTRACTS]
    told = sorted(desk.told())
    assert told == [
        (one.id, "settles 2026-03-01T16:00Z", "0.0001", "current"),
        (two.id, "settles 2026-03-01T16:00Z", "-0.0002", "current"),
    ]
    first = min(desk.firings(), key=lambda f: f.rule_id)
    assert (first.source, first.at, first.settles_at, first.number) == (Source.POLL, desk.clock(), NEXT, 1)
    assert desk.letters() == 2
    assert [desk.now(r).state for r in (one, two)] == [AlertState.DONE, AlertState.DONE]


@story
async def test_a_rule_tells_a_settlement_once_and_the_next_one_again(desk: Desk) -> None:
    rule = desk.rule(LEVEL, **above("0.0001"), every=MINUTE)
    for _ in range(10):
        await desk.scan(MINUTE)
    assert len(desk.told()) == 1
    desk.clock.time = NEXT + MINUTE
    for _ in range(3):
        await desk.scan(MINUTE)
    assert [name for _, name, _, _ in desk.told()] == ["settles 2026-03-01T16:00Z", "settles 2026-03-02T00:00Z"]
    assert (desk.now(rule).fired, desk.letters()) == (2, 2)


@story
async def test_the_predicted_rate_is_told_too_and_not_again_when_it_has_become_the_current_one(desk: Desk) -> None:
    desk.rule(LEVEL, **above("0.0005"), every=MINUTE)
    desk.kucoin.set("0.0006", "0.0007")
    for _ in range(4):
        await desk.scan(MINUTE)
    assert [(name, detail) for _, name, _, detail in desk.told()] == [
        ("settles 2026-03-01T16:00Z", "current"),
        ("settles 2026-03-02T00:00Z", "predicted"),
    ]
    desk.kucoin.set("0.0007")
    desk.clock.time = NEXT + MINUTE
    await desk.scan()
    assert len(desk.told()) == 2


@story
async def test_a_rule_rests_as_long_as_it_was_asked_to_and_is_armed_again_by_the_clock(desk: Desk) -> None:
    rule = desk.rule(LEVEL, **above("0.0001"), every=timedelta(hours=1))
    await desk.scan()
    desk.kucoin.set("0")
    await desk.scan(timedelta(minutes=59))
    assert desk.now(rule).state is AlertState.COOLING
    await desk.scan(MINUTE)
    again = desk.now(rule)
    assert (again.state, again.arms, again.armed_at) == (AlertState.ARMED, 2, desk.clock())


@story
async def test_a_flip_is_told_when_the_cycle_with_the_other_sign_begins(desk: Desk) -> None:
    rule = desk.rule(FLIP)
    await desk.scan()
    desk.kucoin.set("-0.0002")
    await desk.scan(NEXT - desk.clock.time - MINUTE)
    await desk.scan(2 * MINUTE)
    assert desk.told() == [(rule.id, "settles 2026-03-01T16:00Z", "-0.0002", "current")]


@story
async def test_plus_zero_minus_is_one_flip_also_over_a_restart(desk: Desk) -> None:
    rule = desk.rule(FLIP)
    await desk.scan()
    desk.kucoin.set("0")
    await desk.scan(MINUTE)
    desk.restart()
    await desk.scan(MINUTE)
    assert desk.told() == []
    desk.kucoin.set("-0.0001")
    await desk.scan(MINUTE)
    assert desk.told() == [(rule.id, "settles 2026-03-01T16:00Z", "-0.0001", "current")]


@story
async def test_a_rate_near_its_cap_and_a_changed_interval_are_told(desk: Desk) -> None:
    bound, interval = desk.rule(BOUND), desk.rule(INTERVAL)
    await desk.scan()
    desk.kucoin.set("0.0028", interval=FOUR)
    await desk.scan(MINUTE)
    assert desk.told() == [
        (bound.id, "settles 2026-03-01T16:00Z", "0.0028", "cap"),
        (interval.id, "settles 2026-03-01T16:00Z 28800>14400", "14400", "28800>14400"),
    ]


@story
async def test_positions_are_read_only_before_a_settlement_that_a_rule_asks_about(desk: Desk) -> None:
    desk.kucoin.hold(50, "3370")
    desk.rule(LEVEL, **above("1"))
    await desk.scan(NEXT - desk.clock.time - timedelta(minutes=20))
    assert POSITIONS not in desk.kucoin.asked
    desk.clock.time = NEXT - timedelta(minutes=31)
    payment = desk.rule(PAYMENT, "0.3")
    await desk.scan()
    assert POSITIONS not in desk.kucoin.asked
    for _ in range(3):
        await desk.scan(MINUTE)
    assert desk.kucoin.asked.count(POSITIONS) == 1
    assert desk.told() == [(payment.id, "settles 2026-03-01T16:00Z", "0.337", "long USDT")]


@story
async def test_a_scan_reads_the_positions_once_for_all_rules(desk: Desk) -> None:
    desk.kucoin.set("0.0001", symbol=OTHER)
    desk.rule(PAYMENT)
    desk.rule(PAYMENT, symbol=OTHER)
    await desk.scan(NEXT - desk.clock.time - MINUTE)
    assert desk.kucoin.asked.count(POSITIONS) == 1
    assert desk.told() == []


@story
async def test_positions_that_cannot_be_read_hold_up_the_payments_alone(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.kucoin.hold(-50, "3370")
    desk.kucoin.set("-0.0001")
    payment, level = desk.rule(PAYMENT), desk.rule(LEVEL, "0", Direction.BELOW)
    desk.kucoin.down.add(POSITIONS)
    desk.clock.time = NEXT - timedelta(minutes=20)
    await desk.scan()
    await desk.scan(MINUTE)
    assert [rule_id for rule_id, _, _, _ in desk.told()] == [level.id]
    desk.kucoin.down.clear()
    await desk.scan(MINUTE)
    assert desk.told()[1:] == [(payment.id, "settles 2026-03-01T16:00Z", "0.337", "short USDT")]
    assert len([r for r in caplog.records if "positions" in r.message and r.name.startswith("chatbot.services")]) == 1


@story
async def test_the_feeds_predicted_rate_stands_in_for_five_minutes(desk: Desk) -> None:
    rule = desk.rule(LEVEL, **above("0.0005"))
    heard = PredictedRate(symbol=PERP, rate=Decimal("0.0009"), at=desk.clock())
    desk.watch.hear(heard)
    await desk.scan(6 * MINUTE)
    assert desk.told() == []
    desk.watch.hear(replace(heard, at=desk.clock()))
    desk.watch.hear(replace(heard, rate=Decimal(0), at=desk.clock() - MINUTE))
    await desk.scan(5 * MINUTE)
    assert desk.told() == [(rule.id, "settles 2026-03-02T00:00Z", "0.0009", "predicted")]


@story
async def test_right_after_a_settlement_the_figures_are_not_believed(desk: Desk) -> None:
    desk.rule(LEVEL, **above("0.0005"))
    desk.kucoin.set("0.0009")
    desk.clock.time = NEXT + timedelta(seconds=20)
    await desk.scan()
    assert desk.told() == []
    desk.kucoin.set("0.0001")
    await desk.scan(MINUTE)
    assert desk.told() == []


@story
async def test_what_a_scan_read_last_can_be_asked_for_a_rate_of_zero_too(desk: Desk) -> None:
    desk.rule(FLIP)
    assert desk.watch.latest(PERP) is None
    for rate in ("0.0001", "0"):
        desk.kucoin.set(rate, symbol=OTHER)
        desk.kucoin.set(rate)
        await desk.scan(MINUTE)
        latest = desk.watch.latest(PERP)
        assert latest is not None
        assert latest.funding is not None
        assert (latest.funding.rate, latest.time) == (Decimal(rate), desk.clock())
    assert desk.watch.latest(OTHER) is None


@story
async def test_a_contract_without_funding_is_neither_judged_nor_gone(desk: Desk) -> None:
    desk.kucoin.set("0.0009", fundingRateGranularity=None)
    rule = desk.rule(LEVEL, **above("0.0005"))
    for _ in range(3):
        await desk.scan(MINUTE)
    assert (desk.told(), desk.now(rule).state, desk.over) == ([], AlertState.ARMED, [])


@story
async def test_an_exchange_that_is_away_is_logged_once_and_once_when_it_is_back(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk.rule(LEVEL, **above("0.0001"), every=MINUTE)
    desk.kucoin.down.add(CONTRACTS)
    for _ in range(3):
        await desk.scan(MINUTE)
    assert desk.told() == []
    desk.kucoin.down.clear()
    for _ in range(2):
        await desk.scan(MINUTE)
    assert len(desk.told()) == 1
    said = [record.levelname for record in caplog.records if record.name == "chatbot.services.funding"]
    assert said == ["WARNING", "INFO"]


def _many(desk: Desk, count: int = 10) -> None:
    for number in range(count):
        desk.kucoin.set("0.0001", symbol=f"C{number}USDTM")


@story
async def test_the_rules_of_a_delisted_contract_end_after_two_looks_and_are_told_once(desk: Desk) -> None:
    _many(desk)
    rules = [desk.rule(FLIP), desk.rule(BOUND)]
    await desk.scan()
    del desk.kucoin.rows[PERP]
    await desk.scan(MINUTE)
    assert desk.over == []
    for _ in range(3):
        await desk.scan(MINUTE)
    assert desk.over == [rule.id for rule in rules]
    assert [desk.now(rule).state for rule in rules] == [AlertState.GONE, AlertState.GONE]


@story
async def test_one_look_without_a_contract_is_forgotten_when_it_is_back(desk: Desk) -> None:
    _many(desk)
    rule = desk.rule(FLIP)
    kept = desk.kucoin.rows.pop(PERP)
    for there in (False, True, False, True):
        if there:
            desk.kucoin.rows[PERP] = kept
        else:
            desk.kucoin.rows.pop(PERP, None)
        await desk.scan(MINUTE)
    assert (desk.over, desk.now(rule).state) == ([], AlertState.ARMED)


@story
async def test_a_list_that_is_suspiciously_short_ends_no_rule(desk: Desk) -> None:
    _many(desk)
    rule = desk.rule(FLIP)
    await desk.scan()
    desk.kucoin.rows = {symbol: desk.kucoin.rows[symbol] for symbol in ("C1USDTM", "C2USDTM")}
    for _ in range(5):
        await desk.scan(MINUTE)
    desk.kucoin.rows = {}
    await desk.scan(MINUTE)
    assert (desk.over, desk.now(rule).state) == ([], AlertState.ARMED)


async def _until(done: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if done():
            return
        await asyncio.sleep(0)
    pytest.fail("it never came to that")


@story
async def test_who_stops_before_the_end_of_a_scan_neither_loses_nor_doubles(desk: Desk) -> None:
    rules = [desk.rule(LEVEL, "0.0001", Direction.ABOVE, person_id=n) for n in range(2 * AT_ONCE + 1)]
    flips = [desk.rule(FLIP, person_id=n) for n in range(3)]
    await desk.scan()
    first = len(desk.told())
    desk.kucoin.set("-0.0002")
    scan = asyncio.ensure_future(desk.watch.scan())
    await _until(lambda: len(desk.told()) > first)
    scan.cancel()
    await asyncio.gather(scan, return_exceptions=True)
    desk.restart()
    for _ in range(2):
        await desk.scan()
    told = desk.told()
    assert first <= len(rules)
    assert len(told) == len(set(told)) == desk.letters() == first + len(flips)


@story
async def test_a_rule_that_was_changed_during_the_scan_is_left_to_the_next_one(desk: Desk) -> None:
    rules = [desk.rule(LEVEL, "0.0001", Direction.ABOVE, person_id=n) for n in range(AT_ONCE + 1)]
    last = rules[-1]
    scan = asyncio.ensure_future(desk.watch.scan())
    await _until(lambda: bool(desk.told()))
    assert desk.store.alerts.change(last, replace(last, state=AlertState.DELETED))
    await scan
    assert last.id not in [rule_id for rule_id, _, _, _ in desk.told()]
    assert len(desk.told()) == AT_ONCE


@story
async def test_the_sandboxs_kucoin_is_understood_in_all_of_this(opened: Callable[..., sandbox.Desk]) -> None:
    desk = opened()
    desk.exchange.advance()
    teller = Teller(store=desk.store, owed=lambda: None, now=desk.time)
    watch = FundingWatch(
        exchange=desk.kucoin, store=desk.store, teller=teller, gone=lambda rule: None, wording=WORDS, now=desk.time
    )
    desk.position()
    rate = desk.prices.funding(PERP)
    assert rate is not None
    fields: dict[str, Any] = {"person_id": 7, "person": "Anna", "chat_id": 7, "every": MINUTE}
    kinds = (LEVEL, Direction.ABOVE if rate.rate > 0 else Direction.BELOW), (PAYMENT, None)
    for kind, direction in kinds:
        question = Question(kind=kind, symbol=PERP, venue=Venue.FUTURES, direction=direction)
        now = desk.time()
        desk.store.alerts.add(AlertRule(question=question, armed_at=now, created_at=now, **fields))
    desk.wait((rate.next_at - desk.time()).total_seconds() - 600)
    await watch.scan()
    desk.wait(rate.interval.total_seconds() * 2)
    await watch.scan()
    rows = desk.store.db.query("SELECT occasion, source FROM firings WHERE rule_id = 1 ORDER BY id")
    names = [f"settles {rate.next_at + n * rate.interval:%Y-%m-%dT%H:%MZ}" for n in range(3)]
    assert [(r["occasion"], r["source"]) for r in rows] == [
        (names[0], "poll"),
        (names[1], "history"),
        (names[2], "poll"),
    ]
    paid = desk.store.alerts.latest_firing(2)
    assert (paid is not None) is (rate.rate > 0)


@story
async def test_two_scans_at_once_are_made_one_after_the_other(desk: Desk) -> None:
    """The one at the start may still be at work when the clock's first begins."""
    desk.rule(FLIP)
    desk.kucoin.hold_answers()
    scans = [asyncio.create_task(desk.scan()) for _ in range(2)]
    await desk.kucoin.reached.wait()
    for _ in range(100):
        await asyncio.sleep(0)
    assert desk.kucoin.asked == [CONTRACTS]
    desk.kucoin.opened.set()
    await asyncio.gather(*scans)
    assert desk.kucoin.asked == [CONTRACTS] * 2


@story
async def test_an_empty_list_of_contracts_ends_no_rule_not_even_at_the_start(desk: Desk) -> None:
    rule = desk.rule(FLIP)
    desk.kucoin.rows.clear()
    for _ in range(5):
        await desk.scan(MINUTE)
    assert (desk.now(rule).alive, desk.over) == (True, [])


@pytest.mark.parametrize("path", [POSITIONS, CONTRACTS])
@story
async def test_a_payment_that_cannot_be_foreseen_is_said_once_before_it(desk: Desk, path: str) -> None:
    desk.kucoin.hold(50, "3370")
    desk.rule(PAYMENT)
    desk.rule(PAYMENT, "5", chat_id=8, person_id=8)
    desk.rule(FLIP, chat_id=9, person_id=9)
    desk.rule(PAYMENT, chat_id=10, person_id=10, state=AlertState.COOLING, eligible_at=NEXT + FOUR)
    await desk.scan(NEXT - desk.clock.time - timedelta(minutes=35))
    desk.kucoin.down.add(path)
    while desk.clock.time < NEXT - timedelta(minutes=11):
        await desk.scan(MINUTE)
    assert desk.plain_letters() == []
    while desk.clock.time < NEXT - timedelta(minutes=4):
        await desk.scan(MINUTE)
    desk.restart()
    while desk.clock.time < NEXT + timedelta(minutes=4):
        await desk.scan(MINUTE)
    assert [chat for chat, _ in desk.plain_letters()] == [7, 8]
    assert all(PERP in text for _, text in desk.plain_letters())
    assert desk.told() == []


@story
async def test_positions_read_once_before_a_settlement_are_enough(desk: Desk) -> None:
    desk.kucoin.hold(50, "3370")
    desk.rule(PAYMENT, "5")
    await desk.scan(NEXT - desk.clock.time - timedelta(minutes=20))
    desk.kucoin.down.add(POSITIONS)
    for _ in range(20):
        await desk.scan(MINUTE)
    assert desk.plain_letters() == []
