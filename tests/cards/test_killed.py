"""Killed at any system call, a bot loses nothing and doubles nothing; one that sent again blindly would be caught.

A sample of the calls, another at every run: the whole is `python -m tests.benchmarks.sweep`.
"""

import asyncio
import os
import random
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from chatbot.demo import settings_for
from chatbot.sandbox.faults import Fault
from chatbot.sandbox.world import OWNER, Sandbox
from tests.cards.process import (
    Boundary,
    Flow,
    Meanwhile,
    Outcome,
    blindly_again,
    boundaries,
    child,
    dies_at,
    gone,
    nothing,
    ready,
    recover,
    sampled,
    sandbox_on,
)
from tests.ledger import broken_promises
from tests.playground import Ahead, Talk, eventually

KILLS = 5
"""In each flow."""

AT_ONCE = 2
_BETWEEN_SIGNALS = 0.2
SEED = int(os.environ.get("SWEEP_SEED") or random.SystemRandom().randrange(10**6))
"""Another at every run; the one of a run that failed, in SWEEP_SEED, dies at the same calls."""


async def _killed(flow: Flow, folder: Path) -> list[Outcome]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(boundary: Boundary) -> Outcome:
        async with turns:
            place = folder / str(boundary)
            place.mkdir()
            return await dies_at(boundary, place)

    chance = random.Random(f"{SEED} {flow.value}")  # noqa: S311 - picks calls to die at
    found = sampled(await boundaries(flow, folder), KILLS, chance)
    return list(await asyncio.gather(*map(one, found)))


@pytest.mark.parametrize("flow", Flow, ids=lambda flow: flow.value)
def test_f01_a_kill_at_any_system_call_loses_nothing_and_doubles_nothing(
    strace: str, tmp_path: Path, flow: Flow
) -> None:
    outcomes = asyncio.run(_killed(flow, tmp_path))
    assert len(outcomes) == KILLS
    assert [f"{o.boundary}: {line}" for o in outcomes for line in o.broken] == [], f"SWEEP_SEED={SEED}"
    assert any(o.died for o in outcomes), f"no kill was reached, SWEEP_SEED={SEED}"


async def _dies_waiting(
    folder: Path, fault: Fault, meanwhile: Meanwhile = nothing, signals: Sequence[signal.Signals] = (signal.SIGKILL,)
) -> tuple[list[str], Sandbox]:
    """The order has left, its answer has not come: and then the process is no more."""
    clock = Ahead()
    async with sandbox_on(clock) as sandbox:
        settings = settings_for(sandbox, folder)
        owner = Talk(sandbox, OWNER.user)
        async with child(settings, sandbox) as process:
            await ready(sandbox, owner)
            await owner.asks("/buy btc 100usdt", "Ticket T-1")
            sandbox.faults.switch(fault, on=True)
            owner.phone.press("Confirm")
            await eventually(lambda: bool(sandbox.exchange.posts))
            for number in signals:
                process.send_signal(number)
                await asyncio.sleep(_BETWEEN_SIGNALS)  # real: another process hears them
        await gone(settings)
        sandbox.faults.clear()
        await meanwhile(sandbox, settings, clock)
        await recover(sandbox, settings, clock)
        return broken_promises(settings.database_path, sandbox.exchange, sandbox.telegram), sandbox


@pytest.mark.parametrize("terms", [1, 2])
def test_f56_asked_to_stop_while_an_answer_is_owed_and_then_killed_the_order_is_found(
    tmp_path: Path, terms: int
) -> None:
    signals = [*[signal.SIGTERM] * terms, signal.SIGKILL]
    broken, sandbox = asyncio.run(_dies_waiting(tmp_path, Fault.LOST_ANSWER, signals=signals))
    assert broken == []
    assert len(sandbox.exchange.posts) == 1


async def _stopped(folder: Path) -> tuple[int, list[str]]:
    async with sandbox_on(Ahead()) as sandbox:
        settings = settings_for(sandbox, folder)
        owner = Talk(sandbox, OWNER.user)
        async with child(settings, sandbox) as process:
            await ready(sandbox, owner)
            await owner.asks("/buy btc 100usdt", "Ticket T-1")
            await owner.presses("Confirm")
            process.terminate()
            process.terminate()
            code = await asyncio.wait_for(process.wait(), 20)
        return code, broken_promises(settings.database_path, sandbox.exchange, sandbox.telegram)


def test_f56_asked_twice_to_stop_just_after_a_tap_it_brings_the_order_to_its_end(tmp_path: Path) -> None:
    """Nothing is left for the next one to put right; Telegram may give it the tap once more."""
    code, broken = asyncio.run(_stopped(tmp_path))
    assert code == 0
    assert [line for line in broken if "still at Telegram" not in line] == []


def test_f04_dead_before_the_answer_came_the_order_is_found_and_told(tmp_path: Path) -> None:
    broken, sandbox = asyncio.run(_dies_waiting(tmp_path, Fault.LOST_ANSWER))
    assert broken == []
    assert len(sandbox.exchange.posts) == 1
    assert [m for m in Talk(sandbox, OWNER.user).answers if "Filled" in m.text]


def test_f02_dead_before_anything_arrived_it_is_said_to_be_not_placed_and_not_sent_again(tmp_path: Path) -> None:
    broken, sandbox = asyncio.run(_dies_waiting(tmp_path, Fault.LOST_REQUEST))
    assert broken == []
    assert len(sandbox.exchange.posts) == 1
    assert [m for m in Talk(sandbox, OWNER.user).answers if "Not found on KuCoin" in m.text]


def test_f08_a_bot_that_sends_again_blindly_is_caught(tmp_path: Path) -> None:
    """The negative control: without it, a checker that never looked would pass every kill."""
    broken, sandbox = asyncio.run(_dies_waiting(tmp_path, Fault.LOST_ANSWER, blindly_again))
    (client_oid, _) = sandbox.exchange.posts
    assert f"N2 {client_oid}: 2 POSTs" in broken
    assert f"N2 {client_oid}: 2 orders" in broken
