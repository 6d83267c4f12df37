"""Paper mode: real prices, an account of our own that outlives crashes, and not one signed call to KuCoin."""

import asyncio
import json
import os
import stat
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.core.account import AccountKind
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import OrderSpec, OrderType, Side, TicketState
from chatbot.kucoin.account import Account
from chatbot.kucoin.clock import ExchangeClock
from chatbot.kucoin.orders import Orders
from chatbot.kucoin.rest import App, Host, Rest
from chatbot.paper import START, ObservedMarket, OnPaper, Paper
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.faults import Fault
from chatbot.services.exchange import Exchange
from chatbot.store.database import Damaged
from tests.services.desk import Desk, story

BTC = Symbol("BTC-USDT")


class PaperDesk(Desk):
    """The desk in paper mode: at the other end of the wire is the market, not the account."""

    @property
    def account_file(self) -> Path:
        return self.path.with_suffix(".paper.json")

    def connect(self) -> Exchange:
        self.asks_by = None
        spot, futures = self.hosts()
        self.paper = Paper(self.account_file, self.time)
        own = self.own_hosts(self.paper)
        exchange = Exchange(
            market=ObservedMarket(spot, futures, self.paper.prices), account=Account(*own), orders=Orders(*own)
        )
        self.on_paper = OnPaper(self.paper, exchange)
        return exchange

    def own_hosts(self, paper: Paper) -> tuple[Rest, Rest]:
        clock, pools = ExchangeClock(self.time), self.pools()
        spot, futures = (
            Rest(paper.host(venue), clock=clock, pools=pools, sleep=self.sleep) for venue in (Venue.SPOT, Venue.FUTURES)
        )
        return spot, futures

    def kept(self) -> str:
        return self.account_file.read_text()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[PaperDesk]:
    desk = PaperDesk(tmp_path)
    yield desk
    desk.stop()


@story
async def test_a_new_account_holds_some_dollars_in_trade(desk: PaperDesk) -> None:
    held = [(b.kind, b.currency, b.available) for b in await desk.kucoin.account.balances() if b.total]
    assert held == [(AccountKind.TRADE, "USDT", START)]
    assert await desk.portfolio.positions() == ()


@pytest.mark.parametrize("line", ["buy btc 100usdt", "buy btc 0.001 @ 68000"])
@story
async def test_a_paper_order_fills_at_the_markets_price_and_nothing_signed_leaves(desk: PaperDesk, line: str) -> None:
    ticket = await desk.order(line)
    quote = desk.prices.quote(BTC)
    assert quote is not None
    assert ticket.state is TicketState.FILLED
    assert ticket.executed.funds / ticket.executed.size == quote.ask
    assert ticket.executed.fee > 0
    await desk.portfolio.wealth()
    await desk.cancelling.open_orders()
    await desk.killswitch.sweep(desk.kill())
    assert desk.found().swept_at is not None
    assert desk.wire.signed == []
    assert desk.posts == 0
    assert desk.exchange.orders == {}
    assert any("level1" in asked for asked in desk.wire.lines)


@story
async def test_the_account_is_the_same_after_a_restart(desk: PaperDesk) -> None:
    await desk.order("buy btc 100usdt")
    resting = await desk.order("sell btc 0.0005 @ 90000")
    before = await desk.kucoin.account.balances()
    desk.restart()
    assert await desk.kucoin.account.balances() == before
    catalogue = await desk.markets.catalogue()
    assert len(await desk.portfolio.fills([catalogue.find("btc")])) == 1
    (order,) = await desk.cancelling.open_orders()
    assert order.order_id == resting.order_id
    await desk.cancelling.cancel("T-2")
    assert desk.state(resting) is TicketState.CANCELED
    desk.restart()
    assert await desk.cancelling.open_orders() == ()


@story
async def test_an_order_is_on_the_disk_before_its_answer_is_given(desk: PaperDesk) -> None:
    await desk.propose("buy btc 100usdt")
    seen: list[str] = []
    host = desk.paper.host(Venue.SPOT)
    assert host.app is not None
    watched = Host(url=host.url, venue=host.venue, credentials=host.credentials, app=_watched(desk, host.app, seen))
    spot = Rest(watched, clock=ExchangeClock(desk.time), pools=desk.pools(), sleep=desk.sleep)
    spec = OrderSpec(
        client_oid="cb1",
        symbol=BTC,
        venue=Venue.SPOT,
        side=Side.BUY,
        type=OrderType.MARKET,
        size=None,
        funds=Decimal(100),
        price=None,
    )
    order_id = await Orders(spot, spot).place(spec)
    assert order_id in seen[-1]
    crashed = Paper(desk.account_file, desk.time)
    assert order_id in crashed.exchange.orders
    assert crashed.exchange.accounts.available(Pocket.TRADE, "USDT") <= START - 99
    assert crashed.exchange.snapshot() == desk.paper.exchange.snapshot()


def _watched(desk: PaperDesk, app: App, seen: list[str]) -> App:
    """Notes what the account's file holds when an answer begins to leave."""

    async def watch(scope, receive, send):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - ASGI
        async def note(message):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            if message["type"] == "http.response.start":
                seen.append(desk.kept())
            await send(message)

        await app(scope, receive, note)

    return watch


@story
async def test_a_crash_between_order_and_answer_finds_the_order_at_the_next_start(desk: PaperDesk) -> None:
    ticket = await desk.confirm(await desk.propose("buy btc 0.001 @ 60000"))
    await desk.kucoin.orders.place(ticket.spec)
    desk.restart()
    desk.reconciler.recover()
    await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.OPEN


@story
async def test_the_account_is_readable_by_its_owner_alone(desk: PaperDesk) -> None:
    mask = os.umask(0)
    try:
        await desk.order("buy btc 100usdt")
    finally:
        os.umask(mask)
    assert stat.S_IMODE(desk.account_file.stat().st_mode) == 0o600
    assert [p.name for p in desk.path.parent.iterdir() if p.name.endswith(".new")] == []


@story
async def test_questions_do_not_write(desk: PaperDesk) -> None:
    await desk.order("buy btc 100usdt")
    before = desk.account_file.stat()
    await desk.portfolio.wealth()
    await desk.cancelling.open_orders()
    await desk.on_paper.refresh()
    after = desk.account_file.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@story
async def test_nothing_is_written_before_anything_is_asked_of_the_account(desk: PaperDesk) -> None:
    await desk.markets.catalogue()
    assert not desk.account_file.exists()
    await desk.kucoin.account.balances()
    assert desk.account_file.exists()


@story
async def test_what_a_crash_left_half_written_is_written_over(desk: PaperDesk) -> None:
    await desk.order("buy btc 100usdt")
    half = desk.account_file.with_name(desk.account_file.name + ".new")
    half.write_text('{"wallets": [')
    desk.restart()
    assert (await desk.order("buy btc 100usdt")).state is TicketState.FILLED
    assert not half.exists()
    assert len(json.loads(desk.kept())["orders"]) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '{"wallets": 5}'])
@story
async def test_a_damaged_account_is_named_and_left_as_it_is(desk: PaperDesk, text: str) -> None:
    desk.account_file.write_text(text)
    with pytest.raises(Damaged, match=r"chatbot\.paper\.json"):
        Paper(desk.account_file, desk.time)
    assert desk.kept() == text


@story
async def test_what_rests_fills_when_the_market_reaches_it(desk: PaperDesk) -> None:
    ticket = await desk.order("buy btc 0.001 @ 60000")
    desk.price("59990")
    await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.OPEN
    await desk.on_paper.refresh()
    assert not Paper(desk.account_file, desk.time).exchange.orders[ticket.order_id].active
    await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.FILLED


@story
async def test_what_rests_is_followed_after_a_restart_though_nobody_asks_anything(desk: PaperDesk) -> None:
    ticket = await desk.order("buy btc 0.001 @ 60000")
    desk.restart()
    desk.price("59990")
    await desk.on_paper.refresh()
    await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.FILLED


@story
async def test_without_resting_orders_the_market_is_not_asked(desk: PaperDesk) -> None:
    await desk.order("buy btc 100usdt")
    desk.restart()
    asked = len(desk.wire.lines)
    await desk.on_paper.refresh()
    assert len(desk.wire.lines) == asked


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.GARBAGE])
@story
async def test_a_market_that_cannot_be_read_is_met_later(desk: PaperDesk, fault: Fault) -> None:
    ticket = await desk.order("buy btc 0.001 @ 60000")
    desk.price("59990")
    desk.switch(fault)
    await desk.on_paper.refresh()
    assert desk.state(ticket) is TicketState.OPEN
    desk.faults.clear()
    await desk.on_paper.refresh()
    await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.FILLED


@story
async def test_paper_money_runs_out_like_any_other(desk: PaperDesk) -> None:
    await asyncio.gather(*(desk.order("buy btc 400usdt") for _ in range(2)))
    with pytest.raises(Exception, match="Trade has"):
        await desk.propose("buy btc 400usdt")
