"""Settlements that passed while nobody looked: read back, told as late, each once."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chatbot.core.alerts import AlertState, Direction, Source
from chatbot.core.funding_alerts import LAG
from chatbot.services.funding import REACH
from tests.services.desk import story
from tests.services.funding_desk import (
    BOUND,
    CONTRACTS,
    EIGHT,
    FLIP,
    FOUR,
    HISTORY,
    INTERVAL,
    LEVEL,
    MINUTE,
    NEXT,
    OTHER,
    PERP,
    TRIES,
    Desk,
    above,
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.store.close()


async def _off(desk: Desk, until: datetime, *settled: str) -> None:
    """The bot is down while these settlements pass, eight hours apart, and looks again at `until`."""
    await desk.scan()
    desk.kucoin.settled[PERP] = [(NEXT + n * EIGHT, rate) for n, rate in enumerate(settled)]
    desk.clock.time = until
    desk.restart()


@story
async def test_settlements_that_passed_while_the_bot_was_off_are_told_as_late(desk: Desk) -> None:
    once = desk.rule(LEVEL, **above("0.0005"))
    often = desk.rule(LEVEL, **above("0.0004"), every=timedelta(hours=1))
    flip = desk.rule(FLIP, every=timedelta(hours=1))
    await _off(desk, NEXT + 3 * EIGHT + timedelta(hours=1), "0.0001", "0.0006", "-0.0001", "0.0007")
    for _ in range(3):
        await desk.scan()
        desk.restart()
    assert sorted(desk.told()) == [
        (once.id, "settles 2026-03-02T00:00Z", "0.0006", "current"),
        (often.id, "settles 2026-03-02T00:00Z", "0.0006", "current"),
        (often.id, "settles 2026-03-02T16:00Z", "0.0007", "current"),
        (flip.id, "settles 2026-03-02T08:00Z", "-0.0001", "current"),
        (flip.id, "settles 2026-03-02T16:00Z", "0.0007", "current"),
    ]
    assert all(f.late and f.at == f.settles_at and f.told_at == desk.clock() for f in desk.firings())
    assert (desk.letters(), desk.seen()) == (5, ("03 00:00", "0.0001"))


@story
async def test_the_rate_of_now_is_compared_with_the_last_one_that_settled(desk: Desk) -> None:
    desk.rule(FLIP)
    await _off(desk, NEXT + EIGHT + timedelta(hours=1), "0.0001", "0")
    desk.kucoin.set("-0.0003")
    await desk.scan()
    assert [(f.occasion, f.source) for f in desk.firings()] == [("settles 2026-03-02T08:00Z", Source.POLL)]


@story
async def test_nothing_is_read_back_when_no_settlement_passed_or_no_rule_can_use_it(desk: Desk) -> None:
    desk.rule(BOUND)
    await _off(desk, NEXT + EIGHT + timedelta(hours=1), "0.0029")
    await desk.scan()
    desk.rule(LEVEL, **above("0.0005"))
    desk.restart()
    await desk.scan()
    assert (HISTORY in desk.kucoin.asked, desk.told()) == (False, [])


@story
async def test_a_settlement_passed_between_two_looks_is_no_gap(desk: Desk) -> None:
    desk.rule(LEVEL, **above("0.0005"))
    desk.clock.time = NEXT - 2 * MINUTE
    for _ in range(5):
        await desk.scan(MINUTE)
    assert (HISTORY in desk.kucoin.asked, desk.seen()[0]) == (False, "02 00:00")


@story
async def test_a_long_silence_of_the_exchange_is_read_back_as_well(desk: Desk) -> None:
    rule = desk.rule(LEVEL, **above("0.0005"))
    await desk.scan()
    desk.kucoin.settled[PERP] = [(NEXT, "0.0009")]
    desk.kucoin.down.add(CONTRACTS)
    await desk.scan(timedelta(hours=4))
    desk.kucoin.down.clear()
    await desk.scan(5 * MINUTE)
    assert desk.told() == [(rule.id, "settles 2026-03-01T16:00Z", "0.0009", "current")]


@story
async def test_a_rule_made_just_before_a_settlement_or_a_stop_is_judged_by_it(desk: Desk) -> None:
    desk.rule(FLIP)
    await desk.scan(NEXT - desk.clock.time - timedelta(seconds=90))
    desk.kucoin.settled |= {PERP: [(NEXT, "0.0009")], OTHER: [(NEXT, "0.0008")]}
    desk.clock.time = NEXT - timedelta(seconds=40)
    alone = desk.rule(LEVEL, **above("0.0005"), symbol=OTHER)
    beside = desk.rule(LEVEL, **above("0.0005"))
    desk.kucoin.set("0.0001", symbol=OTHER)
    desk.clock.time = NEXT + 2 * MINUTE
    await desk.scan()
    assert desk.told() == [
        (alone.id, "settles 2026-03-01T16:00Z", "0.0008", "current"),
        (beside.id, "settles 2026-03-01T16:00Z", "0.0009", "current"),
    ]
    asked = len(desk.kucoin.asked)
    desk.kucoin.set("0.0001", symbol="SOLUSDTM")
    desk.rule(LEVEL, **above("0.0005"), symbol="SOLUSDTM")
    await desk.scan(MINUTE)
    assert desk.kucoin.asked[asked:] == [CONTRACTS]


@story
async def test_an_interval_that_changed_while_the_bot_was_off_is_told(desk: Desk) -> None:
    desk.rule(LEVEL, **above("0.0005"))
    rule = desk.rule(INTERVAL)
    await _off(desk, NEXT + timedelta(hours=1), "0.0001")
    desk.kucoin.set("0.0001", interval=FOUR)
    await desk.scan()
    assert desk.told() == [(rule.id, "settles 2026-03-01T20:00Z 28800>14400", "14400", "28800>14400")]


@story
async def test_no_rule_is_judged_by_what_settled_before_it_was_made_or_while_it_rested(desk: Desk) -> None:
    desk.rule(FLIP)
    await _off(desk, NEXT + EIGHT + timedelta(hours=1), "0.0009", "0.0009")
    late = desk.rule(LEVEL, **above("0.0005"))
    rest: dict[str, Any] = {
        "state": AlertState.COOLING,
        "eligible_at": NEXT + timedelta(hours=1),
        "created_at": NEXT - EIGHT,
    }
    rested = desk.rule(LEVEL, **above("0.0006"), every=timedelta(hours=1), **rest)
    until = desk.rule(LEVEL, **above("0.0007"), until=NEXT + MINUTE, created_at=NEXT - EIGHT, armed_at=NEXT - EIGHT)
    await desk.scan()
    assert desk.told() == [
        (until.id, "settles 2026-03-01T16:00Z", "0.0009", "current"),
        (rested.id, "settles 2026-03-02T00:00Z", "0.0009", "current"),
    ]
    assert desk.now(late).state is AlertState.ARMED


@story
async def test_no_more_than_seven_days_are_read_back(desk: Desk) -> None:
    desk.rule(LEVEL, **above("0.0005"), every=MINUTE)
    await _off(desk, NEXT + 25 * EIGHT + timedelta(hours=1), *["0.0009"] * 26)
    await desk.scan()
    told = desk.firings()
    assert len(told) == 21
    assert min(f.at for f in told) >= desk.clock() - REACH


@story
async def test_a_history_that_lags_is_waited_for_and_holds_nothing_else_up(desk: Desk) -> None:
    late, live = desk.rule(LEVEL, **above("0.0005")), desk.rule(BOUND)
    await _off(desk, NEXT + 2 * MINUTE)
    desk.kucoin.set("0.0001", "-0.003")
    await desk.scan()
    assert [rule_id for rule_id, _, _, _ in desk.told()] == [live.id]
    assert desk.seen()[0] == "01 16:00"
    desk.kucoin.settled[PERP] = [(NEXT, "0.0009")]
    desk.kucoin.set("0.0001")
    await desk.scan(MINUTE)
    assert desk.told()[1:] == [(late.id, "settles 2026-03-01T16:00Z", "0.0009", "current")]
    assert desk.seen()[0] == "02 00:00"


@story
async def test_as_long_as_the_history_is_owed_the_rate_of_now_flips_nothing(desk: Desk) -> None:
    flip, interval = desk.rule(FLIP, every=MINUTE), desk.rule(INTERVAL)
    await _off(desk, NEXT + timedelta(hours=1), "-0.0001")
    desk.kucoin.set("-0.0002", interval=FOUR)
    desk.kucoin.down.add(HISTORY)
    await desk.scan()
    assert desk.told() == []
    desk.kucoin.down.clear()
    await desk.scan(MINUTE)
    assert desk.told() == [
        (flip.id, "settles 2026-03-01T16:00Z", "-0.0001", "current"),
        (interval.id, "settles 2026-03-01T20:00Z 28800>14400", "14400", "28800>14400"),
    ]


@story
async def test_a_history_that_stays_empty_is_not_waited_for_for_ever(desk: Desk) -> None:
    desk.rule(LEVEL, **above("0.0005"))
    await _off(desk, NEXT + 2 * MINUTE)
    await desk.scan()
    assert desk.seen()[0] == "01 16:00"
    await desk.scan(LAG)
    assert desk.seen()[0] == "02 00:00"


@pytest.mark.parametrize("refused", [False, True])
@story
async def test_a_history_that_cannot_be_read_is_asked_for_again_and_one_that_is_refused_is_not(
    desk: Desk, refused: bool
) -> None:
    desk.kucoin.set("0.0001", symbol=OTHER)
    desk.rule(LEVEL, **above("0.0005"))
    desk.rule(LEVEL, **above("0.0005"), symbol=OTHER)
    await _off(desk, NEXT + timedelta(hours=1), "0.0009")
    (desk.kucoin.refused if refused else desk.kucoin.down).add(HISTORY)
    desk.kucoin.asked.clear()
    await desk.scan()
    asked = desk.kucoin.asked.count(HISTORY)
    desk.kucoin.refused.clear()
    desk.kucoin.down.clear()
    await desk.scan(MINUTE)
    assert len(desk.told()) == (0 if refused else 1)
    assert (asked, desk.kucoin.asked.count(HISTORY) - asked) == ((2, 0) if refused else (TRIES, 2))


def _expected(rates: Sequence[str], level: str) -> tuple[list[datetime], list[datetime]]:
    """The settlements at or above the level, and those whose sign differs from the last one that had any."""
    met, flipped, last = [], [], Decimal(0)
    for number, text in enumerate(rates):
        rate, at = Decimal(text), NEXT + number * EIGHT
        if rate >= Decimal(level):
            met.append(at)
        if rate * last < 0:
            flipped.append(at)
        last = rate or last
    return met, flipped


@pytest.mark.parametrize("seed", range(4))
@story
async def test_a_month_of_outages_and_restarts_misses_nothing_and_doubles_nothing(desk: Desk, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - outages, no secret
    rates = [dice.choice(["0.0003", "0.0001", "0", "-0.0001", "-0.0004"]) for _ in range(91)]
    level, flip = (desk.rule(k, "0.0002", Direction.ABOVE, every=MINUTE) for k in (LEVEL, FLIP))
    desk.kucoin.settled[PERP] = [(NEXT + n * EIGHT, rate) for n, rate in enumerate(rates)]
    while desk.clock.time < NEXT + 89 * EIGHT:
        desk.kucoin.down = {CONTRACTS} if dice.random() < 0.3 else set()
        if dice.random() < 0.2:
            desk.restart()
        desk.kucoin.set(rates[max(0, (desk.clock.time - NEXT) // EIGHT + 1)])
        await desk.scan()
        desk.clock.time += dice.choice([MINUTE, MINUTE, timedelta(minutes=7), timedelta(hours=1), 2 * EIGHT])
    desk.kucoin.down.clear()
    desk.kucoin.set(rates[90])
    desk.clock.time = NEXT + 89 * EIGHT + timedelta(hours=1)
    await desk.scan()
    told = {rule.id: [f.settles_at for f in desk.firings() if f.rule_id == rule.id] for rule in (level, flip)}
    assert (told[level.id], told[flip.id]) == _expected(rates, "0.0002"), f"seed {seed}"
    assert desk.letters() == len(desk.firings())


def _nonsense(desk: Desk, *symbols: str) -> None:
    """The history of these holds a row that nobody can read."""
    desk.kucoin.nonsense.update(symbols)


@story
async def test_a_history_that_makes_no_sense_is_its_own_contracts_trouble_alone(desk: Desk) -> None:
    names = ("AAUSDTM", "BBUSDTM", OTHER)
    for name in names:
        desk.kucoin.set("0.0001", symbol=name)
        desk.rule(FLIP, symbol=name)
    flip = desk.rule(FLIP, every=timedelta(hours=1))
    level = desk.rule(LEVEL, **above("0.0005"), every=timedelta(hours=1))
    await _off(desk, NEXT + 2 * EIGHT + timedelta(hours=1), "0.0001", "0.0006", "-0.0001")
    _nonsense(desk, *names)
    for _ in range(5):
        await desk.scan(MINUTE)
    assert desk.told() == [
        (level.id, "settles 2026-03-02T00:00Z", "0.0006", "current"),
        (flip.id, "settles 2026-03-02T08:00Z", "-0.0001", "current"),
        (flip.id, "settles 2026-03-02T16:00Z", "0.0001", "current"),
    ]
    asked = desk.kucoin.asked.count(HISTORY)
    await desk.scan(MINUTE)
    assert desk.kucoin.asked.count(HISTORY) == asked + 1, "one in vain is enough for a minute"


@story
async def test_a_history_that_cannot_be_read_for_hours_is_given_up_and_owned_up_to(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    rule = desk.rule(FLIP, every=timedelta(hours=1))
    desk.rule(FLIP, chat_id=8, person_id=8)
    desk.rule(BOUND, chat_id=9, person_id=9)
    await _off(desk, NEXT + timedelta(hours=1), "0.0001")
    _nonsense(desk, PERP)
    for _ in range(5 * 60):
        await desk.scan(MINUTE)
    assert desk.plain_letters() == []
    assert len([r for r in caplog.records if "history" in r.message]) == 1
    for _ in range(90):
        await desk.scan(MINUTE)
    letters = desk.plain_letters()
    assert [chat for chat, _ in letters] == [7, 8]
    assert all(PERP in text and "cannot know" in text for _, text in letters)
    desk.kucoin.set("-0.0002")
    await desk.scan(MINUTE)
    assert (rule.id, "settles 2026-03-02T00:00Z", "-0.0002", "current") in desk.told()


@story
async def test_a_history_that_is_refused_is_owned_up_to_at_once(desk: Desk) -> None:
    desk.rule(LEVEL, **above("0.0005"))
    await _off(desk, NEXT + timedelta(hours=1), "0.0009")
    desk.kucoin.refused.add(HISTORY)
    for _ in range(3):
        await desk.scan(MINUTE)
    assert len(desk.plain_letters()) == 1
