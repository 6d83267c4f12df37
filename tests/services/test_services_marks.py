"""How far candles count as read: late candles, silent minutes, and a clock that somebody set."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from starlette.responses import JSONResponse

from chatbot.core.market import Candle, Instrument, Venue
from chatbot.core.symbols import Catalogue
from chatbot.services.auditing import CandleAudit
from chatbot.services.marks import AGAIN, REACH, Marks
from chatbot.services.replaying import Replaying
from tests.sandbox.worlds import BTC
from tests.services.desk import Desk, story
from tests.services.test_unreadable import CANDLES, ETH, asked, jobs, looks, spike

HOUR = timedelta(hours=1)
SILENT = JSONResponse({"code": "200000", "data": []})


class Late:
    """The desk's candles, each to be had `lag` after its minute's end; none of a minute without a trade."""

    def __init__(self, desk: Desk, *, lag: float = 0) -> None:
        self._desk = desk
        self._lag = timedelta(seconds=lag)
        self.silent = False

    async def catalogue(self) -> Catalogue:
        return await self._desk.markets.catalogue()

    async def candles(self, instrument: Instrument, start: datetime, end: datetime) -> tuple[Candle, ...]:
        found = await self._desk.markets.candles(instrument, start, end)
        there = self._desk.time() - self._lag - timedelta(minutes=1)
        return tuple(c for c in found if c.start <= there and not (self.silent and c.open == c.high == c.low))


class Host:
    """A machine whose clock is `ahead` of the exchange's."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return self._desk.time() + self.ahead


def ask(desk: Desk, source: Late, now: Host | None = None) -> None:
    """From now on the looks of the desk are at these candles."""
    desk.audit = CandleAudit(
        markets=source,
        store=desk.store,
        lookout=desk.lookout,
        replaying=Replaying(store=desk.store, teller=desk.teller, lookout=desk.lookout),
        gone=desk.gone.append,
        now=now or desk.time,
    )


@pytest.mark.parametrize("lag", [0, 20, 50, 110])
@story
async def test_a_candle_that_is_published_late_is_read_all_the_same_and_once(tmp_path: Path, lag: int) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await desk.alert("BTC > 68001 every 1m")
    await desk.alert("BTC +1% 2m every 1m")
    ask(desk, Late(desk, lag=lag))
    await looks(desk, 4)
    desk.audit.missed([BTC])
    spike(desk)
    desk.audit.missed([BTC])
    await looks(desk, 6)
    assert sorted(line.split()[0] + line.split()[2] for line in desk.fired()) == ["1·1candle", "2·1candle", "3·1candle"]


@story
async def test_a_minute_without_a_trade_is_believed_after_a_while_and_asked_for_once_a_minute(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("ETH > 900000")
    desk.wire.instead[CANDLES] = SILENT
    await looks(desk, 10)
    assert asked(desk) in (9, 10)
    assert timedelta(minutes=3) <= desk.time() - desk.store.alerts.audited_all()[ETH] <= timedelta(minutes=4.5)


@story
async def test_a_trade_proves_that_the_minutes_before_it_had_none(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    source = Late(desk)
    source.silent = True
    ask(desk, source)
    await looks(desk, 6)
    spike(desk)
    desk.wait(60)
    await desk.audit.look()
    assert desk.time() - desk.store.alerts.audited_all()[BTC] < timedelta(seconds=90)


@story
async def test_a_symbol_nobody_trades_makes_no_restart_a_day_off_and_no_blindness_endless(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("ETH > 900000")
    desk.wire.instead[CANDLES] = SILENT
    await jobs(desk, 10)
    desk.restart()
    desk.wire.instead[CANDLES] = SILENT
    await jobs(desk, 10)
    assert desk.letters() == []
    desk.feed.fall()
    desk.wire.broken.add("GET /spot/api/v1/market/allTickers")
    await jobs(desk, 3)
    desk.feed.rise()
    await jobs(desk, 6)
    assert [text.split()[0] for text in desk.letters()] == ["blind", "back"]


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("ahead", [HOUR, -HOUR, 26 * HOUR])
@story
async def test_a_clock_that_was_set_wrong_for_some_minutes_hides_no_crossing(
    tmp_path: Path, ahead: timedelta, silent: bool
) -> None:
    """The host's clock was set; ten minutes later KuCoin's is asked for, and it is right again."""
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await desk.alert("BTC > 68100")
    host, source = Host(desk), Late(desk)
    source.silent = silent
    ask(desk, source, host)
    await looks(desk, 3)
    host.ahead = ahead
    await looks(desk, 2)
    spike(desk, "68050")
    await looks(desk, 7)
    host.ahead = timedelta(0)
    await looks(desk, 2)
    spike(desk)
    await looks(desk, 5)
    assert [line.split()[0] for line in desk.fired()] == ["1·1", "2·1"]
    assert desk.store.alerts.audited_all()[BTC] <= desk.time()


@pytest.mark.parametrize("silent", [False, True])
@story
async def test_no_mark_is_set_that_the_exchange_does_not_prove(tmp_path: Path, silent: bool) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    host, source = Host(desk), Late(desk)
    source.silent = silent
    ask(desk, source, host)
    await looks(desk, 3)
    host.ahead = HOUR
    await looks(desk, 8)
    assert desk.store.alerts.audited_all()[BTC] <= desk.time()


@story
async def test_a_mark_from_the_future_is_taken_back_when_it_is_seen(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    await looks(desk, 3)
    spike(desk)
    desk.store.alerts.mark_audited(BTC, Venue.SPOT, desk.time().replace(second=0) + AGAIN)
    desk.wait(60)
    read = desk.audit.read_until([BTC])
    assert read is not None
    assert read < desk.time()
    await desk.audit.look()
    assert desk.fired() == ["1·1 68500 candle"]


@story
async def test_what_is_older_than_a_firing_is_kept_is_not_asked_for(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.alert("BTC > 68000")
    now = desk.time().replace(second=0)
    desk.store.alerts.mark_audited(BTC, Venue.SPOT, now - 2 * REACH)
    desk.wait(9)
    assert Marks(desk.store, desk.time).all(now)[BTC] == now - REACH
    assert desk.audit.read_last([BTC]) == now - 2 * REACH
