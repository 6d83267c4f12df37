"""Several people at one desk, on the whole bot: news in topics, tickets that know of each other, /log, /status."""

import asyncio
from pathlib import Path

from chatbot.sandbox.telegram_values import ChatMessage
from chatbot.sandbox.world import DESK, OWNER, TRADER
from tests.playground import Playground, Talk, playing
from tests.test_alert_stories import listening, move


def _topic(ground: Playground) -> int:
    """The one that stands beside General."""
    return next(iter(ground.sandbox.telegram.chats.room(DESK).topics))


async def _says(talk: Talk, text: str, topic: int | None, *words: str) -> ChatMessage:
    talk.phone.write(text, thread_id=topic)
    return await talk.reads(*words)


def test_an_order_made_in_a_private_chat_is_told_in_the_topic_of_orders(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            group, trader = ground.talk(OWNER.user, DESK), ground.talk(TRADER.user)
            topic = _topic(ground)
            told = await _says(group, "/here orders", topic, "From now on here", "orders")
            assert told.thread_id == topic
            await trader.asks("/buy btc 50usdt", "Ticket T-1")
            await trader.presses("Confirm")
            news = await group.shows("Ticket T-1", "Filled", f"Asked by {TRADER.user.first_name}")
            assert news.thread_id == topic
            assert news.keyboard == (), "nothing to tap for those who only hear of it"
            card = await trader.shows("Ticket T-1", "Filled")
            assert card.thread_id is None

    asyncio.run(story())


def test_an_alert_made_in_general_fires_in_the_topic_of_alerts_and_at_large_once_that_is_deleted(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            group, topic = ground.talk(OWNER.user, DESK), _topic(ground)
            await _says(group, "/here alerts", topic, "From now on here", "alerts")
            await _says(group, "/alert BTC > 68000", None, "#1")
            await _says(group, "/alert BTC > 69000", None, "#2")
            await listening(ground)
            move(ground, "68100")
            fired = await group.reads("BTC crossed above 68,000", f"by {OWNER.user.first_name}")
            assert fired.thread_id == topic
            del ground.sandbox.telegram.chats.room(DESK).topics[topic]
            move(ground, "69100")
            fired = await group.reads("BTC crossed above 69,000")
            assert fired.thread_id is None, "nothing is lost with a topic"

    asyncio.run(story())


def test_two_people_see_each_others_tickets_before_they_do_the_same_thing(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            trader = ground.talk(TRADER.user)
            first = await trader.asks("/buy btc 50usdt", "Ticket T-1")
            await ground.owner.asks(
                "/buy btc 60usdt", "Ticket T-2", f"{TRADER.user.first_name} has an open BTC ticket", "buy, T-1"
            )
            await trader.sees(first, f"{OWNER.user.first_name} has an open BTC ticket", "later): buy, T-2")
            await trader.presses("Confirm buy")
            await trader.sees(first, "Filled")

    asyncio.run(story())


def test_the_log_and_the_status_turn_their_pages_in_place(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            owner = ground.owner
            for number in range(9):
                await owner.asks(f"/alert BTC > {70000 + number}", f"#{number + 1}")
            page = await owner.asks("/log", "Log", "alert: #9")
            await owner.presses("Older")
            await owner.sees(page, "alert: #1 ")
            card = await owner.asks("/status", "Telegram ok", "KuCoin ok", "Feeds", "Up", "db")
            await owner.presses("Details")
            await owner.sees(card, "strangers turned away 0", "spot prices up")
            await owner.presses("Less")
            await owner.sees(card, "queue")

    asyncio.run(story())
