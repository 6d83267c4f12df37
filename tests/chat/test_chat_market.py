"""Handlers of prices, watchlists and funding, before a sandbox KuCoin."""

import asyncio
import re
from pathlib import Path

from chatbot.sandbox.faults import Fault
from tests.chat.desk import ANNA, BEN, CARA, open_desk
from tests.chat.shown import visible


def test_a_price_by_any_name_but_not_by_a_look_alike(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            for word in ("BTC", "btc-usdt", "BTC/USDT", "btcusdt"):
                assert "<b>BTC-USDT</b>  <b>67,412.3</b>" in (await desk.says(CARA, f"/price {word}")).text
            for word in ("btc\u200b", "\u0412TC", "btc\u202e", "btc;drop", "<b>", "\u00df", "btc\x00", "-", "/"):
                said = await desk.says(CARA, f"/price {word}")
                assert said.text == "That is not a symbol.\nExample: <code>/price BTC</code>"

    asyncio.run(story())


def test_a_misspelt_symbol_is_one_tap_from_the_right_one(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (guess,) = (await desk.says(CARA, "/price bct")).letters
            assert "No BCT on KuCoin. Did you mean BTC" in guess.text
            assert "BTC-USDT" in (await desk.taps(CARA, guess, "BTC")).text
            (guess,) = (await desk.says(ANNA, "/buy bct 50usdt")).letters
            assert "Spend 50.00 USDT" in (await desk.taps(ANNA, guess, "BTC")).text

    asyncio.run(story())


def test_several_prices_at_once_but_not_any_number(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (letter,) = (await desk.says(CARA, "/price btc eth")).letters
            assert [line.split("</b>")[0] for line in letter.text.split("\n")[:2]] == ["<b>BTC-USDT", "<b>ETH-USDT"]
            desk.move_btc("1.1")
            desk.clock.advance(10)
            (edit,) = (await desk.taps(CARA, letter, "Refresh")).letters
            assert edit.edits == letter.id
            assert "74,153.5" in edit.text
            assert "At most 10 symbols" in (await desk.says(CARA, "/price " + "btc " * 11)).text

    asyncio.run(story())


def test_refresh_edits_the_card_and_says_when_nothing_changed(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (card,) = (await desk.says(CARA, "/price btc")).letters
            same = await desk.taps(CARA, card, "Refresh")
            assert same.toast is not None
            assert (same.toast.text, same.letters) == ("No change.", [])
            desk.move_btc("1.01")
            fresh = await desk.taps(CARA, card, "Refresh")
            assert [letter.edits for letter in fresh.letters] == [card.id]
            again = await desk.taps(CARA, fresh.letters[0], "Refresh")
            assert again.toast is not None
            assert again.toast.text == "No change."

    asyncio.run(story())


def test_a_watchlist_is_kept_per_person_and_stands_in_for_a_symbol(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            assert "/watch BTC ETH" in (await desk.says(CARA, "/watchlist")).text
            assert "You watch 2" in (await desk.says(CARA, "/watch btc eth")).text
            assert "You watch 2" in (await desk.says(CARA, "/watch btc")).text
            assert "empty" in (await desk.says(ANNA, "/watchlist")).text
            (listed,) = (await desk.says(CARA, "/watchlist")).letters
            assert "BTC-USDT" in (await desk.taps(CARA, listed, "Prices")).text
            assert "ETH-USDT" in (await desk.says(CARA, "/price")).text
            assert "your watchlist" in (await desk.says(CARA, "/funding")).text
            assert "You watch 1" in (await desk.says(CARA, "/unwatch btc")).text
            assert "That is not on your watchlist." in (await desk.says(CARA, "/unwatch btc")).text
            assert "Drop which one?" in (await desk.says(CARA, "/unwatch")).text
            await desk.says(CARA, "/unwatch eth")
            assert "Say which symbol to drop." in (await desk.says(CARA, "/unwatch")).text

    asyncio.run(story())


def test_one_wrong_word_adds_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            assert "No NOPE on KuCoin" in (await desk.says(CARA, "/watch btc nope")).text
            assert "empty" in (await desk.says(CARA, "/watchlist")).text

    asyncio.run(story())


def test_prices_without_a_watchlist_ask_and_leave_the_greeting_standing(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (greeting,) = (await desk.says(CARA, "/start")).letters
            (question,) = (await desk.taps(CARA, greeting, "Prices")).letters
            assert (question.edits, question.text) == (None, "The price of what?")
            assert "BTC-USDT" in (await desk.says(CARA, "btc", answers=question.message_id)).text

    asyncio.run(story())


def test_an_emptied_watchlist_turns_its_old_button_into_a_question(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            await desk.says(CARA, "/watch btc")
            (listed,) = (await desk.says(CARA, "/watchlist")).letters
            await desk.says(CARA, "/unwatch btc")
            (question,) = (await desk.taps(CARA, listed, "Prices")).letters
            assert (question.edits, question.text) == (None, "The price of what?")

    asyncio.run(story())


def test_a_very_long_watchlist_is_priced_whole_also_by_refresh(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            instruments = (await desk.services.markets.catalogue()).instruments
            for n, instrument in enumerate(instruments * 3):
                desk.store.people.watch(CARA.id, instrument.symbol)
                if n < 80:
                    desk.store.db.execute(
                        "INSERT INTO watchlist (person_id, symbol) VALUES (?, ?)", [CARA.id, f"OLDCOIN{n}-USDT"]
                    )
            prices = (await desk.says(CARA, "/price")).letters
            assert len(prices) == 2
            desk.clock.advance(10)
            fresh = (await desk.taps(CARA, prices[-1], "Refresh")).letters
            assert len(fresh) == 2
            assert "OLDCOIN79-USDT is no longer listed" in fresh[-1].text

    asyncio.run(story())


def test_what_the_account_pays_is_not_shown_in_a_group(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            await desk.says(BEN, "/watch BTC")
            for line in "/funding BTC", "/funding":
                assert "you pay" in (await desk.says(BEN, line)).text
                said = await desk.says(BEN, line, group=True)
                assert "<b>BTC</b>  +0.0094 %" in said.text
                assert not re.search("you (pay|receive|hold)", said.text)
            card = (await desk.says(BEN, "/funding BTC", group=True)).letters[0]
            assert visible(card.text).split("\n")[-1] == "Amounts are not shown in a group."
            assert "you pay" not in (await desk.taps(BEN, card, "Refresh")).text
            assert "you pay" not in (await desk.taps(BEN, card, "Top")).text

    asyncio.run(story())


def test_funding_of_one_of_the_watched_and_of_all(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (card,) = (await desk.says(CARA, "/funding btc")).letters
            assert "your long of 3,370.76 USDT: <b>you pay" in card.text
            assert "furthest from zero" in (await desk.taps(CARA, card, "Top list")).text
            assert "you hold no position" in (await desk.says(CARA, "/funding ETHUSDTM")).text
            assert "furthest from zero" in (await desk.says(CARA, "/funding top")).text
            own = (await desk.says(CARA, "/funding")).text
            assert "your positions" in own
            assert "you pay" in own
            await desk.says(CARA, "/watch eth")
            assert re.findall(r"<b>(BTC|ETH)</b>", (await desk.says(CARA, "/funding")).text) == ["BTC", "ETH"]
            assert "<b>BTC</b>" not in (await desk.says(CARA, "/funding", group=True)).text
            assert "One symbol at a time." in (await desk.says(CARA, "/funding btc eth")).text
            assert "Did you mean" in (await desk.says(CARA, "/funding btcc")).text

    asyncio.run(story())


def test_rates_are_shown_without_a_key_that_may_see_positions(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, permissions=frozenset({"General"})) as desk:
            assert "you hold no position" in (await desk.says(CARA, "/funding btc")).text

    asyncio.run(story())


def test_an_exchange_that_does_not_answer_is_said_in_words(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            desk.faults.switch(Fault.UNAVAILABLE, on=True)
            said = await desk.says(CARA, "/price btc")
            assert "Nothing was done. Ask again in a moment" in said.text
            desk.faults.clear()
            assert "67,412.3" in (await desk.says(CARA, "/price btc")).text

    asyncio.run(story())
