"""Stop, post-only, IOC and FOK orders as a phone types, taps and reads them."""

import asyncio
from pathlib import Path

import pytest

from chatbot.core.notices import Letter, Subject
from chatbot.core.orders import TicketState
from tests.chat.desk import BEN, Desk, open_desk
from tests.chat.shown import visible

FORMS = {
    "/sell btc 2% stop 60000": ["SELL BTC-USDT, stop-market", "stop 60,000.0, then market", "11.0 % above the stop"],
    "/sell btc 0.001 @ 59900 stop 60000": ["stop-limit", "then limit 59,900.0", "Limit 0.17 % below the stop"],
    "/sell btc 0.001 stop 60000 ioc @59900": ["stop-limit IOC", "IOC: what is not there at once is cancelled."],
    "/buy btc 50usdt stop 70000": ["BUY BTC-USDT, stop-market", "below the stop", "The USDT must be in Trade"],
    "/buy btc 0.001 @ 60000 post": ["BUY BTC-USDT, limit post-only", "Only waits in the book"],
    "/buy btc 0.001 @ 67500 fok": ["BUY BTC-USDT, limit FOK", "FOK: all of it at once, or none."],
}
NONSENSE = {
    "/buy btc 0.001 post": "/buy btc 0.001 @ 60000 post",
    "/buy btc 0.001 @ 60000 post ioc": "/buy btc 0.001 @ 60000 post",
    "/buy btc 0.001 @ 60000 ioc fok": "/buy btc 0.001 @ 60000 ioc",
    "/sell btc 0.001 stop": "/sell btc 0.001 stop 60000",
    "/sell btc 0.001 stop 70000": "/sell BTC-USDT 0.001 @ 70000",
    "/buy btc 0.001 stop 60000": "/buy BTC-USDT 0.001 @ 60000",
    "/buy btc 0.001 @ 67500 post": "/buy BTC-USDT 0.001 @ 67500",
    "/sell btc 0.001 @ 60000 stop 61000 post": "/sell btc 0.001 stop 61000",
}


async def placed(desk: Desk, line: str) -> Letter:
    """Typed and confirmed; the card as it stands then."""
    (card,) = (await desk.says(BEN, line)).letters
    said = await desk.taps(BEN, card, "Confirm")
    return (await desk.finish(said))[-1]


def stand_at(desk: Desk, factor: str) -> None:
    desk.move_btc(factor)
    desk.clock.advance(60)
    desk.sandbox.advance()


@pytest.mark.parametrize("line", FORMS)
def test_every_form_becomes_a_card_that_says_what_it_will_do(tmp_path: Path, line: str) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (card,) = (await desk.says(BEN, line)).letters
            assert card.subject is Subject.TICKET, card.text
            for words in FORMS[line]:
                assert words in visible(card.text)
            assert [b.text.split()[0] for row in card.buttons for b in row] == ["Confirm", "Cancel"]

    asyncio.run(story())


@pytest.mark.parametrize("line", NONSENSE)
def test_nonsense_gets_a_sentence_and_a_line_that_is_taken(tmp_path: Path, line: str) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, ORDER_MAX_NOTIONAL="1000") as desk:
            said = await desk.says(BEN, line)
            example = NONSENSE[line]
            assert example in visible(said.text)
            assert desk.rows("SELECT count(*) FROM tickets") == [(0,)]
            (card,) = (await desk.says(BEN, example)).letters
            assert card.subject is Subject.TICKET, card.text

    asyncio.run(story())


def test_a_stop_order_waits_fires_and_is_told(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            card = await placed(desk, "/sell btc 0.001 stop 60000")
            assert "Waits on KuCoin until the market falls to the stop." in card.text
            listed = await desk.says(BEN, "/orders")
            assert "T-1  BTC-USDT sell 0.001, stop 60,000" in visible(listed.text)
            stand_at(desk, "0.88")
            await desk.services.reconciler.follow()
            edit, news = desk.delivered()
            assert edit.edits is not None
            assert news.follows is not None
            assert visible(edit.text) == visible(news.text)
            assert "The stop at 60,000.0 fired." in edit.text
            assert "Filled 0.001 BTC" in edit.text

    asyncio.run(story())


@pytest.mark.parametrize("way", ["button", "command", "all"])
def test_one_that_waits_is_cancelled_by_its_button_and_by_its_name(tmp_path: Path, way: str) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            card = await placed(desk, "/sell btc 0.001 @ 59900 stop 60000")
            if way == "button":
                said = await desk.taps(BEN, card, "Cancel order")
                assert said.toast is not None
                assert said.toast.text == "T-1 is cancelled."
            else:
                said = await desk.says(BEN, "/cancel T-1" if way == "command" else "/cancel all")
                assert "BTC-USDT sell 0.001 at 59,900, stop 60,000 cancelled." in visible(said.text)
            assert desk.services.trading.ticket(1).state is TicketState.LAPSED
            (edit,) = [letter for letter in said.letters if letter.edits is not None]
            assert "Cancelled before it fired. Nothing was filled." in edit.text
            (fresh,) = (await desk.taps(BEN, edit, "Quote again")).letters
            assert "stop 60,000.0, then limit 59,900.0" in fresh.text

    asyncio.run(story())


def test_an_order_that_found_nothing_says_so_in_words(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            ioc = await placed(desk, "/buy btc 0.001 @ 60000 ioc")
            assert "Nobody offered that price, so it ended (IOC), nothing was filled." in ioc.text
            fok = await placed(desk, "/buy btc 0.001 @ 60000 fok")
            assert "Not all of it was to be had at that price, so it ended (FOK)" in fok.text
            taken = await placed(desk, "/buy btc 0.001 @ 68000 fok")
            assert "Filled 0.001 BTC" in taken.text

    asyncio.run(story())


def test_a_kill_tells_what_became_of_what_waited(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            await placed(desk, "/sell btc 0.001 stop 60000")
            said = await desk.says(BEN, "/kill")
            card = (await desk.finish(said))[-1]
            assert "BTC-USDT sell 0.001 stop 60,000: gone" in visible(card.text).replace("  ", "")

    asyncio.run(story())


def test_an_alert_brings_a_stop_order_along(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            said = await desk.says(BEN, "/alert BTC < 65000 every 4h sell 0.001 stop 60000 @ 59900 note guard")
            assert "sell BTC 0.001 @ 59900 stop 60000" in visible(said.text)
            wrong = await desk.says(BEN, "/alert BTC < 65000 sell 0.001 post")
            assert "post goes with a price" in visible(wrong.text)

    asyncio.run(story())
