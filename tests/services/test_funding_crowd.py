"""Ten thousand rules on one contract's funding: looked at, fired, ended."""

import asyncio
import gc
import time
from collections.abc import Coroutine, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from chatbot.core.alerts import AlertState, Direction
from tests.services.desk import story
from tests.services.funding_desk import EIGHT, HISTORY, LEVEL, MINUTE, NEXT, PERP, Desk

CROWD = 10_000
DAY = timedelta(days=1)
LONGEST = 0.25
"""Of all the computing of a look, what others may have to wait for at once. It was nearly all of it; 0.04 is usual."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    with desk.store.atomic():
        for n in range(CROWD):
            desk.rule(LEVEL, "0.001", Direction.ABOVE, person_id=n, chat_id=n % 300, until=desk.clock() + DAY)
    yield desk
    desk.store.close()


async def _leaves_turns(work: Coroutine[None, None, None]) -> bool:
    """To everybody else: none of them waits for most of the work's computing."""
    found, doing = [], asyncio.ensure_future(work)
    # A collection of garbage goes through all that the test run has in memory, which is not ours to bound.
    gc.collect()
    gc.disable()
    while not doing.done():
        began = time.thread_time()
        await asyncio.sleep(0)
        found.append(time.thread_time() - began)
    gc.enable()
    doing.result()
    return max(found) < LONGEST * sum(found)


@story
async def test_a_look_at_ten_thousand_rules_leaves_turns_to_everybody_else(desk: Desk) -> None:
    await desk.scan()
    assert await _leaves_turns(desk.scan(10 * MINUTE))
    assert HISTORY not in desk.kucoin.asked
    desk.kucoin.settled[PERP] = [(NEXT, "0.0001")]
    assert await _leaves_turns(desk.scan(EIGHT)), "also when a settlement has passed unseen"
    assert desk.kucoin.asked.count(HISTORY) == 1
    assert desk.told() == []


@story
async def test_ten_thousand_rules_fire_in_small_parts_and_once(desk: Desk) -> None:
    await desk.scan()
    desk.kucoin.set("0.002")
    assert await _leaves_turns(desk.scan(MINUTE))
    await desk.scan(MINUTE)
    assert len(desk.told()) == len({rule for rule, _, _, _ in desk.told()}) == CROWD


@story
async def test_ten_thousand_rules_whose_time_is_over_all_end_at_the_next_look(desk: Desk) -> None:
    await desk.scan()
    assert await _leaves_turns(desk.scan(DAY))
    assert _states(desk) == {AlertState.ENDED.value: CROWD}


@story
async def test_ten_thousand_rules_on_a_contract_that_is_gone_end_in_small_parts(desk: Desk) -> None:
    for number in range(5):
        desk.kucoin.set("0.0001", symbol=f"C{number}USDTM")
    await desk.scan()
    del desk.kucoin.rows[PERP]
    await desk.scan(MINUTE)
    assert await _leaves_turns(desk.scan(MINUTE))
    assert _states(desk) == {AlertState.GONE.value: CROWD}
    assert len(desk.over) == CROWD


def _states(desk: Desk) -> dict[str, int]:
    return dict(desk.store.db.execute("SELECT state, count(*) FROM alerts GROUP BY state").fetchall())
