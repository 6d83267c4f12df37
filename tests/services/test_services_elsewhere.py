"""Orders made in KuCoin's app: each end is told to the owners once, by news or by the minute's look."""

import asyncio
from pathlib import Path

from chatbot.core.feed import OrderNews
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import Order, OrderStatus, OrderType
from chatbot.sandbox.orders import ExchangeOrder
from chatbot.services.elsewhere import OrdersElsewhere
from tests.sandbox.worlds import BTC
from tests.services.desk import ANNA, BEN, Desk, story


def _word(order: Order) -> str:
    end = "filled" if order.status is OrderStatus.FILLED else "cancelled"
    return f"{order.symbol} {end} {order.filled_size.normalize()}"


def _watch(desk: Desk) -> OrdersElsewhere:
    """As a start makes it."""
    return OrdersElsewhere(exchange=desk.connect(), store=desk.store, owners={ANNA.id}, word=_word, now=desk.time)


def _news(order: ExchangeOrder, symbol: Symbol = BTC) -> OrderNews:
    venue = Venue.SPOT if symbol == BTC else Venue.FUTURES
    return OrderNews(symbol=symbol, venue=venue, order_id=order.id, client_oid="", at=order.created_at)


async def _hears(watch: OrdersElsewhere, *news: OrderNews) -> None:
    for each in news:
        watch.hear(each)
    work = asyncio.create_task(watch.run())
    await asyncio.sleep(0.05)
    work.cancel()


@story
async def test_a_fill_is_told_as_soon_as_there_is_news_of_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    watch = _watch(desk)
    await watch.look()
    order = desk.elsewhere()
    await _hears(watch, _news(order))
    assert desk.letters() == [], "it rests"
    desk.price("59000")
    desk.wait(1)
    await _hears(watch, _news(order), _news(order))
    assert desk.letters() == ["BTC-USDT filled 0.001"]
    assert desk.letters(BEN.id) == [], "the account's owners alone"
    await _hears(watch, _news(order))
    await watch.look()
    assert desk.letters() == ["BTC-USDT filled 0.001"]


@story
async def test_a_look_that_comes_before_the_order_can_be_seen_does_not_forget_the_news(tmp_path: Path) -> None:
    desk = Desk(tmp_path, visible_after=1)
    watch = _watch(desk)
    await watch.look()
    desk.wait(60)
    order = desk.elsewhere(type=OrderType.MARKET, price=None)
    await _hears(watch, _news(order))
    await watch.look()
    assert desk.letters() == []
    desk.wait(60)
    await watch.look()
    assert desk.letters() == ["BTC-USDT filled 0.001"]


@story
async def test_without_the_feed_the_next_look_tells(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    watch = _watch(desk)
    order = desk.elsewhere()
    await watch.look()
    desk.exchange.cancel(order)
    desk.wait(1)
    await watch.look()
    await watch.look()
    assert desk.letters() == ["BTC-USDT cancelled 0"]


@story
async def test_a_restart_neither_repeats_nor_misses(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    first, second = desk.elsewhere(), desk.elsewhere()
    watch = _watch(desk)
    await watch.look()
    desk.exchange.cancel(first)
    desk.wait(1)
    await watch.look()
    desk.exchange.cancel(second)
    desk.wait(60)
    desk.elsewhere(type=OrderType.MARKET, price=None)
    desk.wait(60)
    after = _watch(desk)
    await after.look()
    await after.look()
    assert sorted(desk.letters()) == [
        "BTC-USDT cancelled 0",
        "BTC-USDT cancelled 0",
        "BTC-USDT filled 0.001",
    ], "also what came and went while it was off"


@story
async def test_what_had_ended_before_the_first_look_is_no_news(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.elsewhere(type=OrderType.MARKET, price=None)
    desk.wait(60)
    watch = _watch(desk)
    await watch.look()
    watch.missed()
    await watch.look()
    assert desk.letters() == []


@story
async def test_what_ended_in_a_gap_is_looked_for(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    watch = _watch(desk)
    await watch.look()
    desk.wait(60)
    desk.elsewhere(type=OrderType.MARKET, price=None)
    desk.position(lots=1)
    desk.wait(1)
    await watch.look()
    assert desk.letters() == [], "nobody looks among all ended orders each minute"
    watch.missed()
    await watch.look()
    assert sorted(desk.letters()) == ["BTC-USDT filled 0.001", "XBTUSDTM filled 1"]


@story
async def test_our_own_orders_are_told_on_their_cards_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    watch = _watch(desk)
    await watch.look()
    ticket = await desk.order("buy btc 0.01 @ 60000")
    ours = desk.at_kucoin(ticket)
    assert ours is not None
    desk.price("59000")
    desk.wait(1)
    await _hears(watch, _news(ours))
    watch.missed()
    await watch.look()
    assert desk.letters() == []


@story
async def test_what_a_kill_cancels_stands_on_its_card(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    watch = _watch(desk)
    order = desk.elsewhere()
    await watch.look()
    desk.kill()
    desk.exchange.cancel(order)
    desk.wait(1)
    before = desk.letters()
    await watch.look()
    assert desk.letters() == before


@story
async def test_an_order_that_could_not_be_looked_up_is_looked_up_later(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    watch = _watch(desk)
    await watch.look()
    order = desk.elsewhere(type=OrderType.MARKET, price=None)
    line = f"GET /spot/api/v1/hf/orders/{order.id}"
    desk.wire.broken.add(line)
    await _hears(watch, _news(order))
    assert line in desk.wire.lines
    assert desk.letters() == []
    desk.wire.broken.clear()
    await watch.look()
    assert desk.letters() == ["BTC-USDT filled 0.001"]


@story
async def test_what_became_of_our_own_stop_order_under_other_numbers_is_not_told_as_made_elsewhere(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path)
    watch = _watch(desk)
    await watch.look()
    order = desk.elsewhere(remark="cb0123456789abcdef01")
    desk.price("59000")
    desk.wait(1)
    await _hears(watch, _news(order))
    await watch.look()
    assert desk.letters() == []
