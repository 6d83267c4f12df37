"""Close positions from the kill's card to its end, as phones would do it."""

import asyncio
from decimal import Decimal
from pathlib import Path

from chatbot.core.market import Venue
from chatbot.core.notices import Letter, Subject
from chatbot.core.orders import OrderType, Side
from chatbot.sandbox.orders import OrderRequest
from tests.chat.desk import ANNA, BEN, CARA, GROUP, Desk, open_desk
from tests.chat.shown import labels


async def _killed(desk: Desk) -> Letter:
    """Ben's card of a kill, swept; the demo's account holds fifty lots."""
    said = await desk.says(BEN, "/kill")
    letters = await desk.finish(said)
    return [letter for letter in letters if letter.subject is Subject.STOP and letter.chat_id == BEN.id][-1]


def test_positions_are_closed_after_a_card_of_its_own(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            card = await _killed(desk)
            assert labels(card) == ["Resume (owner)", "Close positions"]
            (asks,) = (await desk.taps(BEN, card, "Close positions")).letters
            assert "Close 1 position?" in asks.text
            assert "Sell XBTUSDTM 50 lots" in asks.text
            assert labels(asks) == ["Confirm close", "Cancel"]
            others = await desk.taps(ANNA, asks, "Confirm close")
            assert (others.toast, others.then, others.letters) == (None, None, []), "the chat is Ben's own"
            assert desk.sandbox.positions
            confirmed = await desk.taps(BEN, asks, "Confirm close")
            assert confirmed.then is not None
            assert "Closing 1</b>, each on a card of its own:" in confirmed.text
            await confirmed.then()
            text = "\n".join(letter.text for letter in desk.delivered())
            assert "Filled 50 lots" in text
            assert not desk.sandbox.positions

    asyncio.run(story())


def test_in_a_group_only_who_asked_for_it_confirms_or_cancels_a_close(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            swept = await desk.finish(await desk.says(BEN, "/kill", group=True))
            card = [letter for letter in swept if letter.chat_id == GROUP][-1]
            (asks,) = (await desk.taps(BEN, card, "Close positions")).letters
            for label, word in (("Confirm close", "confirm"), ("Cancel", "cancel")):
                others = await desk.taps(ANNA, asks, label)
                assert others.toast_text == f"Only who asked for it can {word} this."
                assert (others.then, others.letters) == (None, [])
            assert desk.sandbox.positions
            assert (await desk.taps(BEN, asks, "Confirm close")).then is not None

    asyncio.run(story())


def test_a_tap_on_cancel_closes_nothing_and_spends_the_card(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            card = await _killed(desk)
            (asks,) = (await desk.taps(BEN, card, "Close positions")).letters
            said = await desk.taps(BEN, asks, "Cancel")
            assert "no position was closed" in said.text
            assert said.letters[0].buttons == ()
            assert desk.sandbox.positions

    asyncio.run(story())


def test_an_expired_card_closes_nothing_and_viewers_are_not_asked(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            card = await _killed(desk)
            (asks,) = (await desk.taps(BEN, card, "Close positions")).letters
            desk.clock.advance(61)
            late = await desk.taps(BEN, asks, "Confirm close")
            assert "expired" in late.toast_text
            said = await desk.says(CARA, "/kill")
            assert "for traders" in said.text
            assert desk.sandbox.positions

    asyncio.run(story())


def test_a_short_is_bought_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (symbol,) = desk.sandbox.positions
            turned = OrderRequest(
                client_oid="app", symbol=symbol, side=Side.SELL, type=OrderType.MARKET, size=Decimal(60),
                leverage=Decimal(5),
            )  # fmt: skip
            desk.sandbox.place(Venue.FUTURES, turned)
            card = await _killed(desk)
            (asks,) = (await desk.taps(BEN, card, "Close positions")).letters
            assert "Buy back XBTUSDTM 10 lots" in asks.text

    asyncio.run(story())
