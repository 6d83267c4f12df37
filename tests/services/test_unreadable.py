"""Candles that KuCoin does not give, of some symbols or of any: who waits for whom, and what the people are told."""

import asyncio
import logging
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.responses import JSONResponse

from chatbot.core.market import Symbol
from chatbot.kucoin.rest import App
from chatbot.sandbox.faults import Fault
from tests.sandbox.worlds import BTC
from tests.services.desk import ANNA, BEN, Desk, story

ETH, SOL, KCS = Symbol("ETH-USDT"), Symbol("SOL-USDT"), Symbol("KCS-BTC")
LAG = timedelta(seconds=90)
"""How far what is read regularly is behind at most: a minute, its settling, and a look."""

CANDLES = "GET /spot/api/v1/market/candles"

NONSENSE = JSONResponse({"code": "200000", "data": [["soon"]]})
REFUSED = JSONResponse({"code": "400100", "msg": "Unsupported trading pair."})
EITHER = pytest.mark.parametrize("answer", [NONSENSE, REFUSED], ids=["nonsense", "refused"])


def spoil(desk: Desk, answer: App, *symbols: Symbol) -> None:
    """What KuCoin answers when it is asked for their candles."""
    desk.wire.instead |= {f"{CANDLES}?symbol={symbol}&": answer for symbol in symbols}


async def looks(desk: Desk, minutes: float) -> None:
    for _ in range(round(minutes * 6)):
        await desk.audit.look()
        desk.wait(10)


async def jobs(desk: Desk, minutes: float) -> None:
    """As the clock's jobs do it."""
    for _ in range(round(minutes * 12)):
        desk.wait(5)
        await desk.watching.stand_in()
        desk.blindness.look()
        await desk.audit.look()


def spike(desk: Desk, to: str = "68500") -> None:
    desk.price(to)
    desk.wait(5)
    desk.price("67412.3")
    desk.wait(5)


def asked(desk: Desk) -> int:
    return desk.wire.lines.count(CANDLES)


@EITHER
@story
async def test_three_symbols_that_cannot_be_read_keep_no_other_from_being_read(tmp_path: Path, answer: App) -> None:
    desk = Desk(tmp_path)
    for name in ("ETH", "SOL", "KCS-BTC"):
        await desk.alert(f"{name} > 900000")
    desk.wait(200)
    await desk.alert("BTC > 68000 every 1h")
    await desk.alert("ETH-BTC > 900000")
    spoil(desk, answer, ETH, SOL, KCS)
    desk.wait(120)
    spike(desk)
    await looks(desk, 3)
    assert desk.fired() == ["4·1 68500 candle"]
    await looks(desk, 20)
    marks = desk.store.alerts.audited_all()
    assert {desk.time() - marks[s] < LAG for s in (BTC, Symbol("ETH-BTC"))} == {True}
    assert len({marks[s] for s in (ETH, SOL, KCS)}) == 1


@EITHER
@story
async def test_of_many_symbols_one_that_cannot_be_read_is_the_only_one_behind(tmp_path: Path, answer: App) -> None:
    desk = Desk(tmp_path)
    for name in ("ALPACA", "BTC", "ETH", "ETH-BTC", "KCS-BTC", "SOL", "XBTUSDTM", "ETHUSDTM"):
        await desk.alert(f"{name} > 900000")
    spoil(desk, answer, ETH)
    await looks(desk, 30)
    late = {s for s, mark in desk.store.alerts.audited_all().items() if desk.time() - mark > LAG}
    assert late == {ETH}


@story
async def test_a_symbol_that_cannot_be_read_is_asked_for_ever_more_seldom_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await desk.alert("ETH > 900000")
    spoil(desk, NONSENSE, ETH)
    await looks(desk, 60)
    assert 60 + 12 <= asked(desk) <= 60 + 20
    told = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert [line.split(",")[0] for line in told] == ["candles of ETH-USDT cannot be read"]
    desk.wire.instead.clear()
    await looks(desk, 6)
    marks = desk.store.alerts.audited_all()
    assert marks[ETH] == marks[BTC]


@story
async def test_kucoin_being_away_is_asked_three_times_in_a_look_and_everything_is_read_once_it_is_back(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path)
    for name in ("ALPACA", "BTC", "ETH", "ETH-BTC", "KCS-BTC", "SOL", "XBTUSDTM", "ETHUSDTM"):
        await desk.alert(f"{name} > 900000")
    await looks(desk, 3)
    desk.switch(Fault.UNAVAILABLE)
    desk.wait(90)
    before = len(desk.wire.lines)
    await looks(desk, 20)
    tries = 4
    assert len(desk.wire.lines) - before <= 20 * 6 * 3 * tries
    desk.switch(Fault.UNAVAILABLE, on=False)
    await desk.audit.look()
    assert {desk.time() - mark < LAG for mark in desk.store.alerts.audited_all().values()} == {True}


@story
async def test_a_pause_that_kucoin_asks_for_ends_the_look(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(tmp_path)
    for name in ("ALPACA", "BTC", "ETH", "ETH-BTC", "KCS-BTC", "SOL"):
        await desk.alert(f"{name} > 900000")
    await looks(desk, 2)
    later = JSONResponse({"code": "429000", "msg": "later"}, status_code=429, headers={"gw-ratelimit-reset": "30000"})
    spoil(desk, later, Symbol("ALPACA-USDT"))
    desk.wait(30)
    before = asked(desk)
    await desk.audit.look()
    assert asked(desk) - before <= 3
    assert not [r for r in caplog.records if "candles of" in r.getMessage()], "no symbol is blamed for it"


@story
async def test_nobody_else_is_told_late_that_prices_are_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await desk.alert("ETH > 900000", BEN)
    await jobs(desk, 2)
    spoil(desk, NONSENSE, ETH)
    desk.feed.fall()
    desk.switch(Fault.UNAVAILABLE)
    await jobs(desk, 5)
    desk.feed.rise()
    desk.switch(Fault.UNAVAILABLE, on=False)
    await jobs(desk, 3)
    assert [text.split()[0] for text in desk.letters()] == ["blind", "back"]
    blind, back = desk.letters(BEN.id)
    assert blind.startswith("blind")
    assert "ETH-USDT" in back
    assert "cannot" in back
    await jobs(desk, 60)
    assert (len(desk.letters()), len(desk.letters(BEN.id))) == (2, 2)


@story
async def test_candles_that_nobody_gets_are_waited_for_and_after_a_while_that_is_said(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await jobs(desk, 2)
    desk.feed.fall()
    desk.switch(Fault.UNAVAILABLE)
    await jobs(desk, 12)
    desk.feed.rise()
    await jobs(desk, 5)
    assert len(desk.letters()) == 1
    await jobs(desk, 15)
    assert "BTC-USDT" in desk.letters()[1]
    await jobs(desk, 30)
    assert len(desk.letters()) == 2


@story
async def test_whoever_watches_a_symbol_that_cannot_be_read_for_long_is_told_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    for name in ("ETH > 900000", "SOL > 900000", "ETH < 1"):
        await desk.alert(name, BEN)
    spoil(desk, REFUSED, ETH, SOL)
    await jobs(desk, 14)
    assert desk.letters(BEN.id) == []
    await jobs(desk, 4)
    (text,) = desk.letters(BEN.id)
    assert "ETH-USDT and SOL-USDT" in text
    await jobs(desk, 30)
    desk.restart()
    await jobs(desk, 30)
    assert (desk.letters(ANNA.id), len(desk.letters(BEN.id))) == ([], 1)
    desk.wire.instead.clear()
    await jobs(desk, 10)
    spoil(desk, REFUSED, ETH)
    await jobs(desk, 20)
    assert "SOL-USDT" not in desk.letters(BEN.id)[1]


@story
async def test_a_restart_with_a_symbol_that_could_not_be_read_is_no_day_off(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await desk.alert("ETH > 900000")
    spoil(desk, NONSENSE, ETH)
    await jobs(desk, 10)
    desk.restart()
    await jobs(desk, 3)
    assert desk.letters() == []


@story
async def test_a_fault_of_ours_leaves_nothing_running_behind_the_looks_back(tmp_path: Path) -> None:
    """The others of its group have ended when it comes out, so nothing is written outside of the look."""
    desk = Desk(tmp_path)
    for name in ("ALPACA", "BTC", "ETH"):
        await desk.alert(f"{name} > 900000")
    desk.wait(90)
    spoil(desk, _broken, Symbol("ALPACA-USDT"))
    held = desk.wire.hold(CANDLES)
    before = asyncio.all_tasks()
    look = asyncio.create_task(desk.audit.look())
    await held.reached.wait()
    desk.store.close()
    held.opened.set()
    with pytest.raises(BaseExceptionGroup):
        await look
    assert asyncio.all_tasks() == before
    desk.start()


async def _broken(*_: object) -> None:
    raise RuntimeError


@story
async def test_after_months_the_last_thirty_days_are_asked_for_and_the_rest_is_owned_up_to_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("XBTUSDTM > 900000")
    await desk.alert("XBTUSDTM > 900001", BEN)
    await looks(desk, 3)
    desk.stop()
    desk.wait(80 * 86_400)
    desk.start()
    desk.wire.instead["kline"] = JSONResponse({"code": "200000", "data": []})
    before = len(desk.wire.lines)
    await jobs(desk, 10)
    assert len([line for line in desk.wire.lines[before:] if "kline" in line]) in range(87, 100)
    for person in (ANNA, BEN):
        (text,) = desk.letters(person.id)
        assert text.startswith("I was off for 80 d")
        assert "the last 30 d" in text
        assert "cannot know" in text
