"""Handlers of /chart before a sandbox KuCoin, with the painter's own process."""

import asyncio
from pathlib import Path

import pytest

from chatbot.chat.charts import ChartHandlers
from chatbot.chat.messages import Message
from chatbot.core.notices import Letter
from chatbot.services.charts import Charts
from chatbot.services.exchange import Exchange
from tests.chat.desk import ANNA, BEN, CARA, Desk, open_desk
from tests.kucoin.test_against_sandbox import bot_of
from tests.sandbox.kucoin_caller import World

PNG = b"\x89PNG\r\n\x1a\n"


def _only(letters: list[Letter]) -> Letter:
    (letter,) = letters
    return letter


def test_a_chart_is_asked_for_in_any_order_and_an_hour_is_what_is_meant(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            for line, headline in {
                "/chart btc": "<b>BTC-USDT</b> 1h",
                "/chart 4H BTC/USDT": "<b>BTC-USDT</b> 4h",
                "/chart xbtusdtm 1w": "<b>XBTUSDTM</b> 1w",
                "/chart 1inch 15m": "No 1INCH on KuCoin",
            }.items():
                said = await desk.says(CARA, line)
                assert said.text.startswith(headline), said.text
            assert desk.drawing_for == [CARA.id] * 3  # none is on its way of what is not there

    asyncio.run(story())


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("BTC ETH", "One symbol and one timeframe at a time."),
        ("BTC 1h 4h", "One symbol and one timeframe at a time."),
        ("BTC 1M", "I draw 1m, 5m, 15m, 1h, 4h, 1d, 1w."),
        ("BTC 2h", "I draw 1m, 5m, 15m, 1h, 4h, 1d, 1w."),
        ("BTC 999999999999999999999h", "I draw 1m, 5m, 15m, 1h, 4h, 1d, 1w."),
        ("BTC 1һ", "One symbol and one timeframe at a time."),
        ("<b>", "That is not a symbol."),
    ],
)
def test_what_cannot_be_drawn_gets_a_sentence_and_an_example(tmp_path: Path, line: str, answer: str) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            said = await desk.says(CARA, f"/chart {line}")
            assert said.text.startswith(answer)
            assert "Example: <code>/" in said.text

    asyncio.run(story())


def test_without_a_symbol_the_first_of_the_watchlist_is_drawn_else_it_asks(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            asked = _only((await desk.says(CARA, "/chart 1d")).letters)
            assert asked.text == "A chart of what?"
            (picture,) = (letter for letter in (await desk.taps(CARA, asked, "ETH")).letters if letter.picture)
            assert picture.text.startswith("<b>ETH-USDT</b> 1d")
            await desk.says(CARA, "/watch SOL BTC")
            assert (await desk.says(CARA, "/chart 5m")).text.startswith("<b>SOL-USDT</b> 5m")

    asyncio.run(story())


def test_a_timeframe_exchanges_the_picture_and_refresh_does_so_even_when_no_word_changed(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            card = _only((await desk.says(CARA, "/chart btc")).letters)
            assert card.picture is not None
            edit = _only((await desk.taps(CARA, card, "4h")).letters)
            assert (edit.edits, edit.text.split("\n")[0]) == (card.id, "<b>BTC-USDT</b> 4h   <b>67,412.3</b>")
            again = _only((await desk.taps(CARA, edit, "Refresh")).letters)
            assert (again.edits, again.text) == (card.id, edit.text)
            assert again.picture not in (None, edit.picture)

    asyncio.run(story())


def test_from_a_price_the_picture_is_a_message_of_its_own(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            price = _only((await desk.says(CARA, "/price btc")).letters)
            picture = _only((await desk.taps(CARA, price, "Chart")).letters)
            assert picture.edits is None
            assert picture.picture is not None
            assert picture.text.startswith("<b>BTC-USDT</b> 1h")

    asyncio.run(story())


def test_own_alerts_orders_and_positions_are_drawn_but_none_of_the_account_in_a_group(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            await desk.says(ANNA, "/alert btc > 68000")
            await desk.says(BEN, "/alert btc > 69000")
            await desk.says(BEN, "/alert btc > 70000")
            ticket = _only((await desk.says(ANNA, "/buy btc 0.001 @ 66000")).letters)
            tapped = await desk.taps(ANNA, ticket, "Confirm")
            await desk.finish(tapped)
            assert (await desk.says(ANNA, "/chart btc")).text.endswith("With 1 alert, 1 order")
            assert (await desk.says(BEN, "/chart btc")).text.endswith("With 2 alerts, 1 order")
            assert "your long" in (await desk.says(ANNA, "/chart XBTUSDTM")).text
            said = await desk.says(ANNA, "/chart btc", group=True)
            assert said.text.endswith("With 1 alert\nOrders and positions are not shown in a group.")

    asyncio.run(story())


def test_where_nothing_can_be_drawn_it_says_how_to_change_that(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            handlers = ChartHandlers(
                charts=_charts(desk),
                easel=None,
                watchlists=desk.services.watchlists,
                zone=desk.services.manners.zone_of,
                busy=_never,
            )
            message = Message(
                person=CARA, chat_id=CARA.id, private=True, thread_id=None, message_id=1, update_id=1, command="chart",
                text="BTC",
            )  # fmt: skip
            reply = await handlers.chart(message)
            assert "kucoin-chatbot[charts]" in reply.text
            assert not reply.picture

    asyncio.run(story())


def _charts(desk: Desk) -> Charts:
    bot = bot_of(World())
    exchange = Exchange(market=bot.market, account=bot.account, orders=bot.orders)
    return Charts(exchange=exchange, markets=desk.services.markets, store=desk.store, now=desk.clock)


async def _never(_: int, __: int | None) -> None:
    raise AssertionError("nothing is on its way")
