"""Health at a glance: each figure from where it is known, and an exchange that is away costs no more than its line."""

from datetime import timedelta

import pytest

from chatbot.core.keys import Keys
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Lane, Letter
from chatbot.sandbox.faults import Fault
from tests.services.desk import Desk, limits, story

STATUS = "GET /spot/api/v1/status"


@story
async def test_a_fresh_bot_is_well(desk: Desk) -> None:
    health = await desk.checkup.health()
    assert (health.mode, health.stop, health.kucoin) == (TradingMode.LIVE, None, "ok")
    assert (health.telegram_heard, health.keys, health.clock_offset) == (None, Keys(), timedelta(0))
    assert (health.waiting, health.undelivered, health.unknown_orders, health.strangers) == (0, 0, 0, 0)
    assert health.started_at == health.read_at == desk.time()


@story
async def test_the_round_trip_is_the_questions_own(desk: Desk) -> None:
    desk.wire.after(STATUS, lambda: desk.wait(0.25))
    assert (await desk.checkup.health()).round_trip == timedelta(seconds=0.25)


@pytest.mark.parametrize(
    ("fault", "kucoin", "answered"),
    [
        (Fault.MAINTENANCE, "is closed for maintenance", True),
        (Fault.CANCEL_ONLY, "takes only cancels at the moment", True),
        (Fault.UNAVAILABLE, "KuCoin does not answer (503).", False),
        (Fault.GARBAGE, "KuCoin's answer cannot be read (HTTP 200).", False),
    ],
)
@story
async def test_an_exchange_in_trouble_says_which(desk: Desk, fault: Fault, kucoin: str, answered: bool) -> None:
    desk.switch(fault)
    health = await desk.checkup.health()
    assert (health.kucoin, health.round_trip is not None) == (kucoin, answered)


@story
async def test_what_waits_what_is_unknown_and_who_knocked_are_counted(desk: Desk) -> None:
    desk.switch(Fault.ERROR_AFTER_ACCEPT, Fault.HIDDEN_ORDERS)
    await desk.order("buy btc 100usdt")
    desk.faults.clear()
    for price in (1000, 1001):
        await desk.order(f"buy eth 0.01 @ {price}")
    desk.store.outbox.dead(desk.store.outbox.put(Letter(chat_id=1, lane=Lane.ANSWER, text="x")), "blocked")
    desk.store.people.knocked(66, "Mallory")
    waiting = len(desk.store.outbox.due(99))
    health = await desk.checkup.health()
    assert (health.unknown_orders, health.undelivered, health.strangers) == (1, 1, 1)
    assert health.waiting >= waiting > 0


@story
async def test_a_kill_the_last_poll_and_the_age_are_shown(desk: Desk) -> None:
    started = desk.time()
    desk.wait(60)
    desk.checkup.heard_telegram()
    heard = desk.time()
    desk.wait(60)
    desk.kill()
    health = await desk.checkup.health()
    assert health.stop == desk.found()
    assert (health.telegram_heard, health.started_at, health.read_at) == (heard, started, desk.time())


@story
async def test_the_mode_is_the_settings(desk: Desk) -> None:
    desk.restart(limits(mode=TradingMode.OFF))
    assert (await desk.checkup.health()).mode is TradingMode.OFF
