"""Alerts from tick to phone: the sandbox's KuCoin and Telegram, the bot that `run` starts, and the feed's faults."""

import asyncio
import itertools
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from chatbot.core.feed import Channel
from chatbot.core.market import Symbol, Venue
from chatbot.sandbox.faults import Fault
from chatbot.sandbox.telegram_refusals import TelegramRefusal
from chatbot.sandbox.telegram_values import ChatMessage
from tests.playground import Ahead, Playground, eventually, playing, running, sandbox_and_people

BTC = Symbol("BTC-USDT")
MINUTE = timedelta(minutes=1)


def move(ground: Playground, to: str) -> None:
    ground.sandbox.prices.move(BTC, Decimal(to))


async def trade(ground: Playground) -> None:
    """For ever, ten cents up and down."""
    for price in itertools.cycle(("68100.1", "68100.2")):
        move(ground, price)
        await asyncio.sleep(0.3)


async def spike(ground: Playground, to: str, clock: Ahead) -> None:
    """There and back, and two minutes later."""
    move(ground, to)
    clock.pass_time(timedelta(seconds=5))
    move(ground, "67412.3")
    clock.pass_time(2 * MINUTE)


def labels(message: ChatMessage) -> list[str]:
    return [b.text for row in message.keyboard for b in row]


async def listening(ground: Playground) -> None:
    """Until the bot hears BTC's prices: a fault before that would be another story."""
    sockets = ground.sandbox.sockets
    await eventually(lambda: "/market/ticker:BTC-USDT" in sockets.topics(Venue.SPOT, Channel.PUBLIC))


def test_an_alert_goes_from_words_to_the_phone_and_can_be_acted_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            card = await ground.owner.asks("/alert btc > 68000 note resistance", "#1 BTC crosses above 68,000")
            assert "Delete" in labels(card)
            move(ground, "68012.4")
            told = await ground.owner.reads("BTC crossed above 68,000", "68,012.4", "resistance")
            assert {"Snooze 1h", "Delete", "Buy", "Sell"} <= set(labels(told))
            await ground.owner.presses("Snooze")
            await ground.owner.sees(told, "quiet until")
            await ground.owner.asks("/why 1", "#1")

    asyncio.run(story())


def test_an_order_attached_to_an_alert_comes_as_a_ticket_and_waits_for_the_tap(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            await ground.owner.asks("/alert BTC < 67000 buy 0.001 @ 66000", "#1")
            move(ground, "66990")
            alert = await ground.owner.reads("BTC crossed below 67,000")
            ticket = await ground.owner.reads("Ticket T-1", "66,000")
            assert ticket.replies_to is not None
            assert ticket.replies_to.id == alert.id
            assert labels(ticket) == ["Confirm buy", "Cancel"]
            assert ground.sandbox.exchange.posts == []

    asyncio.run(story())


def test_a_fill_is_pushed_by_the_feed_as_a_reply_to_its_ticket(tmp_path: Path) -> None:
    async def story() -> None:
        clock = Ahead()
        async with playing(tmp_path, now=clock) as ground:
            card = await ground.owner.asks("/buy btc 0.001 @ 66000", "Ticket T-1")
            await ground.owner.presses("Confirm")
            await ground.owner.sees(card, "in the order book")
            await asyncio.sleep(3.1)  # on a card somebody still looks at, a fill does not ring
            move(ground, "65900")
            ground.sandbox.exchange.advance()
            news = await ground.owner.reads("T-1", "Filled")
            assert news.replies_to is not None
            assert news.replies_to.id == card.id

    asyncio.run(story())


def test_while_the_feed_is_cut_prices_are_asked_for_and_the_status_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            await ground.owner.asks(
                "/alert BTC > 68000 every 1h", "#1"
            )  # that it told once is no reason to stop listening
            await listening(ground)
            ground.sandbox.faults.switch(Fault.FEED_DROP, on=True)
            await ground.owner.asks_until("/status", "spot prices down")
            move(ground, "68100")
            await ground.owner.reads("BTC crossed above 68,000")
            ground.sandbox.faults.switch(Fault.FEED_DROP, on=False)
            market = asyncio.create_task(trade(ground))  # a feed that was blamed is believed when it tells a price
            await ground.owner.asks_until("/status", "Feeds 3 of 3")
            market.cancel()

    asyncio.run(story())


def test_what_crossed_while_the_feed_was_mute_is_told_late_with_its_minute(tmp_path: Path) -> None:
    async def story() -> None:
        clock = Ahead()
        async with playing(tmp_path, now=clock) as ground:
            await ground.owner.asks("/alert BTC > 68000", "#1")
            await listening(ground)
            # The candle of the minute in which a rule was made may tell of a time before the rule.
            clock.pass_time(MINUTE)
            ground.sandbox.faults.switch(Fault.FEED_STALL, on=True)
            await spike(ground, "68120", clock)
            ground.owner.write("/balance")  # a signed call finds out that the clock went on
            late = await ground.owner.reads("BTC crossed above 68,000", "late", "68,120")
            assert "in the minute" in late.text

    asyncio.run(story())


def test_rubbish_and_repeated_prices_on_the_feed_fire_nothing_false_and_hide_nothing_true(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            await ground.owner.asks("/alert BTC > 68000", "#1")
            await ground.owner.asks("/alert BTC < 60000", "#2")
            await listening(ground)
            for fault in (Fault.FEED_GARBAGE, Fault.FEED_REGRESS):
                ground.sandbox.faults.switch(fault, on=True)
            move(ground, "67900")
            await asyncio.sleep(1)
            move(ground, "68010")
            await ground.owner.reads("BTC crossed above 68,000", "68,010")
            assert not any("below 60,000" in m.text and "crossed" in m.text for m in ground.owner.answers)

    asyncio.run(story())


def test_a_bot_that_was_off_tells_what_crossed_meanwhile_and_that_it_was_away(tmp_path: Path) -> None:
    async def story() -> None:
        clock = Ahead()
        async with sandbox_and_people(tmp_path, now=clock) as ground:
            async with running(ground.settings):
                await ground.owner.asks("/alert BTC > 68000", "#1")
            clock.pass_time(timedelta(hours=3))
            await spike(ground, "68500", clock)
            clock.pass_time(timedelta(hours=5))
            async with running(ground.settings):
                await ground.owner.shows("BTC crossed above 68,000", "late", "68,500")
                await ground.owner.shows("I was off for 8 h", "1 late alert")

    asyncio.run(story())


def test_alerts_that_waited_for_telegram_arrive_together_and_none_is_lost(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            for level in range(68_000, 68_020):
                await ground.owner.asks(f"/alert BTC > {level}", "crosses above")
            refusal = TelegramRefusal(502, "Bad Gateway")
            for method in ("sendMessage", "getMe"):
                ground.sandbox.telegram.troubles.refuse(method, refusal, times=2)
            move(ground, "69000")
            told = await ground.owner.reads("20 alerts", "#1·1", "#20·1")
            assert sum("crossed above" in m.text for m in ground.owner.answers) == 1
            assert "Alerts" in " ".join(labels(told))

    asyncio.run(story())
