from datetime import UTC
from decimal import Decimal
from pathlib import Path

import httpx
from starlette.responses import JSONResponse

from chatbot.core.alerts import AlertState
from chatbot.core.market import Symbol
from chatbot.sandbox.faults import Fault
from tests.sandbox.worlds import BTC
from tests.services.desk import ANNA, Desk, story

CANDLES = "GET /spot/api/v1/market/candles"
SYMBOLS = "GET /spot/api/v2/symbols"
CONTRACTS = "GET /futures/api/v1/contracts/active"


def spike(desk: Desk, to: str) -> None:
    """The price goes there and back within some seconds, and no tick says so."""
    before = desk.prices.quote(BTC)
    assert before is not None
    desk.price(to)
    desk.wait(5)
    desk.price(str(before.last))
    desk.wait(5)


@story
async def test_a_crossing_that_no_tick_showed_is_told_late_with_its_minute(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000")
    desk.wait(150)
    minute = desk.time().replace(second=0, microsecond=0)
    spike(desk, "68120")
    desk.wait(60)
    await desk.audit.look()
    assert desk.fired() == ["1·1 68120 candle"]
    firing = desk.store.alerts.latest_firing(rule.id)
    assert firing is not None
    assert (firing.at, firing.late) == (minute, True)
    assert desk.rule(rule).state is AlertState.DONE


@story
async def test_what_a_tick_told_already_no_candle_tells_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    desk.wait(70)
    desk.price("68120")
    desk.tick("68120")
    desk.wait(130)
    await desk.audit.look()
    assert desk.fired() == ["1·1 68120 live"]


@story
async def test_a_minute_is_read_once_it_is_closed_and_then_not_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await desk.audit.look()
    desk.wait(61)
    await desk.audit.look()
    assert CANDLES not in desk.wire.lines, "the minute has hardly ended"
    desk.wait(10)
    await desk.audit.look()
    await desk.audit.look()
    assert desk.wire.lines.count(CANDLES) == 1


@story
async def test_a_day_switched_off_is_read_in_one_go(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await desk.alert("BTC < 60000 every 1h")
    desk.stop()
    desk.wait(3600)
    spike(desk, "68500")
    for _ in range(3):
        desk.wait(5 * 3600)
        spike(desk, "59000")
    desk.wait(3600)
    desk.start()
    await desk.audit.look()
    assert desk.fired() == ["1·1 68500 candle", "2·1 59000 candle", "2·2 59000 candle", "2·3 59000 candle"]
    assert desk.wire.lines.count(CANDLES) == 1


@story
async def test_moves_in_a_gap_are_told_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC +5% 1h")
    desk.wait(120)
    await desk.audit.look()
    desk.audit.missed([BTC])
    desk.wait(120)
    desk.price("71000")
    desk.wait(90)
    desk.audit.missed([BTC])
    await desk.audit.look()
    assert [line.split(" ")[::2] for line in desk.fired()] == [["1·1", "candle"]]


@story
async def test_candles_that_cannot_be_read_are_read_later(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    desk.wait(90)
    spike(desk, "68120")
    desk.wait(60)
    desk.switch(Fault.UNAVAILABLE)
    await desk.audit.look()
    assert desk.fired() == []
    desk.switch(Fault.UNAVAILABLE, on=False)
    desk.wait(600)
    await desk.audit.look()
    assert desk.fired() == ["1·1 68120 candle"]


@story
async def test_what_happened_before_the_rule_was_made_is_not_its_business(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.wait(30)
    spike(desk, "68120")
    await desk.alert("BTC > 68000")
    desk.wait(200)
    await desk.audit.look()
    assert desk.fired() == []


@story
async def test_a_symbol_that_is_watched_again_is_read_from_now_on(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    first = await desk.alert("BTC > 68000")
    desk.wait(120)
    await desk.audit.look()
    desk.alerts.remove(first.id, ANNA)
    desk.wait(30 * 86_400)
    await desk.alert("BTC > 68000")
    desk.wait(120)
    lines = len(desk.wire.lines)
    await desk.audit.look()
    assert desk.wire.lines[lines:] == [CANDLES]
    assert desk.fired() == []


@story
async def test_a_symbol_that_is_no_longer_listed_ends_its_rules_and_says_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rule = await desk.alert("ALPACA-USDT > 100")
    _delist(desk, Symbol("ALPACA-USDT"))
    desk.wait(3700)
    await desk.audit.look()
    assert desk.gone == [], "once may be a slip of the exchange's"
    desk.wait(3700)
    await desk.audit.look()
    assert [gone.id for gone in desk.gone] == [rule.id]
    assert desk.rule(rule).state is AlertState.GONE
    assert not desk.store.alerts.watched_symbols()


@story
async def test_an_empty_list_ends_no_rule_not_even_after_a_restart(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rules = [await desk.alert(line) for line in ("BTC > 68000", "ALPACA > 100", "XBTUSDTM > 900000")]
    desk.wire.instead[SYMBOLS] = JSONResponse({"code": "200000", "data": []})
    await _hours(desk, 3)
    desk.restart()
    await _hours(desk, 3)
    assert desk.gone == []
    assert {desk.rule(rule).state for rule in rules} == {AlertState.ARMED}


@story
async def test_a_list_that_lost_a_third_of_itself_ends_no_rule_and_candles_are_read_as_before(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rules = [await desk.alert(line) for line in ("BTC > 68000", "ALPACA > 100", "XBTUSDTM > 900000")]
    desk.wait(90)
    await desk.audit.look()
    shorter = JSONResponse(
        {"code": "200000", "data": await _symbols(desk, "SOL-USDT", "ETH-BTC", "KCS-BTC", "ETH-USDT")}
    )
    desk.wire.instead[SYMBOLS] = shorter
    await _hours(desk, 3)
    spike(desk, "68120")
    await _hours(desk, 1)
    assert desk.gone == []
    assert [desk.rule(rule).state for rule in rules] == [AlertState.DONE, AlertState.ARMED, AlertState.ARMED]


@story
async def test_each_venues_list_is_believed_for_itself(tmp_path: Path) -> None:
    """All contracts together are more than four fifths of what there was."""
    desk = Desk(tmp_path)
    rule = await desk.alert("BTC > 68000")
    gone = await desk.alert("ALPACA > 100")
    desk.wire.instead[CONTRACTS] = JSONResponse({"code": "200000", "data": []})
    _delist(desk, gone.question.symbol)
    await _hours(desk, 3)
    assert [each.id for each in desk.gone] == [gone.id]
    assert desk.rule(rule).alive


async def _symbols(desk: Desk, *names: str) -> list[object]:
    """What KuCoin tells of these pairs."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(desk.face.app), base_url="http://kucoin") as client:
        rows = (await client.get(SYMBOLS.removeprefix("GET "))).json()["data"]
    return [row for row in rows if row["symbol"] in names]


async def _hours(desk: Desk, count: int) -> None:
    for _ in range(count * 4):
        desk.wait(910)
        await desk.audit.look()


def _delist(desk: Desk, symbol: Symbol) -> None:
    desk.prices.instruments().pop(symbol)  # type: ignore[attr-defined]


async def told(desk: Desk, to: str) -> Decimal | None:
    """How far the price had moved within an hour, as the alert that this price fires tells."""
    desk.price(to)
    desk.tick(to)
    firing = desk.store.alerts.latest_firing(1)
    assert firing is not None
    return desk.alerts.told(firing.id, UTC).hour


async def hours(desk: Desk, minutes: int) -> None:
    """Candles are read as the bot's clock has them read."""
    for _ in range(minutes):
        desk.wait(60)
        await desk.audit.look()


@story
async def test_a_fired_alert_tells_how_far_the_price_moved_within_an_hour(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.price("64000")
    await desk.alert("BTC > 68000")
    await hours(desk, 40)
    desk.price("66000")
    await hours(desk, 40)
    assert await told(desk, "68160") == Decimal("0.065")


@story
async def test_a_rule_just_made_knows_the_hour_before_once_its_first_minute_was_read(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.price("64000")
    desk.wait(2 * 3600)
    await desk.alert("BTC > 68000")
    assert desk.audit.trails.change(BTC, Decimal(64000), desk.time()) is None
    await hours(desk, 2)
    assert desk.wire.lines.count(CANDLES) == 1, "the hour comes with the first minute"
    assert await told(desk, "68160") == Decimal("0.065")


@story
async def test_after_a_restart_the_hour_is_known_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.price("64000")
    await desk.alert("BTC > 68000")
    await hours(desk, 70)
    desk.restart()
    await hours(desk, 2)
    assert await told(desk, "68160") == Decimal("0.065")


@story
async def test_before_an_hour_is_known_no_change_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    assert await told(desk, "68160") is None


@story
async def test_what_a_candle_showed_tells_no_change(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await hours(desk, 70)
    spike(desk, "68120")
    await hours(desk, 2)
    firing = desk.store.alerts.latest_firing(1)
    assert firing is not None
    assert firing.late
    assert desk.alerts.told(firing.id, UTC).hour is None
